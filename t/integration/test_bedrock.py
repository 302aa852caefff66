"""Bedrock behind the gateway: signed as AWS checks it, spoken to as AWS describes it, its frames read; and Claude at others."""
import json

import anthropic
import openai
import pytest

from lib.bedrock import BedrockMock
from lib.client import post
from lib.gateway import LOCATION, PATHS, error_of, text_of
from lib.gateway import openai as openai_provider

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
ARN = "arn:aws:bedrock:us-east-1:111111111111:inference-profile/us.anthropic.claude-3-7-sonnet-20250219-v1:0"
HELLO = "Hello from the mock provider."
SECRETS = {"MOCK_ACCESS": "AKIDEXAMPLE", "MOCK_SECRET": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "MOCK_TOKEN": "a//session+token=="}
SIGNING = "access_key env:MOCK_ACCESS; secret_key env:MOCK_SECRET;"
TOOL = {"name": "weather", "description": "tells the weather", "schema": {"type": "object", "properties": {"city": {"type": "string"}}}}


@pytest.fixture
def bedrock(mocks):
    made = []

    def make(**options):
        made.append(BedrockMock(**options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def start(nginx, providers, target=f"target b {CLAUDE};", secrets=SECRETS):
    main = "".join(f"env {name};" for name in SECRETS) + "env MOCK_KEY;"
    return nginx(main=main, env={**secrets, "MOCK_KEY": "sk-mock"}, http=f"{providers} ai_model m {{ {target} }}", server=LOCATION,
                 log_variables=("ai_provider", "ai_attempts", "ai_error", "ai_prompt_tokens", "ai_completion_tokens", "ai_cached_tokens"))


def provider(mock, extra=SIGNING, format="bedrock", region="region us-east-1;"):
    return f"ai_provider b {{ format {format}; url {mock.url}; {region} {extra} }}"


def chat(ngx, stream=False, dialect="openai", **members):
    body = {"model": "m", "max_tokens": 64, "messages": [{"role": "user", "content": "hi"}], "stream": stream, **members}
    return post(ngx.port, PATHS[dialect], body, timeout=20)


@pytest.mark.parametrize("format", ["bedrock", "bedrock-anthropic"])
@pytest.mark.parametrize("callers", ["openai", "anthropic"])
@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
def test_signed_and_answered(nginx, bedrock, callers, stream, format):
    mock = bedrock()
    mock.plan("ok,slice=7")
    ngx = start(nginx, provider(mock, format=format))
    answer = chat(ngx, stream, callers)
    assert (answer.status, answer.whole) == (200, True)
    assert text_of(answer, callers, stream) == HELLO
    action = {"bedrock": ["converse", "converse-stream"], "bedrock-anthropic": ["invoke", "invoke-with-response-stream"]}[format][stream]
    assert mock.last.path == f"/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/{action}"
    assert "x-amz-security-token" not in mock.last.headers
    if format == "bedrock-anthropic":
        assert mock.last.json["anthropic_version"] == "bedrock-2023-05-31" and "model" not in mock.last.json
    entry = ngx.access(1)[0]
    assert (entry["ai_prompt_tokens"], entry["ai_completion_tokens"], entry["ai_cached_tokens"]) == ("21", "7", "5")


def test_a_session_an_arn_and_headers_of_aws(nginx, bedrock):
    mock = bedrock(token=SECRETS["MOCK_TOKEN"])
    extra = SIGNING + 'session_token env:MOCK_TOKEN; header X-Amzn-Bedrock-Trace "  ENABLED   twice "; header x-other 1;'
    ngx = start(nginx, provider(mock, extra), target=f"target b {ARN};")
    assert chat(ngx).status == 200
    assert mock.last.path == "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A111111111111%3Ainference-profile%2F" \
                             "us.anthropic.claude-3-7-sonnet-20250219-v1%3A0/converse"
    assert "x-amzn-bedrock-trace" in mock.last.headers["authorization"] and "x-other" not in mock.last.headers["authorization"]


@pytest.mark.parametrize("wrong", ["secret", "region", "token"])
def test_a_wrong_signature_is_the_operators_affair(nginx, bedrock, wrong):
    mock = bedrock(token=SECRETS["MOCK_TOKEN"] if wrong == "token" else None)
    secrets = {**SECRETS, "MOCK_SECRET": "other"} if wrong == "secret" else SECRETS
    region = "region eu-west-1;" if wrong == "region" else "region us-east-1;"
    ngx = start(nginx, provider(mock, region=region), secrets=secrets)
    answer = chat(ngx)
    assert answer.status in (500, 502, 503) and len(mock.requests) == 1
    said = json.dumps(error_of(answer)) + ngx.error_log()
    assert "signature" not in json.dumps(error_of(answer))
    assert not any(secret in said for secret in secrets.values())


def test_a_key_of_bedrocks_own(nginx, bedrock):
    mock = bedrock(bearer="sk-mock")
    ngx = start(nginx, provider(mock, "key env:MOCK_KEY;", region=""))
    assert text_of(chat(ngx)) == HELLO
    assert "x-amz-date" not in mock.last.headers


def test_each_attempt_is_signed(nginx, bedrock):
    mock = bedrock()
    mock.plan("503", "ok")
    ngx = start(nginx, provider(mock), target=f"target b {CLAUDE} retries=1;")
    assert text_of(chat(ngx)) == HELLO
    assert [len(mock.requests), ngx.access(1)[0]["ai_attempts"]] == [2, "2"]


@pytest.mark.parametrize("callers", ["openai", "anthropic"])
@pytest.mark.parametrize("how", ["error,at=4", "close,at=4", "ok,wrap=crc"])
def test_a_stream_that_breaks(nginx, bedrock, mocks, how, callers):
    mock, other = bedrock(), mocks()
    mock.plan(how)
    ngx = start(nginx, provider(mock) + openai_provider("o", other), target=f"target b {CLAUDE}; target o ok;")
    answer = chat(ngx, True, callers)
    assert (answer.status, answer.whole) == (200, True)
    assert b"Hello" in answer.body and b"[DONE]" not in answer.body and b"message_stop" not in answer.body
    wanted = ["rate_limit_error"] if how.startswith("error") else ["api_error"]
    assert error_of(answer, callers, stream=True)["type"] in wanted
    assert other.requests == []


@pytest.mark.parametrize("how", ["error,at=1", "close,at=0", "503", "429"])
def test_a_failure_before_the_first_content_moves_on(nginx, bedrock, mocks, how):
    mock, other = bedrock(), mocks()
    mock.plan(how)
    ngx = start(nginx, provider(mock) + openai_provider("o", other), target=f"target b {CLAUDE}; target o ok;")
    answer = chat(ngx, True)
    assert text_of(answer, stream=True) == HELLO and answer.headers["x-aigw-provider"] == "o"


def test_what_bedrock_cannot_carry_is_a_400(nginx, bedrock):
    mock = bedrock()
    ngx = start(nginx, provider(mock))
    image = {"type": "image_url", "image_url": {"url": "https://e.example/a.png"}}
    answer = chat(ngx, messages=[{"role": "user", "content": [image]}])
    assert (answer.status, error_of(answer)["param"]) == (400, "messages[0].content[0]")
    assert mock.requests == []


def test_whole_conversations_are_what_aws_describes(nginx, bedrock):
    """The mock holds every body against AWS's own model of the service: an unknown or misplaced member is a 400."""
    mock = bedrock()
    ngx = start(nginx, provider(mock))
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}
    pdf = {"type": "file", "file": {"filename": "q3.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}}
    png = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    answer = chat(ngx, messages=[
        {"role": "system", "content": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]},
        {"role": "user", "content": [{"type": "text", "text": "look"}, png, pdf]},
        {"role": "assistant", "content": None, "tool_calls": [call],
         "thinking_blocks": [{"type": "thinking", "thinking": "hm", "signature": "c2ln"}]},
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
    ], tools=[{"type": "function", "function": {"name": "weather", "parameters": TOOL["schema"], "strict": True}}],
        parallel_tool_calls=False, temperature=0.5, top_k=5, stop=["END"], user="u-1", service_tier="flex",
        response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": TOOL["schema"]}})
    assert answer.status == 200, answer.body


def test_openai_sdk(nginx, bedrock):
    mock = bedrock()
    ngx = start(nginx, provider(mock))
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{ngx.port}/v1", api_key="x", max_retries=0)
    tools = [{"type": "function", "function": {"name": "weather", "parameters": TOOL["schema"]}}]
    ask = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "tools": tools}
    mock.plan("ok,tools=2,think=hm")
    answer = client.chat.completions.create(**ask)
    assert [c.function.arguments for c in answer.choices[0].message.tool_calls] == ['{"city":"Oslo"}'] * 2
    assert answer.choices[0].finish_reason == "tool_calls" and answer.choices[0].message.content == HELLO
    usage = answer.usage
    assert (usage.prompt_tokens, usage.prompt_tokens_details.cached_tokens, usage.completion_tokens) == (21, 5, 7)
    chunks = list(client.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True}))
    said = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    calls = [call for c in chunks if c.choices for call in c.choices[0].delta.tool_calls or []]
    assert said == HELLO and {call.index for call in calls} == {0, 1}
    assert "".join(call.function.arguments or "" for call in calls if call.index == 1) == '{"city": "Oslo"}'
    assert chunks[-1].usage.total_tokens == 28


def test_anthropic_sdk(nginx, bedrock):
    """A tool loop with thinking: the signature comes back to Bedrock as it was."""
    mock = bedrock()
    ngx = start(nginx, provider(mock))
    client = anthropic.Anthropic(base_url=f"http://127.0.0.1:{ngx.port}", api_key="x", max_retries=0)
    tools = [{"name": "weather", "description": TOOL["description"], "input_schema": TOOL["schema"]}]
    ask = {"model": "m", "max_tokens": 3000, "tools": tools, "thinking": {"type": "enabled", "budget_tokens": 1024}}
    messages = [{"role": "user", "content": "hi"}]
    mock.plan("ok,tools=1,think=hm")
    with client.messages.stream(**ask, messages=messages) as stream:
        first = stream.get_final_message()
    assert [block.type for block in first.content] == ["thinking", "text", "tool_use"] and first.stop_reason == "tool_use"
    assert first.content[2].input == {"city": "Oslo"}
    usage = first.usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens, usage.output_tokens) == (13, 5, 3, 7)
    messages += [{"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in first.content]},
                 {"role": "user", "content": [{"type": "tool_result", "tool_use_id": first.content[2].id, "content": "rain"}]}]
    mock.plan("ok")
    assert client.messages.create(**ask, messages=messages).content[0].text == HELLO
    sent = mock.last.json["messages"]
    assert sent[1]["content"][0] == {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2lnbmVk"}}}
    assert sent[2]["content"] == [{"toolResult": {"toolUseId": "tooluse_0", "content": [{"text": "rain"}]}}]


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
def test_claude_on_vertex(nginx, bedrock, stream):
    mock = bedrock(bearer="sk-mock")
    base = "/v1/projects/p/locations/l/publishers/anthropic/models"
    conf = f"ai_provider b {{ format vertex-anthropic; url {mock.url}{base}; key env:MOCK_KEY; }}"
    ngx = start(nginx, conf, target="target b claude-sonnet-4-5@20250929;")
    assert text_of(chat(ngx, stream), stream=stream) == HELLO
    assert mock.last.path == f"{base}/claude-sonnet-4-5%4020250929:{'streamRawPredict' if stream else 'rawPredict'}"
    assert mock.last.json["anthropic_version"] == "vertex-2023-10-16" and "model" not in mock.last.json
