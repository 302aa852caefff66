"""What becomes of a request's field at each provider, judged from what the library wrote of two requests: one with it, one
without it."""
import base64
import json
import re
import subprocess

from sdk_types import MARK, NONE, marks_of, strings_of

CARRIED, HINT, REFUSED, SILENT, EMPTY = "carried", "hint", "refused", "silent", "empty"
INVALID, LOST, ASTRAY = "invalid", "lost", "astray"
INVALID_CODES = {"invalid_value", "missing_field"}


def ask(binary, requests, *arguments):
    """[(caller, body)] -> for each what every dialect of providers gets."""
    lines = "".join(json.dumps({"caller": caller, "body": body}) + "\n" for caller, body in requests)
    done = subprocess.run([binary, *arguments], input=lines, capture_output=True, text=True, timeout=120, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(requests)
    return [{one["to"]: one for one in answer} for answer in answers]


def parts_of(path):
    return re.findall(r"[^.\[\]]+|\[\d+\]", path)


# Items are called so where they were made; nobody else knows the name.
NAMES_AT_A_PROVIDER = re.compile(r"input\[\d+\]\.id$")
# Members that only hold another: a path may leave them out.
HOLDING = {"function", "source", "file", "input_audio", "image_url", "json_schema", "type"}


def about(told, field):
    """Whether a path told to the caller is that of the field, of what it stands in, or of something in it."""
    told, field = ([part for part in parts_of(snake(path)) if part not in HOLDING] for path in (told, field))
    shorter = min(len(told), len(field))
    return shorter > 0 and told[:shorter] == field[:shorter]


def holds(told, field):
    return about(told, field) and len(parts_of(told)) <= len(parts_of(field))


def snake(path):
    return re.sub(r"([A-Z])", lambda found: "_" + found[1].lower(), path)


def value_at(body, path):
    for part in parts_of(path):
        try:
            body = body[int(part[1:-1])] if part[0] == "[" else body[part]
        except (IndexError, KeyError, TypeError):
            return None  # it was moved to where its dialect takes it
    return body


def added(case):
    """The outermost thing that is not there without the field."""
    parts = parts_of(case.path)
    for end in range(1, len(parts) + 1):
        path = "".join(part if part[0] == "[" else "." + part for part in parts[:end])
        if value_at(case.without, path) is None:
            return path
    return case.path


def is_empty(value):
    """{}, [{}]: says nothing."""
    return value in ({}, []) or (isinstance(value, list) and all(is_empty(one) for one in value))


def decoded(body):
    """Texts that are sent in base64."""
    found = ""
    for _, text in strings_of(body):
        if len(text) % 4 == 0 and re.fullmatch(r"[A-Za-z0-9+/]{8,}={0,2}", text) and not MARK.search(text):
            found += base64.b64decode(text).decode("latin-1")
    return found


def fate(case, got, base):
    """(fate, what shows it)"""
    if "param" in got:
        if base is not None and "param" in base:
            return REFUSED, "with what it stands in"
        if got["status"] != 400 or not about(got["param"], case.path or got["param"]):
            return ASTRAY, got["param"]
        return (INVALID if got["code"] in INVALID_CODES else REFUSED), got["param"]
    new = list(got["dropped"])
    for path in (base or {}).get("dropped", []):
        if path in new:
            new.remove(path)
    text = json.dumps(got["body"]) + decoded(got["body"])
    missing = [path.lstrip(".") for word, path in marks_of(case.body).items()
               if word not in text and (case.without is NONE or word not in json.dumps(case.without))]
    missing = [path for path in missing if not NAMES_AT_A_PROVIDER.match(path)]
    unsaid = [path for path in missing if not any(about(told, path) for told in got["dropped"])]
    if unsaid:
        return LOST, unsaid[0]
    if missing or any(about(told, case.path) for told in new) or any(holds(told, case.path) for told in got["dropped"]):
        return HINT, ", ".join(new) or (missing or [case.path])[0]
    if case.without is not NONE and not all(about(told, added(case)) for told in new):
        return ASTRAY, ", ".join(new)
    fresh = set(MARK.findall(json.dumps(case.body))) - set(MARK.findall(json.dumps(case.without)) if case.without is not NONE else [])
    if fresh or case.without is NONE:
        return CARRIED, ""
    if base is not None and "param" not in base and (base["body"], base["path"]) == (got["body"], got["path"]):
        return (EMPTY if is_empty(value_at(case.body, case.path)) else SILENT), ""
    return CARRIED, ""


def judged(binary, cases):
    """[(case, provider's dialect, fate, what shows it)]; one word of an enumeration may say what is so without it."""
    bodies = [(case.caller, case.body) for case in cases]
    bases = [(case.caller, case.without) for case in cases if case.without is not NONE]
    answers, rest = ask(binary, bodies), iter(ask(binary, bases))
    told = []
    for case, answer in zip(cases, answers):
        base = next(rest) if case.without is not NONE else None
        for to, got in answer.items():
            if to != case.caller:
                told.append((case, to, *fate(case, got, base and base[to])))
    return told


def defaults(told):
    """Of each enumeration and dialect the silent words: one of them is the default."""
    silent = {}
    for case, to, verdict, _ in told:
        if case.group == "words" and verdict == SILENT:
            silent.setdefault((case.label.rsplit("=", 1)[0], to), []).append(case.label.rsplit("=", 1)[1])
    return silent


def additions(case, got):
    """Strings in the provider's body that are not in the caller's."""
    if "param" in got:
        return set()
    asked = json.dumps(case.body)
    return {text for _, text in strings_of(got["body"]) if text not in asked}
