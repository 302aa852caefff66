"""The harness sees what it must see, and the module loaded but unused changes nothing."""
import os
import signal

import pytest

from lib.client import get, open_post, post
from lib.wait import wait_until

PROXY = "location /v1/ {{ proxy_pass http://127.0.0.1:{port}; proxy_http_version 1.1; proxy_buffering off; }}"
STREAM = {"model": "ok,n=20,gap=0.02", "stream": True, "messages": []}


def test_loaded_but_unused(nginx, mock):
    ngx = nginx(server=PROXY.format(port=mock.port) + " location / { return 200 ok; }")
    assert get(ngx.port, "/").body == b"ok"
    direct, proxied = post(mock.port, "/v1/chat/completions", STREAM), post(ngx.port, "/v1/chat/completions", STREAM)
    assert direct.body == proxied.body and proxied.whole
    entry = ngx.access(2)[1]
    assert (entry["status"], entry["upstream_status"]) == ("200", "200")


def test_reload_with_a_stream_running(nginx, mock):
    ngx = nginx(server=PROXY.format(port=mock.port))
    stream = open_post(ngx.port, "/v1/chat/completions", STREAM)
    stream.read_some()
    old = ngx.reload()
    assert ngx.worker_pids() != old
    assert stream.rest().whole and b"[DONE]" in stream.answer.body
    stream.close()
    wait_until(lambda: not set(old) & set(ngx.worker_pids(also_exiting=True)), what="the old worker gone")


def test_check_config(check_config):
    good = check_config(server="return 200;")
    assert good.returncode == 0 and "test is successful" in good.stderr
    bad = check_config(server="no_such_directive;")
    assert bad.returncode == 1 and 'unknown directive "no_such_directive"' in bad.stderr


def test_stop_reports_a_crashed_worker(nginx):
    ngx = nginx(server="return 200;")
    os.kill(ngx.worker_pids()[0], signal.SIGKILL)
    wait_until(lambda: "exited on signal" in ngx.error_log(), what="the master's report")
    with pytest.raises(AssertionError, match="exited on signal 9"):
        ngx.stop()


def test_stop_reports_a_worker_that_stays(nginx, mock):
    ngx = nginx(server=PROXY.format(port=mock.port))
    stream = open_post(ngx.port, "/v1/chat/completions", {"model": "hang,at=mid", "stream": True, "messages": []})
    with pytest.raises(AssertionError, match="no graceful exit"):
        ngx.stop()
    stream.close()


LEAK = "log_format leak escape=json '$http_authorization $request_body'; access_log logs/leak.log leak;"
PROMPT = {"model": "ok", "messages": [{"role": "user", "content": 'they say "nobody may read what we ask"'}]}


@pytest.mark.parametrize("key, said", [(True, "leak.log has a secret: 'sk-aigw-"), (False, "leak.log has a secret: 'nobody may read what we ask'")])
def test_stop_reports_secrets_in_a_log(nginx, mock, keys, key, said):
    ngx = nginx(http=LEAK, server=PROXY.format(port=mock.port))
    post(ngx.port, "/v1/chat/completions", {} if key else PROMPT, key=keys.add("one") if key else None)
    with pytest.raises(AssertionError) as fault:
        ngx.stop()
    assert said in str(fault.value)


def test_a_test_may_log_its_prompts_but_no_key(nginx, mock, keys):
    for key in (None, keys.add("one")):
        ngx = nginx(http=LEAK, server=PROXY.format(port=mock.port))
        ngx.may_log_prompts = True
        post(ngx.port, "/v1/chat/completions", PROMPT, key=key)
        if key is None:
            ngx.stop()
    with pytest.raises(AssertionError, match="has a secret: 'sk-aigw-"):
        ngx.stop()


def test_allowed_faults_are_not_reported(nginx):
    ngx = nginx(server="return 200;")
    ngx.allowed.append("exited on signal 9")
    os.kill(ngx.worker_pids()[0], signal.SIGKILL)
    wait_until(lambda: "exited on signal" in ngx.error_log(), what="the master's report")
    ngx.stop()


def test_measures(nginx):
    ngx = nginx(server="return 200;", workers=2)
    assert len(ngx.worker_pids()) == 2
    assert ngx.rss_bytes() > 1 << 20 and ngx.descriptors() > 4 and ngx.cpu_seconds() >= 0
