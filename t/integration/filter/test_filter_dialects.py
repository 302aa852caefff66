"""ai_filter before servers that speak Google's API, or OpenAI's Responses: counted, judged and kept as the others are."""
import json

import pytest
from google import genai
from google.genai import types

from lib.client import get, post, sse_events
from lib.filtered import PROXY, VARIABLES
from lib.google import Google, said
from lib.keys import KeyFile
from lib.playback import Playback
from lib.wait import wait_until

pytestmark = pytest.mark.asan

GENERATE = "/v1beta/models/gemini-3-flash:generateContent"
STREAM = "/v1beta/models/gemini-3-flash:streamGenerateContent"
CONTENTS = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
MAIL = "Write to ann@example.com today."
MASKED = "Write to [EMAIL] today."


class Servers:
    """Both servers behind one nginx, with and without keys and policies."""
    def __init__(self, nginx, folder):
        self.google, self.openai = Google(), Playback("/v1")
        self.keys = KeyFile(folder / "keys.json")
        self.key = self.keys.add("one", team="team-a")
        self.narrow = self.keys.add("narrow", models=["gemini-*", "gpt-*"])
        google, own = (server.url.split("//")[1].split("/")[0] for server in (self.google, self.openai))
        self.nginx = nginx(http=PROXY + f"upstream google {{ server {google}; }} upstream own {{ server {own}; }} ai_keys {self.keys.path};",
                           server="""
            location /v1beta/        { proxy_pass http://google; ai_filter gemini; ai_auth keys; }
            location /auto/          { proxy_pass http://google/; ai_filter auto; ai_auth keys; }
            location /open/          { proxy_pass http://google/; ai_filter gemini; }
            location /v1/            { proxy_pass http://own; ai_filter responses; ai_auth keys; }
            location /auto/v1/       { proxy_pass http://own/v1/; ai_filter auto; ai_auth keys; }
            location /guarded/v1/    { proxy_pass http://own/v1/; ai_filter responses; ai_auth keys; ai_guardrail both mask email; }
            location /guarded/v1beta/ { proxy_pass http://google/v1beta/; ai_filter gemini; ai_auth keys; ai_guardrail both mask email; }
            location /kept/v1/       { proxy_pass http://own/v1/; ai_filter responses; ai_auth keys; ai_cache exact; }
            location /kept/v1beta/   { proxy_pass http://google/v1beta/; ai_filter gemini; ai_auth keys; ai_cache exact; }
            location /limited/v1/    { proxy_pass http://own/v1/; ai_filter responses; ai_auth keys; ai_token_limit $ai_key_id 30/h; }
            location /limited/v1beta/ { proxy_pass http://google/v1beta/; ai_filter gemini; ai_auth keys; ai_token_limit $ai_key_id 30/h; }
            """, log_variables=(*VARIABLES, "ai_cache_status", "request"))
        wait_until(lambda: get(self.nginx.port, "/v1/models", key=self.key).status != 401, what="the keys")
        self.count = 0

    def ask(self, path, body, key=None, headers=None):
        self.count += 1
        return post(self.nginx.port, path, body, headers, key or self.key)

    def entry(self):
        def calls():
            return [entry for entry in self.nginx.access() if entry["request_method"] == "POST"]

        wait_until(lambda: len(calls()) >= self.count, what="the log's line")
        return calls()[self.count - 1]

    def close(self):
        self.google.close()
        self.openai.close()


@pytest.fixture
def servers(nginx, tmp_path):
    made = Servers(nginx, tmp_path)
    yield made
    made.close()


def response(text="Hello", **members):
    return {"id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "gpt-r", "error": None,
            "incomplete_details": None, "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
            "output": [{"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
                        "content": [{"type": "output_text", "text": text, "annotations": []}]}],
            "usage": {"input_tokens": 9, "input_tokens_details": {"cached_tokens": 5}, "output_tokens": 4,
                      "output_tokens_details": {"reasoning_tokens": 3}, "total_tokens": 13}, **members}


def events(answer):
    item = answer["output"][0]
    text = item["content"][0]["text"]
    return [{"type": "response.created", "response": {**answer, "status": "in_progress", "output": [], "usage": None}},
            {"type": "response.output_item.added", "output_index": 0, "item": {**item, "status": "in_progress", "content": []}},
            {"type": "response.content_part.added", "item_id": "msg_1", "output_index": 0, "content_index": 0, "part": {**item["content"][0], "text": ""}},
            {"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": text},
            {"type": "response.output_text.done", "item_id": "msg_1", "output_index": 0, "content_index": 0, "text": text},
            {"type": "response.content_part.done", "item_id": "msg_1", "output_index": 0, "content_index": 0, "part": item["content"][0]},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": answer}]


def wire(planned):
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in planned)


def texts_of(answer):
    """What a caller of either API reads, whatever form it came in."""
    def google(one):
        return "".join(part["text"] for part in one["candidates"][0]["content"]["parts"])

    if answer.headers["content-type"].startswith("text/event-stream"):
        told = [json.loads(data) for _, data in sse_events(answer.body.replace(b"\r\n", b"\n"))]
        return "".join(google(one) if "candidates" in one else one["delta"] if one.get("type", "").endswith("text.delta") else "" for one in told)
    body = answer.json()
    if isinstance(body, list):
        return "".join(google(one) for one in body)
    return google(body) if "candidates" in body else body["output"][0]["content"][0]["text"]


@pytest.mark.parametrize("prefix", ["", "/auto"])
@pytest.mark.parametrize("stream", [False, True])
def test_responses_are_counted(servers, prefix, stream):
    answer = response()
    servers.openai.plan(events(answer) if stream else answer)
    got = servers.ask(prefix + "/v1/responses", {"model": "gpt-r", "input": "hi", "stream": stream, "max_output_tokens": 9})
    assert got.status == 200 and got.body == (wire(events(answer)) if stream else json.dumps(answer, indent=1).encode())
    entry = servers.entry()
    assert (entry["ai_prompt_tokens"], entry["ai_completion_tokens"], entry["ai_cached_tokens"], entry["ai_reasoning_tokens"]) == ("9", "4", "5", "3")
    assert (entry["ai_model"], entry["ai_stream"], entry["ai_usage_source"], entry["ai_provider"]) == ("gpt-r", "01"[stream], "provider", "own")
    path, headers, body = servers.openai.requests[-1]
    assert path == "/v1/responses" and "authorization" not in headers and body["stream"] is stream


@pytest.mark.parametrize("prefix", ["", "/auto"])
@pytest.mark.parametrize("way", ["json", "events", "list"])
def test_google_is_counted(servers, prefix, way):
    pieces = [said({"text": "Hel"}), said({"text": "lo"}, finish="STOP")]
    # A server that was not asked for events (alt=sse) sends one list.
    servers.google.plan(said({"text": "Hello"}, finish="STOP") if way == "json" else pieces)
    path = GENERATE if way == "json" else STREAM + ("?alt=sse" if way == "events" else "")
    got = servers.ask(prefix + path, CONTENTS)
    assert got.status == 200 and texts_of(got) == "Hello"
    entry = servers.entry()
    assert (entry["ai_model"], entry["ai_upstream_model"], entry["ai_stream"]) == ("gemini-3-flash", "gemini-3-flash", "01"[way == "events"])
    assert (entry["ai_prompt_tokens"], entry["ai_completion_tokens"], entry["ai_usage_source"]) == ("9", "11", "provider")
    assert entry["ai_finish_reason"] == "stop" and entry["ai_error"] == ""
    assert servers.google.requests[-1][0] == path


def test_googles_sdk(servers):
    client = genai.Client(api_key=servers.key, http_options=types.HttpOptions(base_url=servers.nginx.url, api_version="v1beta"))
    servers.google.plan(said({"text": "Hello"}, finish="STOP"), [said({"text": "Hel"}), said({"text": "lo"}, finish="STOP")])
    assert client.models.generate_content(model="gemini-3-flash", contents="hi").text == "Hello"
    assert "".join(chunk.text for chunk in client.models.generate_content_stream(model="gemini-3-flash", contents="hi")) == "Hello"
    assert all("x-goog-api-key" not in headers for _, headers, _ in servers.google.requests)
    servers.count += 2
    assert servers.entry()["ai_key_id"] == "one"


@pytest.mark.parametrize("query, rest", [
    ("?key={key}", ""), ("?alt=sse&key={key}", "?alt=sse"), ("?key={key}&alt=sse", "?alt=sse"), ("?a=1&key={key}&b=%20", "?a=1&b=%20"),
    ("?key={key}&key={key}", "")])
def test_the_key_in_the_url_is_taken_out(servers, query, rest):
    servers.google.plan([said({"text": "Hello"}, finish="STOP")])
    servers.count += 1
    answer = post(servers.nginx.port, STREAM + query.format(key=servers.key), CONTENTS)
    assert answer.status == 200
    path, headers, _ = servers.google.requests[-1]
    assert path == STREAM + rest and servers.key not in str(headers)
    entry = servers.entry()
    assert entry["ai_key_id"] == "one" and entry["request_uri"] == STREAM + rest
    assert "key=*****" in entry["request"] and servers.key not in str(entry)
    assert servers.key not in servers.nginx.error_log()


def test_keys_in_urls(servers):
    """Two different ones are none; elsewhere the parameter means nothing; what is no key of ours stays."""
    def status(path, headers=None):
        servers.count += 1
        return post(servers.nginx.port, path, CONTENTS, headers).status

    assert status(GENERATE + f"?key={servers.key}&key={servers.narrow}") == 401
    assert status(GENERATE + f"?key={servers.key}", {"x-goog-api-key": servers.narrow}) == 401
    assert status(GENERATE + "?key=wrong") == status(GENERATE + "?xkey=" + "wrong") == status("/v1/responses?key=wrong") == 401
    assert not servers.google.requests and not servers.openai.requests
    servers.google.plan(said({"text": "Hello"}, finish="STOP"))
    assert status("/open" + GENERATE + "?key=of-the-server", {"x-goog-api-key": "of-the-server-too"}) == 200
    assert servers.google.requests[-1][0] == GENERATE + "?key=of-the-server"
    assert servers.google.requests[-1][1]["x-goog-api-key"] == "of-the-server-too"


def test_models_of_a_key(servers):
    refused = servers.ask("/v1beta/models/imagen-4:generateContent", {"model": "gemini-3", **CONTENTS}, servers.narrow)
    assert refused.status == 403 and refused.json()["error"]["status"] == "PERMISSION_DENIED"
    assert servers.ask("/v1/responses", {"model": "o9", "input": "hi"}, servers.narrow).json()["error"]["code"] == "model_not_allowed"
    assert not servers.google.requests and not servers.openai.requests
    servers.google.plan(said({"text": "Hello"}, finish="STOP"))
    assert servers.ask(GENERATE, CONTENTS, servers.narrow).status == 200


def test_malformed_calls_are_refused_in_the_callers_words(servers):
    for path, place in ((GENERATE, "status"), ("/v1/responses", "type")):
        answer = servers.ask(path, b'{"contents": ')
        assert answer.status == 400 and answer.json()["error"][place] in ("INVALID_ARGUMENT", "invalid_request_error")
    assert not servers.google.requests and not servers.openai.requests


def test_what_is_no_call_passes(servers):
    servers.google.plan({"totalTokens": 31}, {"embedding": {"values": [1]}})
    assert servers.ask("/v1beta/models/gemini-3-flash:countTokens", CONTENTS).json() == {"totalTokens": 31}
    assert servers.entry()["ai_prompt_tokens"] == ""
    assert servers.ask("/v1beta/models/e:embedContent", {"content": {"parts": [{"text": "x"}]}}).status == 200
    servers.openai.plan({"object": "response.input_tokens", "input_tokens": 11})
    assert servers.ask("/v1/responses/input_tokens", {"model": "gpt-r", "input": "hi"}).json()["input_tokens"] == 11


@pytest.mark.parametrize("way", ["json", "events", "list"])
def test_guardrails_of_google(servers, way):
    pieces = [said({"text": MAIL[:14]}), said({"text": MAIL[14:]}, finish="STOP")]
    servers.google.plan(said({"text": MAIL}, finish="STOP") if way == "json" else pieces)
    path = GENERATE if way == "json" else STREAM + ("?alt=sse" if way == "events" else "")
    got = servers.ask("/guarded" + path, {"contents": [{"role": "user", "parts": [{"text": "I am ann@example.com"}]}]})
    assert got.status == 200 and texts_of(got) == MASKED
    assert isinstance(got.json(), list) == (way == "list") if way != "events" else True
    assert servers.google.requests[-1][2]["contents"][0]["parts"][0]["text"] == "I am [EMAIL]"
    assert servers.entry()["ai_prompt_tokens"] == "9"


@pytest.mark.parametrize("stream", [False, True])
def test_guardrails_of_responses(servers, stream):
    answer = response(MAIL)
    servers.openai.plan(events(answer) if stream else answer)
    got = servers.ask("/guarded/v1/responses", {"model": "gpt-r", "input": "I am ann@example.com", "stream": stream})
    assert got.status == 200 and texts_of(got) == MASKED and b"ann@" not in got.body
    assert servers.openai.requests[-1][2]["input"] == "I am [EMAIL]"


@pytest.mark.parametrize("first", ["json", "events", "list"])
def test_google_is_kept_in_one_mode_and_told_in_all(servers, first):
    paths = {"json": GENERATE, "events": STREAM + "?alt=sse", "list": STREAM}
    servers.google.plan(said({"text": "Hello"}, finish="STOP") if first == "json" else [said({"text": "Hel"}), said({"text": "lo"}, finish="STOP")])
    live = servers.ask("/kept" + paths[first], CONTENTS)
    assert live.headers["x-aigw-cache"] == "MISS" and texts_of(live) == "Hello"
    for way in paths:
        told = servers.ask("/kept" + paths[way], CONTENTS)
        assert told.headers["x-aigw-cache"] == "HIT" and texts_of(told) == "Hello", way
        assert told.headers["content-type"].startswith("text/event-stream") == (way == "events")
        assert isinstance(told.json(), list) == (way == "list") if way != "events" else True
    other = "/kept" + GENERATE.replace("gemini-3", "gemini-4")
    servers.google.plan(said({"text": "Hello"}, finish="STOP"))
    assert servers.ask(other, CONTENTS).headers["x-aigw-cache"] == "MISS"


@pytest.mark.parametrize("first", [False, True])
def test_responses_are_kept(servers, first):
    servers.openai.plan(events(response()) if first else response())
    assert servers.ask("/kept/v1/responses", {"model": "gpt-r", "input": "hi", "stream": first}).headers["x-aigw-cache"] == "MISS"
    for stream in (False, True):
        told = servers.ask("/kept/v1/responses", {"model": "gpt-r", "input": "hi", "stream": stream})
        assert told.headers["x-aigw-cache"] == "HIT" and texts_of(told) == "Hello"


def test_limits(servers):
    google = {**CONTENTS, "generationConfig": {"maxOutputTokens": 5}}
    servers.google.plan(said({"text": "Hello"}, finish="STOP"))
    assert servers.ask("/limited" + GENERATE, google).status == 200  # 20 tokens of 30
    refused = servers.ask("/limited" + GENERATE, google)
    assert refused.status == 429 and refused.json()["error"]["status"] == "RESOURCE_EXHAUSTED"
    servers.openai.plan(response())
    own = {"model": "gpt-r", "input": "hi", "max_output_tokens": 5}
    assert servers.ask("/limited/v1/responses", own, servers.narrow).status == 200
    refused = servers.ask("/limited/v1/responses", {**own, "max_output_tokens": 25}, servers.narrow)
    assert refused.status == 429 and refused.json()["error"]["code"] == "token_limit"
