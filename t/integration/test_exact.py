"""What a provider gets, byte for byte: the caller's own bytes where it speaks his dialect; the same bytes for the same request
where it does not; all of a long document; and what has no place is refused by its path, or left out and listed."""
import base64
import hashlib
import json
import random

import pytest

from lib.client import post
from lib.recorder import Recorder

# Odd on purpose: spaces, escapes, numbers and members as no JSON library of ours would write them.
TEXT = r'h\u00e9 \ud83d\ude00 \/ é 😀 \"q\" \\ \u0000'
CALLERS = {
    "openai": ("/v1/chat/completions",
               '{ "x_vendor":[1e2, 1.50,-0],"messages" : [ {"content":"%s", "role":"user"} ],\n\t"model"  :\t"MODEL","temperature":1.0,'
               '"stream" : STREAM, "stream_options":{ "include_usage":true } }\n'),
    "anthropic": ("/v1/messages",
                  '{"max_tokens":50 ,\r\n "model":"MODEL" , "messages":[{"role":"user","content":[ {"text":"%s","type":"text"} ]}], "x_beta":{"a":[ ]},"stream":STREAM}'),
    "openai-responses": ("/v1/responses",
                         ' {"input":[{"role":"user" ,"content":"%s"}],"model":"MODEL","x_new":null,"text":{"verbosity":"low"},"stream":STREAM}'),
    "gemini": ("/v1beta/models/MODEL:generateContent",
               '{"contents" : [{"parts":[{"text":"%s"}]}], "generation_config":{ "topK":40.0},"x_new":1.0}'),
}
PDF_PLACES = {
    "openai": {"messages": [{"role": "user", "content": [
        {"type": "text", "text": "Read."}, {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,PDF"}}]}]},
    "anthropic": {"max_tokens": 50, "messages": [{"role": "user", "content": [
        {"type": "text", "text": "Read."}, {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "PDF"}}]}]},
    "openai-responses": {"input": [{"role": "user", "content": [
        {"type": "input_text", "text": "Read."}, {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,PDF"}]}]},
    "gemini": {"contents": [{"role": "user", "parts": [{"text": "Read."}, {"inlineData": {"mimeType": "application/pdf", "data": "PDF"}}]}]},
}
PROVIDERS = {"openai": "/v1", "anthropic": "/v1", "openai-responses": "/v1", "gemini": "/v1beta", "bedrock": ""}
MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def recorder():
    made = Recorder()
    yield made
    made.close()


@pytest.fixture
def gateway(nginx, recorder):
    providers = "".join(f"ai_provider {name} {{ format {name}; url {recorder.url}{path}; key env:MOCK_KEY; {'region eu-west-1;' if name == 'bedrock' else ''} }}\n"
                        f"ai_model {name}-same {{ target {name} {name}-same; }} ai_model {name}-mapped {{ target {name} other; }}\n"
                        for name, path in PROVIDERS.items())
    return nginx(main="env MOCK_KEY;", env={"MOCK_KEY": "sk-mock"}, http=providers + "client_max_body_size 32m;",
                 server="location / { ai_gateway; ai_auth off; } location /lenient/ { ai_gateway; ai_auth off; ai_unsupported drop; }",
                 log_variables=("ai_dropped",))


@pytest.mark.parametrize("stream", ["false", "true"])
@pytest.mark.parametrize("caller", CALLERS)
def test_the_callers_own_bytes(gateway, recorder, caller, stream):
    path, body = CALLERS[caller]
    if stream == "true":
        path = path.replace(":generate", ":streamGenerate")
    for model, target in ((f"{caller}-same", f"{caller}-same"), (f"{caller}-mapped", "other")):
        sent = (body % TEXT).replace("MODEL", model).replace("STREAM", stream).encode()
        answer = post(gateway.port, path.replace("MODEL", model), sent)
        assert answer.status == 200 and b"Hello" in answer.body, answer.body
        expected = sent.replace(f'"{model}"'.encode(), f'"{target}"'.encode())
        assert hashlib.sha256(recorder.last).hexdigest() == hashlib.sha256(expected).hexdigest(), recorder.last
    assert recorder.requests[-1][0].startswith("/v1beta/models/other:" if caller == "gemini" else "/v1/")


@pytest.mark.parametrize("caller", CALLERS)
def test_the_same_bytes_each_time(gateway, recorder, caller):
    """Through another dialect, with calls that have no id of their own where the caller's dialect knows none."""
    path, body = CALLERS[caller]
    request = json.loads((body % "Hi").replace("MODEL", "m").replace("STREAM", "false"))
    for odd in ("x_vendor", "x_beta", "x_new", "stream_options", "generation_config", "text"):
        request.pop(odd, None)
    if caller == "gemini":
        request["contents"] += [{"role": "model", "parts": [{"functionCall": {"name": "f", "args": {"a": 1}}}] * 2},
                                {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"output": "1"}}}] * 2}]
    for provider in PROVIDERS:
        if provider == caller:
            continue
        if caller != "gemini":
            request["model"] = f"{provider}-same"
        seen = set()
        for _ in range(5):
            answer = post(gateway.port, path.replace("MODEL", f"{provider}-same"), request)
            assert answer.status == 200, answer.body
            seen.add(recorder.last)
        assert len(seen) == 1, seen


@pytest.mark.parametrize("caller", CALLERS)
def test_a_document_of_ten_megabytes(gateway, recorder, caller):
    pdf = base64.b64encode(b"%PDF-1.7\n" + random.Random(7).randbytes(10 * MEGABYTE * 3 // 4)).decode()
    body = json.dumps({**PDF_PLACES[caller], "model": "MODEL"} if caller != "gemini" else PDF_PLACES[caller]).replace("PDF\"", pdf + '"')
    assert len(body) > 10 * MEGABYTE
    for provider in PROVIDERS:
        recorder.requests.clear()
        model = f"{provider}-mapped"
        answer = post(gateway.port, CALLERS[caller][0].replace("MODEL", model), body.replace('"MODEL"', f'"{model}"'), timeout=60)
        assert answer.status == 200 and b"Hello" in answer.body, (provider, answer.body[:500])
        assert recorder.last.count(pdf.encode()) == 1 and len(recorder.last) < len(pdf) + 1000
        json.loads(recorder.last)


# A field of each caller that the provider has no place for, and one that is but a hint.
NO_PLACE = [
    ("openai", "anthropic", {"messages": [{"role": "user", "content": "Hi"}], "n": 2, "seed": 1}, "n", "seed"),
    ("openai", "gemini", {"messages": [{"role": "user", "content": "Hi"}], "web_search_options": {}, "user": "u"}, "web_search_options", "user"),
    ("anthropic", "openai", {"max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}], "top_k": 3, "cache_control": {"type": "ephemeral"}},
     "top_k", "cache_control"),
    ("openai-responses", "openai", {"input": "Hi", "truncation": "auto", "service_tier": "flex"}, "truncation", "service_tier"),
    ("gemini", "openai", {"contents": [{"parts": [{"text": "Hi"}]}], "cachedContent": "c", "safetySettings": [{"category": "X", "threshold": "Y"}]},
     "cachedContent", "safetySettings"),
]


@pytest.mark.parametrize("caller, provider, members, refused, hint", NO_PLACE, ids=[f"{row[0]}-{row[1]}" for row in NO_PLACE])
def test_no_silent_loss(gateway, recorder, caller, provider, members, refused, hint):
    path, model = CALLERS[caller][0], f"{provider}-same"
    body = members if caller == "gemini" else {"model": model, **members}
    recorder.requests.clear()
    answer = post(gateway.port, path.replace("MODEL", model), body)
    assert answer.status == 400 and refused in answer.body.decode() and not recorder.requests, answer.body
    answer = post(gateway.port, "/lenient" + path.replace("MODEL", model), body)
    assert answer.status == 200, answer.body
    dropped = answer.headers["x-aigw-dropped"].split(", ")
    assert {refused, hint} <= set(dropped) and f'"{refused}":'.encode() not in recorder.last
    assert gateway.access(2)[1]["ai_dropped"] == ",".join(dropped)
