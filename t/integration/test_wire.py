"""A provider's HTTP: two readings of a response are none, and nothing of it reaches the client."""
import json

import pytest

from lib.gateway import chat, gateway, openai, text_of
from lib.raw import Raw

BODY = json.dumps({"id": "x", "object": "chat.completion", "model": "raw",
                   "choices": [{"index": 0, "message": {"role": "assistant", "content": "from the raw one"}, "finish_reason": "stop"}],
                   "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}).encode()
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
TYPE = b"Content-Type: application/json\r\n"
OK = b"HTTP/1.1 200 OK\r\n" + TYPE
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)

MALFORMED = {
    "length and chunked": OK + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    "chunked and length": OK + b"Transfer-Encoding: chunked\r\n" + LENGTH + b"\r\n" + CHUNKED,
    "two lengths": OK + LENGTH + b"Content-Length: 5\r\n\r\n" + BODY,
    "the same length twice": OK + LENGTH + LENGTH + b"\r\n" + BODY,
    "a list of lengths": OK + b"Content-Length: %d, %d\r\n\r\n" % (len(BODY), len(BODY)) + BODY,
    "a negative length": OK + b"Content-Length: -1\r\n\r\n" + BODY,
    "a huge length": OK + b"Content-Length: 99999999999999999999\r\n\r\n" + BODY,
    "chunked twice": OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    "another coding": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKED,
    "no coding at all": OK + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKED,
    "a space before the colon": OK + b"Transfer-Encoding : chunked\r\n\r\n" + CHUNKED,
    "a folded header": OK + b"X-Long: a\r\n b\r\n" + LENGTH + b"\r\n" + BODY,
    "a NUL in a header": OK + b"X-Odd: a\0b\r\n" + LENGTH + b"\r\n" + BODY,
    "a CR in a header": OK + b"X-Odd: a\rb\r\n" + LENGTH + b"\r\n" + BODY,
    "too many headers": OK + b"X-One: 1\r\n" * 201 + LENGTH + b"\r\n" + BODY,
    "a large head": OK + b"X-Pad: " + b"p" * 16384 + b"\r\n" + LENGTH + b"\r\n" + BODY,
    "interim for ever": b"HTTP/1.1 102 Processing\r\n\r\n" * 1000 + OK + LENGTH + b"\r\n" + BODY,
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n" + OK + LENGTH + b"\r\n" + BODY,
    "a small status": b"HTTP/1.1 099 Odd\r\n" + LENGTH + b"\r\n" + BODY,
    "a large status": b"HTTP/1.1 700 Odd\r\n" + LENGTH + b"\r\n" + BODY,
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a body alone": BODY + b"\r\n\r\n",
    "a bad chunk size": OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n" + BODY,
    "an overflowing chunk size": OK + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + BODY,
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "length zero": OK + b"Content-Length: 0\r\n\r\n",
}
SOUND = {
    "plain": OK + LENGTH + b"\r\n" + BODY,
    "chunked": OK + b"TRANSFER-encoding: Chunked\r\n\r\n" + CHUNKED,
    "line feeds only": (OK + LENGTH + b"\r\n").replace(b"\r\n", b"\n") + BODY,
    "interim first": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Length: 7\r\n\r\n" + OK + LENGTH + b"\r\n" + BODY,
    "no reason": b"HTTP/1.1 200\r\n" + TYPE + LENGTH + b"\r\n" + BODY,
    "headers of 15 KB": OK + b"X-Pad: " + b"p" * 15000 + b"\r\n" + LENGTH + b"\r\n" + BODY,
    "200 headers": OK + b"X-One: 1\r\n" * 197 + LENGTH + b"\r\n" + BODY,
    "chunk extensions": OK + b"Transfer-Encoding: chunked\r\n\r\n%x;a=b;c\r\n%s\r\n0;x\r\nX-Trailer: t\r\n\r\n" % (len(BODY), BODY),
    "odd names": OK + b"X_Under: 1\r\nX!@#: 2\r\n" + b"X-" + b"n" * 300 + b": 3\r\n" + LENGTH + b"\r\n" + BODY,
}


@pytest.fixture
def raw():
    made = []

    def make(*arguments, **options):
        made.append(Raw(*arguments, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_moves_on(nginx, mock, raw, name):
    provider = raw(MALFORMED[name])
    ngx = gateway(nginx, [openai("a", provider, "timeout first=2s;"), openai("b", mock)], ["target a m;", "target b ok;"])
    answer = chat(ngx)
    assert answer.status == 200 and answer.headers["x-aigw-provider"] == "b"
    assert (provider.requests, len(mock.requests)) == (1, 1)
    status = {"no content": "204", "length zero": "200", "a bad chunk size": "200", "an overflowing chunk size": "200"}
    assert ngx.access(1)[0]["upstream_status"] == f"{status.get(name, '502')} : 200"


@pytest.mark.parametrize("name", SOUND)
def test_sound_is_taken(nginx, raw, name):
    provider = raw(SOUND[name])
    ngx = gateway(nginx, [openai("a", provider)], ["target a m;"])
    for _ in range(2):
        answer = chat(ngx)
        assert (answer.status, text_of(answer)) == (200, "from the raw one")
        assert not [header for header in answer.headers if header.startswith(("x-pad", "x-one", "x_under", "x-trailer"))]
    assert provider.connections == 1


@pytest.mark.parametrize("extra", [b"x", b"\r\n", OK + LENGTH + b"\r\n" + BODY], ids=["a byte", "a line end", "a second response"])
def test_bytes_after_the_answer_spoil_the_connection(nginx, raw, extra):
    provider = raw(SOUND["plain"] + extra)
    ngx = gateway(nginx, [openai("a", provider)], ["target a m;"])
    for _ in range(2):
        answer = chat(ngx)
        assert (answer.body, answer.whole) == (BODY, True)
    assert provider.connections == 2


def test_an_end_by_closing_is_an_end(nginx, raw):
    provider = raw(OK + b"\r\n" + BODY, close=True)
    ngx = gateway(nginx, [openai("a", provider)], ["target a m;"])
    assert chat(ngx).body == BODY
