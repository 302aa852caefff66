"""The SDKs for Node, by the scripts of t/agents/sdk: one run for each SDK and each way to a provider, whose answers are judged
here case by case. What stands in a table must be in the answer; what else is there is the SDK's business."""
import json

import pytest

from lib import agents
from lib.answers import SIGNATURE
from lib.chat_gateway import UPSTREAM_KEY

HELLO = "Hello from the mock provider."
CITY = {"city": 'Übersee "ok"'}
ANSWER = {"n": 42, "who": 'Übersee "ok"'}
WEATHER = {"name": "weather", "input": CITY}

# ---- OpenAI's own

OPENAI_USAGE = {"prompt_tokens": 21, "completion_tokens": 7, "total_tokens": 28, "prompt_tokens_details": {"cached_tokens": 5}}
OPENAI_TURNS = ["user", "assistant", "tool", "assistant"]
OPENAI = {
    "generate": {"object": "chat.completion", "text": HELLO, "reason": "stop", "usage": OPENAI_USAGE},
    "stream": {"text": HELLO, "roles": ["assistant"], "reasons": ["stop"], "ids": 1, "objects": ["chat.completion.chunk"], "pieces": 5,
               "usage": [OPENAI_USAGE], "last": 0},
    "stream_without_usage": {"empty": 0, "usage": 0},
    "loop": {"called": [CITY], "text": HELLO, "roles": OPENAI_TURNS},
    "loop_stream": {"called": [CITY], "text": HELLO, "roles": OPENAI_TURNS},
    "parallel": {"reason": "tool_calls", "names": ["weather", "weather"], "inputs": [CITY, CITY], "ids": 2},
    "structured": ANSWER,
    "structured_stream": ANSWER,
    "models": ["plain-openai", "plain-anthropic"],
    "wrong_key": {"class": "AuthenticationError", "status": 401, "code": "invalid_api_key"},
    "wrong_key_stream": {"class": "AuthenticationError", "status": 401, "code": "invalid_api_key"},
    "no_model": {"class": "NotFoundError", "status": 404, "code": "model_not_found", "param": "model"},
    "bad_request": {"class": "BadRequestError", "status": 400, "code": "invalid_value", "param": "max_tokens"},
    "provider_400": {"class": "BadRequestError", "status": 400, "type": "invalid_request_error"},
    "provider_429": {"class": "RateLimitError", "status": 429, "code": "rate_limit_exceeded"},
    "provider_503": {"class": "InternalServerError", "status": 502, "code": "upstream_error"},
    "breaks": {"class": "APIError", "status": None},
}

# ---- Anthropic's own

ANTHROPIC_USAGE = {"input_tokens": 16, "cache_read_input_tokens": 5, "output_tokens": 7}
SAID = [{"type": "text", "text": HELLO}]
ANTHROPIC_TURNS = ["user", "assistant", "user", "assistant"]
EVENTS = ["message_start", "content_block_start", *["content_block_delta"] * 5, "content_block_stop", "message_delta", "message_stop"]
ANTHROPIC = {
    "generate": {"type": "message", "role": "assistant", "content": SAID, "stop_reason": "end_turn", "usage": ANTHROPIC_USAGE},
    "stream": {"content": SAID, "stop_reason": "end_turn", "usage": ANTHROPIC_USAGE, "events": EVENTS, "pieces": 5},
    "thinking": {"content": [{"type": "thinking", "thinking": "Let me see."}, *SAID], "stop_reason": "end_turn"},
    "loop": {"called": [CITY], "text": HELLO, "roles": ANTHROPIC_TURNS},
    "loop_stream": {"called": [CITY], "text": HELLO, "roles": ANTHROPIC_TURNS},
    "parallel": {"content": [WEATHER, WEATHER], "stop_reason": "tool_use"},
    "structured": ANSWER,
    "structured_stream": ANSWER,
    "models": ["plain-openai", "plain-anthropic"],
    "wrong_key": {"class": "AuthenticationError", "status": 401, "type": "authentication_error"},
    "wrong_key_stream": {"class": "AuthenticationError", "status": 401, "type": "authentication_error"},
    "no_model": {"class": "NotFoundError", "status": 404, "type": "not_found_error"},
    "bad_request": {"class": "BadRequestError", "status": 400, "type": "invalid_request_error"},
    "provider_400": {"class": "BadRequestError", "status": 400, "type": "invalid_request_error"},
    "provider_429": {"class": "RateLimitError", "status": 429, "type": "rate_limit_error"},
    "provider_503": {"class": "InternalServerError", "status": 502, "type": "api_error"},
    "breaks": {"class": "APIError", "status": None},
}

# ---- Vercel's, by three providers

AI_USAGE = {"inputTokens": 21, "outputTokens": 7, "totalTokens": 28}
STEPS = [["tool-calls", 1, 1], ["stop", 0, 0]]  # each: why it ended, calls, results
AI = {
    "generate": {"text": HELLO, "finishReason": "stop", "usage": AI_USAGE, "cached": 5},
    "stream": {"text": HELLO, "pieces": 5, "finishes": 1, "finishReason": "stop", "usage": AI_USAGE},
    "loop": {"called": [CITY], "text": HELLO, "steps": STEPS},
    "loop_stream": {"called": [CITY], "text": HELLO, "steps": STEPS},
    "structured": ANSWER,
    "structured_stream": ANSWER,
    "reasoning": {"text": HELLO, "reasoningText": "Let me see."},
    "wrong_key": {"class": "APICallError", "statusCode": 401, "isRetryable": False},
    "wrong_key_stream": {"class": "APICallError", "statusCode": 401, "isRetryable": False},
    "no_model": {"class": "APICallError", "statusCode": 404, "isRetryable": False, "message": 'The model "nobody" does not exist.'},
    "bad_request": {"class": "APICallError", "statusCode": 400, "isRetryable": False},
    "provider_400": {"class": "APICallError", "statusCode": 400, "isRetryable": False, "message": "the mock provider answers 400"},
    "provider_429": {"class": "APICallError", "statusCode": 429, "isRetryable": True},
    "provider_503": {"class": "APICallError", "statusCode": 502, "isRetryable": True},
    "breaks": {"class": "StreamProviderError"},
}

SDKS = {"openai": ("openai", "openai", OPENAI), "anthropic": ("anthropic", "anthropic", ANTHROPIC),
        **{f"ai-{name}": ("ai", dialect, AI) for name, dialect in
           (("openai", "openai"), ("openai-compatible", "openai"), ("anthropic", "anthropic"))}}

# Behind the filter stands the provider itself: it has no model "nobody", and its status is not changed.
STATUS = {"openai": "status", "anthropic": "status", "ai": "statusCode"}
NOT_FILTERED = {"no_model", "bad_request"}  # this provider takes both
FILTERED = {"models": ["mock-model"], "provider_503": 503}

# What an SDK itself does not do: OpenAI's provider for Vercel's SDK has no place for reasoning of chat completions.
NOT_IN = {"ai-openai": {"reasoning"}}
WAYS = [(sdk, way) for sdk, (_, dialect, _) in SDKS.items() for way in agents.ways(dialect)]
CASES = [pytest.param(sdk, way, case, id=f"{sdk}-{way}-{case}") for sdk, way in WAYS for case in SDKS[sdk][2]
         if case not in NOT_IN.get(sdk, ()) and not (way.filtered and case in NOT_FILTERED)]


def expected(sdk, way, case):
    script, _, table = SDKS[sdk]
    wanted = FILTERED.get(case) if way.filtered else None
    if isinstance(wanted, int):
        return {STATUS[script]: wanted}
    return wanted or table[case]


def fault(wanted, found, where=""):
    """Where `found` does not hold what is wanted, in words; "" if it does. Lists have to be as long."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return next((said for key in wanted if (said := fault(wanted[key], found.get(key), f"{where}.{key}"))), "")
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        return next((said for i, pair in enumerate(zip(wanted, found)) if (said := fault(*pair, f"{where}[{i}]"))), "")
    return "" if wanted == found and isinstance(wanted, bool) == isinstance(found, bool) else f"{where}: {found!r}, not {wanted!r}"


class Runs:
    """One run of a script is made when its first case is asked for."""
    def __init__(self, gateway, folder):
        self.gateway, self.folder, self.done = gateway, folder, {}

    def of(self, sdk, way):
        if (sdk, way) not in self.done:
            self.gateway.reset()
            before = len(self.gateway.nginx.access())
            home = self.folder / f"{sdk}-{way}"
            home.mkdir()
            run = agents.node(SDKS[sdk][0], home, AIGW_URL=way.base(self.gateway.nginx.url), AIGW_KEY=self.gateway.key,
                              AIGW_KIND=way.kind, AIGW_PROVIDER=sdk.removeprefix("ai-"))
            requests = list(self.gateway.mocks[way.kind].requests)
            self.done[sdk, way] = run, requests, self.gateway.nginx.access(before + len(requests))[before:]
        return self.done[sdk, way]

    def answer(self, sdk, way, case):
        run = self.of(sdk, way)[0]
        lines = [json.loads(line) for line in run.output.splitlines() if line.startswith('{"case"')]
        found = next((line for line in lines if line["case"] == case), None)
        assert found, f"no such case; exit code {run.code}:\n{run.output[-3000:]}"
        assert "value" in found, found["error"]
        return found["value"]


@pytest.fixture(scope="module")
def runs(gateways, tmp_path_factory):
    return Runs(gateways.sdk, tmp_path_factory.mktemp("node-homes"))


@pytest.mark.parametrize("sdk, way, case", CASES)
def test_case(runs, sdk, way, case):
    assert fault(expected(sdk, way, case), runs.answer(sdk, way, case)) == ""


@pytest.mark.parametrize("sdk, way", [pytest.param(sdk, way, id=f"{sdk}-{way}") for sdk, way in WAYS])
def test_run(runs, sdk, way):
    """Of the whole run: it ended, nothing went elsewhere, both keys stayed on their sides, what was answered is counted."""
    run, requests, entries = runs.of(sdk, way)
    assert run.code == 0 and run.outside == [] and UPSTREAM_KEY not in run.output
    for request in requests:
        assert runs.gateway.key not in str(request.header_list) + request.body.decode()
        assert UPSTREAM_KEY in (request.headers.get("x-api-key"), request.headers.get("authorization", "").removeprefix("Bearer "))
    good = [entry for entry in entries if entry["request_method"] == "POST" and entry["status"] == "200" and entry["ai_stream_end"] != "error"]
    assert len(good) >= 8
    for entry in good:
        assert (entry["ai_prompt_tokens"], entry["ai_completion_tokens"], entry["ai_usage_source"]) == ("21", "7", "provider")
        assert entry["ai_key_id"] == "key-one" and entry["ai_stream_end"] in ("", "done")


def test_thinking_keeps_its_signature(runs):
    for way in agents.ways("anthropic"):
        block = runs.answer("anthropic", way, "thinking")["content"][0]
        assert block["signature"] == (SIGNATURE if way.kind == "anthropic" else "")


def test_what_is_installed_is_what_is_pinned():
    assert agents.versions() == agents.wanted_versions()


@pytest.mark.parametrize("wanted, found, said", [
    ({"a": [1]}, {"a": [1], "b": 2}, ""), ({"a": 1}, {"a": 2}, ".a: 2, not 1"), ([1], [1, 2], ": [1, 2], not [1]"),
    ({"a": True}, {"a": 1}, ".a: 1, not True"), ({"a": 1}, None, ": None, not {'a': 1}")])
def test_the_judge(wanted, found, said):
    assert fault(wanted, found) == said
