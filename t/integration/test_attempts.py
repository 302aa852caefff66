"""Attempts before the first content: every way in which a provider can fail moves the request to the next one, and the
caller never sees a byte of the first."""
import time

import pytest

from lib.client import post
from lib.gateway import BODY, PATHS, anthropic, chat, error_of, gateway, openai, provider, text_of, tls
from lib.ports import RefusedPort

HELLO = "Hello from the mock provider."
# What the first provider does, and what $upstream_status says of it.
FAILURES = [
    ("500", "500"), ("503", "503"), ("529", "529"), ("401", "401"), ("402", "402"), ("403", "403"), ("429", "429"),
    ("status,code=500,body=html", "500"), ("status,code=500,body=detail", "500"), ("redirect", "302"),
    ("hang", "504"), ("hang,at=headers", "504"), ("close", "502"), ("reset", "502"), ("close,at=headers", "502"),
    ("html", "200"), ("empty", "200"), ("error200", "200"), ("error", "200"), ("gzip,coding=br", "200"), ("wrap=numbers", "200"),
    ("close,at=0", "502"), ("eof-cut,at=0", "200"), ("badchunk,at=0,framing=chunked", "200"),
    ("bighead", "502"), ("hints", "502"), ("upgrade", "502"), ("status,code=600", "502"),
]


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("how,status", FAILURES, ids=[how for how, _ in FAILURES])
def test_failure_moves_on(nginx, mocks, authority, how, status, stream):
    first, second = mocks(), mocks()
    ngx = gateway(nginx, [openai("a", first, "timeout first=300ms;"), tls("b", second, authority)],
                  [f"target a {how};", "target b ok;"])
    began = time.monotonic()
    answer = chat(ngx, stream)
    assert (answer.status, answer.whole) == (200, True)
    assert text_of(answer, stream=stream) == HELLO
    assert answer.headers["x-aigw-provider"] == "b" and answer.headers["x-aigw-attempts"] == "2"
    assert "set-cookie" not in answer.headers and answer.headers["server"].startswith("nginx")
    assert time.monotonic() - began < 2
    assert len(second.requests) == 1
    sent = second.last
    assert (sent.path, sent.headers["x-api-key"], sent.server_name) == ("/v1/messages", "sk-mock", "localhost")
    assert sent.headers["host"] == f"localhost:{second.tls_port()}" and "authorization" not in sent.headers
    entry = ngx.access(1)[0]
    said = entry["upstream_status"]
    # A broken chunk may be seen as a bad answer or, in a body of unknown end, as a cut one.
    assert said in (f"{status} : 200", "502 : 200") if "badchunk" in how else said == f"{status} : 200"
    assert entry["upstream_addr"] == f"127.0.0.1:{first.port} : 127.0.0.1:{second.tls_port()}"


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
def test_compressed_answers_are_read(nginx, mock, stream, dialect):
    """Passed and translated: nobody asked for gzip, and the caller does not get it."""
    ngx = gateway(nginx, [openai("a", mock)], ["target a gzip;"])
    answer = chat(ngx, stream, dialect)
    assert answer.status == 200 and text_of(answer, dialect, stream) == HELLO
    assert "content-encoding" not in answer.headers and answer.headers["x-aigw-attempts"] == "1"
    assert mock.last.headers["accept-encoding"] == "identity"
    assert ngx.access(1)[0]["ai_usage_source"] == "provider"


def test_refused_and_wrong_certificates(nginx, mocks, mock, authority):
    refused = RefusedPort()
    wrong = mocks()
    url = f"https://localhost:{wrong.tls_port('other.test')}/v1"
    ngx = gateway(nginx, [provider("a", f"http://127.0.0.1:{refused.port}/v1"), tls("b", wrong, authority, url=url),
                          provider("c", wrong.tls_url, "anthropic"), anthropic("d", mock)],
                  ["target a x;", "target b x;", "target c x;", "target d ok;"])
    answer = chat(ngx)
    assert answer.status == 200 and text_of(answer) == HELLO
    assert ngx.access(1)[0]["upstream_status"] == "502 : 502 : 502 : 200"
    assert wrong.requests == [] and answer.headers["x-aigw-attempts"] == "4"
    refused.close()


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
def test_retries_then_the_next(nginx, mocks, stream):
    first, second = mocks(), mocks()
    ngx = gateway(nginx, [openai("a", first), anthropic("b", second)], ["target a 503 retries=2;", "target b ok;"])
    answer = chat(ngx, stream)
    assert answer.status == 200 and text_of(answer, stream=stream) == HELLO
    assert (len(first.requests), len(second.requests)) == (3, 1)
    assert len({r.body for r in first.requests}) == 1
    entry = ngx.access(1)[0]
    assert (entry["upstream_status"], entry["ai_attempts"]) == ("503 : 503 : 503 : 200", "4")


def test_credentials_are_not_retried(nginx, mocks):
    first, second = mocks(), mocks()
    ngx = gateway(nginx, [openai("a", first), openai("b", second)], ["target a 401 retries=2;", "target b ok;"])
    assert chat(ngx).status == 200
    assert (len(first.requests), len(second.requests)) == (1, 1)


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
def test_the_callers_own_mistake_is_nobody_elses(nginx, mocks, dialect):
    first, second = mocks(), mocks()
    ngx = gateway(nginx, [openai("a", first), openai("b", second)], ["target a 400 retries=2;", "target b ok;"])
    answer = chat(ngx, dialect=dialect)
    assert answer.status == 400 and error_of(answer, dialect)["type"] == "invalid_request_error"
    assert (len(first.requests), len(second.requests)) == (1, 0)
    assert ngx.access(1)[0]["upstream_status"] == "400"


class TestThrottled:
    def test_waits_when_nobody_else_can(self, nginx, mock):
        mock.plan("status,code=429,retry_after=1", "429", "ok")
        ngx = gateway(nginx, [openai("a", mock)], ["target a m;"])
        answer = chat(ngx)
        assert answer.status == 200 and len(mock.requests) == 3
        assert mock.requests[1].at - mock.requests[0].at > 0.95
        assert ngx.access(1)[0]["upstream_status"] == "429 : 429 : 200"

    def test_gives_up_after_two_repeats(self, nginx, mock):
        ngx = gateway(nginx, [openai("a", mock)], ["target a 429;"])
        answer = chat(ngx)
        assert answer.status == 429 and len(mock.requests) == 3
        assert error_of(answer)["type"] == "rate_limit_error"

    def test_a_long_retry_after_goes_back(self, nginx, mock):
        ngx = gateway(nginx, [openai("a", mock)], ["target a 429,retry_after=20;"])
        answer = chat(ngx)
        assert (answer.status, answer.headers["retry-after"], len(mock.requests)) == (429, "20", 1)

    def test_moves_on_at_once(self, nginx, mocks):
        first, second = mocks(), mocks()
        ngx = gateway(nginx, [openai("a", first), openai("b", second)], ["target a 429,retry_after=5;", "target b ok;"])
        began = time.monotonic()
        assert chat(ngx).status == 200 and time.monotonic() - began < 1
        assert len(first.requests) == 1


class TestAllFail:
    @pytest.mark.parametrize("dialect", ["openai", "anthropic"])
    @pytest.mark.parametrize("how,status", [("503", 502), ("hang", 504), ("401", 502)])
    def test_the_error_is_the_callers_dialect(self, nginx, mock, how, status, dialect):
        ngx = gateway(nginx, [openai("a", mock, "timeout first=200ms;")], [f"target a {how};", f"target a {how};"])
        answer = chat(ngx, dialect=dialect)
        assert (answer.status, answer.headers["content-type"]) == (status, "application/json")
        error = error_of(answer, dialect)
        assert error["type"] == "api_error" and '"a"' in error["message"] and "sk-mock" not in answer.body.decode()
        assert len(mock.requests) == 2 and ngx.access(1)[0]["status"] == str(status)

    def test_an_error_page_takes_over(self, nginx, mocks):
        broken, plain = mocks(), mocks()
        ngx = gateway(nginx, [openai("a", broken, "timeout total=5s;")], ["target a 503;"],
                      server="location /v1/ { ai_gateway; ai_auth off; error_page 502 = @plain; } "
                             f"location @plain {{ proxy_pass http://127.0.0.1:{plain.port}; }}")
        answer = chat(ngx)
        assert answer.status == 200 and answer.json()["choices"]
        assert (len(broken.requests), len(plain.requests)) == (1, 1)
        assert ngx.access(1)[0]["upstream_status"] == "503 : 200"

    def test_another_gateway_takes_over(self, nginx, mock):
        server = ("location /v1/ { ai_gateway; ai_auth off; error_page 502 = @spare; } "
                  "location @spare { ai_gateway prefix=/v1/ model=good; ai_auth off; }")
        ngx = gateway(nginx, [openai("a", mock)], ["target a 503;"], server=server,
                      http="ai_model good { target a ok; }\n")
        answer = chat(ngx)
        assert mock.requests[-1].model == "ok" and answer.json()["choices"]
        assert ngx.access(1)[0]["upstream_status"] == "503 : 200"


class TestTimes:
    @pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
    def test_total_before_the_answer(self, nginx, mock, stream):
        ngx = gateway(nginx, [openai("a", mock, "timeout first=250ms total=600ms;")], ["target a hang retries=9;"])
        began = time.monotonic()
        answer = chat(ngx, stream)
        assert answer.status == 504 and 0.55 < time.monotonic() - began < 1.2
        assert error_of(answer)["code"] == "timeout"
        assert len(mock.requests) == 3

    def test_total_within_a_wait(self, nginx, mock):
        ngx = gateway(nginx, [openai("a", mock, "timeout total=400ms;")], ["target a 429,retry_after=5;"])
        began = time.monotonic()
        assert chat(ngx).status == 504 and time.monotonic() - began < 1.5
        assert len(mock.requests) == 1

    def test_total_of_a_stream(self, nginx, mock):
        ngx = gateway(nginx, [openai("a", mock, "timeout total=500ms;")], ["target a n=100,gap=0.05;"])
        answer = chat(ngx, True)
        assert (answer.status, answer.whole) == (200, True)
        assert b"[DONE]" not in answer.body and error_of(answer, stream=True)["code"] == "timeout"
        assert ngx.access(1)[0]["ai_stream_end"] == "timeout"
        mock.wait_closed()

    def test_idle_does_not_bound_the_first_content(self, nginx, mock):
        ngx = gateway(nginx, [openai("a", mock, "timeout first=5s idle=200ms;")], ["target a wait=0.7;"])
        assert text_of(chat(ngx)) == HELLO
        assert text_of(chat(ngx, True), stream=True) == HELLO

    def test_short_gaps_are_not_idle(self, nginx, mock):
        ngx = gateway(nginx, [openai("a", mock, "timeout idle=400ms;")], ["target a n=8,gap=0.3;"])
        answer = chat(ngx, True)
        assert answer.events()[-1] == (None, "[DONE]")


class TestBegin:
    """Headers go out with the first content, not before."""

    @pytest.mark.parametrize("dialect", ["openai", "anthropic"])
    @pytest.mark.parametrize("how", ["pre=0", "pre=3000,border=37", "pre=65536,slice=997", "pre=200000",
                                     "pre=8000,slice=1", "pre=8000,framing=eof", "http10"])
    def test_a_preamble_of_any_size(self, nginx, mock, how, dialect):
        ngx = gateway(nginx, [openai("a", mock)], [f"target a {how};"])
        answer = chat(ngx, True, dialect)
        assert (answer.status, answer.whole) == (200, True)
        assert text_of(answer, dialect, stream=True) == HELLO
        if dialect == "openai" and how != "http10":
            expected = post(mock.port, PATHS["openai"], {**BODY, "model": how, "stream": True}).body
            assert answer.body == expected

    def test_a_preamble_too_large_fails(self, nginx, mocks):
        first, second = mocks(), mocks()
        ngx = gateway(nginx, [openai("a", first), openai("b", second)], ["target a pre=300000;", "target b ok;"])
        answer = chat(ngx, True)
        assert answer.headers["x-aigw-provider"] == "b" and len(answer.body) < 10_000

    @pytest.mark.parametrize("how", ["pre=64000,fail=error,at=1", "pre=64000,fail=close,at=1", "pre=8000,fail=hang,at=1",
                                     "pre=8000,fail=reset,at=1,framing=eof"])
    def test_failure_after_a_preamble(self, nginx, mocks, how):
        first, second = mocks(), mocks()
        ngx = gateway(nginx, [openai("a", first, "timeout first=300ms;"), anthropic("b", second)],
                      [f"target a {how};", "target b ok;"])
        answer = chat(ngx, True)
        assert answer.status == 200 and text_of(answer, stream=True) == HELLO and b"ppp" not in answer.body
        assert len(first.requests) == 1

    def test_the_first_content_is_not_held_back(self, nginx, mock):
        ngx = gateway(nginx, [openai("a", mock)], ["target a n=3,gap=0.4;"])
        answer = chat(ngx, True)
        times = [seconds for seconds, _ in answer.times]
        assert times[0] < 0.6 and times[-1] > 1.5
        gaps = [b - a for a, b in zip(times, times[1:]) if b - a > 0.1]
        # The last one is longer: the usage event that only we asked for is taken out.
        assert len(gaps) == 4 and all(0.3 < gap < 0.6 for gap in gaps[:3]), times


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
@pytest.mark.parametrize("kind", [openai, anthropic], ids=["to-openai", "to-anthropic"])
def test_a_model_that_the_location_names(nginx, mocks, kind, dialect):
    """The caller's body need not name one."""
    mock = mocks()
    ngx = gateway(nginx, [kind("a", mock)], ["target a ok;"], server="location /v1/ { ai_gateway model=m; ai_auth off; }")
    body = {name: value for name, value in BODY.items() if name != "model"}
    answer = post(ngx.port, PATHS[dialect], body)
    assert answer.status == 200 and text_of(answer, dialect) == HELLO
    assert mock.last.model == "ok"
