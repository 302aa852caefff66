"""ai_cache exact: what is the same request, what is kept, what the second caller gets."""
import json
import time

import pytest

from lib.cached import PATHS
from lib.guarding import text_of
from lib.mock import behaviour

HELLO = "Hello from the mock provider."
MODES = [False, True]


def usage_of(answer, stream):
    events = [json.loads(data) for _, data in answer.events() if data != "[DONE]"] if stream else [answer.json()]
    usage = next(event["usage"] for event in reversed(events) if event.get("usage"))
    return [usage.get(name) for name in ("prompt_tokens", "completion_tokens", "input_tokens", "output_tokens")]


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
@pytest.mark.parametrize("dialect", PATHS)
@pytest.mark.parametrize("first", MODES)
def test_kept_in_one_mode_told_in_both(shared, dialect, kind, first):
    made = shared
    options = {"stream_options": {"include_usage": True}} if dialect == "openai" else {}
    asked = dict(dialect=dialect, model=f"{kind}/ok,cached=5")
    live = made.ask(stream=first, **asked, **(options if first else {}))
    assert live.headers["x-aigw-cache"] == "MISS" and live.headers["x-aigw-provider"] == kind
    for stream in MODES:
        told = made.ask(stream=stream, **asked, **(options if stream else {}))
        assert told.status == 200 and told.whole and told.headers["x-aigw-cache"] == "HIT"
        assert not [name for name in told.headers if name in ("x-aigw-provider", "x-aigw-model", "x-aigw-attempts")]
        assert told.headers["content-type"] == ("text/event-stream" if stream else "application/json")
        assert text_of(told, dialect, stream) == text_of(live, dialect, first) == HELLO
        other = made.ask(f"not {made.word}", stream=stream, **asked, **(options if stream else {}))
        assert usage_of(told, stream) == usage_of(other, stream)
    assert made.calls(kind) == 2
    entries = made.entries(5)
    assert [entry["ai_cache_status"] for entry in entries] == ["MISS", "HIT", "MISS", "HIT", "HIT"]
    hit = entries[1]
    assert (hit["ai_attempts"], hit["ai_provider"], hit["ai_prompt_tokens"], hit["ai_completion_tokens"]) == ("0", "", "21", "7")
    assert (hit["ai_usage_source"], hit["ai_finish_reason"], hit["ai_cached_tokens"]) == ("provider", "stop", "5")


def test_what_is_counted(cached):
    made = cached()
    assert [made.status() for _ in range(3)] == ["MISS", "HIT", "HIT"] and made.status("other") == "MISS"
    made.entries(4)
    text = made.nginx.metrics()
    assert 'aigw_cache_total{status="HIT"} 2' in text and 'aigw_cache_total{status="MISS"} 2' in text
    assert 'aigw_tokens_total{model="openai/*",provider="openai",team="team-a",kind="completion"} 14' in text
    assert 'provider="other",team="team-a",kind="completion"' not in text
    assert 'aigw_zone_bytes{zone="aigw.cache.1",state="used"} 8192' in text


@pytest.mark.parametrize("dialect", PATHS)
def test_a_tool_call_and_thinking_are_told_again(shared, dialect):
    made = shared
    tools = {"openai": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}],
             "anthropic": [{"name": "weather", "input_schema": {"type": "object"}}]}[dialect]
    asked = dict(dialect=dialect, model=f"{dialect}/ok,tools=2,think=Hm", tools=tools)
    live = made.ask(**asked).json()
    told = made.ask(**asked)
    assert told.headers["x-aigw-cache"] == "HIT"
    answer = told.json()
    if dialect == "openai":
        assert answer["choices"][0]["message"]["tool_calls"] == live["choices"][0]["message"]["tool_calls"]
        assert answer["choices"][0]["finish_reason"] == "tool_calls"
    else:
        assert answer["content"] == live["content"] and answer["stop_reason"] == "tool_use"
    assert (answer["id"], answer["model"]) == (live["id"], live["model"])


def test_what_is_the_same_request(shared):
    made = shared
    body = made.body(temperature=0.5)
    assert made.ask(temperature=0.5).headers["x-aigw-cache"] == "MISS"

    def status(text):
        answer = made.post(text)
        assert answer.status == 200
        return answer.headers["x-aigw-cache"]

    backwards = dict(reversed(body.items()))
    assert status(json.dumps(backwards, indent=3)) == "HIT"
    assert status(json.dumps(body).replace("test_", "t\\u0065st_")) == "HIT"
    for same in ({"user": "u-1"}, {"metadata": {"a": "b"}}, {"stream": True}, {"stream_options": {"include_usage": True}, "stream": True}):
        assert status(json.dumps({**body, **same})) == "HIT", same
    for other in ({"temperature": 0.6}, {"max_tokens": 101}, {"seed": 1}, {"n": 2}, {"model": "openai/ok,n=3"}, {"top_p": 0.5},
                  {"messages": body["messages"] * 2}, {"tools": [{"type": "function", "function": {"name": "f"}}]},
                  {"messages": [{"role": "system", "content": made.word}]}, {"stop": ["x"]}, {"response_format": {"type": "json_object"}}):
        assert status(json.dumps({**body, **other})) == "MISS", other
    assert status(json.dumps(body).replace("0.5", "0.50")) == "MISS"
    assert made.status(dialect="anthropic", temperature=0.5) == "MISS"


def test_headers_that_change_the_answer(shared):
    made = shared
    asked = dict(dialect="anthropic", model="anthropic/ok")
    for headers in ({}, {"anthropic-beta": "a-1"}, {"anthropic-beta": "a-2"}, {"anthropic-version": "2023-06-01"}):
        assert made.status(headers=headers, **asked) == "MISS", headers
        assert made.status(headers=headers, **asked) == "HIT", headers


def test_nobody_gets_what_another_team_asked(shared):
    """faults.md 22"""
    made = shared
    assert made.status() == "MISS"
    assert made.status(key=made.colleague) == "HIT"
    assert made.status(key=made.stranger) == "MISS"
    assert made.status(key=made.stranger) == "HIT"
    # Without a team a key is alone.
    assert made.status(key=made.loner) == "MISS"
    assert made.status(key=made.lonely) == "MISS"
    assert made.status(key=made.loner) == "HIT"
    assert made.calls() == 4


def test_a_scope_of_the_operators_own(cached):
    made = cached("ai_cache exact scope=$http_x_tenant;")
    one, two = {"x-tenant": "one"}, {"x-tenant": "two"}
    assert made.status(headers=one) == "MISS"
    assert made.status(headers=one, key=made.stranger) == "HIT"
    assert made.status(headers=two) == "MISS"
    assert [made.status(), made.status()] == ["BYPASS", "BYPASS"]


def test_anonymous_callers_share_nothing_unless_told_to(cached):
    made = cached(server="""location /open/v1/ { ai_gateway; ai_auth off; ai_cache exact; }
        location /shared/v1/ { ai_gateway; ai_auth off; ai_cache exact scope=everybody; }""")
    for path, expected in (("/open", ["BYPASS", "BYPASS"]), ("/shared", ["MISS", "HIT"])):
        assert [made.status(path=path + PATHS["openai"]) for _ in range(2)] == expected


def test_an_entry_has_its_time(cached):
    made = cached("ai_cache exact ttl=1s;")
    assert [made.status(), made.status()] == ["MISS", "HIT"]
    time.sleep(1.1)
    assert [made.status(), made.status()] == ["MISS", "HIT"]


@pytest.mark.parametrize("way", ["stop=length", "stop=content_filter", "error-mid", "cut", "503", "usage=none,stop=length"])
@pytest.mark.parametrize("stream", MODES)
def test_what_is_not_kept(shared, way, stream):
    made = shared
    model = f"openai/{'ok,' if '=' in way else ''}{way}"
    for count in (1, 2):
        answer = made.ask(model=model, stream=stream)
        assert answer.headers["x-aigw-cache"] == "MISS"
        assert made.calls() == count


def test_too_large_to_be_kept(cached):
    made = cached("ai_cache exact max=1k;")
    assert [made.status(model="openai/ok,n=50") for _ in range(2)] == ["MISS", "HIT"]
    assert [made.status(model="openai/ok,n=500", stream=stream) for stream in (True, False)] == ["MISS", "MISS"]


def test_an_answer_of_another_model_is_not_kept(cached):
    made = cached(http="""ai_model safe { target openai 503; target anthropic ok; }
        ai_model twins { target openai flaky,fails=1,code=503; target openai flaky,fails=1,code=503; }""")
    assert [made.status(model="safe") for _ in range(2)] == ["MISS", "MISS"]
    # The same model from another place is the same model.
    assert [made.status(model="twins") for _ in range(2)] == ["MISS", "HIT"]


def test_another_target_is_another_answer(cached):
    made = cached(http="ai_model logical { target openai first; }")
    assert [made.status(model="logical") for _ in range(2)] == ["MISS", "HIT"]
    made.reload(("target openai first;", "target openai second;"))
    assert [made.status(model="logical") for _ in range(2)] == ["MISS", "HIT"]
    made.reload(("target openai second;", "target openai first;"))
    # Entries are there after a reload.
    assert made.status(model="logical") == "HIT"


def test_what_a_record_cannot_tell_is_bypassed(shared):
    made = shared
    for members in ({"logprobs": True}, {"tools": [{"type": "web_search"}]}, {"functions": [{"name": "f"}]}):
        assert [made.status(**members) for _ in range(2)] == ["BYPASS", "BYPASS"], members


def test_several_answers(shared):
    made = shared
    live, told = made.ask(n=3), made.ask(n=3)
    assert told.headers["x-aigw-cache"] == "HIT"
    assert [choice["message"]["content"] for choice in told.json()["choices"]] == [choice["message"]["content"] for choice in live.json()["choices"]]


# ---- where it is in force

def test_modes_and_places(cached):
    made = cached("ai_cache $http_x_mode ttl=1h;", http="""
        ai_model never { target openai ok; ai_cache off; }
        ai_model always { target openai ok; ai_cache exact; }""")
    exact = {"x-mode": "exact"}
    assert [made.status(headers=exact) for _ in range(2)] == ["MISS", "HIT"]
    assert [made.status(headers={"x-mode": "off"}), made.status()] == [None, None]
    assert [made.status(model="never", headers=exact) for _ in range(2)] == [None, None]
    assert [made.status(model="always") for _ in range(2)] == ["MISS", "HIT"]
    assert made.status(headers={"x-mode": "semantic"}) is None
    assert 'the mode of "ai_cache" is neither "off" nor "exact"' in made.nginx.error_log()
    entries = made.entries(7)
    assert [entry["ai_cache_status"] for entry in entries[2:4]] == ["", ""]


def test_no_header_without_a_cache(cached):
    made = cached("")
    assert made.status() is None
    assert "aigw.cache" not in made.nginx.metrics()


def test_the_callers_wishes(cached):
    made = cached("ai_cache exact; ai_trust_controls $http_x_trust;", server="location /never/v1/ { ai_gateway; ai_auth keys; ai_cache exact; }")

    def wish(word, trust="cache", **members):
        return made.status(headers={"x-aigw-cache": word, "x-trust": trust}, **members)

    assert [made.status(), made.status()] == ["MISS", "HIT"]
    made.mocks["openai"].plan(behaviour(text="Second."))
    # Not trusted: not heard.
    assert [wish("no-cache", trust=""), wish("no-store", trust="off"), wish("no-cache", path="/never" + PATHS["openai"])] == ["HIT"] * 3
    # no-store: neither read nor written.
    assert wish("no-store") == "BYPASS"
    assert text_of(made.ask(), "openai", False) == HELLO
    # no-cache: not read, but written.
    assert wish("foo, no-cache") == "BYPASS"
    told = made.ask()
    assert told.headers["x-aigw-cache"] == "HIT" and text_of(told, "openai", False) == "Second."


# ---- beside other policies

def test_hits_cost_no_quota(cached):
    made = cached("ai_cache exact; ai_token_limit $ai_key_id 200/h; ai_request_limit $ai_key_id 2/h;")
    live = made.ask()
    assert live.headers["x-ratelimit-remaining-requests"] == "1"
    for _ in range(5):
        told = made.ask()
        assert told.status == 200 and told.headers["x-aigw-cache"] == "HIT"
        assert "x-ratelimit-remaining-requests" not in told.headers
    assert made.ask("other").headers["x-ratelimit-remaining-requests"] == "0"
    refused = made.ask("third")
    assert refused.status == 429 and refused.headers["x-aigw-cache"] == "MISS"
    assert made.status() == "HIT"


def test_an_answer_is_kept_as_it_was_masked(cached):
    made = cached("ai_cache exact; ai_guardrail response mask email;")
    made.mocks["openai"].plan(behaviour(text="Write to ann@example.com today."))
    for stream in (True, False, True):
        assert text_of(made.ask(stream=stream), "openai", stream) == "Write to [EMAIL] today."
    assert made.calls() == 1


def test_other_rules_are_another_answer(cached, tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("apple\n")
    made = cached(f"ai_cache exact; ai_guardrail response mask words={words};")
    made.mocks["openai"].plan(behaviour(text="An apple and a pear."))
    assert [text_of(made.ask(), "openai", False) for _ in range(2)] == ["An [REDACTED] and a pear."] * 2
    words.write_text("pear\n")
    made.reload()
    assert [text_of(made.ask(), "openai", False) for _ in range(2)] == ["An apple and a [REDACTED]."] * 2
    assert made.calls() == 2
    made.reload((f"words={words};", f"words={words} replace=fruit;"))
    assert text_of(made.ask(), "openai", False) == "An apple and a fruit."


def test_rules_with_a_condition(cached):
    made = cached("ai_cache exact; ai_guardrail response mask email if=$http_x_strict;")
    made.mocks["openai"].plan(behaviour(text="Write to ann@example.com today."))
    strict = {"x-strict": "1"}
    assert "ann@example.com" in text_of(made.ask(), "openai", False)
    for _ in range(2):
        assert text_of(made.ask(headers=strict), "openai", False) == "Write to [EMAIL] today."
    assert "ann@example.com" in text_of(made.ask(), "openai", False)
    assert made.calls() == 2


def test_values_that_are_put_back_are_shared_with_nobody(cached):
    made = cached("ai_cache exact; ai_guardrail request mask email restore;")
    assert [made.status("I am ann@example.com"), made.status("I am bob@example.com", key=made.colleague)] == ["BYPASS", "BYPASS"]
    assert [made.status("I am nobody"), made.status("I am nobody")] == ["MISS", "HIT"]


def test_the_operators_prompts_are_part_of_the_request(cached):
    made = cached("ai_cache exact; ai_prompt prepend system $http_x_prompt;")
    assert [made.status(headers={"x-prompt": prompt}) for prompt in ("a", "b", "a")] == ["MISS", "MISS", "HIT"]
