"""Anthropic's own Python client against the gateway, with an Anthropic-shaped and an OpenAI-shaped provider behind."""
import asyncio
import json

import anthropic
import pydantic
import pytest

from lib.answers import SIGNATURE
from lib.chat_gateway import KINDS
from lib.client import request
from lib.mock import behaviour
from lib.sdk import HELLO, PNG

SDK = "anthropic"
TOOLS = [{"name": name, "description": f"tells the {name}",
          "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}
         for name in ("weather", "time_of_day")]
both_kinds = pytest.mark.parametrize("kind", KINDS)


def options_of(kind, model="ok", content="Hi", **options):
    return {"model": f"{kind}/{model}", "max_tokens": 100, "messages": [{"role": "user", "content": content}], **options}


def ask(client, kind, *arguments, stream=False, **options):
    """The final message, whichever way it came."""
    if not stream:
        return client.messages.create(**options_of(kind, *arguments, **options))
    with client.messages.stream(**options_of(kind, *arguments, **options)) as events:
        return events.get_final_message()


def received(gateway, kind):
    return gateway.mocks[kind].last


@both_kinds
@pytest.mark.parametrize("stream", [False, True])
def test_chat(gateway, client, kind, stream):
    message = ask(client, kind, "ok,cached=5", system="Be short.", stream=stream)
    assert message.type == "message" and message.role == "assistant" and message.id
    assert [(block.type, block.text) for block in message.content] == [("text", HELLO)]
    assert message.stop_reason == "end_turn"
    usage = message.usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (16, 5, 7)
    sent = received(gateway, kind)
    if kind == "anthropic":
        assert sent.json["system"] == "Be short." and sent.json["max_tokens"] == 100
    else:
        assert [(m["role"] in ("system", "developer"), m["content"]) for m in sent.json["messages"]] == [(True, "Be short."), (False, "Hi")]
        assert sent.json.get("max_completion_tokens", sent.json.get("max_tokens")) == 100
    assert gateway.key not in str(sent.header_list) + sent.body.decode()


@both_kinds
def test_stream_events(client, kind):
    names, text = [], ""
    for event in client.messages.create(**options_of(kind), stream=True):
        names.append(event.type)
        if event.type == "content_block_delta":
            text += event.delta.text
    names = [name for name in names if name not in ("ping", "content_block_delta")]
    assert names == ["message_start", "content_block_start", "content_block_stop", "message_delta", "message_stop"]
    assert text == HELLO


@both_kinds
@pytest.mark.parametrize("stream", [False, True])
def test_system_blocks_and_cache_markers(gateway, client, kind, stream):
    mark = {"type": "ephemeral"}
    ask(client, kind, system=[{"type": "text", "text": "One."}, {"type": "text", "text": "Two.", "cache_control": mark}], stream=stream,
        content=[{"type": "text", "text": "Hi", "cache_control": mark}])
    sent = received(gateway, kind).json
    assert ("cache_control" in json.dumps(sent)) == (kind == "anthropic")
    if kind == "anthropic":
        assert sent["system"][1]["cache_control"] == mark
    assert "One." in json.dumps(sent) and "Two." in json.dumps(sent)


@both_kinds
@pytest.mark.parametrize("ends, reason", [("length", "max_tokens"), ("stop_sequence", {"anthropic": "stop_sequence", "openai": "end_turn"}),
                                          ("content_filter", "refusal")])
@pytest.mark.parametrize("stream", [False, True])
def test_stop_reasons(gateway, client, kind, ends, reason, stream):
    message = ask(client, kind, f"ok,stop={ends}", stop_sequences=["END", "FIN"], stream=stream)
    assert message.stop_reason == (reason if isinstance(reason, str) else reason[kind])
    sent = received(gateway, kind).json
    assert sent["stop_sequences" if kind == "anthropic" else "stop"] == ["END", "FIN"]


@both_kinds
def test_parts_and_images(gateway, client, kind):
    parts = [{"type": "text", "text": "What is this?"},
             {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
             {"type": "image", "source": {"type": "url", "url": "https://example.com/a.jpg"}},
             {"type": "text", "text": "And that?"}]
    assert ask(client, kind, content=parts).content[0].text == HELLO
    content = received(gateway, kind).json["messages"][0]["content"]
    if kind == "anthropic":
        assert content == parts
    else:
        assert [part["type"] for part in content] == ["text", "image_url", "image_url", "text"]
        assert content[1]["image_url"]["url"] == f"data:image/png;base64,{PNG}"
        assert content[2]["image_url"]["url"] == "https://example.com/a.jpg"


@both_kinds
@pytest.mark.parametrize("stream", [False, True])
def test_parallel_tool_calls_and_their_results(gateway, client, kind, stream):
    message = ask(client, kind, "ok,tools=2", "weather and time, please", tools=TOOLS, stream=stream)
    uses = [block for block in message.content if block.type == "tool_use"]
    assert message.stop_reason == "tool_use" and [use.name for use in uses] == ["weather", "time_of_day"]
    assert [use.input for use in uses] == [{"city": 'Übersee "ok"'}] * 2 and len({use.id for use in uses}) == 2

    messages = [{"role": "user", "content": "weather and time, please"},
                {"role": "assistant", "content": [{"type": "tool_use", "id": u.id, "name": u.name, "input": u.input} for u in uses]},
                {"role": "user", "content": [*({"type": "tool_result", "tool_use_id": u.id, "content": f"result of {u.name}"} for u in uses),
                                             {"type": "text", "text": "So?"}]}]
    assert ask(client, kind, messages=messages, tools=TOOLS, stream=stream).content[0].text == HELLO
    sent = received(gateway, kind).json
    if kind == "anthropic":
        assert sent["messages"] == messages and sent["tools"] == TOOLS
        return
    assert [m["role"] for m in sent["messages"]] == ["user", "assistant", "tool", "tool", "user"]
    calls = sent["messages"][1]["tool_calls"]
    assert [json.loads(c["function"]["arguments"]) for c in calls] == [{"city": 'Übersee "ok"'}] * 2
    assert [c["id"] for c in calls] == [m["tool_call_id"] for m in sent["messages"][2:4]] == [u.id for u in uses]
    assert "result of time_of_day" in json.dumps(sent["messages"][3]["content"])
    assert [t["function"]["parameters"] for t in sent["tools"]] == [t["input_schema"] for t in TOOLS]


def test_failed_tool_result_with_image(gateway, client):
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "is_error": True, "content": [
        {"type": "text", "text": "it broke"}, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}]}
    ask(client, "openai", tools=TOOLS, messages=[
        {"role": "user", "content": "weather"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "X"}}]},
        {"role": "user", "content": [result]}])
    sent = json.dumps(received(gateway, "openai").json)
    assert "it broke" in sent and PNG in sent


@both_kinds
@pytest.mark.parametrize("choice, theirs", [
    ({"type": "auto", "disable_parallel_tool_use": True}, "auto"), ({"type": "any", "disable_parallel_tool_use": True}, "required"),
    ({"type": "none"}, "none"), ({"type": "tool", "name": "weather"}, {"type": "function", "function": {"name": "weather"}})])
def test_tool_choice(gateway, client, kind, choice, theirs):
    ask(client, kind, tools=TOOLS, tool_choice=choice)
    sent = received(gateway, kind).json
    assert sent["tool_choice"] == (choice if kind == "anthropic" else theirs)
    if kind == "openai" and "disable_parallel_tool_use" in choice:
        assert sent["parallel_tool_calls"] is False


class Answer(pydantic.BaseModel):
    n: int
    who: str


@both_kinds
@pytest.mark.parametrize("stream", [False, True])
def test_structured_output(gateway, client, kind, stream):
    if stream:
        with client.messages.stream(**options_of(kind), output_format=Answer) as events:
            parsed = events.get_final_message().parsed_output
    else:
        parsed = client.messages.parse(**options_of(kind), output_format=Answer).parsed_output
    assert parsed == Answer(n=42, who='Übersee "ok"')
    sent = received(gateway, kind).json
    schema = sent["output_config"]["format"]["schema"] if kind == "anthropic" else sent["response_format"]["json_schema"]["schema"]
    assert set(schema["properties"]) == {"n", "who"}


@both_kinds
@pytest.mark.parametrize("stream", [False, True])
def test_thinking_goes_round(gateway, client, kind, stream):
    thinking = {"type": "enabled", "budget_tokens": 1024}
    message = ask(client, kind, "ok,think=Let me see. It is so.", thinking=thinking, max_tokens=4000, stream=stream)
    assert [block.type for block in message.content] == ["thinking", "text"]
    block = message.content[0]
    assert block.thinking == "Let me see. It is so."
    sent = received(gateway, kind).json
    assert sent["thinking"] == thinking if kind == "anthropic" else "reasoning_effort" in sent
    assert not block.signature if kind == "openai" else block.signature == SIGNATURE

    history = [{"role": "user", "content": "Hi"},
               {"role": "assistant", "content": [b.model_dump(exclude_none=True) for b in message.content]},
               {"role": "user", "content": "Go on"}]
    ask(client, kind, messages=history, thinking=thinking, max_tokens=4000, stream=stream)
    sent = received(gateway, kind).json
    if kind == "anthropic":
        assert sent["messages"][1]["content"][0] == {"type": "thinking", "thinking": block.thinking, "signature": SIGNATURE}
    else:
        assert SIGNATURE not in json.dumps(sent)


def test_redacted_thinking_goes_round(gateway, client):
    message = ask(client, "anthropic", "ok,redacted=1", stream=True)
    assert [block.type for block in message.content] == ["redacted_thinking", "text"]
    content = [block.model_dump(exclude_none=True) for block in message.content]
    ask(client, "anthropic", messages=[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": content},
                                       {"role": "user", "content": "Go on"}])
    assert received(gateway, "anthropic").json["messages"][1]["content"][0] == {"type": "redacted_thinking", "data": SIGNATURE}


@both_kinds
def test_beta_query_and_hints(gateway, client, kind):
    message = client.beta.messages.create(**options_of(kind), betas=["context-management-2025-06-27"], metadata={"user_id": "caller-7"},
                                          context_management={"edits": []})
    assert message.content[0].text == HELLO
    sent = received(gateway, kind)
    if kind == "anthropic":
        assert sent.headers["anthropic-beta"] == "context-management-2025-06-27"
        assert sent.headers["anthropic-version"] == client.default_headers["anthropic-version"]
        assert sent.json["context_management"] == {"edits": []}
    else:
        assert "anthropic-beta" not in sent.headers and "context_management" not in sent.json
        assert sent.json.get("user") == "caller-7"


def test_liveness(gateway):
    for method in ("HEAD", "GET"):
        answer = request(method, gateway.nginx.port, "/v1/", key=gateway.key)
        assert answer.status == 200 and answer.whole and (method == "GET" or answer.body == b"")


@both_kinds
def test_unicode_and_escapes_survive(gateway, client, kind):
    text = "Zoë\u2028 \U0001f600 \\ \" \n\t </script> \x01"
    gateway.mocks[kind].plan(behaviour(text=text))
    for stream in (False, True):
        assert ask(client, kind, "ok", text, stream=stream).content[0].text == text
        sent = received(gateway, kind).json["messages"][0]["content"]
        assert (sent if isinstance(sent, str) else sent[0]["text"]) == text


# ---- errors

@both_kinds
@pytest.mark.parametrize("ends, error, status, type_", [
    ("400", anthropic.BadRequestError, 400, "invalid_request_error"), ("404", anthropic.NotFoundError, 404, "not_found_error"),
    ("429,retry_after=60", anthropic.RateLimitError, 429, "rate_limit_error"), ("401", anthropic.InternalServerError, 502, "api_error"),
    ("500", anthropic.InternalServerError, 502, "api_error"), ("html", anthropic.InternalServerError, 502, "api_error"),
    ("close", anthropic.InternalServerError, 502, "api_error")])
@pytest.mark.parametrize("stream", [False, True])
def test_provider_errors(client, kind, ends, error, status, type_, stream):
    with pytest.raises(error) as caught:
        ask(client, kind, ends, stream=stream)
    assert caught.value.status_code == status
    body, headers = caught.value.body, caught.value.response.headers
    assert body["type"] == "error" and body["error"]["type"] == type_ and body["error"]["message"]
    assert body["request_id"] == headers["request-id"] == headers["x-request-id"] == caught.value.request_id
    assert headers["content-type"] == "application/json" and headers["x-aigw-attempts"] == "1"
    assert headers.get("retry-after") == ("60" if status == 429 else None)


def test_own_errors(gateway, client):
    for call, error, type_ in [
        (lambda: ask(client.with_options(api_key="sk-aigw-wrong"), "openai"), anthropic.AuthenticationError, "authentication_error"),
        (lambda: ask(client, "nobody"), anthropic.NotFoundError, "not_found_error"),
        (lambda: ask(client, "openai", extra_body={"stream": "yes"}), anthropic.BadRequestError, "invalid_request_error"),
        (lambda: client.messages.batches.list(), anthropic.NotFoundError, "not_found_error"),
    ]:
        with pytest.raises(error) as caught:
            call()
        assert caught.value.body["error"]["type"] == type_
    assert not gateway.mocks["openai"].requests


def test_overloaded(client):
    with pytest.raises(anthropic.InternalServerError) as caught:
        ask(client, "anthropic", "529,retry_after=60")
    assert (caught.value.status_code, caught.value.body["error"]["type"]) == (503, "overloaded_error")
    assert caught.value.response.headers["retry-after"] == "60"


@both_kinds
@pytest.mark.parametrize("ends", ["error,at=5", "cut,at=5"])
def test_error_in_the_stream(client, kind, ends):
    with pytest.raises(anthropic.APIStatusError) as caught:
        ask(client, kind, ends, stream=True)
    assert caught.value.body["type"] == "error" and caught.value.body["error"]["message"]


# ---- models

def test_models(client):
    models = list(client.models.list())
    assert [model.id for model in models] == ["plain-openai", "plain-anthropic"]
    assert models[0].type == "model" and models[0].display_name
    assert client.models.retrieve("plain-anthropic").id == "plain-anthropic"
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("no-such-model")


# ---- many at once

@both_kinds
def test_forty_parallel_streams(gateway, kind):
    async def one(client, number):
        async with client.messages.stream(**options_of(kind, "ok,n=20,gap=0.02", f"I am {number}")) as stream:
            return "".join([text async for text in stream.text_stream])

    async def everyone():
        async with anthropic.AsyncAnthropic(base_url=gateway.nginx.url, api_key=gateway.key, max_retries=0) as client:
            return await asyncio.gather(*(one(client, number) for number in range(40)))

    assert asyncio.run(everyone()) == ["".join(f"word{i} " for i in range(20))] * 40
    requests = gateway.mocks[kind].requests
    assert len(requests) == 40 and max(r.at for r in requests) < min(r.ended_at for r in requests)


@both_kinds
def test_bearer_token(gateway, kind):
    with anthropic.Anthropic(base_url=gateway.nginx.url, auth_token=gateway.key, max_retries=0) as client:
        assert ask(client, kind).content[0].text == HELLO
