"""A provider that plays a coding model: offered tools, it writes a file with the one made for that, reads the file back, and
says a last sentence. OpenAI chat completions and Anthropic messages, streamed and not; everything else about it is Mock's.

    provider = AgentProvider(key=UPSTREAM_KEY)
    provider.task = Task(path="/tmp/x/hello.txt", content="…", final="All done.")
    run the agent
    provider.turns     what the loop asked: [Received] with tools or an edit format, in order
    provider.requests  those and the agent's side requests (a title, a summary)

How far the loop has come is read from the request's history, so a client may ask twice and in any order. It does not look
at the prompt: every conversation with tools is the task's.
"""
import dataclasses
import json
import re
import shlex

from . import answers
from .answers import Reply
from .mock import Mock
from .options import behaviour
from .sender import Sender

# What the clients call their tools and the arguments that matter; of a tool not listed the arguments decide.
WRITERS = ("Write", "write", "write_file", "write_to_file", "create_file")
READERS = ("Read", "read", "read_file", "view")
SHELLS = ("Bash", "bash", "run_shell_command", "shell", "execute_command", "exec_command")
SHELL_ARGUMENTS = ("command", "cmd")
PATH_ARGUMENTS = ("file_path", "filePath", "absolute_path", "path", "filename")
CONTENT_ARGUMENTS = ("content", "contents", "file_text", "text")
EDIT_FORMAT = "SEARCH/REPLACE"  # a prompt that teaches this wants the file in the answer's text (aider)
SIDE_ANSWER = "Writing a file"  # to what has neither tools nor an edit format: titles, summaries


@dataclasses.dataclass
class Task:
    path: str
    content: str
    final: str
    read_back: bool = True
    before: tuple = ()  # ((tool, arguments), …): called first, whatever they answer


def results(body):
    """The texts of the tool results in a request of either dialect, in order."""
    found = []
    for message in body.get("messages") or []:
        content = message.get("content")
        blocks = content if isinstance(content, list) else []
        if message.get("role") == "tool":
            found.append(_plain(content))
        found += [_plain(b.get("content")) for b in blocks if isinstance(b, dict) and b.get("type") == "tool_result"]
    return found


def tool_names(body):
    return [name for name, _ in answers.tools(body)]


def is_turn(body):
    """Part of the agent's loop, not a side request."""
    return bool(body.get("tools")) or EDIT_FORMAT in json.dumps(body.get("messages", "")) + json.dumps(body.get("system", ""))


def _plain(content):
    if isinstance(content, list):
        return "\n".join(part.get("text", "") for part in content if isinstance(part, dict))
    return content or ""


def _properties(schema):
    return schema.get("properties") or {}


def _one_of(names, known):
    return next((name for name in names if name in known), None)


def _filled(schema, arguments):
    """With what else the tool requires."""
    rest = {name: answers.sample(_properties(schema).get(name, {})) for name in schema.get("required", []) if name not in arguments}
    return {**arguments, **rest}


def _find(tools, names, fits):
    """By name in the order of `names`, else the first one whose arguments fit."""
    named = sorted((tool for tool in tools if tool[0] in names), key=lambda tool: names.index(tool[0]))
    return next((tool for tool in [*named, *tools] if fits(_properties(tool[1]))), None)


def _shell(tools, command):
    found = _find([tool for tool in tools if tool[0] in SHELLS], SHELLS, lambda known: _one_of(SHELL_ARGUMENTS, known))
    if found is None:
        raise AssertionError(f"no tool that writes or reads a file and no shell in {[name for name, _ in tools]}")
    return found[0], _filled(found[1], {_one_of(SHELL_ARGUMENTS, _properties(found[1])): command})


def write_call(tools, task):
    """(tool's name, arguments) that write the task's file with what the client offers."""
    found = _find(tools, WRITERS, lambda known: _one_of(PATH_ARGUMENTS, known) and _one_of(CONTENT_ARGUMENTS, known))
    if found is None:
        return _shell(tools, f"printf %s {shlex.quote(task.content)} > {shlex.quote(task.path)}")
    known = _properties(found[1])
    return found[0], _filled(found[1], {_one_of(PATH_ARGUMENTS, known): task.path, _one_of(CONTENT_ARGUMENTS, known): task.content})


def read_call(tools, task):
    found = _find([tool for tool in tools if tool[0] in READERS], READERS, lambda known: _one_of(PATH_ARGUMENTS, known))
    if found is None:
        return _shell(tools, f"cat {shlex.quote(task.path)}")
    return found[0], _filled(found[1], {_one_of(PATH_ARGUMENTS, _properties(found[1])): task.path})


def _edit(task):
    name = task.path.rsplit("/", 1)[-1]
    return f"{name}\n```\n<<<<<<< SEARCH\n=======\n{task.content}>>>>>>> REPLACE\n```\n\n{task.final}"


def _next(body, task):
    """(text, (tool's name, arguments) or None): the loop's next step."""
    tools, done = list(answers.tools(body)), len(results(body))
    if not tools:
        return (_edit(task) if is_turn(body) else SIDE_ANSWER), None
    if done < len(task.before):
        return "First this. ", task.before[done]
    done -= len(task.before)
    if done == 0:
        return "I write the file. ", write_call(tools, task)
    if done == 1 and task.read_back and (any(name in READERS + SHELLS for name, _ in tools)):
        return "I read it back. ", read_call(tools, task)
    return task.final, None


class _AgentSender(Sender):
    task = None

    def _payload(self):
        path = self.record.path.split("?")[0]
        if self.record.method == "HEAD":
            return []
        return [b'{"input_tokens": 1234}'] if path.endswith("/count_tokens") else super()._payload()

    def compose(self):
        body, options = self.record.json, self.options
        reply = answers.compose(body, options)
        if answers.structured_schema(body) is not None:  # a side request that wants JSON; what fits its schema
            return dataclasses.replace(reply, calls=[], finish="stop")
        text, call = _next(body, self.task)
        calls = [(f"call_step{len(results(body))}", call[0], json.dumps(call[1], ensure_ascii=False))] if call else []
        return dataclasses.replace(reply, pieces=re.findall(r"\S+\s*|\s+", text), calls=calls, finish="tool" if calls else "stop")


class AgentProvider(Mock):
    def __init__(self, task=None, usage=behaviour(prompt=1200, completion=34, cached=1000), **options):
        """`usage`: the numbers of each answer. Anything else that Mock can do is planned as there."""
        self.task = task
        super().__init__(**options)
        self.plan(usage)

    @property
    def turns(self):
        return [request for request in list(self.requests) if request.is_chat and is_turn(request.json)]

    def sender(self, received, reader, writer):
        made = _AgentSender(received, reader, writer)
        made.task = self.task
        return made
