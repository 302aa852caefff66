"""proxy_cache: hits, revalidation, stale answers, background updates, locks, ranges; and slice over it."""
import time

import pytest

from lib.client import Connection, exchange, request_bytes
from lib.origin import BIG
from lib.same import Fleet, visible
from lib.wait import wait_until

HTTP = """
    proxy_cache_path cache levels=1:2 keys_zone=one:1m inactive=10m;
    proxy_cache_path slices levels=1 keys_zone=slices:1m use_temp_path=off;
    add_header X-Cache $upstream_cache_status always;
"""
SERVER = """
    proxy_cache one;
    proxy_cache_key $uri$is_args$args;
    proxy_http_version 1.1;
    location /cache/ { proxy_pass http://origin/; proxy_cache_valid 200 404 1m; }
    location /headers/ { proxy_pass http://origin/; }
    location /revalidate/ { proxy_pass http://origin/; proxy_cache_valid 200 1s; proxy_cache_revalidate on; }
    location /stale/ { proxy_pass http://origin/; proxy_cache_use_stale error http_503 timeout updating; }
    location /background/ { proxy_pass http://origin/; proxy_cache_use_stale updating; proxy_cache_background_update on; }
    location /lock/ { proxy_pass http://origin/; proxy_cache_valid 1m; proxy_cache_lock on; }
    location /third/ { proxy_pass http://origin/; proxy_cache_valid 1m; proxy_cache_min_uses 3; }
    location /bypass/ { proxy_pass http://origin/; proxy_cache_valid 1m; proxy_cache_bypass $arg_fresh; proxy_no_cache $arg_never; }
    location /ignored/ { proxy_pass http://origin/; proxy_cache_valid 1m; proxy_ignore_headers Set-Cookie Cache-Control Vary; }
    location /posts/ { proxy_pass http://origin/; proxy_cache_valid 1m; proxy_cache_methods GET HEAD POST;
                       proxy_cache_key "$uri $request_body"; client_body_buffer_size 64k; }
    location /heads/ { proxy_pass http://origin/; proxy_cache_valid 1m; proxy_cache_convert_head off; proxy_cache_key "$request_method$uri"; }
    location /unbuffered/ { proxy_pass http://origin/; proxy_cache_valid 1m; proxy_buffering off; }
    location /gzip/ { proxy_pass http://origin/; proxy_cache_valid 1m; gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any; }
    location /gunzip/ { proxy_pass http://origin/; proxy_cache_valid 1m; gunzip on; }
    location /slice/ { proxy_pass http://origin/; slice 16k; proxy_cache slices; proxy_cache_key $uri$slice_range;
                       proxy_set_header Range $slice_range; proxy_cache_valid 200 206 1m; }
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    made = Fleet(tmp_path_factory.mktemp("same"), server=SERVER, http=HTTP)
    yield made
    made.stop()


def states(fleet, path, *headers, method="GET"):
    """The cache's verdicts on the same request, several times over."""
    return [fleet.request(method, path, headers=one).headers.get("x-cache") for one in headers]


@pytest.mark.parametrize("name", ["words", "chunked", "eof", "big", "bigchunked", "gzipped", "etag", "page", "empty", "status-404", "trickle"])
def test_hit(fleet, name):
    assert states(fleet, f"/cache/{name}", {}, {}, {"Range": "bytes=2-5"}, {"If-None-Match": '"v1"'}) == ["MISS", "HIT", "HIT", "HIT"]
    assert fleet.arrived == []
    assert fleet.head(f"/cache/{name}").headers["x-cache"] == "HIT"


def test_what_the_headers_say(fleet):
    assert states(fleet, "/headers/cache-60", {}, {}) == ["MISS", "HIT"]
    assert states(fleet, "/headers/private", {}, {}) == ["MISS", "MISS"]
    assert states(fleet, "/headers/words", {}, {}) == ["MISS", "MISS"]
    assert states(fleet, "/ignored/private", {}, {}) == ["MISS", "HIT"]
    assert states(fleet, "/ignored/cookies", {}, {}) == ["MISS", "MISS"]  # X-Accel-Buffering: no


def test_head_first(fleet):
    """It is asked for as GET, and answered without a body."""
    assert states(fleet, "/cache/words?head", {}, {}, method="HEAD") == ["MISS", "HIT"]
    assert fleet.get("/cache/words?head").headers["x-cache"] == "HIT"
    assert states(fleet, "/heads/words", {}, {}, method="HEAD") == ["MISS", "HIT"]
    assert fleet.get("/heads/words").headers["x-cache"] == "MISS"


def test_expiry(fleet):
    """Revalidated, updated behind the caller's back, stale because the origin is down."""
    assert states(fleet, "/revalidate/etag", {}, {}) == ["MISS", "HIT"]
    assert fleet.get("/background/count").body == b"answer 1\n"
    assert fleet.get("/stale/stale").body == b"good\n"
    time.sleep(2.1)
    assert fleet.get("/revalidate/etag").headers["x-cache"] == "REVALIDATED"
    assert ("If-None-Match", '"v1"') in fleet.arrived[0][3]
    seen = fleet.get("/background/count", requests=1)  # the update is a request of its own, after the answer
    assert seen.headers["x-cache"] == "STALE" and seen.body == b"answer 1\n"
    seen = fleet.get("/stale/stale")
    assert seen.headers["x-cache"] == "STALE" and seen.body == b"good\n"


def test_the_background_update_is_kept(fleet):
    def run(side):
        first = exchange(side.port, request_bytes("GET", "/background/count?kept"), "GET")
        time.sleep(2.1)
        stale = exchange(side.port, request_bytes("GET", "/background/count?kept"), "GET")
        wait_until(lambda: len(side.origin.seen()) == 2, what="the update")
        time.sleep(0.2)
        fresh = exchange(side.port, request_bytes("GET", "/background/count?kept"), "GET")
        return first.body, stale.body, fresh.body, fresh.headers["x-cache"]

    assert fleet.same(run) == (b"answer 1\n", b"answer 1\n", b"answer 2\n", "HIT")


def test_lock(fleet):
    """Ten ask at once, one asks the origin."""
    def run(side):
        connections = [Connection(side.port) for _ in range(10)]
        for connection in connections:
            connection.send(request_bytes("GET", "/lock/trickle"))
        answers = [visible(connection.read_answer("GET")) for connection in connections]
        for connection in connections:
            connection.close()
        return sorted(answers, key=repr)

    answers = fleet.same(run)
    assert len(fleet.arrived) == 1 and {answer[0] for answer in answers} == {200}


def test_rules(fleet):
    assert states(fleet, "/third/words", {}, {}, {}, {}) == ["MISS", "MISS", "MISS", "HIT"]
    assert states(fleet, "/bypass/words", {}, {}) == ["MISS", "HIT"]
    assert fleet.get("/bypass/words?fresh=1").headers["x-cache"] == "BYPASS"
    assert states(fleet, "/bypass/words?never=1", {}, {}) == ["MISS", "MISS"]
    assert states(fleet, "/unbuffered/chunked", {}, {}) == ["MISS", "MISS"]
    assert states(fleet, "/gzip/words", {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "gzip"}, {}) == ["MISS", "HIT", "HIT"]
    assert states(fleet, "/gunzip/gzipped", {"Accept-Encoding": "gzip"}, {}, {}) == ["MISS", "MISS", "HIT"]  # Vary


def test_posts(fleet):
    for body, state in [(b"a", "MISS"), (b"a", "HIT"), (b"b", "MISS"), (b'{"model":"m"}', "MISS"), (b'{"model":"m"}', "HIT")]:
        seen = fleet.post("/posts/echo", body)
        assert seen.headers["x-cache"] == state
    assert fleet.post("/cache/echo", b"a").headers.get("x-cache", "") == ""


def test_caller_leaves_while_it_is_filled(fleet):
    def run(side):
        with Connection(side.port) as connection:
            connection.send(request_bytes("GET", "/cache/trickle?left"))
            connection.read_head("GET")
            connection.abort()
        time.sleep(0.4)
        return visible(exchange(side.port, request_bytes("GET", "/cache/trickle?left"), "GET"))

    assert fleet.same(run, requests=1)[0] == 200


def test_slice(fleet):
    whole = fleet.get("/slice/range", requests=7)
    assert f"{100_000} bytes" in whole.body
    for wanted in ("bytes=0-9", "bytes=20000-50000", "bytes=-5", "bytes=99999-", "bytes=100000-"):
        seen = fleet.get("/slice/range", Range=wanted)
        assert seen.status == (416 if wanted == "bytes=100000-" else 206)
    assert fleet.get("/slice/range", Range="bytes=16000-17000").body == BIG[16000:17001]
    fleet.head("/slice/range")
    assert fleet.get("/slice/range?again", Range="bytes=40000-40009").body == BIG[40000:40010]
