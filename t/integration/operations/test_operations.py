"""Calls that are no chat, by the vendors' SDKs: embeddings, moderations, images, speech, rerank, count_tokens. The same keys,
limits and log as a chat's."""
import anthropic
import httpx
import openai
import pytest

from lib.json_provider import JsonProvider
from lib.keys import KeyFile

VECTOR = [0.25, -1.5, 3.0]
SOUND = bytes(range(256)) * 300

ANSWERS = {
    "/v1/embeddings": lambda request: {
        "object": "list", "model": request.json["model"], "usage": {"prompt_tokens": 7, "total_tokens": 7},
        "data": [{"object": "embedding", "index": 0, "embedding": VECTOR}]},
    "/v1/moderations": lambda request: {"id": "modr-1", "model": "omni", "results": [{"flagged": True, "categories": {}, "category_scores": {}}]},
    "/v1/images/generations": lambda request: {"created": 1, "data": [{"b64_json": "AA=="}] * request.json.get("n", 1)},
    "/v1/audio/speech": lambda request: (200, "audio/mpeg", SOUND),
    "/v1/rerank": lambda request: {"model": request.json["model"], "results": [{"index": 1, "relevance_score": 0.9}], "usage": {"total_tokens": 31}},
    "/v1/messages/count_tokens": lambda request: {"input_tokens": 42},
    "/broken/embeddings": lambda request: {"hello": 1},
    "/failing/embeddings": lambda request: (503, {"error": {"message": "down"}}),
}

HTTP = """
    ai_keys %KEYS%;
    ai_provider one    { format openai; url %URL%/v1; key env:UPSTREAM; }
    ai_provider claude { format anthropic; url %URL%/v1; key env:UPSTREAM; }
    ai_provider broken { format openai; url %URL%/broken; key env:UPSTREAM; }
    ai_provider fails  { format openai; url %URL%/failing; key env:UPSTREAM; }
    ai_model m       { target one real-model; }
    ai_model claude  { target claude claude-real; }
    ai_model moves   { target fails x; target one real-model; }
    ai_model broken  { target broken x; }
    ai_model claude-first { target claude claude-real; target one real-model; }
"""
SERVER = """
    location /v1/ { ai_gateway; ai_auth keys; ai_prompt prepend system "Be brief."; }
    location /limited/v1/ { ai_gateway prefix=/limited/; ai_auth keys; ai_token_limit $ai_key_id 60/h; }
"""
LOGGED = ("ai_units", "ai_unit", "ai_prompt_tokens", "ai_completion_tokens", "ai_usage_source", "ai_attempts", "ai_provider",
          "ai_model", "ai_upstream_model", "ai_key_id", "ai_limit_remaining")


@pytest.fixture
def provider():
    provider = JsonProvider(ANSWERS)
    yield provider
    provider.close()


@pytest.fixture
def gateway(nginx, provider, tmp_path):
    keys = KeyFile(tmp_path / "keys.json")
    key = keys.add("key-one", team="team-a")
    http = HTTP.replace("%KEYS%", str(keys.path)).replace("%URL%", provider.url)
    made = nginx(main="env UPSTREAM;", env={"UPSTREAM": "upstream-secret"}, http=http, server=SERVER, log_variables=LOGGED)
    made.key = key
    made.base = f"http://127.0.0.1:{made.port}"
    return made


def client(gateway, prefix="/v1"):
    return openai.OpenAI(base_url=gateway.base + prefix, api_key=gateway.key, max_retries=0)


def post(gateway, path, body):
    return httpx.post(gateway.base + path, json=body, headers={"authorization": f"Bearer {gateway.key}"}, trust_env=False)


def logged(gateway, **expected):
    entry = gateway.access(1)[-1]
    assert {name: entry[name] for name in expected} == expected


def test_embeddings(gateway, provider):
    answer = client(gateway).embeddings.create(model="m", input=["a", "b"], dimensions=3)
    assert answer.data[0].embedding == VECTOR and answer.usage.prompt_tokens == 7
    assert provider.last.json == {"model": "real-model", "input": ["a", "b"], "dimensions": 3, "encoding_format": "base64"}
    assert provider.last.headers["authorization"] == "Bearer upstream-secret"
    logged(gateway, ai_units="7", ai_unit="tokens", ai_prompt_tokens="7", ai_usage_source="provider", ai_attempts="1",
           ai_provider="one", ai_model="m", ai_upstream_model="real-model", ai_key_id="key-one")


def test_moderations(gateway, provider):
    assert client(gateway).moderations.create(model="m", input="text to look at").results[0].flagged
    assert provider.last.json == {"model": "real-model", "input": "text to look at"}
    logged(gateway, ai_units="1", ai_unit="calls", ai_usage_source="estimated")


def test_images(gateway, provider):
    assert len(client(gateway).images.generate(model="m", prompt="a fox", n=3).data) == 3
    logged(gateway, ai_units="3", ai_unit="images")


def test_speech(gateway, provider):
    with client(gateway).audio.speech.with_streaming_response.create(model="m", voice="ash", input="Grüße, fox") as answer:
        assert answer.headers["content-type"] == "audio/mpeg"
        assert answer.read() == SOUND
    logged(gateway, ai_units="10", ai_unit="characters")


def test_rerank(gateway, provider):
    answer = post(gateway, "/v1/rerank", {"model": "m", "query": "q", "documents": ["a", "b"], "top_n": 1})
    assert answer.json()["results"][0]["index"] == 1
    assert provider.last.json == {"model": "real-model", "query": "q", "documents": ["a", "b"], "top_n": 1}
    logged(gateway, ai_units="1", ai_unit="calls", ai_prompt_tokens="31", ai_usage_source="provider")


def test_count_tokens_where_the_provider_can(gateway, provider):
    claude = anthropic.Anthropic(base_url=gateway.base, api_key=gateway.key, max_retries=0)
    messages = [{"role": "user", "content": "How many?"}]
    assert claude.messages.count_tokens(model="claude", messages=messages).input_tokens == 42
    assert provider.last.json == {"model": "claude-real", "messages": messages}
    logged(gateway, ai_units="1", ai_unit="calls", ai_prompt_tokens="", ai_usage_source="")


def test_count_tokens_where_the_provider_cannot(gateway, provider):
    claude = anthropic.Anthropic(base_url=gateway.base, api_key=gateway.key, max_retries=0)
    count = claude.messages.count_tokens(model="m", messages=[{"role": "user", "content": "word " * 100}]).input_tokens
    assert 80 < count < 250
    assert not provider.requests


def test_the_next_target_answers(gateway, provider):
    answer = post(gateway, "/v1/embeddings", {"model": "moves", "input": "a"})
    assert answer.status_code == 200 and answer.headers["x-aigw-provider"] == "one"
    logged(gateway, ai_attempts="2", ai_units="7")


def test_a_target_that_has_no_such_operation_is_passed_over(gateway, provider):
    assert post(gateway, "/v1/embeddings", {"model": "claude-first", "input": "a"}).status_code == 200
    answer = post(gateway, "/v1/embeddings", {"model": "claude", "input": "a"})
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "unsupported_value"
    assert [request.path for request in provider.requests] == ["/v1/embeddings"]


def test_what_is_no_answer_is_an_upstream_error(gateway, provider):
    answer = post(gateway, "/v1/embeddings", {"model": "broken", "input": "a"})
    assert answer.status_code == 502 and answer.json()["error"]["code"] == "upstream_error"


@pytest.mark.parametrize("path, body, param", [
    ("/v1/embeddings", {"model": "m"}, "input"),
    ("/v1/embeddings", {"model": "m", "input": []}, "input"),
    ("/v1/embeddings", {"model": "m", "input": 7}, "input"),
    ("/v1/embeddings", {"model": "m", "input": "a", "dimensions": 0}, "dimensions"),
    ("/v1/embeddings", {"input": "a"}, "model"),
    ("/v1/rerank", {"model": "m", "query": "q"}, "documents"),
    ("/v1/rerank", {"model": "m", "documents": ["a"]}, "query"),
    ("/v1/images/generations", {"model": "m", "prompt": "p", "n": 1000}, "n"),
    ("/v1/images/generations", {"model": "m"}, "prompt"),
    ("/v1/audio/speech", {"model": "m", "input": ""}, "input"),
    ("/v1/moderations", {"model": "m", "input": None}, "input"),
])
def test_bad_bodies(gateway, provider, path, body, param):
    answer = post(gateway, path, body)
    assert answer.status_code == 400 and answer.json()["error"]["param"] == param, answer.text
    assert not provider.requests


def test_methods_keys_and_models_are_a_chats(gateway, provider):
    assert httpx.get(gateway.base + "/v1/embeddings", headers={"authorization": f"Bearer {gateway.key}"}, trust_env=False).status_code == 405
    assert httpx.post(gateway.base + "/v1/embeddings", json={"model": "m", "input": "a"}, trust_env=False).status_code == 401
    assert post(gateway, "/v1/embeddings", {"model": "nobody", "input": "a"}).status_code == 404
    assert not provider.requests


def test_limits_hold(gateway, provider):
    for _ in range(3):  # each is settled to the 7 tokens that the provider told
        answer = post(gateway, "/limited/v1/embeddings", {"model": "m", "input": "word " * 20})
        assert answer.status_code == 200
    reserved = 60 - 2 * 7 - int(answer.headers["x-ratelimit-remaining-tokens"])
    assert 15 < reserved < 45
    answer = post(gateway, "/limited/v1/embeddings", {"model": "m", "input": "word " * 70})
    assert answer.status_code == 429 and answer.json()["error"]["code"] == "token_limit"
    assert len(provider.requests) == 3
