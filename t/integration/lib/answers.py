"""What a mock provider says, in OpenAI's and Anthropic's words: a Reply becomes a JSON body or a list of SSE events."""
import dataclasses
import json
import re

SIGNATURE = "RXNFQ2tNb2NrU2lnbmF0dXJlK2Jhc2U2NC9rZWVwLW1lPT0="
OPENAI_FINISH = {"stop": "stop", "length": "length", "tool": "tool_calls", "content_filter": "content_filter",
                 "stop_sequence": "stop", "refusal": "stop"}
ANTHROPIC_FINISH = {"stop": "end_turn", "length": "max_tokens", "tool": "tool_use", "content_filter": "refusal",
                    "stop_sequence": "stop_sequence", "refusal": "refusal"}
ODD_USAGE = {"huge": 1e308, "negative": -5, "null": None, "text": "many"}


@dataclasses.dataclass
class Event:
    data: str            # one line
    name: str = ""       # Anthropic's event: line
    content: bool = False
    terminal: bool = False
    finish: bool = False


@dataclasses.dataclass
class Reply:
    pieces: list         # of text
    think: str
    redacted: bool
    calls: list          # (id, name, arguments JSON)
    finish: str
    options: object
    model: str
    include_usage: bool


def sample(schema, size=0):
    """A small value that fits a JSON schema; `size`: the bytes of its strings."""
    if not isinstance(schema, dict):
        return None
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: sample(inner, size) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [sample(schema.get("items", {}), size)]
    return {"integer": 42, "number": 4.5, "boolean": True, "null": None}.get(kind, "x" * size if size else "Übersee \"ok\"")


def tools(body):
    """(name, schema) of each tool that a request of either dialect offers."""
    for tool in body.get("tools") or []:
        function = tool.get("function", tool)
        if "name" in function:
            yield function["name"], function.get("parameters") or function.get("input_schema") or {}


def structured_schema(body):
    wanted = body.get("response_format") or (body.get("output_config") or {}).get("format") or body.get("output_format") or {}
    if wanted.get("type") == "json_schema":
        return wanted.get("json_schema", wanted).get("schema", {})
    return {"type": "object", "properties": {"ok": {"type": "boolean"}}} if wanted.get("type") == "json_object" else None


def last_text(body):
    """The last message's text, and whether it is a tool's result."""
    messages = [m for m in body.get("messages") or [] if isinstance(m, dict)]
    if not messages:
        return "", False
    content = messages[-1].get("content")
    parts = content if isinstance(content, list) else [{"type": "text", "text": content or ""}]
    parts = [p for p in parts if isinstance(p, dict)]
    result = messages[-1].get("role") == "tool" or any(p.get("type") == "tool_result" for p in parts)
    return " ".join(str(p.get("text", "")) for p in parts), result


def _calls(body, options):
    if options.calls:
        turn = len(body["messages"])  # no two ids of a conversation are the same
        return [(f"call_mock{turn}_{i}", name, json.dumps(arguments, ensure_ascii=False)) for i, (name, arguments) in enumerate(options.calls)]
    offered = list(tools(body))
    text, is_result = last_text(body)
    choice = body.get("tool_choice") or {}
    forced = choice.get("type") in ("any", "tool", "function") if isinstance(choice, dict) else choice == "required"
    count = options.tools
    if count < 0:
        count = 1 if offered and not is_result and choice != "none" and (forced or "tool" in text.lower()) else 0
    if isinstance(choice, dict) and choice.get("type") in ("tool", "function"):
        name = choice.get("name") or choice.get("function", {}).get("name")
        offered = [tool for tool in offered if tool[0] == name] or offered
    offered = offered or [("mock_tool", {})]
    picked = [offered[i % len(offered)] for i in range(count)]
    return [(f"call_mock{i}", name, json.dumps(sample(schema, options.args_bytes), ensure_ascii=False))
            for i, (name, schema) in enumerate(picked)]


def compose(body, options):
    schema = structured_schema(body)
    if options.n:
        pieces = [("x" * options.piece if options.piece else f"word{i} ") for i in range(options.n)]
    elif schema is not None and options.text == type(options).text:
        pieces = re.findall(r".{1,9}", json.dumps(sample(schema), ensure_ascii=False))
    else:
        pieces = re.findall(r"\S+\s*|\s+", options.text)
    calls = _calls(body, options)
    thinking = (body.get("thinking") or {}).get("type") in ("enabled", "adaptive") if isinstance(body.get("thinking"), dict) else False
    return Reply(pieces=[] if calls and options.text == type(options).text else pieces,
                 think=options.think or ("Let me think about that." if thinking else ""), redacted=bool(options.redacted),
                 calls=calls, finish=options.stop or ("tool" if calls else "stop"), options=options,
                 model=body.get("model", "?"), include_usage=(body.get("stream_options") or {}).get("include_usage") is True)


# ---- OpenAI

def openai_usage(options):
    if options.usage in ODD_USAGE:
        odd = ODD_USAGE[options.usage]
        return {"prompt_tokens": odd, "completion_tokens": odd, "total_tokens": odd}
    return {"prompt_tokens": options.prompt, "completion_tokens": options.completion,
            "total_tokens": options.prompt + options.completion,
            "prompt_tokens_details": {"cached_tokens": options.cached, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": options.reasoning, "audio_tokens": 0}}


def _openai_calls(reply):
    return [{"id": id, "type": "function", "function": {"name": name, "arguments": arguments}} for id, name, arguments in reply.calls]


def openai_json(reply):
    message = {"role": "assistant", "content": "".join(reply.pieces) or None, "refusal": None}
    if reply.finish == "refusal":
        message.update(content=None, refusal="".join(reply.pieces))
    if reply.think:
        message["reasoning_content"] = reply.think
    if reply.calls:
        message["tool_calls"] = _openai_calls(reply)
    body = {"id": "chatcmpl-mock", "object": "chat.completion", "created": 1700000000, "model": f"{reply.model}-mock",
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": OPENAI_FINISH[reply.finish]}]}
    if reply.options.usage != "none":
        body["usage"] = openai_usage(reply.options)
    return body


def openai_events(reply):
    every = {"usage": openai_usage(reply.options)} if reply.options.usage == "every" else {}
    null_usage = {"usage": None} if reply.include_usage else {}

    def chunk(delta, reason=None, **kind):
        body = {"id": "chatcmpl-mock", "object": "chat.completion.chunk", "created": 1700000000, "model": f"{reply.model}-mock",
                "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}], **null_usage, **every}
        return Event(json.dumps(body, ensure_ascii=False), **kind)

    yield chunk({"role": "assistant", "content": "", "refusal": None})
    for i in range(0, len(reply.think), 8):
        yield chunk({"reasoning_content": reply.think[i:i + 8]}, content=True)
    for piece in reply.pieces:
        yield chunk({"refusal" if reply.finish == "refusal" else "content": piece}, content=True)
    for i, (id, name, arguments) in enumerate(reply.calls):
        yield chunk({"tool_calls": [{"index": i, "id": id, "type": "function", "function": {"name": name, "arguments": ""}}]}, content=True)
        step = max(6, len(arguments) // 1000)
        for at in range(0, len(arguments), step):
            yield chunk({"tool_calls": [{"index": i, "function": {"arguments": arguments[at:at + step]}}]}, content=True)
    yield chunk({}, OPENAI_FINISH[reply.finish], finish=True)
    if reply.include_usage and reply.options.usage != "none":
        body = {"id": "chatcmpl-mock", "object": "chat.completion.chunk", "created": 1700000000, "model": f"{reply.model}-mock",
                "choices": [], "usage": openai_usage(reply.options)}
        yield Event(json.dumps(body))
    yield Event("[DONE]", terminal=True)


# ---- Anthropic

def anthropic_usage(options, output):
    if options.usage in ODD_USAGE:
        return {"input_tokens": ODD_USAGE[options.usage], "output_tokens": ODD_USAGE[options.usage]}
    return {"input_tokens": options.prompt - options.cached - options.cache_write, "cache_creation_input_tokens": options.cache_write,
            "cache_read_input_tokens": options.cached, "output_tokens": output}


def _anthropic_blocks(reply):
    if reply.think:
        yield {"type": "thinking", "thinking": reply.think, "signature": SIGNATURE}
    if reply.redacted:
        yield {"type": "redacted_thinking", "data": SIGNATURE}
    if reply.pieces:
        yield {"type": "text", "text": "".join(reply.pieces)}
    for id, name, arguments in reply.calls:
        yield {"type": "tool_use", "id": id.replace("call_", "toolu_"), "name": name, "input": json.loads(arguments)}


def _anthropic_message(reply, content, finish, usage):
    message = {"id": "msg_mock", "type": "message", "role": "assistant", "model": f"{reply.model}-mock", "content": content,
               "stop_reason": finish, "stop_sequence": "END" if finish == "stop_sequence" else None}
    return {**message, "usage": usage} if usage else message


def anthropic_json(reply):
    usage = None if reply.options.usage == "none" else anthropic_usage(reply.options, reply.options.completion)
    return _anthropic_message(reply, list(_anthropic_blocks(reply)), ANTHROPIC_FINISH[reply.finish], usage)


def _anthropic_deltas(reply, block):
    """(empty block, deltas): how a stream writes one content block."""
    kind = block["type"]
    if kind == "thinking":
        deltas = [{"type": "thinking_delta", "thinking": reply.think[i:i + 8]} for i in range(0, len(reply.think), 8)]
        return {**block, "thinking": "", "signature": ""}, [*deltas, {"type": "signature_delta", "signature": SIGNATURE}]
    if kind == "text":
        return {**block, "text": ""}, [{"type": "text_delta", "text": piece} for piece in reply.pieces]
    if kind == "tool_use":
        arguments = json.dumps(block["input"], ensure_ascii=False)
        step = max(6, len(arguments) // 1000)
        pieces = ["", *(arguments[i:i + step] for i in range(0, len(arguments), step))]
        return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    return block, []


def anthropic_events(reply):
    def event(name, content=False, finish=False, terminal=False, **members):
        return Event(json.dumps({"type": name, **members}, ensure_ascii=False), name, content, terminal, finish)

    counted = reply.options.usage != "none"
    usage = anthropic_usage(reply.options, reply.options.completion if reply.options.usage == "start" else 1) if counted else None
    yield event("message_start", message=_anthropic_message(reply, [], None, usage))
    for index, block in enumerate(_anthropic_blocks(reply)):
        empty, deltas = _anthropic_deltas(reply, block)
        yield event("content_block_start", index=index, content_block=empty, content=block["type"] in ("tool_use", "redacted_thinking"))
        if index == 0:
            yield event("ping")
        for delta in deltas:
            yield event("content_block_delta", index=index, delta=delta, content=True)
        yield event("content_block_stop", index=index)
    finish = ANTHROPIC_FINISH[reply.finish]
    last = {"delta": {"stop_reason": finish, "stop_sequence": "END" if finish == "stop_sequence" else None}}
    if counted and reply.options.usage != "start":
        last["usage"] = anthropic_usage(reply.options, reply.options.completion)
    yield event("message_delta", finish=True, **last)
    yield event("message_stop", terminal=True)


# ---- errors

def error_body(dialect, code, message=None, details=""):
    message = message or f"the mock provider answers {code}"
    if dialect == "anthropic":
        kind = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
                413: "request_too_large", 429: "rate_limit_error", 529: "overloaded_error"}.get(code, "api_error")
        more = {"details": {"error_code": details}} if details else {}
        return {"type": "error", "error": {"type": kind, "message": message, **more}, "request_id": "req_mock"}
    kind = {401: "invalid_request_error", 429: "requests"}.get(code, "invalid_request_error" if code < 500 else "server_error")
    return {"error": {"message": message, "type": kind, "param": None,
                      "code": {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}.get(code)}}
