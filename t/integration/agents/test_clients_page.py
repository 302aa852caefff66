"""docs/clients.md: what stands there and is no coding agent of test_agents.py runs as it stands, too."""
import json

import pytest

from lib import agents, programs
from lib.agent_provider import SIDE_ANSWER, Task
from lib.chat_gateway import KINDS

DOCS = agents.DOCS.read_text()
NODE = agents.samples("SDKs for Node")
AIDER = {"YES_ALWAYS": "true", "CHECK_UPDATE": "false", "ANALYTICS_DISABLE": "true", "GIT": "false", "EDIT_FORMAT": "diff", "MAP_TOKENS": "0",
         "SHOW_MODEL_WARNINGS": "false", "SHOW_RELEASE_NOTES": "false", "PRETTY": "false", "FANCY_INPUT": "false", "DETECT_URLS": "false",
         "DISABLE_PLAYWRIGHT": "true", "SUGGEST_SHELL_COMMANDS": "false", "TIMEOUT": "20"}


@pytest.fixture
def gateway(gateways, tmp_path):
    gateways.agents.reset()
    for mock in gateways.agents.mocks.values():
        mock.task = Task(str(tmp_path / "hello.txt"), "hello\n", "All is done.")
    return gateways.agents


def check(gateway, run, kind, requests, text=SIDE_ANSWER):
    assert (run.code, run.outside) == (0, []), run.output
    assert run.output.count(text) == requests == len(gateway.mocks[kind].requests), run.output


def test_every_sample_is_known():
    """Nothing stands on the page that no test runs."""
    tested = {"Claude Code": 1, "Codex": 1, "opencode": 2, "qwen-code": 2, "aider": 2, "llm": 2, "SDKs for Python": 1, "SDKs for Node": 3}
    sections = [line[3:] for line in DOCS.splitlines() if line.startswith("## ")]
    assert {section: len(agents.samples(section)) for section in sections} == tested
    assert {agent.section for agent in agents.AGENTS.values()} | {"aider", "llm", "SDKs for Python", "SDKs for Node"} == set(sections)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", range(len(NODE)))
def test_node(gateway, tmp_path, number, kind):
    code = agents.pointed(NODE[number][2], gateway.nginx.url, f"{kind}/coder")
    check(gateway, agents.node_code(code, tmp_path, gateway.key), kind, 1)


def test_python(gateway, tmp_path):
    kind = "openai"
    (tmp_path / "sample.py").write_text(agents.pointed(agents.samples("SDKs for Python")[0][2], gateway.nginx.url, f"{kind}/coder"))
    path = programs.python_folder("clients") / "bin"
    check(gateway, agents.shell("python sample.py", tmp_path, tmp_path, gateway.key, {}, path), kind, 4)


def test_llm(gateway, tmp_path):
    kind = "anthropic"
    models, commands = ((name, agents.pointed(code, gateway.nginx.url, f"{kind}/coder")) for _, name, code in agents.samples("llm"))
    (tmp_path / models[0]).write_text(models[1])
    path = programs.python_folder("clients") / "bin"
    run = agents.shell(commands[1], tmp_path, tmp_path, gateway.key, {"LLM_USER_PATH": str(tmp_path)}, path)
    check(gateway, run, kind, 1)


@pytest.mark.parametrize("dialect, kind", [("openai", "anthropic"), ("anthropic", "openai")])
def test_aider(gateway, tmp_path, dialect, kind):
    command = agents.pointed(agents.samples("aider")[KINDS.index(dialect)][2], gateway.nginx.url, f"{kind}/coder")
    known = tmp_path / "models.json"  # of a model that it does not know aider asks GitHub
    known.write_text(json.dumps({f"{dialect}/{kind}/coder": {"max_input_tokens": 100_000, "litellm_provider": dialect, "mode": "chat"}}))
    quiet = {f"AIDER_{name}": value for name, value in {**AIDER, "MODEL_METADATA_FILE": str(known)}.items()}
    run = agents.shell(command, tmp_path, tmp_path, gateway.key, {**quiet, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "TERM": "dumb"},
                       programs.python_folder("aider") / "bin")
    check(gateway, run, kind, 1, "All is done.")
    assert (tmp_path / "hello.txt").read_text() == "hello\n"
