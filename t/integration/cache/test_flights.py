"""Equal requests in flight make one call: over workers, in every mode, whatever happens to the one who calls."""
import os
import signal
import time

import pytest

from lib import procfs
from lib.cached import PATHS, at_once
from lib.guarding import text_of
from lib.http2 import Http2
from lib.nginx import listen_http2
from lib.wait import wait_until

HELLO = "Hello from the mock provider."


def statuses(answers):
    assert [answer.status for answer in answers] == [200] * len(answers)
    return sorted(answer.headers["x-aigw-cache"] for answer in answers)


@pytest.mark.parametrize("stream", [False, True])
def test_fifty_at_once(cached, stream):
    made = cached(workers=4)
    made.mocks["openai"].plan("ok,wait=0.4,gap=0.02")
    began = time.monotonic()
    answers = at_once(50, lambda i: made.ask(stream=stream if i % 2 else not stream))
    assert statuses(answers) == ["HIT"] * 49 + ["MISS"]
    assert made.calls() == 1
    assert {text_of(answer, "openai", answer.headers["content-type"] == "text/event-stream") for answer in answers} == {HELLO}
    assert time.monotonic() - began < 10


def test_different_requests_do_not_wait_for_one_another(cached):
    made = cached(workers=2)
    made.mocks["openai"].plan("ok,wait=0.2")
    answers = at_once(10, lambda i: made.ask(f"question {i}"))
    assert statuses(answers) == ["MISS"] * 10 and made.calls() == 10


@pytest.mark.parametrize("way", ["503,wait=0.4", "cut,wait=0.4", "ok,stop=length,wait=0.4"])
def test_what_cannot_be_kept_holds_nobody_up(cached, way):
    """All who waited call at once, not one after the other."""
    made = cached(workers=2)
    made.mocks["openai"].plan(way, "ok,wait=0.4")
    began = time.monotonic()
    answers = at_once(10, lambda i: made.ask())
    assert time.monotonic() - began < 3.5
    assert made.calls() == 10
    assert {answer.headers["x-aigw-cache"] for answer in answers} == {"MISS"}
    assert made.status() == "HIT"


def test_a_caller_who_leaves_is_followed_by_one(cached):
    made = cached(workers=2)
    made.mocks["openai"].plan("hang", "ok,wait=0.3")
    leader = made.open_unread("hi")
    wait_until(lambda: made.calls() == 1, what="the first call")
    with made.later(8) as answers:
        wait_until(lambda: made.nginx.contexts() == 9, what="nine requests")
        leader.abort()
    assert statuses(answers()) == ["HIT"] * 7 + ["MISS"]
    assert made.calls() == 2


def test_who_waits_may_leave(cached):
    made = cached()
    made.mocks["openai"].plan("ok,wait=0.6")
    with made.later(1) as answers:
        wait_until(lambda: made.calls() == 1, what="the call")
        waiting = [made.open_unread("hi") for _ in range(5)]
        wait_until(lambda: made.nginx.contexts() == 6, what="six requests")
        for one in waiting:
            one.abort()
        wait_until(lambda: made.nginx.contexts() == 1, what="their end")
    assert statuses(answers()) == ["MISS"] and made.calls() == 1
    assert made.status() == "HIT"
    assert sorted(entry["status"] for entry in made.entries(7)) == ["200"] * 2 + ["499"] * 5


@pytest.mark.parametrize("way", ["reset", "close"])
def test_streams_of_http2_may_leave(cached, way):
    """Those who wait, and in the end the one who calls: the neighbour who stays gets the answer of a call of his own."""
    made = cached(server=listen_http2())
    made.mocks["openai"].plan("hang", "ok,wait=0.2")
    caller, other = Http2(made.nginx.ports["PORT2"]), Http2(made.nginx.ports["PORT2"])
    path, body, headers = PATHS["openai"], made.body("hi"), {"authorization": f"Bearer {made.key}"}
    leader = caller.post(path, body, headers)
    wait_until(lambda: made.calls() == 1, what="the call")
    waiting = [caller.post(path, body, headers) for _ in range(4)]
    stays = other.post(path, body, headers)
    wait_until(lambda: made.nginx.contexts() == 6, what="six requests")
    for stream in waiting if way == "reset" else []:
        caller.reset(stream)
    if way == "reset":
        wait_until(lambda: made.nginx.contexts() == 2, what="the end of those who waited")
        caller.reset(leader)
    else:
        caller.close()
    assert other.status(stays) == 200 and made.calls() == 2
    wait_until(lambda: made.nginx.contexts() == 0, what="the end of all")
    assert made.status() == "HIT"
    caller.close()
    other.close()


def test_a_killed_worker_is_followed_by_one(cached):
    made = cached(workers=2)
    made.nginx.allowed.append(r"exited on signal 9")
    made.mocks["openai"].plan("hang", "ok,wait=0.3")
    leader = made.open_unread("hi")
    wait_until(lambda: made.calls() == 1, what="the first call")
    # Its worker is the one with a connection to the provider.
    victim = next(pid for pid in made.nginx.worker_pids() if procfs.connections(pid, made.mocks["openai"].port))
    os.kill(victim, signal.SIGSTOP)  # so that all others come to the living one
    with made.later(6) as answers:
        wait_until(lambda: procfs.connections(next(pid for pid in made.nginx.worker_pids() if pid != victim), made.nginx.port) >= 6,
                   what="six connections")
        os.kill(victim, signal.SIGKILL)
    assert statuses(answers()) == ["HIT"] * 5 + ["MISS"]
    assert made.calls() == 2
    leader.abort()


def test_nobody_waits_for_ever(cached):
    """As long as the provider's total time; then for himself."""
    made = cached(http="""ai_provider slow { url %OPENAI%; key env:UPSTREAM_KEY; timeout first=1s total=1s; }
        ai_model slow { target slow ok; }""")
    made.mocks["openai"].plan("hang")
    began = time.monotonic()
    answers = at_once(3, lambda i: made.ask(model="slow"))
    assert time.monotonic() - began < 4.5
    assert {answer.status for answer in answers} == {504}


def test_a_refused_caller_holds_nobody_up(cached):
    """The one who would call has no quota; who waits has."""
    made = cached("ai_cache exact; ai_request_limit $http_x_who 1/h;")
    made.ask("warm", headers={"x-who": "poor"})
    answers = at_once(6, lambda i: made.ask(headers={"x-who": "poor" if i == 0 else f"rich-{i}"}))
    assert sorted(answer.status for answer in answers)[:5] == [200] * 5
    assert made.status(headers={"x-who": "poor"}) == "HIT"


def test_a_shutdown_waits_for_all(cached):
    made = cached()
    made.mocks["openai"].plan("ok,wait=0.6")
    with made.later(4) as answers:
        wait_until(lambda: made.nginx.contexts() == 4, what="four requests")
        made.nginx.signal(signal.SIGQUIT)
    assert statuses(answers()) == ["HIT"] * 3 + ["MISS"]
    assert made.calls() == 1
    made.nginx.process.wait(10)
