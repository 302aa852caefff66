"""A gateway that is hurt case by case. Each case is measured (time, the worker's highest memory) and followed by a good
request; what a caller was told is searched for secrets at once, what was logged at the end.

    with faults.case(6, "a line without an end"):
        answer = faults.ask("anthropic", "openai/longline", stream=True)

Everything but the sanitizer run has a stack of 256 KB: depth that comes from outside must not cost stack.
"""
import collections
import contextlib
import copy
import json
import re
import socket
import stat
import time

from . import procfs
from .chat_gateway import UPSTREAM_KEY, ChatGateway
from .client import chunk, post, request_bytes
from .gateway import PATHS, error_of, text_of
from .nginx import binary, sanitizing
from .raw import Raw
from .wait import wait_until

STACK_KB = 256
MAX_GROWTH = 64 << 20  # bytes
CANARY = "canary-7f3a91c0d2"
KINDS = ("openai", "anthropic")
GRID = [(caller, kind, stream) for caller in KINDS for kind in KINDS for stream in (False, True)]
HELLO = "Hello from the mock provider."
ROWS = []  # of all gateways, for the table at the end of the run

HTTP = """
    ai_provider raw-openai { format openai; url %RAW%; key env:UPSTREAM_KEY; timeout first=5s idle=5s; }
    ai_provider raw-anthropic { format anthropic; url %RAW%; key env:UPSTREAM_KEY; timeout first=5s idle=5s; }
    ai_provider quick-openai { format openai; url %OPENAI%; key env:UPSTREAM_KEY; timeout first=400ms idle=400ms; }
    ai_provider quick-anthropic { format anthropic; url %ANTHROPIC%; key env:UPSTREAM_KEY; timeout first=400ms idle=400ms; }
    ai_model quick-openai/* { target quick-openai *; }
    ai_model quick-anthropic/* { target quick-anthropic *; }
    ai_model raw-openai/* { target raw-openai *; }
    ai_model raw-anthropic/* { target raw-anthropic *; }
"""
SERVERS = """server { listen 127.0.0.1:%PORT_SLOW%; client_header_timeout 400ms; client_body_timeout 400ms;
    location /v1/ { ai_gateway; ai_auth keys; client_max_body_size 32m; } }"""

# Whole answers for self.raw.
OPENAI = {"id": "x", "object": "chat.completion", "created": 1, "model": "raw",
          "choices": [{"index": 0, "message": {"role": "assistant", "content": "TEXT"}, "finish_reason": "stop"}],
          "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}
ANTHROPIC = {"id": "msg_x", "type": "message", "role": "assistant", "model": "raw", "content": [{"type": "text", "text": "TEXT"}],
             "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}


class Trap:
    """A place where nobody must ever go."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/latest/meta-data"

    def untouched(self):
        try:
            self._listener.accept()[0].close()
            return False
        except BlockingIOError:
            return True

    def close(self):
        self._listener.close()


def with_small_stack(folder):
    """An nginx to start instead of the installed one."""
    folder.mkdir(exist_ok=True)
    wrapper = folder / "nginx-small-stack"
    wrapper.write_text(f'#!/bin/sh\nulimit -s {STACK_KB}\nexec {binary()} "$@"\n')
    wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
    return str(wrapper)


class Faults:
    def __init__(self, folder):
        self.raw, self.trap = Raw(b""), Trap()
        self.gateway = ChatGateway(folder, http=HTTP.replace("%RAW%", self.raw.url), servers=SERVERS)
        self.nginx, self.mocks = self.gateway.nginx, self.gateway.mocks
        self.workers = self.nginx.worker_pids()
        self.statuses = collections.Counter()

    def close(self):
        self.raw.close()
        self.trap.close()
        self.gateway.close()

    @property
    def requests_upstream(self):
        return self.raw.requests + sum(len(mock.requests) for mock in self.mocks.values())

    # ---- asking

    def body(self, model, stream=False, /, **members):
        return {"model": model, "max_tokens": 64, "stream": stream, "messages": [{"role": "user", "content": f"Say {CANARY}"}],
                **members}

    def post(self, caller, data, headers=None, timeout=30, key=True):
        answer = post(self.nginx.port, PATHS[caller], data, headers, self.gateway.key if key else None, timeout)
        return self.seen(answer)

    def request(self, caller, name, stream=False):
        return request_bytes("POST", PATHS[caller], self.body(name, stream), key=self.gateway.key)

    def ask(self, caller, model, stream=False, /, **members):
        return self.post(caller, self.body(model, stream, **members))

    def seen(self, answer):
        self.statuses[answer.status] += 1
        said = answer.body + repr(answer.header_list).encode()
        assert UPSTREAM_KEY.encode() not in said and self.gateway.key.encode() not in said
        assert answer.status < 400 or CANARY.encode() not in said, said
        return answer

    def good(self):
        for kind in KINDS:
            answer = self.ask(kind, f"plain-{kind}")
            if (answer.status, answer.whole) != (200, True) or text_of(answer, kind) != HELLO:
                return False
        return True

    def completion_tokens(self):
        """All that were ever counted."""
        counts = re.findall(r'^aigw_tokens_total\{[^}]*kind="completion"[^}]*\} (\d+)', self.nginx.metrics(), re.M)
        return sum(map(int, counts))

    # ---- measuring

    @contextlib.contextmanager
    def case(self, number, name, fresh=False, peak=MAX_GROWTH):
        """fresh: by a new worker, whose heap has not grown in earlier cases."""
        if fresh:
            old = self.nginx.reload()
            wait_until(lambda: not any(procfs.alive(pid) for pid in old), what="the old worker gone")
            self.workers = self.nginx.worker_pids()
            assert self.good()
        before = self.nginx.rss_bytes()
        for pid in self.workers:
            procfs.reset_peak(pid)
        self.statuses.clear()
        began = time.monotonic()
        yield
        seconds, statuses = time.monotonic() - began, dict(self.statuses)
        assert self.nginx.worker_pids() == self.workers, "a worker is gone"
        growth = sum(procfs.peak_rss_bytes(pid) for pid in self.workers) - before
        good = self.good()
        ROWS.append((number, name, dict(statuses), seconds, growth, good))
        assert good, "the next good request was not answered"
        kept = self.nginx.rss_bytes() - before
        assert sanitizing() or (growth < peak and kept < MAX_GROWTH), f"the worker grew by {growth >> 10} KB, keeps {kept >> 10} KB"

    def assert_silent(self):
        """No secret and no prompt in what was written, by whom or how long ago it may be."""
        metrics = self.nginx.metrics()
        for where, text in [("error log", self.nginx.error_log()), ("access log", self.nginx.access_log()),
                            ("stderr", self.nginx.stderr()), ("metrics", metrics)]:
            for what, secret in [("virtual key", self.gateway.key), ("provider key", UPSTREAM_KEY), ("prompt", CANARY)]:
                assert secret not in text, f"the {what} is in the {where}: {text[max(0, text.index(secret) - 200):][:400]}"


# ---- reading

def said(answer, caller, stream):
    """The text of a good answer whose every byte is valid; SSE lines may end in any of the three ways."""
    text = answer.body.decode()
    assert (answer.status, answer.whole) == (200, True), answer.body[:500]
    if stream:
        assert ("[DONE]" if caller == "openai" else "message_stop") in text
        answer = copy.copy(answer)
        answer.body = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").encode()
    return text_of(answer, caller, stream)


def assert_refused(answer, caller, status):
    """An error as JSON in the caller's words, whatever it asked for."""
    assert (answer.status, answer.whole, answer.headers["content-type"]) == (status, True, "application/json"), answer.body[:500]
    assert error_of(answer, caller)["message"]


def assert_4xx(answer, caller):
    assert 400 <= answer.status < 500 and answer.whole, (answer.status, answer.body[:500])
    assert error_of(answer, caller)["message"]


def assert_cut(answer, caller):
    """A stream that began well and did not end well: the error is its last event."""
    assert (answer.status, answer.whole) == (200, True)
    assert b"[DONE]" not in answer.body and b"message_stop" not in answer.body
    assert error_of(answer, caller, stream=True)["message"]


def assert_error_or_answer(answer, caller, stream):
    """Either is right here, but nothing between: whole, readable, with an end that says which of the two it is."""
    assert answer.whole and answer.status in (200, 502), (answer.status, answer.body[:500])
    if answer.status == 502 or not stream:
        assert isinstance(answer.json(), dict)
        return
    text = answer.body.decode()
    ended = ("data: [DONE]" if caller == "openai" else "message_stop") in text
    assert ended != ('"error"' in text), text[-500:]


def table():
    """One line a case: how many requests, what they got, the time, the worst growth, and whether it went on."""
    lines = [f"{'case':<58}{'answers':<34}{'seconds':>8}{'MB':>7}  next"]
    groups = collections.defaultdict(list)
    for number, name, *row in ROWS:
        groups[number, name].append(row)
    for (number, name), rows in sorted(groups.items()):
        statuses = sum((collections.Counter(row[0]) for row in rows), collections.Counter())
        shown = " ".join(f"{status or 'closed'}:{count}" for status, count in sorted(statuses.items()))
        lines.append(f"{number:>2} {name:<55}{shown:<34}{sum(row[1] for row in rows):>8.2f}"
                     f"{max(row[2] for row in rows) / (1 << 20):>7.1f}  {'answered' if all(row[3] for row in rows) else 'LOST'}")
    return lines


def http_answer(body, type="application/json"):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (type.encode(), len(body), body)


def tiny_stream(kind, count, end=True):
    """A whole response in Raw's sense: so many events of one character, a chunk each; without its end if told so."""
    if kind == "openai":
        head = b'data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"raw","choices":[{"index":0,"delta":'
        events = head + b'{"role":"assistant","content":""},"finish_reason":null}]}\n\n'
        piece = head + b'{"content":"z"},"finish_reason":null}]}\n\n'
        last = head + b'{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    else:
        events = (b'event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant",'
                  b'"model":"raw","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}\n\n'
                  b'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n')
        piece = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"z"}}\n\n'
        last = (b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
               b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},'
               b'"usage":{"output_tokens":9}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n')
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = head + b"".join(chunk(event) for event in (events, *[piece] * count))
    return body + chunk(last) + b"0\r\n\r\n" if end else body
