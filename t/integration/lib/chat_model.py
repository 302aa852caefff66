"""Plays a chat model, well enough for test suites that were written for real ones: calls the tool that is forced or that the
question names, with arguments from the question; answers a tool's result in words; says JSON where JSON is wanted. Requests
that the vendor's own server would refuse (vendor_rules.py) get its 400, and are kept in `complaints`; it holds no conversations (Anthropic's threads)
and says so.

    Mock(mind=ChatModel())
"""
import json
import re

from . import answers, vendor_rules
from .options import Options

HELLO = "Hello! I am well, how are you?"


def _arguments(schema, text):
    """A value for every property: numbers and quoted names from the text, in order, else a sample."""
    numbers = iter(re.findall(r"-?\d+", text))
    quoted = iter(re.findall(r"'([^']+)'", text))
    found = {}
    for name, inner in schema.get("properties", {}).items():
        source = numbers if inner.get("type") == "integer" else quoted if inner.get("type") == "string" else iter(())
        value = next(source, None)
        found[name] = answers.sample(inner) if value is None else int(value) if source is numbers else value
    return found


def _is_named(name, text):
    """get_weather is named by "what is the weather"."""
    return any(len(word) > 4 and re.search(rf"\b{word}\b", text, re.I) for word in re.split(r"[_\W]+", name))


def _pick(body, text):
    """(name, schema) of the tool to call, or None."""
    tools = dict(answers.tools(body))
    choice = body.get("tool_choice") or "auto"
    choice = {"type": choice} if isinstance(choice, str) else choice
    if not tools or choice["type"] == "none":
        return None
    if choice["type"] in ("tool", "function"):
        name = choice.get("name") or choice["function"]["name"]
        return name, tools[name]
    named = [item for item in tools.items() if _is_named(item[0], text)]
    forced = choice["type"] in ("any", "required")
    return (named or list(tools.items()))[0] if named or forced else None


class ChatModel:
    def __init__(self, beyond=(), **usage):
        """`beyond`: members of messages that this vendor takes and OpenAI does not."""
        self.beyond = beyond
        self.usage = usage
        self.complaints = []

    def __call__(self, received):
        if not received.is_chat:
            return Options()
        if "thread" in received.json:
            return Options(code=400, error_code="thread_unsupported_request")
        judged = received.json
        if self.beyond:
            judged = {**judged, "messages": [{k: v for k, v in m.items() if k not in self.beyond} for m in judged["messages"]]}
        refused = vendor_rules.fault(received.dialect, judged)
        if refused:
            self.complaints.append(refused)
            return Options(code=400)
        return Options(**{**self.usage, **self._answer(received.json)})

    @staticmethod
    def _answer(body):
        text, is_result = answers.last_text(body)
        tool = None if is_result else _pick(body, text)
        if tool:
            return {"calls": ((tool[0], _arguments(tool[1], text)),)}
        keys = re.findall(r"'(\w+)'", text) if "as a JSON" in text else []
        if keys:
            return {"text": json.dumps({key: f"the {key}" for key in keys})}
        if answers.structured_schema(body) is not None:
            return {}  # answers.py makes up what fits
        stops = body.get("stop_sequences") or body.get("stop") or []
        found = next((stop for stop in ([stops] if isinstance(stops, str) else stops) if stop in HELLO), None)
        if found:
            return {"text": HELLO[:HELLO.index(found)], "stop": "stop_sequence"}
        return {"text": HELLO}
