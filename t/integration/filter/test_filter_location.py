"""ai_filter beside everything else that a proxying location may hold."""
import json

import httpx
import pytest

from lib.client import get, post
from lib.filtered import PATHS, ask, body, filtered, open_ask, plain
from lib.wait import wait_until


def other(location, word="openai"):
    return f"location /other/ {{ proxy_pass http://mocks/; ai_filter {word}; {location} }}"


def ask_other(ngx, dialect="openai", **members):
    return ask(ngx, dialect, path="/other" + PATHS[dialect], **members)


def test_proxy_cache(nginx, mock):
    """A hit costs nobody a token, and what only we asked for is in no cached answer that a caller sees."""
    ngx = filtered(nginx, mock, http="proxy_cache_path %PREFIX%/cache keys_zone=c:1m;", server=other(
        'proxy_buffering on; proxy_cache c; proxy_cache_methods POST; proxy_cache_key "$request_uri $request_body"; '
        "proxy_cache_valid 200 1m; proxy_ignore_headers Cache-Control Expires Set-Cookie;"))
    for stream in (False, True):
        first, second = ask_other(ngx, stream=stream), ask_other(ngx, stream=stream)
        without = plain(ngx, stream=stream)
        assert first.status == second.status == 200
        assert first.body == second.body
        if stream:
            assert b'"usage"' not in first.body
    assert len([r for r in mock.requests if True]) == 4
    entries = [e for e in ngx.access(6) if e["request_uri"].startswith("/other")]
    assert [entry["ai_prompt_tokens"] for entry in entries] == ["21", "", "21", ""]
    assert [entry["ai_attempts"] for entry in entries] == ["1", "0", "1", "0"]
    assert 'kind="prompt"} 42' in ngx.metrics()


@pytest.mark.parametrize("buffering", ["on", "off"])
@pytest.mark.parametrize("request_buffering", ["on", "off"])
@pytest.mark.parametrize("stream", [False, True])
def test_buffering(nginx, mock, buffering, request_buffering, stream):
    ngx = filtered(nginx, mock, server=other(f"proxy_buffering {buffering}; proxy_request_buffering {request_buffering};"))
    answer = ask_other(ngx, model="ok,n=2000", stream=stream)
    assert answer.whole and answer.body == plain(ngx, model="ok,n=2000", stream=stream).body
    assert ngx.access(1)[0]["ai_prompt_tokens"] == "21"


def test_auth_request_sees_the_key(nginx, mock, keys):
    key = keys.add("one")
    ngx = filtered(nginx, mock, keys=keys, server=other("auth_request /check; ai_auth keys;") + """
        location = /check { internal; if ($http_authorization = "") { return 401; } return 204; }""")
    assert ask_other(ngx).status == 401
    assert ask_other(ngx, key=key).status == 200


def test_mirror(nginx, mock, keys):
    """The mirrored request is the one that is proxied: with the usage asked for, without the key."""
    key = keys.add("one")
    ngx = filtered(nginx, mock, keys=keys, server=other("mirror /copy; ai_auth keys;") + """
        location = /copy { internal; proxy_pass http://mocks/mirrored; }""")
    assert ask_other(ngx, key=key, stream=True).status == 200
    wait_until(lambda: len(mock.requests) == 2, what="the mirrored request")
    assert {request.path for request in mock.requests} == {"/mirrored", "/v1/chat/completions"}
    assert mock.requests[0].body == mock.requests[1].body
    assert all(key not in str(request.header_list) for request in mock.requests)


def test_gzip_of_streams(nginx, mock):
    ngx = filtered(nginx, mock, server=other("gzip on; gzip_types text/event-stream; gzip_proxied any;"))
    with httpx.Client() as client:
        with client.stream("POST", f"{ngx.url}/other/v1/chat/completions", json=body("ok,n=5,gap=0.1", stream=True),
                           headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["content-encoding"] == "gzip"
            pieces = list(answer.iter_text())
    assert len(pieces) >= 5 and "[DONE]" in pieces[-1] and "usage" not in "".join(pieces)
    assert ngx.access(1)[0]["ai_prompt_tokens"] == "21"


def test_sub_filter_works_on_what_is_left(nginx, mock):
    ngx = filtered(nginx, mock, server=other("sub_filter mock MOCK; sub_filter_types *; sub_filter_once off;"))
    for stream in (False, True):
        answer = ask_other(ngx, stream=stream)
        assert b"MOCK" in answer.body and b"the mock" not in answer.body
    assert [entry["ai_prompt_tokens"] for entry in ngx.access(2)] == ["21", "21"]


def test_proxy_set_body_and_headers(nginx, mock):
    ngx = filtered(nginx, mock, server=other("proxy_set_body '{\"model\":\"ok\",\"messages\":[{\"role\":\"user\",\"content\":\"$ai_model\"}]}';"))
    assert ask_other(ngx, model="asked").status == 200
    assert mock.last.json["messages"][0]["content"] == "asked"
    assert ngx.access(1)[0]["ai_prompt_tokens"] == "21"


def test_variables_in_the_location(nginx, mock):
    """Of the body: known when the proxy's request is made; of the answer: when its header goes out."""
    ngx = filtered(nginx, mock, server=other(
        "proxy_set_header x-model $ai_model; proxy_set_header x-tokens $ai_input_tokens; proxy_set_header x-stream $ai_stream; "
        "add_header x-provider $ai_provider; add_header x-attempts $ai_attempts;"))
    answer = ask_other(ngx)
    assert (mock.last.headers["x-model"], mock.last.headers["x-stream"]) == ("ok", "0")
    assert int(mock.last.headers["x-tokens"]) > 0
    assert (answer.headers["x-provider"], answer.headers["x-attempts"]) == ("mocks", "1")


def test_routing_by_model(nginx, mock):
    """proxy_pass with a variable: the model's name chooses the upstream."""
    ngx = filtered(nginx, mock, http="map $ai_model $pool { volatile; default mocks; big nowhere; }", server="""
        location /other/ { rewrite ^/other(.*) $1 break; proxy_pass http://$pool; proxy_http_version 1.1; ai_filter openai; }""",
                   servers="upstream nowhere { server 127.0.0.1:1; }")
    assert ask_other(ngx).status == 200
    assert ask_other(ngx, model="big").status == 502
    assert [entry["ai_provider"] for entry in ngx.access(2)] == ["mocks", "nowhere"]


def test_limits_of_core(nginx, mock):
    ngx = filtered(nginx, mock, server=other("client_max_body_size 100;") +
                   f"location /slow/ {{ limit_req zone=z2; proxy_pass http://mocks/; ai_filter openai; }}",
                   servers="limit_req_zone $uri zone=z2:1m rate=1r/m;")
    refused = ask_other(ngx, model="x" * 200)
    assert refused.status == 413 and b"<center>nginx" in refused.body
    assert ask(ngx, path="/slow/v1/chat/completions").status == 200
    limited = ask(ngx, path="/slow/v1/chat/completions")
    assert limited.status == 503 and b"<center>nginx" in limited.body
    assert [entry["ai_error"] for entry in ngx.access(3)] == ["request_too_large", "", "overloaded"]


def test_error_page_names_our_refusal(nginx, mock, keys):
    ngx = filtered(nginx, mock, keys=keys, server=other("ai_auth keys; error_page 401 /own;") +
                   "location = /own { internal; default_type text/plain; return 401 'go away'; }")
    answer = ask_other(ngx)
    assert answer.status == 401 and answer.body == b"go away"


def test_http2(nginx, mock):
    ngx = filtered(nginx, mock, servers=f"""server {{ listen 127.0.0.1:%PORT2% http2;
        location /v1/ {{ proxy_pass http://mocks; ai_filter auto; }} }}""")
    with httpx.Client(http1=False, http2=True) as client:
        for stream in (False, True):
            answer = client.post(f"http://127.0.0.1:{ngx.ports['PORT2']}/v1/chat/completions", json=body(stream=stream))
            assert answer.status_code == 200 and answer.http_version == "HTTP/2"
            assert ("usage" in answer.text) == (not stream)
    assert [entry["ai_prompt_tokens"] for entry in ngx.access(2)] == ["21", "21"]


def test_an_answer_by_a_file(nginx, mock):
    """x-accel-redirect: the server sends a file of ours in its place."""
    ngx = filtered(nginx, mock, server="""
        location /other/ { proxy_pass http://127.0.0.1:%PORT_ORIGIN%; ai_filter openai; }
        location /files/ { internal; alias %PREFIX%/; }""",
                   servers="""server { listen 127.0.0.1:%PORT_ORIGIN%; access_log off; default_type application/json;
        location / { add_header X-Accel-Redirect /files/answer.json; return 200; } }""")
    usage = {"prompt_tokens": 3, "completion_tokens": 4}
    answer = {"id": "x", "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": "a" * 100_000},
                                                    "finish_reason": "stop"}], "usage": usage}
    (ngx.prefix / "answer.json").write_text(json.dumps(answer))
    seen = ask_other(ngx)
    assert seen.json() == answer
    entry = ngx.access(1)[0]
    assert (entry["ai_prompt_tokens"], entry["ai_completion_tokens"]) == ("3", "4")


def test_reload_in_a_stream(nginx, mock):
    ngx = filtered(nginx, mock)
    stream = open_ask(ngx, model="ok,n=20,gap=0.05")
    stream.read_until(b"data:")
    ngx.reload()
    answer = stream.rest()
    assert answer.whole and b"[DONE]" in answer.body
    stream.socket.close()  # a worker that ends lingers till then, and writes its line after
    assert ngx.access(1)[0]["ai_prompt_tokens"] == "21"
