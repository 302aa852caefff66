"""ai_token_limit and ai_request_limit in the zone, and in Redis: what is admitted, what a refused caller is told, what is left at the end."""
import json
import os
import signal
import time

import pytest

from lib.client import get, post
from lib.limited import PATHS, ask, at_once, body, limited, open_ask, remaining
from lib.wait import wait_until

pytestmark = pytest.mark.parametrize("store", ["zone", "redis"], indirect=True)
USED = 28  # tokens of the mock's usual answer
LIMIT = "ai_token_limit $http_x_team 10k/h;"


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
def test_a_refusal_can_be_read(nginx, mock, dialect):
    ngx = limited(nginx, mock, "ai_token_limit $http_x_team 500/h;")
    answer = ask(ngx, dialect=dialect, max_tokens=400)
    assert answer.status == 200
    assert answer.headers["x-ratelimit-limit-tokens"] == "500"
    assert int(answer.headers["x-ratelimit-remaining-tokens"]) < 100
    refused = ask(ngx, dialect=dialect, max_tokens=480)
    assert refused.status == 429 and refused.headers["content-type"] == "application/json"
    error = refused.json()["error"]
    assert error["type"] == "rate_limit_error" and error["message"] == "Token limit exceeded for a: 500/h."
    if dialect == "openai":
        assert error["code"] == "token_limit"
    assert 0 < int(refused.headers["retry-after"]) <= 3600 + 240
    assert "x-should-retry" not in refused.headers
    assert refused.headers["x-ratelimit-remaining-tokens"] == str(500 - USED)
    assert ask(ngx, dialect=dialect, team="b", max_tokens=480).status == 200
    assert [e["ai_limit_status"] for e in ngx.access(3)] == ["passed", "rejected", "passed"]
    text = ngx.metrics()
    assert 'aigw_limit_total{name="$http_x_team/h",result="rejected"} 1' in text
    assert 'aigw_limit_total{name="$http_x_team/h",result="passed"} 2' in text


def test_a_prompt_above_the_limit_never_passes(nginx, mock):
    ngx = limited(nginx, mock, "ai_token_limit $http_x_team 5/h;")
    refused = ask(ngx)
    assert refused.status == 429 and "retry-after" not in refused.headers and refused.headers["x-should-retry"] == "false"
    assert not mock.requests


def test_what_is_not_used_comes_back(nginx, mock):
    ngx = limited(nginx, mock, LIMIT)
    for used in range(1, 6):
        assert ask(ngx, max_tokens=5000).status == 200
        assert remaining(ngx) == 10_000 - used * USED


def test_without_a_limit_of_the_caller_max_output_is_reserved(nginx, mock):
    ngx = limited(nginx, mock, "ai_token_limit $http_x_team 1000/h;", timeout="max_output 990;")
    assert ask(ngx).status == 200
    assert ask(ngx).status == 429
    assert ask(ngx, max_tokens=10).status == 200


def test_two_hundred_at_once(nginx, mock):
    """Each reserves exactly 1,000 of 10,000."""
    ngx = limited(nginx, mock, LIMIT, workers=4, server="location = /probe { return 200; }")
    prompt = int([ask(ngx, team="probe", max_tokens=1), ngx.access(1)][1][0]["ai_input_tokens"])
    answers = at_once(200, lambda i: ask(ngx, f"ok,prompt={prompt},completion={1000 - prompt},wait=0.2", max_tokens=1000 - prompt,
                                         timeout=60))
    assert sorted(answer.status for answer in answers) == [200] * 10 + [429] * 190
    assert remaining(ngx) == 0


def test_several_limits_are_all_or_nothing(nginx, mock):
    ngx = limited(nginx, mock, """ai_token_limit $http_x_team 10k/h; ai_token_limit all 1000/h name=all;
        ai_request_limit $http_x_team 3/h;""")
    assert ask(ngx, max_tokens=950).status == 200
    refused = ask(ngx, max_tokens=980)
    assert refused.status == 429 and refused.json()["error"]["message"] == "Token limit exceeded for all: 1000/h."
    # The refused one took nothing of the other limits.
    assert ask(ngx, max_tokens=100).status == 200 and ask(ngx, max_tokens=100).status == 200
    refused = ask(ngx, max_tokens=100)
    assert refused.status == 429
    error = refused.json()["error"]
    assert (error["code"], error["message"]) == ("request_limit", "Request limit exceeded for a: 3/h.")
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"
    assert ask(ngx, team="b", max_tokens=100).status == 200


@pytest.mark.parametrize("count,least", [("total", 28), ("input", 21), ("output", 7)])
def test_what_counts(nginx, mock, count, least):
    ngx = limited(nginx, mock, f"ai_token_limit $http_x_team 1000/h count={count};")
    assert ask(ngx, max_tokens=100).status == 200
    ask(ngx, max_tokens=100)
    # Told before the request's own reserve is settled: the one before is.
    assert 1000 - int(ngx.access(2)[1]["ai_limit_remaining"]) >= least
    probe = ask(ngx, max_tokens=100)
    assert int(probe.headers["x-ratelimit-remaining-tokens"]) <= 1000 - 2 * least


def test_per_model(nginx, mock):
    ngx = limited(nginx, mock, "ai_token_limit $http_x_team 500/h per_model;")
    assert ask(ngx, "ok,completion=400", max_tokens=450).status == 200
    assert ask(ngx, "ok,completion=400", max_tokens=450).status == 429
    assert ask(ngx, "ok,completion=401", max_tokens=450).status == 200


def test_clamp_shortens_the_answer(nginx, mock):
    ngx = limited(nginx, mock, "ai_token_limit $http_x_team 500/h clamp;")
    for dialect in PATHS:
        assert ask(ngx, dialect=dialect, team=dialect, max_tokens=100_000).status == 200
        sent = mock.last.json
        assert 0 < sent.get("max_tokens", sent.get("max_completion_tokens")) < 500
    # A caller who named no limit gets one.
    ask(ngx, team="c")
    sent = mock.last.json
    assert 0 < sent.get("max_tokens", sent.get("max_completion_tokens")) < 500


def test_dry_run(nginx, mock):
    ngx = limited(nginx, mock, "ai_token_limit $http_x_team 50/h dry_run;")
    for _ in range(3):
        assert ask(ngx, max_tokens=40).status == 200
    assert [e["ai_limit_status"] for e in ngx.access(3)][-1] == "dry_run"
    assert 'result="dry_run"' in ngx.metrics()


@pytest.mark.parametrize("option,statuses", [("", [200, 429]), ("empty=skip", [200, 200]), ("empty=reject", [403, 403])])
def test_callers_without_a_key(nginx, mock, option, statuses):
    ngx = limited(nginx, mock, f"ai_token_limit $http_x_team/$http_x_env 500/h {option};")
    assert [ask(ngx, "ok,completion=450", team=team, max_tokens=450).status for team in ("a", None)] == statuses
    if not option:
        assert ask(ngx, team=None, max_tokens=450).json()["error"]["message"] == "Token limit exceeded for unknown: 500/h."


def test_the_limit_may_be_a_variable(nginx, mock):
    ngx = limited(nginx, mock, "ai_token_limit $http_x_team $cap/h;",
                  http='map $http_x_team $cap { default 5; big 100k; none off; empty ""; wrong many; }')
    statuses = {team: ask(ngx, team=team, max_tokens=1000).status for team in ("small", "big", "none", "empty", "wrong")}
    assert statuses == {"small": 429, "big": 200, "none": 200, "empty": 200, "wrong": 500}


def test_if(nginx, mock):
    ngx = limited(nginx, mock, "ai_token_limit all 5/h if=$http_x_limited;")
    assert ask(ngx, max_tokens=1000).status == 200
    for value, status in (("1", 429), ("0", 200), ("", 200)):
        assert post(ngx.port, PATHS["openai"], body(max_tokens=1000), {"x-limited": value}).status == status


def test_levels(nginx, mock):
    """A location's own list replaces the server's; inherit adds; off empties. A model's replaces the location's."""
    ngx = limited(nginx, mock, "", http="ai_token_limit all 5/h;", server="""
        location /own/v1/ { ai_gateway; ai_auth off; ai_token_limit other 100k/h; }
        location /both/v1/ { ai_gateway; ai_auth off; ai_token_limit inherit; ai_token_limit other 100k/h; }
        location /off/v1/ { ai_gateway; ai_auth off; ai_token_limit off; }""")
    statuses = {place: post(ngx.port, f"/{place}v1/chat/completions", body(max_tokens=5000)).status
                for place in ("", "own/", "both/", "off/")}
    assert statuses == {"": 429, "own/": 200, "both/": 429, "off/": 200}


def test_a_models_own_limit(nginx, mock):
    ngx = limited(nginx, mock, "ai_token_limit all 100/h;", model="ai_token_limit all 100k/h name=model;")
    assert ask(ngx, max_tokens=5000).status == 200


def test_a_stream_that_runs_past_the_limit_is_ended(nginx, mock):
    """The provider goes on beyond what it was asked for: the answer ends where the limit is, with an error event."""
    ngx = limited(nginx, mock, "ai_token_limit $http_x_team 300/h;")
    for dialect in PATHS:
        answer = ask(ngx, "ok,n=2000,gap=0.001", team=dialect, dialect=dialect, max_tokens=100, stream=True)
        assert answer.status == 200 and answer.whole
        last = json.loads(answer.events()[-1][1])
        assert last["error"]["message"] == f"Token limit exceeded for {dialect}: 300/h."
        assert "[DONE]" not in answer.body.decode()
    entries = ngx.access(2)
    for entry in entries:
        assert entry["ai_stream_end"] == "limit" and entry["ai_error"] == "token_limit"
        assert 200 < int(entry["ai_total_tokens"]) < 400
    mock.wait_closed()


def test_filter_locations(nginx, mock):
    ngx = limited(nginx, mock, "", server=f"""location /proxied/ {{ proxy_pass http://127.0.0.1:{mock.port}/;
        proxy_buffering off; ai_filter auto; ai_token_limit $http_x_team 300/h; }}""")
    path = "/proxied" + PATHS["openai"]
    assert post(ngx.port, path, body(max_tokens=200), {"x-team": "a"}).status == 200
    refused = post(ngx.port, path, body(max_tokens=290), {"x-team": "a"})
    assert refused.status == 429 and refused.json()["error"]["code"] == "token_limit"
    assert int(refused.headers["x-ratelimit-remaining-tokens"]) == 300 - USED
    for asked in (True, False):
        answer = post(ngx.port, path, body("ok,n=2000,gap=0.001", max_tokens=100, stream=True,
                                           stream_options={"include_usage": asked}), {"x-team": f"stream {asked}"})
        assert answer.whole and json.loads(answer.events()[-1][1])["error"]["code"] == "token_limit"
    assert [e["ai_stream_end"] for e in ngx.access(4)][2:] == ["limit", "limit"]
    mock.wait_closed()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model,low,high", [
    ("503", 0, 0), ("close", 0, 0), ("401", 0, 0), ("hang", 0, 0), ("cut", 0, 60), ("ok", 28, 28), ("ok,usage=none", 8, 60)])
def test_every_way_out_is_settled(nginx, mock, model, low, high, stream):
    ngx = limited(nginx, mock, LIMIT, timeout="timeout first=300ms idle=300ms total=2s;")
    ask(ngx, model, max_tokens=5000, stream=stream)
    ngx.access(1)
    assert low <= 10_000 - remaining(ngx) <= high


def test_a_caller_that_leaves_is_settled(nginx, mock):
    ngx = limited(nginx, mock, LIMIT)
    stream = open_ask(ngx, "ok,n=500,gap=0.02", max_tokens=5000)
    stream.read_until(b"data:")
    assert remaining(ngx) < 5000
    stream.abort()
    ngx.access(2)
    wait_until(lambda: remaining(ngx) > 9_900, what="the reserve to come back")


def test_a_reload_keeps_counts_and_reserves(nginx, mock):
    ngx = limited(nginx, mock, LIMIT)
    ask(ngx, max_tokens=100)
    stream = open_ask(ngx, "ok,n=30,gap=0.05", max_tokens=5000)
    stream.read_until(b"data:")
    ngx.reload()
    assert 10_000 - USED - 5100 < remaining(ngx) < 5000
    assert stream.rest().whole
    stream.socket.close()
    wait_until(lambda: remaining(ngx) == 10_000 - 2 * USED, what="the stream to be settled")


def test_a_killed_worker_leaks_nothing(nginx, mock, store):
    """Its requests are charged with what was recorded, once their leases have run out."""
    ngx = limited(nginx, mock, LIMIT, zone="ai_zone aigw 8m lease=2s;")
    ngx.allowed += [r"exited on signal 9"]
    stream = open_ask(ngx, "ok,n=500,gap=0.02", max_tokens=5000)
    stream.read_until(b"data:")
    old = ngx.worker_pids()
    os.kill(old[0], signal.SIGKILL)
    wait_until(lambda: ngx.worker_pids() and ngx.worker_pids() != old, what="a new worker")
    assert remaining(ngx) < 5000
    wait_until(lambda: remaining(ngx) > 9_000, timeout=8, what="the lease to run out")
    assert 0 < 10_000 - remaining(ngx) < 200
    assert store or "were charged" in ngx.error_log()


def test_a_long_stream_keeps_its_reserve(nginx, mock):
    ngx = limited(nginx, mock, LIMIT, zone="ai_zone aigw 8m lease=1s;")
    stream = open_ask(ngx, "ok,n=40,gap=0.1", max_tokens=5000)
    stream.read_until(b"data:")
    for _ in range(3):
        assert remaining(ngx) < 5000
        stream.read_until(b"\n\n")
        time.sleep(1)
    assert remaining(ngx) < 5000
    assert stream.rest().whole


def test_what_is_no_call_costs_nothing(nginx, mock):
    ngx = limited(nginx, mock, "ai_request_limit all 1/h;")
    for _ in range(3):
        assert get(ngx.port, "/v1/models").status == 200
    assert ask(ngx).status == 200 and ask(ngx).status == 429


def test_a_small_zone_forgets_what_nobody_uses(nginx, mock):
    """Counters give way, the longest unused first; a running request's never does."""
    ngx = limited(nginx, mock, LIMIT, zone="ai_zone aigw 512k;")
    held = open_ask(ngx, "ok,n=4000,gap=0.02", team="held", max_tokens=9000)
    held.read_until(b"data:")
    answers = at_once(8, lambda i: [ask(ngx, team=f"team-{i}-{j}", max_tokens=1).status for j in range(200)])
    assert {status for group in answers for status in group} == {200}
    assert remaining(ngx, "held") < 1000
    held.abort()
