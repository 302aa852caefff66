"""A provider on loopback that speaks OpenAI chat completions and Anthropic messages, fails in every way it is told to
(options.py), and remembers what arrived. It runs on a thread of its own; the test reads it directly.

    mock.url, mock.tls_url         base URLs (http://127.0.0.1:PORT/v1; https://localhost:PORT/v1 signed by mock.authority)
    mock.plan("503", "503", "ok")  what the next requests get; the last one for ever. model="m": only requests for m
    mock.plan(behaviour(text="a, b"))
    Mock(mind=f)                   f(Received) gives the behaviour of every request whose model's name is none
    mock.requests                  [Received], in order of arrival; mock.last
    mock.open_connections, mock.total_connections
    mock.wait_for(3)               until three requests have been answered or aborted
"""
import asyncio
import dataclasses
import hashlib
import json
import socket
import ssl
import threading
import time

from . import answers, canary, options as options_lib
from .options import Options, behaviour  # noqa: F401  (tests take behaviour from here)
from .sender import ClientGone, Closed, Sender
from .wait import wait_until

HEAD_LIMIT = 1 << 20


@dataclasses.dataclass
class Received:
    method: str
    path: str
    header_list: list
    body: bytes
    connection: int      # the connection's number
    index: int           # the request's number on it, from 1
    server_name: str     # SNI, "" without
    at: float            # time.monotonic()
    options: Options = Options()
    sent: int = 0        # bytes of the answer
    state: str = "open"  # open, done, aborted (the other side left), closed (the mock ended it on purpose)
    ended_at: float = 0.0

    def __post_init__(self):
        self.headers = {name.lower(): value for name, value in self.header_list}
        self.sha256 = hashlib.sha256(self.body).hexdigest()
        self.is_chat = self.method == "POST"
        self.dialect = "anthropic" if self.path.split("?")[0].endswith("/messages") else "openai"
        try:
            self.json = json.loads(self.body) if self.body else {}
        except ValueError:
            self.json = {}
        self.json = self.json if isinstance(self.json, dict) else {}
        self.stream = self.json.get("stream") is True
        self.model = str(self.json.get("model", ""))


class _Reader(asyncio.StreamReader):
    """Knows that the other side is gone without being read."""
    gone = False

    def feed_eof(self):
        self.gone = True
        super().feed_eof()

    def set_exception(self, exc):
        self.gone = True
        super().set_exception(exc)


class Mock:
    def __init__(self, authority=None, key=None, mind=None):
        self.authority = authority
        self.key = key  # if set, requests without it (bearer or x-api-key) get 401
        self.mind = mind
        self.requests = []
        self.server_names = []
        self.total_connections = 0
        self.open_connections = 0
        self.bugs = []  # exceptions of the mock's own; close() fails on them
        self._plans = {}
        self._flaky = {}
        self._tls_ports = {}
        self._tasks = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = self._listen()
        self.url = f"http://127.0.0.1:{self.port}/v1"

    # ---- listening

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    def _listen(self, context=None):
        async def start():
            def factory():
                return asyncio.StreamReaderProtocol(_Reader(limit=HEAD_LIMIT, loop=self._loop), self._serve, loop=self._loop)

            server = await self._loop.create_server(factory, "127.0.0.1", 0, ssl=context, backlog=1024)
            return server.sockets[0].getsockname()[1]

        return self._call(start())

    def tls_port(self, name="localhost", authority=None):
        """A port with a certificate for `name`; another name than the one asked for, or another authority, is a wrong one."""
        authority = authority or self.authority
        if (name, authority) not in self._tls_ports:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*authority.cert(name))
            context.sni_callback = lambda connection, server_name, _: self._note_name(connection, server_name)
            self._tls_ports[name, authority] = self._listen(context)
        return self._tls_ports[name, authority]

    def _note_name(self, connection, server_name):
        self.server_names.append(server_name or "")

    @property
    def tls_url(self):
        return f"https://localhost:{self.tls_port()}/v1"

    def close(self):
        async def stop():
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

        self._call(stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        assert not self.bugs, f"the mock provider failed by itself: {self.bugs}"

    # ---- control

    def plan(self, *behaviours, model=None):
        self._plans[model] = [options_lib.parse(b) if isinstance(b, str) else b for b in behaviours]

    def reset(self):
        self.requests.clear()
        self.server_names.clear()
        self._plans.clear()
        self._flaky.clear()

    @property
    def last(self):
        return self.requests[-1]

    def wait_for(self, count, timeout=5.0):
        """Until `count` requests have come to an end; all of them in order."""
        wait_until(lambda: sum(r.state != "open" for r in list(self.requests)) >= count, timeout, f"{count} finished requests")
        return self.requests

    def wait_closed(self, timeout=2.0):
        wait_until(lambda: self.open_connections == 0, timeout, "all connections closed")

    def _choose(self, received):
        for key in (received.model, None):
            if planned := self._plans.get(key):
                return planned.pop(0) if len(planned) > 1 else planned[0]
        text, _ = answers.last_text(received.json)
        if "#mock:" in text:
            return options_lib.parse(text.split("#mock:")[1].split("#")[0])
        if options_lib.names_a_behaviour(received.model):
            return options_lib.parse(received.model)
        return self.mind(received) if self.mind else Options()

    def _options(self, received):
        if self.key and self.key not in (received.headers.get("authorization", "").removeprefix("Bearer "),
                                         received.headers.get("x-api-key")):
            return behaviour("401")
        chosen = self._choose(received)
        if chosen.fails:
            seen = self._flaky[received.model] = self._flaky.get(received.model, 0) + 1
            chosen = dataclasses.replace(chosen, code=chosen.code if seen <= chosen.fails else 200)
        return chosen

    # ---- serving

    sender = Sender  # what answers one request: sender(received, reader, writer).respond()

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        self.total_connections += 1
        self.open_connections += 1
        try:
            raw = writer.get_extra_info("socket")
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._serve_connection(reader, writer, self.total_connections)
        except (ClientGone, Closed, ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            pass
        except Exception as bug:  # not a fault of the wire: the mock or the test's behaviour is wrong
            self.bugs.append(repr(bug))
        finally:
            self.open_connections -= 1
            self._tasks.discard(task)
            writer.close()

    async def _serve_connection(self, reader, writer, number):
        index = 0
        again = True
        while again:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            line, *fields = head[:-4].split("\r\n")
            method, path, _ = line.split(" ")
            header_list = [tuple(field.split(": ", 1)) if ": " in field else (field, "") for field in fields]
            body = await self._read_body(reader, {name.lower(): value for name, value in header_list})
            index += 1
            name = self.server_names[-1] if writer.get_extra_info("ssl_object") and self.server_names else ""
            received = Received(method, path, header_list, body, number, index, name, time.monotonic())
            canary.request(received.json)
            received.options = self._options(received)
            self.requests.append(received)
            again = await self._answer(received, reader, writer)

    async def _answer(self, received, reader, writer):
        try:
            again = await self.sender(received, reader, writer).respond()
            received.state = "done"
            return again
        except Closed:
            received.state = "closed"
            raise
        except (ClientGone, ConnectionError, ssl.SSLError):
            received.state = "aborted"
            raise
        finally:
            received.ended_at = time.monotonic()

    @staticmethod
    async def _read_body(reader, headers):
        if "chunked" not in headers.get("transfer-encoding", ""):
            return await reader.readexactly(int(headers.get("content-length", "0")))
        body = b""
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
        return body
