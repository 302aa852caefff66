"""format raw: models of any kind, called by path. What they are asked and what they answer passes."""
import http.server
import threading

import httpx
import pytest

from lib.client import Connection, request_bytes
from lib.json_provider import JsonProvider
from lib.keys import KeyFile

pytestmark = pytest.mark.asan

BYTES = bytes(range(256)) * 4
ANSWERS = {
    "/base/v1/models/iris-real:predict": lambda request: {"predictions": [1, 2]},
    "/base/v1/models/iris-real/infer": lambda request: (200, "application/octet-stream", request.body[::-1]),
    "/base/v1/models/fraud/v3:predict": lambda request: {"score": 0.5},
    "/base/v1/score/now": lambda request: (201, "text/csv; charset=x", b"a,b\n1,2\n"),
    "/base/v1/nothing": lambda request: (200, "text/plain", b""),
    "/base/v1/models/bad:predict": lambda request: (400, {"error": "wrong shape"}),
    "/base/v1/models/gone:predict": lambda request: (404, {"error": "no model"}),
    "/down/models/iris-real:predict": lambda request: (503, {"error": "down"}),
    "/v1/chat/completions": lambda request: {"never": "asked"},
}
SERVER = """
    location / { ai_gateway; ai_auth keys; }
    location /score/ { ai_gateway prefix=/score/ model=iris; ai_auth keys; }
    location /limited/ { ai_gateway prefix=/limited/; ai_auth keys; ai_request_limit $ai_key_id 2/h; ai_token_limit $ai_key_id 10/h; }
    location /guarded/ { ai_gateway prefix=/guarded/; ai_auth keys; ai_guardrail request reject email; }
"""
LOGGED = ("ai_units", "ai_unit", "ai_prompt_tokens", "ai_usage_source", "ai_attempts", "ai_provider", "ai_model", "ai_upstream_model", "ai_error", "ai_stream_end")


@pytest.fixture
def provider():
    provider = JsonProvider(ANSWERS)
    yield provider
    provider.close()


@pytest.fixture
def gateway(nginx, provider, tmp_path):
    keys = KeyFile(tmp_path / "keys.json")
    key, narrow = keys.add("key-one", team="team-a"), keys.add("narrow", models=["fraud/*"])
    made = nginx(main="env UPSTREAM;", env={"UPSTREAM": "upstream-secret"}, server=SERVER, log_variables=LOGGED, http=f"""
        ai_keys {keys.path}; client_max_body_size 32m;
        ai_provider ml    {{ format raw; url {provider.url}/base/v1; key env:UPSTREAM; header X-Own "1"; }}
        ai_provider down  {{ format raw; url {provider.url}/down; }}
        ai_provider chats {{ format openai; url {provider.url}/v1; key env:UPSTREAM; }}
        ai_model iris     {{ target ml iris-real; }}
        ai_model moves    {{ target down iris-real; target chats x; target ml iris-real; }}
        ai_model fraud/*  {{ target ml fraud/*; }}
        ai_model bad      {{ target ml bad; }}
        ai_model gone     {{ target ml gone; }}
        ai_model gpt      {{ target chats gpt; }}""")
    made.key, made.narrow = key, narrow
    return made


def post(gateway, path, key=None, **parts):
    headers = {"authorization": f"Bearer {key or gateway.key}", **parts.pop("headers", {})}
    return httpx.post(gateway.url + path, headers=headers, trust_env=False, **parts)


def logged(gateway, **expected):
    entry = gateway.access(1)[-1]
    assert {name: entry[name] for name in expected} == expected


@pytest.mark.parametrize("prefix", ["/v1", "/v2", ""])
def test_kserves_paths(gateway, provider, prefix):
    got = post(gateway, prefix + "/models/iris:predict?a=1&b=%20x", json={"instances": [[1, 2]]}, headers={"cookie": "secret"})
    assert got.status_code == 200 and got.json() == {"predictions": [1, 2]} and got.headers["x-aigw-provider"] == "ml"
    assert provider.last.path == "/base/v1/models/iris-real:predict?a=1&b=%20x" and provider.last.json == {"instances": [[1, 2]]}
    headers = provider.last.headers
    assert headers["authorization"] == "Bearer upstream-secret" and headers["x-own"] == "1" and "cookie" not in headers
    logged(gateway, ai_units="1", ai_unit="calls", ai_model="iris", ai_upstream_model="iris-real", ai_provider="ml", ai_attempts="1", ai_usage_source="", ai_prompt_tokens="")
    assert 'aigw_requests_total{model="iris",provider="ml",team="team-a",status="200"} 1' in gateway.metrics()


@pytest.mark.parametrize("body", [b"", BYTES, BYTES * 2000])
def test_bodies_of_all_kinds(gateway, provider, body):
    got = post(gateway, "/v2/models/iris/infer", content=body, headers={"content-type": "application/x-own; a=b"})
    assert got.content == body[::-1] and got.status_code == 200 and got.headers["content-type"] == "application/octet-stream"
    assert provider.last.headers["content-type"] == "application/x-own; a=b" and provider.last.body == body


def test_any_path_where_the_location_names_the_model(gateway, provider):
    got = post(gateway, "/score/score/now", content=b"1")
    assert got.content == b"a,b\n1,2\n" and got.headers["content-type"] == "text/csv; charset=x"
    assert post(gateway, "/score/nothing", content=b"1").content == b""
    assert [request.path for request in provider.requests] == ["/base/v1/score/now", "/base/v1/nothing"]
    logged(gateway, ai_model="iris", ai_units="1")


def test_names_with_separators(gateway, provider):
    assert post(gateway, "/v1/models/fraud/v3:predict", gateway.narrow, json={}).json() == {"score": 0.5}
    logged(gateway, ai_model="fraud/v3", ai_upstream_model="fraud/v3")
    assert post(gateway, "/v1/models/iris:predict", gateway.narrow, json={}).json()["error"]["code"] == "model_not_allowed"


def test_the_next_target_answers(gateway, provider):
    assert post(gateway, "/v1/models/moves:predict", json={}).json() == {"predictions": [1, 2]}
    assert [request.path.split("/")[1] for request in provider.requests] == ["down", "base"]
    logged(gateway, ai_attempts="2", ai_provider="ml")


def test_errors(gateway, provider):
    got = post(gateway, "/v1/models/bad:predict", json={})
    assert got.status_code == 400 and "wrong shape" in got.json()["error"]["message"]
    assert post(gateway, "/v1/models/gone:predict", json={}).status_code == 404
    logged(gateway, ai_units="")


def test_what_is_unknown_is_404(gateway, provider):
    for path in ("/v1/models/gpt:predict", "/v1/models/nobody:predict", "/v1/score/now", "/v1/iris:predict", "/v1/models/irisx:predict", "/v1/models/:predict"):
        assert post(gateway, path, json={}).status_code in (404, 405), path
    assert post(gateway, "/v1/chat/completions", json={"model": "iris", "messages": [{"role": "user", "content": "x"}]}).json()["error"]["code"] == "unsupported_value"
    assert post(gateway, "/v1/embeddings", json={"model": "iris", "input": "x"}).json()["error"]["code"] == "unsupported_value"
    for path in ("/v1/models/iris/%2e%2e/%2e%2e/admin", "/score/%2e%2e%2f%2e%2e%2fadmin", "/score/a/%2e%2e/%2e%2e/%2e%2e/admin"):
        assert post(gateway, path, json={}).status_code in (400, 404, 405), path
    assert httpx.get(gateway.url + "/v1/models/iris:predict", headers={"authorization": f"Bearer {gateway.key}"}, trust_env=False).status_code == 404
    assert not provider.requests


def test_the_list_has_them(gateway):
    names = [one["id"] for one in httpx.get(gateway.url + "/v1/models", headers={"authorization": f"Bearer {gateway.key}"}, trust_env=False).json()["data"]]
    assert names == ["iris", "moves", "bad", "gone", "gpt"]


def test_keys_limits_and_guardrails(gateway, provider):
    assert post(gateway, "/v1/models/iris:predict", "wrong", json={}).status_code == 401
    assert [post(gateway, "/limited/v1/models/iris:predict", json={}).status_code for _ in range(3)] == [200, 200, 429]
    assert post(gateway, "/guarded/v1/models/iris:predict", json={}).json()["error"]["code"] == "guardrail"
    assert len(provider.requests) == 2


class Broken(http.server.BaseHTTPRequestHandler):
    """Promises more than it sends."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path.endswith("chunked"):
            self.send_response(200)
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"5\r\nhello\r\nzz\r\n")
        else:
            self.send_response(200)
            self.send_header("content-length", "100")
            self.end_headers()
            self.wfile.write(b"hello")
        self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("path", ["length", "chunked"])
def test_an_answer_that_breaks_is_not_ended_well(nginx, path):
    """Nobody can say in its bytes that it is cut, so the transfer says it."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Broken)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    made = nginx(http=f"ai_provider ml {{ format raw; url http://127.0.0.1:{server.server_port}; }} ai_model m {{ target ml m; }}",
                 server="location / { ai_gateway model=m; ai_auth off; }", log_variables=LOGGED)
    with Connection(made.port) as connection:
        connection.send(request_bytes("POST", "/" + path, b"{}"))
        answer = connection.read_answer()
    assert answer.status == 200 and answer.body == b"hello" and not answer.whole
    assert made.access(1)[-1]["ai_error"] == "upstream_error"
    server.shutdown()
    server.server_close()
    thread.join()
