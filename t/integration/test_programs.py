"""aider and llm, headless, writing a file through the gateway: each in both of its dialects, against an OpenAI-shaped and an
Anthropic-shaped provider that plays a coding model (lib/agent_provider.py), and through an ai_filter location."""
import json

import pytest

from lib import programs, report, vendor_rules
from lib.agent_provider import AgentProvider, Task
from lib.answers import SIGNATURE
from lib.chat_gateway import FILTERS, KINDS, ChatGateway
from lib.sdk import ROUTES, Route

CONTENT = 'print("Grüße, 世界")\n'
FINAL = "The file is written."
CLAUDES = {"openai": "claude-sonnet-5-5", "anthropic": "claude-opus-5-5"}  # llm-anthropic knows its models by name; they think
WAYS = [(dialect, route, True) for dialect in KINDS for route in ROUTES[dialect]]
WHOLE = [("openai", Route("anthropic"), False)]  # llm-anthropic always streams


def name_of(dialect, route):
    return f"{dialect} through ai_filter" if route.filter else f"{dialect} to {route.kind}"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    names = "".join(f"ai_model {CLAUDES[kind]} {{ target {kind} claude-mock; }}" for kind in KINDS)
    made = ChatGateway(tmp_path_factory.mktemp("programs"), http=names, server=FILTERS, mock=AgentProvider)
    yield made
    made.close()


@pytest.fixture
def task(gateway, tmp_path):
    gateway.reset()
    made = Task(str(tmp_path / "work" / "hello.py"), CONTENT, FINAL)
    (tmp_path / "work").mkdir()
    for mock in gateway.mocks.values():
        mock.task = made
    return made


def check(gateway, route, done, task, stream, turns):
    """The loop went its whole way, the provider could take every request, and nothing of ours reached it."""
    said = done.stdout + done.stderr
    assert (done.returncode, done.outside) == (0, []), said
    with open(task.path) as written:
        assert written.read() == CONTENT, said
    requests = gateway.mocks[route.kind].turns
    assert len(requests) == turns, [request.path for request in gateway.mocks[route.kind].requests]
    assert [(request.stream, vendor_rules.fault(route.kind, request.json)) for request in requests] == [(stream, "")] * turns
    assert all(gateway.key not in str(request.header_list) for request in requests)
    entry = gateway.nginx.access()[-1]
    assert entry["status"] == "200" and (route.filter or entry["ai_provider"] == route.kind) and entry["ai_usage_source"] == "provider"
    return said


# ---- llm

FUNCTIONS = """
def write_file(path: str, content: str) -> str:
    "Writes a file"
    with open(path, "w") as out:
        out.write(content)
    return f"{path} has {len(content)} characters now"


def read_file(path: str) -> str:
    "Reads a file"
    return open(path).read()
"""
EXTRA = """- model_id: {kind}
  model_name: {kind}/gpt-mock
  api_base: {url}
  api_key_name: gateway
  supports_tools: true
"""


def run_llm(gateway, folder, dialect, route, *arguments):
    home = folder / "home"
    home.mkdir()
    url = gateway.nginx.url + route.path(dialect)
    (home / "extra-openai-models.yaml").write_text(EXTRA.format(kind=route.kind, url=url))
    (folder / "functions.py").write_text(FUNCTIONS)
    llm = programs.python_folder("clients") / "bin" / "llm"
    model = route.kind if dialect == "openai" else f"anthropic/{CLAUDES[route.kind]}"
    return programs.run([llm, "prompt", "-m", model, "--key", gateway.key, "--no-log", *arguments], home, folder / "work",
                        LLM_USER_PATH=str(home), ANTHROPIC_BASE_URL=url)


@pytest.mark.parametrize("dialect, route, stream", WAYS + WHOLE, ids=str)
def test_llm_writes_a_file(gateway, tmp_path, task, dialect, route, stream):
    done = run_llm(gateway, tmp_path, dialect, route, *([] if stream else ["--no-stream"]), "--functions", tmp_path / "functions.py", "--td",
                   f"Write {task.path}")
    said = check(gateway, route, done, task, stream, turns=3)
    assert done.stdout.rstrip().endswith(FINAL) and "write_file" in said and "read_file" in said
    if dialect == route.kind == "anthropic":
        history = gateway.mocks[route.kind].turns[2].json["messages"]
        thoughts = [block for message in history for block in message["content"] if block["type"] == "thinking"]
        assert [block["signature"] for block in thoughts] == [SIGNATURE] * 2, "what the model thought comes back to it as it was signed"
    report.tell("programs that write a file", f"llm, {name_of(dialect, route)}", ", ".join(programs.versions("clients", "llm", "llm-anthropic")))


# ---- aider

AIDER = """--yes-always --no-check-update --no-analytics --analytics-disable --no-show-release-notes --no-show-model-warnings
    --no-pretty --no-fancy-input --no-git --no-detect-urls --disable-playwright --no-suggest-shell-commands --no-gitignore
    --map-tokens 0 --timeout 20 --edit-format diff""".split()


@pytest.mark.parametrize("dialect, route, stream", WAYS + WHOLE, ids=str)
def test_aider_writes_a_file(gateway, tmp_path, task, dialect, route, stream):
    url = gateway.nginx.url + route.path(dialect)
    model = f"{dialect}/{route.kind}/gpt-mock"
    known = tmp_path / "models.json"  # of a model that it does not know aider asks GitHub
    known.write_text(json.dumps({model: {"max_input_tokens": 100_000, "litellm_provider": dialect, "mode": "chat"}}))
    done = programs.run([programs.python_folder("aider") / "bin" / "aider", *AIDER, "--model-metadata-file", known, "--model", model, "--weak-model", model,
                         "--stream" if stream else "--no-stream", "--message", "Write hello.py", task.path],
                        tmp_path / "home", tmp_path / "work", timeout=110, LITELLM_LOCAL_MODEL_COST_MAP="True", TERM="dumb",
                        **{f"{dialect.upper()}_API_BASE": url, f"{dialect.upper()}_API_KEY": gateway.key})
    said = check(gateway, route, done, task, stream, turns=1)
    assert "Applied edit to hello.py" in said and FINAL in said
    report.tell("programs that write a file", f"aider, {name_of(dialect, route)}", ", ".join(programs.versions("aider", "aider-chat", "litellm")))
