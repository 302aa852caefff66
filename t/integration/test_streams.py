"""After the first content: whatever happens to the provider, the client or nginx itself, the answer ends in a way that the
client understands, the other side's connection is not left behind, and nobody waits for nobody."""
import subprocess
import time

import pytest

from lib.client import get, open_post, post, request_bytes, Connection
from lib.gateway import BODY, PATHS, anthropic, chat, error_of, gateway, open_chat, openai, text_of, tls
from lib.nginx import sanitizing
from lib.tls_corrupt import CorruptTls
from lib.wait import wait_until

HELLO = "Hello from the mock provider."
BREAKS = ["cut", "reset,at=mid", "error-mid", "badchunk", "eof-cut", "hang,at=mid", "nofinish"]


@pytest.mark.parametrize("callers", ["openai", "anthropic"])
@pytest.mark.parametrize("spoken", ["openai", "anthropic"])
@pytest.mark.parametrize("how", BREAKS)
def test_a_break_ends_with_an_error_event(nginx, mocks, how, spoken, callers):
    first, second = mocks(), mocks()
    make = openai if spoken == "openai" else anthropic
    middle = "mid" if spoken == "openai" else "5"
    ngx = gateway(nginx, [make("a", first, "timeout idle=300ms;"), openai("b", second)],
                  [f"target a {how.replace('at=mid', f'at={middle}')};", "target b ok;"])
    if how in ("cut", "error-mid", "badchunk", "eof-cut"):
        first.plan(f"{how},at={middle}")
    answer = chat(ngx, True, callers)
    assert (answer.status, answer.whole) == (200, True)
    assert b"[DONE]" not in answer.body and b"message_stop" not in answer.body
    assert b"Hello" in answer.body
    assert error_of(answer, callers, stream=True)["type"] in ("api_error", "overloaded_error")
    assert second.requests == []
    entry = ngx.access(1)[0]
    assert (entry["status"], entry["upstream_status"], entry["ai_attempts"]) == ("200", "200", "1")
    assert entry["ai_stream_end"] == ("timeout" if "hang" in how else "error")
    first.wait_closed()


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
def test_bytes_after_the_end_reach_nobody(nginx, mock, stream):
    ngx = gateway(nginx, [openai("a", mock)], ["target a trailing;"])
    for _ in range(2):
        answer = chat(ngx, stream)
        assert answer.whole and text_of(answer, stream=stream) == HELLO
        assert b"AFTER" not in answer.body and b"EXTRA" not in answer.body
    assert mock.total_connections == (1 if stream else 2)


def test_a_transfer_that_does_not_end(nginx, mock):
    """[DONE] came, the chunk of size zero does not: the client is not kept."""
    ngx = gateway(nginx, [openai("a", mock)], ["target a n=2,gap=0.9;"])
    stream = open_chat(ngx)
    stream.read_until(b"[DONE]")
    at = time.monotonic()
    assert stream.rest().whole and time.monotonic() - at < 0.5
    assert ngx.access(1)[0]["ai_stream_end"] == "done"
    mock.wait_closed()


class TestClientLeaves:
    @pytest.mark.parametrize("reset", [False, True], ids=["fin", "rst"])
    @pytest.mark.parametrize("how,begun", [("hang", False), ("hang,at=headers", False), ("n=1000,gap=0.05", True)])
    def test_the_provider_is_let_go(self, nginx, mock, how, begun, reset):
        ngx = gateway(nginx, [openai("a", mock)], [f"target a {how};"])
        connection = Connection(ngx.port)
        connection.send(request_bytes("POST", PATHS["openai"], {**BODY, "stream": True}))
        if begun:
            connection.read_head()
            connection.read_some()
        wait_until(lambda: mock.requests, what="the request")
        connection.abort() if reset else connection.close()
        at = time.monotonic()
        mock.wait_closed()
        assert time.monotonic() - at < 1 and mock.last.state == "aborted"
        entry = ngx.access(1)[0]
        assert entry["status"] == ("200" if begun else "499") and entry["ai_stream_end"] == "client"

    def test_in_a_wait(self, nginx, mock):
        ngx = gateway(nginx, [openai("a", mock)], ["target a 429,retry_after=5;"])
        connection = Connection(ngx.port)
        connection.send(request_bytes("POST", PATHS["openai"], BODY))
        mock.wait_for(1)
        connection.close()
        assert ngx.access(1, timeout=2)[0]["status"] == "499"
        wait_until(lambda: ngx.contexts() in (0, None), what="no context left")

    @pytest.mark.parametrize("http2", [False, True], ids=["h1", "h2"])
    def test_a_storm(self, nginx, mocks, http2):
        """Aborts at every phase of attempts that fail, wait, answer."""
        first, second = mocks(), mocks()
        ngx = gateway(nginx, [openai("a", first, "timeout first=60ms;"), openai("b", second)],
                      ["target a hang;", "target a 503;", "target b n=20,gap=0.01;"],
                      servers="server { listen 127.0.0.1:%PORT2% http2; location /v1/ { ai_gateway; ai_auth off; } }")
        import json
        body = json.dumps({**BODY, "stream": True})
        running = []
        for i in range(40):
            seconds = 0.005 + i * 0.006
            if http2:
                running.append(subprocess.Popen(
                    ["curl", "-sS", "-m", f"{seconds:.3f}", "--http2-prior-knowledge", "-d", body, "-o", "/dev/null",
                     f"http://127.0.0.1:{ngx.ports['PORT2']}{PATHS['openai']}"], stderr=subprocess.DEVNULL))
            else:
                connection = Connection(ngx.port)
                connection.send(request_bytes("POST", PATHS["openai"], body))
                time.sleep(seconds / 4)
                connection.abort() if i % 2 else connection.close()
        for process in running:
            process.wait()
        wait_until(lambda: ngx.contexts() in (0, None), timeout=5, what="no context left")
        assert chat(ngx, True).events()[-1] == (None, "[DONE]")


class TestSlowClients:
    def test_the_provider_waits(self, nginx, mock):
        ngx = gateway(nginx, [openai("a", mock)], ["target a n=20000,piece=900;"])
        warm = open_chat(ngx)
        warm.read_some()
        before = ngx.rss_bytes()
        warm.abort()
        stream = open_chat(ngx, receive_buffer=65536, timeout=60)
        wait_until(lambda: len(mock.requests) == 2 and mock.last.sent > 200_000, what="the flood")
        sent = -1
        while sent != mock.last.sent:  # until the provider is blocked
            sent = mock.last.sent
            time.sleep(0.5)
        bound = (320 if sanitizing() else 4) << 20  # ASan keeps up to 256 MB of freed memory
        assert sent < 18 << 20 and ngx.rss_bytes() - before < bound
        rest = bytearray(stream.buffer)  # by hand: the client's own bookkeeping is slow for so much
        while not rest.endswith(b"0\r\n\r\n"):
            rest += stream.socket.recv(1 << 20)
        assert bytes(rest).count(b"x" * 900) == 20_000 and b"data: [DONE]" in rest[-100:]
        assert ngx.rss_bytes() - before < bound
        stream.close()

    def test_one_that_never_reads_is_let_go(self, nginx, mock):
        ngx = gateway(nginx, [openai("a", mock)], ["target a flood;"], http="send_timeout 1s;")
        stream = open_chat(ngx, receive_buffer=8192)
        mock.wait_closed(10)
        assert mock.last.state == "aborted" and len(ngx.access(1)) == 1
        stream.close()

    def test_idle_ends_with_the_answer(self, nginx, mock):
        """The provider is done and keeps its connection, the client takes longer than `idle`."""
        ngx = gateway(nginx, [openai("a", mock, "timeout idle=500ms;")], ["target a n=3500,piece=900;"])
        stream = open_chat(ngx, receive_buffer=65536, timeout=30)
        received = bytearray(stream.buffer)
        deadline = time.monotonic() + 10
        while mock.last.state == "open" and time.monotonic() < deadline:
            received += stream.socket.recv(20_000)
            time.sleep(0.005)
        assert mock.last.state == "done"
        time.sleep(1.2)
        while not received.endswith(b"0\r\n\r\n"):
            more = stream.socket.recv(1 << 20)
            assert more, received[-300:]
            received += more
        assert received.count(b"x" * 900) == 3500 and b'"error"' not in received[-1000:]
        assert b"data: [DONE]" in received[-100:]
        stream.close()

    def test_a_corrupt_tls_record_does_not_spin_the_worker(self, nginx, authority):
        """nginx ticket 2418: before 1.23.3 the worker would spin for ever."""
        server = CorruptTls(authority)
        class Corrupt:
            tls_url = server.url
        ngx = gateway(nginx, [tls("a", Corrupt, authority, "openai")], ["target a m;"], server="",
                      servers="server { listen 127.0.0.1:%PORT% sndbuf=4k; location /v1/ { ai_gateway; ai_auth off; } }")
        ngx.allowed.append("SSL_read.. failed")
        streams = [open_chat(ngx, receive_buffer=2048) for _ in range(3)]
        wait_until(lambda: server.corrupted == 3, what="bad records")
        time.sleep(0.2)
        before = ngx.cpu_seconds()
        time.sleep(1)
        assert ngx.cpu_seconds() - before < 0.3
        assert get(ngx.port, "/v1/models", timeout=3).status == 200
        for stream in streams:
            answer = stream.rest()
            assert answer.whole and b"[DONE]" not in answer.body
            assert error_of(answer, stream=True)["type"] == "api_error"
        server.close()


class TestClients:
    """HTTP/2, gzip, bodies of every kind."""

    @pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
    @pytest.mark.parametrize("options", [[], ["--compressed"]], ids=["plain", "gzip"])
    @pytest.mark.parametrize("http", ["--http1.1", "--http2-prior-knowledge", "--http1.0"])
    def test_curl(self, nginx, mocks, http, options, stream):
        first, second = mocks(), mocks()
        ngx = gateway(nginx, [openai("a", first), anthropic("b", second)], ["target a 503;", "target b n=50;"],
                      http="gzip on; gzip_types application/json text/event-stream; gzip_min_length 1;",
                      servers="server { listen 127.0.0.1:%PORT2% http2; location /v1/ { ai_gateway; ai_auth off; } }")
        port = ngx.ports["PORT2"] if "http2" in http else ngx.port
        model = '{"model":"m","stream":%s,"messages":[{"role":"user","content":"hi"}]}' % ("true" if stream else "false")
        done = subprocess.run(["curl", "-sS", "-i", "-N", http, *options, "-d", model, f"http://127.0.0.1:{port}{PATHS['openai']}"],
                              capture_output=True, text=True, timeout=20)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("x-aigw-provider") == 1 and "word49" in done.stdout
        assert done.stdout.rstrip().endswith("[DONE]" if stream else "}")
        assert ngx.access(1)[0]["upstream_status"] == "503 : 200"
        if options and http != "--http1.0":  # gzip_http_version
            assert "gzip" in done.stdout

    def test_gzip_does_not_hold_events_back(self, nginx, mock):
        ngx = gateway(nginx, [openai("a", mock)], ["target a n=5,gap=0.2;"],
                      http="gzip on; gzip_types text/event-stream; gzip_min_length 1;")
        stream = open_post(ngx.port, PATHS["openai"], {**BODY, "stream": True}, {"Accept-Encoding": "gzip"})
        answer = stream.rest()
        assert answer.headers["content-encoding"] == "gzip" and answer.whole
        assert len({round(seconds, 1) for seconds, _ in answer.times}) >= 5

    def test_broken_stream_over_http2(self, nginx, mock):
        ngx = gateway(nginx, [openai("a", mock)], ["target a cut,n=50;"],
                      servers="server { listen 127.0.0.1:%PORT2% http2; location /v1/ { ai_gateway; ai_auth off; } }")
        done = subprocess.run(["curl", "-sS", "-N", "--http2-prior-knowledge", "-d", '{"model":"m","stream":true,"messages":[]}',
                               f"http://127.0.0.1:{ngx.ports['PORT2']}{PATHS['openai']}"], capture_output=True, text=True, timeout=20)
        assert done.returncode == 0 and '"error"' in done.stdout.rstrip().split("\n")[-1]

    @pytest.mark.parametrize("size", [100, 20_000, 3_000_000])
    @pytest.mark.parametrize("how", ["length", "chunked", "expect", "h2"])
    def test_bodies(self, nginx, mocks, how, size):
        """In memory, in a temporary file; sent again as it was after a failure."""
        first, second = mocks(), mocks()
        ngx = gateway(nginx, [openai("a", first), openai("b", second)], ["target a 503;", "target b m;"],
                      http="client_body_buffer_size 8k; client_max_body_size 8m;",
                      servers="server { listen 127.0.0.1:%PORT2% http2; location /v1/ { ai_gateway; ai_auth off; } }")
        text = "".join(chr(97 + i % 26) for i in range(size))
        body = {"model": "m", "messages": [{"role": "user", "content": text}]}
        if how == "h2":
            import json
            done = subprocess.run(["curl", "-sS", "--http2-prior-knowledge", "-H", "content-length:", "--data-binary", "@-",
                                   f"http://127.0.0.1:{ngx.ports['PORT2']}{PATHS['openai']}"],
                                  input=json.dumps(body), capture_output=True, text=True, timeout=20)
            assert "chat.completion" in done.stdout
        else:
            headers = {"Expect": "100-continue"} if how == "expect" else {}
            assert post(ngx.port, PATHS["openai"], body, headers, chunked=how == "chunked").status == 200
        assert first.last.json["messages"] == second.last.json["messages"] == body["messages"]

    def test_a_body_too_large(self, nginx, mock):
        ngx = gateway(nginx, [openai("a", mock)], ["target a ok;"], http="client_max_body_size 1k;")
        for chunked in (False, True):
            answer = post(ngx.port, PATHS["openai"], {**BODY, "x": "y" * 5000}, chunked=chunked)
            assert answer.status == 413 and error_of(answer)["code"] == "request_too_large"
        assert mock.requests == []

    def test_mirror(self, nginx, mocks):
        """A copy of the request goes on being sent while the answer has long begun."""
        first, copy = mocks(), mocks()
        ngx = gateway(nginx, [openai("a", first)], ["target a m;"], http="client_max_body_size 8m; client_body_buffer_size 8m;",
                      server="location /v1/ { ai_gateway; ai_auth off; mirror /copy; } "
                             f"location = /copy {{ internal; proxy_pass http://127.0.0.1:{copy.port}/v1/chat/completions; }}")
        body = {**BODY, "messages": [{"role": "user", "content": "z" * 3_000_000}]}
        for _ in range(3):
            assert post(ngx.port, PATHS["openai"], body).status == 200
        copy.wait_for(3)
        assert {r.json["messages"][0]["content"] for r in copy.requests} == {"z" * 3_000_000}

    def test_subrequests_are_refused(self, nginx, mock):
        ngx = gateway(nginx, [openai("a", mock)], ["target a ok;"],
                      server="location /v1/ { ai_gateway; ai_auth off; } location /x { auth_request /v1/models; return 200 let-in; }"
                             " location /y/ { auth_request /v1/models; }")
        assert get(ngx.port, "/y/z").status == 403
        assert mock.requests == []


@pytest.mark.skipif(sanitizing(), reason="sanitizers need memory of their own")
def test_a_held_stream_is_small(nginx, mock):
    """Bytes of a worker's memory for each stream that waits for its next event."""
    ngx = gateway(nginx, [openai("a", mock)], ["target a hang,at=mid;"])
    streams = [open_chat(ngx) for _ in range(100)]
    before = ngx.rss_bytes()
    streams += [open_chat(ngx) for _ in range(300)]
    assert (ngx.rss_bytes() - before) / 300 < 23 << 10
    for stream in streams:
        stream.abort()


class TestReload:
    def test_streams_run_on(self, nginx, mock):
        ngx = gateway(nginx, [openai("a", mock)], ["target a n=30,gap=0.03;"])
        streams = [open_chat(ngx) for _ in range(20)]
        old = ngx.reload()
        assert chat(ngx).status == 200
        for stream in streams:
            answer = stream.rest()
            assert answer.whole and answer.events()[-1] == (None, "[DONE]")
            stream.close()
        wait_until(lambda: not set(old) & set(ngx.worker_pids(also_exiting=True)), timeout=10, what="the old worker gone")
        assert all(entry["ai_stream_end"] in ("done", "") for entry in ngx.access(21))

    def test_shutdown_timeout_cuts(self, nginx, mock):
        ngx = gateway(nginx, [openai("a", mock)], ["target a n=1000,gap=0.05;"], main="worker_shutdown_timeout 500ms;")
        streams = [open_chat(ngx) for _ in range(3)]
        waiting = Connection(ngx.port)
        waiting.send(request_bytes("POST", PATHS["openai"], {**BODY, "model": "m"}))
        old = ngx.reload()
        wait_until(lambda: not set(old) & set(ngx.worker_pids(also_exiting=True)), timeout=10, what="the old worker gone")
        assert [e["ai_stream_end"] for e in ngx.access(3) if e["ai_stream_end"]] == ["shutdown"] * 3
        for stream in (*streams, waiting):
            stream.close()
        mock.wait_closed()
