"""What a caller can send that is wrong, odd, too much or meant to harm. Numbers are classes of faults, as in test_faults.py."""
import gzip
import json
import time

import pytest

from lib.client import Connection, chunk
from lib.faults import GRID, KINDS, MAX_GROWTH, assert_4xx, assert_refused, said
from lib.gateway import PATHS
from lib.wait import wait_until

# ---- 13: two readings of one request

HEAD = "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer {key}\r\n"
HIDDEN = b"GET /v1/models HTTP/1.1\r\nHost: x\r\nX-Hidden: 1\r\n\r\n"
SMUGGLING = {
    "length and chunked": ("Content-Length: LEN\r\nTransfer-Encoding: chunked\r\n\r\n", "chunked", {400}),
    "chunked and length": ("Transfer-Encoding: chunked\r\nContent-Length: LEN\r\n\r\n", "chunked", {400}),
    "two lengths": ("Content-Length: LEN\r\nContent-Length: 5\r\n\r\n", "plain", {400}),
    "the same length twice": ("Content-Length: LEN\r\nContent-Length: LEN\r\n\r\n", "plain", {400}),
    "a list of lengths": ("Content-Length: LEN, LEN\r\n\r\n", "plain", {400}),
    "a signed length": ("Content-Length: +LEN\r\n\r\n", "plain", {400}),
    "a negative length": ("Content-Length: -1\r\n\r\n", "plain", {400}),
    "a length in hex": ("Content-Length: 0x10\r\n\r\n", "plain", {400}),
    "another coding": ("Transfer-Encoding: xchunked\r\n\r\n", "chunked", {501}),
    "chunked, then identity": ("Transfer-Encoding: chunked, identity\r\n\r\n", "chunked", {501}),
    "chunked twice": ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "chunked", {400}),
    "a vertical tab": ("Transfer-Encoding: \x0bchunked\r\n\r\n", "chunked", {501}),
    "a quoted coding": ("Transfer-Encoding: \"chunked\"\r\n\r\n", "chunked", {501}),
    "a space before the colon": ("Transfer-Encoding : chunked\r\n\r\n", "chunked", {400}),
    "a folded line": ("Transfer-Encoding:\r\n chunked\r\n\r\n", "chunked", {400, 501}),
    "an underscore": ("Transfer_Encoding: chunked\r\nContent-Length: LEN\r\n\r\n", "plain", {200}),
    "a CR in a line": ("Content-Length: LEN\rTransfer-Encoding: chunked\r\n\r\n", "plain", {400}),
    "a NUL in a line": ("X-A: a\0b\r\nContent-Length: LEN\r\n\r\n", "plain", {400}),
    "no length": ("\r\n", "plain", {400}),
    "a sound chunk extension": ("Transfer-Encoding: chunked\r\n\r\n", "extension", {200}),
    "a chunk size with junk": ("Transfer-Encoding: chunked\r\n\r\n", "junk", {400}),
    "an overflowing chunk size": ("Transfer-Encoding: chunked\r\n\r\n", "overflow", {400, 413}),
    "a chunk longer than it says": ("Transfer-Encoding: chunked\r\n\r\n", "longer", {400}),
}


@pytest.mark.parametrize("name", SMUGGLING)
def test_two_readings(faults, name):
    fields, framing, statuses = SMUGGLING[name]
    with faults.case(13, "request smuggling"):
        for caller, kind, stream in GRID:
            body = json.dumps(faults.body(f"{kind}/ok", stream)).encode()
            data = {"plain": body, "chunked": chunk(body) + b"0\r\n\r\n",
                    "extension": b"%x;a=\"b\";c\r\n%s\r\n0;d\r\n\r\n" % (len(body), body), "junk": b"%xg\r\n%s\r\n0\r\n\r\n" % (len(body), body),
                    "overflow": b"fffffffffffffffff\r\n%s\r\n0\r\n\r\n" % body, "longer": b"%x\r\n%s\r\n0\r\n\r\n" % (len(body) - 9, body)}[framing]
            head = HEAD.format(path=PATHS[caller], key=faults.gateway.key) + fields.replace("LEN", str(len(body)))
            before = faults.requests_upstream
            good = 200 in statuses
            with Connection(faults.nginx.port) as connection:
                connection.send(head.encode("latin-1") + data + (b"" if good else HIDDEN))
                answer = faults.seen(connection.read_answer())
                assert answer.status in statuses and answer.whole
                if not good:  # and nothing is read after it
                    assert answer.headers["connection"] == "close"
                    assert b"HTTP/1.1" not in connection.buffer
            assert faults.requests_upstream - before == good
    assert "X-Hidden" not in faults.nginx.access_log()


# ---- 14: headers from values

EVIL = "x\r\nX-Evil: 1\r\nAuthorization: Bearer stolen"


def sent_upstream(faults, kind):
    return faults.mocks[kind].last


def assert_no_new_header(faults, kind, answer):
    assert not [name for name, _ in answer.header_list if "evil" in name.lower()]
    received = sent_upstream(faults, kind)
    names = [name.lower() for name, _ in received.header_list]
    assert "x-evil" not in names and len(names) == len(set(names)), received.header_list
    assert "stolen" not in received.headers.get("authorization", "") and received.path == PATHS[kind]
    assert all(c == "\t" or 0x20 <= ord(c) != 0x7F for _, value in received.header_list for c in value)


MEMBERS = {"model": {}, "user": {"user": EVIL}, "metadata": {"metadata": {"user_id": EVIL, "task_type": EVIL, EVIL: "1"}},
           "safety_identifier": {"safety_identifier": EVIL}, "service_tier": {"service_tier": EVIL}}


@pytest.mark.parametrize("member", MEMBERS)
def test_headers_through_members(faults, member):
    with faults.case(14, "header injection by members of the body"):
        for caller, kind, stream in GRID:
            before = len(faults.mocks[kind].requests)
            model = f"{kind}/{EVIL if member == 'model' else 'ok'}"
            answer = faults.ask(caller, model, stream, **MEMBERS[member])
            assert answer.status == 200 or 400 <= answer.status < 500
            if len(faults.mocks[kind].requests) > before:
                assert_no_new_header(faults, kind, answer)


HEADERS = ["x-request-id", "idempotency-key", "traceparent", "tracestate", "anthropic-version", "anthropic-beta", "openai-beta",
           "openai-organization", "user-agent", "x-aigw-meta-task_type", "cookie", "x-forwarded-for", "host"]
VALUES = ["a\tb", "a\r b", "a\0b", "a\x7fb", "a\xe9\xff", "a\nX-Evil: 1", "%0d%0aX-Evil: 1", "q" * 7000, "a, b; c=\"d\"", "a\x1b[31mb"]


@pytest.mark.parametrize("header", HEADERS)
def test_headers_through_headers(faults, header):
    with faults.case(14, "header injection by headers"):
        for value in VALUES:
            for caller, kind, stream in GRID:
                before = len(faults.mocks[kind].requests)
                answer = faults.post(caller, faults.body(f"{kind}/ok", stream), {header: value})
                assert answer.status in (200, 400), (value, answer.status, answer.body)
                if len(faults.mocks[kind].requests) > before:
                    assert_no_new_header(faults, kind, answer)
                    received = sent_upstream(faults, kind).headers
                    assert not set(received) & {"cookie", "x-forwarded-for", "x-aigw-meta-task_type", "openai-organization"}
                    assert received["host"].startswith("127.0.0.1:") and received["user-agent"].startswith("ngx_http_aigw")


KEYS = ["x\tFLUSHALL", "*3", "$AUTH\xff", "x" * 7000, "%0d%0aX-Evil: 1", "{}", "'; DROP TABLE keys; --", "${jndi:ldap://x}", "x\x7f", "\xff\xfe"]


def test_headers_through_the_key(faults):
    with faults.case(14, "odd keys"):
        before = faults.requests_upstream
        for key in KEYS:
            for caller in KINDS:
                for header in ({"Authorization": f"Bearer {key}"}, {"x-api-key": key}, {"api-key": key}):
                    answer = faults.post(caller, faults.body("openai/ok"), header, key=False)
                    assert answer.status in (400, 401) and "x-evil" not in answer.headers
        assert faults.requests_upstream == before


# ---- 15: ways out of the gateway

MODELS = ["../../admin", "http://TRAP", "//TRAP/x", "file:///etc/passwd", "gemini/../x", "nobody", "", "*", "openai", "open\0ai/ok", "OPENAI/ok",
          "openai\\ok", "raw-openai", "%6fpenai/ok", "openai%2fok", " openai/ok", "x" * 100_000]
WILD = ["openai/../../admin", "openai/http://TRAP", "openai/ok\0", "openai/?x", "openai/#x", "openai//ok", "openai/ok/../../../etc/passwd"]


@pytest.mark.parametrize("caller", KINDS)
def test_models_are_names(faults, caller):
    with faults.case(15, "paths and URLs as the model"):
        before = faults.requests_upstream
        for model in MODELS:
            answer = faults.ask(caller, model.replace("TRAP", faults.trap.url[7:]))
            assert_4xx(answer, caller)
        assert faults.requests_upstream == before
        for model in WILD:
            answer = faults.ask(caller, model.replace("TRAP", faults.trap.url[7:]))
            assert answer.status == 200 or 400 <= answer.status < 500
            assert all(r.path == PATHS["openai"] for r in faults.mocks["openai"].requests)
        assert faults.trap.untouched()


ELSEWHERE = ["api_base", "base_url", "api_key", "api_version", "url", "proxy", "custom_llm_provider", "endpoint", "fallbacks", "provider",
             "extra_body", "extra_headers", "mock_response"]


@pytest.mark.parametrize("caller,kind,stream", GRID)
def test_no_other_destination(faults, caller, kind, stream):
    with faults.case(15, "another destination in the body"):
        for member in ELSEWHERE:
            for value in (faults.trap.url, {"url": faults.trap.url}, [faults.trap.url]):
                answer = faults.ask(caller, f"{kind}/ok", stream, **{member: value})
                assert answer.status in (200, 400)
        for url in (faults.trap.url, "file:///etc/passwd", "http://[::1]:1/x", "gopher://127.0.0.1:1/_x", "data:text/html,x", "", "//x"):
            for part in ({"type": "image_url", "image_url": {"url": url}}, {"type": "image", "source": {"type": "url", "url": url}},
                         {"type": "document", "source": {"type": "url", "url": url}}, {"type": "file", "file": {"file_data": url}},
                         {"type": "input_audio", "input_audio": {"data": url, "format": "wav"}}):
                answer = faults.ask(caller, f"{kind}/ok", stream, messages=[{"role": "user", "content": [part]}])
                assert answer.status in (200, 400), (part, answer.body)
                assert b"root:" not in answer.body and b"root:" not in (faults.mocks[kind].requests or [None])[-1].body
        assert faults.trap.untouched()


# ---- 17: too much, too little, too slow

def raw_head(faults, caller, fields, port=None):
    connection = Connection(port or faults.nginx.port)
    connection.send((HEAD.format(path=PATHS[caller], key=faults.gateway.key) + fields + "\r\n").encode())
    return connection


def pour(connection, data, times):
    """Sends as much as the other side takes."""
    try:
        for _ in range(times):
            connection.socket.sendall(data)
    except OSError:
        pass


@pytest.mark.slow
@pytest.mark.parametrize("how", ["length", "chunked"])
@pytest.mark.parametrize("caller", KINDS)
def test_a_body_of_100_mb(faults, caller, how):
    with faults.case(17, "a body of 100 MB", fresh=True):
        before = faults.requests_upstream
        piece = b" " * (1 << 20)
        with raw_head(faults, caller, f"Content-Length: {100 << 20}\r\n" if how == "length" else "Transfer-Encoding: chunked\r\n") as connection:
            pour(connection, piece if how == "length" else chunk(piece), 100)
            answer = faults.seen(connection.read_answer())
        assert_refused(answer, caller, 413)
        assert faults.requests_upstream == before


@pytest.mark.slow
@pytest.mark.parametrize("what", ["spaces", "text", "brackets", "zeros"])
def test_a_body_at_the_limit(faults, what):
    """31 MB without sense. Finding JSON's structure takes four bytes for each of its marks, given back at once."""
    size = 31 << 20
    data = {"spaces": b" " * size, "text": b'{"model":"openai/ok","messages":"' + b"x" * size, "brackets": b"[" * size,
            "zeros": b'{"model":"openai/ok","messages":[],"x":[' + b"0," * (size // 2) + b"0]}"}[what]
    peak = 6 * size if what in ("brackets", "zeros") else MAX_GROWTH
    with faults.case(17, f"a body of 31 MB of {what}", fresh=True, peak=peak):
        for caller in KINDS:
            assert_refused(faults.post(caller, data), caller, 400)


@pytest.mark.parametrize("caller", KINDS)
def test_lengths_that_are_lies(faults, caller):
    with faults.case(17, "huge and broken lengths"):
        before = faults.requests_upstream
        for length, status in [("9" * 15, 413), ("9" * 20, 400), ("9" * 300, 400), ("1e9", 400), (str(1 << 63), 400), (str((1 << 63) - 1), 413)]:
            with raw_head(faults, caller, f"Content-Length: {length}\r\n") as connection:
                assert faults.seen(connection.read_answer()).status == status
        for sent in (b"", b"{", json.dumps(faults.body("openai/ok")).encode()):
            for fields in (f"Content-Length: {len(sent) + 10}\r\n", "Transfer-Encoding: chunked\r\n"):
                with raw_head(faults, caller, fields) as connection:
                    connection.send(sent if "Length" in fields else chunk(sent) if sent else b"5\r\nab")
                    connection.socket.shutdown(1)
                    assert connection.read_answer().status in (0, 400)
        assert faults.requests_upstream == before


@pytest.mark.parametrize("caller", KINDS)
def test_compressed_bodies(faults, caller):
    """Nothing is unpacked, so nothing can burst."""
    with faults.case(17, "compressed bodies, a gzip bomb"):
        before = faults.requests_upstream
        for data in (gzip.compress(json.dumps(faults.body("openai/ok")).encode()), gzip.compress(b" " * (64 << 20), 1)):
            assert_refused(faults.post(caller, data, {"Content-Encoding": "gzip"}), caller, 400)
        assert faults.requests_upstream == before


@pytest.mark.parametrize("caller,kind,stream", GRID)
def test_many_headers(faults, caller, kind, stream):
    with faults.case(17, "500 headers"):
        body = faults.body(f"{kind}/ok", stream)
        said(faults.post(caller, body, {f"X-{i}": "v" for i in range(500)}), caller, stream)
        assert not [name for name in sent_upstream(faults, kind).headers if name.startswith("x-1")]
        assert faults.post(caller, body, {f"X-{i}": "v" * 100 for i in range(500)}).status == 400


@pytest.mark.parametrize("where", ["head", "body", "chunks"])
def test_slow_callers(faults, where):
    """A caller that gives a byte now and then is closed, and is no burden for the others."""
    with faults.case(17, "slow heads and bodies"):
        before = faults.requests_upstream
        port = faults.nginx.ports["PORT_SLOW"]
        fields = {"head": "X-Slow: ", "body": "Content-Length: 500\r\n\r\n{", "chunks": "Transfer-Encoding: chunked\r\n\r\n5"}[where]
        slow = []
        for i in range(60):
            slow.append(Connection(port, timeout=0.05))
            slow[-1].send((HEAD.format(path=PATHS[KINDS[i % 2]], key=faults.gateway.key) + fields).encode())
        began = time.monotonic()
        assert faults.good() and time.monotonic() - began < 1

        def still_open():
            left = []
            for connection in slow:
                try:
                    if where == "head":
                        connection.socket.sendall(b"a")
                    if connection.socket.recv(4096):
                        left.append(connection)
                except TimeoutError:
                    left.append(connection)
                except OSError:
                    pass
            slow[:] = left
            return left

        wait_until(lambda: not still_open(), timeout=10, what="slow callers closed")
        assert faults.requests_upstream == before + 2  # the good ones


def test_nothing_leaked(faults):
    """The last one: over all that was said and written above."""
    assert faults.good() and faults.nginx.access(2)
    faults.assert_silent()
