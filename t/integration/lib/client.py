"""A client that sees the wire: exact bytes, when each came, whether the body ended as HTTP says. HTTP/1.1 only.

    answer = post(port, "/v1/chat/completions", {...}, key="sk-aigw-…")
    answer.status, answer.headers["content-type"], answer.json(), answer.events(), answer.whole

    stream = open_post(port, path, body)     # head is read; then stream.read_until(b"…"), stream.rest(), stream.abort()
"""
import json
import socket
import struct
import time

from . import canary


class Answer:
    """status 0: the connection ended before a status line. `whole`: the body ended as its framing promised."""

    def __init__(self):
        self.status = 0
        self.reason = ""
        self.header_list = []
        self.headers = {}  # lower case; the last one of a name
        self.body = b""
        self.whole = False
        self.closed = False  # the server closed the connection after it
        self.times = []  # (seconds since the request was sent, bytes of body so far)

    def json(self):
        return json.loads(self.body)

    def events(self):
        return sse_events(self.body)


def sse_events(body):
    """[(event name or None, data)] of an SSE body as we write it: LF, blank line after each event. Comments are left out."""
    found = []
    for block in body.decode().split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        name = next((line[6:].strip() for line in lines if line.startswith("event:")), None)
        data = [line[5:].removeprefix(" ") for line in lines if line.startswith("data:")]
        if data:
            found.append((name, "\n".join(data)))
    return found


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def request_bytes(method, path, body=b"", headers=None, key=None, chunked=False):
    if not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    canary.request(body)
    fields = {"Host": "gateway.test"}
    if body or method == "POST":
        fields["Content-Type"] = "application/json"
        fields["Transfer-Encoding" if chunked else "Content-Length"] = "chunked" if chunked else str(len(body))
    if key is not None:
        fields["Authorization"] = f"Bearer {key}"
    fields.update(headers or {})
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
    if chunked:
        body = (chunk(body) if body else b"") + b"0\r\n\r\n"
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body


class Connection:
    """One client connection; send() and read_answer() as often as keep-alive allows."""

    def __init__(self, port, timeout=20, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))
        self.buffer = b""
        self.answer = Answer()
        self._sent_at = time.monotonic()
        self._left = None  # bytes of body still to come; None: until the end of the connection; -1: chunked

    def send(self, data):
        self._sent_at = time.monotonic()
        self.socket.sendall(data)

    def _fill(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            data = b""
        self.buffer += data
        if not data:
            self.answer.closed = True
        return bool(data)

    def _line(self):
        while b"\r\n" not in self.buffer:
            if not self._fill():
                return None
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def read_head(self, method="POST"):
        self.answer = answer = Answer()
        line = self._line()
        if not line:
            return answer
        _, status, *reason = line.decode("latin-1").split(" ", 2)
        answer.status, answer.reason = int(status), "".join(reason)
        while line := self._line():
            name, value = line.decode("latin-1").split(":", 1)
            answer.header_list.append((name, value.strip()))
            answer.headers[name.lower()] = value.strip()
        if answer.status == 100:
            return self.read_head(method)
        if method == "HEAD" or answer.status in (101, 204, 304):
            self._left = 0
        elif "chunked" in answer.headers.get("transfer-encoding", ""):
            self._left = -1
        else:
            length = answer.headers.get("content-length")
            self._left = None if length is None else int(length)
        answer.whole = self._left == 0
        return answer

    def _take(self, size):
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        self.answer.body += data
        self.answer.times.append((time.monotonic() - self._sent_at, len(self.answer.body)))
        return len(data)

    def read_some(self):
        """One more piece of the body; False at its end, be that right or wrong."""
        if self.answer.whole:
            return False
        if self._left == -1:
            return self._read_chunk()
        if not self.buffer and not self._fill():
            self.answer.whole = self._left is None
            return False
        taken = self._take(len(self.buffer) if self._left is None else self._left)
        if self._left is not None:
            self._left -= taken
            self.answer.whole = self._left == 0
        return True

    def _read_chunk(self):
        line = self._line()
        if line is None:
            return False
        size = int(line.split(b";")[0], 16)
        while len(self.buffer) < size + 2:
            if not self._fill():
                self._take(size)
                return False
        if size:
            self._take(size)
        self.buffer = self.buffer[2:]
        self.answer.whole = size == 0
        return size != 0

    def read_until(self, text):
        """Reads body until `text` is in it; fails if the body ends before."""
        while text not in self.answer.body:
            assert self.read_some(), f"{text!r} never came: {self.answer.body[-500:]!r}"
        return self.answer

    def rest(self):
        while self.read_some():
            pass
        return self.answer

    def read_answer(self, method="POST"):
        self.read_head(method)
        answer = self.rest() if self.answer.status else self.answer
        faults = canary.faults("an error", answer.body) if answer.status >= 400 else []
        assert not faults, faults
        return answer

    def close(self):
        self.socket.close()

    def abort(self):
        """Leaves with a reset instead of a goodbye."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def exchange(port, data, method="POST", timeout=20):
    """Sends these bytes on a fresh connection and reads one answer."""
    with Connection(port, timeout) as connection:
        connection.send(data)
        return connection.read_answer(method)


def request(method, port, path, body=b"", headers=None, key=None, timeout=20, chunked=False):
    return exchange(port, request_bytes(method, path, body, headers, key, chunked), method, timeout)


def post(port, path, body, headers=None, key=None, timeout=20, chunked=False):
    return request("POST", port, path, body, headers, key, timeout, chunked)


def get(port, path, headers=None, key=None, timeout=20):
    return request("GET", port, path, b"", headers, key, timeout)


def open_post(port, path, body, headers=None, key=None, timeout=20, receive_buffer=None):
    connection = Connection(port, timeout, receive_buffer)
    connection.send(request_bytes("POST", path, body, headers, key))
    connection.read_head()
    return connection
