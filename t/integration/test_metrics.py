"""ai_metrics as Prometheus reads it, and its sums against the access log."""
import hashlib
import os
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lib import procfs
from lib.client import open_post, request
from lib.mock import behaviour
from lib.nginx import AI_VARIABLES, template
from lib.wait import wait_until

HTTP = """
    ai_keys %KEYS%;
    ai_provider one { url %ONE%; key file:%PREFIX%/provider-key; }
    ai_provider two { url %TWO%; key file:%PREFIX%/provider-key; }
    ai_model m { target one gpt-4o; target two gpt-4o; }
    ai_model x/* { target two *; }
"""
SERVER = "location /v1/ { ai_gateway; ai_auth keys; %MORE% }"
CHAT = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
FAMILIES = {
    "aigw_requests": "counter", "aigw_tokens": "counter", "aigw_attempts": "counter",
    "aigw_request_duration_seconds": "histogram", "aigw_ttft_seconds": "histogram", "aigw_tpot_seconds": "histogram",
    "aigw_overhead_seconds": "histogram", "aigw_limit": "counter", "aigw_guardrail": "counter", "aigw_redis_errors": "counter", "aigw_cache": "counter", "aigw_streams": "gauge", "aigw_contexts": "gauge", "aigw_zone_bytes": "gauge",
    "aigw_keys_stale_seconds": "gauge", "aigw_build_info": "gauge",
}


@pytest.fixture
def gateway(nginx, mocks, keys, tmp_path):
    """gateway(more=…, server=…): nginx over two mocks, `gateway.one` and `gateway.two`."""
    one, two = mocks(), mocks()

    def config(more="", server="", http="", **options):
        filled = (HTTP + http).replace("%KEYS%", str(keys.path)).replace("%ONE%", one.url).replace("%TWO%", two.url)
        return template(http=filled, server=SERVER.replace("%MORE%", more) + server, log_variables=AI_VARIABLES, **options)

    def start(**options):
        (tmp_path / "nginx").mkdir(exist_ok=True)
        (tmp_path / "nginx" / "provider-key").write_text("sk-provider\n")
        return nginx(config=config(**options))

    start.one, start.two, start.config = one, two, config
    return start


def chat(ngx, key, body=CHAT, path="/v1/chat/completions"):
    return request("POST", ngx.port, path, body, key=key)


def samples(ngx):
    """{(name, ((label, value), …)): number}"""
    return {(s.name, tuple(sorted(s.labels.items()))): s.value
            for family in text_string_to_metric_families(ngx.metrics()) for s in family.samples}


def value(ngx, name, **labels):
    """The sum over all series of that name that carry these labels."""
    return sum(v for (n, has), v in samples(ngx).items() if n == name and set(labels.items()) <= set(has))


def test_a_fresh_start_is_readable(gateway):
    ngx = gateway()
    families = {family.name: family for family in text_string_to_metric_families(ngx.metrics())}
    assert {name: family.type for name, family in families.items()} == FAMILIES
    assert all(family.documentation for family in families.values())
    assert value(ngx, "aigw_build_info") == 1 and value(ngx, "aigw_keys_stale_seconds") == 0
    for zone in ("aigw.state.2", "aigw.keys.1"):
        used, free = value(ngx, "aigw_zone_bytes", zone=zone, state="used"), value(ngx, "aigw_zone_bytes", zone=zone, state="free")
        assert used >= 0 and free > 0


def test_methods_and_headers(gateway):
    ngx = gateway()
    port = ngx.ports["PORT_METRICS"]
    answer = request("GET", port, "/metrics")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    head = request("HEAD", port, "/metrics")
    assert head.status == 200 and head.body == b"" and int(head.headers["content-length"]) > 1000
    assert request("POST", port, "/metrics", {}).status == 405


def test_sums_equal_the_access_log(gateway, keys):
    """Answers, streams, failover, refusals of all kinds: what the log tells line by line, the counters tell in sum."""
    secret, bare = keys.add("a", team="red"), keys.add("b", models=["x/*"])
    ngx = gateway(workers=2)
    gateway.one.plan("ok", "503", "ok", "503", "429", "ok")
    gateway.two.plan("ok", "500", "ok")
    for i in range(12):
        chat(ngx, secret, {**CHAT, "stream": i % 2 == 0})
    chat(ngx, bare, {**CHAT, "model": "x/gpt"})
    chat(ngx, bare)
    chat(ngx, "sk-wrong")
    chat(ngx, secret, {**CHAT, "model": "nobody"})
    chat(ngx, secret, b"{")
    request("POST", ngx.port, "/v1/messages", {**CHAT, "max_tokens": 9}, {"x-api-key": secret})
    request("GET", ngx.port, "/v1/models", key=secret)
    request("GET", ngx.port, "/v1/nothing", key=secret)
    count = 20
    log = ngx.access(count)
    assert len(log) == count
    wait_until(lambda: value(ngx, "aigw_requests_total") == count, what="the last count")
    for status in {entry["status"] for entry in log}:
        assert value(ngx, "aigw_requests_total", status=status) == sum(entry["status"] == status for entry in log), status
    for team, label in (("red", "red"), ("", "other")):
        assert value(ngx, "aigw_requests_total", team=label) == sum(entry["ai_team"] == team for entry in log), team
    for provider in ("one", "two"):
        assert value(ngx, "aigw_requests_total", provider=provider) == sum(e["ai_provider"] == provider for e in log), provider
    for kind in ("prompt", "completion", "cached", "reasoning"):
        logged = sum(int(entry[f"ai_{kind}_tokens"] or 0) for entry in log)
        assert value(ngx, "aigw_tokens_total", kind=kind) == logged, kind
    attempts = sum(int(entry["ai_attempts"] or 0) for entry in log)
    assert value(ngx, "aigw_attempts_total") == attempts == len(gateway.one.requests) + len(gateway.two.requests)
    assert value(ngx, "aigw_attempts_total", result="rate_limit") == 1
    assert value(ngx, "aigw_attempts_total", provider="one", result="ok") > 0
    called = sum(int(entry["ai_attempts"] or 0) > 0 for entry in log)
    assert value(ngx, "aigw_request_duration_seconds_count") == value(ngx, "aigw_overhead_seconds_count") == called
    with_content = sum(entry["ai_ttft"] != "" for entry in log)
    assert value(ngx, "aigw_ttft_seconds_count") == with_content


def test_labels_are_configured_names_only(gateway, keys):
    secret = keys.add("a", team='red "team"')
    ngx = gateway()
    for i in range(5):
        chat(ngx, secret, {**CHAT, "model": f"x/made-up-{i}"})
        chat(ngx, secret, {**CHAT, "model": f'evil"}}\n{i}'})
    text = ngx.metrics()
    assert "made-up" not in text and "evil" not in text
    assert value(ngx, "aigw_requests_total", model="x/*", team="red%20%22team%22", status="200") == 5
    assert value(ngx, "aigw_requests_total", model="other", status="404") == 5


def test_histograms_hold_together(gateway, keys):
    secret = keys.add("a")
    ngx = gateway()
    gateway.one.plan(behaviour(text="a b c d e f", gap=0.03))
    for _ in range(3):
        chat(ngx, secret, {**CHAT, "stream": True})
    found = samples(ngx)
    for name in ("aigw_request_duration_seconds", "aigw_ttft_seconds", "aigw_tpot_seconds", "aigw_overhead_seconds"):
        buckets = {float(dict(has)["le"]): v for (n, has), v in found.items() if n == name + "_bucket"}
        ordered = [buckets[bound] for bound in sorted(buckets)]
        assert ordered == sorted(ordered) and ordered[-1] == value(ngx, name + "_count") == 3, name
    assert value(ngx, "aigw_request_duration_seconds_sum") >= value(ngx, "aigw_ttft_seconds_sum") > 0
    logged = sum(float(entry["ai_ttft"]) for entry in ngx.access(3))
    assert abs(value(ngx, "aigw_ttft_seconds_sum") - logged) < 0.01


def test_running_streams_are_counted(gateway, keys):
    secret = keys.add("a")
    ngx = gateway(workers=2)
    gateway.one.plan(behaviour(n=1000, gap=0.02))
    body = {**CHAT, "stream": True}
    streams = [open_post(ngx.port, "/v1/chat/completions", body, key=secret) for _ in range(4)]
    for stream in streams:
        stream.read_until(b"word1 ")
    assert value(ngx, "aigw_streams") == 4
    wait_until(lambda: ngx.contexts() == 4, what="every context told of")
    for stream in streams:
        stream.abort()
    wait_until(lambda: value(ngx, "aigw_streams") == 0, what="the end of all streams")
    wait_until(lambda: value(ngx, "aigw_attempts_total", result="client") == 4, what="the calls cut short")


def test_a_killed_worker_leaves_no_streams(gateway, keys):
    secret = keys.add("a")
    ngx = gateway()
    ngx.allowed.append("exited on signal 9")
    gateway.one.plan(behaviour(n=1000, gap=0.02), "ok")
    stream = open_post(ngx.port, "/v1/chat/completions", {**CHAT, "stream": True}, key=secret)
    stream.read_until(b"word1 ")
    before = ngx.worker_pids()
    os.kill(before[0], 9)
    wait_until(lambda: ngx.worker_pids() and ngx.worker_pids() != before, what="a new worker")
    wait_until(lambda: value(ngx, "aigw_streams") == 0, what="the dead worker's streams forgotten")
    assert chat(ngx, secret).status == 200
    stream.close()


def test_counters_survive_a_reload(gateway, keys):
    secret = keys.add("a")
    ngx = gateway()
    chat(ngx, secret)
    old = ngx.reload()
    wait_until(lambda: not any(procfs.alive(pid) for pid in old), what="the old worker's end")
    chat(ngx, secret)
    wait_until(lambda: value(ngx, "aigw_requests_total", status="200") == 2)


def test_a_full_table_counts_as_other(gateway, keys):
    """A small zone, more teams than it has room for: nothing is lost from the sum, and one line tells."""
    secrets = ["s%d" % i for i in range(1100)]
    keys.entries = [{"id": f"k{i}", "sha256": hashlib.sha256(secret.encode()).hexdigest(), "team": f"t{i}"}
                    for i, secret in enumerate(secrets)]
    keys.write()
    ngx = gateway(http="ai_zone z 700k keys=60%;")
    ngx.allowed.append("no room for more metrics")
    for secret in secrets:
        request("GET", ngx.port, "/v1/models", key=secret)
    for status, key in ((404, secrets[-1]), (401, "sk-wrong")):
        assert request("GET", ngx.port, "/v1/nothing", key=key).status == status
    wait_until(lambda: value(ngx, "aigw_requests_total") == 1102, what="every request in the sum")
    teams = {dict(has)["team"] for name, has in samples(ngx) if name == "aigw_requests_total"}
    assert 300 < len(teams) < 1100 and value(ngx, "aigw_requests_total", team="other") > 100
    assert value(ngx, "aigw_requests_total", status="401") == value(ngx, "aigw_requests_total", status="404") == 1
    assert ngx.error_log().count("no room for more metrics") == 1


def test_metrics_hold_no_secret(gateway, keys):
    secret = keys.add("a")
    ngx = gateway()
    chat(ngx, secret, {**CHAT, "messages": [{"role": "user", "content": "prompt-canary"}]})
    text = ngx.metrics()
    assert secret not in text and "prompt-canary" not in text and "sk-provider" not in text
    assert not re.search(r"[0-9a-f]{32}", text)

