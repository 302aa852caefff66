"""What a provider can say that is wrong, odd or too much, for both kinds of caller and of provider, streamed and not. Numbers
are classes of faults; the table at the end of a run says what each of them cost."""
import json
import time

import pytest

from lib.client import Connection, open_post
from lib.faults import ANTHROPIC, GRID, HELLO, KINDS, OPENAI, assert_cut, assert_error_or_answer, assert_refused, http_answer, said, tiny_stream
from lib.gateway import PATHS
from lib.mock import behaviour
from lib.nginx import sanitizing
from lib.wait import wait_until

# ---- slow, silent, cut

@pytest.mark.parametrize("how", ["hang", "hang,at=headers", "hang,at=5"])
def test_silence(faults, how):
    with faults.case(1, "a provider that falls silent"):
        for caller, kind, stream in GRID:
            began = time.monotonic()
            answer = faults.ask(caller, f"quick-{kind}/{how if stream else how.replace('=5', '=mid')}", stream)
            assert time.monotonic() - began < 3
            if stream and "at=5" in how:
                assert_cut(answer, caller)
            else:
                assert_refused(answer, caller, 504)


@pytest.mark.parametrize("caller", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_slow_but_sound(faults, caller, kind):
    with faults.case(2, "a slow stream, by single bytes"):
        answer = faults.ask(caller, f"{kind}/n=3,gap=0.15,slice=1", True)
        assert said(answer, caller, True) == "word0 word1 word2 "
        assert answer.times[0][0] < 1 and answer.times[-1][0] - answer.times[0][0] > 0.3


@pytest.mark.parametrize("how", ["short", "cut", "cut,framing=length", "eof-cut", "reset,at=mid", "badchunk,framing=chunked", "error"])
def test_cut_answers(faults, how):
    """Streams that are cut: test_streams.py."""
    with faults.case(4 if how == "error" else 3, "an error instead of an answer" if how == "error" else "an answer that is cut"):
        for caller, kind, stream in GRID:
            if not stream:
                assert_refused(faults.ask(caller, f"{kind}/{how}"), caller, 502)


# ---- odd bytes

WRITTEN = ["eol=crlf", "eol=cr", "eol=cr,slice=1", "eol=crlf,border=1,framing=chunked", "comments=1", "comments=1,ids=1,eol=crlf,border=3,framing=chunked",
           "bom=1,framing=chunked", "bom=1,slice=1,framing=chunked", "slice=1", "ids=1,border=1,framing=chunked"]


@pytest.mark.parametrize("how", WRITTEN)
def test_ways_to_write(faults, how):
    with faults.case(5, "BOM, CR, CRLF, comments, one byte at a time"):
        for caller, kind, stream in GRID:
            assert said(faults.ask(caller, f"{kind}/{how}", stream), caller, stream) == HELLO


@pytest.mark.parametrize("how", ["badutf8", "badutf8,slice=1", "badutf8,border=1,framing=chunked"])
def test_invalid_utf8(faults, how):
    with faults.case(5, "invalid UTF-8"):
        for caller, kind, stream in GRID:
            text = said(faults.ask(caller, f"{kind}/{how}", stream), caller, stream)
            assert text.startswith("\ufffd") and text.endswith(HELLO) and "(" in text


def test_characters(faults):
    text = "NUL \0, bell \a, delete \x7f, line separators \u2028\u2029, a BOM \ufeff, beyond the BMP \U0001f980, \\u0000 \\ud800 as letters"
    with faults.case(5, "control and rare characters"):
        for kind in KINDS:
            faults.mocks[kind].plan(behaviour(text=text), behaviour(text=text, slice=1), model="characters")
        for caller, kind, stream in GRID * 2:
            assert said(faults.ask(caller, f"{kind}/characters", stream), caller, stream) == text


def test_half_a_character(faults):
    """An escape that stands for half a surrogate pair; what a model's server does with a character that it cut."""
    text = r"a\ud83eb\udd80"
    with faults.case(5, "half a surrogate pair"):
        for caller in KINDS:
            for kind, answer in [("openai", OPENAI), ("anthropic", ANTHROPIC)]:
                faults.raw.answer = http_answer(json.dumps(answer).replace("TEXT", text).encode())
                assert said(faults.ask(caller, f"raw-{kind}/m"), caller, False) == "a\ufffdb\ufffd"


@pytest.mark.slow
@pytest.mark.parametrize("caller,kind,stream", GRID)
def test_a_line_without_an_end(faults, caller, kind, stream):
    with faults.case(6, "100 MB without a line's end", fresh=True):
        assert_refused(faults.ask(caller, f"{kind}/longline,mb=100,framing=chunked", stream), caller, 502)


@pytest.mark.slow
@pytest.mark.parametrize("caller", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_line_without_an_end_after_content(faults, caller, kind):
    faults.raw.answer = tiny_stream(kind, 3, end=False) + b"%x\r\ndata: " % (100 << 20) + b"y" * (20 << 20)
    with faults.case(6, "20 MB without a line's end in a stream", fresh=True):
        answer = faults.ask(caller, f"raw-{kind}/m", True)
        assert_cut(answer, caller)
        assert len(answer.body) < 5000


def test_deep_json(faults):
    with faults.case(7, "100,000 levels from a provider, small stack"):
        for how in ("deep", "deep,depth=1200"):
            for caller, kind, stream in GRID:
                assert_error_or_answer(faults.ask(caller, f"{kind}/{how}", stream), caller, stream)


DEEP = "[" * 100_000 + "]" * 100_000


def test_deep_tool_arguments(faults):
    """As text in OpenAI's dialect, as JSON in Anthropic's: what is one string for the first is depth for the second."""
    message = {"role": "assistant", "content": None,
               "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"x":' + DEEP + "}"}}]}
    choice = {**OPENAI["choices"][0], "message": message, "finish_reason": "tool_calls"}
    block = '{"type":"tool_use","id":"t","name":"f","input":{"x":' + DEEP + "}}"
    with faults.case(7, "100,000 levels in tool arguments, small stack"):
        for caller in KINDS:
            faults.raw.answer = http_answer({**OPENAI, "choices": [choice]})
            assert_error_or_answer(faults.ask(caller, "raw-openai/m"), caller, False)
            faults.raw.answer = http_answer(json.dumps({**ANTHROPIC, "content": ["BLOCK"]}).replace('"BLOCK"', block).encode())
            assert faults.ask(caller, "raw-anthropic/m").status in (200, 502)


@pytest.mark.parametrize("how", ["wrap=dup", "wrap=nulls", "wrap=numbers", "usage=huge", "usage=negative", "usage=null", "usage=text"])
def test_odd_members(faults, how):
    with faults.case(8, "duplicate keys, null and number members, odd usage"):
        for caller, kind, stream in GRID:
            answer = faults.ask(caller, f"{kind}/{how}", stream)
            assert_error_or_answer(answer, caller, stream)
            if how.startswith("usage"):
                assert said(answer, caller, stream) == HELLO


TOOL = {"type": "object", "properties": {"x": {"type": "string"}}}
TOOLS = {"openai": [{"type": "function", "function": {"name": "f", "parameters": TOOL}}], "anthropic": [{"name": "f", "input_schema": TOOL}]}
ARGUMENTS = 8_000_000


@pytest.mark.slow
@pytest.mark.parametrize("caller,kind,stream", GRID)
def test_large_tool_arguments(faults, caller, kind, stream):
    with faults.case(8, "8 MB of tool arguments", fresh=True):
        answer = faults.ask(caller, f"{kind}/tools=1,args_bytes={ARGUMENTS}", stream, tools=TOOLS[caller])
        assert answer.status == 200 and answer.whole
        assert answer.body.count(b"x") >= ARGUMENTS and b'"error"' not in answer.body[-500:]


TINY = 100_000


@pytest.mark.slow
@pytest.mark.parametrize("caller", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_tiny_chunks(faults, kind, caller):
    faults.raw.answer = tiny_stream(kind, TINY)
    with faults.case(8, f"100,000 tiny chunks, {kind} for {caller}", fresh=True):
        before = faults.nginx.cpu_seconds()
        stream = open_post(faults.nginx.port, PATHS[caller], faults.body(f"raw-{kind}/m", True), key=faults.gateway.key, timeout=60)
        received = bytearray(stream.buffer)
        while not received.endswith(b"\r\n0\r\n\r\n"):
            more = stream.socket.recv(1 << 20)
            assert more, received[-300:]
            received += more
        stream.close()
        faults.statuses[stream.answer.status] += 1
        assert received.count(b'"z"') == TINY
        assert (b"[DONE]" if caller == "openai" else b"message_stop") in received[-400:]
        each = (faults.nginx.cpu_seconds() - before) / TINY
        print(f"{kind} for {caller}: {each * 1e6:.1f} us of CPU a chunk")
        assert sanitizing() or each < 100e-6


REFUSED = ["html", "html,type=application/json", "empty", "status,code=500,body=detail", "status,code=503,body=html", "gzip,coding=br", "gzip,coding=zstd,type=text/plain",
           "hints", "upgrade", "bighead", "cr_header=1", "status,code=204,body=empty", "status,code=206,body=html", "status,code=999,body=html",
           "type=text/html,body=html,code=201"]


@pytest.mark.parametrize("how", REFUSED)
def test_no_answer_at_all(faults, how):
    number = 9 if "body" in how or how.startswith(("html", "empty")) else 11
    with faults.case(number, "HTML, nothing, internals" if number == 9 else "gzip, interim, upgrade, large and broken heads"):
        for caller, kind, stream in GRID:
            answer = faults.ask(caller, f"{kind}/{how}", stream)
            assert_refused(answer, caller, 502)
            for inside in (b"password", b"10.1.2.3", b"It works", b"\x1f\x8b"):
                assert inside not in answer.body
            names = {name.lower() for name, _ in answer.header_list}
            assert not names & {"upgrade", "link", "x-odd", "set-cookie", "content-encoding", "x-policy-0"}
            assert answer.headers["server"].startswith("nginx")


def test_more_than_an_answer(faults):
    with faults.case(11, "a second response, bytes after the end"):
        for caller, kind, stream in GRID:
            answer = faults.ask(caller, f"{kind}/trailing", stream)
            assert said(answer, caller, stream) == HELLO
            assert b"EXTRA" not in answer.body and b"AFTER" not in answer.body


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308, 300, 305])
def test_redirects(faults, code):
    with faults.case(12, "redirects"):
        for caller, kind, stream in GRID:
            for to in (faults.trap.url, "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd"):
                answer = faults.ask(caller, f"{kind}/status,code={code},body=html,location={to}", stream)
                assert_refused(answer, caller, 502)
                assert "location" not in answer.headers and b"meta-data" not in answer.body
        assert faults.trap.untouched()


@pytest.mark.parametrize("caller,kind,stream", GRID)
def test_a_caller_leaves(faults, caller, kind, stream):
    mock = faults.mocks[kind]
    with faults.case(20, "a caller leaves"):
        before, lines, asked = faults.completion_tokens(), len(faults.nginx.access()), len(mock.requests)
        connection = Connection(faults.nginx.port)
        connection.send(faults.request(caller, f"{kind}/n=1000,gap=0.02" if stream else f"{kind}/wait=20", stream))
        if stream:
            connection.read_head()
            connection.read_until(b"word5")
        wait_until(lambda: len(mock.requests) > asked, what="the call")
        connection.abort()
        wait_until(lambda: mock.last.state == "aborted", timeout=2, what="the provider's connection closed")
        entry = faults.nginx.access(lines + 1)[lines]
        counted = int(entry["ai_completion_tokens"] or 0)
        assert (entry["ai_stream_end"] == "client" and 5 <= counted < 200) if stream else (entry["status"], counted) == ("499", 0)
        assert faults.completion_tokens() - before == counted


def test_nothing_leaked(faults):
    """The last one: over all that was said and written above."""
    assert faults.good() and faults.nginx.access(2)
    faults.assert_silent()
