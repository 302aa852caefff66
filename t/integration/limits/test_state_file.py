"""ai_zone state=FILE: counts of a day and longer outlive a restart, an upgrade and a crash."""
import os
import signal

import pytest

from lib.limited import ask, limited, open_ask, remaining
from lib.nginx import Nginx
from lib.wait import wait_until

DAY = "ai_token_limit $http_x_team 10k/d;"
ZONE = "ai_zone aigw 8m state=%PREFIX%/aigw.state every=1s;"
USED = 28


def again(ngx):
    """The same configuration, after the end of the first nginx."""
    started = Nginx(ngx.prefix, ngx._config.read_text(), {"MOCK_KEY": "sk-mock"})
    started.ports = ngx.ports
    return started


@pytest.fixture
def second():
    made = []
    yield made.append
    for one in made:
        one.stop()


def test_a_restart(nginx, mock, second):
    ngx = limited(nginx, mock, DAY + " ai_token_limit $http_x_team 10k/h name=hour;", zone=ZONE)
    for _ in range(3):
        ask(ngx, max_tokens=100)
    left = remaining(ngx)
    assert left == 10_000 - 3 * USED
    ngx.stop()
    assert oct(os.stat(ngx.prefix / "aigw.state").st_mode)[-3:] == "600"
    restarted = again(ngx)
    second(restarted)
    assert remaining(restarted) == left
    assert not list(ngx.prefix.glob("aigw.state.*"))


def test_a_crash_loses_what_is_younger_than_every(nginx, mock, second):
    ngx = limited(nginx, mock, DAY, zone=ZONE)
    ask(ngx, max_tokens=100)
    stream = open_ask(ngx, "ok,n=1000,gap=0.05", max_tokens=5000)
    stream.read_until(b"data:")
    before = os.stat(ngx.prefix / "aigw.state").st_mtime_ns if (ngx.prefix / "aigw.state").exists() else 0
    wait_until(lambda: (ngx.prefix / "aigw.state").exists() and os.stat(ngx.prefix / "aigw.state").st_mtime_ns > before, timeout=5)
    before = os.stat(ngx.prefix / "aigw.state").st_mtime_ns
    wait_until(lambda: os.stat(ngx.prefix / "aigw.state").st_mtime_ns > before, timeout=5)
    for pid in [ngx.process.pid, *ngx.worker_pids()]:
        os.kill(pid, signal.SIGKILL)
    ngx.process.wait()
    stream.socket.close()
    ngx.allowed.append("exited on signal 9")
    restarted = again(ngx)
    second(restarted)
    # What the stream had reserved is charged.
    assert 10_000 - USED - 5100 < remaining(restarted) < 5000


def test_a_broken_file_is_an_empty_one(nginx, mock, second):
    ngx = limited(nginx, mock, DAY, zone=ZONE)
    ask(ngx, max_tokens=100)
    ngx.stop()
    file = ngx.prefix / "aigw.state"
    for broken in (b"", b"nonsense", file.read_bytes()[:-1], file.read_bytes()[:40] + b"\xff" + file.read_bytes()[41:]):
        file.write_bytes(broken)
        restarted = again(ngx)
        assert remaining(restarted) == 10_000
        restarted.stop()
    assert "is refused, limits begin at 0" in ngx.error_log()


def test_a_newer_masters_file_is_left_alone(nginx, mock):
    ngx = limited(nginx, mock, DAY, zone=ZONE)
    ask(ngx, max_tokens=100)
    file = ngx.prefix / "aigw.state"
    wait_until(file.exists, timeout=5)
    newer = bytearray(file.read_bytes())
    newer[8:16] = (2 ** 62).to_bytes(8, "little")
    file.write_bytes(newer)
    ngx.stop()
    assert file.read_bytes() == newer


def test_a_folder_that_cannot_be_written(nginx, mock):
    ngx = limited(nginx, mock, DAY, zone="ai_zone aigw 8m state=%PREFIX%/nowhere/aigw.state every=1s;")
    wait_until(lambda: "can't be written" in ngx.error_log(), timeout=5)
    assert ask(ngx, max_tokens=100).status == 200
