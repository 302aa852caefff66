"""What Redis may reply, and what somebody between may make of it: an error of Redis, never one of the worker, and afterwards
Redis is used again."""
import re

import pytest

from lib import nginx as nginx_lib
from lib import redis_proxy as harm
from lib.limited import ask

# What Redis or somebody between says to a command, and what aigw_redis_errors_total calls it.
REPLIES = {
    "LOADING Redis is loading the dataset in memory": "loading", "READONLY You can't write against a read only replica.": "readonly",
    "MASTERDOWN Link with MASTER is down": "masterdown", "CLUSTERDOWN Hash slot not served": "clusterdown",
    "MOVED 3999 127.0.0.1:6381": "moved", "MISCONF Redis is configured to save RDB snapshots": "misconf",
    "BUSY Redis is busy running a script.": "busy", "NOAUTH Authentication required.": "noauth",
    "NOPERM this user has no permissions": "noperm", "OOM command not allowed when used memory > 'maxmemory'.": "oom",
    "WRONGTYPE Operation against a key holding the wrong kind of value": "wrongtype", "ERR whatever": "error", "": "error",
    "x" * 60000: "error", "LOADING\t": "error",
}
BYTES = {
    "no protocol": b"HTTP/1.1 400 Bad Request\r\n\r\n", "NUL": b"\0" * 100, "type of RESP3": b"%1\r\n+a\r\n+b\r\n",
    "two replies": b"+OK\r\n+OK\r\n", "length of a string": b"$-2\r\n\r\n", "string too long": b"$99999999999999999999\r\n",
    "array too long": b"*99999999999999999999\r\n", "many elements": b"*4097\r\n", "elements of parts": b"*2\r\n*4000\r\n" + b":1\r\n" * 4000 + b"*4000\r\n",
    "deep": b"*1\r\n" * 50, "number": b":12x\r\n", "string without end": b"$3\r\nabcdef\r\n", "endless": b"+" + b"a" * (17 << 20),
    "endless string": b"$%d\r\n" % (20 << 20) + b"a" * (17 << 20),
}


def status(ngx, team="a", **members):
    return ask(ngx, team=team, **members).status


def errors(ngx):
    found = re.findall(r'^aigw_redis_errors_total\{kind="(\w+)"\} (\d+)', ngx.metrics(), re.M)
    return {kind: int(count) for kind, count in found}


def test_error_replies(gate, proxy, recovers):
    """Each is an error of Redis and none of the worker; afterwards it is used again."""
    ngx = gate(proxy.url, "on_error=deny")
    worker, seen = ngx.worker_pids(), {}
    assert status(ngx) == 200
    for text, kind in REPLIES.items():
        before = errors(ngx).get(kind, 0)
        proxy.mode = harm.Error(text)
        assert status(ngx) == 503, text
        assert errors(ngx).get(kind, 0) > before, (text, errors(ngx))
        proxy.mode = harm.Pass()
        seen[text] = recovers(lambda: status(ngx) == 200)
    assert ngx.worker_pids() == worker
    assert max(seen.values()) < 2


def test_bad_bytes(gate, proxy, recovers):
    ngx = gate(proxy.url, "on_error=deny")
    worker = ngx.worker_pids()
    assert status(ngx) == 200
    for name, reply in BYTES.items():
        memory = ngx.rss_bytes()
        proxy.mode = harm.Say(reply)
        got = status(ngx)
        assert got == 503 or name == "two replies", name
        proxy.mode = harm.Pass()
        recovers(lambda: status(ngx) == 200)
        assert nginx_lib.sanitizing() or ngx.rss_bytes() - memory < 64 << 20, name
    assert ngx.worker_pids() == worker
    assert errors(ngx)["protocol"] >= len(BYTES) - 3


@pytest.mark.parametrize("harmed", [harm.Error("LOADING x", greeting=True), harm.Error("NOAUTH x", greeting=True),
                                    harm.Say(b":1\r\n", greeting=True), harm.Say(b"\xff\r\n", greeting=True),
                                    harm.Silent(greeting=True), harm.Close()],
                         ids=["loading", "noauth", "number", "bytes", "silent", "closed"])
def test_a_bad_greeting(gate, proxy, recovers, harmed):
    """From the start, so nothing was ever right."""
    proxy.mode = harmed
    ngx = gate(proxy.url, "on_error=deny")
    assert status(ngx) == 503
    proxy.mode = harm.Pass()
    proxy.hang_up()
    recovers(lambda: status(ngx) == 200)


def test_any_split(gate, proxy):
    """Replies that come a byte at a time, in time."""
    ngx = gate(proxy.url, "on_error=deny timeout=10s")
    proxy.mode = harm.Drip(0.0005)
    assert [status(ngx) for _ in range(3)] == [200] * 3
    assert "timeout" not in errors(ngx)


def test_a_script_that_redis_forgot(gate, proxy, redis):
    ngx = gate(proxy.url, "on_error=deny")
    for _ in range(3):
        redis("SCRIPT", "FLUSH")
        assert status(ngx) == 200
    assert "EVAL" in proxy.commands and errors(ngx) == {}
