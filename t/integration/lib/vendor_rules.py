"""What the vendors' own servers refuse, as far as a gateway's translation could go wrong: fault(dialect, body) is the first
broken rule in words, or "". Not a schema of the whole interface: values that only a real model judges are not looked at."""
import json
import re

NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}\Z")


class Refused(Exception):
    pass


def _demand(true, message):
    if not true:
        raise Refused(message)


def _only(value, allowed, where):
    _demand(isinstance(value, dict), f"{where}: not an object")
    unknown = sorted(set(value) - set(allowed.split()))
    _demand(not unknown, f"{where}: unknown {unknown}")


def _closed(schema, where):
    """A strict schema of OpenAI's: every object is closed and has all its properties required."""
    if isinstance(schema, list):
        for inner in schema:
            _closed(inner, where)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object":
        _demand(schema.get("additionalProperties") is False, f"{where}: additionalProperties is not false")
        _demand(set(schema.get("required", [])) == set(schema.get("properties", {})), f"{where}: not every property is required")
    for inner in schema.values():
        _closed(inner, where)


# ---- OpenAI

OPENAI_MEMBERS = """model messages max_tokens max_completion_tokens temperature top_p n stop stream stream_options tools tool_choice
    parallel_tool_calls response_format seed user metadata store logprobs top_logprobs logit_bias frequency_penalty presence_penalty
    reasoning_effort service_tier modalities audio prediction prompt_cache_key safety_identifier verbosity web_search_options
    chat_template_kwargs"""  # the last one: vLLM's
OPENAI_PARTS = {"user": "text image_url input_audio file", "assistant": "text refusal", "system": "text", "developer": "text", "tool": "text"}


def _openai_message(message, where):
    role = message.get("role")
    _demand(role in OPENAI_PARTS, f"{where}: role {role!r}")
    _only(message, {"assistant": "role content name refusal audio tool_calls", "tool": "role content tool_call_id"}.get(role, "role content name"), where)
    content = message.get("content")
    if content is None:
        _demand(role == "assistant" and message.get("tool_calls"), f"{where}: no content")
    elif isinstance(content, list):
        _demand(content, f"{where}: an empty list of parts")
        for part in content:
            _demand(part.get("type") in OPENAI_PARTS[role].split(), f"{where}: a part {part.get('type')!r} for {role}")
            _demand(part["type"] != "image_url" or re.match(r"https?://|data:image/\w+;base64,", part["image_url"]["url"]), f"{where}: a wrong image_url")
    else:
        _demand(isinstance(content, str), f"{where}: content is no text")
    for call in message.get("tool_calls") or []:
        _demand(call.get("type") == "function" and call.get("id"), f"{where}: a tool call without type or id")
        _demand(isinstance(call["function"]["arguments"], str), f"{where}: arguments are no string")
        _demand(NAME.match(call["function"]["name"]), f"{where}: a tool's name")


def _openai_turns(messages):
    open_calls = []
    for i, message in enumerate(messages):
        where = f"messages.{i}"
        _openai_message(message, where)
        if message["role"] == "tool":
            _demand(message.get("tool_call_id") in open_calls, f"{where}: a tool message that answers no call of the turn before")
            open_calls.remove(message["tool_call_id"])
            continue
        _demand(not open_calls, f"{where}: tool calls without an answer: {open_calls}")
        open_calls = [call["id"] for call in message.get("tool_calls") or []]
    _demand(not open_calls, f"tool calls without an answer at the end: {open_calls}")


def _openai(body):
    _only(body, OPENAI_MEMBERS, "body")
    _openai_turns(body["messages"])
    tools = body.get("tools")
    _demand(tools is None or tools, "an empty list of tools")
    for tool in tools or []:
        _only(tool, "type function", "tools")
        _only(tool["function"], "name description parameters strict", "tools.function")
        _demand(NAME.match(tool["function"]["name"]), "tools: a name")
        if tool["function"].get("strict"):
            _closed(tool["function"]["parameters"], f"tool {tool['function']['name']}")
    for name in ("tool_choice", "parallel_tool_calls"):
        _demand(tools or name not in body, f"{name} without tools")
    _demand(body.get("stream") or "stream_options" not in body, "stream_options without stream")
    stop = body.get("stop") or []
    _demand(isinstance(stop, str) or len(stop) <= 4, "more than four stop sequences")
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_object":
        _demand("json" in json.dumps(body["messages"]).lower(), "json_object where no message says json")
    if wanted.get("type") == "json_schema":
        _demand(NAME.match(wanted["json_schema"].get("name", "")), "json_schema without a name")
        if wanted["json_schema"].get("strict"):
            _closed(wanted["json_schema"]["schema"], "json_schema")


# ---- Anthropic

ANTHROPIC_MEMBERS = """model messages max_tokens system metadata stop_sequences stream temperature top_k top_p thinking tools tool_choice
    service_tier output_config output_format context_management container mcp_servers thread"""
ANTHROPIC_BLOCKS = {
    "text": "type text cache_control citations", "image": "type source cache_control",
    "document": "type source title context citations cache_control", "tool_use": "type id name input cache_control caller",
    "tool_result": "type tool_use_id content is_error cache_control", "thinking": "type thinking signature", "redacted_thinking": "type data"}
ANTHROPIC_ROLES = {"user": "text image document tool_result", "assistant": "text tool_use thinking redacted_thinking"}
TOOL_MEMBERS = "name description input_schema cache_control type strict input_examples defer_loading allowed_callers eager_input_streaming"


def _anthropic_source(block, where):
    source = block.get("source") or {}
    _demand(source.get("type") in ("base64", "url", "text", "content", "file"), f"{where}: a source of type {source.get('type')!r}")
    _only(source, {"base64": "type media_type data", "url": "type url", "text": "type media_type data"}.get(source["type"], "type content file_id"), where)
    kinds = "image/" if block["type"] == "image" else ("application/pdf", "text/plain")
    _demand(source["type"] != "base64" or source.get("media_type", "").startswith(kinds), f"{where}: media type {source.get('media_type')!r}")


def _anthropic_block(block, allowed, where):
    kind = block.get("type")
    _demand(kind in allowed.split(), f"{where}: a block {kind!r}")
    _only(block, ANTHROPIC_BLOCKS[kind], where)
    if kind == "text":
        _demand(block["text"].strip(), f"{where}: text content blocks must contain non-whitespace text")
    if kind in ("image", "document"):
        _anthropic_source(block, where)
    if kind == "tool_use":
        _demand(isinstance(block["input"], dict) and NAME.match(block["id"]) and NAME.match(block["name"]), f"{where}: a wrong tool_use")
    if kind == "thinking":
        _demand(block.get("signature"), f"{where}: thinking without a signature")
    if kind == "tool_result" and isinstance(block.get("content"), list):
        for inner in block["content"]:
            _anthropic_block(inner, "text image document", f"{where}.content")


def _anthropic_turns(messages):
    uses = []
    _demand(messages and messages[0].get("role") == "user", "the first message is not the user's")
    for i, message in enumerate(messages):
        where = f"messages.{i}"
        _only(message, "role content", where)
        _demand(message["role"] in ANTHROPIC_ROLES, f"{where}: role {message['role']!r}")
        blocks = message["content"] if isinstance(message["content"], list) else [{"type": "text", "text": message["content"]}]
        _demand(blocks or (message["role"] == "assistant" and i == len(messages) - 1), f"{where}: no content")
        for j, block in enumerate(blocks):
            _anthropic_block(block, ANTHROPIC_ROLES[message["role"]], f"{where}.content.{j}")
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        _demand(sorted(results) == sorted(uses), f"{where}: tool results {results} for tool uses {uses}")
        _demand(all(block["type"] == "tool_result" for block in blocks[:len(results)]), f"{where}: tool results are not first")
        uses = [block["id"] for block in blocks if block["type"] == "tool_use"]
    _demand(not uses, f"tool uses without a result at the end: {uses}")
    if messages[-1]["role"] == "assistant" and blocks and blocks[-1]["type"] == "text":
        _demand(blocks[-1]["text"][-1] not in " \t\r\n", "the last message, the assistant's, ends with whitespace")


def _anthropic(body):
    _only(body, ANTHROPIC_MEMBERS, "body")
    _demand(isinstance(body.get("max_tokens"), int) and body["max_tokens"] > 0, "max_tokens is missing")
    _anthropic_turns(body["messages"])
    for block in body["system"] if isinstance(body.get("system"), list) else []:
        _anthropic_block(block, "text", "system")
    for tool in body.get("tools") or []:
        _only(tool, TOOL_MEMBERS, "tools")
        _demand(NAME.match(tool["name"]) and tool["input_schema"].get("type") == "object", "tools: a name or a schema")
    _demand(all(stop.strip() for stop in body.get("stop_sequences") or []), "a stop sequence of nothing but whitespace")
    choice = body.get("tool_choice") or {}
    _demand(not choice or body.get("tools"), "tool_choice without tools")
    thinking = body.get("thinking") or {}
    if thinking.get("type") == "enabled":
        _demand(1024 <= thinking["budget_tokens"] < body["max_tokens"], "budget_tokens")
    if thinking.get("type") in ("enabled", "adaptive"):
        _demand(choice.get("type") not in ("any", "tool"), "a forced tool beside thinking")
        _demand(body.get("temperature", 1) == 1, "temperature beside thinking")
    format = (body.get("output_config") or {}).get("format") or {}
    _demand(not format or format.get("type") == "json_schema", "output_config.format")


def fault(dialect, body):
    try:
        (_anthropic if dialect == "anthropic" else _openai)(body)
    except Refused as refused:
        return str(refused)
    except (KeyError, TypeError, AttributeError) as wrong:
        return f"{type(wrong).__name__}: {wrong}"
    return ""
