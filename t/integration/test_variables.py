"""What the variables say, in log_format, map, limit_req, if and headers, in each phase, after internal redirects, and that
one request is one line and one count."""
import json
import re

import httpx
import pytest

from lib.chat_gateway import KINDS
from lib.client import Connection, get, open_post, post, request_bytes
from lib.nginx import AI_VARIABLES
from lib.wait import wait_until

pytestmark = pytest.mark.asan
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
METADATA = ["ai_tag_eu", "ai_tag_none", "ai_metadata_task_type", "ai_metadata_n", "ai_metadata_flag", "ai_metadata_deep", "ai_metadata_from"]
BODY = ["ai_input_tokens", "ai_message_count", "ai_has_tools", "ai_has_images", "ai_max_tokens"]
ALL = [*AI_VARIABLES, *BODY, *METADATA]
LATE = set(ALL) - {"ai_key_id", "ai_team", "ai_user", "ai_project", "ai_env", "ai_tag_eu"}


@pytest.fixture
def gateway(gateway):
    return lambda **parts: gateway(**{"variables": ALL, **parts})


def chat(model="openai/ok", **members):
    return {"model": model, "messages": [{"role": "user", "content": "Hi"}], **members}


def ask(made, body, path=CHAT, headers=None, key=None):
    return post(made.nginx.port, path, body, headers, made.key if key is None else key)


def is_seconds(text):
    return re.fullmatch(r"\d+\.\d{3}", text) is not None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", [CHAT, MESSAGES])
@pytest.mark.parametrize("stream", [False, True])
def test_a_whole_line(gateway, kind, path, stream):
    made = gateway()
    answer = ask(made, chat(f"{kind}/ok,cached=5,gap=0.02", stream=stream, max_tokens=99), path)
    assert answer.status == 200 and answer.whole
    entry = made.nginx.access(1)[0]
    expected = {
        "ai_key_id": "key-one", "ai_team": "team-a", "ai_user": "ann", "ai_project": "apollo", "ai_env": "prod", "ai_tag_eu": "1",
        "ai_tag_none": "", "ai_model": f"{kind}/ok,cached=5,gap=0.02", "ai_stream": "01"[stream], "ai_message_count": "1",
        "ai_has_tools": "0", "ai_has_images": "0", "ai_max_tokens": "99", "ai_provider": kind,
        "ai_upstream_model": "ok,cached=5,gap=0.02", "ai_attempts": "1", "ai_prompt_tokens": "21", "ai_completion_tokens": "7",
        "ai_cached_tokens": "5", "ai_reasoning_tokens": "0", "ai_total_tokens": "28", "ai_usage_source": "provider",
        "ai_finish_reason": "stop", "ai_stream_end": "done" if stream else "", "ai_error": "", "ai_metadata_n": "",
        "upstream_status": "200", "status": "200"}
    assert {name: entry[name] for name in expected} == expected
    assert 1 <= int(entry["ai_input_tokens"]) < 50
    assert is_seconds(entry["ai_ttft"]) and is_seconds(entry["ai_overhead_time"]) and is_seconds(entry["ai_tpot"] or "0.000")
    assert 0 < float(entry["ai_ttft"]) <= float(entry["request_time"]) + 0.01 and float(entry["ai_overhead_time"]) < 0.5
    assert (entry["ai_tpot"] != "") == stream
    if stream:
        assert 0.005 < float(entry["ai_tpot"]) < 0.2


def test_what_did_not_happen_is_a_dash(gateway):
    made = gateway(http="log_format plain '" + " ".join(f"${name}" for name in ALL) + "'; access_log logs/plain.log plain;")
    assert post(made.nginx.port, CHAT, chat()).status == 401
    log = made.nginx.prefix / "logs" / "plain.log"
    wait_until(lambda: log.read_text().endswith("\n"), what="the log line")
    values = dict(zip(ALL, log.read_text().split(" ")))
    assert {k: v.strip() for k, v in values.items() if v.strip() != "-"} == {"ai_attempts": "0", "ai_error": "invalid_api_key"}


def test_outside_of_a_gateway(gateway):
    made = gateway(server="location /plain { return 200 'x$ai_team|$ai_model|$ai_attempts|$ai_metadata_a|$ai_tag_eu|$ai_error'; }")
    assert get(made.nginx.port, "/plain", key=made.key).body == b"x|||||"
    entry = made.nginx.access(1)[0]
    assert [entry[name] for name in ALL] == [""] * len(ALL)


def test_body_variables(gateway):
    made = gateway()
    parts = [{"type": "text", "text": "x"}, {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]
    body = {"model": "openai/ok", "max_completion_tokens": 12, "max_tokens": 7, "tools": tools,
            "messages": [{"role": "system", "content": "a"}, {"role": "user", "content": parts}]}
    assert ask(made, body).status == 200
    entry = made.nginx.access(1)[0]
    assert [entry[name] for name in BODY[1:]] == ["2", "1", "1", "12"]


def test_metadata(gateway):
    made = gateway()
    body = chat(metadata={"task_type": "classification", "n": 4.50, "flag": True, "deep": {"x": 1}})
    ask(made, body, headers={"x-aigw-meta-task-type": "other", "X-AIGW-Meta-From": "header", "x-aigw-meta-n": "9"})
    ask(made, chat(metadata={"Task-Type": "folded", "n": None, "flag": False}), headers={"x-aigw-meta-n": "9"})
    ask(made, chat(metadata="nothing"), headers={"x-aigw-meta-task-type": "code"})
    names = ["ai_metadata_task_type", "ai_metadata_n", "ai_metadata_flag", "ai_metadata_deep", "ai_metadata_from"]
    first, second, third = ([entry[name] for name in names] for entry in made.nginx.access(3))
    assert first == ["classification", "4.5", "true", "", "header"] or first == ["classification", "4.50", "true", "", "header"]
    assert second == ["folded", "9", "false", "", ""]
    assert third == ["code", "", "", "", ""]


@pytest.mark.parametrize("stream", [False, True])
def test_control_characters_are_harmless(gateway, stream):
    made = gateway(http="log_format plain escape=none '$ai_model $ai_metadata_n'; access_log logs/plain.log plain;",
                   location="add_header X-Meta $ai_metadata_n always; add_header X-Model $ai_model always;")
    name = "openai/ok\r\nSet-Cookie: a b\x00\x1b[31m\x7f"
    answer = ask(made, chat(name, stream=stream, metadata={"n": "1\n2 é\t\"x\""}))
    assert answer.status == 200 and "set-cookie" not in answer.headers
    assert answer.headers["x-meta"].encode("latin-1").decode() == "1%0A2 é%09\"x\""
    assert answer.headers["x-model"] == answer.headers["x-aigw-model"].replace("ok", "openai/ok", 1)
    entry = made.nginx.access(1)[0]
    assert entry["ai_model"] == "openai/ok%0D%0ASet-Cookie: a b%00%1B[31m%7F" and entry["ai_metadata_n"] == "1%0A2 é%09\"x\""
    log = made.nginx.prefix / "logs" / "plain.log"
    wait_until(lambda: log.read_text().endswith("\n"), what="the other log's line")
    assert len(log.read_text().splitlines()) == 1


def test_long_values_are_cut(gateway):
    made = gateway()
    ask(made, chat("openai/" + "x" * 5000, metadata={"n": "é" * 5000}))
    entry = made.nginx.access(1)[0]
    assert entry["ai_model"] == "openai/" + "x" * 1017 and entry["ai_metadata_n"] == "é" * 512


def test_early_phases(gateway):
    """The key's variables work from the first phase on, the body's are not there yet and don't stay empty for that."""
    made = gateway(server="set $early_team $ai_team; set $early_model $ai_model; ",
                   location="set $team $ai_team; set $model $ai_model; if ($ai_env = staging) { return 418; } "
                            "add_header X-Early '$early_team,$early_model,$team,$model,$ai_team,$ai_model' always;")
    assert ask(made, chat()).headers["x-early"] == ",,team-a,,team-a,openai/ok"
    other = made.keys.add("key-two", team="team-b", env="staging")
    wait_until(lambda: ask(made, chat(), key=other).status == 418, what="the new key")


def test_server_level_auth_and_early_use(gateway):
    made = gateway(server="ai_auth keys; set $early $ai_team; ", location="add_header X-Early $early always;")
    assert ask(made, chat()).headers["x-early"] == "team-a"


def test_an_early_look_lets_nobody_in(gateway):
    """The server asks for no key, and its rewrite phase has looked at the caller: the location still asks."""
    made = gateway(server="ai_auth off; set $early $ai_team; ")
    assert post(made.nginx.port, CHAT, chat()).status == 401
    assert post(made.nginx.port, CHAT, chat(), key="sk-aigw-wrong").status == 401
    assert ask(made, chat()).status == 200
    assert [entry["ai_team"] for entry in made.nginx.access(3)] == ["", "", "team-a"]


def test_map(gateway):
    made = gateway(http="map $ai_team $cap { default small; team-a large; } "
                        "map $ai_model $class { volatile; default none; ~^anthropic/ theirs; ~^openai/ ours; }",
                   location="add_header X-Map '$cap $class' always; set $before $class;")
    assert ask(made, chat("anthropic/ok")).headers["x-map"] == "large theirs"
    assert ask(made, chat("openai/ok")).headers["x-map"] == "large ours"
    assert post(made.nginx.port, CHAT, chat()).headers["x-map"] == "small none"


def test_limit_req_and_conn_by_key(gateway):
    made = gateway(http="limit_req_zone $ai_team zone=t:1m rate=1r/m; limit_req_status 429;", location="limit_req zone=t burst=1 nodelay;")
    other = made.keys.add("key-two", team="team-b")
    assert [ask(made, chat()).status for _ in range(4)] == [200, 200, 429, 429]
    wait_until(lambda: ask(made, chat(), key=other).status == 200, what="the new key")
    refused = [entry for entry in made.nginx.access() if entry["status"] == "429"]
    assert {(entry["ai_team"], entry["ai_error"]) for entry in refused} == {("team-a", "request_limit")}


@pytest.mark.parametrize("way", ["rewrite", "try_files", "error_page", "named"])
def test_after_internal_redirects(gateway, way):
    made = gateway(server="""
        location /rewrite/ { rewrite ^/rewrite/(.*)$ /v1/$1 last; }
        location /try_files/ { try_files /none /v1/chat/completions; }
        location /error_page/ { error_page 418 = /inner/chat/completions; return 418; }
        location /named/ { try_files /none @named; }
        location /inner/ { ai_gateway; ai_auth keys; }
        location @named { ai_gateway prefix=/named/; ai_auth keys; }""")
    method = "GET" if way == "error_page" else "POST"  # core makes a GET of it
    with Connection(made.nginx.port) as connection:
        connection.send(request_bytes(method, f"/{way}/chat/completions", chat() if method == "POST" else b"", key=made.key))
        answer = connection.read_answer(method)
    entry = made.nginx.access(1)[0]
    if way == "error_page":
        assert answer.status == 405 and (entry["ai_team"], entry["ai_error"], entry["ai_attempts"]) == ("team-a", "method_not_allowed", "0")
        return
    assert answer.status == 200
    assert (entry["ai_team"], entry["ai_model"], entry["ai_provider"], entry["ai_total_tokens"]) == ("team-a", "openai/ok", "openai", "28")


def test_after_error_page(gateway):
    """The location that answers at last is another one; the line still tells the exchange."""
    made = gateway(location="error_page 502 /sorry; error_page 401 /login;",
                   server="location /sorry { return 200 'sorry $ai_model $ai_error'; } location /login { return 200 'login $ai_error'; }")
    assert ask(made, chat("openai/500")).body == b"sorry openai/500 upstream_error"
    post(made.nginx.port, CHAT, chat())
    first, second = made.nginx.access(2)
    assert [first[n] for n in ("ai_team", "ai_provider", "ai_attempts", "ai_error")] == ["team-a", "openai", "1", "upstream_error"]
    assert [second[n] for n in ("ai_team", "ai_provider", "ai_attempts")] == ["", "", "0"]


def test_failover_is_listed(gateway):
    made = gateway(http="ai_model both { target openai 503; target anthropic ok; } ai_model none { target openai 500; target anthropic 500; }")
    answer = ask(made, chat("both", stream=True))
    assert answer.status == 200 and answer.headers["x-aigw-attempts"] == "2"
    ask(made, chat("none"))
    first, second = made.nginx.access(2)
    names = ("ai_model", "ai_provider", "ai_upstream_model", "ai_attempts", "ai_error", "upstream_status", "ai_prompt_tokens")
    assert [first[n] for n in names] == ["both", "anthropic", "ok", "2", "", "503 : 200", "21"]
    assert [second[n] for n in names] == ["none", "anthropic", "500", "2", "upstream_error", "500 : 500", ""]
    assert (second["ai_usage_source"], second["ai_ttft"], second["ai_finish_reason"]) == ("", "", "")


def test_estimated_usage(gateway):
    made = gateway()
    ask(made, chat("openai/ok,usage=none"))
    entry = made.nginx.access(1)[0]
    assert entry["ai_usage_source"] == "estimated" and entry["ai_cached_tokens"] == entry["ai_reasoning_tokens"] == ""
    assert int(entry["ai_total_tokens"]) == int(entry["ai_prompt_tokens"]) + int(entry["ai_completion_tokens"])
    assert entry["ai_prompt_tokens"] == entry["ai_input_tokens"] and 2 <= int(entry["ai_completion_tokens"]) <= 20


def test_dropped(gateway):
    made = gateway()
    answer = ask(made, chat("anthropic/ok", seed=1, temperature=1.7))
    assert made.nginx.access(1)[0]["ai_dropped"].split(",") == answer.headers["x-aigw-dropped"].split(", ")
    assert "seed" in answer.headers["x-aigw-dropped"]


@pytest.mark.parametrize("kind", KINDS)
def test_how_streams_end(gateway, kind):
    made = gateway(http=f"ai_provider slow {{ format {kind}; url %{kind.upper()}%; key env:UPSTREAM_KEY; timeout idle=300ms; }} "
                        "ai_model slow { target slow hang,at=4; }")
    expected = []

    assert ask(made, chat(f"{kind}/ok", stream=True)).whole
    expected.append(("done", "", "200"))
    assert ask(made, chat(f"{kind}/error,at=4", stream=True)).whole
    expected.append(("error", made.nginx.access(2)[1]["ai_error"], "200"))
    assert expected[-1][1]
    assert ask(made, chat("slow", stream=True)).whole
    expected.append(("timeout", "timeout", "200"))
    stream = open_post(made.nginx.port, CHAT, chat(f"{kind}/ok,n=100,gap=0.05", stream=True), key=made.key)
    stream.read_until(b"word3")
    stream.abort()
    expected.append(("client", "", "200"))
    entries = made.nginx.access(4)
    assert [(e["ai_stream_end"], e["ai_error"], e["status"]) for e in entries] == expected
    assert entries[3]["ai_usage_source"] == "estimated" and 3 <= int(entries[3]["ai_completion_tokens"]) < 50


def test_an_http2_stream_is_reset(gateway):
    made = gateway(server="listen 127.0.0.1:%PORT2% http2;")
    with httpx.Client(http1=False, http2=True, base_url=f"http://127.0.0.1:{made.nginx.ports['PORT2']}") as client:
        headers = {"Authorization": f"Bearer {made.key}"}
        with client.stream("POST", CHAT, json=chat("openai/ok,n=100,gap=0.05", stream=True), headers=headers) as answer:
            assert answer.http_version == "HTTP/2" and "word0" in next(part for part in answer.iter_text() if "word" in part)
        assert client.post(CHAT, json=chat(stream=True), headers=headers).status_code == 200
    wait_until(lambda: len(made.nginx.access()) == 2, what="two lines")
    assert sorted(entry["ai_stream_end"] for entry in made.nginx.access()) == ["client", "done"]


def test_client_leaves_before_the_answer(gateway):
    made = gateway()
    connection = Connection(made.nginx.port)
    connection.send(request_bytes("POST", CHAT, chat("openai/hang", stream=True), key=made.key))
    wait_until(lambda: made.mocks["openai"].requests, what="the call")
    connection.abort()
    entry = made.nginx.access(1)[0]
    assert [entry[n] for n in ("status", "ai_stream_end", "ai_attempts", "ai_usage_source")] == ["499", "client", "1", ""]


def test_shutdown_ends_a_stream(gateway):
    made = gateway(main="worker_shutdown_timeout 300ms;")
    stream = open_post(made.nginx.port, CHAT, chat("openai/ok,n=200,gap=0.05", stream=True), key=made.key)
    stream.read_until(b"word2")
    made.nginx.reload()
    stream.rest()
    assert made.nginx.access(1)[0]["ai_stream_end"] == "shutdown"


# ---- one request, one line, one count

def samples(text, name):
    """{labels: value} of one metric."""
    found = {}
    for labels, value in re.findall(rf"^{name}(\{{[^}}]*\}})? (\S+)$", text, re.M):
        found[tuple(sorted(re.findall(r'(\w+)="([^"]*)"', labels)))] = float(value)
    return found


def test_every_way_out_is_one_line_and_one_count(gateway):
    made = gateway(http="ai_model both { target openai 503; target anthropic ok; }",
                   server="location /v1/closed/ { ai_gateway; ai_auth keys; client_max_body_size 10; } location /other { return 404; } "
                          "location /v1/mine/ { ai_gateway; ai_auth keys; error_page 401 404 /other; }")
    port = made.nginx.port
    count = 0
    for body, path, key in [(chat(), CHAT, True), (chat(stream=True), CHAT, True), (chat("both"), CHAT, True), (chat(), CHAT, False),
                            (chat("openai/500"), CHAT, True), (chat("nobody"), CHAT, True), (b"{", CHAT, True), (chat(), "/v1/none", True),
                            (chat(), "/v1/closed/chat/completions", True), (chat("openai/cut", stream=True), CHAT, True),
                            (chat("anthropic/429,retry_after=60"), MESSAGES, True), (chat(), "/v1/mine/messages", False)]:
        post(port, path, body, key=made.key if key else None)
        count += 1
    stream = open_post(port, CHAT, chat("openai/ok,n=100,gap=0.05", stream=True), key=made.key)
    stream.read_until(b"word3")
    stream.abort()
    get(port, "/v1/models", key=made.key)
    get(port, "/other")
    count += 3
    lines = wait_until(lambda: len(made.nginx.access()) == count and made.nginx.access(), what="all lines")
    ours = [line for line in lines if line["request_uri"] != "/other"]
    text = made.nginx.metrics()
    totals = samples(text, "aigw_requests_total")
    assert sum(totals.values()) == len(ours) == count - 1
    by_status = {}
    for labels, value in totals.items():
        status = dict(labels)["status"]
        by_status[status] = by_status.get(status, 0) + value
    assert by_status == {status: sum(line["status"] == status for line in ours) for status in {line["status"] for line in ours}}
    for kind, name in [("prompt", "ai_prompt_tokens"), ("completion", "ai_completion_tokens")]:
        counted = sum(v for labels, v in samples(text, "aigw_tokens_total").items() if ("kind", kind) in labels)
        assert counted == sum(int(line[name] or 0) for line in ours)
    assert sum(samples(text, "aigw_attempts_total").values()) == sum(int(line["ai_attempts"]) for line in ours)


def test_subrequests_and_their_line(gateway):
    """log_subrequest: the subrequest has its own line and is not counted again."""
    made = gateway(server="log_subrequest on; location /asks/ { auth_request /who; } location = /who { return 204; }")
    get(made.nginx.port, "/asks/x")
    assert len(made.nginx.access(2)) == 2
    assert samples(made.nginx.metrics(), "aigw_requests_total") == {}


def test_json_lines_are_json(gateway):
    made = gateway()
    ask(made, chat('openai/quote"back\\slash'))
    for line in made.nginx.access_log().splitlines():
        json.loads(line)
    assert made.nginx.access(1)[0]["ai_model"] == 'openai/quote"back\\slash'
