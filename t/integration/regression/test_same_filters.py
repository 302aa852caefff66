"""What stands between an answer and its caller: gzip both ways, SSI, sub_filter, addition, charset, ranges over all of it;
and subrequests that wait for each other."""
import gzip

import pytest

from lib.client import exchange, request_bytes
from lib.origin import WORDS
from lib.same import Fleet, Seen, visible

HTTP = """
    ssi_silent_errors on;
    charset_map koi8-r utf-8 { C0 D18E; C1 D0B0; }
    map $arg_name $mapped { default none; alice wonderland; }
"""
SERVER = """
    proxy_http_version 1.1;
    location /proxy/ { proxy_pass http://origin/; }
    location /static/ { alias %FILES%/; }
    location /gzip/ { proxy_pass http://origin/; gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any; gzip_vary on; }
    location /gzip-unbuffered/ { proxy_pass http://origin/; proxy_buffering off; gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any; }
    location /gzip-static/ { gzip on; gzip_types *; gzip_min_length 1; gzip_static on; alias %FILES%/; }
    location /gzip-some/ { proxy_pass http://origin/; gzip on; }
    location /gunzip/ { proxy_pass http://origin/; gunzip on; }
    location /gunzip-sub/ { proxy_pass http://origin/; gunzip on; sub_filter fox cat; sub_filter_once off; sub_filter_types *; }
    location /gunzip-gzip/ { proxy_pass http://origin/; proxy_set_header Accept-Encoding gzip; gunzip on; }
    location /sub/ { proxy_pass http://origin/; sub_filter fox $mapped; sub_filter dog ''; sub_filter_once off; sub_filter_types *; }
    location /sub-static/ { sub_filter fox cat; sub_filter_once off; sub_filter_types *; sub_filter_last_modified on; alias %FILES%/; }
    location /charset/ { proxy_pass http://origin/; charset koi8-r; source_charset utf-8; override_charset on; charset_types *; }
    location /ssi/ { proxy_pass http://origin/; ssi on; ssi_types *; }
    location /ssi-unbuffered/ { proxy_pass http://origin/; proxy_buffering off; ssi on; ssi_types *; }
    location /ssi-gzip/ { proxy_pass http://origin/; ssi on; ssi_types *; gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any; }
    location /ssi-static/ { ssi on; ssi_types *; alias %FILES%/; }
    location /ssi-parallel/ { ssi on; ssi_types *; alias %FILES%/; }
    location /added/ { add_before_body /proxy/words; add_after_body /proxy/trickle; addition_types *; proxy_pass http://origin/; }
    location /added-static/ { add_before_body /static/words.txt; add_after_body /proxy/status-404; addition_types *; alias %FILES%/; }
    location /added-own { add_before_body /static/words.txt; add_after_body /static/words.txt; return 200 middle; default_type text/html; }
    location /postponed/ { proxy_pass http://origin/; postpone_output 0; ssi on; ssi_types *; }
    location /ranges/ { proxy_pass http://origin/; proxy_force_ranges on; gzip on; gzip_types *; gzip_min_length 1; }
    location /inmemory/ { alias %FILES%/; sendfile off; output_buffers 1 512; ssi on; ssi_types *; sub_filter fox cat; sub_filter_types *; }
"""
PAGES = {
    "ssi.html": b'a<!--#include virtual="/static/words.txt" -->b<!--#include virtual="/proxy/status-404" -->c'
                b'<!--#echo var="uri" --><!--#set var="x" value="$arg_x" -->d<!--#if expr="$x = 1" -->one<!--#else -->other<!--#endif -->',
    "wait.html": b'<!--#include virtual="/proxy/trickle" wait="yes" -->|<!--#include virtual="/proxy/words?2" wait="yes" -->|'
                 b'<!--#include virtual="/static/words.txt" -->',
    "set.html": b'<!--#include virtual="/proxy/echo?x=1" set="answer" -->[<!--#echo var="answer" -->]',
    "stub.html": b'<!--#block name="s" -->stub<!--#endblock --><!--#include virtual="/proxy/empty" stub="s" -->'
                 b'<!--#include virtual="/nowhere" stub="s" -->',
    "many.html": b"".join(b'%d<!--#include virtual="/proxy/words?n=%d" -->' % (number, number) for number in range(12)),
    "nested.html": b'<<!--#include virtual="/ssi-static/wait.html" -->><!--#include virtual="/ssi-static/ssi.html?x=1" -->',
    "gzipped.html": b'<!--#include virtual="/gunzip/gzipped" -->|<!--#include virtual="/gzip/words" -->',
    "broken.html": b'<!--#include virtual="/proxy/cut" -->|<!--#include virtual="/proxy/silent" -->|<!--#nonsense -->|<!--#include',
}
REQUESTS = {"ssi.html": 1, "wait.html": 2, "set.html": 1, "stub.html": 1, "many.html": 12, "nested.html": 3, "gzipped.html": 2, "broken.html": 2}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    made = Fleet(tmp_path_factory.mktemp("same"), server=SERVER, http=HTTP)
    for name, text in PAGES.items():
        (made.files / name).write_bytes(text)
    (made.files / "words.txt.gz").write_bytes(gzip.compress(b"packed " + WORDS, mtime=0))
    yield made
    made.stop()


@pytest.mark.parametrize("place", ["gzip", "gzip-some", "gunzip", "gunzip-sub", "gunzip-gzip", "sub", "charset", "ranges"])
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_encodings(fleet, place, encoding):
    for name in ("words", "empty", "chunked", "eof", "big", "etag", "gzipped", "page", "json", "events", "trickle", "nothing",
                 "status-404", "to-self", "private"):
        if name == "big" and place != "gzip":
            continue
        seen = fleet.get(f"/{place}/{name}?name=alice", Accept_Encoding=encoding)
        assert seen.end == "whole"
        fleet.head(f"/{place}/{name}", Accept_Encoding=encoding)
    fleet.post(f"/{place}/echo", Accept_Encoding=encoding)


def test_gzip_of_what_is_not_buffered(fleet):
    """Every read is flushed, so the packed bytes depend on time; what they unpack to doesn't."""
    for name in ("words", "chunked", "eof", "big", "trickle", "events"):
        data = request_bytes("GET", f"/gzip-unbuffered/{name}", headers={"Accept-Encoding": "gzip"})

        def run(side):
            answer = exchange(side.port, data, "GET")
            answer.body = gzip.decompress(answer.body)
            return visible(answer)

        assert Seen(fleet.same(run)).headers["content-encoding"] == "gzip"


def test_gzip_is_gzip(fleet):
    assert gzip.decompress(fleet.get("/gzip/words", Accept_Encoding="gzip").body) == WORDS
    assert fleet.get("/gunzip/gzipped").body == WORDS
    assert b"cat" in fleet.get("/gunzip-sub/gzipped").body
    assert gzip.decompress(fleet.get("/gzip-static/words.txt", Accept_Encoding="gzip").body).startswith(b"packed")
    assert fleet.get("/sub/words?name=alice").body == WORDS.replace(b"fox", b"wonderland").replace(b"dog", b"")


def test_an_encoded_request(fleet):
    """A body with Content-Encoding is the origin's business."""
    packed = gzip.compress(b'{"model":"m"}' * 50, mtime=0)
    for place in ("proxy", "gzip", "gunzip"):
        fleet.request("POST", f"/{place}/echo", packed, headers={"Content-Encoding": "gzip"})
        assert fleet.arrived[0][4] == packed


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("headers", [{}, {"Accept-Encoding": "gzip"}, {"Range": "bytes=5-9"}], ids=["plain", "gzip", "range"])
def test_ssi(fleet, page, headers):
    for place in ("ssi-static", "inmemory"):
        seen = fleet.request("GET", f"/{place}/{page}?x=1", requests=REQUESTS[page], headers=headers)
        assert seen.status in (200, 206)
    fleet.request("HEAD", f"/ssi-static/{page}", headers=headers)


@pytest.mark.parametrize("place", ["ssi", "ssi-unbuffered", "ssi-gzip", "postponed"])
def test_ssi_in_what_the_origin_sends(fleet, place):
    for headers in ({}, {"Accept-Encoding": "gzip"}):
        seen = fleet.request("GET", f"/{place}/ssi", requests=4, headers=headers)
        assert seen.status == 200 and seen.end == "whole"
    seen = fleet.post(f"/{place}/ssi", b"a body" * 1000, requests=4)
    assert WORDS[:440] in seen.body or place == "ssi-gzip"


def test_ssi_with_a_post(fleet):
    """Subrequests are GETs without a body, whatever the caller's request was."""
    fleet.post("/ssi/ssi", b"a body" * 1000, chunked=True, requests=4)
    assert [one[0] for one in fleet.arrived].count("POST") == 1


@pytest.mark.parametrize("place", ["added", "added-static"])
def test_addition(fleet, place):
    for name in ("words", "chunked", "page", "etag", "status-404") if place == "added" else ("words.txt", "index.html", "nothing"):
        for headers in ({}, {"Accept-Encoding": "gzip"}, {"Range": "bytes=1-3"}):
            fleet.request("GET", f"/{place}/{name}", headers=headers)
    assert fleet.get("/added-own").body == WORDS + b"middle" + WORDS
    seen = fleet.post("/added/echo", b"abc", requests=3)
    assert seen.body.startswith(WORDS) and seen.body.endswith(WORDS[:440])
