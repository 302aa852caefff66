"""Redis that is hurt: faults.md 23-25. What on_error says holds, nobody waits longer than the timeout, nothing else is
slower, no worker is busy, and two seconds after Redis is well again the limits are there."""
import re
import threading
import time

import pytest

from lib import nginx as nginx_lib
from lib import procfs, redis_proxy as harm
from lib.client import get
from lib.limited import ask, at_once, remaining
from lib.redis import Redis
from lib.wait import wait_until

SLACK = 3 if nginx_lib.sanitizing() else 1
TIMEOUT = 0.25 * SLACK    # seconds, of ai_redis here
AWAY_MS = int(TIMEOUT * 1000)


def status(ngx, team="a", **members):
    return ask(ngx, team=team, **members).status


def errors(ngx):
    found = re.findall(r'^aigw_redis_errors_total\{kind="(\w+)"\} (\d+)', ngx.metrics(), re.M)
    return {kind: int(count) for kind, count in found}


class Meanwhile:
    """Asks for /plain all the time; how long each answer took, in seconds."""

    def __init__(self, ngx):
        self.times, self._ngx, self._over = [], ngx, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self._over.is_set():
            began = time.monotonic()
            assert get(self._ngx.port, "/plain").status == 200
            self.times.append(time.monotonic() - began)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def at(self, share):
        return sorted(self.times)[int(len(self.times) * share)]


# ---- what on_error says

@pytest.mark.parametrize("on_error,expected", [("local", 200), ("deny", 503), ("allow", 200)])
def test_policy(gate, proxy, timed, recovers, on_error, expected):
    """Nobody listens; connected but silent; executed but not answered. The second request does not wait."""
    ngx = gate(proxy.url, f"on_error={on_error} timeout={AWAY_MS}ms")
    assert status(ngx) == 200 and "EVALSHA" in proxy.commands
    for mode in ("refused", harm.Silent(), harm.Cut(3)):
        if mode == "refused":
            proxy.refuse()
        else:
            proxy.mode = mode
        first, took = timed(lambda: status(ngx))
        assert first == expected and took < TIMEOUT + 0.25 * SLACK, (mode, first, took)
        second, took = timed(lambda: status(ngx))
        assert second == expected and took < TIMEOUT
        if mode == "refused":
            proxy.listen()
        else:
            proxy.mode = harm.Pass()
        proxy.commands.clear()
        recovers(lambda: status(ngx) == 200 and "EVALSHA" in proxy.commands)


def test_deny_is_no_quota_error(gate, proxy):
    ngx = gate(proxy.url, "on_error=deny")
    proxy.refuse()
    answer = wait_until(lambda: (got := ask(ngx)).status == 503 and got)
    assert answer.json()["error"]["type"] != "rate_limit_error" and "127.0.0.1" not in answer.body.decode()
    assert ask(ngx, dialect="anthropic").json()["type"] == "error"


def test_local_counts(gate, proxy):
    ngx = gate(proxy.url, "on_error=local", limits="ai_token_limit $http_x_team 100/h;")
    proxy.refuse()
    got = [status(ngx, max_tokens=40) for _ in range(6)]
    assert 200 in got and got[-1] == 429


# ---- time

def test_slow_is_away(gate, proxy, timed, recovers):
    ngx = gate(proxy.url, f"on_error=deny timeout={AWAY_MS}ms")
    assert status(ngx) == 200
    proxy.mode = harm.Delay(2)
    got = at_once(20, lambda i: timed(lambda: status(ngx)))
    assert {code for code, _ in got} == {503} and max(took for _, took in got) < TIMEOUT + 0.5 * SLACK
    proxy.mode = harm.Pass()
    recovers(lambda: status(ngx) == 200)
    assert errors(ngx)["timeout"] >= 1


@pytest.mark.parametrize("hurt", ["paused", "silent", "killed"])
def test_others_do_not_notice(gate, proxy, redis, hurt):
    """One worker; limited requests go on while Redis is away, and /plain is as quick as ever."""
    ngx = gate(proxy.url, f"on_error=local timeout={AWAY_MS}ms")
    assert status(ngx) == 200
    with Meanwhile(ngx) as before:
        at_once(8, lambda i: [status(ngx) for _ in range(20)])
    if hurt == "paused":
        redis("CLIENT", "PAUSE", "1500")
    elif hurt == "silent":
        proxy.mode = harm.Silent(greeting=True)
    else:
        redis.process.kill()
    with Meanwhile(ngx) as during:
        got = at_once(8, lambda i: [status(ngx) for _ in range(40)])
    assert {code for codes in got for code in codes} == {200}
    assert during.at(0.5) < before.at(0.5) * 1.5 + 0.005 * SLACK
    assert during.at(0.99) < before.at(0.99) * 2 + 0.05 * SLACK


def test_no_storm(gate, proxy):
    """Two seconds of requests to a Redis that closes every connection: a few attempts, no work."""
    ngx = gate(proxy.url, "on_error=deny")
    proxy.mode = harm.Close()
    wait_until(lambda: status(ngx) == 503)
    proxy.accepted, began, cpu = 0, time.monotonic(), ngx.cpu_seconds()
    asked = 0
    while time.monotonic() < began + 2:
        assert status(ngx) == 503
        asked += 1
        time.sleep(0.01)
    assert proxy.accepted <= 6
    assert ngx.cpu_seconds() - cpu < (0.1 + asked * 0.0005) * SLACK
    refused = [line for line in ngx.error_log().splitlines() if "ai_redis" in line]
    assert len(refused) == 1 and refused[0].rstrip().endswith("is away: closed")


def test_killed_and_started_again(gate, redis, tmp_path, recovers):
    """kill -9 under load: no request fails but by the policy, and the new server is used."""
    ngx = gate(f"unix:{redis.path}", "on_error=local")
    over, codes = threading.Event(), []

    def load(_):
        while not over.is_set():
            codes.append(status(ngx))

    threads = [threading.Thread(target=load, args=(i,)) for i in range(4)]
    [thread.start() for thread in threads]
    wait_until(lambda: len(codes) > 50)
    redis.process.kill()
    redis.process.wait()
    wait_until(lambda: len(codes) > 150)
    anew = Redis(tmp_path / "redis")
    try:
        recovers(lambda: int(anew("DBSIZE")) > 0)
        over.set()
        [thread.join() for thread in threads]
        assert set(codes) == {200}
    finally:
        over.set()
        anew.close()


# ---- what was posted

def in_flight(ngx, mock, count, seconds):
    """So many calls whose reserves are made and whose answers take a while; join() gives their codes."""
    before, codes = len(mock.requests), []

    def call():
        codes.append(ask(ngx, f"ok,wait={seconds}", max_tokens=100).status)

    threads = [threading.Thread(target=call) for _ in range(count)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(mock.requests) == before + count)

    def join():
        for thread in threads:
            thread.join()
        return codes

    return join


@pytest.mark.parametrize("reload", [False, True], ids=["", "reload"])
def test_what_nobody_waits_for_comes_later(gate, mock, proxy, reload):
    """Redis is away when answers end, also those of an old worker: what they used is counted, once."""
    ngx = gate(proxy.url, f"on_error=deny timeout={AWAY_MS}ms", limits="ai_token_limit $http_x_team 10000/h;")
    assert status(ngx, max_tokens=100) == 200
    used = 10_000 - remaining(ngx)
    join = in_flight(ngx, mock, 5, 0.4)
    old = ngx.reload() if reload else []
    proxy.refuse()
    assert join() == [200] * 5
    proxy.listen()
    wait_until(lambda: status(ngx, "other") == 200)
    wait_until(lambda: remaining(ngx) == 10_000 - 6 * used, what="the settles")
    wait_until(lambda: not any(procfs.alive(pid) for pid in old), what="the old worker gone")


@pytest.mark.parametrize("text", ["READONLY no", "LOADING no", "MISCONF no"])
def test_what_redis_refused_is_said_again(gate, mock, proxy, text):
    ngx = gate(proxy.url, f"on_error=deny timeout={AWAY_MS}ms", limits="ai_token_limit $http_x_team 10000/h;")
    assert status(ngx, max_tokens=100) == 200
    used = 10_000 - remaining(ngx)
    join = in_flight(ngx, mock, 3, 0.3)
    proxy.mode = harm.Error(text)
    assert join() == [200] * 3
    proxy.mode = harm.Pass()
    wait_until(lambda: status(ngx, "other") == 200)
    wait_until(lambda: remaining(ngx) == 10_000 - 4 * used, what="the settles")


def test_carried_out_but_not_answered(gate, mock, proxy):
    """The settle's reply is cut: it is sent twice, and counts once."""
    ngx = gate(proxy.url, f"on_error=deny timeout={AWAY_MS}ms", limits="ai_token_limit $http_x_team 10000/h;")
    assert status(ngx, max_tokens=100) == 200
    used = 10_000 - remaining(ngx)
    join = in_flight(ngx, mock, 3, 0.3)
    proxy.mode = harm.Cut(0)
    assert join() == [200] * 3
    proxy.mode = harm.Pass()
    wait_until(lambda: status(ngx, "other") == 200)
    wait_until(lambda: remaining(ngx) == 10_000 - 4 * used, what="the settles")


def test_an_end_without_redis(gate, mock, proxy):
    """nginx is told to go while Redis is away: what cannot be sent is given up, and said."""
    ngx = gate(proxy.url, f"on_error=deny timeout={AWAY_MS}ms")
    join = in_flight(ngx, mock, 3, 0.3)
    proxy.refuse()
    assert join() == [200] * 3
    ngx.stop()
    assert "commands for ai_redis are lost" in ngx.error_log()
