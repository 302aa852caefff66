"""Every endpoint that the documentation lists leaves a record: one line with its units, its model and its key."""
import pathlib
import re

import httpx
import pytest

from lib.json_provider import JsonProvider
from lib.keys import KeyFile

ROOT = pathlib.Path(__file__).parents[3]
MESSAGES = [{"role": "user", "content": "hi"}]
CONTENTS = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
FILES = {"file": ("a.mp3", b"sound" * 9000)}
CHAT = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13},
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello"}}]}

ANSWERS = {
    "/v1/chat/completions": lambda request: CHAT,
    "/v1/embeddings": lambda request: {"object": "list", "data": [{"index": 0, "embedding": [1.5]}], "usage": {"prompt_tokens": 7, "total_tokens": 7}},
    "/v1/rerank": lambda request: {"results": [{"index": 0, "relevance_score": 1}], "usage": {"total_tokens": 5}},
    "/v1/moderations": lambda request: {"id": "m", "results": [{"flagged": False}]},
    "/v1/images/generations": lambda request: {"created": 1, "data": [{"b64_json": "AA=="}] * 2},
    "/v1/audio/speech": lambda request: (200, "audio/mpeg", b"sound"),
    "/v1/audio/transcriptions": lambda request: {"text": "hi"},
    "/v1/audio/translations": lambda request: {"text": "hi", "usage": {"type": "duration", "seconds": 9}},
    "/v1/messages/count_tokens": lambda request: {"input_tokens": 11},
    "/v1beta/models/flash:countTokens": lambda request: {"totalTokens": 6},
    "/v1/models/iris:predict": lambda request: {"predictions": [1]},
}
# As the documentation names it: the calls, and what each is counted in.
CHATS = {
    "chat/completions": ("/v1/chat/completions", {"json": {"model": "m", "messages": MESSAGES}}),
    "completions": ("/v1/completions", {"json": {"model": "m", "prompt": "hi"}}),
    "responses": ("/v1/responses", {"json": {"model": "m", "input": "hi"}}),
    "messages": ("/v1/messages", {"json": {"model": "m", "max_tokens": 9, "messages": MESSAGES}}),
    "models/ID:generateContent": ("/v1beta/models/m:generateContent", {"json": CONTENTS}),
    ":streamGenerateContent": ("/v1beta/models/m:streamGenerateContent?alt=sse", {"json": CONTENTS}),
}
CALLS = {
    "messages/count_tokens": ("/v1/messages/count_tokens", {"json": {"model": "claude", "messages": MESSAGES}}, "1", "calls"),
    "models/ID:countTokens": ("/v1beta/models/google:countTokens", {"json": CONTENTS}, "1", "calls"),
    "embeddings": ("/v1/embeddings", {"json": {"model": "m", "input": "hi"}}, "7", "tokens"),
    "rerank": ("/v1/rerank", {"json": {"model": "m", "query": "q", "documents": ["a"]}}, "1", "calls"),
    "v2/rerank": ("/v2/rerank", {"json": {"model": "m", "query": "q", "documents": ["a"]}}, "1", "calls"),
    "moderations": ("/v1/moderations", {"json": {"model": "m", "input": "hi"}}, "1", "calls"),
    "images/generations": ("/v1/images/generations", {"json": {"model": "m", "prompt": "a fox", "n": 2}}, "2", "images"),
    "audio/speech": ("/v1/audio/speech", {"json": {"model": "m", "input": "Grüße", "voice": "ash"}}, "5", "characters"),
    "audio/transcriptions": ("/v1/audio/transcriptions", {"data": {"model": "m"}, "files": FILES}, "3", "seconds"),
    "audio/translations": ("/v1/audio/translations", {"data": {"model": "m"}, "files": FILES}, "9", "seconds"),
    "models/ID…": ("/v1/models/iris:predict", {"json": {"instances": [1]}}, "1", "calls"),
}
# No calls: nothing is asked of a provider.
LOOKS = {"models": "/v1/models", "models/ID": "/v1/models/m", "": "/"}
LOGGED = ("ai_units", "ai_unit", "ai_key_id", "ai_model", "ai_provider", "ai_attempts", "ai_total_tokens", "ai_prompt_tokens")


@pytest.fixture
def gateway(nginx, tmp_path):
    provider = JsonProvider(ANSWERS)
    keys = KeyFile(tmp_path / "keys.json")
    key = keys.add("key-one", team="team-a")
    made = nginx(main="env UPSTREAM;", env={"UPSTREAM": "upstream-secret"}, server="location / { ai_gateway; ai_auth keys; }", log_variables=LOGGED, http=f"""
        ai_keys {keys.path};
        ai_provider one {{ format openai; url {provider.url}/v1; key env:UPSTREAM; }}
        ai_provider claude {{ format anthropic; url {provider.url}/v1; key env:UPSTREAM; }}
        ai_provider google {{ format gemini; url {provider.url}/v1beta; key env:UPSTREAM; }} ai_model google {{ target google flash; }}
        ai_provider ml {{ format raw; url {provider.url}/v1; key env:UPSTREAM; }}
        ai_model m {{ target one m; }} ai_model claude {{ target claude m; }} ai_model iris {{ target ml iris; }}""")
    made.client = httpx.Client(base_url=made.url, headers={"authorization": f"Bearer {key}"}, trust_env=False)
    yield made
    made.client.close()
    provider.close()


def documented():
    """The endpoints of docs/endpoints.md's table, as they are written there."""
    for line in (ROOT / "docs" / "endpoints.md").read_text().splitlines():
        if line.startswith("| `"):
            for written in re.findall(r"`([^`]+)`", line.split("|")[1]):
                yield written.removeprefix("POST ").removeprefix("GET ").removeprefix("HEAD")


def test_every_endpoint_is_here():
    known = set(CHATS) | set(CALLS) | set(LOOKS) | {"GET"}
    assert set(documented()) <= known, set(documented()) - known
    assert len(list(documented())) >= len(CHATS) + len(CALLS)


def test_every_call_leaves_its_units(gateway):
    count = 0
    for name, (path, parts, *_) in {**CHATS, **CALLS}.items():
        stream = "stream" in path
        if stream:
            continue  # its provider would have to stream; the streams have tests of their own
        got = gateway.client.post(path, **parts)
        assert got.status_code == 200, (name, got.text)
        count += 1
        entry = gateway.access(count)[count - 1]
        assert (entry["ai_key_id"], entry["ai_attempts"]) == ("key-one", "1"), name
        assert entry["ai_model"] and entry["ai_provider"], name
        if name in CHATS:
            assert entry["ai_total_tokens"] == "13", name
        else:
            units, unit = CALLS[name][2:]
            assert (entry["ai_units"], entry["ai_unit"]) == (units, unit), name
    text = gateway.metrics()
    assert sum(int(value) for value in re.findall(r'aigw_requests_total\{[^}]*status="200"\} (\d+)', text)) == count
    assert sum(int(value) for value in re.findall(r'aigw_attempts_total\{[^}]*result="ok"\} (\d+)', text)) == count


def test_looks_cost_nothing(gateway):
    for number, path in enumerate(LOOKS.values(), 1):
        assert gateway.client.get(path).status_code == 200
        entry = gateway.access(number)[number - 1]
        assert (entry["ai_units"], entry["ai_attempts"]) == ("", entry["ai_attempts"]) and entry["ai_attempts"] in ("", "0")


def test_the_list_is_made_from_the_configuration(gateway):
    assert [one["id"] for one in gateway.client.get("/v1/models").json()["data"]] == ["google", "m", "claude", "iris"]
    assert gateway.client.get("/v1/models/iris").json()["id"] == "iris"
    assert gateway.client.get("/v1/models/nobody").status_code == 404


@pytest.mark.parametrize("path", ["/v1/files", "/v1/audio", "/v1/audio/transcriptions/x", "/v1/batches", "/v2/embeddings", "/v1/assistants", "/admin", "/v1/images/edits"])
def test_what_is_unknown_is_not_proxied(gateway, path):
    got = gateway.client.post(path, json={"model": "m", "input": "hi"})
    assert got.status_code == 404 and got.json()["error"]["code"] == "unknown_endpoint"
