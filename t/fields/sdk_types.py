"""The types of requests as the vendors' own Python packages declare them: TypedDicts, walked by introspection. What a type
can hold becomes `Piece`s: a value with one thing set, and the same value without it.

Every string is a mark that can be found again (mk000123: letters and digits, and also base64)."""
import enum
import itertools
import os
import re
import types as python_types
import typing

import typing_extensions
from typing_extensions import is_typeddict

NONE = object()  # no value without it: the thing is required, or the whole of a container
UNKNOWN = "xUnknown"  # a member that no type declares: it must not vanish either
MARK = re.compile(r"mk\d{6}")
_numbers = itertools.count(100000)


def mark():
    return f"mk{next(_numbers)}"


class Piece(typing.NamedTuple):
    label: str      # by types: messages[].content[](BetaTextBlockParam).citations
    path: str       # by indices, inside the value: content[0].citations
    value: object
    without: object = NONE
    group: str = ""  # values of one enumeration or of a boolean: one of them may be the default


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


# What must have a form, by the member's name. The mark is in it where there is room for one.
def string_for(name, owner):
    if re.search(r"(^|_)(url|uri|uris|domain|file_uri|image_url|file_url|server_url)$", name):
        return f"https://e.example/{mark()}.png"
    if name == "file_data":
        return f"data:application/pdf;base64,{mark()}"
    if name in ("mime_type", "response_mime_type"):
        return "application/json" if "response" in name else "image/png"
    if name == "arguments":
        return '{"a":"%s"}' % mark()
    if name == "role":
        return "user"
    if name in ("tool_use_id", "call_id", "tool_call_id") or (name == "id" and CALLS.search(owner)):
        return "call0001"
    if name in ("name", "tool_name") and CHOICES.search(owner):
        return "tool0001"
    if name == "effort":
        return "low"
    return mark()


CALLS = re.compile(r"ToolUse|ToolCall|FunctionCall|FunctionResponse|McpCall|ShellCall|ApplyPatchCall")
CHOICES = re.compile(r"ToolChoice|FunctionCallOption|NamedTool")
SCHEMAS = {"schema", "parameters", "input_schema", "parameters_json_schema", "response_json_schema", "output_schema",
           "response_schema"}
ARGUMENTS = {"input", "args", "response"}


def object_for(name):
    if name in SCHEMAS:
        word = mark()
        return {"type": "object", "properties": {word: {"type": "string"}}, "required": [word], "additionalProperties": False}
    if name == "response":
        return {"output": mark()}
    return {mark(): 1 if name in ARGUMENTS else mark()}


def number_for(name, whole):
    if not whole:
        return 40.0 if name == "top_k" else 0.25
    return 1024 if "budget" in name else 2345 if "tokens" in name else 3


class Walker:
    """`spell` writes a member's name as it goes over the wire; `needed` names members that a type cannot do without though it
    says so, `instead` those that stand in another's place: {(type, member): other}."""

    def __init__(self, spell=lambda name: name, needed=None, instead=None, globals_of=None):
        self.spell, self.needed, self.instead = spell, needed or {}, instead or {}
        self._hints = {}
        self._globals = globals_of

    def required(self, kind):
        """Annotations that are strings hide their Required from the class."""
        marked = {name for name, hint in self.hints(kind).items() if typing.get_origin(hint) is typing_extensions.Required}
        return set(kind.__required_keys__) | marked | set(self.needed.get(kind.__name__, ()))

    def hints(self, kind):
        if kind not in self._hints:
            self._hints[kind] = typing_extensions.get_type_hints(kind, globalns=self._globals, include_extras=True)
        return self._hints[kind]

    def minimal(self, kind, name="", owner="", stack=()):
        """The smallest value of a type."""
        return next(piece.value for piece in self.pieces(kind, name, owner, stack, shallow=True))

    def pieces(self, kind, name="", owner="", stack=(), shallow=False):
        """Every value of a type, each with one more thing set than the smallest."""
        origin, args = typing.get_origin(kind), typing.get_args(kind)
        if origin in (typing.Union, python_types.UnionType):
            yield from self._union(args, name, owner, stack, shallow)
        elif origin is typing.Literal or (isinstance(kind, type) and issubclass(kind, enum.Enum)):
            yield from self._words(args or [e.value for e in kind if not e.value.endswith("_UNSPECIFIED")], shallow)
        elif is_typeddict(kind):
            yield from self._object(kind, stack, shallow)
        elif origin in (list, typing.Iterable) or str(origin).startswith("<class 'collections.abc") or _sequence(kind):
            if origin is not None and "Mapping" in str(origin) or origin is dict:
                yield Piece("", "", self._dict(args, name, stack))
            else:
                for piece in self.pieces(args[0] if args else str, name, owner, stack, shallow):
                    without = NONE if piece.without is NONE else [piece.without]
                    yield Piece("[]" + piece.label, "[0]" + piece.path, [piece.value], without, piece.group)
        elif origin is dict:
            yield Piece("", "", self._dict(args, name, stack))
        elif origin in (typing_extensions.Required, typing_extensions.NotRequired, typing.Annotated):
            yield from self.pieces(args[0], name, owner, stack, shallow)
        else:
            yield from self._plain(kind, name, owner)

    def _union(self, args, name, owner, stack, shallow):
        kinds = [kind for kind in args if kind is not type(None) and not _only_in_python(kind)]
        kinds.sort(key=lambda kind: kind in (str, int))  # objects first: the smallest value of a union is one
        for kind in kinds[:1] if shallow else kinds:
            for piece in self.pieces(kind, name, owner, stack, shallow):
                title = f"({kind.__name__})" if is_typeddict(kind) and len(kinds) > 1 else ""
                yield piece._replace(label=title + piece.label)

    def _words(self, words, shallow):
        for word in words[:1] if shallow or len(words) == 1 else words:
            yield Piece("" if len(words) == 1 else f"={word}", "", word, NONE, "words" if len(words) > 1 else "fixed")

    def _object(self, kind, stack, shallow):
        hints = self.hints(kind)
        inner = stack + (kind.__name__,)
        required = self.required(kind)
        smallest = {self.spell(key): self.minimal(hints[key], key, kind.__name__, inner) for key in hints if key in required}
        yield Piece("", "", smallest)
        if shallow or kind.__name__ in stack:
            return
        for key, hint in hints.items():
            member = self.spell(key)
            other = self.instead.get((kind.__name__, key))
            rest = {name: value for name, value in smallest.items() if other is None or name != self.spell(other)}
            for piece in self.pieces(hint, key, kind.__name__, inner):
                if key in required and piece.group == "fixed" and not piece.path:
                    continue  # what tells the kinds of a union apart
                if piece.without is not NONE:
                    without = {**rest, member: piece.without}
                else:
                    without = rest if key not in required and other is None else NONE
                yield Piece("." + member + piece.label, "." + member + piece.path, {**rest, member: piece.value}, without, piece.group)
        yield Piece("." + UNKNOWN, "." + UNKNOWN, {**smallest, UNKNOWN: mark()}, smallest)

    def _dict(self, args, name, stack):
        if len(args) == 2 and is_typeddict(args[1]):
            return {mark(): self.minimal(args[1], name, "", stack)}
        if len(args) == 2 and args[1] in (int, float):
            return {"1234": 3}
        if len(args) == 2 and args[1] is str:
            return {mark(): mark()}
        return object_for(name)

    def _plain(self, kind, name, owner):
        if kind is bool:
            yield Piece("=true", "", True, NONE, "words")
            yield Piece("=false", "", False, NONE, "words")
        elif kind in (int, float):
            yield Piece("", "", number_for(name, kind is int))
        elif kind in (str, bytes):
            yield Piece("", "", string_for(name, owner))
        else:  # object, Any
            yield Piece("", "", object_for(name))


def _sequence(kind):
    return getattr(typing.get_origin(kind), "__name__", "") == "SequenceNotStr"


def _only_in_python(kind):
    """Files, images, classes of answers: the package makes something else of them before they are sent."""
    if is_typeddict(kind) or typing.get_origin(kind) in (typing.IO, os.PathLike):
        return not is_typeddict(kind)
    if typing.get_origin(kind) is not None:
        return False
    return kind not in (str, int, float, bool, bytes, object, typing.Any) and not (isinstance(kind, type) and issubclass(kind, enum.Enum))


def strings_of(value, path=""):
    """(path, string) of every string and key in a value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield path + "." + key, key
            yield from strings_of(inner, path + "." + key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from strings_of(inner, f"{path}[{index}]")
    elif isinstance(value, str):
        yield path, value


def marks_of(value):
    """mark -> path."""
    return {found: path for path, text in strings_of(value) for found in MARK.findall(text)}
