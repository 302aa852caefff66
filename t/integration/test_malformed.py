"""Malformed answers of every dialect of providers, to every caller: before the first word another target is asked, after it the
caller's stream ends with an error of his own dialect. Nothing of what was malformed reaches him."""
import json

import pytest

from lib.bedrock import event as aws_event
from lib.client import post
from lib.gateway import openai
from lib.raw import Raw

OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: "
SPOILT = "sp0ilt"  # stands in what is malformed


def sse(*events):
    return b"".join(b"data: " + (event if isinstance(event, bytes) else json.dumps(event).encode()) + b"\n\n" for event in events)


def of(kind, body):
    return OK + kind + b"\r\n\r\n" + body


def spoilt(frame):
    """A wrong checksum."""
    return frame[:-1] + bytes([frame[-1] ^ 1])


SSE = b"text/event-stream"
BAD = b'{"' + SPOILT.encode() + b'": [1,'
ANTHROPIC = [{"type": "message_start", "message": {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [],
                                                  "usage": {"input_tokens": 3, "output_tokens": 1}}},
             {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
             {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hel"}}]
RESPONSES = [{"type": "response.created", "response": {"id": "r", "object": "response", "model": "m", "status": "in_progress", "output": []}},
             {"type": "response.output_item.added", "output_index": 0, "item": {"id": "i", "type": "message", "role": "assistant", "content": []}},
             {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "item_id": "i", "delta": "Hel"}]
# What comes first, what is malformed then, and a whole answer that is.
PROVIDERS = {
    "openai": (SSE, sse({"id": "c", "model": "m", "choices": [{"index": 0, "delta": {"content": "Hel"}}]}), sse(BAD)),
    "anthropic": (SSE, sse(*ANTHROPIC), sse(BAD)),
    "openai-responses": (SSE, sse(*RESPONSES), sse(BAD)),
    "gemini": (SSE, sse({"candidates": [{"content": {"role": "model", "parts": [{"text": "Hel"}]}}]}), sse(BAD)),
    "cohere": (SSE, sse({"type": "message-start", "id": "c"}, {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "Hel"}}}}),
               sse(BAD)),
    "ollama": (b"application/x-ndjson", b'{"model":"m","message":{"role":"assistant","content":"Hel"},"done":false}\n', BAD + b"\n"),
    "bedrock": (b"application/vnd.amazon.eventstream",
                aws_event("messageStart", {"role": "assistant"}) + aws_event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hel"}}),
                spoilt(aws_event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": SPOILT}}))),
}
CALLERS = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "Hi"}]},
    "/v1/messages": {"max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]},
    "/v1/responses": {"input": "Hi"},
    "/v1beta/models/MODEL:generateContent": {"contents": [{"parts": [{"text": "Hi"}]}]},
}
ENDS = ("[DONE]", "message_stop", "response.completed", "finishReason")


@pytest.fixture
def providers():
    made = []

    def make(answer, then=b""):
        made.append(Raw(answer, close=True, then=then))
        return made[-1]

    yield make
    for one in made:
        one.close()


def start(nginx, mock, name, provider):
    return nginx(main="env MOCK_KEY;", env={"MOCK_KEY": "sk-mock"}, server="location / { ai_gateway; ai_auth off; }", http=f"""
        ai_provider bad {{ format {name}; url {provider.url}; key env:MOCK_KEY; {"region us-east-1;" if name == "bedrock" else ""} }}
        {openai("good", mock)} ai_model m {{ target bad m; target good ok; }} ai_model alone {{ target bad m; }}""")


def ask(ngx, path, model, stream):
    body = dict(CALLERS[path])
    if "MODEL" not in path:
        body |= {"model": model, "stream": stream}
    google = ":streamGenerateContent?alt=sse" if stream else ":generateContent"
    return post(ngx.port, path.replace("MODEL", model).replace(":generateContent", google), body)


@pytest.mark.parametrize("name", PROVIDERS)
def test_before_the_first_word(nginx, mock, providers, name):
    kind, _, bad = PROVIDERS[name]
    ngx = start(nginx, mock, name, providers(of(kind, bad)))
    for path in CALLERS:
        answer = ask(ngx, path, "m", True)
        assert answer.status == 200 and answer.headers["x-aigw-provider"] == "good" and SPOILT not in answer.body.decode(), (path, answer.body)
        answer = ask(ngx, path, "alone", True)
        assert answer.status == 502 and "error" in answer.json() and SPOILT not in answer.body.decode(), (path, answer.body)


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_whole_answer(nginx, mock, providers, name):
    ngx = start(nginx, mock, name, providers(of(b"application/json", BAD)))
    for path in CALLERS:
        answer = ask(ngx, path, "m", False)
        assert answer.status == 200 and answer.headers["x-aigw-provider"] == "good", (path, answer.body)
        answer = ask(ngx, path, "alone", False)
        assert answer.status == 502 and "error" in answer.json() and SPOILT not in answer.body.decode(), (path, answer.body)


@pytest.mark.parametrize("name", PROVIDERS)
def test_after_it(nginx, mock, providers, name):
    kind, good, bad = PROVIDERS[name]
    ngx = start(nginx, mock, name, providers(of(kind, good), then=bad))
    for path in CALLERS:
        answer = ask(ngx, path, "m", True)
        events = answer.events()
        assert answer.status == 200 and any("Hel" in data for _, data in events), (path, answer.body)
        told = (events[-1][0] or "") + events[-1][1]
        assert "error" in told and not any(end in told for end in ENDS), (path, told)
        assert SPOILT not in answer.body.decode() and not mock.requests
        assert answer.whole, "the body ends as HTTP says"
