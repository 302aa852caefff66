"""Limits where much goes on at once: a flood of keys in the smallest zone (faults 28), another binary (29)."""
import os
import re
import signal
import socket
import subprocess

import pytest

from lib import nginx as nginx_lib
from lib import procfs
from lib.client import open_post
from lib.fleet import LIMIT, of
from lib.limited import PATHS, ask, at_once, body, limited, remaining
from lib.nginx import sanitizing
from lib.wait import wait_until

USED = 28        # tokens of the mock's usual answer
FLOOD = 100_000  # keys
BATCH = 250      # of them on a connection, one after the other


def flood(ngx, first, count):
    """Requests of `count` keys on one connection; how many were answered with what."""
    found = {}
    with socket.create_connection(("127.0.0.1", ngx.port), timeout=60) as connection:
        for start in range(first, first + count, BATCH):
            text = b'{"model":"m/ok","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}'
            connection.sendall(b"".join(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                                        b"x-team: t%d\r\nContent-Length: %d\r\n\r\n%s" % (i, len(text), text)
                                        for i in range(start, start + BATCH)))
            answers = b""
            while answers.count(b"HTTP/1.1 ") < BATCH or not answers.endswith(b"}"):
                got = connection.recv(1 << 18)
                assert got, answers[-500:]
                answers += got
            for status in re.findall(rb"HTTP/1.1 (\d+)", answers):
                found[int(status)] = found.get(int(status), 0) + 1
    return found


@pytest.mark.skipif(sanitizing(), reason="a minute, for what the zone's unit tests do under ASan too")
def test_a_flood_of_keys_in_the_smallest_zone(nginx, mock):
    """Every key has its counter, and gives way to the next; `all` refuses each, so that no provider is asked."""
    ngx = limited(nginx, mock, LIMIT + "ai_token_limit all 100/h name=all; ai_request_limit all 5/h name=few;", zone="ai_zone aigw 512k;",
                  workers=2, http="keepalive_requests 1000000;", location="access_log off; error_log logs/error.log error;")
    assert ask(ngx, "ok,completion=70", max_tokens=70).status == 200
    memory = ngx.rss_bytes()
    share = FLOOD // 4
    found = at_once(4, lambda i: flood(ngx, i * share, share))
    assert sum(one.get(429, 0) for one in found) >= FLOOD - 5
    assert ngx.rss_bytes() - memory < 8 << 20
    assert ask(ngx, max_tokens=80).status == 429, "the counter that all used is still there"
    assert ngx.error_log().count("no room") <= 1


def test_another_binary(tmp_path, mock, redis):
    """The stream of the old one ends whole; what it holds and used counts in the new one."""
    config = {}

    def keep(**parts):
        config["text"] = nginx_lib.template(**{k: v for k, v in parts.items() if k != "env"}).replace("daemon off;", "daemon on;")

    runtimes = "env LD_PRELOAD; env ASAN_OPTIONS; env LSAN_OPTIONS; env UBSAN_OPTIONS;" if sanitizing() else ""
    limited(keep, mock, LIMIT, http=of(redis, "timeout=1s on_error=deny"), main=runtimes)
    prefix = tmp_path / "nginx"
    for folder in ("logs", "tmp"):
        (prefix / folder).mkdir(parents=True)
    text, ports = nginx_lib.fill_in(config["text"], prefix)
    (prefix / "nginx.conf").write_text(text)
    command = [nginx_lib.binary(), "-p", prefix, "-c", prefix / "nginx.conf", "-e", prefix / "logs/error.log"]
    subprocess.run(command, check=True, env=nginx_lib.environment(prefix, {"MOCK_KEY": "sk-mock"}), timeout=30)
    pid_file = prefix / "logs/nginx.pid"
    masters = set()

    def master():
        masters.add(int(pid_file.read_text()))
        return int(pid_file.read_text())

    class Gateway:
        port = ports["PORT"]

    try:
        wait_until(lambda: pid_file.exists() and pid_file.read_text(), what="nginx")
        old = master()
        assert ask(Gateway, max_tokens=100).status == 200
        stream = open_post(Gateway.port, PATHS["openai"], body("ok,n=60,gap=0.05", stream=True, max_tokens=4000), {"x-team": "a"})
        stream.read_until(b"data:")
        os.kill(old, signal.SIGUSR2)
        wait_until(lambda: pid_file.exists() and pid_file.read_text() and master() != old, 30, "the new binary")
        os.kill(old, signal.SIGWINCH)
        wait_until(lambda: all("shutting down" in procfs.title(pid) for pid in procfs.children(old) if "worker" in procfs.title(pid)),
                   what="the old workers to stop accepting")
        assert ask(Gateway, max_tokens=100).status == 200
        assert 10_000 - 2 * USED - 4100 < remaining(Gateway) < 6000
        os.kill(old, signal.SIGQUIT)
        assert stream.rest().whole and stream.answer.body.rstrip().endswith(b"[DONE]")
        wait_until(lambda: not procfs.alive(old), 30, "the old binary to end")
        wait_until(lambda: remaining(Gateway) > 9000, what="the stream to be settled")
        assert 9_000 < remaining(Gateway) < 10_000 - 2 * USED
        assert not nginx_lib.FAULT.search((prefix / "logs/error.log").read_text())
    finally:
        for pid in masters:
            for one in [*procfs.children(pid), pid]:
                try:
                    os.kill(one, signal.SIGKILL)
                except ProcessLookupError:
                    pass
