"""Redis is paused, killed, started again, or answers errors: what on_error says holds, nothing waits long, nothing is forgotten."""
import time

import pytest

from lib.client import get
from lib.fleet import LIMIT, gateways
from lib.limited import PATHS, ask, at_once, open_ask, remaining
from lib.wait import wait_until

USED = 28  # tokens of the mock's usual answer
ROUTE = "location = /other { return 200; }"


def told(ngx, left):
    """What Redis counts, told by a gateway that asks nobody else."""
    seen = []

    def is_told():
        if ask(ngx, "status,code=503", max_tokens=1).headers.get("x-ratelimit-remaining-tokens"):
            seen.append(remaining(ngx))
        return seen and seen[-1] == left

    try:
        wait_until(is_told, 8)
    except AssertionError:
        raise AssertionError(f"{left} tokens should be left in Redis, there were {sorted(set(seen))}") from None


@pytest.fixture(params=["paused", "writes paused", "killed"])
def outage(request, redis):
    """away(), back(): whether what Redis counted is there afterwards."""
    class Outage:
        keeps = request.param != "killed"

        def away(self):
            if request.param == "paused":
                redis.pause()
            elif request.param == "killed":
                redis.kill()
            else:
                redis("CLIENT", "PAUSE", 60_000, "WRITE")

        def back(self):
            if request.param == "paused":
                redis.go_on()
            elif request.param == "killed":
                redis.start()
            else:
                redis("CLIENT", "UNPAUSE")

    return Outage()


def test_local_counts_on_and_tells_it_afterwards(nginx, mock, redis, outage):
    ngx = gateways(nginx, mock, redis, options="timeout=200ms", server=ROUTE)
    witness = gateways(nginx, mock, redis, options="timeout=1s on_error=deny")
    for _ in range(3):
        assert ask(ngx, max_tokens=100).status == 200
    stream = open_ask(ngx, "ok,n=40,gap=0.05", max_tokens=200)
    stream.read_until(b"data:")
    outage.away()
    began = time.monotonic()
    for _ in range(4):
        assert ask(ngx, max_tokens=100).status == 200
    assert time.monotonic() - began < 4, "one waits for the timeout, the others for nothing"
    assert get(ngx.port, "/other").status == 200
    # The zone knows what was spent before: the same limit holds.
    assert int(ask(ngx, max_tokens=10).headers["x-ratelimit-remaining-tokens"]) < 10_000 - 7 * USED
    refused = ask(ngx, max_tokens=9990)
    assert refused.status == 429 and refused.json()["error"]["message"] == "Token limit exceeded for a: 10000/h."
    stream.rest()
    stream_used = int(next(e for e in ngx.access(11) if e["ai_stream"] == "1")["ai_total_tokens"])
    outage.back()
    told(witness, 10_000 - stream_used - (8 if outage.keeps else 5) * USED)
    assert "answers again" in ngx.error_log()
    # What follows counts in Redis again, once.
    assert ask(ngx, max_tokens=100).status == 200
    told(witness, 10_000 - stream_used - (9 if outage.keeps else 6) * USED)


def test_deny(nginx, mock, redis, outage):
    ngx = gateways(nginx, mock, redis, options="timeout=200ms on_error=deny", server=ROUTE)
    assert ask(ngx, max_tokens=100).status == 200
    outage.away()
    for dialect, where, kind in (("openai", "code", "overloaded"), ("anthropic", "type", "overloaded_error")):
        refused = ask(ngx, dialect=dialect, max_tokens=100)
        assert refused.status == 503 and refused.json()["error"][where] == kind
        assert refused.headers["retry-after"] == "1" and "x-ratelimit-limit-tokens" not in refused.headers
    assert get(ngx.port, "/other").status == 200
    assert [e["ai_limit_status"] for e in ngx.access(3) if e["request_uri"] != "/other"] == ["passed", "rejected", "rejected"]
    assert len(mock.requests) == 1
    outage.back()
    wait_until(lambda: ask(ngx, max_tokens=100).status == 200, what="Redis to be asked again")
    # What was refused counts nowhere: whatever Redis made of it was taken back.
    told(ngx, 10_000 - (2 if outage.keeps else 1) * USED)


def test_allow(nginx, mock, redis, outage):
    ngx = gateways(nginx, mock, redis, LIMIT.replace("10k", "100"), options="timeout=200ms on_error=allow")
    witness = gateways(nginx, mock, redis, LIMIT.replace("10k", "100"), options="timeout=1s on_error=deny")
    assert ask(ngx, "ok,completion=60", max_tokens=60).status == 200
    assert ask(ngx, max_tokens=90).status == 429
    outage.away()
    for _ in range(3):
        answer = ask(ngx, "ok,prompt=1,completion=1", max_tokens=90)
        assert answer.status == 200 and "x-ratelimit-limit-tokens" not in answer.headers
    assert [e["ai_limit_status"] for e in ngx.access(5)] == ["passed", "rejected", "", "", ""]
    assert 'result="unchecked"} 3' in ngx.metrics()
    outage.back()
    told(witness, 100 - 3 * 2 - (60 + 21 if outage.keeps else 0))


def test_killed_under_load(nginx, mock, redis):
    """Faults 23: no request fails, no worker blocks, Redis counts again within two seconds, the sum is true."""
    ngx = gateways(nginx, mock, redis, LIMIT.replace("10k", "1000k"), options="timeout=500ms", workers=2, server=ROUTE)
    witness = gateways(nginx, mock, redis, LIMIT.replace("10k", "1000k"), options="timeout=1s on_error=deny")
    def call(i):
        if i == 40:
            redis.kill()
        if i == 100:
            redis.start()
        began = time.monotonic()
        assert get(ngx.port, "/other").status == 200
        return ask(ngx, max_tokens=100).status, time.monotonic() - began
    results = [result for turn in range(10) for result in at_once(16, lambda i: call(turn * 16 + i))]
    assert {status for status, _ in results} == {200}
    assert max(took for _, took in results) < 5
    began = time.monotonic()
    wait_until(lambda: ask(witness, max_tokens=10).status == 200, 5, "Redis to be asked again")
    assert time.monotonic() - began < 3
    # Before the kill it was counted in a Redis that is gone; of those under way then some were, some were not.
    counted = 1_000_000 - remaining(witness)
    time.sleep(1)
    after = 1_000_000 - remaining(witness)
    assert 0 < after <= 161 * USED and (after - counted) % USED == 0
    assert ask(ngx, max_tokens=100).status == 200


ERRORS = {
    "oom": (lambda redis: redis("CONFIG", "SET", "maxmemory", 1), lambda redis: redis("CONFIG", "SET", "maxmemory", 0)),
    "readonly": (lambda redis: redis("REPLICAOF", "127.0.0.1", 1), lambda redis: redis("REPLICAOF", "NO", "ONE")),
}


@pytest.mark.parametrize("name", ["oom", "readonly"])
def test_errors_of_redis(nginx, mock, redis, name):
    """Faults 25: the counter is not lost, whatever Redis says for a while."""
    begin, end = ERRORS[name]
    ngx = gateways(nginx, mock, redis, options="timeout=500ms")
    witness = gateways(nginx, mock, redis, options="timeout=1s on_error=deny")
    ask(ngx, max_tokens=100)
    stream = open_ask(ngx, "ok,n=20,gap=0.05", max_tokens=200)
    stream.read_until(b"data:")
    begin(redis)
    for _ in range(3):
        assert ask(ngx, max_tokens=100).status == 200
    stream.rest()
    stream_used = int(next(e for e in ngx.access(5) if e["ai_stream"] == "1")["ai_total_tokens"])
    assert ask(witness).status == 503
    end(redis)
    told(witness, 10_000 - stream_used - 4 * USED)


def test_a_wrong_type_in_the_way(nginx, mock, redis):
    ngx = gateways(nginx, mock, redis, options="timeout=500ms")
    ask(ngx, max_tokens=100)
    for key in redis("KEYS", "*"):
        redis("SET", key, "mine")
    for dialect in PATHS:
        assert ask(ngx, dialect=dialect, max_tokens=100).status == 200
    assert remaining(ngx) == 10_000 - 3 * USED, "the zone counts"
    assert 'kind="wrongtype"' in ngx.metrics()
