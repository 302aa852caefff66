"""Runs a client of t/.venv-NAME as a program: no environment but what it needs, a HOME of its own, and a proxy that lets nothing
out."""
import os
import pathlib
import subprocess

from .nginx import ROOT
from .outside import Outside


def python_folder(name):
    """t/.venv-NAME, as scripts/test makes it."""
    folder = ROOT / "t" / f".venv-{name}"
    assert (folder / "installed").exists(), f"{folder} is missing: scripts/test integration installs it"
    return folder


def versions(folder, *names):
    """["llm 0.36", …] as they are installed in t/.venv-FOLDER."""
    site = next(python_folder(folder).glob("lib/python3*/site-packages"))
    return [f"{name} {next(site.glob(name.replace('-', '_') + '-*.dist-info')).name.split('-')[1].removesuffix('.dist')}" for name in names]


def run(arguments, home, cwd, timeout=60, **variables):
    """The finished process, and in .outside the hosts that it tried to reach by the proxy it was given. A client that hangs is
    killed and fails the test with what it said."""
    pathlib.Path(home).mkdir(parents=True, exist_ok=True)
    with Outside() as outside:
        env = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "NO_PROXY": "127.0.0.1,localhost",
               "HTTPS_PROXY": outside.url, "HTTP_PROXY": outside.url, **variables}
        try:
            done = subprocess.run([str(a) for a in arguments], env=env, cwd=cwd, timeout=timeout, capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired as late:
            said = [(part or b"").decode(errors="replace")[-4000:] for part in (late.stdout, late.stderr)]
            raise AssertionError(f"{arguments[0]} did not end within {timeout} s:\n{said[0]}\n{said[1]}") from None
    done.outside = outside.hosts
    return done
