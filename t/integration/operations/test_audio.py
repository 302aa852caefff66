"""audio/transcriptions and audio/translations, by OpenAI's SDK: forms that pass, but for the model."""
import io
import json
import struct

import httpx
import openai
import pytest

from lib.json_provider import JsonProvider
from lib.keys import KeyFile

pytestmark = pytest.mark.asan

SOUND = bytes(range(256)) * 1000  # 16 seconds, by its size
USAGE = {"type": "tokens", "input_tokens": 14, "output_tokens": 45, "total_tokens": 59}


def event(**members):
    return b"data: " + json.dumps(members).encode() + b"\n\n"


EVENTS = (event(type="transcript.text.delta", delta="Hel"), event(type="transcript.text.delta", delta="lo"),
          event(type="transcript.text.done", text="Hello", usage=USAGE))
SRT = b"1\n00:00:00,000 --> 00:00:01,000\nHello\n\n"

# By the model at the provider: what it answers.
SAYS = {
    "gpt-4o-transcribe": {"text": "Hello", "usage": USAGE},
    "whisper-1": {"text": "Hello", "usage": {"type": "duration", "seconds": 9}},
    "verbose": {"task": "transcribe", "language": "english", "duration": "8.47", "text": "Hello", "segments": []},
    "groq": {"text": "Hello", "x_groq": {"id": "req_1"}},
    "voxtral": {"model": "voxtral", "text": "Hello", "language": None, "segments": [],
                "usage": {"prompt_audio_seconds": 203, "prompt_tokens": 4, "completion_tokens": 635, "total_tokens": 3264}},
    "events": (200, "text/event-stream; charset=utf-8", b"".join(EVENTS)),
    "voxtral-events": (200, "text/event-stream", event(type="transcription.text.delta", text="Hello") + event(
        type="transcription.done", model="v", text="Hello", usage={"prompt_tokens": 4, "completion_tokens": 6, "total_tokens": 20})),
    "no-usage": (200, "text/event-stream", b"".join(EVENTS[:2]) + b"data: [DONE]\n\n"),
    "srt": (200, "text/plain; charset=utf-8", SRT),
    "error-event": (200, "text/event-stream", event(error={"message": "busy", "type": "server_error"})),
    "error-later": (200, "text/event-stream", EVENTS[0] + event(error={"message": "busy", "type": "server_error"})),
    "empty": (200, "text/plain", b""),
    "odd": {"hello": 1},
    "down": (503, {"error": {"message": "down"}}),
    "bad": (400, {"error": {"message": "Invalid file format.", "type": "invalid_request_error", "code": "bad_format"}}),
}


def form_of(request):
    """{name: value} of a form."""
    boundary = request.headers["content-type"].split("boundary=")[1].strip('"').encode()
    assert int(request.headers["content-length"]) == len(request.body)
    parts = {}
    for part in request.body.split(b"--" + boundary)[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        parts[head.split(b'name="')[1].split(b'"')[0].decode()] = value[:-2]
    return parts


def answer(request):
    return SAYS[form_of(request)["model"].decode()]


ANSWERS = {"/v1/audio/transcriptions": answer, "/v1/audio/translations": answer,
           "/openai/deployments/whisper/audio/transcriptions": lambda request: SAYS["whisper-1"]}
HTTP = """
    ai_keys %KEYS%;
    ai_provider one   { format openai; url %URL%/v1; key env:UPSTREAM; timeout first=3s; }
    ai_provider azure { format azure; url %URL%/openai; api_version 2024-06-01; key env:UPSTREAM; }
    ai_provider claude { format anthropic; url %URL%/v1; key env:UPSTREAM; }
    ai_model *       { target one *; }
    ai_model moves   { target one down; target claude x; target one error-event; target one whisper-1; }
    ai_model azure   { target azure whisper; }
    ai_model claude  { target claude x; }
"""
SERVER = """
    location /v1/ { ai_gateway; ai_auth keys; }
    location /forced/v1/ { ai_gateway prefix=/forced/ model=gpt-4o-transcribe; ai_auth keys; }
    location /guarded/v1/ { ai_gateway prefix=/guarded/; ai_auth keys; ai_guardrail both mask email; }
    location /limited/v1/ { ai_gateway prefix=/limited/; ai_auth keys; ai_token_limit $ai_key_id 400/h; }
"""
LOGGED = ("ai_units", "ai_unit", "ai_prompt_tokens", "ai_completion_tokens", "ai_usage_source", "ai_attempts", "ai_provider", "ai_model",
          "ai_upstream_model", "ai_key_id", "ai_stream", "ai_stream_end", "ai_error")


@pytest.fixture
def provider():
    provider = JsonProvider(ANSWERS)
    yield provider
    provider.close()


@pytest.fixture
def gateway(nginx, provider, tmp_path):
    keys = KeyFile(tmp_path / "keys.json")
    key, narrow = keys.add("key-one", team="team-a"), keys.add("narrow", models=["gpt-*"])
    http = HTTP.replace("%KEYS%", str(keys.path)).replace("%URL%", provider.url)
    made = nginx(main="env UPSTREAM;", env={"UPSTREAM": "upstream-secret"}, http=http + "client_max_body_size 32m;", server=SERVER, log_variables=LOGGED)
    made.key, made.narrow = key, narrow
    made.base = f"http://127.0.0.1:{made.port}"
    return made


def client(gateway, prefix="/v1", key=None):
    return openai.OpenAI(base_url=gateway.base + prefix, api_key=key or gateway.key, max_retries=0)


def file(data=SOUND):
    return ("speech.mp3", io.BytesIO(data))


def logged(gateway, **expected):
    entry = gateway.access(1)[-1]
    assert {name: entry[name] for name in expected} == expected


@pytest.mark.parametrize("model, units, unit, prompt, source", [
    ("gpt-4o-transcribe", "59", "tokens", "14", "provider"), ("whisper-1", "9", "seconds", "160", "estimated"),
    ("verbose", "9", "seconds", "160", "estimated"), ("groq", "16", "seconds", "160", "estimated"),
    ("voxtral", "3264", "tokens", "2629", "provider")])
def test_json(gateway, provider, model, units, unit, prompt, source):
    made = client(gateway).audio.transcriptions.create(model=model, file=file(), language="en", temperature=0.5, prompt="Grüße",
                                                       timestamp_granularities=["word", "segment"])
    assert made.text == "Hello"
    form = form_of(provider.last)
    assert form["file"] == SOUND and form["model"].decode() == model and form["prompt"].decode() == "Grüße"
    assert provider.last.headers["authorization"] == "Bearer upstream-secret"
    logged(gateway, ai_units=units, ai_unit=unit, ai_prompt_tokens=prompt, ai_usage_source=source, ai_model=model, ai_attempts="1", ai_key_id="key-one")
    assert f'kind="prompt"}} {prompt}' in gateway.metrics()


def test_answers_pass_byte_for_byte(gateway):
    raw = client(gateway).audio.transcriptions.with_raw_response.create(model="voxtral", file=file())
    assert json.loads(raw.http_response.content) == SAYS["voxtral"] and raw.headers["content-type"] == "application/json"
    said = client(gateway).audio.transcriptions.create(model="srt", file=file(), response_format="srt")
    assert said.encode() == SRT
    logged(gateway, ai_units="16", ai_unit="seconds", ai_usage_source="estimated")


@pytest.mark.parametrize("model, units, unit", [("events", "59", "tokens"), ("no-usage", "16", "seconds")])
def test_events(gateway, model, units, unit):
    got = list(client(gateway).audio.transcriptions.create(model=model, file=file(), stream=True))
    assert "".join(one.delta for one in got if one.type == "transcript.text.delta") == "Hello"
    logged(gateway, ai_units=units, ai_unit=unit, ai_stream="1", ai_stream_end="done")


def test_voxtrals_events(gateway):
    list(client(gateway).audio.transcriptions.create(model="voxtral-events", file=file(), stream=True))
    logged(gateway, ai_units="20", ai_unit="tokens", ai_prompt_tokens="14", ai_completion_tokens="6")


def test_an_error_event_before_anything_was_told(gateway):
    for model in ("error-event", "error-later"):
        with pytest.raises(openai.InternalServerError):
            list(client(gateway).audio.transcriptions.create(model=model, file=file(), stream=True))
        logged(gateway, ai_units="", ai_error="upstream_error")


def test_translations(gateway, provider):
    assert client(gateway).audio.translations.create(model="whisper-1", file=file()).text == "Hello"
    assert provider.last.path == "/v1/audio/translations"


def test_azures_deployments(gateway, provider):
    assert client(gateway).audio.transcriptions.create(model="azure", file=file()).text == "Hello"
    assert provider.last.path == "/openai/deployments/whisper/audio/transcriptions?api-version=2024-06-01"
    assert provider.last.headers["api-key"] == "upstream-secret" and form_of(provider.last)["model"] == b"whisper"


def test_the_next_target_answers(gateway, provider):
    """Past one that is down, one that has no ears, and one whose first event is an error."""
    assert client(gateway).audio.transcriptions.create(model="moves", file=file(), stream=True) is not None
    assert [form_of(request)["model"].decode() for request in provider.requests] == ["down", "error-event", "whisper-1"]
    assert form_of(provider.last)["file"] == SOUND
    logged(gateway, ai_attempts="3", ai_units="9")


def test_the_location_names_the_model(gateway, provider):
    got = httpx.post(gateway.base + "/forced/v1/audio/transcriptions", files={"file": ("a.mp3", SOUND)},
                     headers={"authorization": f"Bearer {gateway.key}"}, trust_env=False)
    assert got.status_code == 200, got.text
    assert form_of(provider.last) == {"model": b"gpt-4o-transcribe", "file": SOUND}


@pytest.mark.parametrize("size", [1, 300_000, 6_000_000])
def test_files_of_all_sizes(gateway, provider, size):
    """In memory and in a temporary file."""
    data = (SOUND * (size // len(SOUND) + 1))[:size]
    client(gateway).audio.transcriptions.create(model="groq", file=file(data))
    assert form_of(provider.last)["file"] == data
    logged(gateway, ai_units=str(max(1, -(-size // 16000))))


def test_wav_files_say_how_long_they_are(gateway):
    wav = b"RIFF" + struct.pack("<I", 36 + 96000) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 16000, 32000, 2, 16) + b"data" + struct.pack("<I", 96000) + bytes(96000)
    client(gateway).audio.transcriptions.create(model="groq", file=file(wav))
    logged(gateway, ai_units="3", ai_unit="seconds", ai_prompt_tokens="30")


def test_errors_of_the_provider(gateway, provider):
    with pytest.raises(openai.BadRequestError, match="Invalid file format"):
        client(gateway).audio.transcriptions.create(model="bad", file=file())
    for model in ("down", "odd", "empty"):
        with pytest.raises(openai.InternalServerError):
            client(gateway).audio.transcriptions.create(model=model, file=file(), response_format="text" if model == "empty" else "json")


def ask(gateway, path="/v1/audio/transcriptions", key=None, **parts):
    return httpx.post(gateway.base + path, headers={"authorization": f"Bearer {key or gateway.key}"}, trust_env=False, **parts)


FILE = {"file": ("a.mp3", b"sound")}


@pytest.mark.parametrize("parts, param", [
    ({"json": {"model": "m"}}, None), ({"data": {"model": "m"}, "files": {"other": ("a", b"b")}}, "file"), ({"files": FILE}, "model"),
    ({"data": {"model": "m"}, "files": {"file": ("a.mp3", b"")}}, "file"), ({"data": {"model": ["m", "n"]}, "files": FILE}, "model"),
    ({"data": {"model": "a\nb"}, "files": FILE}, "model"), ({"data": {"model": ""}, "files": FILE}, "model"),
    ({"files": FILE | {"model": ("name", b"m")}}, "model"), ({"data": {"model": "m" * 2000}, "files": FILE}, "model")])
def test_bad_forms(gateway, provider, parts, param):
    got = ask(gateway, **parts)
    assert got.status_code == 400 and got.json()["error"]["param"] == param, got.text
    assert not provider.requests


def test_nobody_hides_a_model(gateway, provider):
    """What another reader might take for a delimiter is refused."""
    for line in ("\n", "\r", ""):
        body = (f"--xyz\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\ngpt-4o-transcribe\r\n--xyz\r\nContent-Disposition: form-data; "
                f"name=\"file\"; filename=\"a\"\r\n\r\nsound{line}--xyz\nContent-Disposition: form-data; name=\"model\"\n\nsecret\n\r\n--xyz--\r\n")
        got = httpx.post(
            gateway.base + "/v1/audio/transcriptions", content=body.encode(), trust_env=False, headers={
                "authorization": f"Bearer {gateway.narrow}", "content-type": "multipart/form-data; boundary=xyz"})
        assert got.status_code == 400
    assert not provider.requests


def test_keys_models_and_guardrails(gateway, provider):
    good = {"data": {"model": "groq"}, "files": FILE}
    assert ask(gateway, key="wrong", **good).status_code == 401
    assert ask(gateway, key=gateway.narrow, **good).json()["error"]["code"] == "model_not_allowed"
    assert ask(gateway, "/guarded/v1/audio/transcriptions", **good).json()["error"]["code"] == "guardrail"
    assert ask(gateway, "/v1/audio/transcriptions/x", **good).status_code == 404
    assert ask(gateway, data={"model": "claude"}, files=FILE).json()["error"]["code"] == "unsupported_value"
    assert not provider.requests


def test_limits(gateway, provider):
    """A second counts as ten tokens until the provider says otherwise."""
    def status(data, model="gpt-4o-transcribe"):
        return ask(gateway, "/limited/v1/audio/transcriptions", data={"model": model}, files={"file": ("a.mp3", data)}).status_code

    assert status(SOUND) == 200      # 160 reserved, 59 used
    assert status(SOUND, "groq") == 200  # 160
    assert status(SOUND * 2) == 429  # 320 of 181
    assert status(SOUND) == 200
    assert len(provider.requests) == 3
