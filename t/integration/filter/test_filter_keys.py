"""ai_filter with ai_auth: who may pass, that the key stays here, and which models a key may use."""
import pytest

from lib.client import get, post, request_bytes, Connection
from lib.filtered import PATHS, ask, body, filtered

BOTH = pytest.mark.parametrize("dialect", ["openai", "anthropic"])


@pytest.fixture
def closed(nginx, mock, keys):
    """(nginx, an allowed key, a key for llama-* only)"""
    def make(location="", **parts):
        key = keys.add("one", team="team-a", user="ann", tags={"eu": "1"})
        narrow = keys.add("narrow", models=["llama-*"])
        return filtered(nginx, mock, "auto", "keys", location, keys=keys, **parts), key, narrow

    return make


@BOTH
def test_without_a_key_nobody_passes(closed, mock, dialect):
    ngx, key, _ = closed()
    for wrong in (None, "sk-aigw-wrong"):
        answer = ask(ngx, dialect, key=wrong)
        assert answer.status == 401 and answer.headers["www-authenticate"] == "Bearer"
        error = answer.json()
        assert error["error"]["type"] == "authentication_error" and (error.get("type") == "error") == (dialect == "anthropic")
    assert not mock.requests
    assert ask(ngx, dialect, key=key).status == 200
    entry = ngx.access(3)[-1]
    assert (entry["ai_key_id"], entry["ai_team"], entry["ai_user"]) == ("one", "team-a", "ann")
    text = ngx.metrics()
    assert 'aigw_requests_total{model="other",provider="other",team="other",status="401"} 2' in text
    assert 'aigw_tokens_total{model="other",provider="mocks",team="team-a",kind="prompt"} 21' in text


@pytest.mark.parametrize("name", ["Authorization", "x-api-key", "api-key", "X-Goog-Api-Key"])
def test_the_key_is_taken_out(closed, mock, name):
    ngx, key, _ = closed()
    value = f"Bearer {key}" if name == "Authorization" else key
    answer = ask(ngx, headers={name: value, "x-before": "1", "anthropic-beta": "x"})
    assert answer.status == 200
    assert name.lower() not in mock.last.headers and key not in str(mock.last.header_list)
    assert mock.last.headers["x-before"] == "1" and mock.last.headers["anthropic-beta"] == "x"


def test_the_key_in_several_headers_is_taken_out_of_all(closed, mock):
    ngx, key, _ = closed()
    ask(ngx, headers={"Authorization": f"Bearer {key}", "x-api-key": key, "x-last": "1"})
    assert key not in str(mock.last.header_list) and mock.last.headers["x-last"] == "1"


def test_what_is_no_key_stays(nginx, mock):
    ngx = filtered(nginx, mock)
    ask(ngx, headers={"Authorization": "Bearer mine", "x-api-key": "mine"})
    assert mock.last.headers["authorization"] == "Bearer mine" and mock.last.headers["x-api-key"] == "mine"


def test_basic_credentials_stay(closed, mock):
    ngx, key, _ = closed()
    ask(ngx, headers={"Authorization": "Basic eDp5", "x-api-key": key})
    assert mock.last.headers["authorization"] == "Basic eDp5" and "x-api-key" not in mock.last.headers


@pytest.mark.parametrize("set_header,expected", [
    ("Authorization $http_authorization", "Bearer {key}"), ('Authorization "Bearer of-the-server"', "Bearer of-the-server"),
    ("Authorization $kept", "Bearer {key}")])
def test_proxy_set_header_names_it(closed, mock, set_header, expected):
    ngx, key, _ = closed(f"proxy_set_header {set_header};", http="map $http_authorization $kept { default $http_authorization; }")
    ask(ngx, key=key)
    assert mock.last.headers["authorization"] == expected.format(key=key)
    assert [name.lower() for name, _ in mock.last.header_list].count("authorization") == 1


def test_many_headers_keep_their_order(closed, mock):
    """More than core's first block of headers holds."""
    ngx, key, _ = closed()
    headers = {f"x-{i}": str(i) for i in range(60)}
    ask(ngx, headers=dict(list(headers.items())[:30]) | {"x-api-key": key} | dict(list(headers.items())[30:]))
    assert [value for name, value in mock.last.header_list if name.startswith("x-")] == [str(i) for i in range(60)]


@BOTH
def test_models_of_a_key(closed, mock, dialect):
    ngx, _, narrow = closed()
    refused = ask(ngx, dialect, "gpt-4", key=narrow)
    assert refused.status == 403 and refused.json()["error"]["type"] == "permission_error"
    assert "gpt-4" in refused.json()["error"]["message"]
    assert not mock.requests
    assert ask(ngx, dialect, "llama-3", key=narrow).status == 200
    entries = ngx.access(2)
    assert [entry["ai_error"] for entry in entries] == ["model_not_allowed", ""]


@pytest.mark.parametrize("path,payload,headers", [
    ("/v1/embeddings", b'{"input":"x"}', {}), ("/v1/embeddings", b'{"model":"gpt","input":"x"}', {}),
    ("/v1/audio/transcriptions", b"--x", {"Content-Type": "multipart/form-data; boundary=x"}), ("/v1/any", b"{", {})])
def test_what_cannot_be_judged_is_refused(closed, mock, path, payload, headers):
    ngx, key, narrow = closed()
    assert post(ngx.port, path, payload, headers, narrow).status == 403
    assert not mock.requests
    assert post(ngx.port, path, payload, headers, key).status != 403
    assert get(ngx.port, "/v1/models", key=narrow).status != 403


def test_subrequests_do_not_pass_a_key(closed, mock):
    """Core runs no access phase for them."""
    ngx, _, _ = closed(server='location /page { ssi on; ssi_types *; default_type text/html; return 200 "[<!--# include virtual=\\"/v1/models\\" -->]"; }')
    answer = get(ngx.port, "/page")
    assert b"403" in answer.body and not mock.requests


def test_if_and_limit_except_ask_for_the_key_too(closed, mock):
    ngx, key, _ = closed('if ($http_x_other) { proxy_pass http://mocks; } limit_except POST { deny all; }')
    assert ask(ngx, headers={"x-other": "1"}).status == 401
    assert get(ngx.port, "/v1/models").status in (401, 403)
    assert not mock.requests
    assert ask(ngx, headers={"x-other": "1"}, key=key).status == 200
    assert ngx.access(3)[-1]["ai_prompt_tokens"] == "21"


def test_satisfy_any(closed, mock):
    ngx, key, _ = closed("satisfy any; allow 127.0.0.1; deny all;")
    assert ask(ngx).status == 200
    assert ask(ngx, key=key).status == 200
    assert [entry["ai_key_id"] for entry in ngx.access(2)] == ["", "one"]


def test_another_location_after_an_error_asks_again(closed, mock):
    """The hidden key is still the caller's."""
    ngx, key, _ = closed("proxy_intercept_errors on; error_page 503 = @second;", server=f"""
        location @second {{ proxy_pass http://mocks; ai_filter openai; ai_auth keys; proxy_set_header x-second 1; }}""")
    mock.plan("503", "ok")
    answer = ask(ngx, key=key, stream=True)
    assert answer.status == 200
    first, second = mock.requests
    assert second.headers["x-second"] == "1" and "authorization" not in second.headers
    assert second.json["stream_options"] == {"include_usage": True}
    # The usage was not the caller's wish, whoever asked for it first.
    assert b'"usage"' not in answer.body
    entry = ngx.access(1)[0]
    assert entry["ai_key_id"] == "one" and entry["ai_prompt_tokens"] == "21" and entry["ai_attempts"] == "2"


def test_a_fallback_without_the_filter_is_counted_too(closed, mock):
    ngx, key, _ = closed("proxy_intercept_errors on; error_page 503 = @second;", server=f"""
        location @second {{ proxy_pass http://mocks; }}""")
    mock.plan("503", "ok")
    answer = ask(ngx, key=key, stream=True)
    assert answer.status == 200 and b'"usage"' not in answer.body
    assert "authorization" not in mock.last.headers
    assert ngx.access(1)[0]["ai_prompt_tokens"] == "21"


def test_keep_alive_callers(closed, mock):
    """Nothing of one request is left for the next on its connection."""
    ngx, key, narrow = closed()
    connection = Connection(ngx.port)
    for wanted, credential, stream in [(200, key, True), (401, "wrong", False), (403, narrow, False), (200, key, False), (200, key, True)]:
        connection.send(request_bytes("POST", PATHS["openai"], body(stream=stream), key=credential))
        assert connection.read_answer().status == wanted
    assert [entry["ai_key_id"] for entry in ngx.access(5)] == ["one", "", "narrow", "one", "one"]
