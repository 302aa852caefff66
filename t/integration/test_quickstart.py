"""scripts/quickstart shows a conversation, replaces what it left running, and stops it when asked."""
import os
import re
import subprocess

import pytest

from lib import procfs
from lib.client import post
from lib.nginx import ROOT
from lib.wait import wait_until

SCRIPT = ROOT / "scripts" / "quickstart"
RUN = ROOT / "build" / "quickstart"


def quickstart(*arguments):
    env = {name: value for name, value in os.environ.items() if name not in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "LD_PRELOAD")}
    return subprocess.run([SCRIPT, *arguments], capture_output=True, text=True, env=env, timeout=110)


def running():
    return {name: int((RUN / f"{name}.pid").read_text()) for name in ("nginx", "provider")}


@pytest.fixture
def stopped_after():
    yield
    assert quickstart("stop").returncode == 0


def test_shows_a_conversation_twice(stopped_after):
    first = quickstart()
    assert first.returncode == 0, first.stdout[-3000:] + first.stderr[-3000:]
    old = running()
    second = quickstart()
    assert second.returncode == 0, second.stdout[-3000:] + second.stderr[-3000:]
    new = running()
    assert not any(procfs.alive(pid) for pid in old.values()) and all(procfs.alive(pid) for pid in new.values())

    text = second.stdout
    assert text.count("This is a simulated provider") == 2  # two whole answers
    assert text.count("data: ") > 20 and "data: [DONE]" in text  # and a stream
    assert re.search(r"key=quickstart team=demo model=chat provider=simulated-openai tokens=\d+\+\d+ source=provider attempts=1 "
                     r"ttft=[\d.]+ status=200", text)
    port = int(re.search(r"http://127\.0\.0\.1:(\d+)/metrics", text).group(1))
    key = re.search(r"sk-aigw-[\w-]+", text).group()
    body = {"model": "chat", "messages": [{"role": "user", "content": "again"}]}
    assert post(port, "/v1/chat/completions", body, key=key).status == 200
    assert post(port, "/v1/chat/completions", body, key="sk-aigw-wrong").status == 401
    assert not re.search(r"\[(alert|crit|emerg)\]", (RUN / "error.log").read_text())

    assert quickstart("stop").returncode == 0
    wait_until(lambda: not any(procfs.alive(pid) for pid in new.values()), what="both stopped")
