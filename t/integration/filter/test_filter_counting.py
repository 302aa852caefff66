"""ai_filter: what is counted, and that nothing else changes. The same request goes through the same proxy without it."""
import gzip
import json

import pytest

from lib.client import get, open_post, post, request_bytes, Connection
from lib.filtered import PATHS, VARIABLES, ask, body, filtered, open_ask, plain
from lib.nginx import sanitizing
from lib.wait import wait_until

DIALECTS = ("openai", "anthropic")


def counts(entry):
    return tuple(int(entry[f"ai_{name}_tokens"] or -1) for name in ("prompt", "completion", "cached", "total"))


@pytest.mark.parametrize("word", ["own", "auto"])
@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("stream", [False, True])
def test_one_line_of_configuration_counts(nginx, mock, dialect, word, stream):
    ngx = filtered(nginx, mock, dialect if word == "own" else "auto")
    answer = ask(ngx, dialect, "ok,cached=5,gap=0.02", stream=stream, metadata={"task": "test"})
    assert answer.status == 200 and answer.whole
    entry = ngx.access(1)[0]
    assert counts(entry) == (21, 7, 5, 28)
    expected = {"ai_model": "ok,cached=5,gap=0.02", "ai_upstream_model": "ok,cached=5,gap=0.02", "ai_provider": "mocks",
                "ai_stream": "01"[stream], "ai_attempts": "1", "ai_usage_source": "provider", "ai_finish_reason": "stop",
                "ai_stream_end": "done" if stream else "", "ai_error": "", "ai_message_count": "1", "ai_metadata_task": "test",
                "ai_dropped": "", "ai_key_id": ""}
    assert {name: entry[name] for name in expected} == expected
    assert float(entry["ai_ttft"]) >= 0 and float(entry["ai_overhead_time"]) >= 0
    text = ngx.metrics()
    assert 'aigw_tokens_total{model="other",provider="mocks",team="other",kind="prompt"} 21' in text
    assert 'aigw_requests_total{model="other",provider="mocks",team="other",status="200"} 1' in text
    assert 'aigw_attempts_total{provider="mocks",result="ok"} 1' in text


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("stream", [False, True])
def test_the_bytes_are_the_proxys(nginx, mock, dialect, stream):
    """The caller's answer, and what the provider got, but for the usage that is asked for."""
    ngx = filtered(nginx, mock)
    members = {"stream": stream} | ({"stream_options": {"include_usage": True}} if stream and dialect == "openai" else {})
    headers = {"x-own": "1", "Accept": "text/plain"}
    with_filter = ask(ngx, dialect, headers=headers, **members)
    without = plain(ngx, dialect, headers=headers, **members)
    assert with_filter.body == without.body
    ignored = {"date"}
    assert [h for h in with_filter.header_list if h[0].lower() not in ignored] == \
        [h for h in without.header_list if h[0].lower() not in ignored]
    first, second = mock.requests
    assert first.body == second.body and first.header_list == second.header_list and first.path == second.path


def test_usage_is_asked_for_and_taken_out(nginx, mock):
    ngx = filtered(nginx, mock, "openai")
    answer = ask(ngx, model="ok,usage=every", stream=True, temperature=0.5)
    sent = mock.last.json
    assert sent.pop("stream_options") == {"include_usage": True}
    assert sent == body("ok,usage=every", stream=True, temperature=0.5)
    assert mock.last.headers["content-length"] == str(len(mock.last.body))
    events = [data for _, data in answer.events()]
    assert events[-1] == "[DONE]"
    assert all("usage" not in json.loads(data) or json.loads(data)["usage"] for data in events[:-1])
    assert all(json.loads(data)["choices"] for data in events[:-1])
    assert counts(ngx.access(1)[0])[:2] == (21, 7)


def test_taking_out_leaves_the_rest(nginx, mock):
    """Without the usage, the caller sees what he would have seen without the filter."""
    ngx = filtered(nginx, mock)
    with_filter = ask(ngx, model="ok,n=20", stream=True)
    without = plain(ngx, model="ok,n=20", stream=True)
    assert with_filter.body == without.body


def test_usage_that_was_asked_for_stays(nginx, mock):
    ngx = filtered(nginx, mock)
    answer = ask(ngx, stream=True, stream_options={"include_usage": True})
    assert json.loads(answer.events()[-2][1])["usage"]["prompt_tokens"] == 21


@pytest.mark.parametrize("word,path,dialect", [
    ("auto", "/v1/messages?beta=true", "anthropic"), ("auto", "/v1/openai/deployments/x/chat/completions", "openai"),
    ("auto", "/v1/chat/completions/", "openai"), ("openai", "/v1/some/other/path", "openai"),
    ("anthropic", "/v1/chat/messages", "anthropic")])
def test_calls_are_found_by_path_or_body(nginx, mock, word, path, dialect):
    mock.plan("ok")
    ngx = filtered(nginx, mock, word)
    seen = ask(ngx, dialect, path=path, stream=False)
    assert seen.status == 200 and mock.last.path == path
    # The mock answers in Anthropic's words only below /messages.
    assert counts(ngx.access(1)[0])[:2] == (21, 7)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_usage_is_estimated(nginx, mock, dialect):
    ngx = filtered(nginx, mock)
    ask(ngx, dialect, "ok,usage=none", stream=True)
    ask(ngx, dialect, "ok,usage=none")
    for entry in ngx.access(2):
        assert entry["ai_usage_source"] == "estimated"
        assert int(entry["ai_prompt_tokens"]) > 0 and int(entry["ai_completion_tokens"]) > 3
        assert entry["ai_cached_tokens"] == ""


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_caller_that_leaves_is_counted(nginx, mock, dialect):
    ngx = filtered(nginx, mock)
    stream = open_ask(ngx, dialect, "ok,n=200,gap=0.05")
    stream.read_until(b"data:" if dialect == "openai" else b"content_block_delta")
    stream.abort()
    entry = ngx.access(1)[0]
    assert entry["ai_stream_end"] == "client" and entry["status"] == "200"
    mock.wait_closed()
    if dialect == "anthropic":
        assert entry["ai_usage_source"] == "estimated"
    assert 'result="client"' in ngx.metrics()


@pytest.mark.parametrize("model,end,error", [
    ("cut", "error", "upstream_error"), ("reset,at=mid", "error", "upstream_error"), ("nodone", "done", ""),
    ("error,at=3", "error", "")])
def test_streams_that_go_wrong_pass_as_they_are(nginx, mock, model, end, error):
    ngx = filtered(nginx, mock)
    with_filter = ask(ngx, model=model, stream=True)
    without = plain(ngx, model=model, stream=True)
    assert with_filter.body == without.body and with_filter.whole == without.whole
    entry = ngx.access(1)[0]
    assert entry["ai_stream_end"] == end
    if end == "error":
        assert entry["ai_error"] != ""


@pytest.mark.parametrize("code", [400, 401, 404, 429, 500, 503])
def test_errors_of_the_server_pass_and_are_named(nginx, mock, code):
    ngx = filtered(nginx, mock)
    for stream in (False, True):
        with_filter = ask(ngx, model=f"status,code={code}", stream=stream)
        without = plain(ngx, model=f"status,code={code}", stream=stream)
        assert with_filter.status == without.status == code
        assert with_filter.body == without.body
    entries = [entry for entry in ngx.access(4) if entry["ai_attempts"]]
    assert len(entries) == 2
    for entry in entries:
        assert entry["ai_error"] and entry["ai_usage_source"] == "" and entry["ai_prompt_tokens"] == ""


@pytest.mark.parametrize("model,status,result", [("close", 502, "closed"), ("hang", 504, "timeout")])
def test_a_server_that_fails_gets_the_proxys_own_page(nginx, mock, model, status, result):
    ngx = filtered(nginx, mock, location="proxy_read_timeout 300ms;")
    answer = ask(ngx, model=model)
    assert answer.status == status and b"<center>nginx" in answer.body
    entry = ngx.access(1)[0]
    assert entry["ai_error"] == {502: "upstream_error", 504: "timeout"}[status]
    assert f'aigw_attempts_total{{provider="mocks",result="{result}"}} 1' in ngx.metrics()


def test_the_next_upstream_is_another_attempt(nginx, mock):
    ngx = filtered(nginx, mock, location="proxy_next_upstream error timeout http_503 non_idempotent;",
                   http=f"upstream two {{ server 127.0.0.1:{mock.port}; server localhost:{mock.port} backup; }}",
                   server=f"location /two/ {{ proxy_pass http://two/; ai_filter openai; proxy_next_upstream http_503 non_idempotent; }}")
    mock.plan("503", "ok")
    answer = ask(ngx, path="/two/v1/chat/completions")
    assert answer.status == 200
    entry = ngx.access(1)[0]
    assert entry["ai_attempts"] == "2" and entry["upstream_status"] == "503, 200" and entry["ai_provider"] == "two"
    assert 'aigw_attempts_total{provider="two",result="overloaded"} 1' in ngx.metrics()


def test_other_endpoints_pass(nginx, mock):
    """Not chats: passed on, logged, counted by their usage if they tell one; bodies that are no JSON are nobody's business."""
    ngx = filtered(nginx, mock)
    for path, payload, headers in [
            ("/v1/audio", b"\x00\xff\xfe" * 1000, {"Content-Type": "application/octet-stream"}),
            ("/v1/anything", b'{"broken": ', {}), ("/v1/list", b"[1, 2]", {}),
            ("/v1/embeddings", b'{"model":"e","input":"x"}', {})]:
        post(ngx.port, path, payload, headers)
        assert mock.last.body == payload and mock.last.path == path
    assert get(ngx.port, "/v1/models").status == plain_get(ngx, "/v1/models").status
    assert len(ngx.access(6)) == 6


def plain_get(ngx, path):
    return get(ngx.port, "/plain" + path)


def test_malformed_calls_are_refused_in_the_callers_words(nginx, mock):
    ngx = filtered(nginx, mock)
    for dialect, path in PATHS.items():
        for payload, code in [(b'{"model": ', "invalid_json"), (b'{"model":"a","model":"b","messages":[]}', "duplicate_member"),
                              (b"", "invalid_json"), (b"[]", "invalid_json")]:
            answer = post(ngx.port, path, payload)
            assert answer.status == 400 and answer.headers["content-type"] == "application/json"
            error = answer.json()["error"]
            assert error["type"] == "invalid_request_error"
            if dialect == "openai":
                assert error["code"] == code
    assert not mock.requests
    assert {entry["ai_error"] for entry in ngx.access(8)} == {"invalid_json", "duplicate_member"}


@pytest.mark.parametrize("size", [1_000, 300_000, 3_000_000])
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_of_all_sizes(nginx, mock, size, chunked):
    """In memory, in a file, chunked: the edited body arrives whole, with its length."""
    ngx = filtered(nginx, mock)
    text = "äö\\n" * (size // 5)
    wanted = {"model": "ok", "stream": True, "messages": [{"role": "user", "content": text}]}
    connection = Connection(ngx.port)
    connection.send(request_bytes("POST", PATHS["openai"], wanted, chunked=chunked))
    assert connection.read_answer().status == 200
    assert mock.last.json == wanted | {"stream_options": {"include_usage": True}}
    assert mock.last.headers["content-length"] == str(len(mock.last.body))


def test_streams_are_not_held_back(nginx, mock):
    ngx = filtered(nginx, mock)
    for members in ({}, {"stream_options": {"include_usage": True}}):
        stream = open_ask(ngx, model="ok,n=5,gap=0.2", **members)
        answer = stream.rest()
        assert answer.whole and answer.times[-1][0] - answer.times[0][0] > 0.5
        assert len([at for at in answer.times]) >= 5


def test_a_long_stream_needs_no_memory(nginx, mock):
    ngx = filtered(nginx, mock)
    ask(ngx, model="ok,n=5000,gap=0", stream=True)
    before = ngx.rss_bytes()
    answer = ask(ngx, model="ok,n=20000,gap=0", stream=True)
    assert answer.whole and len(answer.body) > 2_000_000
    bound = (320 if sanitizing() else 1) << 20  # ASan keeps up to 256 MB of freed memory
    assert ngx.rss_bytes() - before < bound


def test_a_compressed_answer_is_not_asked_for(nginx, mock):
    """Nobody could count it. The proxy's own gzip goes on working."""
    ngx = filtered(nginx, mock, location="gzip on; gzip_types application/json; gzip_min_length 1; gzip_proxied any;")
    answer = ask(ngx, headers={"Accept-Encoding": "gzip"})
    assert "accept-encoding" not in mock.last.headers
    assert answer.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(answer.body))["usage"]["prompt_tokens"] == 21
    assert counts(ngx.access(1)[0])[:2] == (21, 7)


def test_a_compressed_answer_passes(nginx, mock):
    ngx = filtered(nginx, mock)
    for stream in (False, True):
        with_filter = ask(ngx, model="ok,gzip=1", stream=stream, stream_options={"include_usage": True} if stream else None)
        without = plain(ngx, model="ok,gzip=1", stream=stream, stream_options={"include_usage": True} if stream else None)
        assert with_filter.body == without.body


def test_streams_running_are_shown(nginx, mock):
    ngx = filtered(nginx, mock)
    stream = open_ask(ngx, model="ok,n=100,gap=0.05")
    stream.read_until(b"data:")
    wait_until(lambda: "aigw_streams 1" in ngx.metrics(), what="the stream to be shown")
    stream.abort()
    wait_until(lambda: "aigw_streams 0" in ngx.metrics(), what="the stream to be gone")
