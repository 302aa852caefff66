"""Loaded but unused: the same bytes as without the module, in everything that nginx does with filters, phases and
subrequests. Each case runs on two nginx over the same files; only Date may differ."""
import re

import httpx
import pytest

from lib.client import Connection, exchange, request_bytes
from lib.nginx import Nginx, template

WORDS = "the quick brown fox jumps over the lazy dog\n" * 200

HTTP = """
    limit_req_zone $uri zone=slow:1m rate=1r/m;
    limit_req_status 429;
    map $arg_name $mapped { default none; alice wonderland; }
    absolute_redirect off;
    server_tokens off;
    ssi_silent_errors on;
"""

SERVER = """
    root %FILES%;
    listen 127.0.0.1:%PORT2% http2;
    location / { index index.html; }
    location /gzip/ { alias %FILES%/; gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any; }
    location /proxy/ { proxy_pass http://127.0.0.1:%PORT_ORIGIN%/; proxy_http_version 1.1; proxy_set_header Connection ""; }
    location /unbuffered/ { proxy_pass http://127.0.0.1:%PORT_ORIGIN%/; proxy_buffering off; }
    location /away { return 302 /words.txt?a=b; }
    location /own404/ { error_page 404 = /words.txt; }
    location /named/ { error_page 404 = @named; }
    location @named { return 418 "short and stout"; }
    location /intercept/ { proxy_pass http://127.0.0.1:%PORT_ORIGIN%/; proxy_intercept_errors on; error_page 404 502 /50x.html; }
    location /limited { limit_req zone=slow; alias %FILES%/words.txt; }
    location /protected/ { auth_request /auth; alias %FILES%/; }
    location /refused/ { auth_request /auth-no; alias %FILES%/; }
    location = /auth { internal; return 204; }
    location = /auth-no { internal; return 401; }
    location /ssi/ { ssi on; ssi_types *; alias %FILES%/; }
    location /sub/ { sub_filter fox cat; sub_filter_once off; sub_filter_types *; alias %FILES%/; }
    location /mirror/ { mirror /mirrored; proxy_pass http://127.0.0.1:%PORT_ORIGIN%/; }
    location = /mirrored { internal; proxy_pass http://127.0.0.1:%PORT_ORIGIN%/mirrored; }
    location /denied { deny all; }
    location /small { client_max_body_size 10; proxy_pass http://127.0.0.1:%PORT_ORIGIN%/; }
    location /headers { add_header X-Mapped $mapped always; add_header X-Ids "$request_method $uri" always; return 404; }
    location /rewritten { rewrite ^ /words.txt last; }
    location /tried { try_files /nothing /words.txt =404; }
    location /added { add_before_body /words.txt; add_after_body /words.txt; return 200 middle; default_type text/html; }
    location /basic { auth_basic closed; auth_basic_user_file %FILES%/none; alias %FILES%/words.txt; }
    location /slice { alias %FILES%/words.txt; max_ranges 3; }
"""
ORIGIN = """server { listen 127.0.0.1:%PORT_ORIGIN%; root %FILES%; location /missing { return 404 gone; }
    location /posted { return 200 "$request_method $request_length $http_content_type"; }
    location /broken { return 500; } }"""

GETS = {
    "static": ["/words.txt", "/index.html", "/", "/nothing", "/%00", "/..%2f..", "/folder"],
    "gzip": ["/gzip/words.txt", "/gzip/index.html", "/gzip/nothing"],
    "proxy": ["/proxy/words.txt", "/proxy/missing", "/proxy/broken", "/unbuffered/words.txt", "/unbuffered/missing"],
    "redirect": ["/away", "/folder?x=1", "/rewritten", "/tried"],
    "error_page": ["/own404/x", "/named/x", "/intercept/missing", "/intercept/words.txt", "/intercept/nothing"],
    "limit_req": ["/limited", "/limited", "/limited"],
    "auth_request": ["/protected/words.txt", "/refused/words.txt", "/auth", "/basic"],
    "ssi": ["/ssi/ssi.html"],
    "sub_filter": ["/sub/words.txt", "/sub/nothing"],
    "mirror": ["/mirror/words.txt", "/mirror/missing"],
    "access": ["/denied", "/headers?name=alice", "/headers"],
    "addition": ["/added"],
}


def config(files, loaded):
    text = template(http=HTTP, server=SERVER, servers=ORIGIN).replace("%FILES%", str(files))
    text = re.sub(r"^ *server \{ listen 127\.0\.0\.1:%PORT_METRICS%.*$", "", text, flags=re.M)
    return text if loaded else text.replace("load_module %MODULE%;\n", "")


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """(with the module, without it)"""
    base = tmp_path_factory.mktemp("regression")
    files = base / "files"
    (files / "folder").mkdir(parents=True)
    for folder in (base, files, files / "folder"):
        folder.chmod(0o755)
    (files / "words.txt").write_text(WORDS)
    (files / "index.html").write_text("<html><body>" + WORDS + "</body></html>")
    (files / "50x.html").write_text("our own page")
    (files / "ssi.html").write_text('a<!--#include virtual="/words.txt" -->b<!--#include virtual="/proxy/missing" -->c'
                                    '<!--#echo var="uri" --><!--#set var="x" value="$arg_x" -->d')
    pair = [Nginx(base / name, config(files, loaded)) for name, loaded in (("loaded", True), ("plain", False))]
    yield pair
    for one in pair:
        one.stop()


def comparable(raw, ngx):
    """Everything but the date and the ports."""
    raw = re.sub(rb"^Date: .*\r\n", b"", raw, flags=re.M)
    for port in ngx.ports.values():
        raw = raw.replace(b":%d" % port, b":PORT")
    return raw


def raw_answer(ngx, data, method="GET"):
    """The whole answer as it came, as one string of head and body."""
    answer = exchange(ngx.port, data, method)
    head = b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in answer.header_list)
    return comparable(b"%d %s\r\n" % (answer.status, answer.reason.encode()) + head + b"\r\n" + answer.body, ngx), answer


def assert_same(both, data, method="GET", status=None):
    (loaded, seen), (plain, _) = (raw_answer(ngx, data, method) for ngx in both)
    assert loaded == plain
    assert seen.status and (status is None or seen.status == status)


@pytest.mark.parametrize("case", GETS)
@pytest.mark.parametrize("headers", [{}, {"Accept-Encoding": "gzip", "Connection": "close"}], ids=["plain", "gzip-close"])
def test_get(both, case, headers):
    for path in GETS[case]:
        assert_same(both, request_bytes("GET", path, headers=headers))


@pytest.mark.parametrize("case", ["static", "gzip", "proxy", "redirect", "error_page", "access"])
def test_head(both, case):
    for path in GETS[case]:
        assert_same(both, request_bytes("HEAD", path), "HEAD")


@pytest.mark.parametrize("chunked", [False, True])
def test_post(both, chunked):
    for path, status in [("/proxy/posted", 200), ("/mirror/posted", 200), ("/small", 413), ("/words.txt", 405), ("/denied", 403),
                         ("/protected/words.txt", 405)]:
        assert_same(both, request_bytes("POST", path, b"x" * 3000, chunked=chunked), "POST", status)


def test_ranges_and_conditions(both):
    for header in [{"Range": "bytes=5-9"}, {"Range": "bytes=1-2,4-5"}, {"Range": "bytes=999999-"},
                   {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}, {"If-Match": '"x"'}]:
        assert_same(both, request_bytes("GET", "/slice", headers=header))


@pytest.mark.parametrize("line", [
    b"GET /words.txt HTTP/1.0\r\n\r\n", b"GET /nothing HTTP/1.0\r\n\r\n", b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /words.txt\r\n", b"NONSENSE\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /" + b"x" * 40000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 40000 + b"\r\n\r\n",
    b"POST /proxy/posted HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_odd_requests(both, line):
    answers = []
    for ngx in both:
        with Connection(ngx.port) as connection:
            connection.send(line)
            got = b""
            connection.socket.settimeout(0.5)
            try:
                while piece := connection.socket.recv(65536):
                    got += piece
            except OSError:
                pass
            answers.append(comparable(got, ngx))
    assert answers[0] == answers[1] and answers[0]


def test_keepalive(both):
    for ngx in both:
        with Connection(ngx.port) as connection:
            for path in ["/words.txt", "/proxy/words.txt", "/nothing", "/refused/words.txt", "/ssi/ssi.html", "/words.txt"] * 3:
                connection.send(request_bytes("GET", path))
                answer = connection.read_answer("GET")
                assert answer.whole and not answer.closed and answer.headers["connection"] == "keep-alive"


def test_http2(both):
    def everything(ngx):
        seen = []
        with httpx.Client(http1=False, http2=True, base_url=f"http://127.0.0.1:{ngx.ports['PORT2']}") as client:
            for paths in GETS.values():
                for path in paths:
                    if path.startswith(("/limited", "/%00", "/..")):
                        continue
                    answer = client.get(path, headers={"Host": "gateway.test"})
                    headers = [(k, v) for k, v in answer.headers.raw if k != b"date"]
                    seen.append((path, answer.http_version, answer.status_code, headers, answer.content))
            answer = client.post("/small", content=b"x" * 100)
            seen.append((answer.status_code, answer.content))
        return comparable(repr(seen).encode(), ngx)

    loaded, plain = map(everything, both)
    assert loaded == plain and b"HTTP/2" in loaded


def test_no_word_at_start(both):
    """Not even a warning about the hash of variables."""
    loaded, plain = (re.findall(r"\[(?:warn|error|crit|alert|emerg)\].*", ngx.stderr()) for ngx in both)
    assert loaded == plain == []
