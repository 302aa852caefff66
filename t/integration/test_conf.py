"""What nginx -t says of models, gateways and the directives around them: every message once, with file and line."""
import grp
import os
import pwd

import pytest

from lib import nginx as nginx_lib
from lib.messages import Checker, messages

PROVIDER = "ai_provider p { url http://127.0.0.1:1/v1; }\n"
MODEL = "ai_model m { target p gpt; }\n"
BASE = PROVIDER + MODEL
LARGE = "client_max_body_size 32m; "
GATEWAY = LARGE + "location /v1/ { ai_gateway; ai_auth off; }"
OTHER_HANDLER = "conflicts with another content handler of this location"
NEEDS_PREFIX = ('"ai_gateway" directive must have "prefix=" in a location given by a regular expression, in a named or '
                'an exact location and inside "if"')


@pytest.fixture
def refused(check_config):
    return Checker(check_config).refused


@pytest.fixture
def accepted(check_config):
    return Checker(check_config).accepted


# ---- ai_model

MODELS = {
    "name": ('ai_model "a b" { }', 'invalid model name "a b", "*" may only be its last character'),
    "name limit": (f"ai_model {'x' * 257} {{ }}", f'invalid model name "{"x" * 257}", "*" may only be its last character'),
    "star inside": ("ai_model a*b { }", 'invalid model name "a*b", "*" may only be its last character'),
    "duplicate": (MODEL * 2, 'duplicate model "m"'),
    "no target": ("ai_model m { }", 'no "target" in ai_model "m"'),
    "unknown directive": ("ai_model m { strategy cost; }", 'unknown directive "strategy"'),
    "arguments": ("ai_model m { target p; }", 'invalid number of arguments in "target" directive'),
    "unknown provider": ("ai_model m { target q gpt; }", 'unknown provider "q"'),
    "star without pattern": ("ai_model m { target p *; }",
                             '"*" in the target "*" needs an ai_model whose name ends with "*"'),
    "two stars": ("ai_model m/* { target p **; }", 'invalid model name "**"'),
    "parameter": ("ai_model m { target p gpt weight=3; }", 'invalid parameter "weight=3"'),
    "retries": ("ai_model m { target p gpt retries=10; }", 'invalid parameter "retries=10"'),
    "retries word": ("ai_model m { target p gpt retries=many; }", 'invalid parameter "retries=many"'),
    "timeout": ("ai_model m { target p gpt timeout=0; }", 'invalid parameter "timeout=0"'),
    "idle": ("ai_model m { target p gpt idle=x; }", 'invalid parameter "idle=x"'),
    "quoting": ('ai_model m { target p gpt first="1s"; }',
                'invalid parameter "first="1s"", quote the whole parameter: "first=..."'),
    "targets limit": ("ai_model m { " + "target p gpt; " * 11 + "}", 'more than 10 targets in ai_model "m"'),
}


@pytest.mark.parametrize("text, message", MODELS.values(), ids=MODELS.keys())
def test_model(refused, text, message):
    refused(message, http=PROVIDER + text)


def test_unknown_provider_has_the_line_of_its_target(refused):
    one = refused('unknown provider "q"', http="ai_model m { target q gpt; }")
    three = refused('unknown provider "q"', http="ai_model m {\n\n target q gpt; }\n" + PROVIDER)
    assert three == one + 2


def test_good_models(accepted):
    assert accepted(http=f"""
        ai_model later {{ target p gpt timeout=30s first=1s idle=500ms retries=9; target q gpt; }}
        ai_model openai/* {{ target p *; target q org/*; }}
        ai_model * {{ target p gpt-*-mini; }}
        ai_model a/b:c@1 {{ target p x; }}
        {PROVIDER} ai_provider q {{ format anthropic; url http://127.0.0.1:2; }}""", server=GATEWAY) == []


# ---- ai_gateway

LOCATIONS = {
    "no auth": ("location /v1/ { ai_gateway; }",
                'no "ai_auth" in force for "ai_gateway", write "ai_auth keys;", or "ai_auth off;" to serve anybody'),
    "duplicate": ("location /v1/ { ai_gateway; ai_gateway; }", '"ai_gateway" directive is duplicate'),
    "regex": ("location ~ ^/v1/ { ai_gateway; }", NEEDS_PREFIX),
    "exact": ("location = /v1 { ai_gateway; }", NEEDS_PREFIX),
    "named": ("location @v1 { ai_gateway; }", NEEDS_PREFIX),
    "if": ("location /v1/ { if ($arg_a) { ai_gateway; } }", NEEDS_PREFIX),
    "prefix": ("location /v1/ { ai_gateway prefix=/v1; }", 'invalid parameter "prefix=/v1"'),
    "prefix relative": ("location /v1/ { ai_gateway prefix=v1/; }", 'invalid parameter "prefix=v1/"'),
    "prefix twice": ("location /v1/ { ai_gateway prefix=/a/ prefix=/b/; }", 'invalid parameter "prefix=/b/"'),
    "model empty": ("location /v1/ { ai_gateway model=; }", 'invalid parameter "model="'),
    "parameter": ("location /v1/ { ai_gateway cache; }", 'invalid parameter "cache"'),
    "quoting": ('location /v1/ { ai_gateway model="a"; }',
                'invalid parameter "model="a"", quote the whole parameter: "model=..."'),
    "proxy_pass first": ("location /v1/ { proxy_pass http://127.0.0.1:1; ai_gateway; }", f'"ai_gateway" {OTHER_HANDLER}'),
    "proxy_pass after": ("location /v1/ { ai_gateway; proxy_pass http://127.0.0.1:1; }", f'"ai_gateway" {OTHER_HANDLER}'),
    "metrics too": ("location /v1/ { ai_gateway; ai_metrics; }", f'"ai_metrics" {OTHER_HANDLER}'),
    "metrics first": ("location /v1/ { ai_metrics; proxy_pass http://127.0.0.1:1; }", f'"ai_metrics" {OTHER_HANDLER}'),
    "metrics duplicate": ("location /v1/ { ai_metrics; ai_metrics; }", '"ai_metrics" directive is duplicate'),
    "auth value": ("ai_auth jwt;", 'invalid parameter "jwt"'),
    "auth parameter": ("ai_auth keys jwt=a;", 'invalid parameter "jwt=a"'),
    "auth duplicate": ("ai_auth off; ai_auth off;", '"ai_auth" directive is duplicate'),
    "auth without keys": ("location /v1/ { ai_gateway; ai_auth keys; }", '"ai_auth keys" needs "ai_keys" in http'),
    "unsupported": ("ai_unsupported hide;", 'invalid value "hide"'),
    "context": ("ai_gateway;", '"ai_gateway" directive is not allowed here'),
}


@pytest.mark.parametrize("text, message", LOCATIONS.values(), ids=LOCATIONS.keys())
def test_location(refused, text, message):
    refused(message, http=BASE, server=LARGE + text)


def test_no_model(refused):
    refused('"ai_gateway" needs at least one "ai_model" in http', http=PROVIDER, server=GATEWAY)


def test_no_auth_has_the_line_of_the_gateway(refused):
    text = LOCATIONS["no auth"][1]
    one = refused(text, http=BASE, server=LARGE + "location /v1/ { ai_gateway; }")
    assert refused(text, http=BASE, server=LARGE + "location /v1/ {\n\nai_gateway;\n\n\n}") == one + 2


def test_good_locations(accepted):
    assert accepted(http=BASE + "ai_unsupported drop;", server=LARGE + """
        ai_auth off; ai_unsupported reject;
        location /v1/ { ai_gateway; if ($arg_a) { set $b 1; } limit_except GET POST { deny all; } }
        location /deep { ai_gateway model=m; location /deep/er/ { ai_gateway prefix=/deep/er/; } }
        location ~ ^/(a|b)/ { ai_gateway prefix=/$1/; }
        location = /exact { ai_gateway prefix=/; }
        location @named { ai_gateway prefix=/v1/ model=$arg_model; }
        location /if/ { if ($arg_a) { ai_gateway prefix=/if/; ai_auth off; } proxy_pass http://127.0.0.1:1; }
        location = /metrics { ai_metrics; }""") == []


def test_body_of_one_megabyte_warns(accepted):
    assert accepted(http=BASE, server="location /v1/ { ai_gateway; ai_auth off; if ($arg_a) { set $b 1; } }") == [
        '"client_max_body_size" is 1m where "ai_gateway" is, agents and images need more, like 32m']


def test_auth_without_a_gateway_warns(accepted, keys):
    assert accepted(http=f"ai_keys {keys.path}; {BASE}", server=LARGE + """
        ai_auth keys;
        location /other/ { ai_auth keys; proxy_pass http://127.0.0.1:1; }
        location /deep/ { ai_auth keys; location /deep/er/ { ai_gateway; } }
        location /v1/ { ai_gateway; if ($arg_a) { ai_auth keys; } }""") == [
            '"ai_auth keys" has no effect in a location without "ai_gateway" or "ai_filter"']


# ---- ai_zone

ZONES = {
    "size": ("ai_zone aigw big;", 'invalid zone size "big"'),
    "keys": ("ai_zone aigw 8m keys=lots;", 'invalid parameter "keys=lots"'),
    "parameter": ("ai_zone aigw 8m answers=50%;", 'invalid parameter "answers=50%"'),
    "cache": ("ai_zone aigw 8m cache=half;", 'invalid parameter "cache=half"'),
    "shares": ("ai_zone aigw 8m keys=50% cache=46%;", "keys=50% and cache=46% leave less than 5% for counters"),
    "too small for a cache": ("ai_zone aigw 700k cache=50%;",
                              'zone "aigw" is too small: with keys=25% cache=50% it needs at least 1037k'),
    "too small": ("ai_zone aigw 64k;", 'zone "aigw" is too small: with keys=25% it needs at least 354k'),
    "duplicate": ("ai_zone a 8m; ai_zone b 8m;", '"ai_zone" directive is duplicate'),
    "arguments": ("ai_zone aigw;", 'invalid number of arguments in "ai_zone" directive'),
}


@pytest.mark.parametrize("text, message", ZONES.values(), ids=ZONES.keys())
def test_zone(refused, text, message):
    refused(message, http=text)


def test_good_zone(accepted):
    assert accepted(http="ai_zone aigw 8m keys=50%;" + BASE, server=GATEWAY) == []


# ---- ai_keys

def test_keys_arguments(refused):
    refused('invalid parameter "check=0"', http="ai_keys none check=0;")


def test_keys_check_limit(refused):
    refused('invalid parameter "check=99ms"', http="ai_keys none check=99ms;")


def test_keys_parameter(refused):
    refused('invalid parameter "reread=1s"', http="ai_keys none reread=1s;")


def test_keys_empty(refused):
    refused('invalid parameter ""', http='ai_keys "";')


def test_keys_missing(check_config, tmp_path):
    done = check_config(http=f"ai_keys {tmp_path}/none;")
    assert done.returncode == 1 and messages(done, "emerg")[0].startswith(f'"{tmp_path}/none": ')


def test_keys_broken(check_config, tmp_path):
    (tmp_path / "keys.json").write_text('{"keys":[{"id":"hunter2"')
    done = check_config(http=f"ai_keys {tmp_path}/keys.json;")
    assert done.returncode == 1 and messages(done, "emerg")[0].startswith(f'"{tmp_path}/keys.json": ')


def test_keys_duplicate(refused, keys):
    refused('"ai_keys" directive is duplicate', http=f"ai_keys {keys.path}; ai_keys {keys.path};")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may read what its workers may not")
@pytest.mark.parametrize("mode, warnings", [(0o600, 1), (0o640, 1), (0o644, 0)])
def test_keys_unreadable_for_workers_warns(accepted, keys, mode, warnings):
    os.chmod(keys.path, mode)
    group = grp.getgrgid(pwd.getpwnam("nobody").pw_gid).gr_name
    config = nginx_lib.template(http=f"ai_keys {keys.path};").replace("user root;", f"user nobody {group};")
    assert accepted(config=config) == [
        f'"{keys.path}" is read again by the workers, and user "nobody" cannot read it'] * warnings


def test_keys_after_the_location(accepted, keys):
    assert accepted(http=BASE, server=LARGE + "location /v1/ { ai_gateway; ai_auth keys; }",
                    servers=f"ai_keys {keys.path} check=500ms;") == []


# ---- nothing of what is not there yet

@pytest.mark.parametrize("name", ["ai_prices", "ai_jwt", "ai_access", "ai_budget",
                                  "ai_param", "ai_require", "ai_log",
                                  "ai_dashboard", "ai_status", "ai_usage", "ai_client_abort", "ai_keepalive_ping"])
def test_unknown_directive(refused, name):
    refused(f'unknown directive "{name}"', http=f"{name} on;")


# ---- docs/directives.md

def test_the_example_of_the_documentation(check_config, keys, tmp_path):
    text = (nginx_lib.ROOT / "docs" / "directives.md").read_text()
    example = text.split("```nginx\n", 1)[1].split("```", 1)[0]
    (tmp_path / "secret").write_text("sk-1\n")
    for said, here in {"modules/ngx_http_aigw_module.so": "%MODULE%", "/run/secrets/anthropic": f"{tmp_path}/secret",
                       "listen 8080": "listen 127.0.0.1:%PORT%", "ai_keys keys.json": f"ai_keys {keys.path}"}.items():
        assert said in example
        example = example.replace(said, here)
    done = check_config(config=f"pid nginx.pid;\n{example}", env={"OPENAI_API_KEY": "sk-1"})
    assert done.returncode == 0, done.stderr
    assert not [text for text in messages(done, "warn") if "cannot read it" not in text]
