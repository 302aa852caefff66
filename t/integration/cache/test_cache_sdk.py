"""The vendors' SDKs read an answer that is told again, in the mode in which it was not kept."""
import pytest

from lib import sdk
from lib.chat_gateway import empty_environment

HELLO = "Hello from the mock provider."
TOOL = {"openai": {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}},
        "anthropic": {"name": "weather", "input_schema": {"type": "object", "properties": {}}}}


@pytest.fixture
def made(shared, monkeypatch, tmp_path):
    empty_environment(monkeypatch, tmp_path)
    return shared


def members(made, **more):
    return {"messages": [{"role": "user", "content": made.word}], "max_tokens": 100, **more}


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
@pytest.mark.parametrize("first", ["stream", "whole"])
def test_openai(made, kind, first):
    asked = members(made, model=f"{kind}/ok,tools=2", tools=[TOOL["openai"]])
    with sdk.client("openai", made) as client:
        def whole():
            raw = client.chat.completions.with_raw_response.create(**asked)
            answer = raw.parse()
            calls = [(call.id, call.function.name, call.function.arguments) for call in answer.choices[0].message.tool_calls]
            return raw.headers["x-aigw-cache"], calls, answer.choices[0].finish_reason, answer.usage.total_tokens

        def stream():
            with client.chat.completions.stream(**asked, stream_options={"include_usage": True}) as events:
                answer = events.get_final_completion()
                status = events._response.headers["x-aigw-cache"]
            calls = [(call.id, call.function.name, call.function.arguments) for call in answer.choices[0].message.tool_calls]
            return status, calls, answer.choices[0].finish_reason, answer.usage.total_tokens

        ways = [stream, whole] if first == "stream" else [whole, stream]
        live, told = ways[0](), ways[1]()
    assert (live[0], told[0]) == ("MISS", "HIT")
    assert live[1:] == told[1:] and len(told[1]) == 2 and told[2] == "tool_calls"


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
@pytest.mark.parametrize("first", ["stream", "whole"])
def test_anthropic(made, kind, first):
    asked = members(made, model=f"{kind}/ok,think=Hm", tools=[TOOL["anthropic"]])
    with sdk.client("anthropic", made) as client:
        def whole():
            raw = client.messages.with_raw_response.create(**asked)
            return raw.headers["x-aigw-cache"], raw.parse()

        def stream():
            with client.messages.stream(**asked) as events:
                return events.response.headers["x-aigw-cache"], events.get_final_message()

        ways = [stream, whole] if first == "stream" else [whole, stream]
        (status, live), (again, told) = ways[0](), ways[1]()
    assert (status, again) == ("MISS", "HIT")
    assert [block.model_dump() for block in told.content] == [block.model_dump() for block in live.content]
    assert (told.stop_reason, told.usage.input_tokens, told.usage.output_tokens) == \
        (live.stop_reason, live.usage.input_tokens, live.usage.output_tokens)
    assert told.content[-1].text == HELLO
