"""What a mock provider shall do with one request: a name, then options. The model's name says it, so that a test needs only
its nginx.conf (`target mock hang,at=mid;`), or the last user message ("… #mock:hang,at=mid#"), or Mock.plan().

    ok                                  an answer; the same as any unknown name
    ok,gap=0.05,n=20,eol=crlf           twenty events, 50 ms between them, CRLF line ends
    status,code=503 · 503 · 429,retry_after=1
    flaky,fails=3,code=503              three 503, then answers; counted by model name
    hang,at=mid · reset,at=headers · close,at=before · error,at=3
"""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Options:
    # What is said.
    text: str = "Hello from the mock provider."
    n: int = 0            # that many words instead of the text
    piece: int = 0        # each of so many bytes (with n)
    think: str = ""       # a thinking block before the text; also if the request asks for thinking
    redacted: int = 0     # and a redacted one
    tools: int = -1       # tool calls; -1: one if the request forces a tool or its last text says "tool"
    calls: tuple = ()     # the tool calls themselves: (name, arguments) each
    args_bytes: int = 0   # a tool argument of so many bytes
    stop: str = ""        # length, content_filter, stop_sequence, refusal; empty: what fits
    prompt: int = 21      # usage in OpenAI's sense: prompt holds cached and cache_write, completion holds reasoning
    completion: int = 7
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0
    usage: str = "normal"  # none, every (in every event), start (Anthropic's only in message_start), huge, negative, null, text
    wrap: str = ""        # nulls (null choices), dup (duplicate keys), numbers (choices of numbers)

    # How the status and the headers look.
    code: int = 200
    retry_after: str = ""
    error_code: str = ""  # error.details.error_code, as Anthropic writes it
    body: str = ""        # html, empty, json, detail (a 500 with internals): instead of an answer
    type: str = ""        # content-type, if it shall be wrong
    head_kb: int = 0      # additional headers
    hints: int = 0        # so many 103 before the answer
    location: str = ""
    gzip: int = 0         # content-encoding nobody asked for
    coding: str = "gzip"  # what it is called
    http10: int = 0
    cr_header: int = 0    # a bare CR inside a header value

    # How the body is framed and paced.
    framing: str = ""     # chunked, length, eof; empty: chunked for streams, length for JSON
    border: int = 0       # a chunk's border every so many bytes
    slice: int = 0        # writes of so many bytes
    gap: float = 0.0      # seconds between events
    wait: float = 0.0     # seconds before the status line
    eol: str = "lf"       # lf, crlf, cr
    bom: int = 0
    comments: int = 0     # comment lines between the events
    ids: int = 0          # id: and retry: lines
    pre: int = 0          # bytes of events without content before the first one with

    # What goes wrong.
    fail: str = ""        # hang, reset, close, error, badchunk, badutf8, nodone, nofinish, short, trailing, longline, deep
    at: str = ""          # before, headers, or the number of the event; mid is 2
    fails: int = 0        # flaky: so many times `code`, then good
    second: str = ""      # close: no answer to a connection's second request
    idle: float = -1.0    # closes the connection so long after the answer, though it promised to keep it
    mb: int = 100         # longline
    depth: int = 100_000  # deep


NAMES = {
    "status": {},
    "flaky": {"fails": 3, "code": 503},
    "hang": {"fail": "hang", "at": "before"},
    "reset": {"fail": "reset", "at": "before"},
    "close": {"fail": "close", "at": "before"},
    "error": {"fail": "error", "at": "0"},
    "error-mid": {"fail": "error", "at": "mid"},
    "error200": {"body": "json"},
    "cut": {"fail": "close", "at": "mid"},
    "short": {"fail": "close", "at": "mid", "framing": "length"},
    "eof-cut": {"fail": "close", "at": "mid", "framing": "eof"},
    "nodone": {"fail": "nodone"},
    "nofinish": {"fail": "nofinish"},
    "badchunk": {"fail": "badchunk", "at": "mid"},
    "badutf8": {"fail": "badutf8"},
    "trailing": {"fail": "trailing"},
    "longline": {"fail": "longline", "at": "0"},
    "deep": {"fail": "deep", "at": "0"},
    "html": {"body": "html"},
    "empty": {"body": "empty"},
    "gzip": {"gzip": 1},
    "hints": {"hints": 2000},
    "upgrade": {"code": 101, "body": "empty"},
    "bighead": {"head_kb": 256},
    "redirect": {"code": 302, "location": "http://169.254.169.254/latest/meta-data/", "body": "html"},
    "http10": {"http10": 1, "framing": "eof"},
    "once": {"idle": 0.05},
    "second-close": {"second": "close"},
    "drip": {"slice": 1},
    "big": {"n": 1, "piece": 300_000},
    "flood": {"n": 60_000, "piece": 900},
}
_TYPES = {field.name: type(field.default) for field in dataclasses.fields(Options)}


def behaviour(name="ok", **options):
    """behaviour("hang", at="mid"): for texts that hold commas, and for Mock.plan()."""
    known = {"code": int(name)} if name.isdigit() else NAMES.get(name, {})
    return Options(**{**known, **{key: _TYPES[key](value) for key, value in options.items()}})


def parse(text):
    name, *pairs = text.split(",") if "=" not in text.split(",")[0] else ("ok", *text.split(","))
    options = dict(pair.split("=", 1) for pair in pairs)
    unknown = set(options) - set(_TYPES)
    if unknown:
        raise ValueError(f"the mock knows no option {sorted(unknown)} ({text!r})")
    return behaviour(name.split("/")[-1], **options)


def names_a_behaviour(text):
    """A model's name that is one of ours; any other model simply answers."""
    name = text.split(",")[0].split("/")[-1]
    return name == "ok" or name in NAMES or (name.isdigit() and len(name) == 3) or "=" in text
