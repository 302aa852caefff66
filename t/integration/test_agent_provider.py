"""The provider that plays a coding model: which tool it picks, what it says when, in both dialects."""
import json

import pytest

from lib.agent_provider import SIDE_ANSWER, AgentProvider, Task, results, tool_names
from lib.client import post, request
from lib.gateway import PATHS

TASK = Task("/w/a.txt", 'Grüße "x"\n', "All is done.")


def schema(*names, required=()):
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}, "required": list(required)}


CLIENTS = {  # tools of a client: the call that writes, the call that reads
    "claude": ([("Bash", schema("command")), ("Read", schema("file_path")), ("Write", schema("file_path", "content"))],
               ("Write", {"file_path": TASK.path, "content": TASK.content}), ("Read", {"file_path": TASK.path})),
    "opencode": ([("edit", schema("filePath", "content", "old")), ("read", schema("filePath")), ("write", schema("content", "filePath"))],
                 ("write", {"filePath": TASK.path, "content": TASK.content}), ("read", {"filePath": TASK.path})),
    "required": ([("save_it", schema("path", "text", "why", required=["path", "why"]))],
                 ("save_it", {"path": TASK.path, "text": TASK.content, "why": 'Übersee "ok"'}), None),
    "shell": ([("bash", schema("command", "description", required=["command"]))],
              ("bash", {"command": "printf %s 'Grüße \"x\"\n' > /w/a.txt"}), ("bash", {"command": "cat /w/a.txt"})),
}


@pytest.fixture
def provider():
    made = AgentProvider(TASK, key="k")
    yield made
    made.close()


def offered(tools, dialect):
    if dialect == "anthropic":
        return [{"name": name, "input_schema": inner} for name, inner in tools]
    return [{"type": "function", "function": {"name": name, "parameters": inner}} for name, inner in tools]


def ask(provider, dialect, messages, stream, **members):
    body = {"model": "m", "max_tokens": 9, "stream": stream, "messages": [{"role": "user", "content": "go"}, *messages], **members}
    return post(provider.port, PATHS[dialect], body, headers={"authorization": "Bearer k"})


def call_of(answer, dialect, stream):
    """(name, arguments, fragments of the arguments) of the one tool call in the answer."""
    if not stream and dialect == "openai":
        function = answer.json()["choices"][0]["message"]["tool_calls"][0]["function"]
        return function["name"], json.loads(function["arguments"]), 1
    if not stream:
        block = next(b for b in answer.json()["content"] if b["type"] == "tool_use")
        return block["name"], block["input"], 1
    events = [json.loads(data) for _, data in answer.events() if data != "[DONE]"]
    if dialect == "openai":
        functions = [c["function"] for e in events if e["choices"] for c in e["choices"][0]["delta"].get("tool_calls", [])]
        name, pieces = functions[0]["name"], [f["arguments"] for f in functions if f["arguments"]]
    else:
        name = next(e["content_block"]["name"] for e in events if e["type"] == "content_block_start" and "name" in e["content_block"])
        pieces = [e["delta"]["partial_json"] for e in events if e["type"] == "content_block_delta" and e["delta"].get("partial_json")]
    return name, json.loads("".join(pieces)), len(pieces)


def history(dialect, *said):
    """The messages after so many tool calls were made and answered."""
    if dialect == "anthropic":
        return [m for i, text in enumerate(said) for m in (
            {"role": "assistant", "content": [{"type": "tool_use", "id": f"t{i}", "name": "x", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"t{i}", "content": [{"type": "text", "text": text}]}]})]
    return [m for i, text in enumerate(said) for m in (
        {"role": "assistant", "tool_calls": [{"id": f"t{i}", "type": "function", "function": {"name": "x", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": f"t{i}", "content": text})]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("dialect", PATHS)
@pytest.mark.parametrize("stream", [False, True])
def test_it_writes_reads_and_ends(provider, client, dialect, stream):
    tools, write, read = CLIENTS[client]
    tools = offered(tools, dialect)
    name, arguments, fragments = call_of(ask(provider, dialect, [], stream, tools=tools), dialect, stream)
    assert (name, arguments) == write and (fragments > 3 or not stream)
    answer = ask(provider, dialect, history(dialect, "written"), stream, tools=tools)
    if read:
        assert call_of(answer, dialect, stream)[:2] == read
        answer = ask(provider, dialect, history(dialect, "written", "the text"), stream, tools=tools)
        assert results(provider.last.json) == ["written", "the text"]
    if not stream:
        assert TASK.final in answer.body.decode()
    assert len(provider.turns) == len(provider.requests) == (3 if read else 2)
    assert tool_names(provider.last.json) == [name for name, _ in CLIENTS[client][0]]


def test_side_requests(provider):
    title = ask(provider, "openai", [], False)
    assert title.json()["choices"][0]["message"]["content"] == SIDE_ANSWER
    wanted = {"type": "json_schema", "schema": schema("title")}
    named = ask(provider, "anthropic", [], False, output_config={"format": wanted})
    assert set(json.loads(named.json()["content"][0]["text"])) == {"title"}
    assert request("HEAD", provider.port, "/v1/", headers={"authorization": "Bearer k"}).status == 200
    counted = post(provider.port, "/v1/messages/count_tokens?beta=true", {}, headers={"authorization": "Bearer k"})
    assert counted.json() == {"input_tokens": 1234}
    assert provider.turns == [] and len(provider.requests) == 4


def test_an_edit_format_is_answered_in_text(provider):
    system = [{"role": "system", "content": "Use *SEARCH/REPLACE* blocks."}]
    text = ask(provider, "openai", system, False).json()["choices"][0]["message"]["content"]
    assert text == f"a.txt\n```\n<<<<<<< SEARCH\n=======\n{TASK.content}>>>>>>> REPLACE\n```\n\n{TASK.final}"
    assert len(provider.turns) == 1


def test_its_key_is_needed(provider):
    assert post(provider.port, PATHS["openai"], {"messages": []}).status == 401
