"""ai_prompt: what an operator adds to every call, in every pair of dialects and before a proxy."""
import json

import pytest

from lib.guarding import PATHS, WAYS, Guarded

NAMES = ["-".join((kind, dialect, "filter" if filtered else "gateway")) for kind, dialect, filtered in WAYS]
LINES = '''ai_prompt prepend system "You work for $http_x_firm."; ai_prompt append user "Answer in one line.";
    ai_prompt prepend system "Never this." if=$http_x_never;'''


@pytest.fixture(scope="module")
def prompted(tmp_path_factory):
    made = Guarded(tmp_path_factory.mktemp("prompts"), LINES + "ai_guardrail request mask email;", http="""
        ai_model own { target openai ok; ai_prompt prepend system Own; } ai_model none { target openai ok; ai_prompt off; }""")
    yield made
    made.close()


def texts(value):
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    return texts(value.get("text", value.get("content", ""))) if isinstance(value, dict) else []


@pytest.mark.parametrize("way", WAYS, ids=NAMES)
@pytest.mark.parametrize("stream", [False, True])
def test_every_call_gets_them(prompted, way, stream):
    kind, dialect, filtered = way
    body = {"model": "ok" if filtered else f"plain-{kind}", "max_tokens": 9, "stream": stream, "messages": [{"role": "user", "content": "Hi"}]}
    path = f"/{kind}{PATHS[dialect]}" if filtered else PATHS[dialect]
    assert prompted.post(path, body, {"x-firm": "Acme, ann@example.com"}).status == 200
    sent = prompted.sent(kind)
    system = (texts(sent["system"]) if "system" in sent else []) + [t for m in sent["messages"] if m["role"] == "system" for t in texts(m)]
    users = [t for m in sent["messages"] if m["role"] == "user" for t in texts(m)]
    # Guards see it too.
    assert system == ["You work for Acme, [EMAIL]."] and users == ["Hi", "Answer in one line."]


def test_a_model_has_its_own(prompted):
    for model, expected in (("own", ["Own", "Hi"]), ("none", ["Hi"])):
        prompted.post(PATHS["openai"], {"model": model, "messages": [{"role": "user", "content": "Hi"}]})
        assert [m["content"] for m in prompted.sent("openai")["messages"]] == expected


def test_broken_text_in_a_variable(prompted):
    body = {"model": "plain-openai", "messages": [{"role": "user", "content": "Hi"}]}
    assert prompted.post(PATHS["openai"], body, {"x-firm": 'a"b\\c \xff\xfe \t'}).status == 200
    json.dumps(prompted.sent("openai"))


@pytest.mark.parametrize("line,message", [
    ("ai_prompt system x;", 'takes "prepend" or "append"'), ("ai_prompt prepend robot x;", 'takes "prepend" or "append"'),
    ('ai_prompt prepend system "$1";', "a group of a regular expression"), ("ai_prompt prepend system x y;", 'invalid parameter "y"'),
    ("ai_prompt prepend system $nothing_known;", 'unknown "nothing_known" variable')])
def test_wrong(check_config, line, message):
    done = check_config("load_module %MODULE%;\nevents {}\nhttp { server { location / { proxy_pass http://127.0.0.1:9; ai_filter auto;\n" + line + "\n} } }")
    assert done.returncode != 0 and message in done.stderr, done.stderr
