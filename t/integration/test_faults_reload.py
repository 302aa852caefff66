"""Reloads under load (class 26): no stream is cut, new requests get the new configuration, nothing is left behind."""
import threading
import time

from lib import faults as faults_lib
from lib import procfs
from lib.client import Connection, get, post, request_bytes
from lib.gateway import BODY, PATHS, VARIABLES, anthropic, openai
from lib.nginx import template
from lib.wait import wait_until

STREAMS, RELOADS = 48, 20
EVENTS = 10  # half a second apart: longer than all reloads


def configuration(mocks, generation):
    http = f"""{openai("openai", mocks["openai"], "header x-generation " + str(generation) + ";")}
        {anthropic("anthropic", mocks["anthropic"], "header x-generation " + str(generation) + ";")}
        ai_zone z 4m;
        ai_model openai/* {{ target openai *; }} ai_model anthropic/* {{ target anthropic *; }}
        ai_model generation-{generation} {{ target openai ok; }}"""
    return template(main="env MOCK_KEY;", http=http, log_variables=VARIABLES,
                    server="location /v1/ { ai_gateway; ai_auth off; client_max_body_size 32m; }")


class Load(threading.Thread):
    """Short requests, one after the other, until stop()."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self._port, self._going = port, True
        self.statuses = []
        self.start()

    def run(self):
        number = 0
        while self._going:
            number += 1
            caller, kind, stream = faults_lib.GRID[number % len(faults_lib.GRID)]
            answer = post(self._port, PATHS[caller], {**BODY, "model": f"{kind}/ok", "stream": stream})
            self.statuses.append(answer.status if answer.whole else 0)
            time.sleep(0.01)

    def stop(self):
        self._going = False
        self.join(20)


def test_reloads_under_load(nginx, mocks):
    providers = {kind: mocks() for kind in faults_lib.KINDS}
    ngx = nginx(config=configuration(providers, 0), env={"MOCK_KEY": "sk-mock"})
    post(ngx.port, PATHS["openai"], {**BODY, "model": "generation-0"})
    master = ngx.process.pid

    def held():
        return procfs.descriptors(master), procfs.shared_bytes(master), len(procfs.children(master))

    old = ngx.reload()  # what the first reload costs is no growth
    wait_until(lambda: not set(old) & set(ngx.worker_pids(also_exiting=True)), what="the first worker gone")
    wait_until(lambda: get(ngx.port, "/v1/models").status == 200)
    before, worker_before, began = held(), ngx.descriptors(), time.monotonic()
    callers = [faults_lib.KINDS[i % 2] for i in range(STREAMS)]
    streams = [Connection(ngx.port) for _ in callers]
    for i, (caller, stream) in enumerate(zip(callers, streams)):
        model = f"{faults_lib.KINDS[i // 2 % 2]}/n={EVENTS},gap=0.5"
        stream.send(request_bytes("POST", PATHS[caller], {**BODY, "stream": True, "model": model}))
    for stream in streams:
        stream.read_head()
    load = Load(ngx.port)
    seen = set(ngx.worker_pids())
    for generation in range(1, RELOADS + 1):
        ngx.reload(configuration(providers, generation))
        seen |= set(ngx.worker_pids(also_exiting=True))
        wait_until(lambda: post(ngx.port, PATHS["openai"], {**BODY, "model": f"generation-{generation}"}).status == 200,
                   what="the new configuration")
        assert post(ngx.port, PATHS["anthropic"], {**BODY, "model": "anthropic/ok"}).status == 200
    reloaded = time.monotonic() - began
    for caller, stream in zip(callers, streams):
        answer = stream.rest()
        stream.close()
        assert answer.status == 200 and answer.whole and answer.body.count(b"word") == EVENTS
        assert (b"[DONE]" if caller == "openai" else b"message_stop") in answer.body and b'"error"' not in answer.body
    load.stop()
    assert load.statuses and set(load.statuses) == {200}
    for mock in providers.values():
        assert {int(r.headers["x-generation"]) for r in mock.requests} == set(range(RELOADS + 1))
    seen -= set(ngx.worker_pids())
    wait_until(lambda: not any(procfs.alive(pid) for pid in seen), timeout=20, what="all old workers gone")
    assert held() == before
    assert ngx.descriptors() <= worker_before + 4  # connections to providers, kept
    assert post(ngx.port, PATHS["openai"], {**BODY, "model": f"generation-{RELOADS - 1}"}).status == 404
    good = post(ngx.port, PATHS["openai"], {**BODY, "model": f"generation-{RELOADS}"}).status == 200
    faults_lib.ROWS.append((26, f"{RELOADS} reloads in {reloaded:.1f} s under {STREAMS} streams", {200: STREAMS + len(load.statuses)},
                            time.monotonic() - began, 0, good))
    assert good
