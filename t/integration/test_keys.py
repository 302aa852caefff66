"""ai_keys and ai_auth through a real nginx: who gets in, how a refusal looks, how a change of the file gets live."""
import base64
import hashlib
import json
import os
import secrets
import subprocess
import sys
import time

import pytest

from lib import nginx as nginx_lib
from lib import procfs
from lib.client import Connection, request, request_bytes
from lib.nginx import AI_VARIABLES, template
from lib.wait import wait_until

HTTP = """
    ai_keys %KEYS%;
    ai_provider mock { url %URL%; key file:%PREFIX%/provider-key; }
    ai_model m { target mock gpt-4o; }
    ai_model other { target mock gpt-4o; }
"""
LOCATION = "location /v1/ { ai_gateway; ai_auth keys; %MORE% }"
CHAT = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
MESSAGES = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture
def gateway(nginx, mock, keys, tmp_path):
    """gateway(more=…, server=…) starts nginx with `keys` in force."""
    def parts(more="", server="", http="", **options):
        text = template(http=(HTTP + http).replace("%KEYS%", str(keys.path)).replace("%URL%", mock.url),
                        server=LOCATION.replace("%MORE%", more) + server, log_variables=AI_VARIABLES, **options)
        return text

    def start(**options):
        (tmp_path / "nginx").mkdir(exist_ok=True)
        (tmp_path / "nginx" / "provider-key").write_text("sk-provider\n")
        return nginx(config=parts(**options))

    start.config = parts
    return start


def chat(ngx, key=None, headers=None, body=CHAT, path="/v1/chat/completions"):
    return request("POST", ngx.port, path, body, headers, key)


def on_every_worker(ngx, key, status):
    """Each of 40 new connections is served by whichever worker is there; all of them agree."""
    return all(chat(ngx, key).status == status for _ in range(40))


# ---- Refusals and their form

def test_401_in_openai_form(gateway, keys):
    keys.add("a")
    ngx = gateway()
    for key in (None, "sk-aigw-wrong", "*"):
        answer = chat(ngx, key)
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        error = answer.json()["error"]
        assert (error["type"], error["code"]) == ("authentication_error", "invalid_api_key")
    assert "key refused: unknown" in ngx.error_log() and "key refused: missing" in ngx.error_log()


def test_401_in_anthropic_form(gateway, keys):
    keys.add("a")
    answer = chat(gateway(), None, {"x-api-key": "sk-wrong"}, MESSAGES, "/v1/messages")
    assert answer.status == 401 and answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["type"] == "error" and answer.json()["error"]["type"] == "authentication_error"


@pytest.mark.parametrize("name", ["Authorization", "x-api-key", "api-key", "x-goog-api-key", "X-API-Key"])
def test_each_header_lets_in(gateway, keys, name):
    secret = keys.add("a", team="red", user="u", project="p", env="prod", tags={"eu": "1"})
    ngx = gateway()
    assert chat(ngx, headers={name: f"Bearer {secret}" if name == "Authorization" else secret}).status == 200
    entry = ngx.access(1)[0]
    assert [entry[f"ai_{n}"] for n in ("key_id", "team", "user", "project", "env")] == ["a", "red", "u", "p", "prod"]


def test_one_key_in_two_headers_is_one_key(gateway, keys):
    secret, other = keys.add("a"), keys.add("b")
    ngx = gateway()
    assert chat(ngx, secret, {"x-api-key": secret}).status == 200
    assert chat(ngx, secret, {"x-api-key": other}).status == 401
    assert chat(ngx, secret, {"x-api-key": "sk-wrong"}).status == 401
    assert chat(ngx, secret, {"x-api-key": ""}).status == 200
    raw = request_bytes("POST", "/v1/chat/completions", CHAT, key=secret)
    twice = raw.replace(b"\r\n\r\n", b"\r\nAuthorization: Bearer sk-wrong\r\n\r\n", 1)
    with Connection(ngx.port) as connection:
        connection.send(twice)
        assert connection.read_answer().status in (400, 401)
    assert "two different ones" in ngx.error_log()


@pytest.mark.parametrize("value", ["", " ", "Bearer", "Bearer ", "Basic abc", "Bearer " + "k" * 4097, "Bearer a b"])
def test_odd_credentials_are_401(gateway, keys, value):
    keys.add("a")
    assert chat(gateway(), headers={"Authorization": value}).status == 401


def test_longest_credential_is_looked_up(gateway, keys):
    secret = "k" * 4096
    keys.entries.append({"id": "long", "sha256": hashlib.sha256(secret.encode()).hexdigest()})
    keys.write()
    ngx = gateway()
    assert chat(ngx, secret).status == 200
    assert chat(ngx, secret + "k").status == 401


def test_expired_and_disabled(gateway, keys):
    soon = time.gmtime(time.time() + 3)
    keys.add("old", expires="2020-01-01T00:00:00Z")
    old, off = keys.add("older", expires="2020-01-01T00:00:00+01:00"), keys.add("off", disabled=True)
    short = keys.add("short", expires=time.strftime("%Y-%m-%dT%H:%M:%SZ", soon))
    ngx = gateway()
    assert chat(ngx, short).status == 200
    assert chat(ngx, old).status == 401 and chat(ngx, off).status == 401
    assert "key refused: expired" in ngx.error_log() and "key refused: disabled" in ngx.error_log()
    wait_until(lambda: chat(ngx, short).status == 401, timeout=8, what="the expiry")


def test_models_of_a_key(gateway, keys, mock):
    secret = keys.add("a", models=["m", "x/*"])
    ngx = gateway()
    assert chat(ngx, secret).status == 200
    refused = chat(ngx, secret, body={**CHAT, "model": "other"})
    assert refused.status == 403
    assert (refused.json()["error"]["type"], refused.json()["error"]["code"]) == ("permission_error", "model_not_allowed")
    anthropic = chat(ngx, secret, body={**MESSAGES, "model": "other"}, path="/v1/messages")
    assert anthropic.status == 403 and anthropic.json()["error"]["type"] == "permission_error"
    listed = request("GET", ngx.port, "/v1/models", key=secret).json()["data"]
    assert [model["id"] for model in listed] == ["m"]
    assert len(mock.requests) == 1


def test_values_are_encoded(gateway, keys):
    secret = keys.add("a/b", team="red team/\u00e9\"", env="prod")
    ngx = gateway()
    assert chat(ngx, secret).status == 200
    assert ngx.access(1)[0]["ai_team"] == "red%20team%2F%C3%A9%22"


# ---- Beside nginx's own access modules

def test_satisfy_any(gateway, keys):
    secret = keys.add("a", team="red")
    ngx = gateway(more="satisfy any; allow 127.0.0.1; deny all;")
    assert chat(ngx, secret).status == 200
    assert chat(ngx, "sk-wrong").status == 200
    first, second = ngx.access(2)
    assert (first["ai_key_id"], second["ai_key_id"]) == ("a", "")


def test_satisfy_any_without_another_way(gateway, keys):
    secret = keys.add("a")
    ngx = gateway(more="satisfy any; deny all;")
    assert chat(ngx, secret).status == 200
    assert chat(ngx, "sk-wrong").status == 401
    assert "www-authenticate" not in chat(ngx, secret).headers


def test_satisfy_all(gateway, keys):
    secret = keys.add("a")
    ngx = gateway(more="satisfy all; deny all;")
    assert chat(ngx, secret).status == 403


def test_basic_beside_keys(gateway, keys, tmp_path):
    secret = keys.add("a")
    (tmp_path / "users").write_text("joe:{PLAIN}pass\n")
    ngx = gateway(more=f"satisfy any; auth_basic closed; auth_basic_user_file {tmp_path}/users;")
    basic = "Basic " + base64.b64encode(b"joe:pass").decode()
    assert chat(ngx, headers={"Authorization": basic}).status == 200
    assert chat(ngx, secret).status == 200
    assert chat(ngx, headers={"Authorization": basic, "x-api-key": secret}).status == 200
    assert chat(ngx, headers={"Authorization": "Basic xyz"}).status == 401


def test_auth_request_beside_keys(gateway, keys, mock):
    secret = keys.add("a")
    ngx = gateway(more="auth_request /check;",
                  server='location = /check { internal; if ($http_x_ok = "") { return 403; } return 204; }')
    assert chat(ngx, secret, {"x-ok": "1"}).status == 200
    assert chat(ngx, secret).status == 403
    assert chat(ngx, "sk-wrong", {"x-ok": "1"}).status == 401
    assert len(mock.requests) == 1


def test_subrequests_into_the_gateway_are_refused(gateway, keys, mock):
    secret = keys.add("a")
    ngx = gateway(server="location /page/ { auth_request /v1/models; alias %PREFIX%/; }"
                         "location /ssi { ssi on; default_type text/html; alias %PREFIX%/; }")
    (ngx.prefix / "page.html").write_text('<!--# include virtual="/v1/models" -->')
    assert request("GET", ngx.port, "/page/page.html", key=secret).status == 403
    assert b"data" not in request("GET", ngx.port, "/ssi/page.html", key=secret).body
    assert not mock.requests


def test_identity_in_early_phases(gateway, keys):
    secret = keys.add("a", team="red")
    ngx = gateway(http="limit_req_zone $ai_team zone=teams:1m rate=1r/m; limit_req_status 429;",
                  more="limit_req zone=teams;")
    assert chat(ngx, secret).status == 200
    assert chat(ngx, secret).status == 429


# ---- Live changes

def test_changes_are_live_on_every_worker(gateway, keys):
    kept = keys.add("kept")
    ngx = gateway(workers=4)
    assert on_every_worker(ngx, kept, 200)
    added = keys.add("added")
    began = time.monotonic()
    wait_until(lambda: on_every_worker(ngx, added, 200), timeout=5, what="the new key on all workers")
    keys.remove("kept")
    wait_until(lambda: on_every_worker(ngx, kept, 401), timeout=5, what="the revocation on all workers")
    print(f"added and revoked, seen everywhere after {time.monotonic() - began:.2f} s")
    assert on_every_worker(ngx, added, 200)


def test_a_leader_that_dies_is_followed(gateway, keys):
    keys.add("a")
    ngx = gateway(workers=3)
    ngx.allowed.append("exited on signal 9")
    for pid in ngx.worker_pids():
        os.kill(pid, 9)
        added = keys.add(f"after-{pid}")
        wait_until(lambda: on_every_worker(ngx, added, 200), timeout=6, what="the new key after a kill")


@pytest.mark.parametrize("broken", ["", "{", '{"keys":[{"id":"a"}]}', '{"keys":[{"id":"a","sha256":"x"}]}', '{"keys":[],"x":1}'])
def test_a_broken_file_changes_nothing(gateway, keys, broken):
    secret = keys.add("a")
    ngx = gateway()
    keys.write(broken)
    wait_until(lambda: "the old keys stay in use" in ngx.error_log(), what="the complaint")
    assert chat(ngx, secret).status == 200
    wait_until(lambda: "aigw_keys_stale_seconds 0" not in ngx.metrics())
    time.sleep(2)
    assert ngx.error_log().count("the old keys stay in use") == 1, "once a minute at most"
    keys.add("b")
    wait_until(lambda: "aigw_keys_stale_seconds 0" in ngx.metrics(), what="recovery")


def test_a_missing_file_changes_nothing(gateway, keys):
    secret = keys.add("a")
    ngx = gateway()
    keys.path.unlink()
    wait_until(lambda: "can't be found" in ngx.error_log(), what="the complaint")
    assert chat(ngx, secret).status == 200
    keys.remove("a")
    wait_until(lambda: chat(ngx, secret).status == 401, what="the new file")


def test_reload_keeps_the_table(gateway, keys, tmp_path):
    secret = keys.add("a")
    ngx = gateway(workers=2)
    for _ in range(3):
        old = ngx.reload()
        assert all(chat(ngx, secret).status == 200 for _ in range(30)), "never without keys"
        wait_until(lambda: not any(procfs.alive(pid) for pid in old), what="the old workers' end")
    added = keys.add("b")
    wait_until(lambda: on_every_worker(ngx, added, 200), what="a leader after reloads")


def test_a_resized_zone_is_filled_before_it_serves(gateway, keys):
    secret = keys.add("a")
    ngx = gateway(http="ai_zone z 1m;")
    old = ngx.reload(gateway.config(http="ai_zone z 2m;"))
    assert all(chat(ngx, secret).status == 200 for _ in range(30))
    wait_until(lambda: not any(procfs.alive(pid) for pid in old), what="the old workers' end")
    assert chat(ngx, secret).status == 200


# ---- Size

def many(keys, count):
    keys.entries = [{"id": f"key-{i}", "sha256": hashlib.sha256(b"%d" % i).hexdigest(), "team": f"team-{i % 50}"}
                    for i in range(count)]
    keys.write()


def test_a_hundred_thousand_keys(gateway, keys):
    secret = keys.add("a")
    ngx = gateway(http="ai_zone big 128m;")
    many(keys, 100_000)
    began, slowest = time.monotonic(), 0.0
    while chat(ngx, "99999").status != 200:
        one = time.monotonic()
        chat(ngx, secret)
        slowest = max(slowest, time.monotonic() - one)
        assert time.monotonic() - began < 20
    print(f"100,000 keys live after {time.monotonic() - began:.2f} s, slowest answer meanwhile {slowest * 1000:.0f} ms")
    assert all(chat(ngx, str(i)).status == 200 for i in range(0, 100_000, 9_973))
    assert chat(ngx, secret).status == 401


def test_keys_that_do_not_fit(gateway, keys, check_config):
    secret = keys.add("a")
    ngx = gateway(http="ai_zone small 1m;")
    many(keys, 5_000)
    wait_until(lambda: "5000 keys do not fit into zone" in ngx.error_log(), what="the complaint")
    assert chat(ngx, secret).status == 200
    (ngx.prefix.parent / "check").mkdir()
    (ngx.prefix.parent / "check" / "provider-key").write_text("sk\n")
    tested = check_config(config=gateway.config(http="ai_zone small 1m;"))
    assert tested.returncode != 0 and "5000 keys do not fit into zone" in tested.stderr


@pytest.mark.parametrize("zone, message", [
    ("ai_zone z 100k;", 'zone "z" is too small: with keys=25% it needs at least'),
    ("ai_zone z 1m keys=1%;", 'zone "z" is too small: with keys=1% it needs at least'),
    ("ai_zone z big;", 'invalid zone size "big"'),
    ("ai_zone z 1m keys=95%;", 'invalid parameter "keys=95%"'),
    ("ai_zone z 1m state=;", 'invalid parameter "state="'),
    ("ai_zone z 1m; ai_zone y 1m;", '"ai_zone" directive is duplicate'),
])
def test_zone_messages(check_config, zone, message):
    tested = check_config(http=zone)
    assert tested.returncode != 0 and "[emerg]" in tested.stderr and message in tested.stderr, tested.stderr


# ---- Secrets

def test_no_key_in_any_log(gateway, keys):
    secret, wrong = keys.add("a"), "sk-aigw-canary-" + secrets.token_hex(8)
    ngx = gateway(error_level="debug")
    for key in (secret, wrong):
        assert chat(ngx, key, {"x-api-key": key}).status in (200, 401)
    chat(ngx, secret, {"x-api-key": wrong})
    keys.write(json.dumps({"keys": [{"id": "a", "sha256": "0" * 63, "team": "t", secret: wrong}]}))
    wait_until(lambda: "the old keys stay in use" in ngx.error_log())
    logs = ngx.access_log() + ngx.metrics() + "".join(
        line for line in ngx.error_log().splitlines() if 'http header: "' not in line)  # core's own debug line
    for canary in (secret, wrong, hashlib.sha256(secret.encode()).hexdigest()[:16]):
        assert canary not in logs


# ---- scripts/aigw-key against nginx

def test_keys_made_by_the_script(gateway, keys):
    script = nginx_lib.ROOT / "scripts" / "aigw-key"

    def run(*args):
        return subprocess.run([sys.executable, script, *args, "--file", keys.path], check=True, capture_output=True, text=True).stdout.strip()

    first = run("add", "--id", "a", "--team", "red", "--models", "m", "--tag", "eu=1", "--expires", "2099-01-01")
    ngx = gateway()
    assert chat(ngx, first).status == 200
    second = run("rotate", "--id", "a")
    wait_until(lambda: chat(ngx, second).status == 200, what="the second key")
    assert chat(ngx, first).status == 200
    third = run("rotate", "--id", "a", "--drop-old")
    wait_until(lambda: chat(ngx, third).status == 200, what="the third key")
    assert chat(ngx, first).status == 401 and chat(ngx, second).status == 401
    run("revoke", "--id", "a")
    wait_until(lambda: chat(ngx, third).status == 401, what="the revocation")
