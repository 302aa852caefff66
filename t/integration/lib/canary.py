"""What callers, providers and operators trust us with while a test runs, and where it must not turn up again: in no log but
the debug log, in no metric, in no key or field of Redis, and no key in an error. Nothing has to be marked for it:

    keys      every key of a keys.json, every environment variable *KEY that an nginx is started with
    texts     of every request that a test sends or a provider gets: each string of a prompt (messages, system, tools ...),
              its longest stretch that every log would write as it stands, from 16 characters on

A test that writes a prompt into a log of its own says so: ngx.may_log_prompts = True.
"""
import json
import re

LEAST = 16  # characters of a stretch; shorter ones also stand in logs by chance
MOST = 40
PROMPTS = {"messages", "system", "prompt", "input", "instructions", "tools", "contents", "documents"}
NAMES = {"role", "type", "id", "name", "model", "url", "data", "media_type", "tool_call_id", "tool_use_id", "signature", "format",
         "required", "enum", "file_id", "title", "encrypted_content"}
PLAIN = re.compile(r"[A-Za-z0-9 _.,@+-]+")
RECORD = re.compile(rb"^(?=\d{4}/\d\d/\d\d )", re.M)  # of an error log; a debug record may have several lines
CORES_OWN = b"client sent duplicate header line"  # nginx 1.22 at level info, before any module sees the request
HEAD = 8   # bytes by which a stretch is looked for

DISTINCT = 6  # different characters of a stretch

_models = set()  # a model's name may be logged, and ours say what the mock shall do
_keys = {}   # HEAD -> the texts that begin so
_texts = {}


def _remember(known, text):
    text = text.encode()
    known.setdefault(text[:HEAD], set()).add(text)


def key(text):
    if len(text) >= HEAD:
        _remember(_keys, text)


def environment(variables):
    for name, value in (variables or {}).items():
        if name.endswith("KEY"):
            key(value)


def _strings(value, prompt=False):
    if isinstance(value, dict):
        for name, member in value.items():
            if name not in NAMES:
                yield from _strings(member, prompt or name in PROMPTS)
    elif isinstance(value, list):
        for member in value:
            yield from _strings(member, prompt)
    elif isinstance(value, str) and prompt:
        yield value


def request(body):
    """A request's body, as bytes or read; what is no JSON is nobody's prompt."""
    if isinstance(body, (bytes, str)):
        try:
            body = json.loads(body) if body[:1] in (b"{", "{") else None
        except (ValueError, RecursionError):
            return
    try:
        if isinstance(body, dict):
            _models.add(str(body.get("model", "")))
        for text in _strings(body):
            stretch = max(PLAIN.findall(text[:4096]), key=len, default="").strip()
            if len(stretch) >= LEAST and len(set(stretch)) >= DISTINCT:
                _remember(_texts, stretch[:MOST])
    except RecursionError:
        pass


def _found(known, text):
    """What of it stands in these bytes: the stretches that begin with some head of the bytes' own."""
    if len(known) < 64:
        return {one for ones in known.values() for one in ones if one in text}
    return {one for at in range(len(text) - HEAD) for one in known.get(text[at:at + HEAD], ()) if text.startswith(one, at)}


def keys_in(text):
    return _found(_keys, text)


def faults(where, text, prompts=True):
    """Lines for a test's report: what stands where it must not. `text` is bytes."""
    text = b"".join({record for record in RECORD.split(text) if b" [debug] " not in record and CORES_OWN not in record})
    found = keys_in(text) | (_found(_texts, text) if prompts else set())
    found = {one for one in found if not any(one.decode() in model for model in _models)}
    return [f"{where} has a secret: {one.decode()!r}" for one in sorted(found)[:5]]
