"""The mock provider does what it says: without this, a passing fault test may have seen no fault."""
import json
import ssl
import urllib.request
import zlib

import anthropic
import openai
import pytest

from lib.client import Connection, get, open_post, post, request_bytes
from lib.mock import behaviour
from lib.tls_corrupt import RECORD, CorruptTls

CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"


def ask(mock, model="ok", stream=True, path=CHAT, content="Hi", **members):
    body = {"model": model, "stream": stream, "messages": [{"role": "user", "content": content}], **members}
    return post(mock.port, path, body)


def text_of(answer):
    found = ""
    for _, data in answer.events():
        if data != "[DONE]":
            for choice in json.loads(data).get("choices") or []:
                found += choice["delta"].get("content") or ""
    return found


def test_records_what_arrived(mock):
    body = b'{"model":"m","messages":[]}'
    assert post(mock.port, CHAT, body, {"X-Thing": "1"}, key="k").status == 200
    got = mock.wait_for(1)[0]
    assert (got.method, got.path, got.body, got.headers["x-thing"]) == ("POST", CHAT, body, "1")
    assert got.headers["authorization"] == "Bearer k"
    assert len(got.sha256) == 64 and got.state == "done" and got.model == "m"


@pytest.mark.parametrize("stream", [False, True])
def test_openai_sdk(mock, stream):
    client = openai.OpenAI(base_url=mock.url, api_key="k", max_retries=0)
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}}}}]
    answer = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "use the tool"}], tools=tools, stream=stream,
                                            **({"stream_options": {"include_usage": True}} if stream else {}))
    if stream:
        chunks = list(answer)
        arguments = "".join(c.choices[0].delta.tool_calls[0].function.arguments for c in chunks
                            if c.choices and c.choices[0].delta.tool_calls)
        assert chunks[-1].usage.prompt_tokens == 21
    else:
        arguments = answer.choices[0].message.tool_calls[0].function.arguments
        assert answer.usage.total_tokens == 28
    assert "city" in json.loads(arguments)


@pytest.mark.parametrize("stream", [False, True])
def test_anthropic_sdk(mock, stream):
    client = anthropic.Anthropic(base_url=mock.url.removesuffix("/v1"), api_key="k", max_retries=0)
    ask = dict(model="m,cached=5", max_tokens=2048, messages=[{"role": "user", "content": "use the tool"}],
               thinking={"type": "enabled", "budget_tokens": 1024},
               tools=[{"name": "weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}])
    if stream:
        with client.messages.stream(**ask) as events:
            message = events.get_final_message()
    else:
        message = client.messages.create(**ask)
    assert [block.type for block in message.content] == ["thinking", "tool_use"]
    assert message.content[0].signature and "city" in message.content[1].input
    assert (message.stop_reason, message.usage.input_tokens, message.usage.cache_read_input_tokens) == ("tool_use", 16, 5)


def test_structured_output_fits_the_schema(mock):
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    answer = ask(mock, stream=False, response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}})
    assert json.loads(answer.json()["choices"][0]["message"]["content"]) == {"n": 42}


def test_plan_then_last_for_ever(mock):
    mock.plan("503", "429,retry_after=2", "ok")
    answers = [ask(mock) for _ in range(4)]
    assert [a.status for a in answers] == [503, 429, 200, 200]
    assert answers[1].headers["retry-after"] == "2"
    mock.plan(behaviour(text="a, b"), model="x")
    assert text_of(ask(mock, "x")) == "a, b"


def test_prompt_marker_and_flaky(mock):
    assert ask(mock, content="please #mock:404# now").status == 404
    assert [ask(mock, "flaky,fails=2").status for _ in range(3)] == [503, 503, 200]


@pytest.mark.parametrize("model, status", [("500", 500), ("503", 503), ("529", 529), ("401", 401), ("400", 400), ("404", 404),
                                           ("redirect", 302), ("upgrade", 101)])
@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_statuses(mock, model, status, path):
    answer = ask(mock, model, path=path)
    assert answer.status == status
    if status >= 400:
        assert ("request_id" in answer.json()) == (path == MESSAGES)


@pytest.mark.parametrize("model, events", [("close", None), ("reset", None), ("close,at=headers", 0), ("cut", 2), ("eof-cut", 2),
                                           ("short", 2), ("badchunk", 2)])
def test_broken_ends(mock, model, events):
    try:
        answer = ask(mock, model)
    except ValueError:
        assert model == "badchunk"
        return
    assert answer.whole == (model == "eof-cut")
    assert (answer.status == 0) == (events is None)
    if events:
        assert len(answer.events()) == events
    assert mock.wait_for(1)[0].state == "closed"


@pytest.mark.parametrize("at, head", [("before", False), ("headers", True), ("mid", True)])
def test_hang_ends_when_the_client_leaves(mock, at, head):
    connection = Connection(mock.port)
    connection.send(request_bytes("POST", CHAT, {"model": f"hang,at={at}", "stream": True, "messages": []}))
    if head:
        assert connection.read_head().status == 200
    assert mock.requests == [] or mock.last.state == "open"
    connection.abort()
    assert mock.wait_for(1)[0].state == "aborted"
    mock.wait_closed()


def test_stream_oddities(mock):
    plain = ask(mock)
    assert plain.whole and plain.events()[-1] == (None, "[DONE]")
    assert len(plain.times) == len(plain.events())
    assert len(ask(mock, "ok,border=3").times) > 100
    assert text_of(ask(mock, "ok,border=3")) == text_of(ask(mock, "ok,slice=1")) == text_of(plain) == "Hello from the mock provider."
    assert ask(mock, "ok,eol=crlf").body.count(b"\r\n\r\n") == ask(mock, "ok,eol=cr").body.count(b"\r\r") == len(plain.events())
    assert ask(mock, "ok,bom=1").body.startswith(b"\xef\xbb\xbfdata:")
    assert b"\nretry: 3000\n" in ask(mock, "ok,ids=1").body and b"\n: a comment\n" in ask(mock, "ok,comments=1").body
    assert b"[DONE]" not in ask(mock, "nodone").body and b'"stop"' not in ask(mock, "nofinish").body
    assert b"\xff\xc3\x28\x80" in ask(mock, "badutf8").body
    assert ask(mock, "trailing").body.index(b"[DONE]") < ask(mock, "trailing").body.index(b"AFTER THE END")
    assert len(ask(mock, "ok,pre=8000").events()) == len(plain.events()) + 10


def test_error_events(mock):
    first = ask(mock, "error", path=MESSAGES).events()
    assert [name for name, _ in first] == ["error"]
    middle = ask(mock, "error-mid").events()
    assert len(middle) == 3 and "error" in json.loads(middle[-1][1])
    assert "error" in ask(mock, "error200", stream=False).json()


def test_odd_heads_and_bodies(mock):
    assert zlib.decompress(ask(mock, "gzip").body, 31).endswith(b"[DONE]\n\n")
    assert len(ask(mock, "ok,head_kb=12").headers) > 12
    assert ask(mock, "html").body.startswith(b"<html>") and ask(mock, "empty").body == b""
    assert ask(mock, "http10", stream=False).json()["object"] == "chat.completion"
    assert len(ask(mock, "big", stream=False).body) > 300_000
    assert ask(mock, "deep,depth=1000").body.count(b"[[") == 500
    assert len(ask(mock, "longline,mb=2").body) == (2 << 20) + 6
    assert b"10.1.2.3" in ask(mock, "500,body=detail").body
    with Connection(mock.port) as connection:
        connection.send(request_bytes("POST", CHAT, {"model": "hints", "messages": []}))
        assert connection.read_head().status == 103


@pytest.mark.parametrize("usage, value", [("huge", 1e308), ("negative", -5), ("null", None), ("text", "many")])
def test_odd_usage(mock, usage, value):
    assert ask(mock, f"ok,usage={usage}", stream=False).json()["usage"]["prompt_tokens"] == value


def test_keepalive_behaviours(mock):
    data = request_bytes("POST", CHAT, {"model": "second-close", "messages": []})
    with Connection(mock.port) as connection:
        connection.send(data)
        assert connection.read_answer().status == 200
        connection.send(data)
        assert connection.read_answer().status == 0
    with Connection(mock.port) as connection:
        connection.send(request_bytes("POST", CHAT, {"model": "once", "messages": []}))
        assert connection.read_answer().whole
        assert connection.socket.recv(1) == b""


def test_flood_waits_for_a_slow_reader(mock):
    stream = open_post(mock.port, CHAT, {"model": "flood", "stream": True, "messages": []}, receive_buffer=4096)
    stream.read_some()
    before = mock.last.sent
    assert before < 60_000 * 900
    stream.abort()
    assert mock.wait_for(1)[0].state == "aborted"


def test_key(mocks):
    mock = mocks(key="right")
    assert post(mock.port, CHAT, {}, key="wrong").status == 401
    assert post(mock.port, CHAT, {}, key="right").status == 200
    assert get(mock.port, "/v1/models", {"x-api-key": "right"}).json()["object"] == "list"


def test_tls(mock, authority):
    context = ssl.create_default_context(cafile=str(authority.ca_file))
    body = json.dumps({"model": "m", "messages": []}).encode()
    with urllib.request.urlopen(mock.tls_url + "/chat/completions", body, context=context) as answer:
        assert answer.status == 200
    assert mock.last.server_name == "localhost"
    with pytest.raises(Exception, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(f"https://localhost:{mock.tls_port('wrong.test')}/v1/models", context=context)


def test_corrupt_tls(authority):
    server = CorruptTls(authority, kilobytes=1)
    context = ssl.create_default_context(cafile=str(authority.ca_file))
    request = urllib.request.Request(server.url + "/chat/completions", b"{}")
    with pytest.raises(ssl.SSLError), urllib.request.urlopen(request, context=context) as answer:
        answer.read()
    assert server.corrupted == 1 and len(RECORD) == 53
    server.close()
