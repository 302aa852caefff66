"""The Responses API: spoken by OpenAI's own client in front of both kinds of provider, and by a provider behind clients of both."""
import json

import anthropic
import openai
import pydantic
import pytest

from lib import vendor_rules
from lib.answers import SIGNATURE
from lib.client import post, request
from lib.gateway import anthropic as anthropic_provider
from lib.gateway import openai as openai_provider
from lib.playback import Playback
from lib.sdk import HELLO, PNG

LOCATION = "location / { ai_gateway; ai_auth off; }"
ENCRYPTED = "gAAAAABqhb8+/w=="
TOOLS = [{"type": "function", "name": name, "description": f"tells the {name}", "strict": False, "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}}
    for name in ("weather", "time_of_day")]
both_kinds = pytest.mark.parametrize("kind", ["gpt", "claude"])


def response(*items, status="completed", **members):
    return {"id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": "gpt-r", "output": list(items),
            "error": None, "incomplete_details": None, "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
            "usage": {"input_tokens": 9, "input_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 0}, "output_tokens": 11,
                      "output_tokens_details": {"reasoning_tokens": 7}, "total_tokens": 20}, **members}


def message(text):
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": text, "annotations": []}]}


THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}], "encrypted_content": ENCRYPTED}
CALL = {"type": "function_call", "id": "fc_1", "status": "completed", "call_id": "call_1", "name": "weather", "arguments": '{"city":"Oslo"}'}


def streamed(answer):
    """Only what a reader needs: items as they are done, and the end."""
    events = [{"type": "response.created", "response": {**answer, "status": "in_progress", "output": [], "usage": None}}]
    events += [{"type": "response.output_item.done", "output_index": i, "item": item} for i, item in enumerate(answer["output"])]
    return [*events, {"type": "response.completed", "response": answer}]


@pytest.fixture
def provider():
    made = Playback("/v1")
    yield made
    made.close()


@pytest.fixture
def gateway(nginx, provider, mock):
    models = "".join(f"ai_model {name}/* {{ target {to} *; }}" for name, to in (("gpt", "o"), ("claude", "a"), ("own", "r")))
    return nginx(main="env MOCK_KEY;", env={"MOCK_KEY": "sk-mock"}, server=LOCATION, http=f"""
        ai_provider r {{ format openai-responses; url {provider.url}; key env:MOCK_KEY; }}
        {openai_provider("o", mock)} {anthropic_provider("a", mock)} {models}""", log_variables=("ai_total_tokens", "ai_provider", "ai_dropped"))


def openai_client(gateway):
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="none", max_retries=0)


def ask(gateway, model, **options):
    options.setdefault("input", "Hi")
    return openai_client(gateway).responses.create(model=model, **options)


@both_kinds
def test_client(gateway, mock, kind):
    answer = ask(gateway, f"{kind}/ok,cached=5", instructions="Be short.", max_output_tokens=50)
    assert answer.output_text == HELLO and answer.status == "completed" and answer.id.startswith("resp_")
    usage = answer.usage
    assert (usage.input_tokens, usage.input_tokens_details.cached_tokens, usage.output_tokens, usage.total_tokens) == (21, 5, 7, 28)
    assert "Be short." in mock.last.body.decode() and gateway.access(1)[0]["ai_total_tokens"] == "28"


@both_kinds
def test_client_streams(gateway, kind):
    events = list(ask(gateway, f"{kind}/ok,n=20", stream=True))
    assert [e.sequence_number for e in events] == list(range(len(events)))
    assert [e.type for e in events[:4]] == ["response.created", "response.in_progress", "response.output_item.added",
                                            "response.content_part.added"]
    assert events[-1].type == "response.completed" and events[-1].response.usage.total_tokens > 0
    text = "".join(e.delta for e in events if e.type == "response.output_text.delta")
    assert text and text == events[-1].response.output_text
    raw = post(gateway.port, "/v1/responses", {"model": f"{kind}/ok", "input": "Hi", "stream": True}).body.decode()
    assert "[DONE]" not in raw and raw.count("event: response.completed") == 1


@both_kinds
@pytest.mark.parametrize("stream", [False, True])
def test_client_tools(gateway, mock, kind, stream):
    """Two calls and their results, in the client's own words for them."""
    client, history = openai_client(gateway), [{"role": "user", "content": "Oslo?"}]
    if stream:
        with client.responses.stream(model=f"{kind}/ok,tools=2", input=history, tools=TOOLS) as events:
            answer = events.get_final_response()
    else:
        answer = client.responses.create(model=f"{kind}/ok,tools=2", input=history, tools=TOOLS)
    calls = [item for item in answer.output if item.type == "function_call"]
    assert [call.name for call in calls] == ["weather", "time_of_day"] and all("city" in json.loads(call.arguments) for call in calls)
    history += [item.model_dump(exclude_none=True) for item in answer.output]
    history += [{"type": "function_call_output", "call_id": call.call_id, "output": f"result of {call.name}"} for call in calls]
    assert client.responses.create(model=f"{kind}/ok", input=history, tools=TOOLS).output_text == HELLO
    sent = mock.last.json
    assert vendor_rules.fault("openai" if kind == "gpt" else "anthropic", sent) == ""
    assert all(f"result of {call.name}" in json.dumps(sent) and call.call_id in json.dumps(sent) for call in calls)


@both_kinds
def test_client_structured_output(gateway, mock, kind):
    class City(pydantic.BaseModel):
        name: str

    answer = openai_client(gateway).responses.parse(model=f"{kind}/ok", input="Hi", text_format=City)
    assert isinstance(answer.output_parsed, City)
    assert vendor_rules.fault("openai" if kind == "gpt" else "anthropic", mock.last.json) == ""


@both_kinds
@pytest.mark.parametrize("ends", ["length", "content_filter"])
def test_client_incomplete(gateway, kind, ends):
    answer = ask(gateway, f"{kind}/ok,stop={ends}")
    assert answer.status == "incomplete"
    assert answer.incomplete_details.reason == {"length": "max_output_tokens"}.get(ends, ends)
    assert list(ask(gateway, f"{kind}/ok,stop={ends}", stream=True))[-1].type == "response.incomplete"


@pytest.mark.parametrize("stream", [False, True])
def test_thinking_goes_back_to_anthropic(gateway, mock, stream):
    options = {"reasoning": {"effort": "low", "summary": "auto"}, "max_output_tokens": 4000, "include": ["reasoning.encrypted_content"]}
    answer = ask(gateway, "claude/ok,think=Let me see.", stream=stream, **options)
    answer = list(answer)[-1].response if stream else answer
    thought = answer.output[0]
    assert (thought.type, thought.summary[0].text, thought.encrypted_content) == ("reasoning", "Let me see.", "anthropic:" + SIGNATURE)
    history = [{"role": "user", "content": "Hi"}, *(item.model_dump(exclude_none=True) for item in answer.output), {"role": "user", "content": "On."}]
    ask(gateway, "claude/ok", input=history, **options)
    assert mock.last.json["messages"][1]["content"][0] == {"type": "thinking", "thinking": "Let me see.", "signature": SIGNATURE}
    ask(gateway, "gpt/ok", input=history)
    assert SIGNATURE not in mock.last.body.decode() and gateway.access(3)[2]["ai_dropped"] == "input[1]"


def test_errors(gateway):
    client = openai_client(gateway)
    with pytest.raises(openai.NotFoundError) as unknown:
        client.responses.create(model="nobody", input="Hi")
    assert unknown.value.code == "model_not_found"
    for options, param in (({"previous_response_id": "resp_0"}, "previous_response_id"), ({"background": True}, "background"),
                           ({"tools": [{"type": "web_search"}]}, "tools[0]")):
        with pytest.raises(openai.BadRequestError) as refused:
            client.responses.create(model="gpt/ok", input="Hi", **options)
        assert refused.value.param == param
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve("resp_1")
    with pytest.raises(openai.NotFoundError):
        client.responses.delete("resp_1")
    assert request("GET", gateway.port, "/v1/responses").status == 405
    with pytest.raises(openai.APIError):
        list(client.responses.create(model="gpt/error,at=3", input="Hi", stream=True))


def test_images(gateway, mock):
    ask(gateway, "claude/ok", input=[{"role": "user", "content": [{"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "auto"},
                                                                 {"type": "input_text", "text": "What is it?"}]}])
    assert mock.last.json["messages"][0]["content"][0]["source"] == {"type": "base64", "media_type": "image/png", "data": PNG}


@pytest.mark.parametrize("stream", [False, True])
def test_client_passes(gateway, provider, stream):
    answer = response(THOUGHT, message("Hey."))
    provider.plan(streamed(answer) if stream else answer)
    got = ask(gateway, "own/gpt-r", store=True, metadata={"a": "b"}, stream=stream, prompt_cache_key="k")
    got = list(got)[-1].response if stream else got
    assert got.output_text == "Hey." and got.output[0].encrypted_content == ENCRYPTED
    path, headers, body = provider.requests[0]
    assert path == "/v1/responses" and headers["authorization"] == "Bearer sk-mock"
    assert {k: body[k] for k in ("store", "metadata", "prompt_cache_key")} == {"store": True, "metadata": {"a": "b"}, "prompt_cache_key": "k"}
    assert gateway.access(1)[0]["ai_total_tokens"] == "20"


@pytest.mark.parametrize("stream", [False, True])
def test_chat_clients_reach_it(gateway, provider, stream):
    first = response(THOUGHT, CALL)
    provider.plan(streamed(first) if stream else first, response(message("Rain.")))
    client, tools = openai_client(gateway), [{"type": "function", "function": {"name": "weather", "parameters": TOOLS[0]["parameters"]}}]
    history = [{"role": "user", "content": "Oslo?"}]
    if stream:
        with client.chat.completions.stream(model="own/gpt-r", messages=history, tools=tools, reasoning_effort="low") as events:
            said = events.get_final_completion().choices[0].message
    else:
        said = client.chat.completions.create(model="own/gpt-r", messages=history, tools=tools, reasoning_effort="low").choices[0].message
    assert said.tool_calls[0].function.name == "weather" and json.loads(said.tool_calls[0].function.arguments) == {"city": "Oslo"}
    again = {k: v for k, v in said.model_dump(exclude_none=True).items() if k in ("role", "content", "tool_calls", "thinking_blocks")}
    for call in again["tool_calls"]:
        call.pop("index", None)
        call["function"].pop("parsed_arguments", None)
    history += [again, {"role": "tool", "tool_call_id": "call_1", "content": "rain"}]
    assert client.chat.completions.create(model="own/gpt-r", messages=history, tools=tools).choices[0].message.content == "Rain."
    body = provider.requests[0][2]
    assert body["store"] is False and body["include"] == ["reasoning.encrypted_content"] and body["tools"][0]["strict"] is False
    assert provider.requests[1][2]["input"][1:] == [
        {"type": "reasoning", "summary": THOUGHT["summary"], "encrypted_content": ENCRYPTED},
        {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city":"Oslo"}'},
        {"type": "function_call_output", "call_id": "call_1", "output": "rain"}]


@pytest.mark.parametrize("stream", [False, True])
def test_anthropic_clients_reach_it(gateway, provider, stream):
    answer = response(THOUGHT, message("Hey."), CALL)
    provider.plan(streamed(answer) if stream else answer)
    client = anthropic.Anthropic(base_url=gateway.url, api_key="none", max_retries=0)
    asked = {"model": "own/gpt-r", "max_tokens": 99, "system": "Be short.", "messages": [{"role": "user", "content": "Oslo?"}]}
    if stream:
        with client.messages.stream(**asked) as events:
            got = events.get_final_message()
    else:
        got = client.messages.create(**asked)
    thought, text, use = got.content
    assert (thought.thinking, thought.signature) == ("Hm.", "openai:" + ENCRYPTED)
    assert (text.text, use.name, use.input, got.stop_reason) == ("Hey.", "weather", {"city": "Oslo"}, "tool_use")
    assert provider.requests[0][2]["input"][0] == {"type": "message", "role": "system", "content": "Be short."}


def test_failures_of_the_provider(gateway, provider):
    provider.plan(503, [{"type": "response.created", "response": {"id": "resp_1", "model": "m"}},
                        {"type": "error", "error": {"code": "insufficient_quota", "type": "insufficient_quota", "message": "No money."}}])
    with pytest.raises(openai.InternalServerError):
        ask(gateway, "own/gpt-r")
    with pytest.raises(openai.APIError):
        list(ask(gateway, "own/gpt-r", stream=True))


@both_kinds
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_repeats_the_request(gateway, kind, stream):
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="none", max_retries=0)
    got = client.responses.create(model=f"{kind}/ok", input="Hi", instructions="Be brief.", temperature=0.5, max_output_tokens=64,
                                  tools=TOOLS, tool_choice="auto", metadata={"a": "b"}, stream=stream)
    answers = [event.response for event in got if hasattr(event, "response")] if stream else [got]
    for answer in answers:
        assert (answer.instructions, answer.temperature, answer.max_output_tokens) == ("Be brief.", 0.5, 64)
        assert [tool.name for tool in answer.tools] == ["weather", "time_of_day"] and answer.metadata == {"a": "b"}
    assert len(answers) == (3 if stream else 1)
