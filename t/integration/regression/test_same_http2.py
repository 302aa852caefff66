"""HTTP/2 callers: GET and POST, long bodies both ways, trailers, many streams at once, resets, refused and moved requests."""
import hashlib

import h2.config
import h2.connection
import h2.events
import httpx
import pytest

from lib.client import Connection
from lib.nginx import listen_http2
from lib.origin import BIG, WORDS
from lib.same import Fleet

HTTP = "client_max_body_size 8m; upstream kept { server 127.0.0.1:%ORIGIN%; keepalive 2; }"
SERVER = """
    %LISTEN%
    proxy_http_version 1.1;
    location /static/ { alias %FILES%/; }
    location /proxy/ { proxy_pass http://origin/; }
    location /unbuffered/ { proxy_pass http://kept/; proxy_set_header Connection ""; proxy_buffering off; proxy_request_buffering off; }
    location /gzip/ { proxy_pass http://origin/; gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any; }
    location /mirror/ { mirror /copy; proxy_pass http://origin/; client_body_buffer_size 1k; }
    location = /copy { internal; log_subrequest off; proxy_pass http://origin/copy$request_uri; }
    location /asked/ { auth_request /ask; proxy_pass http://origin/; }
    location = /ask { internal; proxy_pass http://origin/status-401; proxy_pass_request_body off; proxy_set_header Content-Length ""; }
    location /trailers/ { proxy_pass http://origin/; add_trailer X-After $upstream_status; }
    location /intercept/ { proxy_pass http://origin/; proxy_intercept_errors on; error_page 404 500 502 /static/50x.html; }
    location /named/ { error_page 404 = @proxied; root /nowhere; }
    location @proxied { proxy_pass http://origin; }
    location /small/ { client_max_body_size 10; proxy_pass http://origin/; }
    location /denied/ { deny all; proxy_pass http://origin/; }
    location /accel/ { proxy_pass http://origin/; }
    location /internal/ { internal; alias %FILES%/; }
    location @named { return 418 "short and stout"; }
"""
# What a stream that was reset is logged as depends on how far it had come.
UNLOGGED = """server { %LISTEN% access_log off; location / { proxy_pass http://origin; proxy_buffering off; } }"""
NAMES = ["words", "empty", "chunked", "eof", "etag", "gzipped", "page", "json", "events", "trickle", "nothing", "to-self", "status-404",
         "status-503", "silent", "range"]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    made = Fleet(tmp_path_factory.mktemp("same"), server=SERVER.replace("%LISTEN%", listen_http2()), http=HTTP,
                 servers=UNLOGGED.replace("%LISTEN%", listen_http2("%PORT3%")))
    yield made
    made.stop()


def client_of(side):
    return httpx.Client(http1=False, http2=True, base_url=f"http://127.0.0.1:{side.ngx.ports['PORT2']}", headers={"Host": "gateway.test"})


def visible(answer):
    headers = [(name, value) for name, value in answer.headers.raw if name != b"date"]
    return answer.http_version, answer.status_code, headers, len(answer.content), hashlib.sha256(answer.content).hexdigest()


def send(side, method, path, **options):
    with client_of(side) as client:
        return visible(client.request(method, path, **options))


@pytest.mark.parametrize("place", ["proxy", "unbuffered", "gzip", "intercept", "trailers"])
def test_get_and_head(fleet, place):
    def run(side):
        with client_of(side) as client:
            return [visible(client.request(method, f"/{place}/{name}", headers=headers)) for name in NAMES for method in ("GET", "HEAD")
                    for headers in ({"Accept-Encoding": "identity"}, {"Accept-Encoding": "identity", "Range": "bytes=1-5", "If-None-Match": '"v1"'})]

    assert all(one[0] == "HTTP/2" and one[1] for one in fleet.same(run))


@pytest.mark.parametrize("place", ["proxy", "unbuffered"])
def test_long_answers(fleet, place):
    for name in ("big", "bigchunked"):
        assert fleet.same(lambda side: send(side, "GET", f"/{place}/{name}"))[3] == len(BIG)


@pytest.mark.parametrize("place", ["proxy", "unbuffered", "gzip", "mirror", "named"])
@pytest.mark.parametrize("size", [0, 1, 16_384, 70_000, 1_000_000])
def test_post(fleet, place, size):
    def pieces():
        for at in range(0, size, 10_000):
            yield BIG[at:min(at + 10_000, size)]

    requests = 2 if place == "mirror" else 1
    for content in (lambda: BIG[:size], pieces):  # with a length, and without one
        status = fleet.same(lambda side: send(side, "POST", f"/{place}/echo", content=content()), requests=requests)[1]
        assert status == 200 and [one[4] for one in fleet.arrived] == [BIG[:size]] * requests


def test_refused(fleet):
    def run(side):
        with client_of(side) as client:
            seen = [visible(client.post(path, content=b"y" * 50_000)) for path in ("/small/echo", "/denied/echo", "/asked/echo", "/nowhere", "/proxy/early")]
            return [*seen, visible(client.get("/proxy/words"))]

    assert [one[1] for one in fleet.same(run)] == [413, 403, 401, 404, 403, 200]


def test_moved(fleet):
    for path, status in (("/accel/accel", 200), ("/accel/accel-named", 418), ("/intercept/status-404", 404), ("/named/words", 200)):
        assert fleet.same(lambda side: send(side, "GET", path))[1] == status


def test_streams_at_once(fleet):
    """Twenty on one connection, answered in any order; the middle of them is given up."""
    def run(side):
        with Connection(side.ngx.ports["PORT2"]) as connection:
            protocol = h2.connection.H2Connection(config=h2.config.H2Configuration(header_encoding="utf-8"))
            protocol.initiate_connection()
            for number in range(20):
                body = number % 3 == 0
                path = "/proxy/echo" if body else ("/unbuffered/trickle", "/proxy/words")[number % 2]
                protocol.send_headers(1 + 2 * number, [(":method", "POST" if body else "GET"), (":path", path), (":scheme", "http"),
                                                       (":authority", "gateway.test")], end_stream=not body)
                if body:
                    protocol.send_data(1 + 2 * number, b"%d" % number * 500, end_stream=True)
            connection.send(protocol.data_to_send())
            answers = converse(connection, protocol, {1 + 2 * number for number in range(20)})
        return sorted(answers.items())

    answers = fleet.same(run, requests=20)
    assert [dict(answer["head"])[":status"] for _, answer in answers] == ["200"] * 20


def converse(connection, protocol, open_streams):
    """{stream: its head, body and trailers}, until all have ended."""
    answers = {stream: {"head": [], "body": b"", "trailers": []} for stream in open_streams}
    while open_streams:
        assert connection._fill(), "the connection ended"
        for event in protocol.receive_data(connection.buffer):
            if isinstance(event, h2.events.ResponseReceived):
                answers[event.stream_id]["head"] = [(k, v) for k, v in event.headers if k != "date"]
            elif isinstance(event, h2.events.TrailersReceived):
                answers[event.stream_id]["trailers"] = list(event.headers)
            elif isinstance(event, h2.events.DataReceived):
                answers[event.stream_id]["body"] += event.data
                protocol.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
                open_streams.discard(event.stream_id)
        connection.buffer = b""
        connection.send(protocol.data_to_send())
    return answers


def one_stream(side, path, headers=(), body=None, trailers=None, reset=False):
    with Connection(side.ngx.ports["PORT3" if reset else "PORT2"]) as connection:
        protocol = h2.connection.H2Connection(config=h2.config.H2Configuration(header_encoding="utf-8"))
        protocol.initiate_connection()
        protocol.send_headers(1, [(":method", "GET" if body is None else "POST"), (":path", path), (":scheme", "http"),
                                  (":authority", "gateway.test"), *headers], end_stream=body is None)
        if body is not None:
            protocol.send_data(1, body, end_stream=trailers is None and not reset)
        if trailers:
            protocol.send_headers(1, trailers, end_stream=True)
        connection.send(protocol.data_to_send())
        if reset:
            protocol.reset_stream(1)
            protocol.send_headers(3, [(":method", "GET"), (":path", "/words"), (":scheme", "http"), (":authority", "x")], end_stream=True)
            connection.send(protocol.data_to_send())
            return converse(connection, protocol, {3})
        return converse(connection, protocol, {1})[1]


def test_trailers(fleet):
    answer = fleet.same(lambda side: one_stream(side, "/trailers/words", [("te", "trailers")]))
    assert answer["trailers"] == [("x-after", "200")] and answer["body"] == WORDS
    fleet.same(lambda side: one_stream(side, "/proxy/trailers", [("te", "trailers")]))


def test_trailers_of_a_request(fleet):
    """nginx learnt them late; before that it ends the connection."""
    def run(side):
        try:
            return one_stream(side, "/proxy/echo", [], b"abc", [("x-end", "yes")])
        except AssertionError as ended:
            return str(ended).splitlines()[0]

    fleet.same(run)


def test_several_headers_of_a_name(fleet):
    fleet.same(lambda side: one_stream(side, "/proxy/words", [("cookie", "a=1"), ("cookie", "b=2"), ("x-a", "1"), ("x-a", "2")]), requests=1)
    assert ("cookie", "a=1; b=2") in [(name.lower(), value) for name, value in fleet.arrived[0][3]]


def test_given_up(fleet):
    """A reset in the middle of a body, and of an answer; the connection goes on."""
    answers = fleet.same(lambda side: one_stream(side, "/echo", [("content-length", "1000")], b"part", reset=True))
    assert answers[3]["body"] == WORDS
    assert fleet.same(lambda side: one_stream(side, "/trickle", body=b"all", reset=True))[3]["body"] == WORDS
