"""Requests of every caller's dialect that hold one field more than another one: the fields are those that the vendors' own
packages declare, in the versions of t/requirements.txt."""
import importlib.metadata
import re
import typing

import anthropic.types.beta.message_create_params as anthropic_beta
import google.genai.models
import google.genai.types as google_types
import openai.types.chat.completion_create_params as openai_chat
import openai.types.responses.response_create_params as openai_responses
from sdk_types import NONE, Walker, camel, marks_of

PACKAGES = {"openai_chat": "openai", "openai_responses": "openai", "anthropic_messages": "anthropic", "gemini": "google-genai"}


class Case(typing.NamedTuple):
    caller: str
    label: str      # the field by types
    path: str       # and in this body
    body: dict
    without: object  # the same body without it, or NONE
    group: str


def version_of(caller):
    return f"{PACKAGES[caller]} {importlib.metadata.version(PACKAGES[caller])}"


def cases(caller):
    """Whether it streams stands in the path of Gemini, and in the body of the others."""
    plain = {}
    for piece in CALLERS[caller]():
        body, path = COMPLETE[caller](piece.value, piece.path)
        without = NONE if piece.without is NONE else COMPLETE[caller](piece.without, piece.path)[0]
        if piece.label.split("=")[0] not in (".stream", ".model"):
            yield Case(caller, piece.label.lstrip("."), path.lstrip("."), body, without, piece.group)
            plain = body if not piece.label else plain
    yield Case(caller, "stream", "stream", {**plain, "stream": True}, plain, "")


# ---- OpenAI chat completions

def openai_chat_pieces():
    walker = Walker(needed={"FileFile": ("file_data",), "ChatCompletionAssistantMessageParam": ("content",), "JSONSchema": ("schema",)},
                    instead={("FileFile", "file_id"): "file_data"})
    return walker.pieces(openai_chat.CompletionCreateParamsNonStreaming)


CALL = {"id": "call0001", "type": "function", "function": {"name": "tool0001", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "tool0001", "parameters": {"type": "object", "properties": {}}}}


def around(said, before, after):
    """The conversation that a message stands in, and its place there."""
    return before + [said] + after, len(before)


def openai_conversation(message):
    user = {"role": "user", "content": "hello"}
    role = message.get("role")
    if role == "assistant":
        results = [{"role": "tool", "tool_call_id": call["id"], "content": "fine"} for call in message.get("tool_calls", [])]
        if "function_call" in message:
            results = [{"role": "function", "name": message["function_call"]["name"], "content": "fine"}]
        return around(message, [user], results + [user])
    if role == "tool":
        return around(message, [user, {"role": "assistant", "content": None, "tool_calls": [CALL]}], [])
    if role == "function":
        call = {"name": message["name"], "arguments": "{}"}
        return around(message, [user, {"role": "assistant", "content": None, "function_call": call}], [])
    return around(message, [], [] if role == "user" else [user])


def named(choice):
    """The tools that there must be for it."""
    return [word for word, path in marks_of(choice).items() if path.endswith(("name", "Names[0]"))] or ["tool0001"]


def placed(path, member, place):
    return path.replace(f".{member}[0]", f".{member}[{place}]", 1)


def complete_openai_chat(body, path):
    messages, place = openai_conversation(body["messages"][0])
    out = {**body, "model": "m", "messages": messages}
    if choice := {name: out[name] for name in ("tool_choice", "parallel_tool_calls", "function_call") if name in out}:
        out.setdefault("tools", [{"type": "function", "function": {**TOOL["function"], "name": name}} for name in named(choice)])
    if "stream_options" in out:
        out["stream"] = True
    return out, placed(path, "messages", place)


# ---- Anthropic messages

def anthropic_pieces():
    walker = Walker(needed={"BetaSystemMessageParam": ("content",), "BetaCompactionBlockParam": ("content",)})
    return walker.pieces(anthropic_beta.MessageCreateParamsNonStreaming)


OF_THE_USER = {"text", "image", "document", "tool_result", "search_result", "container_upload", "mid_conv_system"}


def anthropic_conversation(message):
    """A block stands where the API takes it, whatever the message's type says of its role."""
    message, user = dict(message), {"role": "user", "content": "hello"}
    block = message["content"][0] if isinstance(message["content"], list) else {"type": "text"}
    if message["role"] == "system":
        return around(message, [user], [])
    if block["type"] not in OF_THE_USER or (message["role"] == "assistant" and block["type"] == "text"):
        message["role"] = "assistant"
        result = {"type": "tool_result", "tool_use_id": block.get("id"), "content": "fine"}
        return around(message, [user], [{"role": "user", "content": [result]} if block["type"] == "tool_use" else user])
    message["role"] = "user"
    call = {"type": "tool_use", "id": "call0001", "name": "tool0001", "input": {}}
    return around(message, [user, {"role": "assistant", "content": [call]}] if block["type"] == "tool_result" else [], [])


def complete_anthropic(body, path):
    messages, place = anthropic_conversation(body["messages"][0])
    out = {**body, "model": "m", "messages": messages}
    if ".max_tokens" not in path:
        out["max_tokens"] = 4096
    if "tool_choice" in out:
        schema = {"type": "object", "properties": {}}
        out.setdefault("tools", [{"name": name, "input_schema": schema} for name in named(out["tool_choice"])])
    return out, placed(path, "messages", place)


# ---- OpenAI Responses

def responses_pieces():
    file, image = "ResponseInputFileParam", "ResponseInputImageParam"
    walker = Walker(
        needed={"FunctionCallOutput": ("call_id",), file: ("file_data",), image: ("image_url",), "ResponseInputFileContentParam": ("file_data",),
                "ResponseInputImageContentParam": ("image_url",), "ResponseCreateParamsNonStreaming": ("input",)},
        instead={(file, "file_url"): "file_data", (file, "file_id"): "file_data", (image, "file_id"): "image_url",
                 ("ResponseInputFileContentParam", "file_url"): "file_data",
                 ("ResponseInputFileContentParam", "file_id"): "file_data",
                 ("ResponseInputImageContentParam", "file_id"): "image_url"})
    return walker.pieces(openai_responses.ResponseCreateParamsNonStreaming)


def responses_conversation(item):
    user = {"role": "user", "content": "hello"}
    call = {"type": "function_call", "call_id": "call0001", "name": "tool0001", "arguments": "{}"}
    if item.get("type") == "function_call":
        return around(item, [user], [{"type": "function_call_output", "call_id": item["call_id"], "output": "fine"}])
    if item.get("type") == "function_call_output":
        return around(item, [user, call], [])
    return around(item, [user], [user])


def complete_responses(body, path):
    out = {**body, "model": "m"}
    place = 0
    if isinstance(body.get("input"), list):
        out["input"], place = responses_conversation(body["input"][0])
    if choice := {name: out[name] for name in ("tool_choice", "parallel_tool_calls") if name in out}:
        tool = {"type": "function", "parameters": {"type": "object", "properties": {}}, "strict": False}
        out.setdefault("tools", [{**tool, "name": name} for name in named(choice)])
    if "stream_options" in out:
        out["stream"] = True
    return out, placed(path, "input", place)


# ---- Gemini generateContent

# What the package puts at the body's top; the rest of its configuration belongs to generationConfig.
TOP = set(re.findall(r"parent_object,\s*\['([a-zA-Z]+)'\]", open(google.genai.models.__file__, encoding="utf-8").read()))
ONLY_IN_PYTHON = {"http_options", "should_return_http_response", "automatic_function_calling"}


def gemini_kind():
    """The body's type, which the package itself has nowhere in one piece."""
    config = typing.get_type_hints(google_types.GenerateContentConfigDict)
    inner = {**typing.get_type_hints(google_types.GenerationConfigDict),
             **{name: kind for name, kind in config.items() if camel(name) not in TOP and name not in ONLY_IN_PYTHON}}
    inner["speech_config"], inner["response_schema"] = google_types.SpeechConfigDict, google_types.SchemaDict
    outer = {name: kind for name, kind in config.items() if camel(name) in TOP and name not in ONLY_IN_PYTHON}
    outer["system_instruction"], outer["tools"] = google_types.ContentDict, list[google_types.ToolDict]
    outer["generation_config"] = typing.TypedDict("GenerationConfig", inner, total=False)
    outer["contents"] = list[google_types.ContentDict]
    return typing.TypedDict("GenerateContentRequest", outer, total=False)


def gemini_pieces():
    walker = Walker(
        spell=camel, globals_of=vars(google_types),
        needed={"GenerateContentRequest": ("contents",), "ContentDict": ("parts", "role"), "BlobDict": ("data", "mime_type"),
                "FileDataDict": ("file_uri", "mime_type"), "FunctionCallDict": ("name",), "FunctionResponseDict": ("name", "response"),
                "FunctionResponseBlobDict": ("data", "mime_type"), "FunctionResponseFileDataDict": ("file_uri", "mime_type"),
                "FunctionDeclarationDict": ("name",), "SafetySettingDict": ("category", "threshold"), "PartDict": ("text",),
                "FunctionResponsePartDict": ("inline_data",), "SchemaDict": ("type",)},
        instead={("FunctionResponsePartDict", "file_data"): "inline_data",
                 **{("PartDict", kind): "text" for kind in ("inline_data", "file_data", "function_call", "function_response",
                                                            "executable_code", "code_execution_result", "tool_call", "tool_response")},
                 ("FunctionDeclarationDict", "parameters_json_schema"): "parameters"})
    return walker.pieces(gemini_kind())


OF_THE_MODEL = {"functionCall", "executableCode", "codeExecutionResult", "toolCall", "toolResponse", "thought", "thoughtSignature"}


def complete_gemini(body, path):
    content = dict(body["contents"][0])
    user = {"role": "user", "parts": [{"text": "hello"}]}
    part = content["parts"][0]
    before, after = [], []
    if OF_THE_MODEL & set(part):
        content["role"] = "model"
        before, after = [user], [user]
        if call := part.get("functionCall"):
            result = {"name": call["name"], "response": {"output": "fine"}, **({"id": call["id"]} if "id" in call else {})}
            after = [{"role": "user", "parts": [{"functionResponse": result}]}]
    elif result := part.get("functionResponse"):
        call = {"name": result["name"], "args": {}, **({"id": result["id"]} if "id" in result else {})}
        before = [user, {"role": "model", "parts": [{"functionCall": call}]}]
    contents, place = around(content, before, after)
    out = {**body, "contents": contents}
    if "toolConfig" in out:
        out.setdefault("tools", [{"functionDeclarations": [{"name": name} for name in named(out["toolConfig"])]}])
    return out, placed(path, "contents", place)


CALLERS = {"openai_chat": openai_chat_pieces, "anthropic_messages": anthropic_pieces, "openai_responses": responses_pieces,
           "gemini": gemini_pieces}
COMPLETE = {"openai_chat": complete_openai_chat, "anthropic_messages": complete_anthropic, "openai_responses": complete_responses,
            "gemini": complete_gemini}
