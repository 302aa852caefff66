"""Bodies whose values are of the wrong kind (class 18) or too deep (7): refused as the caller's fault, or passed on as they were to a
provider that speaks the same dialect; never a fault of ours."""
import json

import pytest

from lib.client import exchange, request_bytes
from lib.faults import CANARY, GRID, KINDS, OPENAI, ANTHROPIC, assert_4xx, assert_refused, http_answer

ANSWERS = {"openai": OPENAI, "anthropic": ANTHROPIC}
DEEP = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize("place", ["messages", "content", "metadata", "tools", "schema", "unknown", "whole", "open"])
def test_deep_bodies(faults, place):
    with faults.case(7, "100,000 levels from a caller, small stack"):
        for caller, kind, stream in GRID:
            body = faults.body(f"{kind}/ok", stream)
            if place == "content":
                body["messages"][0]["content"] = "DEEP"
            elif place == "schema":
                body["tools"] = [{"type": "function", "name": "f", "function": {"name": "f", "parameters": "DEEP"}, "input_schema": "DEEP"}]
            else:
                body[place] = "DEEP"
            text = json.dumps(body).replace('"DEEP"', DEEP)
            text = {"whole": DEEP, "open": "[{\"a\":" * 50_000}.get(place, text)
            assert_refused(faults.post(caller, text), caller, 400)


NUMBERS = ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "-1", "0", "1e6", "1000000", "99999999999999999999", "1.5", "-0.0", "01", "+1", "0x10", ".5"]
FIELDS = ["max_tokens", "max_completion_tokens", "n", "temperature", "top_p", "top_k", "seed", "presence_penalty", "logprobs", "top_logprobs",
          "budget"]
NOT_JSON = {"NaN", "Infinity", "-Infinity", "01", "+1", "0x10", ".5"}


@pytest.mark.parametrize("caller", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_numbers(faults, caller, kind):
    with faults.case(18, "NaN, 1e400, negative and huge numbers"):
        faults.raw.answer = http_answer(ANSWERS[kind])
        for field in FIELDS:
            for number in NUMBERS:
                body = {key: value for key, value in faults.body(f"raw-{kind}/m").items() if key != field}
                before = faults.raw.requests
                answer = faults.post(caller, json.dumps(body)[:-1] + f', "{field}": {number}}}')
                assert answer.status == 200 or 400 <= answer.status < 500, (field, number, answer.body)
                assert answer.status == 400 or number not in NOT_JSON
                if answer.status != 200:
                    assert_4xx(answer, caller)
                    assert faults.raw.requests == before
                else:
                    json.loads(faults.raw.last_body, parse_constant=pytest.fail)


WRONG = [None, True, False, -1, 0, 1.5, "", "x", [], {}, [None], [[]], [1], ["x"], [{}], {"a": None}, {"type": 5}, [{"type": None}],
         {"type": "x"}, [{"type": "x"}], [{"role": "user"}], [{"role": "x", "content": "y"}], [{"role": 5, "content": []}]]
TOP = ["model", "messages", "max_tokens", "max_completion_tokens", "temperature", "top_p", "top_k", "n", "stop", "stop_sequences", "stream_options",
       "tools", "tool_choice", "parallel_tool_calls", "response_format", "output_config", "reasoning_effort", "thinking", "seed", "user", "metadata",
       "logit_bias", "logprobs", "top_logprobs", "presence_penalty", "frequency_penalty", "service_tier", "store", "system", "modalities", "audio",
       "prediction", "functions", "function_call", "web_search_options", "container", "mcp_servers", "context_management", "unknown"]


@pytest.mark.parametrize("caller", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_wrong_types(faults, caller, kind):
    """Refused, or passed on as it was to a provider that speaks the same dialect; never a fault of ours."""
    with faults.case(18, "wrong types for every field"):
        faults.raw.answer = http_answer(ANSWERS[kind])
        for field in TOP:
            for value in WRONG:
                if field == "model" and isinstance(value, str):
                    continue
                answer = faults.ask(caller, f"raw-{kind}/m", **{field: value})
                assert answer.status == 200 or 400 <= answer.status < 500, (field, value, answer.body)
                if answer.status != 200:
                    assert_4xx(answer, caller)
                elif caller == kind and field != "model":
                    sent = json.loads(faults.raw.last_body)
                    assert sent[field] == value and type(sent[field]) is type(value)


@pytest.mark.parametrize("caller", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_broken_text(faults, caller, kind):
    with faults.case(18, "half characters, control characters, no JSON"):
        faults.raw.answer = http_answer(ANSWERS[kind])
        whole = json.dumps(faults.body(f"raw-{kind}/m"))
        before = faults.raw.requests
        for bad in (b"\\ud800", b"\\udc00\\ud800", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\n", b"\0", b"\\x", b"\\u12", b'"'):
            assert_4xx(faults.post(caller, whole.encode().replace(b"Say", bad)), caller)
        for text in ("", " ", "null", "true", "1", '"x"', "[]", "{}", "{", whole[:-1], whole + "x", whole + whole, whole.replace(":", "", 1),
                     whole.replace("{", '{"model":"openai/ok",', 1), "\ufeff{", "x" * 1000, "a=b&c=d", "<xml/>", whole.replace('"', "'")):
            assert_4xx(faults.post(caller, text), caller)
        assert faults.raw.requests == before
        assert CANARY not in faults.nginx.error_log()


def test_bytes_that_are_no_http(faults):
    with faults.case(18, "no HTTP at all"):
        for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\0" * 100, b"GET\r\n\r\n", b"POST /v1/chat/completions HTTP/9.9\r\n\r\n",
                     b"\r\n\r\n\r\n", b"SSH-2.0-x\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", request_bytes("POST", "/v1/chat/completions", b"", key="x")):
            assert exchange(faults.nginx.ports["PORT_SLOW"], data + b"\r\n\r\n").status in (0, 400, 401, 405, 505)


def test_nothing_leaked(faults):
    """The last one: over all that was said and written above."""
    assert faults.good() and faults.nginx.access(2)
    faults.assert_silent()
