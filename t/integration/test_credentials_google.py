"""Google's tokens, made for the gateway: in the name of a service account, or by the metadata of a machine; and what they open,
Gemini, Claude and embeddings on Vertex."""
import json
import time

import pytest

from lib.bedrock import BedrockMock
from lib.client import post
from lib.dns import Dns
from lib.gateway import text_of
from lib.google import Google, said
from lib.json_provider import JsonProvider
from lib.minted import HELLO, chat, closing, log_lines, metadata, start  # noqa: F401
from lib.wait import wait_until


@pytest.fixture
def google(closing):
    return closing(Google())


def vertex(google, extra, format="vertex"):
    return f"ai_provider b {{ format {format}; url {google.url.removesuffix('/v1beta')}; location europe-west1; {extra} }}"


@pytest.mark.parametrize("stream", [False, True])
def test_a_service_account(nginx, metadata, google, tmp_path, stream):
    made = metadata()
    key = made.account(tmp_path / "account.json")
    ngx = start(nginx, {}, vertex(google, f"service_account file:{key};"), "target b gemini-2.5-flash;")
    for _ in range(2):
        google.plan([said({"text": HELLO}, finish="STOP")] if stream else said({"text": HELLO}, finish="STOP"))
        assert text_of(chat(ngx, stream=stream), stream=stream) == HELLO
    assert made.calls == [("POST", "/token")]
    path, headers, _ = google.requests[-1]
    action = "streamGenerateContent?alt=sse" if stream else "generateContent"
    assert path == f"/v1/projects/my-project/locations/europe-west1/publishers/google/models/gemini-2.5-flash:{action}"
    assert made.knows_bearer(headers["authorization"]) and "x-goog-api-key" not in headers


def test_claude_on_vertex_by_a_service_account(nginx, metadata, closing, tmp_path):
    made = metadata()
    key = made.account(tmp_path / "account.json")
    mock = closing(BedrockMock())
    mock.fault = lambda record: None if made.knows_bearer(record.headers["authorization"]) else (403, "no")
    conf = f"ai_provider b {{ format vertex-anthropic; url {mock.url}; project p; location l; service_account file:{key}; }}"
    ngx = start(nginx, {}, conf, "target b claude-sonnet-4-5@20250929;")
    assert text_of(chat(ngx)) == HELLO
    assert mock.last.path == "/v1/projects/p/locations/l/publishers/anthropic/models/claude-sonnet-4-5%4020250929:rawPredict"


def test_an_account_that_changes(nginx, metadata, google, tmp_path):
    """Within two seconds; what is no account is left alone."""
    made = metadata()
    key = made.account(tmp_path / "account.json")
    ngx = start(nginx, {}, vertex(google, f"service_account file:{key};"), "target b g;")
    google.plan(*[said({"text": HELLO}, finish="STOP")] * 400)
    assert chat(ngx).status == 200
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "bad.json").rename(key)

    def called():
        assert chat(ngx).status == 200
        return log_lines(ngx, "is no JSON object, what was read before stays in use")

    wait_until(called, timeout=8, what="the look at a bad file", step=0.2)
    made.account(key)
    before = len(made.bearers)

    def again():
        assert chat(ngx).status == 200
        return len(made.bearers) > before

    wait_until(again, timeout=8, what="a token of the new account", step=0.2)
    assert len(log_lines(ngx)) == 1


def test_tokens_are_made_anew(nginx, metadata, google, tmp_path):
    made = metadata(life=2)
    key = made.account(tmp_path / "account.json")
    ngx = start(nginx, {"GOOGLE_APPLICATION_CREDENTIALS": str(key)}, vertex(google, ""), "target b g;")
    google.plan(*[said({"text": HELLO}, finish="STOP")] * 400)
    end = time.monotonic() + 2.8
    while time.monotonic() < end:
        assert chat(ngx).status == 200
        assert made.knows_bearer(google.requests[-1][1]["authorization"])
        time.sleep(0.05)
    assert 3 <= len(made.bearers) <= 8


def test_googles_metadata(nginx, metadata, google):
    made = metadata()
    env = {"GCE_METADATA_HOST": made.url.removeprefix("http://")}
    ngx = start(nginx, env, vertex(google, "project p; credentials instance;"), "target b g;")
    google.plan(said({"text": HELLO}, finish="STOP"))
    assert text_of(chat(ngx)) == HELLO
    assert made.knows_bearer(google.requests[-1][1]["authorization"])


def test_a_token_endpoint_by_its_name_over_tls(nginx, metadata, google, closing, authority, tmp_path):
    made = metadata(tls=authority.cert("token.test"))
    key = made.account(tmp_path / "account.json", f"https://token.test:{made.port}/token")
    dns = closing(Dns(token_test=["127.0.0.1"]))
    google.plan(*[said({"text": HELLO}, finish="STOP")] * 2)
    conf = vertex(google, f"service_account file:{key};")
    ngx = start(nginx, {"SSL_CERT_FILE": str(authority.ca_file)}, conf, "target b g;", http=dns.directive)
    assert text_of(chat(ngx)) == HELLO
    assert dns.queries == ["token.test"] and made.calls == [("POST", "/token")]
    ngx = start(nginx, {}, conf, "target b g;", http=dns.directive)  # signed by nobody the system knows
    assert chat(ngx).status == 503 and len(made.calls) == 1
    assert len(log_lines(ngx, "[error]")) == 1


@pytest.mark.parametrize("name", ["nowhere.test", "silent.test"])
def test_a_token_endpoint_without_an_address(nginx, metadata, google, closing, tmp_path, name):
    key = metadata().account(tmp_path / "account.json", f"https://{name}/token")
    dns = closing(Dns(silent_test="drop"))
    ngx = start(nginx, {}, vertex(google, f"service_account file:{key};"), "target b g;", http=dns.directive)
    began = time.monotonic()
    assert chat(ngx).status == 503 and time.monotonic() - began < 4
    assert len(log_lines(ngx, "[error]", "could not be resolved")) == 1


def test_embeddings_on_vertex(nginx, metadata, closing, tmp_path):
    made = metadata()
    key = made.account(tmp_path / "account.json")
    base = "/v1/projects/my-project/locations/l/publishers/google/models/text-embedding-005:predict"
    told = {"predictions": [{"embeddings": {"values": [0.5, n], "statistics": {"token_count": 3, "truncated": False}}} for n in (1, 2)]}
    mock = closing(JsonProvider({base: lambda request: told}))
    conf = f"ai_provider b {{ format vertex; url {mock.url}; location l; service_account file:{key}; }}"
    ngx = start(nginx, {}, conf, "target b text-embedding-005;")
    answer = post(ngx.port, "/v1/embeddings", {"model": "m", "input": ["one", "two"], "dimensions": 2})
    assert [one["embedding"] for one in answer.json()["data"]] == [[0.5, 1], [0.5, 2]] and answer.json()["usage"]["prompt_tokens"] == 6
    assert mock.last.json == {"instances": [{"content": "one"}, {"content": "two"}],
                              "parameters": {"autoTruncate": False, "outputDimensionality": 2}}
    assert made.knows_bearer(mock.last.headers["authorization"])


def test_accounts_that_are_none(check_config, metadata, tmp_path):
    key = metadata().account(tmp_path / "account.json")
    whole = json.loads(key.read_text())
    for text, wrong in [("{", "is no JSON object"), (json.dumps({**whole, "private_key": "hunter2"}), "that is no RSA key in PEM"),
                        (json.dumps({**whole, "token_uri": "http://hunter2.example"}), 'has a "token_uri" that must be https'),
                        (json.dumps({"type": "authorized_user"}), 'is of the type "authorized_user"')]:
        key.write_text(text)
        done = check_config(http=f"ai_provider g {{ format vertex; location l; service_account file:{key}; }}")
        assert done.returncode != 0 and f'service account file "{key}"' in done.stderr and wrong in done.stderr
        assert "hunter2" not in done.stderr
