"""Where a request goes: redirects inside and out, X-Accel-Redirect, error pages, auth_request, access rules, limits, mirrors."""
import time

import pytest

from lib.client import Connection, request_bytes
from lib.origin import WORDS
from lib.same import Fleet, visible

HTTP = """
    limit_req_zone $uri zone=slow:1m rate=1r/m;
    limit_req_zone $uri zone=paced:1m rate=50r/s;
    limit_conn_zone $uri zone=few:1m;
    limit_req_status 429;
    map $arg_name $mapped { default none; alice wonderland; }
    split_clients $arg_x $half { 50% a; * b; }
    geo $from { default far; 127.0.0.1 near; }
"""
SERVER = """
    proxy_http_version 1.1;
    location /proxy/ { proxy_pass http://origin/; }
    location /redirected/ { proxy_pass http://127.0.0.1:%ORIGIN%/; proxy_redirect default; }
    location /redirected-own/ { proxy_pass http://origin/; proxy_redirect ~^https://other.test/(.*)$ /mine/$1; proxy_redirect http:// https://; }
    location /redirected-off/ { proxy_pass http://origin/; proxy_redirect off; }
    location /accel/ { proxy_pass http://origin/; }
    location /accel-ignored/ { proxy_pass http://origin/; proxy_ignore_headers X-Accel-Redirect; }
    location /internal/ { internal; alias %FILES%/; }
    location @named { return 418 "short and stout"; }
    location @proxied { proxy_pass http://origin; }
    location /away { return 302 /words.txt?a=b; }
    location /own404/ { error_page 404 = /words.txt; }
    location /named/ { error_page 404 = @named; }
    location /to-origin/ { error_page 404 = @proxied; }
    location /code/ { error_page 404 =200 /404.html; error_page 500 502 /50x.html; error_page 503 =302 https://other.test/; return 404; }
    location /intercept/ { proxy_pass http://origin/; proxy_intercept_errors on; error_page 404 502 /50x.html; error_page 500 =200 /404.html;
                           error_page 503 = @proxied; error_page 400 http://other.test/; }
    location /intercept-again/ { proxy_pass http://origin/; proxy_intercept_errors on; recursive_error_pages on;
                                 error_page 404 = /intercept/status-500; }
    location /intercept-none/ { proxy_pass http://origin/; proxy_intercept_errors on; }
    location /dead/ { proxy_pass http://127.0.0.1:%PORT_DOWN%/; error_page 502 504 = @proxied; }
    location /limited { limit_req zone=slow; alias %FILES%/words.txt; }
    location /limited-proxy/ { limit_req zone=slow burst=1 nodelay; proxy_pass http://origin/; error_page 429 /404.html; }
    location /paced/ { limit_req zone=paced burst=20; proxy_pass http://origin/; }
    location /conns/ { limit_conn few 1; limit_conn_status 503; proxy_buffering off; proxy_pass http://origin/; }
    location /asked/ { auth_request /ask/words; auth_request_set $seen $upstream_http_x_odd; proxy_set_header X-Seen $seen;
                       proxy_pass http://origin/; }
    location /asked-cookies/ { auth_request /ask/cookies; auth_request_set $link $upstream_http_link; add_header X-Link $link; proxy_pass http://origin/; }
    location /asked-401/ { auth_request /ask/status-401; proxy_pass http://origin/; }
    location /asked-403/ { auth_request /ask/status-403; proxy_pass http://origin/; error_page 403 = @named; }
    location /asked-500/ { auth_request /ask/status-500; proxy_pass http://origin/; }
    location /asked-dead/ { auth_request /ask-dead; proxy_pass http://origin/; }
    location /asked-static/ { auth_request /auth; alias %FILES%/; }
    location /asked-any/ { satisfy any; auth_request /ask/status-401; allow 127.0.0.1; deny all; proxy_pass http://origin/; }
    location /asked-slow/ { auth_request /ask/trickle; proxy_pass http://origin/; }
    location /ask/ { internal; proxy_pass http://origin/; proxy_pass_request_body off; proxy_set_header Content-Length "";
                     proxy_set_header X-Original-URI $request_uri; }
    location = /ask-dead { internal; proxy_pass http://127.0.0.1:%PORT_DOWN%/; }
    location = /auth { internal; return 204; }
    location /mirror/ { mirror /copy; proxy_pass http://origin/; }
    location /mirror-two/ { mirror /copy; mirror /copy-dead; proxy_pass http://origin/; }
    location /mirror-static/ { mirror /copy; alias %FILES%/; }
    location = /copy { internal; log_subrequest off; proxy_pass http://origin/copy$request_uri; }
    location = /copy-dead { internal; proxy_pass http://127.0.0.1:%PORT_DOWN%/; }
    location /denied { deny all; }
    location /basic { auth_basic closed; auth_basic_user_file %FILES%/none; proxy_pass http://origin; }
    location /headers { add_header X-Mapped $mapped always; add_header X-Ids "$request_method $uri $half $from" always;
                        add_trailer X-After $upstream_status; proxy_pass http://origin/words; }
    location /rewritten { rewrite ^ /proxy/words last; }
    location /looped { rewrite ^ /looped last; }
    location /tried { try_files /nothing $uri/index.html @proxied; }
    location /if/ { if ($arg_a) { return 403; } if ($request_method = POST) { rewrite ^ /proxy/echo last; } return 204; }
    location /secret/ { secure_link $arg_s; secure_link_md5 "$uri x"; if ($secure_link = "") { return 403; } proxy_pass http://origin/; }
    location /post-action/ { proxy_pass http://origin/; post_action /after; }
    location = /after { internal; proxy_pass http://origin/after; }
    location /dav/ { dav_methods PUT DELETE; alias %PREFIX%/dav/; create_full_put_path on; }
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    made = Fleet(tmp_path_factory.mktemp("same"), server=SERVER, http=HTTP)
    made.allow(r"rewrite or internal redirection cycle")
    yield made
    made.stop()


PATHS = {
    "redirect": ["/redirected/to-self", "/redirected/to-other", "/redirected-own/to-other", "/redirected-own/to-self",
                 "/redirected-off/to-self", "/proxy/to-self", "/away", "/folder?x=1", "/rewritten", "/looped", "/tried/x", "/folder/../tried"],
    "accel": ["/accel/accel", "/accel/accel-named", "/accel-ignored/accel", "/internal/words.txt"],
    "error pages": ["/own404/x", "/named/x", "/to-origin/echo", "/code/x", "/intercept/status-404", "/intercept/status-500",
                    "/intercept/status-503", "/intercept/status-400", "/intercept/words", "/intercept/silent", "/intercept/broken",
                    "/intercept-again/status-404", "/intercept-none/status-404", "/intercept-none/status-401", "/dead/words"],
    "access": ["/denied", "/headers?name=alice&x=1", "/headers", "/basic/words", "/secret/words?s=x", "/if/x?a=1", "/if/x", "/none"],
    "auth_request": ["/asked/words", "/asked-cookies/words", "/asked-401/words", "/asked-403/words", "/asked-500/words",
                     "/asked-dead/words", "/asked-static/words.txt", "/asked-any/words", "/asked-slow/words", "/auth"],
    "mirror": ["/mirror-static/words.txt"],
}


@pytest.mark.parametrize("group", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_paths(fleet, group, method):
    for path in PATHS[group]:
        if method == "POST" and path.startswith("/asked-static"):
            continue
        seen = fleet.request(method, path, b"x" * 2000 if method == "POST" else b"", requests=1 if group == "mirror" else None)
        assert seen.status and seen.end == "whole"


def test_accel(fleet):
    seen = fleet.get("/accel/accel")
    assert seen.body == WORDS and seen.headers["set-cookie"] == "kept=1" and "x-kept" not in seen.headers
    assert fleet.get("/accel/accel", Range="bytes=1-3").status == 206
    assert fleet.post("/accel/accel").body == WORDS  # asked for as GET


def test_redirected(fleet):
    assert fleet.get("/redirected/to-self").headers["location"] == "/redirected/words?x=1"
    assert fleet.get("/redirected-own/to-other").headers["location"] == "/mine/there"


def test_auth_request(fleet):
    seen = fleet.get("/asked-cookies/words", Authorization="Bearer x", requests=2)
    assert seen.status == 200 and all(("Authorization", "Bearer x") in one[3] for one in fleet.arrived)
    assert fleet.get("/asked-401/words").headers["www-authenticate"]
    assert fleet.get("/asked-any/words").status == 200
    assert fleet.post("/asked/echo", b"y" * 50_000, requests=2).status == 200
    assert sorted(len(one[4]) for one in fleet.arrived) == [0, 50_000]


def test_limit_req(fleet):
    assert [fleet.get("/limited").status for _ in range(3)] == [200, 429, 429]
    assert [fleet.get("/limited-proxy/words").status for _ in range(3)] == [200, 200, 429]
    assert fleet.post("/limited-proxy/words").status == 429


def test_limit_req_delays(fleet):
    def run(side):
        connections = [Connection(side.port) for _ in range(5)]
        started = time.monotonic()
        for connection in connections:
            connection.send(request_bytes("GET", "/paced/words"))
        answers = [visible(connection.read_answer("GET")) for connection in connections]
        took = time.monotonic() - started
        for connection in connections:
            connection.close()
        return answers, 0.06 < took < 2

    answers, delayed = fleet.same(run, requests=5)
    assert delayed and [one[0] for one in answers] == [200] * 5


def test_limit_conn(fleet):
    def run(side):
        with Connection(side.port) as first, Connection(side.port) as second:
            first.send(request_bytes("GET", "/conns/trickle"))
            first.read_head("GET")
            second.send(request_bytes("GET", "/conns/trickle"))
            refused = visible(second.read_answer("GET"))
            return visible(first.rest()), refused

    first, refused = fleet.same(run)
    assert (first[0], refused[0]) == (200, 503)
    assert fleet.get("/conns/trickle").status == 200


@pytest.mark.parametrize("place,copies", [("mirror", 1), ("mirror-two", 1)])
def test_mirror(fleet, place, copies):
    for name in ("words", "status-404", "chunked", "trickle", "to-self"):
        fleet.get(f"/{place}/{name}", requests=1 + copies)
    assert fleet.post(f"/{place}/echo", b"z" * 100_000, requests=1 + copies).status == 200
    assert [len(one[4]) for one in fleet.arrived] == [100_000] * (1 + copies)


def test_post_action(fleet):
    assert fleet.get("/post-action/words", requests=2).body == WORDS


def test_files_put(fleet):
    assert fleet.request("PUT", "/dav/a/b", b"text").status == 201
    assert fleet.request("PUT", "/dav/a/b", b"more").status == 204
    assert fleet.request("DELETE", "/dav/a/b").status == 204
