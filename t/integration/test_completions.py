"""Legacy completions by OpenAI's SDK: in front of providers of chats, and passed to those who take them."""
import json

import openai
import pytest

from lib.client import post
from lib.gateway import anthropic as anthropic_provider
from lib.gateway import openai as openai_provider
from lib.json_provider import JsonProvider
from lib.sdk import HELLO

HEAD = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "local"}
USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}


def choice(text, finish=None, index=0, **more):
    return {"text": text, "index": index, "logprobs": None, "finish_reason": finish, **more}


def local_answer(request):
    body = request.json
    prompts = body["prompt"] if isinstance(body["prompt"], list) else [body["prompt"]]
    if not body.get("stream"):
        return {**HEAD, "choices": [choice(prompt + "!", "stop", i) for i, prompt in enumerate(prompts)], "usage": USAGE}
    chunks = [{**HEAD, "choices": [choice(piece, finish)]} for piece, finish in ((" a", None), (" b", None), ("", "length"))]
    if body.get("stream_options", {}).get("include_usage"):
        chunks.append({**HEAD, "choices": [], "usage": USAGE})
    return 200, "text/event-stream", b"".join(b"data: %s\n\n" % json.dumps(c).encode() for c in chunks) + b"data: [DONE]\n\n"


@pytest.fixture
def local():
    made = JsonProvider({"/v1/completions": local_answer})
    yield made
    made.close()


@pytest.fixture
def gateway(nginx, mock, local):
    return nginx(main="env MOCK_KEY;", env={"MOCK_KEY": "sk-mock"}, server='location / { ai_gateway; ai_auth off; ai_prompt prepend system "Be brief."; }'
                        "location /plain/ { ai_gateway; ai_auth off; }", http=f"""
        {openai_provider("o", mock)} {anthropic_provider("a", mock)}
        ai_provider l {{ format vllm; url {local.url}; }}
        ai_model gpt {{ target o ok; }} ai_model claude {{ target a ok; }} ai_model local {{ target l local; }}
        """, log_variables=("ai_total_tokens", "ai_provider", "ai_usage_source"))


def client(gateway):
    return openai.OpenAI(base_url=f"{gateway.url}/plain/v1", api_key="none", max_retries=0)


@pytest.mark.parametrize("model", ["gpt", "claude"])
def test_a_chat_answers(gateway, mock, model):
    answer = client(gateway).completions.create(model=model, prompt="Say hello", max_tokens=20, temperature=0.5)
    assert (answer.object, answer.choices[0].text, answer.choices[0].finish_reason) == ("text_completion", HELLO, "stop")
    assert answer.usage.total_tokens == 28
    assert mock.last.json["messages"] == [{"role": "user", "content": "Say hello"}]


@pytest.mark.parametrize("model", ["gpt", "claude"])
def test_a_chat_streams(gateway, model):
    chunks = list(client(gateway).completions.create(model=model, prompt=["Say hello"], max_tokens=20, stream=True,
                                                     stream_options={"include_usage": True}))
    assert "".join(c.choices[0].text for c in chunks if c.choices) == HELLO and len(chunks) > 3
    assert chunks[-2].choices[0].finish_reason == "stop" and chunks[-1].usage.total_tokens == 28
    assert {c.object for c in chunks} == {"text_completion"}


def test_they_pass(gateway, local):
    answer = client(gateway).completions.create(model="local", prompt=["a", "b"], echo=True, suffix="x", best_of=2, logprobs=1)
    assert [c.text for c in answer.choices] == ["a!", "b!"]
    assert local.last.json == {"model": "local", "prompt": ["a", "b"], "echo": True, "suffix": "x", "best_of": 2, "logprobs": 1}
    chunks = list(client(gateway).completions.create(model="local", prompt="a", stream=True))
    assert "".join(c.choices[0].text for c in chunks) == " a b" and all(c.usage is None for c in chunks)
    assert [(e["ai_total_tokens"], e["ai_usage_source"]) for e in gateway.access(2)] == [("7", "provider")] * 2


def test_an_operators_text_stands_before_each(gateway, local, mock):
    post(gateway.port, "/v1/completions", {"model": "local", "prompt": ["a", "b"]})
    assert local.last.json["prompt"] == ["Be brief.\n\na", "Be brief.\n\nb"]
    post(gateway.port, "/v1/completions", {"model": "gpt", "prompt": "a"})
    assert mock.last.json["messages"] == [{"role": "user", "content": "Be brief.\n\na"}]


@pytest.mark.parametrize("more, param", [({"prompt": ["a", "b"]}, "prompt[1]"), ({"prompt": [1, 2]}, "prompt[0]"), ({"echo": True}, "echo"),
                                         ({"suffix": "x"}, "suffix"), ({"best_of": 2}, "best_of"), ({"logprobs": 0}, "logprobs")])
def test_what_a_chat_has_no_place_for(gateway, mock, more, param):
    with pytest.raises(openai.BadRequestError) as refused:
        client(gateway).completions.create(**{"model": "gpt", "prompt": "a", **more})
    assert refused.value.param == param and not mock.requests


def test_errors(gateway, mock):
    assert post(gateway.port, "/v1/completions", {"model": "gpt"}).json()["error"]["param"] == "prompt"
    mock.plan("503")
    with pytest.raises(openai.InternalServerError):
        client(gateway).completions.create(model="gpt", prompt="a")
