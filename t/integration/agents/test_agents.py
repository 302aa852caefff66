"""Coding agents, headless, with a loop of tools that writes a file and reads it back: each against a provider of either
kind behind one gateway, and through a filtered proxy. The model is lib/agent_provider.py; everything else is real. An agent that is missing fails."""
import json

import pytest

from lib import agents, vendor_rules
from lib.agent_provider import Task, results, tool_names
from lib.answers import SIGNATURE
from lib.chat_gateway import KINDS, UPSTREAM_KEY
from lib.mock import behaviour

CONTENT = 'Grüße, "agent"\n\\ tab\t \N{HOT BEVERAGE}\nlast line\n'
FINAL = "All of it is done and checked."
USAGE = {"prompt": 1200, "completion": 34, "cached": 1000}

# The first turn of each: at least so many tools, in at least so many bytes.
FIRST_TURN = {"claude-code": (10, 40_000), "codex": (6, 20_000), "opencode": (8, 25_000), "opencode-anthropic": (8, 25_000),
              "qwen-code": (10, 60_000), "qwen-code-anthropic": (10, 60_000)}


@pytest.fixture
def gateway(gateways):
    gateways.agents.reset()
    return gateways.agents


@pytest.fixture
def run(gateway, tmp_path):
    """run(agent, way): (what happened, the provider, the access log's entries of this run)."""
    def start(name, way, **task):
        provider, before = gateway.mocks[way.kind], len(gateway.nginx.access())
        provider.task = Task(str(tmp_path / "work" / "hello.txt"), CONTENT, FINAL, **task)
        provider.plan(behaviour(**USAGE))
        happened = agents.AGENTS[name].run(tmp_path, way.base(gateway.nginx.url), gateway.key, f"{way.kind}/coder")
        print(f"{name} by {way}: {happened.code} in {happened.seconds:.1f} s\n{happened.output[-4000:]}")
        assert provider.bugs == []
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


def check_turns(provider, name, way):
    first, second, third = provider.turns
    tools, size = FIRST_TURN[name]
    assert all(turn.stream and turn.dialect == way.kind and turn.model.endswith("coder") for turn in provider.turns)
    assert len(tool_names(first.json)) >= tools and len(first.body) >= size
    assert results(first.json) == [] and len(results(second.json)) == 1
    read_back = results(third.json)[1]
    assert all(line in read_back for line in CONTENT.splitlines())
    made = calls_in_history(third.json)
    assert len(made) == 2 and any(CONTENT in str(value) for value in made[0][1].values()), "the arguments went through both dialects and back"


def check_headers(provider, agent, way, key):
    for request in provider.requests:
        if agents.AGENTS[agent].dialect != way.kind:  # else the agent may say what only a beta of its vendor knows
            assert vendor_rules.fault(way.kind, request.json) == ""
        sent = str(request.header_list) + request.body.decode()
        assert key not in sent, "the caller's key stays at the gateway"
        assert UPSTREAM_KEY in (request.headers.get("x-api-key"), request.headers.get("authorization", "").removeprefix("Bearer "))
    if agent == "claude-code":
        betas = provider.turns[0].headers.get("anthropic-beta", "")
        assert ("claude-code-" in betas) == (way.kind == "anthropic")
        assert (SIGNATURE in provider.turns[-1].body.decode()) == (way.kind == "anthropic"), "thinking goes back as it came"


def check_log(entries, provider, way):
    """One line for each request to the provider, all of them good and counted."""
    chats = [entry for entry in entries if entry["request_method"] == "POST" and entry["ai_provider"]]
    assert len(chats) == len(provider.requests)
    for entry in chats:
        assert (entry["status"], entry["ai_stream_end"], entry["ai_error"]) == ("200", "done", "")
        assert entry["ai_provider"] == ("127.0.0.1" if way.filtered else way.kind)
        assert (entry["ai_model"], entry["ai_key_id"]) == (f"{way.kind}/coder", "key-one")
        assert (entry["ai_prompt_tokens"], entry["ai_completion_tokens"], entry["ai_cached_tokens"]) == ("1200", "34", "1000")
        assert entry["ai_usage_source"] == "provider"


@pytest.mark.parametrize("name, way", [pytest.param(name, way, id=f"{name}-{way}")
                                       for name, agent in agents.AGENTS.items() for way in agents.ways(agent.dialect)])
def test_writes_a_file(gateway, run, tmp_path, name, way):
    happened, provider, entries = run(name, way)
    assert happened.code == 0 and FINAL in happened.output
    assert (tmp_path / "work" / "hello.txt").read_text() == CONTENT
    check_turns(provider, name, way)
    check_headers(provider, name, way, gateway.key)
    check_log(entries, provider, way)
    assert happened.outside == [], "nothing was asked for beyond loopback"
    assert UPSTREAM_KEY not in happened.output
    assert not [path for path, content in written(tmp_path) if UPSTREAM_KEY.encode() in content]


@pytest.mark.parametrize("kind", KINDS)
def test_finds_a_tool_first(run, kind):
    """Claude Code keeps tools back until its own search is called; what that found is no text of its own."""
    search = ("ToolSearch", {"query": "select:WebFetch", "max_results": 5})
    happened, provider, entries = run("claude-code", agents.Way(kind), before=[search, ("Bash", {"command": "echo 'found me'", "description": "x"})])
    assert happened.code == 0 and FINAL in happened.output
    first, *_, last = provider.turns
    assert "WebFetch" not in tool_names(first.json) and "WebFetch" in tool_names(last.json)
    found, shell = results(last.json)[:2]
    assert "found me" in shell
    if kind == "openai":
        assert found == "Tool available: WebFetch"
    else:
        assert '{"type": "tool_reference", "tool_name": "WebFetch"}' in json.dumps(last.json["messages"])
    check_log(entries, provider, agents.Way(kind))


def thoughts(body):
    """The thinking blocks of an Anthropic request's history."""
    contents = [message["content"] for message in body["messages"] if isinstance(message["content"], list)]
    return [block for content in contents for block in content if block["type"] == "thinking"]


def test_turns_of_two_providers(gateway, tmp_path):
    """The second turn is answered by the other provider: nobody signed what that one thought, so it does not go to the first."""
    anthropic, openai = gateway.mocks["anthropic"], gateway.mocks["openai"]
    before = len(gateway.nginx.access())
    anthropic.task = openai.task = Task(str(tmp_path / "work" / "hello.txt"), CONTENT, FINAL)
    anthropic.plan(behaviour(**USAGE), behaviour("529"), behaviour(**USAGE))
    openai.plan(behaviour(think="Somebody else's thought.", **USAGE))
    happened = agents.AGENTS["claude-code"].run(tmp_path, gateway.nginx.url, gateway.key, "both")
    assert happened.code == 0 and FINAL in happened.output, happened.output
    assert (tmp_path / "work" / "hello.txt").read_text() == CONTENT
    entries = gateway.nginx.access(before + 3)[before:]
    assert [(e["ai_provider"], e["ai_attempts"], e["status"]) for e in entries if e["ai_provider"]] == [
        ("anthropic", "1", "200"), ("openai", "2", "200"), ("anthropic", "1", "200")]
    assert vendor_rules.fault("openai", openai.last.json) == "" and SIGNATURE not in openai.last.body.decode()
    assert [block["signature"] for block in thoughts(anthropic.last.json)] == [SIGNATURE]
    assert [name for name, _ in calls_in_history(anthropic.last.json)] == ["Write", "Read"]


@pytest.mark.parametrize("name", ["claude-code", "opencode", "qwen-code"])
def test_a_wrong_key_is_told(gateway, tmp_path, name):
    before = len(gateway.nginx.access())
    happened = agents.AGENTS[name].run(tmp_path, gateway.nginx.url, "sk-aigw-" + "x" * 43, "openai/coder")
    assert happened.code == 1 and "The API key is missing or not valid." in happened.output
    assert gateway.mocks["openai"].requests == []
    assert len(gateway.nginx.access()) - before <= 2, "and not tried again and again"
