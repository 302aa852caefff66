"""An ordinary web server behind nginx: what it answers is named by the path's last part, what it was asked it remembers.

    origin.port; origin.seen() -> [(method, target, headers, body)] in order of arrival; origin.forget()

    /words /empty /chunked /eof /big            bodies in each framing; HEAD has the same headers
    /etag /range /gzipped /page /cookies        conditions, ranges, an encoded body, HTML, awkward headers
    /status-404 … /to-other /to-self            error pages, redirects
    /accel /accel-named                         X-Accel-Redirect
    /cache-SECONDS /count /stale /private       caching; count numbers its answers, stale is down after the first
    /echo /early /trickle /cut /broken          what was sent, an answer before the body was read, slow, cut, a bad header
    /upgrade                                    101, then whatever comes goes back in capitals
"""
import gzip
import hashlib
import re
import socket
import threading
import time

from .listener import Listener

WORDS = b"the quick brown fox jumps over the lazy dog\n" * 200
BIG = b"".join(b"%07d " % number for number in range(375_000))
PAGE = b"<html><head><title>fox</title></head><body>" + WORDS[:4400] + b"</body></html>"
DATE = "Mon, 02 Jan 2023 03:04:05 GMT"
CLOSE = None  # in place of a piece: the connection ends here


def reply(body=b"", status="200 OK", framing="length", **headers):
    """Pieces of one answer. Header names are given with underscores; a list is several of them."""
    lines = [f"HTTP/1.1 {status}", f"Date: {DATE}", "Server: origin"]
    for name, value in headers.items():
        for one in value if isinstance(value, list) else [value]:
            lines.append(f"{name.replace('_', '-')}: {one}")
    if framing == "length":
        lines.append(f"Content-Length: {len(body)}")
    elif framing == "chunked":
        lines.append("Transfer-Encoding: chunked")
        body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:10], body[10:3000], body[3000:]) if part) + b"0\r\n\r\n"
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return [head, body] + ([CLOSE] if framing == "eof" else [])


def text(body=WORDS, **more):
    return reply(body, **{"Content_Type": "text/plain", **more})


def with_conditions(request, origin):
    if request.headers.get("if-none-match") == '"v1"':
        return [reply(status="304 Not Modified", framing="none", ETag='"v1"')[0]]
    return text(ETag='"v1"', Last_Modified=DATE)


def with_ranges(request, origin):
    found = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if not found:
        return text(BIG[:100_000], Accept_Ranges="bytes", ETag='"r"')
    start, end = int(found[1]), min(int(found[2] or 99_999), 99_999)
    if start > 99_999:
        return text(b"", status="416 Range Not Satisfiable", Content_Range="bytes */100000")
    return text(BIG[start:end + 1], status="206 Partial Content", Content_Range=f"bytes {start}-{end}/100000", ETag='"r"')


def echo(request, origin):
    digest = hashlib.sha256(request.body).hexdigest()
    return text(f"{request.method} {request.target} {len(request.body)} {digest}\n".encode())


def counted(request, origin):
    return text(b"answer %d\n" % origin.count(request.target), Cache_Control="max-age=1")


def then_down(request, origin):
    number = origin.count(request.target)
    return text(b"good\n", Cache_Control="max-age=1") if number == 1 else text(b"down\n", status="503 Service Unavailable")


def trickle(request, origin):
    head, body = text(WORDS[:440])
    return [head, *(piece for at in range(0, 440, 44) for piece in (body[at:at + 44], 0.01))]


def status(request, origin):
    code = request.name.split("-")[1]
    return text(b"the origin says " + code.encode(), status=f"{code} Because", Retry_After="7", WWW_Authenticate="Basic realm=o")


ANSWERS = {
    "words": lambda *_: text(),
    "empty": lambda *_: text(b""),
    "chunked": lambda *_: text(framing="chunked"),
    "eof": lambda *_: text(framing="eof", Connection="close"),
    "big": lambda *_: text(BIG, Content_Type="application/octet-stream"),
    "bigchunked": lambda *_: text(BIG, framing="chunked"),
    "etag": with_conditions,
    "range": with_ranges,
    "gzipped": lambda *_: text(gzip.compress(WORDS, mtime=0), Content_Encoding="gzip", Vary="Accept-Encoding"),
    "page": lambda *_: text(PAGE, Content_Type="text/html; charset=utf-8"),
    "ssi": lambda *_: text(b'1<!--#include virtual="/proxy/words" wait="yes" -->2<!--#include virtual="/proxy/status-404" -->3'
                           b'<!--#include virtual="/proxy/trickle?a=b" -->4', Content_Type="text/html"),
    "cookies": lambda *_: text(Set_Cookie=["a=1; Path=/; Domain=origin.test", "b=2"], X_Odd=["", "x, y"], Refresh="3; url=/words",
                               X_Accel_Buffering="no", Link=["</a>; rel=preload", "</b>"], Vary=["A", "B"]),
    "json": lambda *_: text(b'{"id":"x","object":"chat.completion","usage":{"total_tokens":3}}', Content_Type="application/json"),
    "events": lambda *_: text(b'data: {"id":"x","choices":[]}\n\ndata: [DONE]\n\n', Content_Type="text/event-stream", framing="chunked"),
    "to-self": lambda request, origin: text(b"", status="302 Found", Location=f"http://127.0.0.1:{origin.port}/words?x=1"),
    "to-other": lambda *_: text(b"", status="301 Moved", Location="https://other.test/there"),
    "accel": lambda *_: text(b"never seen", X_Accel_Redirect="/internal/words.txt", X_Kept="no", Set_Cookie="kept=1"),
    "accel-named": lambda *_: text(b"never seen", X_Accel_Redirect="@named"),
    "cache-60": lambda *_: text(Cache_Control="max-age=60", ETag='"c"', Last_Modified=DATE),
    "private": lambda *_: text(Cache_Control="private", Set_Cookie="a=1"),
    "count": counted,
    "stale": then_down,
    "echo": echo,
    "trickle": trickle,
    "early": lambda *_: [*text(b"too early\n", status="403 No", Connection="close"), CLOSE],
    "cut": lambda *_: [text(WORDS)[0], WORDS[:1000], 0.02, CLOSE],
    "cutchunked": lambda *_: [text(framing="none", Transfer_Encoding="chunked")[0], b"a\r\n0123456789\r\n", 0.02, CLOSE],
    "broken": lambda *_: [b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nA\0b: c\r\n\r\nabc", CLOSE],
    "longhead": lambda *_: text(X_Long="y" * 20_000),
    "silent": lambda *_: [CLOSE],
    "trailers": lambda *_: [text(framing="none", Transfer_Encoding="chunked", Trailer="X-End")[0], b"3\r\nabc\r\n0\r\nX-End: yes\r\n\r\n"],
    "nothing": lambda *_: [reply(status="204 No Content", framing="none", X_Here="1")[0]],
    "upgrade": lambda *_: [reply(status="101 Switching Protocols", framing="none", Upgrade="shout", Connection="Upgrade")[0]],
}


class Request:
    def __init__(self, method, target, header_list, body):
        self.method, self.target, self.header_list, self.body = method, target, header_list, body
        self.headers = {name.lower(): value for name, value in header_list}
        self.name = target.split("?")[0].rsplit("/", 1)[-1]


class Origin(Listener):
    def __init__(self):
        self._requests, self._counts, self._lock = [], {}, threading.Lock()
        super().__init__(backlog=128)

    def seen(self):
        with self._lock:
            return list(self._requests)

    def forget(self):
        with self._lock:
            self._requests.clear()
            self.connections = 0

    def count(self, what):
        with self._lock:
            self._counts[what] = self._counts.get(what, 0) + 1
            return self._counts[what]

    def _serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, connection.makefile("rb") as stream:
            try:
                while self._one(connection, stream):
                    pass
            except (OSError, ValueError):
                pass

    def _one(self, connection, stream):
        """One request and its answer; True if another may follow."""
        line = stream.readline()
        if not line:
            return False
        method, target, version = line.decode("latin-1").split()
        header_list = []
        while (field := stream.readline().rstrip(b"\r\n")):
            name, value = field.decode("latin-1").split(":", 1)
            header_list.append((name, value.strip()))
        request = Request(method, target, header_list, b"")
        if request.name != "early":
            request.body = read_body(stream, request.headers)
        with self._lock:
            self._requests.append((method, target, version, header_list, request.body))
        for piece in ANSWERS.get(request.name, status if request.name.startswith("status-") else echo)(request, self):
            if piece is CLOSE:
                return self._leave(connection)
            if isinstance(piece, float):
                time.sleep(piece)
            elif method != "HEAD" or piece.startswith(b"HTTP/"):
                connection.sendall(piece)
        if request.name == "upgrade":
            while data := connection.recv(65536):
                connection.sendall(data.upper())
            return False
        return request.headers.get("connection", "").lower() != "close"

    @staticmethod
    def _leave(connection):
        """Ends the sending side and reads on, so that what is still coming does not become a reset."""
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(1)
        while connection.recv(65536):
            pass
        return False


def read_body(stream, headers):
    if "chunked" not in headers.get("transfer-encoding", ""):
        return stream.read(int(headers.get("content-length", 0)))
    body = b""
    while size := int(stream.readline().split(b";")[0], 16):
        body += stream.read(size)
        stream.readline()
    stream.readline()
    return body
