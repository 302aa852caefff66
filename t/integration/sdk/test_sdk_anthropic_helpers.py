"""What Anthropic's Python client builds on top of the wire: async, its stream helper, raw responses, the tool runner, betas. Each
through ai_gateway to both kinds of provider, and through ai_filter."""
import asyncio
import json

import anthropic
import pydantic
import pytest

from lib import vendor_rules
from lib.chat_model import HELLO as MODEL_HELLO
from lib.chat_model import ChatModel
from lib.sdk import HELLO, ROUTES, client

routes = pytest.mark.parametrize("route", ROUTES["anthropic"], ids=str)
MESSAGES = [{"role": "user", "content": "Hi"}]
TOOL = {"name": "weather", "description": "tells the weather", "input_schema": {
    "type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city", "days"]}}
ARGUMENTS = {"city": 'Übersee "ok"', "days": 42}


class Weather(pydantic.BaseModel):
    city: str
    days: int


@pytest.fixture
def sync(gateway, route):
    with client("anthropic", gateway, route) as made:
        yield made


@pytest.fixture
def thinker(gateway, route):
    """The provider plays a model that calls tools (of a model's name that is no behaviour)."""
    mind = gateway.mocks[route.kind].mind = ChatModel()
    yield mind
    gateway.mocks[route.kind].mind = None
    assert mind.complaints == []


def model(route, options="ok", **more):
    return {"model": f"{route.kind}/{options}", "max_tokens": 100, "messages": MESSAGES, **more}


@routes
def test_async(gateway, route):
    async def all_of_it():
        async with client("anthropic", gateway, route, asynchronous=True) as made:
            whole = await made.messages.create(**model(route))
            stream = await made.messages.create(**model(route), stream=True)
            names = [event.type async for event in stream]
            async with made.messages.stream(**model(route)) as events:
                text = "".join([piece async for piece in events.text_stream])
                final = await events.get_final_message()
            parsed = (await made.messages.parse(**model(route), output_format=Weather)).parsed_output
            raw = await made.messages.with_raw_response.create(**model(route))
            return whole, names, text, final, parsed, raw, await raw.parse()

    whole, names, text, final, parsed, raw, of_raw = asyncio.run(all_of_it())
    assert whole.content[0].text == text == final.content[0].text == HELLO
    assert names[0] == "message_start" and names[-1] == "message_stop"
    assert final.stop_reason == "end_turn" and (final.usage.input_tokens, final.usage.output_tokens) == (21, 7)
    assert parsed == Weather(**ARGUMENTS)
    assert of_raw.content[0].text == HELLO and raw.headers["content-type"].startswith("application/json")


@routes
def test_stream_helper(sync, route):
    with sync.messages.stream(**model(route, "ok,think=Let me see. It is so.", thinking={"type": "enabled", "budget_tokens": 1024},
                                      max_tokens=4000)) as events:
        seen = list(events)
        final = events.get_final_message()
        assert events.get_final_text() == HELLO
    of = {kind: [event for event in seen if event.type == kind] for kind in ("text", "thinking", "content_block_stop", "message_stop")}
    assert of["text"][-1].snapshot == HELLO and of["thinking"][-1].snapshot == "Let me see. It is so."
    assert [event.content_block.type for event in of["content_block_stop"]] == ["thinking", "text"]
    assert of["message_stop"][0].message.content[1].text == HELLO and [block.type for block in final.content] == ["thinking", "text"]


@routes
def test_streamed_tool_input(sync, route):
    with sync.messages.stream(**model(route, "ok,tools=1", tools=[TOOL])) as events:
        pieces = [event for event in events if event.type == "input_json"]
        final = events.get_final_message()
    assert len(pieces) > 1 and pieces[-1].snapshot == ARGUMENTS and json.loads("".join(piece.partial_json for piece in pieces)) == ARGUMENTS
    assert final.stop_reason == "tool_use" and final.content[-1].input == ARGUMENTS


# The runner asks the server to hold the conversation (`thread`) and sends it whole where that is refused by its right name.
@routes
@pytest.mark.parametrize("stream", [False, True])
def test_tool_runner(gateway, sync, thinker, route, stream):
    calls = []

    @anthropic.beta_tool
    def get_weather(city: str, days: int) -> str:
        """Tells the weather.

        Args:
            city: where
            days: for how long
        """
        calls.append((city, days))
        return "sunny"

    runner = sync.beta.messages.tool_runner(model=f"{route.kind}/claude-mock", max_tokens=100, tools=[get_weather], stream=stream,
                                            messages=[{"role": "user", "content": "What is the weather in 'Zürich' for 3 days?"}])
    messages = [turn.get_final_message() if stream else turn for turn in runner]
    assert calls == [("Zürich", 3)]
    assert [message.stop_reason for message in messages] == ["tool_use", "end_turn"] and messages[1].content[0].text == MODEL_HELLO
    assert "sunny" in gateway.mocks[route.kind].last.body.decode()


@routes
def test_async_tool_runner(gateway, thinker, route):
    @anthropic.beta_async_tool
    async def get_weather(city: str) -> str:
        """Tells the weather."""
        raise anthropic.lib.tools.ToolError(f"no weather in {city}")

    async def all_of_it():
        async with client("anthropic", gateway, route, asynchronous=True) as made:
            runner = made.beta.messages.tool_runner(model=f"{route.kind}/claude-mock", max_tokens=100, tools=[get_weather],
                                                    messages=[{"role": "user", "content": "What is the weather in 'Zürich'?"}])
            return await runner.until_done()

    assert asyncio.run(all_of_it()).content[0].text == MODEL_HELLO
    assert "no weather in Zürich" in gateway.mocks[route.kind].last.body.decode()


@routes
def test_beta_stream_and_parse(gateway, sync, route):
    with sync.beta.messages.stream(**model(route), betas=["context-management-2025-06-27"]) as events:
        assert "".join(events.text_stream) == HELLO
    parsed = sync.beta.messages.parse(**model(route), output_format=Weather)
    assert parsed.parsed_output == Weather(**ARGUMENTS)
    assert vendor_rules.fault(route.kind, gateway.mocks[route.kind].last.json) == ""


@routes
def test_raw_response(sync, route):
    raw = sync.messages.with_raw_response.create(**model(route))
    assert raw.status_code == 200 and raw.parse().content[0].text == HELLO and json.loads(raw.text())["type"] == "message"
    with sync.messages.with_streaming_response.create(**model(route), stream=True) as response:
        lines = list(response.iter_lines())
    assert response.headers["content-type"].startswith("text/event-stream")
    assert {line.split(":")[0] for line in lines} == {"event", "data", ""}
    assert [line for line in lines if line.startswith("event")][-1] == "event: message_stop"


@routes
def test_a_stream_left_early(gateway, sync, route):
    with sync.messages.stream(**model(route, "ok,n=200,gap=0.02")) as events:
        next(events.text_stream)
    assert gateway.mocks[route.kind].wait_for(1)[0].state == "aborted"
    assert sync.messages.create(**model(route)).content[0].text == HELLO


@routes
def test_documents(gateway, sync, route):
    """A document of each source that both dialects can hold."""
    pdf = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQK"}}
    text = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Once upon a time"}}
    asked = model(route, messages=[{"role": "user", "content": [pdf, text, {"type": "text", "text": "Summarise"}]}])
    assert sync.messages.create(**asked).content[0].text == HELLO
    sent = gateway.mocks[route.kind].last
    assert "JVBERi0xLjQK" in sent.body.decode() and "Once upon a time" in sent.body.decode()
    assert vendor_rules.fault(route.kind, sent.json) == ""
