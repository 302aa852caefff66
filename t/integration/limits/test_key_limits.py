"""`tokens` and `requests` of a key in keys.json: limits of its own, beside those of the location."""
import pytest

from lib.client import post
from lib.limited import PATHS, VARIABLES, body
from lib.wait import wait_until

pytestmark = pytest.mark.parametrize("store", ["zone", "redis"], indirect=True)
USED = 28  # tokens of the mock's usual answer


def gateway(nginx, mock, keys, limits=""):
    return nginx(http=f"""ai_zone aigw 8m; ai_keys {keys.path} check=100ms; ai_provider p {{ url {mock.url}; key env:MOCK_KEY; }}
        ai_model m/* {{ target p *; }}""", main="env MOCK_KEY;", env={"MOCK_KEY": "sk-mock"}, log_variables=VARIABLES,
        server=f"""location /v1/ {{ ai_gateway; ai_auth keys; client_max_body_size 32m; {limits} }}
        location /proxied/ {{ proxy_pass http://127.0.0.1:{mock.port}/; ai_filter auto; ai_auth keys; {limits} }}""")


def ask(ngx, key, path=PATHS["openai"], **members):
    return post(ngx.port, path, body(**members), key=key)


def test_tokens_of_a_key(nginx, mock, keys):
    one, other = keys.add("one", tokens=["500/h", "100k/d"]), keys.add("other", team="t")
    ngx = gateway(nginx, mock, keys)
    answer = ask(ngx, one, max_tokens=450)
    assert answer.status == 200 and answer.headers["x-ratelimit-limit-tokens"] == "500"
    refused = ask(ngx, one, max_tokens=490)
    assert refused.status == 429 and int(refused.headers["retry-after"]) > 0
    assert refused.json()["error"]["message"] == "Token limit exceeded for one: 500/h."
    assert refused.headers["x-ratelimit-remaining-tokens"] == str(500 - USED)
    free = ask(ngx, other, max_tokens=5000)
    assert free.status == 200 and "x-ratelimit-limit-tokens" not in free.headers
    assert 'aigw_limit_total{name="key tokens",result="rejected"} 1' in ngx.metrics()


def test_requests_of_a_key(nginx, mock, keys):
    one = keys.add("one", requests=["2/h"])
    ngx = gateway(nginx, mock, keys)
    assert [ask(ngx, one, max_tokens=10).status for _ in range(3)] == [200, 200, 429]
    assert ask(ngx, one).json()["error"]["message"] == "Request limit exceeded for one: 2/h."
    assert ask(ngx, one, path="/proxied" + PATHS["openai"]).status == 429


def test_beside_the_limits_of_the_location(nginx, mock, keys):
    one, other = keys.add("one", team="t", tokens=["10k/h"], requests=["5/h"]), keys.add("other", team="t", tokens=["300/h"])
    ngx = gateway(nginx, mock, keys, "ai_token_limit $ai_team 600/h; ai_request_limit all 100/h;")
    assert ask(ngx, one, max_tokens=550).status == 200
    refused = ask(ngx, one, max_tokens=590)
    assert refused.status == 429 and refused.json()["error"]["message"] == "Token limit exceeded for t: 600/h."
    assert ask(ngx, other, max_tokens=250).status == 200
    refused = ask(ngx, other, max_tokens=290)
    assert refused.json()["error"]["message"] == "Token limit exceeded for other: 300/h."
    # Refused ones took nothing, neither of the key's own nor of the team's.
    answer = ask(ngx, one, max_tokens=50)
    assert answer.status == 200 and answer.headers["x-ratelimit-remaining-requests"] == "3"


def test_live(nginx, mock, keys):
    """A changed file is in force without a reload; what was used so far stays counted."""
    one = keys.add("one", tokens=["10k/h"])
    ngx = gateway(nginx, mock, keys)
    assert ask(ngx, one, max_tokens=100).status == 200
    keys.entries[0]["tokens"] = ["30/h"]
    keys.write()
    wait_until(lambda: ask(ngx, one, max_tokens=20).status == 429, what="the new limit")


@pytest.mark.parametrize("members", [{"tokens": "500/h"}, {"tokens": ["500"]}, {"requests": []}, {"tokens": ["1/s"] * 5}])
def test_what_is_refused(check_config, keys, members, store):
    keys.add("one", **members)
    done = check_config(http=f"ai_keys {keys.path};", server="location / { proxy_pass http://127.0.0.1:9; ai_filter auto; ai_auth keys; }")
    assert done.returncode != 0 and f'id "one": {next(iter(members))} ' in done.stderr, done.stderr
