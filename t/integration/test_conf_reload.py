"""Reloads leave nothing behind in the master, neither good ones nor refused ones; a refused one changes nothing."""
import time

import pytest

from lib import nginx as nginx_lib
from lib import procfs
from lib.wait import wait_until

WARM_UP, ROUNDS = 10, 40
ALLOWED_GROWTH = 1 << 20  # bytes over all rounds; one leaked configuration of this size costs more than that in 40

HTTP = "".join(f"""
    ai_provider p{i} {{ url https://provider{i}.example.com/v1; key file:key; ssl_trusted_certificate ca.crt;
                        header x-filler {'f' * 1500}; }}
    ai_model m{i} {{ target p{i} gpt; target p{(i + 1) % 40} {'g' * 200}; }}
    """ for i in range(40))
SERVER = "client_max_body_size 32m; location /v1/ { ai_gateway; ai_auth off; }"
TAIL = "ai_model broken { target nobody gpt; }"


@pytest.mark.slow  # and ASan keeps freed memory
def test_reloads_do_not_grow_the_master(nginx, tmp_path, authority):
    prefix = tmp_path / "nginx"
    prefix.mkdir()
    (prefix / "key").write_text("sk-1\n")
    (prefix / "ca.crt").write_bytes(authority.ca_file.read_bytes())
    good = nginx_lib.template(http=HTTP, server=SERVER)
    bad = nginx_lib.template(http=HTTP + TAIL, server=SERVER)
    ngx = nginx(config=good)
    ngx.allowed.append('unknown provider "nobody"')
    refused = 0
    for i in range(WARM_UP + ROUNDS):
        if i == WARM_UP:
            before = procfs.rss_bytes(ngx.process.pid)
        ngx.reload(good)
        ngx.reload(bad, wait=False)
        refused += 1
        wait_until(lambda: ngx.error_log().count('unknown provider "nobody"') == refused, what="the refusal")
        assert ngx.worker_pids()
    time.sleep(0.1)
    grown = procfs.rss_bytes(ngx.process.pid) - before
    assert grown < ALLOWED_GROWTH, f"the master grew by {grown} bytes in {2 * ROUNDS} reloads"
