"""The rules by which a played model refuses: each one bites, and what the vendors take is taken."""
import copy

import pytest

from lib import vendor_rules
from lib.chat_model import ChatModel
from lib.client import post
from lib.mock import Mock

CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}, "required": [], "additionalProperties": False}, "strict": True}}
OPENAI = {"model": "m", "messages": [
    {"role": "system", "content": "s"}, {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]},
    {"role": "assistant", "content": None, "tool_calls": [CALL]}, {"role": "tool", "tool_call_id": "c1", "content": "r"}],
    "tools": [TOOL], "tool_choice": "auto", "stop": ["a"]}
USE = {"type": "tool_use", "id": "c1", "name": "f", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "r"}]}
ANTHROPIC = {"model": "m", "max_tokens": 9, "system": "s", "messages": [
    {"role": "user", "content": "hi"}, {"role": "assistant", "content": [USE]}, {"role": "user", "content": [RESULT]}],
    "tools": [{"name": "f", "input_schema": {"type": "object"}}], "tool_choice": {"type": "auto"}}


def test_good_requests_are_taken():
    assert vendor_rules.fault("openai", OPENAI) == ""
    assert vendor_rules.fault("anthropic", ANTHROPIC) == ""


@pytest.mark.parametrize("dialect, path, value, said", [
    ("openai", ["max_token"], 1, "unknown"),
    ("openai", ["messages", 0, "role"], "human", "role"),
    ("openai", ["messages", 0, "cache_control"], {}, "unknown"),
    ("openai", ["messages", 0, "content"], None, "no content"),
    ("openai", ["messages", 0, "content"], [], "empty list"),
    ("openai", ["messages", 1, "content", 0, "image_url", "url"], "AA==", "image_url"),
    ("openai", ["messages", 2, "content"], [{"type": "image_url"}], "a part"),
    ("openai", ["messages", 2, "tool_calls", 0, "function", "arguments"], {}, "no string"),
    ("openai", ["messages", 3, "tool_call_id"], "c2", "answers no call"),
    ("openai", ["messages", 3], {"role": "user", "content": "x"}, "without an answer"),
    ("openai", ["messages"], OPENAI["messages"][:3], "at the end"),
    ("openai", ["tools"], [], "empty list"),
    ("openai", ["tools", 0, "function", "name"], "a b", "a name"),
    ("openai", ["tools", 0, "function", "parameters", "required"], ["x"], "not every property"),
    ("openai", ["tools", 0, "function", "parameters", "additionalProperties"], True, "additionalProperties"),
    ("openai", ["stream_options"], {}, "without stream"),
    ("openai", ["stop"], list("abcde"), "four"),
    ("openai", ["response_format"], {"type": "json_object"}, "says json"),
    ("openai", ["response_format"], {"type": "json_schema", "json_schema": {"schema": {}}}, "without a name"),
    ("anthropic", ["n"], 1, "unknown"),
    ("anthropic", ["max_tokens"], None, "max_tokens"),
    ("anthropic", ["messages", 0, "role"], "system", "not the user's"),
    ("anthropic", ["messages", 1, "name"], "x", "unknown"),
    ("anthropic", ["messages", 0, "content"], " ", "non-whitespace"),
    ("anthropic", ["messages", 0, "content"], [{"type": "image_url"}], "a block"),
    ("anthropic", ["messages", 0, "content"], [{"type": "image", "source": {"type": "base64", "media_type": "application/pdf"}}], "media type"),
    ("anthropic", ["messages", 1, "content", 0, "input"], "{}", "tool_use"),
    ("anthropic", ["messages", 1, "content"], [{"type": "thinking", "thinking": "x"}], "signature"),
    ("anthropic", ["messages", 2, "content"], "hi", "tool results"),
    ("anthropic", ["messages", 2, "content"], [{"type": "text", "text": "x"}, RESULT], "not first"),
    ("anthropic", ["messages", 2, "content", 0, "content", 0], {"type": "thinking"}, "a block"),
    ("anthropic", ["messages"], ANTHROPIC["messages"][:2], "at the end"),
    ("anthropic", ["messages", 2], {"role": "user", "content": [RESULT, {"type": "text", "text": "\n"}]}, "non-whitespace"),
    ("anthropic", ["messages"], [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b "}], "ends with whitespace"),
    ("anthropic", ["stop_sequences"], ["\n"], "nothing but whitespace"),
    ("anthropic", ["tools"], [], "without tools"),
    ("anthropic", ["tools", 0, "input_schema"], {}, "a schema"),
    ("anthropic", ["tools", 0, "parameters"], {}, "unknown"),
    ("anthropic", ["thinking"], {"type": "enabled", "budget_tokens": 1024}, "budget_tokens"),
    ("anthropic", ["output_config"], {"format": {"type": "json_object"}}, "output_config"),
])
def test_each_rule_bites(dialect, path, value, said):
    body = copy.deepcopy(OPENAI if dialect == "openai" else ANTHROPIC)
    place = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert said in vendor_rules.fault(dialect, body)


@pytest.mark.parametrize("thinking, choice, temperature", [("adaptive", "any", 1), ("adaptive", "auto", 0.5)])
def test_beside_thinking(thinking, choice, temperature):
    body = {**ANTHROPIC, "thinking": {"type": thinking}, "tool_choice": {"type": choice}, "temperature": temperature}
    assert "beside thinking" in vendor_rules.fault("anthropic", body)


def test_a_played_model_refuses_and_remembers():
    model = ChatModel()
    mock = Mock(mind=model)
    try:
        assert post(mock.port, "/v1/chat/completions", OPENAI).status == 200
        answer = post(mock.port, "/v1/messages", {**ANTHROPIC, "n": 1})
        assert answer.status == 400 and len(model.complaints) == 1 and "unknown" in model.complaints[0]
    finally:
        mock.close()
