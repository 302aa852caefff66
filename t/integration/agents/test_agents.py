"""Coding agents, headless, with a loop of tools that writes a file and reads it back: each against a provider of either
kind behind one gateway. The model is lib/agent_provider.py; everything else is real. An agent that is missing fails."""
import json
import os

import pytest

from lib import agents, vendor_rules
from lib.agent_provider import AgentProvider, Task, results, tool_names
from lib.answers import SIGNATURE
from lib.chat_gateway import KINDS, UPSTREAM_KEY, ChatGateway
from lib.mock import behaviour

CONTENT = 'Grüße, "agent"\n\\ tab\t \N{HOT BEVERAGE}\nlast line\n'
FINAL = "All of it is done and checked."
PROMPT = "Write the greeting into hello.txt, then read it back."
USAGE = {"prompt": 1200, "completion": 34, "cached": 1000}

# The first turn of each: at least so many tools, in at least so many bytes.
FIRST_TURN = {"claude-code": (10, 40_000), "opencode": (8, 25_000), "opencode-anthropic": (8, 25_000),
              "qwen-code": (10, 60_000), "qwen-code-anthropic": (10, 60_000)}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    folder = tmp_path_factory.mktemp("agents")
    os.chmod(folder, 0o755)
    made = ChatGateway(folder, mock=AgentProvider)
    yield made
    made.close()


@pytest.fixture
def run(gateway, tmp_path):
    """run(agent, kind): (what happened, the provider, the access log's entries of this run)."""
    def start(name, kind, **task):
        gateway.reset()
        provider, before = gateway.mocks[kind], len(gateway.nginx.access())
        provider.task = Task(str(tmp_path / "work" / "hello.txt"), CONTENT, FINAL, **task)
        provider.plan(behaviour(**USAGE))
        target = agents.Target(gateway.nginx.url, gateway.key, f"{kind}/coder")
        happened = agents.AGENTS[name].run(tmp_path, target, PROMPT)
        assert provider.bugs == []
        print(f"{name} -> {kind}: {happened.code} in {happened.seconds:.1f} s\n{happened.output[-4000:]}")
        return happened, provider, gateway.nginx.access(before + len(provider.requests))[before:]

    return start


def calls_in_history(body):
    """[(tool's name, arguments)] that the client sends back as having been made."""
    found = []
    for message in body["messages"]:
        for call in message.get("tool_calls") or []:
            found.append((call["function"]["name"], json.loads(call["function"]["arguments"])))
        content = message["content"] if isinstance(message.get("content"), list) else []
        found += [(block["name"], block["input"]) for block in content if block.get("type") == "tool_use"]
    return found


def written(folder):
    """Everything in the agent's folder as (path, bytes): its logs, its settings, its project."""
    return [(path, path.read_bytes()) for path in folder.rglob("*") if path.is_file()]


def check_turns(provider, name, kind):
    first, second, third = provider.turns
    tools, size = FIRST_TURN[name]
    assert all(turn.stream and turn.dialect == kind and turn.model == "coder" for turn in provider.turns)
    assert len(tool_names(first.json)) >= tools and len(first.body) >= size
    assert results(first.json) == [] and len(results(second.json)) == 1
    read_back = results(third.json)[1]
    assert all(line in read_back for line in CONTENT.splitlines())
    made = calls_in_history(third.json)
    assert len(made) == 2 and CONTENT in made[0][1].values(), "the arguments went through both dialects and back"


def check_headers(provider, agent, kind, key):
    for request in provider.requests:
        if agents.AGENTS[agent].dialect != kind:  # else the agent may say what only a beta of its vendor knows
            assert vendor_rules.fault(kind, request.json) == ""
        sent = str(request.header_list) + request.body.decode()
        assert key not in sent, "the caller's key stays at the gateway"
        assert UPSTREAM_KEY in (request.headers.get("x-api-key"), request.headers.get("authorization", "").removeprefix("Bearer "))
    if agent == "claude-code":
        betas = provider.turns[0].headers.get("anthropic-beta", "")
        assert ("claude-code-" in betas) == (kind == "anthropic")
        assert (SIGNATURE in provider.turns[-1].body.decode()) == (kind == "anthropic"), "thinking goes back as it came"


def check_log(entries, provider, kind):
    """One line for each request to the provider, all of them good and counted."""
    chats = [entry for entry in entries if entry["request_method"] == "POST" and entry["ai_provider"]]
    assert len(chats) == len(provider.requests)
    for entry in chats:
        assert (entry["status"], entry["ai_stream_end"], entry["ai_error"]) == ("200", "done", "")
        assert (entry["ai_provider"], entry["ai_model"], entry["ai_key_id"]) == (kind, f"{kind}/coder", "key-one")
        assert (entry["ai_prompt_tokens"], entry["ai_completion_tokens"], entry["ai_cached_tokens"]) == ("1200", "34", "1000")
        assert entry["ai_usage_source"] == "provider"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", agents.AGENTS)
def test_writes_a_file(gateway, run, tmp_path, name, kind):
    happened, provider, entries = run(name, kind)
    assert happened.code == 0 and FINAL in happened.output
    assert (tmp_path / "work" / "hello.txt").read_text() == CONTENT
    check_turns(provider, name, kind)
    check_headers(provider, name, kind, gateway.key)
    check_log(entries, provider, kind)
    assert happened.outside == [], "nothing was asked for beyond loopback"
    assert UPSTREAM_KEY not in happened.output
    assert not [path for path, content in written(tmp_path) if UPSTREAM_KEY.encode() in content]


@pytest.mark.parametrize("kind", KINDS)
def test_finds_a_tool_first(run, kind):
    """Claude Code keeps tools back until its own search is called; what that found is no text of its own."""
    search = ("ToolSearch", {"query": "select:WebFetch", "max_results": 5})
    happened, provider, entries = run("claude-code", kind, before=[search, ("Bash", {"command": "echo 'found me'", "description": "x"})])
    assert happened.code == 0 and FINAL in happened.output
    first, *_, last = provider.turns
    assert "WebFetch" not in tool_names(first.json) and "WebFetch" in tool_names(last.json)
    found, shell = results(last.json)[:2]
    assert "found me" in shell
    if kind == "openai":
        assert found == "Tool available: WebFetch"
    else:
        assert '{"type": "tool_reference", "tool_name": "WebFetch"}' in json.dumps(last.json["messages"])
    check_log(entries, provider, kind)
