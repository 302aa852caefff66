"""What OpenAI's Python client builds on top of the wire: async, its stream helper, raw responses, parsed tools. Each through
ai_gateway to both kinds of provider, and through ai_filter."""
import asyncio
import json

import openai
import pydantic
import pytest

from lib.sdk import HELLO, ROUTES, client

routes = pytest.mark.parametrize("route", ROUTES["openai"], ids=str)
MESSAGES = [{"role": "user", "content": "Hi"}]
ARGUMENTS = {"city": 'Übersee "ok"', "days": 42}


class Weather(pydantic.BaseModel):
    """Tells the weather."""
    city: str
    days: int


@pytest.fixture
def sync(gateway, route):
    with client("openai", gateway, route) as made:
        yield made


def model(route, options="ok"):
    return {"model": f"{route.kind}/{options}", "messages": MESSAGES}


@routes
def test_async(gateway, route):
    async def all_of_it():
        async with client("openai", gateway, route, asynchronous=True) as made:
            whole = await made.chat.completions.create(**model(route))
            stream = await made.chat.completions.create(**model(route), stream=True, stream_options={"include_usage": True})
            chunks = [chunk async for chunk in stream]
            async with made.chat.completions.stream(**model(route), response_format=Weather) as events:
                kinds = [event.type async for event in events]
                parsed = (await events.get_final_completion()).choices[0].message.parsed
            raw = await made.chat.completions.with_raw_response.create(**model(route))
        return whole, chunks, kinds, parsed, raw

    whole, chunks, kinds, parsed, raw = asyncio.run(all_of_it())
    assert whole.choices[0].message.content == HELLO and whole.usage.total_tokens == 28
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == HELLO and chunks[-1].usage.total_tokens == 28
    assert "content.delta" in kinds and "content.done" in kinds and parsed == Weather(**ARGUMENTS)
    assert raw.parse().choices[0].message.content == HELLO and raw.headers["content-type"].startswith("application/json")


@routes
def test_stream_helper(sync, route):
    snapshots, done = [], []
    with sync.chat.completions.stream(**model(route), stream_options={"include_usage": True}) as events:
        for event in events:
            if event.type == "content.delta":
                snapshots.append(event.snapshot)
            if event.type == "content.done":
                done.append(event.content)
        final = events.get_final_completion()
    assert len(snapshots) > 3 and snapshots[-1] == HELLO and done == [HELLO]
    assert all(later.startswith(earlier) for earlier, later in zip(snapshots, snapshots[1:]))
    assert final.choices[0].message.content == HELLO and final.choices[0].finish_reason == "stop"
    assert (final.usage.prompt_tokens, final.usage.completion_tokens) == (21, 7)


@routes
@pytest.mark.parametrize("stream", [False, True])
def test_parsed_tools(sync, route, stream):
    asked = {**model(route, "ok,tools=1"), "tools": [openai.pydantic_function_tool(Weather, name="weather")]}
    names = []
    if stream:
        with sync.chat.completions.stream(**asked) as events:
            names = [(event.name, event.parsed_arguments) for event in events if event.type == "tool_calls.function.arguments.done"]
            message = events.get_final_completion().choices[0].message
        assert names == [("weather", Weather(**ARGUMENTS))]
    else:
        message = sync.chat.completions.parse(**asked).choices[0].message
    function = message.tool_calls[0].function
    assert function.parsed_arguments == Weather(**ARGUMENTS) and json.loads(function.arguments) == ARGUMENTS


@routes
@pytest.mark.parametrize("ends, error", [("length", openai.LengthFinishReasonError), ("content_filter", openai.ContentFilterFinishReasonError)])
def test_parse_knows_how_it_ended(sync, route, ends, error):
    with pytest.raises(error):
        sync.chat.completions.parse(**model(route, f"ok,stop={ends}"), response_format=Weather)
    with pytest.raises(error):
        with sync.chat.completions.stream(**model(route, f"ok,stop={ends}"), response_format=Weather) as events:
            events.get_final_completion()


def test_refusal(gateway):
    with client("openai", gateway) as made:
        answer = made.chat.completions.parse(model="openai/ok,stop=refusal", messages=MESSAGES, response_format=Weather)
        assert answer.choices[0].message.refusal and answer.choices[0].message.parsed is None


@routes
def test_raw_response(sync, route):
    raw = sync.chat.completions.with_raw_response.create(**model(route))
    assert raw.status_code == 200 and raw.parse().choices[0].message.content == HELLO and json.loads(raw.text)["choices"]
    stream = sync.chat.completions.with_raw_response.create(**model(route), stream=True)
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert "".join(c.choices[0].delta.content or "" for c in stream.parse()) == HELLO


@routes
def test_streaming_response(sync, route):
    with sync.chat.completions.with_streaming_response.create(**model(route), stream=True) as response:
        lines = list(response.iter_lines())
    assert {line.split(":")[0] for line in lines} == {"data", ""} and [line for line in lines if line][-1] == "data: [DONE]"
    with sync.chat.completions.with_streaming_response.create(**model(route)) as response:
        assert response.parse().choices[0].message.content == HELLO


@routes
def test_a_stream_left_early(gateway, sync, route):
    stream = sync.chat.completions.create(**model(route, "ok,n=200,gap=0.02"), stream=True)
    next(iter(stream))
    stream.close()
    assert gateway.mocks[route.kind].wait_for(1)[0].state == "aborted"
    assert sync.chat.completions.create(**model(route)).choices[0].message.content == HELLO


@routes
def test_extras(gateway, sync, route):
    """Headers and members by the client's own escape hatches; a member that nobody knows arrives where the dialect is the same."""
    asked = {**model(route), "extra_headers": {"x-request-id": "from-the-caller", "x-more": "1"}, "extra_query": {"a": "b"}}
    if route.kind == "openai":
        asked["extra_body"] = {"chat_template_kwargs": {"enable_thinking": False}}
    assert sync.chat.completions.create(**asked).choices[0].message.content == HELLO
    sent = gateway.mocks[route.kind].last
    assert ("chat_template_kwargs" in sent.json) == (route.kind == "openai")
