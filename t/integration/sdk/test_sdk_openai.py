"""OpenAI's own Python client against the gateway, with an OpenAI-shaped and an Anthropic-shaped provider behind."""
import asyncio
import json

import openai
import pydantic
import pytest

from lib.answers import SIGNATURE
from lib.chat_gateway import KINDS
from lib.mock import behaviour
from lib.sdk import HELLO, PNG

SDK = "openai"
TOOLS = [{"type": "function", "function": {
    "name": name, "description": f"tells the {name}", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}}}
    for name in ("weather", "time_of_day")]
both_kinds = pytest.mark.parametrize("kind", KINDS)


def ask(client, kind, model="ok", content="Hi", **options):
    options.setdefault("messages", [{"role": "user", "content": content}])
    return client.chat.completions.create(model=f"{kind}/{model}", **options)


def joined(chunks, member="content"):
    return "".join(getattr(c.choices[0].delta, member, None) or "" for c in chunks if c.choices)


def received(gateway, kind):
    return gateway.mocks[kind].last


@both_kinds
def test_chat(gateway, client, kind):
    messages = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Hi"}]
    answer = ask(client, kind, "ok,cached=5,reasoning=3" if kind == "openai" else "ok,cached=5", messages=messages, max_completion_tokens=50)
    assert answer.object == "chat.completion" and answer.id and len(answer.choices) == 1
    assert answer.choices[0].message.content == HELLO and answer.choices[0].message.role == "assistant"
    assert answer.choices[0].finish_reason == "stop"
    usage = answer.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (21, 7, 28)
    assert usage.prompt_tokens_details.cached_tokens == 5
    if kind == "openai":
        assert usage.completion_tokens_details.reasoning_tokens == 3
    sent = received(gateway, kind)
    if kind == "openai":
        assert sent.json["messages"] == messages and sent.json["max_completion_tokens"] == 50
    else:
        assert "Be short." in json.dumps(sent.json["system"]) and sent.json["max_tokens"] == 50
        assert [m["role"] for m in sent.json["messages"]] == ["user"]
    assert gateway.key not in str(sent.header_list) + sent.body.decode()


@both_kinds
@pytest.mark.parametrize("asked", [False, True])
def test_stream(client, kind, asked):
    options = {"stream_options": {"include_usage": True}} if asked else {}
    chunks = list(ask(client, kind, stream=True, **options))
    assert joined(chunks) == HELLO
    assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason] == ["stop"]
    assert len({c.id for c in chunks}) == 1
    if asked:
        assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens == 28
    else:
        assert all(c.choices for c in chunks) and not any(c.usage for c in chunks)


@both_kinds
@pytest.mark.parametrize("ends", ["length", "content_filter"])
@pytest.mark.parametrize("stream", [False, True])
def test_finish_reasons(client, kind, ends, stream):
    answer = ask(client, kind, f"ok,stop={ends}", stream=stream)
    reason = [c.choices[0].finish_reason for c in answer][-1] if stream else answer.choices[0].finish_reason
    assert reason == ends


@both_kinds
def test_parts_and_images(gateway, client, kind):
    parts = [{"type": "text", "text": "What is this?"},
             {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
             {"type": "image_url", "image_url": {"url": "https://example.com/a.jpg"}},
             {"type": "text", "text": "And that?"}]
    assert ask(client, kind, content=parts).choices[0].message.content == HELLO
    content = received(gateway, kind).json["messages"][0]["content"]
    if kind == "openai":
        assert content == parts
    else:
        assert [part["type"] for part in content] == ["text", "image", "image", "text"]
        assert content[1]["source"] == {"type": "base64", "media_type": "image/png", "data": PNG}
        assert content[2]["source"] == {"type": "url", "url": "https://example.com/a.jpg"}


@both_kinds
@pytest.mark.parametrize("stream", [False, True])
def test_parallel_tool_calls_and_their_results(gateway, client, kind, stream):
    messages = [{"role": "user", "content": "weather and time, please"}]
    if stream:
        with client.chat.completions.stream(model=f"{kind}/ok,tools=2", messages=messages, tools=TOOLS) as events:
            for _ in events:
                pass
            message = events.get_final_completion().choices[0].message
    else:
        answer = ask(client, kind, "ok,tools=2", messages=messages, tools=TOOLS)
        assert answer.choices[0].finish_reason == "tool_calls"
        message = answer.choices[0].message
    calls = message.tool_calls
    assert [call.function.name for call in calls] == ["weather", "time_of_day"]
    assert all(json.loads(call.function.arguments) == {"city": 'Übersee "ok"'} for call in calls)
    assert len({call.id for call in calls}) == 2

    messages.append({"role": "assistant", "content": None,
                     "tool_calls": [{"id": c.id, "type": "function",
                                     "function": {"name": c.function.name, "arguments": c.function.arguments}} for c in calls]})
    messages += [{"role": "tool", "tool_call_id": call.id, "content": f"result of {call.function.name}"} for call in calls]
    assert ask(client, kind, messages=messages, tools=TOOLS).choices[0].message.content == HELLO
    sent = received(gateway, kind).json
    if kind == "openai":
        assert sent["messages"] == messages and sent["tools"] == TOOLS
        return
    assert [m["role"] for m in sent["messages"]] == ["user", "assistant", "user"]
    uses = [b for b in sent["messages"][1]["content"] if b["type"] == "tool_use"]
    results = [b for b in sent["messages"][2]["content"] if b["type"] == "tool_result"]
    assert [b["input"] for b in uses] == [{"city": 'Übersee "ok"'}] * 2
    assert [b["id"] for b in uses] == [b["tool_use_id"] for b in results] == [c.id for c in calls]
    assert "result of time_of_day" in json.dumps(results[1]["content"])
    assert [t["input_schema"] for t in sent["tools"]] == [t["function"]["parameters"] for t in TOOLS]


@both_kinds
@pytest.mark.parametrize("choice, theirs", [("auto", {"type": "auto"}), ("required", {"type": "any"}), ("none", {"type": "none"}),
                                            ({"type": "function", "function": {"name": "weather"}}, {"type": "tool", "name": "weather"})])
def test_tool_choice(gateway, client, kind, choice, theirs):
    ask(client, kind, tools=TOOLS, tool_choice=choice, parallel_tool_calls=False)
    sent = received(gateway, kind).json
    if kind == "openai":
        assert sent["tool_choice"] == choice and sent["parallel_tool_calls"] is False
    else:
        assert {k: v for k, v in sent["tool_choice"].items() if k != "disable_parallel_tool_use"} == theirs
        assert choice == "none" or sent["tool_choice"]["disable_parallel_tool_use"] is True


class Answer(pydantic.BaseModel):
    n: int
    who: str


@both_kinds
@pytest.mark.parametrize("stream", [False, True])
def test_structured_output(gateway, client, kind, stream):
    ask_for = dict(model=f"{kind}/ok", messages=[{"role": "user", "content": "count"}], response_format=Answer)
    if stream:
        with client.chat.completions.stream(**ask_for) as events:
            parsed = events.get_final_completion().choices[0].message.parsed
    else:
        parsed = client.chat.completions.parse(**ask_for).choices[0].message.parsed
    assert parsed == Answer(n=42, who='Übersee "ok"')
    sent = received(gateway, kind).json
    schema = sent["response_format"]["json_schema"]["schema"] if kind == "openai" else sent["output_config"]["format"]["schema"]
    assert set(schema["properties"]) == {"n", "who"} and schema["additionalProperties"] is False


@both_kinds
def test_stop_and_sampling(gateway, client, kind):
    raw = client.chat.completions.with_raw_response.create(
        model=f"{kind}/ok,stop=stop_sequence", messages=[{"role": "user", "content": "Hi"}], stop=["END", "FIN"], temperature=1.5,
        top_p=0.5, user="caller-7", seed=3)
    assert raw.parse().choices[0].finish_reason == "stop"
    sent = received(gateway, kind).json
    if kind == "openai":
        assert (sent["stop"], sent["temperature"], sent["top_p"], sent["seed"]) == (["END", "FIN"], 1.5, 0.5, 3)
        assert "x-aigw-dropped" not in raw.headers
    else:
        assert (sent["stop_sequences"], sent["temperature"], sent["top_p"]) == (["END", "FIN"], 1, 0.5)
        assert sent["metadata"] == {"user_id": "caller-7"} and "seed" not in sent
        assert {"temperature", "seed"} <= set(raw.headers["x-aigw-dropped"].split(", "))
    assert raw.headers["x-aigw-provider"] == kind and raw.headers["x-aigw-attempts"] == "1"
    assert raw.headers["x-aigw-model"] == "ok,stop=stop_sequence"


@both_kinds
@pytest.mark.parametrize("stream", [False, True])
def test_thinking_goes_round(gateway, client, kind, stream):
    answer = ask(client, kind, "ok,think=Let me see. It is so.", reasoning_effort="low", max_completion_tokens=4000, stream=stream)
    sent = received(gateway, kind).json
    assert sent.get("reasoning_effort") == "low" if kind == "openai" else "thinking" in sent or "effort" in sent["output_config"]
    if stream:
        chunks = list(answer)
        assert joined(chunks, "reasoning_content") == "Let me see. It is so." and joined(chunks) == HELLO
        return
    message = answer.choices[0].message
    assert message.reasoning_content == "Let me see. It is so." and message.content == HELLO
    if kind == "anthropic":
        assert message.thinking_blocks == [{"type": "thinking", "thinking": "Let me see. It is so.", "signature": SIGNATURE}]
        again = [{"role": "user", "content": "Hi"}, message.model_dump(exclude_none=True), {"role": "user", "content": "Go on"}]
        again[1] = {k: v for k, v in again[1].items() if k in ("role", "content", "thinking_blocks")}
        ask(client, kind, messages=again, reasoning_effort="low", max_completion_tokens=4000)
        assert received(gateway, kind).json["messages"][1]["content"][0] == message.thinking_blocks[0]


@both_kinds
def test_unicode_and_escapes_survive(gateway, client, kind):
    text = "Zoë\u2028 \U0001f600 \\ \" \n\t </script> \x01"
    gateway.mocks[kind].plan(behaviour(text=text))
    assert ask(client, kind, content=text).choices[0].message.content == text
    sent = received(gateway, kind).json["messages"][0]["content"]
    assert (sent if isinstance(sent, str) else sent[0]["text"]) == text
    assert joined(ask(client, kind, content=text, stream=True)) == text


# ---- errors

@both_kinds
@pytest.mark.parametrize("ends, error, status", [
    ("400", openai.BadRequestError, 400), ("404", openai.NotFoundError, 404), ("429,retry_after=60", openai.RateLimitError, 429),
    ("401", openai.InternalServerError, 502), ("403", openai.InternalServerError, 502), ("500", openai.InternalServerError, 502),
    ("html", openai.InternalServerError, 502), ("close", openai.InternalServerError, 502)])
@pytest.mark.parametrize("stream", [False, True])
def test_provider_errors(client, kind, ends, error, status, stream):
    with pytest.raises(error) as caught:
        ask(client, kind, ends, stream=stream)
    assert type(caught.value) is error and caught.value.status_code == status
    assert caught.value.type and caught.value.body["message"]
    assert "upstream-key" not in str(caught.value)
    headers = caught.value.response.headers
    assert headers["content-type"] == "application/json" and caught.value.request_id == headers["x-request-id"]
    assert headers["x-aigw-provider"] == kind
    assert headers.get("retry-after") == ("60" if status == 429 else None)


def test_own_errors(gateway, client):
    for call, error, code in [
        (lambda: ask(client.with_options(api_key="sk-aigw-wrong"), "openai"), openai.AuthenticationError, "invalid_api_key"),
        (lambda: ask(client, "nobody"), openai.NotFoundError, "model_not_found"),
        (lambda: ask(client, "openai", messages=None), openai.BadRequestError, None),
        (lambda: ask(client, "openai", extra_body={"stream": "yes"}), openai.BadRequestError, "invalid_value"),
        (lambda: client.embeddings.create(model="x", input="y"), openai.NotFoundError, "model_not_found"),
        (lambda: client.files.list(), openai.NotFoundError, "unknown_endpoint"),
    ]:
        with pytest.raises(error) as caught:
            call()
        assert type(caught.value) is error and (code is None or caught.value.code == code)
    assert not gateway.mocks["openai"].requests


def test_refused_by_its_path(client):
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, "anthropic", n=2)
    assert caught.value.param == "n" and caught.value.code == "unsupported_value"


@both_kinds
def test_error_in_the_stream(client, kind):
    stream = ask(client, kind, "error,at=5", stream=True)
    with pytest.raises(openai.APIError) as caught:
        list(stream)
    assert caught.value.body["message"]


@both_kinds
def test_cut_stream_is_an_error(client, kind):
    with pytest.raises(openai.APIError):
        list(ask(client, kind, "cut,at=5", stream=True))


# ---- models

def test_models(client):
    models = client.models.list()
    assert [model.id for model in models] == ["plain-openai", "plain-anthropic"]
    assert client.models.retrieve("plain-openai").id == "plain-openai"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("no-such-model")


@pytest.mark.parametrize("model", ["plain-openai", "plain-anthropic"])
def test_logical_name(client, model):
    answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hi"}])
    assert answer.model == "ok-mock"


# ---- many at once

@both_kinds
def test_forty_parallel_streams(gateway, kind):
    async def one(client, number):
        stream = await client.chat.completions.create(model=f"{kind}/ok,n=20,gap=0.02", stream=True,
                                                      messages=[{"role": "user", "content": f"I am {number}"}])
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    async def everyone():
        async with openai.AsyncOpenAI(base_url=gateway.nginx.url + "/v1", api_key=gateway.key, max_retries=0) as client:
            return await asyncio.gather(*(one(client, number) for number in range(40)))

    texts = asyncio.run(everyone())
    assert texts == ["".join(f"word{i} " for i in range(20))] * 40
    seen = [r.json["messages"][0]["content"] for r in gateway.mocks[kind].requests]
    assert len(seen) == 40 and all(any(f"I am {n}" in json.dumps(s) for s in seen) for n in range(40))
    assert max(r.at for r in gateway.mocks[kind].requests) < min(r.ended_at for r in gateway.mocks[kind].requests)


def test_keep_alive(gateway, client):
    for number in range(10):
        ask(client, "openai")
    assert len({r.connection for r in gateway.mocks["openai"].requests}) == 1
