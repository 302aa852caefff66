"""What nginx -t says of ai_cache and ai_trust_controls; the recipes of docs/cache.md as they stand there."""
import re

import pytest

from lib.client import post
from lib.limited import PATHS, body
from lib.messages import messages
from lib.mock import behaviour
from lib.nginx import ROOT

BASE = "ai_provider p { url http://127.0.0.1:1/v1; }\n"


def of(location="", model="", http=""):
    return dict(http=f"{http}{BASE}ai_model m {{ target p m; {model} }}",
                server=f"location /v1/ {{ ai_gateway; ai_auth off; client_max_body_size 2m; {location} }}")


@pytest.fixture
def told(check_config):
    """Errors and warnings of nginx -t."""
    def run(*args, **parts):
        done = check_config(**of(*args, **parts))
        errors, warnings = messages(done, "emerg"), messages(done, "warn")
        assert bool(errors) == (done.returncode != 0)
        return errors, warnings

    return run


GOOD = ["ai_cache off;", "ai_cache exact;", "ai_cache exact ttl=1s scope=$remote_addr max=1k;", "ai_cache exact ttl=365d scope=all max=8m;",
        "ai_cache $arg_mode ttl=1m;", "ai_cache ${arg_a}act; ai_trust_controls off;", "ai_cache exact; ai_trust_controls cache;",
        "ai_trust_controls $arg_trust;"]
BAD = {
    "ai_cache on;": 'invalid parameter "on"',
    "ai_cache semantic;": 'invalid parameter "semantic"',
    "ai_cache exact shadow;": 'invalid parameter "shadow"',
    "ai_cache exact threshold=0.9;": 'invalid parameter "threshold=0.9"',
    "ai_cache exact embeddings=e;": 'invalid parameter "embeddings=e"',
    "ai_cache exact ttl=0;": 'invalid parameter "ttl=0"',
    "ai_cache exact ttl=500ms;": 'invalid parameter "ttl=500ms"',
    "ai_cache exact ttl=366d;": 'invalid parameter "ttl=366d"',
    "ai_cache exact max=1023;": 'invalid parameter "max=1023"',
    "ai_cache exact max=9m;": 'invalid parameter "max=9m"',
    "ai_cache exact scope=;": 'invalid parameter "scope="',
    "ai_cache exact scope=$nothing;": 'unknown "nothing" variable',
    "ai_cache off ttl=1h;": '"ai_cache" directive takes nothing beside "off"',
    "ai_cache exact; ai_cache off;": '"ai_cache" directive is duplicate',
    "ai_cache;": 'invalid number of arguments in "ai_cache" directive',
    "ai_trust_controls on;": 'invalid parameter "on"',
    "ai_trust_controls timeout;": 'invalid parameter "timeout"',
    "ai_trust_controls cache; ai_trust_controls off;": '"ai_trust_controls" directive is duplicate',
    "ai_trust_controls off cache;": 'invalid number of arguments in "ai_trust_controls" directive',
}


@pytest.mark.parametrize("text", GOOD)
def test_good(told, text):
    assert told(text) == ([], [])
    assert told(model=text) == ([], [])


@pytest.mark.parametrize("text, message", BAD.items())
def test_bad(told, text, message):
    errors, _ = told(text)
    assert len(errors) == 1 and message in errors[0]


def test_callers_who_write_their_scope(told):
    errors, warnings = told("ai_cache exact scope=$ai_metadata_who;")
    assert not errors and "they choose whose answers they get" in warnings[0]


@pytest.mark.parametrize("zone, message", [
    ("ai_zone z 8m cache=0%;\n", '"ai_cache" has no memory, "ai_zone" says cache=0%'),
    ("ai_zone z 512k;\n", 'zone "z" is too small: with keys=25% cache=50% it needs at least 1037k'),
    ("ai_zone z 8m keys=60%;\n", "keys=60% and cache=50% leave less than 5% for counters"),
])
def test_memory(told, zone, message):
    """Only where a cache is wanted."""
    assert message in told("ai_cache exact;", http=zone)[0][0]
    assert message in told(model="ai_cache $arg_a;", http=zone)[0][0]
    assert told("ai_cache off;", http=zone) == ([], [])


def recipes():
    return re.findall(r"^```nginx\n(http \{\n.*?)^```", (ROOT / "docs" / "cache.md").read_text(), re.M | re.S)


@pytest.fixture
def run_recipe(nginx, mock, keys):
    def run(number):
        text = recipes()[number]
        for said, here in {"ai_keys keys.json": f"ai_keys {keys.path}", "listen 127.0.0.1:8080": "listen 127.0.0.1:%PORT%",
                           "{ key env:OPENAI_API_KEY; }": f"{{ url {mock.url}; key env:OPENAI_API_KEY; }}"}.items():
            assert said in text
            text = text.replace(said, here)
        text = text.replace("http {", "http { access_log off; client_body_temp_path tmp/b; proxy_temp_path tmp/p; "
                            "fastcgi_temp_path tmp/f; uwsgi_temp_path tmp/u; scgi_temp_path tmp/s;", 1)
        return nginx(config=f"load_module %MODULE%; user root; daemon off; pid logs/nginx.pid; error_log logs/error.log info;\n"
                            f"env OPENAI_API_KEY; events {{}}\n{text}", env={"OPENAI_API_KEY": "sk-1"})

    return run


def statuses(ngx, key, model, headers=(), count=2):
    answers = [post(ngx.port, PATHS["openai"], {**body(), "model": model}, dict(headers), key) for _ in range(count)]
    assert [answer.status for answer in answers] == [200] * count
    return [answer.headers.get("x-aigw-cache") for answer in answers]


def test_an_faq_for_an_hour_and_code_review_never(run_recipe, mock, keys):
    key = keys.add("one", team="support")
    ngx = run_recipe(0)
    assert statuses(ngx, key, "customer-faq") == ["MISS", "HIT"]
    assert statuses(ngx, key, "code-review") == [None, None]
    assert statuses(ngx, key, "openai/gpt-4o-mini") == ["MISS", "HIT"]
    assert len(mock.requests) == 4


def test_one_faq_for_all(run_recipe, mock, keys):
    one, two, quality = (keys.add(team, team=team) for team in ("one", "two", "quality"))
    ngx = run_recipe(1)
    fresh = {"x-aigw-cache": "no-cache"}
    assert statuses(ngx, one, "customer-faq") == ["MISS", "HIT"]
    assert statuses(ngx, two, "customer-faq", fresh) == ["HIT", "HIT"]
    assert statuses(ngx, quality, "customer-faq", fresh) == ["BYPASS", "BYPASS"]
    mock.plan(behaviour(text="New."))
    assert len(mock.requests) == 3


def test_the_recipes_are_all(run_recipe):
    assert len(recipes()) == 2
