"""Random requests that their vendor would take (vendor_rules.py), as odd as clients make them: openai(random), anthropic(random)."""
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PDF = "JVBERi0xLjQKJSVFT0YK"
TEXTS = ("Hi", "a\n\n", " b", "Zoë \N{HOT BEVERAGE} \\ \"q\" \u2028", "{\"not\": \"an answer\"}", "x" * 3000)
BLANKS = ("", " ", "\n")
SCHEMAS = ({"type": "object", "properties": {}}, {"type": "object", "properties": {"a": {"type": "integer", "minimum": 3}}, "required": ["a"]},
           {"type": "object", "properties": {"b": {"anyOf": [{"type": "string"}, {"type": "null"}]}}, "$defs": {"X": {"type": "string"}}})
IDS = ("call_%d", "toolu_%d", "functions.f:%d", "%d", "a-b_%d")
ARGUMENTS = ("{}", '{"a": 1}', '{"b": "\\u00fc \\" \\\\", "c": [1, {"d": null}]}', "")


def _maybe(random, odds, **members):
    return members if random.random() < odds else {}


def _text(random, blank=0.1):
    return random.choice(BLANKS if random.random() < blank else TEXTS)


# ---- OpenAI

def _openai_user(random):
    def part():
        return random.choice([
            {"type": "text", "text": _text(random)}, {"type": "text", "text": _text(random)},
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "low"}},
            {"type": "image_url", "image_url": {"url": "https://example.com/a.jpg"}},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}}])

    content = _text(random) if random.random() < 0.5 else [part() for _ in range(random.randint(1, 3))]
    return {"role": "user", "content": content, **_maybe(random, 0.1, name="ann")}


def _openai_assistant(random, turn):
    content = random.choice([_text(random), [{"type": "text", "text": _text(random)}], [{"type": "refusal", "refusal": "I will not."}]])
    if random.random() < 0.5:
        return [{"role": "assistant", "content": content, **_maybe(random, 0.1, refusal=None)}]
    pattern = random.choice(IDS)
    calls = [{"id": pattern % (turn * 10 + i), "type": "function", "function": {"name": "tool-%d" % i, "arguments": random.choice(ARGUMENTS)}}
             for i in range(random.randint(1, 3))]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": random.choice([_text(random), [{"type": "text", "text": _text(random)}]])}
               for call in random.sample(calls, len(calls))]
    return [{"role": "assistant", "content": random.choice([None, "", content]), "tool_calls": calls}, *results]


def openai(random):
    messages = []
    for turn in range(random.randint(1, 5)):
        if random.random() < (0.5 if turn == 0 else 0.1):
            role = random.choice(["system", "developer"])
            messages.append({"role": role, "content": random.choice([_text(random), [{"type": "text", "text": _text(random)}]])})
        messages += [_openai_user(random) for _ in range(random.choice([1, 1, 1, 2]))] if turn or random.random() < 0.9 else []
        if random.random() < 0.6:
            messages += _openai_assistant(random, turn)
    tools = [{"type": "function", "function": {"name": f"tool-{i}", **_maybe(random, 0.7, description=_text(random)),
                                               **_maybe(random, 0.9, parameters=random.choice(SCHEMAS))}} for i in range(random.randint(0, 3))]
    choices = ["auto", "none", "required", {"type": "function", "function": {"name": "tool-0"}}]
    schema = {"name": "out", "schema": SCHEMAS[1], "strict": False}
    return {
        "model": "m", "messages": messages or [{"role": "user", "content": "Hi"}], "stream": random.random() < 0.3,
        **_maybe(random, 0.5, max_tokens=random.choice([1, 100, 8000])), **_maybe(random, 0.4, temperature=random.choice([0, 0.7, 1.5, 2])),
        **_maybe(random, 0.3, stop=random.choice(["END", "\n", ["a", "\n\n"], list("abcd")])), **_maybe(random, 0.2, user="u"),
        **_maybe(random, 0.3, reasoning_effort=random.choice(["none", "minimal", "low", "medium", "high"])),
        **_maybe(random, 0.2, response_format=random.choice([{"type": "text"}, {"type": "json_schema", "json_schema": schema}])),
        **({"tools": tools, **_maybe(random, 0.5, tool_choice=random.choice(choices)), **_maybe(random, 0.3, parallel_tool_calls=False)}
           if tools else {})}


# ---- Anthropic

MARK = {"type": "ephemeral"}


def _block(random, results=False):
    text = {"type": "text", "text": _text(random, blank=0)}
    return {**random.choice([
        text, text, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        {"type": "image", "source": {"type": "url", "url": "https://example.com/a.jpg"}},
        *([] if results else [
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": PDF}, "title": "A"},
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Once"}}])]),
        **_maybe(random, 0.1, cache_control=MARK)}


def _result(random, use):
    content = random.choice([{}, {"content": ""}, {"content": _text(random)}, {"content": []},
                             {"content": [_block(random, results=True) for _ in range(random.randint(1, 2))]}])
    return {"type": "tool_result", "tool_use_id": use["id"], **content, **_maybe(random, 0.3, is_error=random.random() < 0.5)}


def _anthropic_assistant(random, turn):
    thoughts = random.choice([[], [], [{"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}], [{"type": "redacted_thinking", "data": "eA=="}]])
    blocks = [*thoughts, *([{"type": "text", "text": "So."}] if random.random() < 0.7 else [])]
    uses = [{"type": "tool_use", "id": random.choice(["toolu_%d", "call_%d"]) % (turn * 10 + i), "name": f"tool-{i}",
             "input": random.choice([{}, {"a": 1}, {"b": 'ü " \\', "c": [1, {"d": None}]}])} for i in range(random.choice([0, 0, 1, 2]))]
    return [*blocks, *uses] if blocks or uses else "So.", uses


def anthropic(random):
    messages, uses = [], []
    for turn in range(random.randint(1, 5)):
        results = [_result(random, use) for use in random.sample(uses, len(uses))]
        blocks = [_block(random) for _ in range(random.randint(0 if results else 1, 3))]
        messages.append({"role": "user", "content": [*results, *blocks] if results or random.random() < 0.6 else _text(random, blank=0)})
        content, uses = _anthropic_assistant(random, turn)
        messages.append({"role": "assistant", "content": content})
    if uses or random.random() < 0.8:
        messages.append({"role": "user", "content": [*(_result(random, use) for use in uses), _block(random)]})
    tools = [{"name": f"tool-{i}", "input_schema": random.choice(SCHEMAS), **_maybe(random, 0.7, description="what it does"),
              **_maybe(random, 0.2, cache_control=MARK)} for i in range(random.randint(0, 3))]
    choice = random.choice([{"type": "auto"}, {"type": "any", "disable_parallel_tool_use": True}, {"type": "none"}, {"type": "tool", "name": "tool-0"}])
    forced = tools and choice["type"] in ("any", "tool")
    thinking = random.choice([{"type": "enabled", "budget_tokens": 1024}, {"type": "adaptive"}, {"type": "disabled"}])
    return {
        "model": "m", "max_tokens": random.choice([2000, 8000]), "messages": messages, "stream": random.random() < 0.3,
        **_maybe(random, 0.4, system=random.choice(["Be short.", [{"type": "text", "text": "Be short.", "cache_control": MARK}]])),
        **_maybe(random, 0.3, stop_sequences=random.choice([["END"], list("abcd"), list("abcde")])), **_maybe(random, 0.2, metadata={"user_id": "u"}),
        **({} if forced else _maybe(random, 0.3, thinking=thinking)), **_maybe(random, 0.1, top_k=5),
        **_maybe(random, 0.2, output_config={"format": {"type": "json_schema", "schema": SCHEMAS[1]}}),
        **({"tools": tools, **_maybe(random, 0.5, tool_choice=choice)} if tools else {})}
