"""Request bodies on their way through nginx: framing, memory or file, buffered or not, read late, refused, sent on twice."""
import hashlib

import pytest

from lib.client import Connection, chunk, request_bytes
from lib.same import Fleet, visible

SERVER = """
    client_max_body_size 8m;
    client_body_buffer_size 12k;
    proxy_http_version 1.1;
    location /memory/ { proxy_pass http://origin/; client_body_buffer_size 4m; }
    location /single/ { proxy_pass http://origin/; client_body_buffer_size 4m; client_body_in_single_buffer on; }
    location /file/ { proxy_pass http://origin/; client_body_in_file_only clean; }
    location /spill/ { proxy_pass http://origin/; client_body_buffer_size 1k; }
    location /unbuffered/ { proxy_pass http://origin/; proxy_request_buffering off; }
    location /unbuffered10/ { proxy_pass http://origin/; proxy_request_buffering off; proxy_http_version 1.0; }
    location /logged/ { proxy_pass http://origin/; proxy_set_header X-Body $request_body; client_body_buffer_size 64k; }
    location /twice/ { proxy_pass http://twice/; proxy_next_upstream error http_500 non_idempotent; proxy_next_upstream_tries 2; }
    location /mirrored/ { mirror /copy; proxy_pass http://origin/; client_body_buffer_size 1k; }
    location /mirrored-file/ { mirror /copy; proxy_pass http://origin/; client_body_in_file_only clean; }
    location /mirrored-head/ { mirror /copy-head; mirror_request_body off; proxy_pass http://origin/; }
    location = /copy { internal; log_subrequest off; proxy_pass http://origin/copy$request_uri; }
    location = /copy-head { internal; proxy_pass http://origin/copy; proxy_pass_request_body off; proxy_set_header Content-Length ""; }
    location /asked/ { auth_request /ask; proxy_pass http://origin/; }
    location = /ask { internal; proxy_pass http://origin/empty; proxy_pass_request_body off; proxy_set_header Content-Length ""; }
    location /moved/ { error_page 404 =200 /page; proxy_intercept_errors on; proxy_pass http://origin/; }
    location /page { proxy_pass http://origin/echo; }
    location /own/ { rewrite ^/own/(.*)$ /memory/$1 last; }
    location /named/ { try_files /nothing @named; }
    location @named { proxy_pass http://origin; }
    location /static/ { alias %FILES%/; error_page 404 405 = @named; }
    location /answer { return 200 "not read\\n"; }
    location /refused/ { deny all; proxy_pass http://origin/; }
    location /later/ { satisfy any; deny all; auth_basic x; auth_basic_user_file %FILES%/none; proxy_pass http://origin/; }
    location /tiny/ { client_max_body_size 100; proxy_pass http://origin/; proxy_request_buffering off; }
"""
HTTP = "upstream twice { server 127.0.0.1:%PORT_DOWN% max_fails=0; server 127.0.0.1:%ORIGIN% max_fails=0; }"
PLACES = ["memory", "single", "file", "spill", "unbuffered", "unbuffered10", "twice", "mirrored",
          "mirrored-file", "mirrored-head", "asked", "own", "named", "static"]
BODIES = {
    "empty": b"", "one": b"{", "words": b"words " * 500, "zeros": bytes(40_000), "megabyte": b"0123456789abcdef" * 65536,
    "json": b'{"model":"gpt-x","stream":true,"input":"hi"}', "lines": b"\r\n0\r\n\r\n" * 9,
}


# client_body_buffer_size is said, because ai_filter makes the default larger.
# With ai_filter a POST of JSON is read whole before it is passed on: it may be a call. Nothing else is.
PLAIN = {"Content-Type": "text/plain"}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    made = Fleet(tmp_path_factory.mktemp("same"), server=SERVER, http=HTTP)
    yield made
    made.stop()


def requests_of(place):
    return {"mirrored": 2, "mirrored-file": 2, "mirrored-head": 2, "asked": 2}.get(place, 1)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_post(fleet, place, chunked):
    for body in BODIES.values():
        headers = PLAIN if place.startswith("unbuffered") else {}
        seen = fleet.request("POST", f"/{place}/echo", body, requests_of(place), chunked, headers)
        assert seen.status == 200 and hashlib.sha256(body).hexdigest().encode() in seen.body


def test_in_a_variable(fleet):
    for body in (BODIES["json"], b"", b"plain"):
        fleet.post("/logged/echo", body)
        sent = dict(fleet.arrived[0][3])
        assert sent.get("X-Body", "") == body.decode()


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "GET"])
def test_other_methods(fleet, method):
    for place in ("memory", "unbuffered", "mirrored", "twice"):
        assert fleet.request(method, f"/{place}/echo", BODIES["words"], requests=requests_of(place)).status == 200


def test_answers_without_reading(fleet):
    """Discarded bodies: the connection goes on."""
    for path, status in (("/answer", 200), ("/refused/echo", 403), ("/later/echo", 401)):
        answers = fleet.several(("POST", path, BODIES["zeros"]), ("GET", "/answer"), ("POST", "/memory/echo", b"again"))
        assert [one.status for one in answers] == [status, 200, 200]


def test_moved_to_an_error_page(fleet):
    assert fleet.post("/moved/status-404", BODIES["words"], requests=2).status == 200
    assert fleet.post("/moved/echo", BODIES["words"]).status == 200


def test_origin_answers_early(fleet):
    assert fleet.post("/unbuffered/early", BODIES["words"]).status == 403
    assert fleet.post("/memory/early", BODIES["words"]).status == 403


def test_too_large_while_it_comes(fleet):
    for chunked in (False, True):
        assert fleet.post("/tiny/echo", BODIES["words"], chunked).status == 413
    assert fleet.post("/memory/echo", bytes(9 << 20)).status == 413


def test_expect(fleet):
    def run(side, path):
        with Connection(side.port) as connection:
            head, body = request_bytes("POST", path, b"later", {"Expect": "100-continue"}).split(b"\r\n\r\n")
            connection.send(head + b"\r\n\r\n")
            interim = connection._line() + connection._line() if path != "/refused/echo" else b""
            connection.send(body)
            return interim, visible(connection.read_answer("POST"))

    for path in ("/memory/echo", "/unbuffered/echo", "/refused/echo"):
        interim, answer = fleet.same(lambda side: run(side, path))
        assert answer[0] == (403 if "refused" in path else 200) and (interim == b"HTTP/1.1 100 Continue") == (answer[0] == 200)


@pytest.mark.parametrize("place", ["memory", "unbuffered", "mirrored", "asked", "spill"])
def test_in_pieces(fleet, place):
    """Each piece is a read of its own for nginx."""
    parts = [b"a" * 10, b"b" * 3000, b"c", b"d" * 20_000]

    def run(side):
        with Connection(side.port) as connection:
            connection.send(request_bytes("POST", f"/{place}/echo", b"", {"Transfer-Encoding": "chunked", "Content-Length": None} | PLAIN))
            for part in parts:
                connection.send(chunk(part)[:4])
                connection.send(chunk(part)[4:])
            connection.send(b"0\r\nX-Trailer: 1\r\n\r\n")
            return visible(connection.read_answer("POST"))

    answer = fleet.same(run, requests=requests_of(place))
    assert hashlib.sha256(b"".join(parts)).hexdigest().encode() in answer[3]


def test_body_that_breaks_off(fleet):
    """Nothing half reaches an origin where the body is buffered; and the next caller is served."""
    def run(side):
        for path in ("/memory/echo", "/spill/echo", "/mirrored/echo"):
            with Connection(side.port) as connection:
                connection.send(request_bytes("POST", path, BODIES["words"])[:-10])
                connection.abort()
        with Connection(side.port) as connection:
            connection.send(b"POST /memory/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
            return visible(connection.read_answer("POST"))

    assert fleet.same(run)[0] == 400
    assert fleet.arrived == []
    assert fleet.post("/memory/echo").status == 200
