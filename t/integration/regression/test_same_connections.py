"""Connections: kept ones on both sides, pipelining, upgrades, requests that are no HTTP, HTTP/1.0, what nginx says at start."""
import re
import socket

import pytest

from lib.client import Connection, exchange, request_bytes
from lib.origin import WORDS
from lib.same import Fleet, visible

HTTP = """
    upstream kept { server 127.0.0.1:%ORIGIN%; keepalive 4; }
    map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
    large_client_header_buffers 4 8k;
"""
SERVER = """
    proxy_http_version 1.1;
    listen 127.0.0.1:%PORT_PROXIED% proxy_protocol;
    set_real_ip_from 127.0.0.1;
    location /static/ { alias %FILES%/; }
    location /proxy/ { proxy_pass http://origin/; }
    location /kept/ { proxy_pass http://kept/; proxy_set_header Connection ""; }
    location /kept-unbuffered/ { proxy_pass http://kept/; proxy_set_header Connection ""; proxy_buffering off; proxy_request_buffering off; }
    location /socket/ { proxy_pass http://origin/; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; }
    location /real/ { real_ip_header proxy_protocol; proxy_set_header X-Real $remote_addr; proxy_pass http://origin/; }
    location /forwarded/ { real_ip_header X-Forwarded-For; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                           proxy_set_header X-Real $remote_addr; proxy_pass http://origin/; }
    location /once/ { keepalive_requests 2; proxy_pass http://origin/; }
    location /refused { deny all; }
    location /ssi/ { ssi on; ssi_types *; alias %FILES%/; }
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    made = Fleet(tmp_path_factory.mktemp("same"), server=SERVER, http=HTTP)
    (made.files / "ssi.html").write_bytes(b'<!--#include virtual="/kept/words" -->|<!--#include virtual="/proxy/status-404" -->')
    yield made
    made.stop()


def everything(side, data):
    """All bytes of the answers to these bytes, until nginx has nothing more to say."""
    with socket.create_connection(("127.0.0.1", side.port)) as connection:
        connection.sendall(data)
        connection.settimeout(0.3)
        got = b""
        try:
            while piece := connection.recv(65536):
                got += piece
            return got + b"(closed)"
        except OSError:
            return got


ODD = [
    b"GET /static/words.txt HTTP/1.0\r\n\r\n", b"GET /nothing HTTP/1.0\r\n\r\n", b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /proxy/words HTTP/1.0\r\n\r\n", b"GET /proxy/chunked HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"GET /static/words.txt\r\n", b"NONSENSE\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /" + b"x" * 40000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 40000 + b"\r\n\r\n",
    b"POST /proxy/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /proxy/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    b"POST /proxy/echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"POST /proxy/echo HTTP/1.1\r\nHost: x\r\n\r\n",
    b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", b"CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n\r\nGET /proxy/words HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET http://y/proxy/words?q HTTP/1.1\r\nHost: x\r\n\r\n", b"GET //proxy//words/../echo HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /proxy/words HTTP/1.1\r\nHost: x\r\nbad header\r\nA_b: 1\r\nC: d\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"GET /proxy/echo?\xff HTTP/1.1\r\nHost: x\r\n\r\n"]


@pytest.mark.parametrize("data", ODD, ids=lambda data: re.sub(rb"[^\w/ .%*]+", b" ", data[:40]).decode())
def test_odd_requests(fleet, data):
    assert re.match(rb"HTTP/1\.1 \d{3} |<html>|the quick|", fleet.same(lambda side: everything(side, data)))


def test_pipelining(fleet):
    """One write, six requests; a body in between, one refused, one that takes its time."""
    data = b"".join([request_bytes("GET", "/proxy/words"), request_bytes("POST", "/proxy/echo", b"abc" * 100), request_bytes("GET", "/proxy/trickle"),
                     request_bytes("POST", "/kept/echo", b"x" * 20_000, chunked=True), request_bytes("GET", "/refused"),
                     request_bytes("HEAD", "/kept/words"), request_bytes("GET", "/static/words.txt", headers={"Connection": "close"})])
    got = fleet.same(lambda side: everything(side, data), requests=5)
    assert got.count(b"HTTP/1.1 200 OK") == 6 and got.count(b"403 Forbidden\r\n") == 1 and got.endswith(b"(closed)")


def test_kept_connections(fleet):
    """On both sides: the origin sees one connection for all of it."""
    requests = [("GET", "/kept/words"), ("POST", "/kept/echo", b"{}"), ("HEAD", "/kept/words"), ("GET", "/kept/chunked"),
                ("GET", "/kept/status-404"), ("GET", "/kept/etag"), ("GET", "/kept-unbuffered/trickle"), ("POST", "/kept-unbuffered/echo", b"x" * 30_000),
                ("GET", "/kept/nothing"), ("GET", "/static/words.txt"), ("GET", "/refused"), ("GET", "/ssi/ssi.html"), ("GET", "/kept/words")]
    fleet.several(*requests)
    made = []
    for side in fleet.sides:
        side.origin.forget()
    fleet.several(*requests[:9], *requests[:9])
    made = [side.origin.connections for side in fleet.sides]
    assert made == [0] * len(made)


def test_keepalive_requests(fleet):
    answers = fleet.several(("GET", "/once/words"))
    assert answers[0].headers["connection"] == "keep-alive"

    def run(side):
        with Connection(side.port) as connection:
            seen = []
            for _ in range(2):
                connection.send(request_bytes("GET", "/once/words"))
                seen.append(visible(connection.read_answer("GET")))
            return seen

    assert dict(fleet.same(run)[1][2])["Connection"] == "close"


@pytest.mark.parametrize("early", [b"", b"sent before the answer "], ids=["", "early"])
def test_upgrade(fleet, early):
    def run(side):
        with Connection(side.port) as connection:
            connection.send(request_bytes("GET", "/socket/upgrade", headers={"Upgrade": "shout", "Connection": "Upgrade"}) + early)
            head = visible(connection.read_head("GET"))
            said = b""
            for word in (b"hello ", b"there ", b"x" * 50_000):
                connection.send(word)
                wanted = len(said) + len(word) + (len(early) if not said else 0)
                while len(said) < wanted:
                    if not connection.buffer:
                        connection._fill()
                    said, connection.buffer = said + connection.buffer, b""
            return head, said

    head, said = fleet.same(run)
    assert head[0] == 101 and said == early.upper() + b"HELLO THERE " + b"X" * 50_000


def test_no_upgrade(fleet):
    assert fleet.get("/socket/words").body == WORDS
    assert fleet.get("/socket/words", Upgrade="shout", Connection="Upgrade").status == 200
    assert fleet.post("/socket/echo", b"x" * 5000, Upgrade="shout", Connection="Upgrade").status == 200


def test_addresses(fleet):
    def run(side):
        with Connection(side.ngx.ports["PORT_PROXIED"]) as connection:
            connection.send(b"PROXY TCP4 192.0.2.7 192.0.2.8 1000 80\r\n" + request_bytes("GET", "/real/echo"))
            return visible(connection.read_answer("GET"))

    assert fleet.same(run)[0] == 200
    assert ("X-Real", "192.0.2.7") in fleet.arrived[0][3]
    fleet.get("/forwarded/echo", X_Forwarded_For="198.51.100.1, 192.0.2.9")
    assert ("X-Real", "192.0.2.9") in fleet.arrived[0][3]


def test_no_word_at_start(fleet):
    """Not even a warning about the hash of variables."""
    for side in fleet.sides:
        assert re.findall(r"\[(?:warn|error|crit|alert|emerg)\].*", side.ngx.stderr()) == []


def test_reload(fleet):
    """Requests under way end in the old worker; new ones go to the new."""
    def run(side):
        with Connection(side.port) as connection:
            connection.send(request_bytes("GET", "/kept-unbuffered/trickle"))
            connection.read_head("GET")
            side.ngx.reload()
            old = connection.rest()
            new = exchange(side.port, request_bytes("GET", "/kept/words"), "GET")  # of either worker, which says "close" or not
            return old.status, old.body, old.whole, new.status, new.body

    assert fleet.same(run)[3:] == (200, WORDS)
