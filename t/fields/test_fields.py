"""No silent loss: every field of every caller's dialect, to every dialect of providers. It arrives, or is listed as left
out, or the caller gets a 400 with its path. The fields are those of the vendors' own packages (sdk_requests.py)."""
import collections
import os
import pathlib
import re

import fates
import pytest
import sdk_requests

ROOT = pathlib.Path(__file__).parents[2]
BINARY = os.environ.get("AIGW_REQUEST_FATES", str(ROOT / "build" / "request_fates"))


@pytest.fixture(scope="module", params=list(sdk_requests.CALLERS))
def caller(request):
    cases = list(sdk_requests.cases(request.param))
    return request.param, cases, fates.judged(BINARY, cases)


# What is settled without being written or listed, as docs/carried.md says.
SETTLED = {
    r"response_format\(ResponseFormatText\)|text\.format\(ResponseFormatText\)": "texts are the default",
    r"json_schema\.strict=|text\.format.*\.strict=": "who is given a schema keeps to it",
    r"stream_options\.include_usage=": "answered by us: usage is told anyway, and shown if asked for",
    r"thinking\(BetaThinkingConfigDisabledParam\)$": "off is the default where thinking must be asked for",
    r"tool_choice(=none|\(BetaToolChoiceNoneParam\))$": "the tools are left out",
    r"\.caller\((BetaDirectCallerParam|\w*CallerDirect)\)": "the model itself calls",
    r"(tools\[\]\(BetaToolParam\)|input\[\]\(\w*Message\w*\))\.type$": "said of what is so without it",
    r"input\[\]\(\w+\)\.(id|status=\w+)$": "items are called so where they were made",
    r"cache_control\.xUnknown$": "of a mark for a cache its place and time are carried",
    r"reasoning\.(generate_)?summary=": "thinking that a provider tells comes as a summary, asked for or not",
    r"propertyOrdering\[\]": "it means nothing elsewhere",
}
# What is an error whoever is asked: systems do not call tools.
WRONG = r"systemInstruction\.parts\[\]\.function(Call|Response)"


def settled(label):
    return any(re.search(pattern, label) for pattern in SETTLED)


def described(rows):
    grouped = collections.OrderedDict()
    for case, to, verdict, shown in rows:
        grouped.setdefault((verdict, case.label), []).append(f"{to} {shown}".strip())
    return "\n".join(f"{verdict}: {label}: {'; '.join(where)}" for (verdict, label), where in grouped.items())


def test_nothing_is_lost(caller):
    name, cases, told = caller
    defaults = fates.defaults(told)
    bad = [row for row in told if row[2] in (fates.LOST, fates.ASTRAY)]
    bad += [row for row in told if row[2] == fates.INVALID and not re.match(WRONG, row[0].label)]
    bad += [row for row in told if row[2] == fates.SILENT and
            (row[0].group != "words" or len(defaults[row[0].label.rsplit("=", 1)[0], row[1]]) > 1)]
    bad = [row for row in bad if not settled(row[0].label)]
    counts = collections.Counter(row[2] for row in told)
    print(f"{sdk_requests.version_of(name)}: {len({case.label for case in cases})} fields, {len(told)} at providers: {dict(counts)}")
    assert not bad, "\n" + described(bad)


# What lies at a provider and cannot be done without; and a request of which nothing is left.
NOT_DROPPED = r"(thread|previous_response_id|conversation|prompt|background|input\[\d+\])$"


def test_drop_leaves_out_and_lists(caller):
    """ai_unsupported drop."""
    name, cases, told = caller
    refused = {(id(case), to): shown for case, to, verdict, shown in told if verdict == fates.REFUSED}
    bad = []
    for case, answer in zip(cases, fates.ask(BINARY, [(name, case.body) for case in cases], "drop")):
        for to, got in answer.items():
            if (id(case), to) not in refused:
                continue
            if "param" in got:
                nothing_left = got["code"] in fates.INVALID_CODES
                if not nothing_left and not re.match(NOT_DROPPED, got["param"]):
                    bad.append(f"{case.label} {to}: still refused: {got['param']}")
            elif not any(fates.about(path, case.path) or fates.about(path, refused[id(case), to]) for path in got["dropped"]):
                bad.append(f"{case.label} {to}: not listed: {got['dropped']}")
    assert not bad, "\n" + "\n".join(bad)


# All members that the smallest request becomes, and what is said in them that the caller did not say.
SMALLEST = {
    "openai_chat": {"model", "messages", "role", "content"},
    "anthropic_messages": {"model", "max_tokens", "messages", "role", "content", "type", "text"},
    "gemini": {"contents", "role", "parts", "text"},
    "openai_responses": {"model", "input", "type", "role", "content", "store"},
    "bedrock_converse": {"messages", "role", "content", "text"},
    "bedrock_anthropic": {"anthropic_version", "max_tokens", "messages", "role", "content", "type", "text"},
    "vertex_anthropic": {"anthropic_version", "max_tokens", "messages", "role", "content", "type", "text"},
    "ollama_chat": {"model", "messages", "role", "content", "stream"},
    "cohere_chat": {"model", "messages", "role", "content", "stream"},
}
LIMITS = {"max_tokens", "max_completion_tokens", "generationConfig", "maxOutputTokens", "max_output_tokens", "inferenceConfig", "maxTokens",
          "options", "num_predict", "system", "systemInstruction"}  # of what the smallest request says itself
ADDED = [  # sentences and values; docs/carried.md names them
    "Answer with one valid JSON object and nothing else: no Markdown fence, no text before or after it.", "Not a tool; never call it.", ".",
    "Error: ", "[the result follows in the next user message]", "document.pdf", "bedrock-2023-05-31", "vertex-2023-10-16",
    "/stop_sequence", "/delta/stop_sequence", "reasoning.encrypted_content",
]
WORD = re.compile(r"\$?[A-Za-z_][A-Za-z0-9_]*$")  # a member, or one of an enumeration
MADE_OF_THE_CALLERS = re.compile(r"(image|audio|application|text)/[a-z0-9]+$|\{|\n\n$")
MODELS = {"claude-sonnet-4-5", "gpt-x", "anthropic.claude-sonnet-4-5", "gemini-2.5-flash"}


def members_of(value):
    if isinstance(value, dict):
        return set(value) | {name for inner in value.values() for name in members_of(inner)}
    return {name for inner in value for name in members_of(inner)} if isinstance(value, list) else set()


def test_nothing_is_added(caller):
    name, cases, _ = caller
    strange = set()
    for case, answer in zip(cases, fates.ask(BINARY, [(name, case.body) for case in cases])):
        for to, got in answer.items():
            if to == name:
                continue
            if not case.label:
                assert members_of(got["body"]) <= SMALLEST[to] | LIMITS, (to, got["body"])
            for text in fates.additions(case, got):
                known = text in ADDED or text in MODELS or WORD.match(text) or MADE_OF_THE_CALLERS.match(text)
                if not known and not fates.MARK.search(text + fates.decoded([text])):
                    strange.add(f"{to}: {text}")
    assert not strange, "\n" + "\n".join(sorted(strange))
