"""Runs a client as a program: no environment but what it needs, a HOME of its own, and no way out of loopback for whatever
heeds the proxy variables."""
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).parents[3]
NOWHERE = "http://127.0.0.1:9"  # nobody listens on the discard port


def python_folder(name):
    """t/.venv-NAME, as scripts/test makes it."""
    folder = ROOT / "t" / f".venv-{name}"
    assert (folder / "installed").exists(), f"{folder} is missing: scripts/test integration installs it"
    return folder


def versions(folder, *names):
    """["llm 0.36", …] as they are installed in t/.venv-FOLDER."""
    site = next(python_folder(folder).glob("lib/python3*/site-packages"))
    return [f"{name} {next(site.glob(name.replace('-', '_') + '-*.dist-info')).name.split('-')[1].removesuffix('.dist')}" for name in names]


def environment(home, **more):
    pathlib.Path(home).mkdir(parents=True, exist_ok=True)
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8",
            "HTTPS_PROXY": NOWHERE, "HTTP_PROXY": NOWHERE, "NO_PROXY": "127.0.0.1,localhost", **more}


def run(arguments, env, cwd, timeout=60, input=""):
    """The finished process; a client that hangs is killed and fails the test with what it said."""
    try:
        return subprocess.run([str(a) for a in arguments], env=env, cwd=cwd, timeout=timeout, input=input, capture_output=True, text=True)
    except subprocess.TimeoutExpired as late:
        def text(part):
            return (part or b"").decode(errors="replace")[-4000:]

        raise AssertionError(f"{arguments[0]} did not end within {timeout} s:\n{text(late.stdout)}\n{text(late.stderr)}") from None
