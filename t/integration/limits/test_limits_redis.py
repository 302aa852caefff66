"""Limits of several gateways in one Redis: never more than the limit, whatever becomes of a request; nothing of callers in it."""
import json
import os
import signal

import pytest

from lib.client import Connection, post, request_bytes
from lib.fleet import LIMIT, everything_in, gateways
from lib.http2 import Http2
from lib.limited import PATHS, ask, at_once, body, open_ask, remaining
from lib.nginx import listen_http2
from lib.wait import wait_until

USED = 28  # tokens of the mock's usual answer
DENY = "timeout=1s on_error=deny"  # so that no answer of these tests can come from a zone


def left(ngx, tokens, team="a", timeout=5):
    wait_until(lambda: remaining(ngx, team) == tokens, timeout, f"{tokens} tokens left")


def prompt_of(ngx):
    return int(ask(ngx, team="probe", max_tokens=1).headers["x-input-tokens"])


def test_two_hundred_at_once_at_three_gateways(nginx, mock, redis):
    """Each reserves exactly 1,000 of 10,000."""
    fleet = gateways(nginx, mock, redis, count=3, options="timeout=5s on_error=deny", workers=2)
    prompt = prompt_of(fleet[0])
    model = f"ok,prompt={prompt},completion={1000 - prompt},wait=0.5"
    answers = at_once(200, lambda i: ask(fleet[i % 3], model, max_tokens=1000 - prompt, timeout=60))
    assert sorted(answer.status for answer in answers) == [200] * 10 + [429] * 190
    assert {remaining(ngx) for ngx in fleet} == {0}
    for answer in answers:
        if answer.status == 429:
            assert answer.json()["error"]["message"] == "Token limit exceeded for a: 10000/h."


def test_a_mixture_is_counted_to_the_token(nginx, mock, redis):
    """Answers, failures, timeouts, callers that leave, a reload and a killed worker, all at once: then what is left is what
    was not used."""
    fleet = gateways(nginx, mock, redis, LIMIT.replace("10k", "1000k"), count=3, options="timeout=5s on_error=deny",
                     zone="ai_zone aigw 8m lease=2s;", timeout="timeout first=1s idle=1s total=5s;")
    held = open_ask(fleet[0], "ok,n=2000,gap=0.05", max_tokens=5000)
    held.read_until(b"data:")
    wanted = ["ok", "503", "close", "hang", "ok"]

    def call(i):
        if i % 6 == 5:
            stream = open_ask(fleet[1 + i % 2], "ok,n=500,gap=0.05", max_tokens=5000)
            stream.read_until(b"data:")
            stream.abort()
            return None
        return ask(fleet[1 + i % 2], wanted[i % 6], max_tokens=5000).status

    statuses = at_once(60, call)
    assert statuses.count(200) == 20
    fleet[1].reload()
    fleet[0].allowed += [r"exited on signal 9"]
    os.kill(fleet[0].worker_pids()[0], signal.SIGKILL)
    held.socket.close()
    for ngx in fleet[1:]:
        wait_until(lambda: len(ngx.access()) >= 30, what="all requests to end")
    logged = [entry for ngx in fleet[1:] for entry in ngx.access() if entry["ai_model"]]
    used = sum(int(entry["ai_total_tokens"] or 0) for entry in logged if entry["status"] != "429")
    # The killed worker's stream is charged with its prompt, or with what a renewal told of it.
    wait_until(lambda: 0 < 1_000_000 - used - remaining(fleet[2]) < 200, timeout=10, what="the true sum")


def test_clamp_of_both_groups(nginx, mock, redis):
    """What one leaves is what the other is asked for."""
    ngx = gateways(nginx, mock, redis, "ai_token_limit $http_x_team 500/h clamp; ai_token_limit all 200/h name=all clamp;", options=DENY)
    assert ask(ngx, max_tokens=100_000).status == 200
    sent = mock.last.json
    assert sent.get("max_tokens", sent.get("max_completion_tokens")) + prompt_of(ngx) <= 200


def test_the_refusal_of_the_second_takes_the_first_back(nginx, mock, redis):
    ngx = gateways(nginx, mock, redis, """ai_token_limit $http_x_team 1000/h; ai_request_limit $http_x_team 20/h;
        ai_token_limit all 300/h name=all;""", options=DENY)
    assert ask(ngx, max_tokens=20).status == 200
    for _ in range(5):
        refused = ask(ngx, max_tokens=290)
        assert refused.status == 429 and refused.json()["error"]["message"] == "Token limit exceeded for all: 300/h."
    assert ask(ngx, max_tokens=20).headers["x-ratelimit-remaining-requests"] == "18"
    left(ngx, 300 - 2 * USED)
    assert not [field for key in redis("KEYS", "*") if redis("TYPE", key) == b"hash"
                for field in redis("HKEYS", key) if field.startswith(b"r")], "nothing is remembered of those"


def test_a_caller_that_leaves_while_redis_is_asked(nginx, mock, redis):
    ngx = gateways(nginx, mock, redis, "ai_token_limit $http_x_team 10k/h; ai_request_limit $http_x_team 9/h;", options="timeout=4s on_error=deny")
    ask(ngx, max_tokens=100)
    redis.pause()
    waiting = [Connection(ngx.port) for _ in range(5)]
    for one in waiting:
        one.send(request_bytes("POST", PATHS["openai"], body(max_tokens=5000), {"x-team": "a"}))
    wait_until(lambda: ngx.contexts() >= 5, what="five that wait")
    for one in waiting:
        one.socket.close()
    wait_until(lambda: ngx.contexts() == 0, what="nobody to wait")
    redis.go_on()
    left(ngx, 10_000 - USED)
    assert [entry["status"] for entry in ngx.access()].count("499") == 5
    assert not [received for received in mock.requests if received.json["max_tokens"] == 5000]


@pytest.mark.parametrize("way", ["reset", "close"])
def test_streams_of_http2_that_leave_while_redis_is_asked(nginx, mock, redis, way):
    """Taken back one by one, their neighbours on the connection go on; or all by the connection's end."""
    ngx = gateways(nginx, mock, redis, "ai_token_limit $http_x_team 20k/h;", options="timeout=4s on_error=deny", server=listen_http2())
    caller = Http2(ngx.ports["PORT2"])
    first = caller.post(PATHS["openai"], body(max_tokens=100), {"x-team": "a"})
    assert caller.status(first) == 200
    redis.pause()
    gone = [caller.post(PATHS["openai"], body(max_tokens=5000), {"x-team": "a"}) for _ in range(4)]
    kept = [caller.post(PATHS["openai"], body(max_tokens=100), {"x-team": "a"}) for _ in range(2)]
    wait_until(lambda: ngx.contexts() == 6, what="six that wait")
    for stream in gone if way == "reset" else []:
        caller.reset(stream)
    if way == "close":
        caller.close()
    wait_until(lambda: ngx.contexts() == (2 if way == "reset" else 0), what="those that left to be gone")
    redis.go_on()
    if way == "reset":
        assert [caller.status(stream) for stream in kept] == [200, 200]
        caller.close()
    left(ngx, 20_000 - (3 if way == "reset" else 1) * USED)
    assert [entry["status"] for entry in ngx.access()].count("499") == (4 if way == "reset" else 6)
    assert not [received for received in mock.requests if received.json["max_tokens"] == 5000]


def test_a_stream_ends_within_an_answer_of_redis(nginx, mock, redis):
    """The overshoot: what comes while the last question is under way."""
    ngx = gateways(nginx, mock, redis, "ai_token_limit $http_x_team 2000/h;", options=DENY)
    answer = ask(ngx, "ok,n=5000,gap=0.001", max_tokens=100, stream=True)
    assert json.loads(answer.events()[-1][1])["error"]["code"] == "token_limit"
    total = int(ngx.access(1)[0]["ai_total_tokens"])
    assert 1900 < total < 2200
    left(ngx, 0)
    # Room in the middle: the second goes on where the first has given back.
    assert redis("FLUSHALL") == b"OK"
    answer = ask(ngx, "ok,n=300", max_tokens=10, stream=True)
    assert answer.status == 200 and answer.body.rstrip().endswith(b"[DONE]")


CANARIES = ["canary-prompt-5f1c", "canary-team-77ab", "canary-user-09de", "canary-model-e3"]


def test_nothing_of_callers_is_in_redis(nginx, mock, redis, keys):
    secret = keys.add("canary-id-1", team=CANARIES[1], user=CANARIES[2], tokens=["5k/h"])
    http = f"""ai_keys {keys.path}; ai_redis unix:{redis.path} timeout=1s on_error=deny; ai_zone aigw 8m;
        ai_provider p {{ url {mock.url}; key env:MOCK_KEY; }} ai_model {CANARIES[3]} {{ target p ok; }} ai_model ok* {{ target p *; }}"""
    ngx = nginx(http=http, main="env MOCK_KEY;", env={"MOCK_KEY": "canary-provider-key"}, server="""location /v1/ { ai_gateway; ai_auth keys;
        client_max_body_size 1m; ai_token_limit $ai_team 100k/h per_model; ai_request_limit $ai_user 100/h; ai_token_limit $ai_key_id/x 1m/d; }""")
    call = {"model": CANARIES[3], "messages": [{"role": "user", "content": CANARIES[0]}], "user": CANARIES[2]}
    stream = {**call, "model": "ok,n=50,gap=0.02", "stream": True}
    assert post(ngx.port, PATHS["openai"], call, key=secret).status == 200
    at_once(3, lambda i: post(ngx.port, PATHS["openai"], stream, key=secret))
    text = everything_in(redis)
    assert len(text) > 500
    for canary in [*CANARIES, secret, "canary", "sk-aigw"]:
        assert canary.encode() not in text, canary


@pytest.mark.parametrize("place", ["team", "model", "user", "key"])
def test_injection(nginx, mock, redis, place):
    ngx = gateways(nginx, mock, redis, "ai_token_limit $http_x_team/$ai_model 10k/h per_model; ai_request_limit $http_x_user 100/h;",
                   options=DENY, http="ai_model e/* { target p ok; }")
    redis("SET", "survivor", "1")
    evil = "x\r\n*1\r\n$8\r\nFLUSHALL\r\n"
    for text in (evil, evil.replace("\r\n", "%0d%0a"), "'; redis.call('FLUSHALL') --", "{x}:limits", "\x00FLUSHALL", "$1 FLUSHALL"):
        plain = text.replace("\r\n", " ").replace("\x00", "%00")
        call = body(max_tokens=10, user=text if place == "user" else "u")
        if place == "model":
            call["model"] = "e/" + text
        post(ngx.port, PATHS["openai"], call, {"x-team": plain if place == "team" else "a", "x-user": plain if place == "user" else "u",
                                               "authorization": "Bearer " + (plain if place == "key" else "k")})
    assert redis("GET", "survivor") == b"1"
    assert ask(ngx, max_tokens=10).status == 200
    assert all(key == b"survivor" or key.startswith(b"aigw:limits:1:{") for key in redis("KEYS", "*"))


def test_a_second_location_after_the_first(nginx, mock, redis):
    """An internal redirect begins anew: what the first location had reserved is settled, and no more."""
    ngx = gateways(nginx, mock, redis, LIMIT + "ai_request_limit $http_x_team 100/h; error_page 502 = @second;", options=DENY,
                   server=f"location @second {{ ai_gateway prefix=/v1/; ai_auth off; {LIMIT} ai_request_limit $http_x_team 100/h; }}")
    assert ask(ngx, "503", max_tokens=5000).status == 502
    assert len(mock.requests) == 2
    answer = ask(ngx, max_tokens=100)
    assert answer.status == 200 and answer.headers["x-ratelimit-remaining-requests"] == "97"
    again = ask(ngx, max_tokens=1)
    assert int(again.headers["x-ratelimit-remaining-tokens"]) == 10_000 - USED - int(again.headers["x-input-tokens"]) - 1


def test_a_reload_while_redis_is_asked(nginx, mock, redis):
    ngx = gateways(nginx, mock, redis, options="timeout=1s")
    ask(ngx, max_tokens=100)
    redis.pause()
    waiting = Connection(ngx.port)
    waiting.send(request_bytes("POST", PATHS["openai"], body(max_tokens=100), {"x-team": "a"}))
    wait_until(lambda: ngx.contexts() >= 1, what="one that waits")
    old = ngx.reload()
    assert waiting.read_answer().status == 200
    waiting.socket.close()
    redis.go_on()
    wait_until(lambda: not set(old) & set(ngx.worker_pids(also_exiting=True)), what="the old worker to end")
    left(ngx, 10_000 - 2 * USED)
