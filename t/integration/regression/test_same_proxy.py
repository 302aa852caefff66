"""proxy_pass as it always was: framing, buffering, conditions, ranges, headers, faults of the server behind."""
import pytest

from lib.client import Connection, request_bytes
from lib.origin import BIG, WORDS
from lib.same import Fleet, visible

PROXY = """
    proxy_http_version 1.1; proxy_set_header Connection "";
    location /proxy/ { proxy_pass http://origin/; }
    location /unbuffered/ { proxy_pass http://origin/; proxy_buffering off; }
    location /old/ { proxy_pass http://origin/; proxy_http_version 1.0; }
    location /small/ { proxy_pass http://origin/; proxy_buffers 2 1k; proxy_buffer_size 1k; proxy_busy_buffers_size 1k; }
    location /ondisk/ { proxy_pass http://origin/; proxy_buffers 2 4k; proxy_buffer_size 4k; proxy_busy_buffers_size 4k;
                        proxy_max_temp_file_size 64m; }
    location /nodisk/ { proxy_pass http://origin/; proxy_max_temp_file_size 0; }
    location /stored/ { proxy_pass http://origin/; proxy_store %PREFIX%/stored$uri; proxy_store_access user:rw; }
    location /ranges/ { proxy_pass http://origin/; proxy_force_ranges on; }
    location /headers/ { proxy_pass http://origin/; proxy_hide_header Link; proxy_pass_header Server; proxy_pass_header Date;
        proxy_set_header X-Uri "$uri|$args"; proxy_set_header Accept-Encoding ""; proxy_set_header X-Empty "";
        add_header X-Added $upstream_http_x_odd always; expires 1h; proxy_cookie_domain origin.test new.test; proxy_cookie_path / /p; }
    location /nobody/ { proxy_pass http://origin/; proxy_pass_request_body off; proxy_set_header Content-Length ""; }
    location /replaced/ { proxy_pass http://origin/; proxy_set_body "[$request_method]"; proxy_method PUT; }
    location /mine/ { proxy_pass http://origin/; proxy_pass_request_headers off; }
    location /variable/ { set $where 127.0.0.1:%ORIGIN%; proxy_pass http://$where/by-variable$uri$is_args$args; }
    location ~ ^/regex/(.+)$ { proxy_pass http://origin/$1; }
    location /slow/ { proxy_pass http://origin/; limit_rate 60k; limit_rate_after 1k; }
    location /next/ { proxy_pass http://several/; proxy_next_upstream error timeout http_503 non_idempotent; }
    location /down/ { proxy_pass http://127.0.0.1:%PORT_DOWN%/; }
    location /rewritten { rewrite ^/rewritten/(.*) /x/$1 break; proxy_pass http://origin; }
    location /conditional/ { if ($arg_in) { proxy_pass http://origin; } return 204; }
    location /limited/ { client_max_body_size 10; proxy_pass http://origin/; }
    location /methods/ { limit_except GET { deny all; } proxy_pass http://origin/; }
    location /static/ { if_modified_since exact; alias %FILES%/; }
"""
SEVERAL = "upstream several { server 127.0.0.1:%PORT_DOWN% max_fails=0; server 127.0.0.1:%ORIGIN% max_fails=0; }"
FRAMINGS = ["words", "empty", "chunked", "eof", "etag", "gzipped", "page", "cookies", "json", "events", "trickle", "trailers",
            "nothing", "to-self", "to-other", "status-400", "status-404", "status-500", "status-503", "private", "range"]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    made = Fleet(tmp_path_factory.mktemp("same"), server=PROXY, http=SEVERAL)
    yield made
    made.stop()


@pytest.mark.parametrize("place", ["proxy", "unbuffered", "old", "small", "ondisk", "nodisk", "headers", "mine", "variable", "regex",
                                   "stored", "next"])
def test_get_and_head(fleet, place):
    for name in FRAMINGS:
        seen = fleet.get(f"/{place}/{name}?a=b%20c")
        if place == "small" and name == "cookies":
            continue
        assert seen.status and seen.end == "whole"
        fleet.head(f"/{place}/{name}")


@pytest.mark.parametrize("place", ["proxy", "unbuffered", "old", "small", "ondisk", "nodisk"])
def test_long_answers(fleet, place):
    for name in ("big", "bigchunked"):
        assert str(len(BIG)) in fleet.get(f"/{place}/{name}").body


def test_slow_answer(fleet):
    assert fleet.get("/slow/words").body == WORDS


@pytest.mark.parametrize("place", ["proxy", "unbuffered", "next", "small"])
def test_faults_of_the_origin(fleet, place):
    assert fleet.get(f"/{place}/broken").status == 502
    assert fleet.get(f"/{place}/silent").status == 502
    assert fleet.get(f"/{place}/longhead").status == 502
    assert fleet.get(f"/{place}/cut").end == "cut"
    assert fleet.get(f"/{place}/cutchunked").end == "cut"


def test_no_origin(fleet):
    assert fleet.get("/down/words").status == 502
    assert fleet.post("/down/words").status == 502
    assert fleet.head("/down/words").status == 502


def test_conditions(fleet):
    assert fleet.get("/proxy/etag", If_None_Match='"v1"').status == 304
    assert fleet.get("/proxy/etag", If_None_Match='"v2"').status == 200
    assert fleet.get("/proxy/etag", If_Modified_Since="Mon, 02 Jan 2023 03:04:05 GMT").status == 200  # the origin's business
    assert fleet.get("/static/words.txt", If_Modified_Since="Fri, 01 Jan 2100 00:00:00 GMT").status == 200
    fleet.get("/unbuffered/etag", If_None_Match='"v1"')
    fleet.head("/proxy/etag", If_None_Match='"v1"')


@pytest.mark.parametrize("place", ["proxy", "ranges", "unbuffered", "static"])
def test_ranges(fleet, place):
    path = "/static/words.txt" if place == "static" else f"/{place}/range"
    for wanted in ("bytes=5-9", "bytes=-5", "bytes=1-2,4-5", "bytes=999999-", "bytes=0-", "words=1-2"):
        fleet.get(path, Range=wanted)
        fleet.get(path, Range=wanted, If_Range='"other"')
    fleet.get("/ranges/words", Range="bytes=1-2,4-5")
    fleet.get("/ranges/chunked", Range="bytes=1-2")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "BREW"])
def test_methods(fleet, method):
    for place in ("proxy", "unbuffered", "old", "nobody", "replaced", "mine", "variable", "rewritten", "next", "headers"):
        fleet.request(method, f"/{place}/echo?x=1", b'{"model":"x","stream":true}', headers={"Content-Type": "application/json"})
    assert fleet.request(method, "/methods/echo", b"x").status == 403
    fleet.request(method, "/proxy/echo")


def test_too_large(fleet):
    assert fleet.post("/limited/echo").status == 413
    assert fleet.post("/limited/echo", chunked=True).status == 413
    assert fleet.post("/limited/echo", b"tiny").status == 200


def test_headers_reach_the_origin(fleet):
    """Also such as an API's callers send, and ones that a gateway would take away."""
    fleet.get("/proxy/words", Authorization="Bearer sk-abc", x_api_key="k", api_key="k", Cookie="a=1; b=2", Accept_Encoding="gzip, br",
              User_Agent="t", X_Forwarded_For="1.2.3.4", TE="trailers", anthropic_version="1", OpenAI_Beta="x", X_Ünicode="é")
    sent = {name.lower(): value for name, value in fleet.arrived[0][3]}
    assert sent["authorization"] == "Bearer sk-abc" and sent["x-api-key"] == "k" and sent["accept-encoding"] == "gzip, br"


def test_caller_leaves(fleet):
    """In the middle of an answer; the next one gets his whole."""
    def run(side):
        with Connection(side.port) as connection:
            connection.send(request_bytes("GET", "/unbuffered/trickle"))
            connection.read_head("GET")
            connection.read_some()
            connection.abort()
        with Connection(side.port) as connection:
            connection.send(request_bytes("GET", "/unbuffered/words"))
            return visible(connection.read_answer("GET"))

    assert fleet.same(run, requests=2)[0] == 200


def test_stored(fleet):
    fleet.get("/stored/words")
    stored = [(side.ngx.prefix / "stored" / "stored" / "words").read_bytes() for side in fleet.sides]
    assert set(stored) == {WORDS}
