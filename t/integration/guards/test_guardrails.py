"""ai_guardrail through a real nginx: requests and answers, streamed and not, in all pairs of dialects and before a proxy."""
import json

import pytest

from lib.guarding import PATHS, WAYS, Guarded, text_of

SECRET = "ann.smith@example.com"
TEXT = f"Write to {SECRET} or call +1 415 555 0132, today."
MASKED = "Write to [EMAIL] or call [PHONE], today."
NAMES = ["-".join((kind, dialect, "filter" if filtered else "gateway")) for kind, dialect, filtered in WAYS]
EVERY_WAY = pytest.mark.parametrize("way", WAYS, ids=NAMES)
BOTH_MODES = pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """guarded(lines): one nginx for each list of lines of this file."""
    made = {}

    def make(lines, **parts):
        key = lines + repr(parts)
        if key not in made:
            made[key] = Guarded(tmp_path_factory.mktemp("guards"), lines, **parts)
        made[key].reset()
        return made[key]

    yield make
    for one in made.values():
        one.close()


@EVERY_WAY
@BOTH_MODES
def test_masks_of_requests(guarded, way, stream):
    made = guarded("ai_guardrail request mask email phone;")
    answer = made.ask(way, TEXT, stream)
    assert answer.status == 200, answer.body
    sent = json.dumps(made.sent(way[0]))
    assert SECRET not in sent and "[EMAIL] or call [PHONE]" in sent
    entry = made.entry()
    assert (entry["ai_detected"], entry["ai_guardrail"]) == ("EMAIL,PHONE", "mask")
    assert entry["ai_prompt_tokens"] == "21"


@EVERY_WAY
@BOTH_MODES
@pytest.mark.parametrize("piece", [1, 2, 7, 1000])
def test_masks_of_answers(guarded, way, stream, piece):
    made = guarded("ai_guardrail response mask email phone;")
    made.says(way[0], TEXT, piece=piece)
    answer = made.ask(way, stream=stream)
    assert answer.status == 200 and answer.whole
    assert text_of(answer, way[1], stream) == MASKED
    assert "555" not in answer.body.decode() and "ann" not in answer.body.decode()
    entry = made.entry()
    assert (entry["ai_detected"], entry["ai_guardrail"]) == ("EMAIL,PHONE", "mask")
    assert (entry["ai_prompt_tokens"], entry["ai_finish_reason"]) == ("21", "stop")


@EVERY_WAY
@BOTH_MODES
def test_clean_answers_are_whole(guarded, way, stream):
    made = guarded("ai_guardrail response mask email phone;")
    text = 'Version 1.22.1 of 2026-11-21 costs 1,234.50; "quoted", \n new line, ümläut, 😀.'
    made.says(way[0], text, piece=3)
    answer = made.ask(way, stream=stream)
    assert text_of(answer, way[1], stream) == text
    if stream and way[1] == "openai":
        assert answer.events()[-1][1] == "[DONE]"
        assert all(json.loads(data)["choices"] for _, data in answer.events()[:-1])
    assert made.entry()["ai_detected"] == ""


@EVERY_WAY
def test_tool_arguments(guarded, way):
    """Of an answer: the JSON inside stays JSON."""
    made = guarded("ai_guardrail response mask email;")
    schema = {"type": "object", "properties": {"to": {"type": "string"}}}
    tools = ([{"type": "function", "function": {"name": "send", "parameters": schema}}] if way[1] == "openai" else
             [{"name": "send", "input_schema": schema}])
    for stream in (False, True):
        made.says(way[0], "use the tool", tools=1)
        answer = made.ask(way, "use a tool", stream, tools=tools)
        assert answer.status == 200 and answer.whole
        assert "send" in answer.body.decode()


@EVERY_WAY
def test_rejected_requests(guarded, way):
    made = guarded('''ai_guardrail request reject "regex=(?i)project\\s+falcon" "message=That project is confidential." as=FALCON;''')
    answer = made.ask(way, "Tell me of Project  Falcon.")
    assert answer.status == 403
    error = answer.json()["error"]
    assert error["message"] == "That project is confidential." and error["type"] == "permission_error"
    assert not made.mocks[way[0]].requests
    entry = made.entry()
    assert (entry["ai_error"], entry["ai_detected"], entry["ai_guardrail"]) == ("guardrail", "FALCON", "reject")
    assert 'aigw_guardrail_total{label="FALCON",action="reject"}' in made.nginx.metrics()
    assert made.ask(way, "Tell me of falcons.").status == 200


@EVERY_WAY
@BOTH_MODES
def test_rejected_answers(guarded, way, stream):
    made = guarded('''ai_guardrail response reject "regex=falcon" status=451;''')
    made.says(way[0], "falcon")
    answer = made.ask(way, stream=stream)
    if stream and way[2]:  # a gateway has said nothing yet
        assert answer.whole
        error = json.loads(answer.events()[-1][1])["error"]
    else:
        assert answer.status == 451
        error = answer.json()["error"]
    assert error["message"] == "Request blocked by policy (REDACTED)."
    assert "falcon" not in answer.body.decode()
    assert made.entry()["ai_error"] == "guardrail"


@EVERY_WAY
@BOTH_MODES
def test_answers_of_a_policy(guarded, way, stream):
    made = guarded('''ai_guardrail request reject "regex=falcon" "message=I can't talk about that." answer;''')
    answer = made.ask(way, "falcon", stream)
    assert answer.status == 200 and answer.whole
    assert text_of(answer, way[1], stream) == "I can't talk about that."
    assert not made.mocks[way[0]].requests
    assert made.entry()["status"] == "200"


@EVERY_WAY
@BOTH_MODES
def test_restore(guarded, way, stream):
    """The provider sees a placeholder, the caller his own value."""
    made = guarded("ai_guardrail request mask email restore;")
    made.says(way[0], "I wrote to [EMAIL_1], not to [EMAIL_2].", piece=3)
    answer = made.ask(way, f"Write to {SECRET}", stream)
    assert SECRET not in json.dumps(made.sent(way[0])) and "[EMAIL_1]" in json.dumps(made.sent(way[0]))
    assert text_of(answer, way[1], stream) == f"I wrote to {SECRET}, not to [EMAIL_2]."


@EVERY_WAY
def test_log_changes_nothing(guarded, way):
    made = guarded("ai_guardrail both log email;")
    made.says(way[0], TEXT)
    answer = made.ask(way, TEXT)
    assert text_of(answer, way[1], False) == TEXT and SECRET in json.dumps(made.sent(way[0]))
    entry = made.entry()
    assert (entry["ai_detected"], entry["ai_guardrail"]) == ("EMAIL", "log")


@pytest.mark.parametrize("way", [way for way in WAYS if way[2]], ids=[name for name in NAMES if "filter" in name])
def test_what_cannot_be_checked_is_refused(guarded, way):
    made = guarded("ai_guardrail both mask email;")
    prefix = f"/{way[0]}"
    for path, payload, headers in [("/v1/audio", b"--x", {"Content-Type": "multipart/form-data; boundary=x"}),
                                   ("/v1/embeddings", b'{"model":"e","input":"x"}', {}), ("/v1/any", b"{", {})]:
        answer = made.post(prefix + path, payload, headers)
        assert answer.status == 403 and answer.json()["error"]["type"] == "permission_error"
    assert not made.mocks[way[0]].requests
    made.says(way[0], "x", type="text/plain")
    assert made.ask(way).status == 502
    made.says(way[0], SECRET, fail="error", at="1")
    answer = made.ask(way, stream=True)
    assert answer.whole and "error" in json.loads(answer.events()[-1][1])


@EVERY_WAY
def test_a_large_prompt_is_looked_at_in_turns(guarded, way):
    """3 MB: other requests are served meanwhile, the secret at its end is found."""
    made = guarded("ai_guardrail request mask email;")
    answer = made.ask(way, "The quick brown fox. " * 150_000 + SECRET)
    assert answer.status == 200
    sent = json.dumps(made.sent(way[0]))
    assert SECRET not in sent and "[EMAIL]" in sent and len(sent) > 3_000_000


def test_conditions_and_levels(guarded):
    made = guarded("ai_guardrail request mask email if=$http_x_mask; ai_guardrail request mask phone;",
                   server='location /off/v1/ { ai_gateway; ai_auth off; ai_guardrail off; }', http="ai_guardrail request mask ip;")
    way = ("openai", "openai", False)
    made.ask(way, TEXT + " 203.0.113.7")
    assert SECRET in json.dumps(made.sent("openai")) and "[PHONE]" in json.dumps(made.sent("openai"))
    assert "203.0.113.7" in json.dumps(made.sent("openai"))
    body = {"model": "plain-openai", "messages": [{"role": "user", "content": TEXT + " 203.0.113.7"}]}
    made.post(PATHS["openai"], body, {"x-mask": "1"})
    assert "[EMAIL]" in json.dumps(made.sent("openai"))
    made.post("/off/v1/chat/completions", body)
    assert TEXT in made.sent("openai")["messages"][0]["content"]


def test_no_value_is_in_logs_or_metrics(guarded):
    for lines in ("ai_guardrail request mask email phone;", "ai_guardrail response mask email phone;", "ai_guardrail both log email;"):
        made = guarded(lines)
        for way in WAYS:
            made.says(way[0], TEXT)
            made.ask(way, TEXT)
        seen = made.nginx.error_log() + made.nginx.access_log() + made.nginx.metrics()
        assert "ann.smith" not in seen and "555 0132" not in seen


def test_a_model_has_its_own(guarded):
    made = guarded("ai_guardrail request mask email;", http="ai_model own { target openai ok; ai_guardrail request mask phone; } ai_model none { target openai ok; ai_guardrail off; }")
    for model, kept, masked in (("own", SECRET, "[PHONE]"), ("none", TEXT, TEXT)):
        made.post(PATHS["openai"], {"model": model, "messages": [{"role": "user", "content": TEXT}]})
        sent = json.dumps(made.sent("openai"))
        assert kept in sent and masked in sent
