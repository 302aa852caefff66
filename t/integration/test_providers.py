"""Rows of the catalogue through nginx: where a call goes, how the key is sent, what of the body arrives, and what clients of
both dialects get of the transcripts in t/golden."""
import json

import pytest

from lib.gateway import chat, gateway, open_chat, openai, provider, text_of
from lib.nginx import ROOT
from lib.transcript import Transcript

GOLDEN = ROOT / "t" / "golden"
SSE, JSON, NDJSON = "text/event-stream", "application/json", "application/x-ndjson"


@pytest.fixture
def vendors():
    made = []

    def make(*args, **options):
        made.append(Transcript(*args, **options))
        return made[-1]

    yield make
    for vendor in made:
        vendor.close()


def golden(name):
    return (GOLDEN / name).read_bytes()


@pytest.mark.parametrize("extra,path", [
    ("", "/openai/v1/chat/completions"),
    ("api_version 2024-10-21;", "/openai/deployments/gpt%2F4o/chat/completions?api-version=2024-10-21"),
    ("api_version 2024-10-21; deployment mine;", "/openai/deployments/mine/chat/completions?api-version=2024-10-21"),
], ids=["v1", "deployments", "deployment"])
def test_azure(nginx, vendors, extra, path):
    azure = vendors(SSE, golden("providers/azure/stream.sse"))
    ngx = gateway(nginx, [provider("a", azure.url, "azure", extra)], ["target a gpt/4o;"])
    answer = chat(ngx, stream=True)
    assert answer.whole and " 9 °C".encode() in answer.body and answer.body.endswith(b"data: [DONE]\n\n")
    [(called, headers, body)] = azure.requests
    assert called == path and headers["api-key"] == "sk-mock" and "authorization" not in headers
    assert body["model"] == "gpt/4o"


def test_azure_refuses_a_prompt(nginx, vendors):
    error = {"error": {"message": "The response was filtered.", "type": None, "param": "prompt", "code": "content_filter",
                       "status": 400, "innererror": {"code": "ResponsibleAIPolicyViolation"}}}
    azure = vendors(JSON, json.dumps(error).encode(), status=400)
    ngx = gateway(nginx, [provider("a", azure.url, "azure")], ["target a m;"])
    answer = chat(ngx)
    assert answer.status == 400 and answer.json()["error"]["code"] == "content_filter"


@pytest.mark.parametrize("row,path", [("groq", "/openai/v1"), ("perplexity", ""), ("databricks", "/serving-endpoints"),
                                      ("snowflake", "/api/v2/cortex/v1")])
def test_the_path_is_the_rows_own(nginx, vendors, row, path):
    vendor = vendors(JSON, golden(f"providers/{row}/answer.json"))
    ngx = gateway(nginx, [provider("a", vendor.url, row)], ["target a m;"])
    answer = chat(ngx, dialect="anthropic")
    assert answer.status == 200 and answer.json()["type"] == "message"
    [(called, headers, _)] = vendor.requests
    assert called == f"{path}/chat/completions" and headers["authorization"] == "Bearer sk-mock"


def test_mistral_gets_what_it_takes(nginx, vendors):
    mistral = vendors(SSE, golden("providers/mistral/stream.sse"))
    ngx = gateway(nginx, [provider("a", mistral.url, "mistral")], ["target a m;"])
    answer = chat(ngx, stream=True, seed=7, user="u", temperature=2, max_completion_tokens=9, n=1,
                  stream_options={"include_usage": True})
    assert answer.headers["x-aigw-dropped"] == "user, temperature"
    [(_, _, body)] = mistral.requests
    assert body["random_seed"] == 7 and body["temperature"] == 1.5 and body["max_tokens"] == 9
    assert not {"seed", "user", "stream_options", "max_completion_tokens"} & body.keys()
    assert ngx.access(1)[0]["ai_usage_source"] == "provider"


def test_what_a_row_refuses_is_asked_elsewhere(nginx, vendors, mock):
    groq = vendors(JSON, golden("providers/groq/answer.json"))
    ngx = gateway(nginx, [provider("a", groq.url, "groq"), openai("b", mock)], ["target a m;", "target b ok;"])
    assert chat(ngx, logprobs=True).headers["x-aigw-provider"] == "b" and not groq.requests
    assert chat(ngx, logprobs=False).headers["x-aigw-provider"] == "a" and "logprobs" not in groq.requests[0][2]
    alone = gateway(nginx, [provider("a", groq.url, "groq")], ["target a m;"])
    refused = chat(alone, n=2)
    assert refused.status == 400 and refused.json()["error"]["param"] == "n"


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
@pytest.mark.parametrize("row,case", [("cohere", "cohere_chat"), ("ollama", "ollama_chat")])
def test_native_dialects(nginx, vendors, row, case, dialect):
    whole = vendors(JSON, golden(f"{case}/answer_text/answer.json"))
    kind, name = (SSE, "stream.sse") if row == "cohere" else (NDJSON, "stream.ndjson")
    streamed = vendors(kind, golden(f"{case}/stream_text/{name}"))
    for vendor, stream in ((whole, False), (streamed, True)):
        ngx = gateway(nginx, [provider("a", vendor.url, row)], ["target a m;"])
        answer = chat(ngx, stream=stream, dialect=dialect)
        assert answer.status == 200 and answer.whole
        assert text_of(answer, dialect, stream).startswith("Hello")
        [(path, headers, body)] = vendor.requests
        assert path == ("/v2/chat" if row == "cohere" else "/api/chat")
        assert headers["authorization"] == "Bearer sk-mock" and body["stream"] is stream
        assert ngx.access(1)[0]["ai_usage_source"] == "provider"


def test_ollama_streams_line_by_line(nginx, vendors):
    """A line is an event for the caller before the next one has been sent."""
    text = golden("ollama_chat/stream_text/stream.ndjson")
    first = text.index(b"\n") + 1
    ollama = vendors(NDJSON, [text[:first], text[first:]])
    ngx = gateway(nginx, [provider("a", ollama.url, "ollama")], ["target a m;"])
    stream = open_chat(ngx, timeout=5)
    stream.read_until(b'"Hel"')
    ollama.go_on.set()
    assert stream.rest().whole


def test_an_error_in_a_line(nginx, vendors):
    text = golden("ollama_chat/stream_error/stream.ndjson")
    first = text.index(b"\n") + 1
    ollama = vendors(NDJSON, [text[:first], text[first:]])
    ngx = gateway(nginx, [provider("a", ollama.url, "ollama")], ["target a m;"])
    stream = open_chat(ngx, timeout=5)
    stream.read_until(b'"Hel"')
    ollama.go_on.set()
    answer = stream.rest()
    assert b"[DONE]" not in answer.body and "error" in json.loads(answer.events()[-1][1])
    assert b"CUDA" not in answer.body
    assert ngx.access(1)[0]["ai_stream_end"] == "error"
