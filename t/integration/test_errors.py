"""What core refuses in a gateway location is answered in the caller's own dialect; everywhere else, and where the operator's
error_page answers, core's own way stays."""
import json
import zlib

import httpx
import pytest

from lib.client import Connection, exchange, get, open_post, post, request, request_bytes

pytestmark = pytest.mark.asan
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
HI = {"model": "openai/ok", "max_tokens": 50, "messages": [{"role": "user", "content": "Hi"}]}
DIALECTS = pytest.mark.parametrize("path", [CHAT, MESSAGES])


def assert_error(answer, path, status, code, kind, anthropic_kind=None):
    assert answer.status == status and answer.whole
    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) == len(answer.body)
    body = answer.json()
    if path.startswith(MESSAGES):
        assert set(body) == {"type", "error", "request_id"} and body["type"] == "error"
        assert body["error"]["type"] == (anthropic_kind or kind) and body["error"]["message"]
        assert body["request_id"] == answer.headers["request-id"] == answer.headers["x-request-id"]
    else:
        error = body["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert (error["type"], error["code"]) == (kind, code) and error["message"]
        assert answer.headers["x-request-id"] and "request-id" not in answer.headers


CASES = {  # location, how it is asked, what comes
    "401 without a key": ("", dict(), 401, "invalid_api_key", "authentication_error"),
    "401 with a wrong key": ("", dict(key="sk-aigw-no"), 401, "invalid_api_key", "authentication_error"),
    "403 deny": ("deny all;", dict(key=True), 403, "access_denied", "permission_error"),
    "403 return": ("return 403;", dict(), 403, "access_denied", "permission_error"),
    "404 return": ("return 404;", dict(), 404, "unknown_endpoint", "invalid_request_error", "not_found_error"),
    "405 method": ("", dict(key=True, method="DELETE"), 405, "method_not_allowed", "invalid_request_error"),
    "403 limit_except": ("limit_except GET { deny all; }", dict(key=True), 403, "access_denied", "permission_error"),
    "413 body": ("client_max_body_size 20;", dict(key=True), 413, "request_too_large", "invalid_request_error", "request_too_large"),
    "413 chunked": ("client_max_body_size 20;", dict(key=True, chunked=True), 413, "request_too_large", "invalid_request_error",
                    "request_too_large"),
    "400 return": ("return 400;", dict(), 400, "invalid_request", "invalid_request_error"),
    "410 return": ("return 410;", dict(), 410, "invalid_request", "invalid_request_error"),
    "429 return": ("return 429;", dict(), 429, "request_limit", "rate_limit_error"),
    "500 return": ("return 500;", dict(), 500, "internal_error", "api_error"),
    "502 return": ("return 502;", dict(), 502, "upstream_error", "api_error"),
    "503 return": ("return 503;", dict(), 503, "overloaded", "api_error", "overloaded_error"),
    "504 return": ("return 504;", dict(), 504, "timeout", "api_error"),
    "if": ("if ($http_x_stop = '') { return 403; }", dict(key=True), 403, "access_denied", "permission_error"),
    "try_files": ("try_files /none =404;", dict(key=True, method="GET"), 405, "method_not_allowed", "invalid_request_error"),
}


@DIALECTS
@pytest.mark.parametrize("case", CASES)
def test_core_errors(gateway, path, case):
    location, how, *expected = CASES[case]
    made = gateway(location=location)
    how = dict(how)
    if how.get("key") is True:
        how["key"] = made.key
    method = how.pop("method", "POST")
    answer = request(method, made.nginx.port, path, HI if method == "POST" else b"", **how)
    assert_error(answer, path, *expected)
    entry = made.nginx.access(1)[0]
    assert (entry["status"], entry["ai_error"], entry["ai_attempts"]) == (str(expected[0]), expected[1], "0")
    assert entry["ai_provider"] in ("", "-")
    assert ("www-authenticate" in answer.headers) == (expected[0] == 401)
    if expected[0] == 401:
        assert answer.headers["www-authenticate"] == "Bearer"


@DIALECTS
def test_the_gateways_own_errors(gateway, path):
    made = gateway()
    for body, status, code, kind, theirs in [
        (b'{"model":', 400, "invalid_json", "invalid_request_error", None),
        (b'{"model":"a","model":"b"}', 400, "duplicate_member", "invalid_request_error", None),
        (b"", 400, "invalid_json", "invalid_request_error", None),
        (b"\xff", 400, "invalid_json", "invalid_request_error", None),
        ({"model": "nobody/x", "max_tokens": 5, "messages": []}, 404, "model_not_found", "invalid_request_error", "not_found_error"),
        ({**HI, "model": "openai/500"}, 502, "upstream_error", "api_error", None),
        ({**HI, "model": "openai/503,retry_after=45"}, 502, "upstream_error", "api_error", None),
        ({**HI, "model": "openai/429,retry_after=45"}, 429, "rate_limit_exceeded", "rate_limit_error", None),
    ]:
        answer = post(made.nginx.port, path, body, key=made.key)
        assert_error(answer, path, status, code, kind, theirs)
        assert answer.headers.get("retry-after") == ("45" if status == 429 else None)
    answer = post(made.nginx.port, "/v1/nothing" if path == CHAT else "/v1/messages/nothing", HI, key=made.key)
    assert_error(answer, path, 404, "unknown_endpoint", "invalid_request_error", "not_found_error")
    codes = [entry["ai_error"] for entry in made.nginx.access(9)]
    assert codes == ["invalid_json", "duplicate_member", "invalid_json", "invalid_json", "model_not_found", "upstream_error",
                     "upstream_error", "rate_limit_exceeded", "unknown_endpoint"]


def test_anthropic_header_names_the_dialect(gateway):
    made = gateway()
    answer = get(made.nginx.port, "/v1/models", {"anthropic-version": "2023-06-01"})
    assert_error(answer, MESSAGES, 401, "", "authentication_error")
    assert_error(get(made.nginx.port, "/v1/models"), CHAT, 401, "invalid_api_key", "authentication_error")


@DIALECTS
def test_limit_req(gateway, path):
    made = gateway(http="limit_req_zone $ai_team zone=team:1m rate=1r/m;", location="limit_req zone=team; limit_req_status 429;")
    assert post(made.nginx.port, path, HI, key=made.key).status == 200
    assert_error(post(made.nginx.port, path, HI, key=made.key), path, 429, "request_limit", "rate_limit_error")
    # No key, no team: not limited here, refused later.
    assert_error(post(made.nginx.port, path, HI), path, 401, "invalid_api_key", "authentication_error")


@DIALECTS
def test_auth_request_refuses(gateway, path):
    made = gateway(location="auth_request /who;", server="location = /who { internal; return 401; }")
    assert_error(post(made.nginx.port, path, HI, key=made.key), path, 401, "invalid_api_key", "authentication_error")


@DIALECTS
def test_another_modules_challenge_stays(gateway, path):
    made = gateway(location="auth_basic closed; auth_basic_user_file %PREFIX%/logs/users;")
    answer = post(made.nginx.port, path, HI, {"x-api-key": made.key})
    assert_error(answer, path, 401, "invalid_api_key", "authentication_error")
    assert [value for name, value in answer.header_list if name.lower() == "www-authenticate"] == ['Basic realm="closed"']


@DIALECTS
def test_head(gateway, path):
    made = gateway(location="deny all;")
    with Connection(made.nginx.port) as connection:
        for _ in range(3):
            connection.send(request_bytes("HEAD", path, key=made.key))
            answer = connection.read_answer("HEAD")
            assert answer.status == 403 and answer.body == b"" and int(answer.headers["content-length"]) > 50
            assert answer.headers["content-type"] == "application/json"
            connection.send(request_bytes("GET", path, key=made.key))
            assert_error(connection.read_answer("GET"), path, 403, "access_denied", "permission_error")


@DIALECTS
def test_keepalive_is_core_s(gateway, path):
    """The same connection goes on after an error, with the body thrown away."""
    made = gateway()
    with Connection(made.nginx.port) as connection:
        for body, status in [(HI, 401), (b"x" * 100_000, 401), (HI, 401)]:
            connection.send(request_bytes("POST", path, body))
            answer = connection.read_answer()
            assert_error(answer, path, status, "invalid_api_key", "authentication_error")
            assert answer.headers["connection"] == "keep-alive"


@DIALECTS
@pytest.mark.parametrize("version", ["1.0", "0.9"])
def test_old_http(gateway, path, version):
    made = gateway()
    line = f"GET {path}\r\n" if version == "0.9" else f"GET {path} HTTP/1.0\r\n\r\n"
    with Connection(made.nginx.port) as connection:
        connection.send(line.encode())
        got = b""
        while piece := connection.socket.recv(65536):
            got += piece
    body = got if version == "0.9" else got.split(b"\r\n\r\n", 1)[1]
    assert "error" in json.loads(body)


@pytest.mark.parametrize("level", [b"zz\r\n", b"5\r\nhello\r\n-1\r\n"])
@DIALECTS
def test_broken_chunks(gateway, path, level):
    made = gateway()
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {made.key}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    assert_error(exchange(made.nginx.port, head + level), path, 400, "invalid_request", "invalid_request_error")


def test_before_any_location_is_known(gateway):
    """The URI or the header is too long, or not HTTP: core answers for the server, in its own way."""
    made = gateway()
    for data, status in [(b"GET /v1/" + b"x" * 40000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
                         (b"GET /v1/models HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 40000 + b"\r\n\r\n", 400),
                         (b"GET /v1/models HTTP/1.1\r\n\r\n", 400)]:
        answer = exchange(made.nginx.port, data, "GET")
        assert answer.status == status and answer.headers["content-type"] == "text/html"


def test_error_page_of_the_operator_wins(gateway):
    made = gateway(location="error_page 401 /own.html; error_page 404 = @other; error_page 403 http://elsewhere.test/; "
                            "error_page 502 =200 /own.json;",
                   server="location = /own.html { return 401 'our own words'; } location @other { return 418 teapot; } "
                          "location = /own.json { default_type application/json; return 200 '{}'; } "
                          "location = /v1/denied { ai_gateway prefix=/v1/; ai_auth keys; deny all; error_page 403 http://elsewhere.test/; }")
    port, key = made.nginx.port, made.key
    answer = post(port, CHAT, HI)
    assert (answer.status, answer.body) == (401, b"our own words")
    answer = post(port, "/v1/nothing", HI, key=key)
    assert (answer.status, answer.body) == (418, b"teapot")
    answer = post(port, "/v1/denied", HI, key=key)
    assert (answer.status, answer.headers["location"]) == (302, "http://elsewhere.test/")
    answer = post(port, CHAT, {**HI, "model": "openai/500"}, key=key)
    assert (answer.status, answer.body) == (200, b"{}")
    entries = made.nginx.access(4)
    assert [entry["ai_error"] for entry in entries][3] == "upstream_error" and entries[3]["ai_provider"] == "openai"
    assert entries[0]["ai_attempts"] == "0"
    # A status that error_page does not name is ours.
    assert_error(post(port, CHAT, b"{", key=key), CHAT, 400, "invalid_json", "invalid_request_error")


def test_error_page_to_another_gateway_location(gateway):
    """A second way for what failed in the first: new exchange, good answer, the first status is not seen."""
    made = gateway(location="error_page 502 = @second;",
                   server="location @second { ai_gateway prefix=/v1/ model=anthropic/ok; ai_auth keys; client_max_body_size 32m; }")
    answer = post(made.nginx.port, CHAT, {**HI, "model": "openai/500"}, key=made.key)
    assert answer.status == 200 and answer.json()["choices"][0]["message"]["content"].startswith("Hello")
    entry = made.nginx.access(1)[0]
    assert (entry["ai_provider"], entry["ai_error"], entry["ai_attempts"]) == ("anthropic", "", "1")


def test_error_page_that_keeps_the_status(gateway):
    """Without `=` the answer of the other location goes out under the first status; it is an answer, not a page."""
    made = gateway(location="error_page 502 @second;",
                   server="location @second { ai_gateway prefix=/v1/ model=openai/ok; ai_auth keys; client_max_body_size 32m; }")
    connection = open_post(made.nginx.port, CHAT, {**HI, "model": "openai/500"}, key=made.key)
    answer = connection.rest()
    assert answer.status == 502 and answer.json()["choices"][0]["message"]["content"].startswith("Hello")


def test_other_locations_are_not_touched(gateway):
    made = gateway(server="location /plain/ { return 403; } location /text/ { return 404 'words'; } "
                          "location /auth/ { auth_request /no; } location = /no { return 401; }")
    for path, status in [("/plain/", 403), ("/text/", 404), ("/auth/", 401), ("/nothing", 404)]:
        answer = get(made.nginx.port, path)
        assert answer.status == status and "x-request-id" not in answer.headers
        assert answer.body == b"words" or answer.body.startswith(b"<html>")


def test_return_with_a_text_is_the_operators(gateway):
    made = gateway(location="return 403 'go away';")
    answer = post(made.nginx.port, CHAT, HI)
    assert (answer.status, answer.body) == (403, b"go away")


def test_add_header_always_and_gzip(gateway):
    made = gateway(location="deny all; add_header X-Own yes always; gzip on; gzip_types application/json; gzip_min_length 1;")
    answer = post(made.nginx.port, CHAT, HI, {"Accept-Encoding": "gzip"}, key=made.key)
    assert answer.status == 403 and answer.headers["x-own"] == "yes" and answer.headers["content-encoding"] == "gzip"
    assert json.loads(zlib.decompress(answer.body, 31))["error"]["code"] == "access_denied"


# ---- HTTP/2

@DIALECTS
def test_http2(gateway, path):
    made = gateway(server="listen 127.0.0.1:%PORT2% http2; location /v1/small/ { ai_gateway; ai_auth keys; client_max_body_size 20; }")
    port = made.nginx.ports["PORT2"]
    small = path.replace("/v1/", "/v1/small/")
    with httpx.Client(http1=False, http2=True, base_url=f"http://127.0.0.1:{port}") as client:
        bearer = {"Authorization": f"Bearer {made.key}"}
        for answer, status in [(client.post(path, json=HI), 401), (client.post(path, content=b"{", headers=bearer), 400),
                               (client.post(small, json=HI, headers=bearer), 413), (client.put(path, headers=bearer), 405),
                               (client.head(path), 401), (client.post(path, json=HI, headers=bearer), 200)]:
            assert answer.http_version == "HTTP/2" and answer.status_code == status
            assert answer.headers["content-type"] == "application/json"
            if answer.request.method != "HEAD" and status != 200:
                assert ("request_id" in answer.json()) == (path == MESSAGES)
    assert [entry["status"] for entry in made.nginx.access(6)] == ["401", "400", "413", "405", "401", "200"]


# ---- subrequests

SUBREQUESTS = """
    location /asks/ { auth_request /v1/models; proxy_pass http://127.0.0.1:%PORT_BACK%; }
    location /mirrors { mirror /v1/chat/completions; proxy_pass http://127.0.0.1:%PORT_BACK%; }
    location /pages/ { ssi on; ssi_types *; proxy_pass http://127.0.0.1:%PORT_BACK%; }
"""
BACK = """server { listen 127.0.0.1:%PORT_BACK%; access_log off; location / { return 200 'back'; }
    location /pages/ { return 200 'a<!--#include virtual="/v1/models" -->b'; } }"""


def test_subrequests_are_refused(gateway):
    made = gateway(server=SUBREQUESTS, servers=BACK)
    port = made.nginx.port
    bearer = {"Authorization": f"Bearer {made.key}"}
    assert get(port, "/asks/x", bearer).status == 403
    assert post(port, "/mirrors", HI, bearer).body == b"back"
    page = get(port, "/pages/x", bearer)
    assert page.status == 200 and page.body.startswith(b"a") and page.body.endswith(b"b")
    assert b"403 Forbidden" in page.body and b"plain-openai" not in page.body
    assert not made.mocks["openai"].requests and len(made.nginx.access(3)) == 3


# ---- odds

def test_request_id(gateway):
    made = gateway()
    for sent, kept in [("abc.DEF_1-2", True), ("a" * 128, True), ("a" * 129, False), ("two words", False), ("<b>", False)]:
        answer = post(made.nginx.port, MESSAGES, HI, {"X-Request-Id": sent})
        got = answer.headers["x-request-id"]
        assert (got == sent) == kept and answer.json()["request_id"] == got
        assert kept or len(got) == 32


def test_client_leaves_before_the_error(gateway):
    made = gateway()
    for _ in range(20):
        connection = Connection(made.nginx.port)
        connection.send(request_bytes("POST", CHAT, HI))
        connection.abort()
    assert post(made.nginx.port, CHAT, HI, key=made.key).status == 200


def test_large_message_in_the_error(gateway):
    """A caller's own words in an error stay JSON, whatever they hold."""
    made = gateway()
    name = 'no"body\r\n\x01é' + "x" * 3000
    answer = post(made.nginx.port, CHAT, {**HI, "model": name}, key=made.key)
    assert answer.status == 404 and answer.json()["error"]["code"] == "model_not_found"


def test_error_after_the_stream_began_is_an_event(gateway):
    made = gateway()
    stream = open_post(made.nginx.port, CHAT, {**HI, "model": "openai/cut", "stream": True}, key=made.key)
    answer = stream.rest()
    stream.close()  # core lingers, and writes the line, until the client goes too
    assert answer.status == 200 and answer.whole and "error" in json.loads(answer.events()[-1][1])
    entry = made.nginx.access(1)[0]
    assert (entry["ai_stream_end"], entry["ai_error"]) == ("error", "upstream_error")
