"""Google's generateContent, behind OpenAI's and Anthropic's clients, and spoken by Google's own in front of every provider."""
import anthropic
import openai
import pytest
from google import genai
from google.genai import errors, types

from lib.client import post, request
from lib.gateway import anthropic as anthropic_provider
from lib.gateway import openai as openai_provider
from lib.google import Google, call, said
from lib.sdk import HELLO

KEY = "sk-mock"
SIGNATURE = "CuACAXLI2nz+/w=="
LOCATION = "location / { ai_gateway; ai_auth off; }"
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}


@pytest.fixture
def google():
    made = Google()
    yield made
    made.close()


@pytest.fixture
def gateway(nginx, google, mock):
    models = "".join(f"ai_model {name} {{ target {to}; }}" for name, to in (
        ("gem", "g gemini-3-flash"), ("gemini-old", "g gemini-2.5-flash"), ("gpt", "o ok"), ("claude", "a ok"), ("either", "g gemini-3-flash; target o ok")))
    return nginx(main="env MOCK_KEY;", env={"MOCK_KEY": KEY}, server=LOCATION, http=f"""
        ai_provider g {{ format gemini; url {google.url}; key env:MOCK_KEY; }}
        {openai_provider("o", mock)} {anthropic_provider("a", mock)} {models}""", log_variables=("ai_total_tokens", "ai_provider"))


def openai_client(gateway):
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="none", max_retries=0)


def google_client(gateway):
    return genai.Client(api_key="none", http_options=types.HttpOptions(base_url=gateway.url, api_version="v1beta"))


@pytest.mark.parametrize("stream", [False, True])
def test_openai_client(gateway, google, stream):
    answer = said({"text": "Mm.", "thought": True}, {"text": "Hel"}), said({"text": "lo"}, finish="STOP")
    google.plan(list(answer) if stream else said({"text": "Mm.", "thought": True}, {"text": "Hello"}, finish="STOP"))
    options = {"stream_options": {"include_usage": True}} if stream else {}
    got = openai_client(gateway).chat.completions.create(model="gem", messages=[{"role": "user", "content": "Hi"}], stream=stream,
                                                         temperature=0.5, max_completion_tokens=77, **options)
    if stream:
        chunks = list(got)
        text, usage = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices), chunks[-1].usage
    else:
        text, usage = got.choices[0].message.content, got.usage
    assert text == "Hello"
    assert (usage.prompt_tokens, usage.completion_tokens, usage.completion_tokens_details.reasoning_tokens) == (9, 11, 7)
    path, headers, body = google.requests[0]
    assert path == "/v1beta/models/gemini-3-flash:" + ("streamGenerateContent?alt=sse" if stream else "generateContent")
    assert headers["x-goog-api-key"] == KEY and "authorization" not in headers
    assert body == {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
                    "generationConfig": {"maxOutputTokens": 77, "temperature": 0.5}}


def test_openai_clients_bring_signatures_back(gateway, google):
    client, messages = openai_client(gateway), [{"role": "user", "content": "Oslo?"}]
    google.plan(said(call("weather", SIGNATURE, city="Oslo"), call("weather", city="Rome"), finish="STOP"),
                said({"text": "Rain."}, finish="STOP"))
    answer = client.chat.completions.create(model="gem", messages=messages, tools=[TOOL])
    assert answer.choices[0].finish_reason == "tool_calls"
    messages.append(answer.choices[0].message.model_dump(exclude_none=True))
    messages += [{"role": "tool", "tool_call_id": one.id, "content": "rain"} for one in reversed(answer.choices[0].message.tool_calls)]
    assert client.chat.completions.create(model="gem", messages=messages, tools=[TOOL]).choices[0].message.content == "Rain."
    model, results = google.requests[1][2]["contents"][1:]
    assert model == {"role": "model", "parts": [call("weather", SIGNATURE, city="Oslo"), call("weather", city="Rome")]}
    assert results["parts"] == [{"functionResponse": {"name": "weather", "response": {"output": "rain"}}}] * 2


@pytest.mark.parametrize("stream", [False, True])
def test_anthropic_clients_bring_signatures_back(gateway, google, stream):
    client = anthropic.Anthropic(base_url=gateway.url, api_key="none", max_retries=0)
    tool = {"name": "weather", "input_schema": TOOL["function"]["parameters"]}
    messages = [{"role": "user", "content": "Oslo?"}]
    first = said({"text": "Let me see."}, call("weather", SIGNATURE, city="Oslo"), finish="STOP")
    google.plan([first] if stream else first, said({"text": "Rain."}, finish="STOP"))
    ask = {"model": "gem", "max_tokens": 99, "tools": [tool]}
    if stream:
        with client.messages.stream(messages=messages, **ask) as events:
            answer = events.get_final_message()
    else:
        answer = client.messages.create(messages=messages, **ask)
    assert answer.stop_reason == "tool_use" and answer.usage.output_tokens == 11
    messages.append({"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in answer.content]})
    messages.append({"role": "user", "content": [{"type": "tool_result", "tool_use_id": answer.content[-1].id, "content": "rain"}]})
    assert client.messages.create(messages=messages, **ask).content[0].text == "Rain."
    assert google.requests[1][2]["contents"][1]["parts"] == [{"text": "Let me see."}, call("weather", SIGNATURE, city="Oslo")]


def test_a_call_of_another_model_goes_on(gateway, google):
    google.plan(said({"text": "Rain."}, finish="STOP"))
    messages = [{"role": "user", "content": "Oslo?"},
                {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "call_1", "content": "rain"}]
    openai_client(gateway).chat.completions.create(model="gem", messages=messages, tools=[TOOL])
    assert google.requests[0][2]["contents"][1]["parts"] == [call("weather", "skip_thought_signature_validator")]


def test_failing_over_to_another_dialect(gateway, google, mock):
    google.plan(503)
    answer = openai_client(gateway).chat.completions.create(model="either", messages=[{"role": "user", "content": "Hi"}])
    assert answer.choices[0].message.content == HELLO and len(google.requests) == len(mock.requests) == 1


@pytest.mark.parametrize("model", ["gpt", "claude"])
def test_google_client(gateway, mock, model):
    config = types.GenerateContentConfig(system_instruction="Be short.", max_output_tokens=50, temperature=0.5)
    client = google_client(gateway)
    answer = client.models.generate_content(model=model, contents="Hi", config=config)
    assert answer.text == HELLO and answer.candidates[0].finish_reason == types.FinishReason.STOP
    assert (answer.usage_metadata.prompt_token_count, answer.usage_metadata.candidates_token_count) == (21, 7)
    events = list(client.models.generate_content_stream(model=model, contents="Hi", config=config))
    assert "".join(event.text or "" for event in events) == HELLO and len(events) > 2
    assert events[-1].usage_metadata.total_token_count == 28
    assert "Be short." in mock.last.body.decode() and mock.last.stream


def test_google_client_passes(gateway, google):
    google.plan(said({"text": "Hi", "thoughtSignature": SIGNATURE}, finish="STOP"), [said({"text": "He"}), said({"text": "y"}, finish="STOP")])
    client = google_client(gateway)
    answer = client.models.generate_content(model="gemini-old", contents="Hi", config=types.GenerateContentConfig(
        safety_settings=[types.SafetySetting(category="HARM_CATEGORY_HATE_SPEECH", threshold="BLOCK_NONE")]))
    assert answer.text == "Hi" and answer.candidates[0].content.parts[0].thought_signature
    assert "".join(e.text for e in client.models.generate_content_stream(model="models/gemini-old", contents="Hi")) == "Hey"
    assert [path for path, _, _ in google.requests] == ["/v1beta/models/gemini-2.5-flash:generateContent",
                                                        "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"]
    assert google.requests[0][2]["safetySettings"][0]["threshold"] == "BLOCK_NONE"
    assert [entry["ai_total_tokens"] for entry in gateway.access(2)] == ["20", "20"]


def test_google_client_tools(gateway, mock):
    def weather(city: str) -> str:
        """Tells the weather."""
        return f"rain in {city}"

    config = types.GenerateContentConfig(tools=[weather], automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True))
    client = google_client(gateway)
    answer = client.models.generate_content(model="gpt", contents="Oslo?", config=config)
    assert answer.text
    tool = mock.last.json["tools"][0]["function"]
    assert tool["name"] == "weather" and tool["parameters"]["properties"]["city"]["type"] == "string"


def test_google_errors_and_lists(gateway):
    client = google_client(gateway)
    with pytest.raises(errors.ClientError) as failed:
        client.models.generate_content(model="nobody", contents="Hi")
    assert (failed.value.code, failed.value.status) == (404, "NOT_FOUND")
    with pytest.raises(errors.ClientError) as refused:
        client.models.generate_content(model="gpt", contents="Hi", config=types.GenerateContentConfig(top_k=4))
    assert refused.value.status == "INVALID_ARGUMENT" and "generationConfig.topK" in refused.value.message
    assert "models/gpt" in {model.name for model in client.models.list()}
    assert client.models.get(model="gpt").name == "models/gpt"
    assert request("GET", gateway.port, "/v1beta/models/gpt:generateContent").status == 405
    assert post(gateway.port, "/v1beta/models/gpt:generateContent", {"contents": "Hi"}).json()["error"]["status"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize("model", ["gemini-old", "gpt"])
def test_streams_without_events_are_an_array(gateway, google, model):
    google.plan([said({"text": "He"}), said({"text": "y"}, finish="STOP")])
    answer = post(gateway.port, f"/v1beta/models/{model}:streamGenerateContent?key=none", {"contents": [{"parts": [{"text": "Hi"}]}]})
    assert answer.headers["content-type"] == "application/json"
    pieces = [part["text"] for event in answer.json() for part in event["candidates"][0]["content"].get("parts", [])]
    assert "".join(pieces) == ("Hey" if model == "gemini-old" else HELLO) and len(answer.json()) >= 2


def test_counting_tokens(gateway, google, mock):
    google.plan({"totalTokens": 31, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 31}]})
    client = google_client(gateway)
    assert client.models.count_tokens(model="gemini-old", contents="Hi").total_tokens == 31
    assert google.requests[0][0] == "/v1beta/models/gemini-2.5-flash:countTokens"
    assert client.models.count_tokens(model="claude", contents="Hello there, how are you?").total_tokens > 5
    assert not mock.requests
