"""ai_cache before an existing proxy."""
import json

import pytest

from lib.cached import PATHS, at_once
from lib.client import post
from lib.guarding import text_of
from lib.mock import behaviour

HELLO = "Hello from the mock provider."
KINDS = list(PATHS)


def proxies(policies="ai_cache exact;", auth="ai_auth keys;"):
    return "".join(f"""location /{kind}/v1/ {{ proxy_pass %{kind.upper()}%/; proxy_http_version 1.1; proxy_buffering off;
        client_max_body_size 32m; proxy_set_header Connection ""; proxy_set_header Authorization "Bearer upstream-key-of-the-gateway";
        ai_filter {kind}; {auth} {policies} }}""" for kind in KINDS)


@pytest.fixture
def proxied(cached):
    def make(policies="ai_cache exact;", **parts):
        return cached("", server=proxies(policies), **parts)

    return make


def path(kind):
    return f"/{kind}{PATHS[kind]}"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("first", [False, True])
def test_kept_in_one_mode_told_in_both(proxied, kind, first):
    made = proxied()
    live = made.ask(path=path(kind), model="ok", stream=first)
    assert live.headers["x-aigw-cache"] == "MISS" and text_of(live, kind, first) == HELLO
    for stream in (False, True):
        told = made.ask(path=path(kind), model="ok", stream=stream)
        assert told.headers["x-aigw-cache"] == "HIT" and told.whole and text_of(told, kind, stream) == HELLO
    assert made.calls(kind) == 1
    hit = made.entries(3)[1]
    assert (hit["ai_cache_status"], hit["ai_attempts"], hit["upstream_status"]) == ("HIT", "0", "")
    assert (hit["ai_prompt_tokens"], hit["ai_completion_tokens"]) == ("21", "7")


def test_teams_and_places(proxied):
    made = proxied()
    asked = dict(path=path("openai"), model="ok")
    assert [made.status(**asked), made.status(key=made.colleague, **asked), made.status(key=made.stranger, **asked)] == ["MISS", "HIT", "MISS"]
    assert made.status(path=path("openai") + "?version=2", model="ok") == "MISS"
    assert made.status(path="/openai/v1/other/chat/completions", model="ok") == "MISS"


@pytest.mark.parametrize("way", ["stop=length", "cut", "503", "error-mid"])
@pytest.mark.parametrize("stream", [False, True])
def test_what_is_not_kept(proxied, way, stream):
    made = proxied()
    for count in (1, 2):
        made.ask(path=path("openai"), model=f"ok,{way}" if "=" in way else way, stream=stream)
        assert made.calls() == count


def test_what_is_no_chat_passes(proxied):
    made = proxied()
    for _ in range(2):
        answer = post(made.nginx.port, "/openai/v1/v1/embeddings", {"model": "ok", "input": "hi"}, key=made.key)
        assert "x-aigw-cache" not in answer.headers
    assert len(made.mocks["openai"].requests) == 2


def test_masked_answers_and_limits(proxied):
    made = proxied("ai_cache exact; ai_guardrail response mask email; ai_request_limit $ai_key_id 1/h;")
    made.mocks["openai"].plan(behaviour(text="Write to ann@example.com today."))
    for stream in (True, False, True):
        answer = made.ask(path=path("openai"), model="ok", stream=stream)
        assert answer.status == 200 and text_of(answer, "openai", stream) == "Write to [EMAIL] today."
    assert made.calls() == 1


def test_twenty_at_once(proxied):
    made = proxied(workers=2)
    made.mocks["openai"].plan("ok,wait=0.3")
    answers = at_once(20, lambda i: made.ask(path=path("openai"), model="ok", stream=bool(i % 2)))
    assert sorted(answer.headers["x-aigw-cache"] for answer in answers) == ["HIT"] * 19 + ["MISS"]
    assert made.calls() == 1


def test_bodies_pass_as_they_were_while_they_are_kept(proxied):
    """Nothing is rewritten for the cache's sake."""
    made = proxied()
    plain = made.ask(path=path("openai"), model="ok").json()
    made.reload(("ai_cache exact;", "ai_cache off;"))
    again = made.ask(path=path("openai"), model="ok").json()
    assert {key: value for key, value in plain.items() if key not in ("id", "created")} == \
        {key: value for key, value in again.items() if key not in ("id", "created")}
    assert json.dumps(plain["choices"]) == json.dumps(again["choices"])
