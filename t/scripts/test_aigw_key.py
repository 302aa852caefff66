"""scripts/aigw-key: what it prints, what it writes, what it refuses to touch."""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import stat
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "aigw-key"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys.json"


def run(path, command, *args, fails=False):
    done = subprocess.run([sys.executable, SCRIPT, command, "--file", path, *args], capture_output=True, text=True, timeout=30)
    assert (done.returncode != 0) == fails, done.stderr
    return done.stderr if fails else done.stdout.strip()


def entries(path):
    return json.loads(path.read_text())["keys"]


def digest(key):
    return hashlib.sha256(key.encode()).hexdigest()


def test_add_stores_the_digest_only(path):
    key = run(path, "add", "--id", "a", "--team", "T", "--user", "U", "--project", "P", "--env", "E", "--models", "m, x/*",
              "--tag", "eu=1", "--tag", "tier=gold", "--tokens", "500/h, 5k/d", "--requests", "10/s", "--expires", "2099-01-01T02:00:00+02:00")
    assert re.fullmatch(r"sk-aigw-[A-Za-z0-9_-]{43}", key)
    assert entries(path) == [{"id": "a", "sha256": digest(key), "team": "T", "user": "U", "project": "P", "env": "E",
                              "models": ["m", "x/*"], "tags": {"eu": "1", "tier": "gold"}, "tokens": ["500/h", "5k/d"], "requests": ["10/s"], "expires": "2099-01-01T00:00:00Z"}]
    assert key not in path.read_text() and stat.S_IMODE(path.stat().st_mode) == 0o640
    assert run(path, "add", "--id", "b") != key and [e["id"] for e in entries(path)] == ["a", "b"]


def test_rotate_and_revoke(path):
    first = run(path, "add", "--id", "a", "--team", "T")
    second = run(path, "rotate", "--id", "a")
    assert entries(path)[0]["sha256"] == [digest(first), digest(second)] and entries(path)[0]["team"] == "T"
    third = run(path, "rotate", "--id", "a", "--drop-old")
    assert entries(path)[0]["sha256"] == digest(third)
    run(path, "revoke", "--id", "a")
    assert entries(path) == []


def test_rotate_has_a_limit(path):
    run(path, "add", "--id", "a")
    for _ in range(15):
        run(path, "rotate", "--id", "a")
    assert "--drop-old" in run(path, "rotate", "--id", "a", fails=True)
    assert len(entries(path)[0]["sha256"]) == 16


def test_list_shows_no_digest(path):
    key = run(path, "add", "--id", "a", "--team", "T", "--models", "m")
    shown = run(path, "list")
    assert "team=T" in shown and "m" in shown and digest(key)[:8] not in shown


def test_mode_and_owner_stay(path):
    run(path, "add", "--id", "a")
    os.chmod(path, 0o600)
    if os.geteuid() == 0:
        os.chown(path, 12345, 23456)
    run(path, "rotate", "--id", "a")
    info = path.stat()
    assert stat.S_IMODE(info.st_mode) == 0o600
    assert os.geteuid() != 0 or (info.st_uid, info.st_gid) == (12345, 23456)


def test_a_link_stays_a_link(path, tmp_path):
    run(path, "add", "--id", "a")
    link = tmp_path / "link.json"
    link.symlink_to(path)
    run(link, "add", "--id", "b")
    assert link.is_symlink() and len(entries(path)) == 2


def test_concurrent_runs_lose_nothing(path):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda i: run(path, "add", "--id", f"k{i}"), range(16)))
    assert {e["sha256"] for e in entries(path)} == {digest(key) for key in keys}
    assert [p.name for p in path.parent.iterdir()] == ["keys.json"], "nothing is left behind"


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"keys":{}}', '{"keys":[],"x":1}', '{"keys":[{"id":"a"}]}',
                                    '{"keys":[{"id":"a","id":"a","sha256":"' + "0" * 64 + '"}]}',
                                    '{"keys":[{"id":"a","sha256":"00"}]}', '{"keys":[{"id":"a","sha256":"' + "0" * 64 + '","x":1}]}'])
def test_a_broken_file_is_not_touched(path, broken):
    path.write_text(broken)
    for command in (["add", "--id", "b"], ["rotate", "--id", "a"], ["revoke", "--id", "a"], ["list"]):
        assert str(path) in run(path, *command, fails=True)
    assert path.read_text() == broken


@pytest.mark.parametrize("args, message", [
    (["--id", "a"], "is there already"), (["--id", ""], "--id is empty"), (["--id", "b", "--team", "x" * 129], "--team"),
    (["--id", "b", "--models", "a*b"], "--models"), (["--id", "b", "--models", ""], "--models"),
    (["--id", "b", "--tag", "EU=1"], "--tag"), (["--id", "b", "--tag", "eu"], "--tag"),
    (["--id", "b", "--tokens", "500"], "--tokens is up to 4 limits"), (["--id", "b", "--tokens", "1/h,,2/d"], "--tokens is"),
    (["--id", "b", "--requests", "1/s,2/s,3/s,4/s,5/s"], "--requests is"),
    (["--id", "b", "--expires", "soon"], "--expires is not"), (["--id", "b", "--expires", "2020-01-01"], "in the past"),
])
def test_wrong_arguments_change_nothing(path, args, message):
    run(path, "add", "--id", "a")
    before = path.read_text()
    assert message in run(path, "add", *args, fails=True)
    assert path.read_text() == before


def test_help_is_readable():
    done = subprocess.run([sys.executable, SCRIPT, "--help"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and "aigw-key revoke --file" in done.stdout
