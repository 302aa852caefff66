"""The ways to a Redis: TCP and unix sockets, names, TLS, users, databases; one connection a worker."""
import re
import socket
import time

import pytest

from lib import procfs
from lib.dns import Dns
from lib.limited import ask, at_once
from lib.ports import free_port
from lib.wait import wait_until

PASSWORD = "pw-7f3a91c0d2"


def status(ngx, team="a"):
    return ask(ngx, team=team).status


def kinds(ngx):
    return set(re.findall(r'^aigw_redis_errors_total\{kind="(\w+)"\}', ngx.metrics(), re.M))


def away(ngx, *reasons):
    """It is not used, and that is why; nobody is told more."""
    assert status(ngx) == 503
    wait_until(lambda: kinds(ngx) & set(reasons), what=str(reasons))
    said = [line for line in ngx.error_log().splitlines() if "ai_redis" in line]
    assert len(said) == 1 and re.search(rf"is away: ({'|'.join(reasons)})( |$)", said[0]), said
    assert PASSWORD not in ngx.error_log() + ngx.metrics()


# ---- places

def test_unix_socket(gate, server):
    redis = server()
    ngx = gate(f"unix:{redis.path}?db=3", "on_error=deny")
    assert status(ngx) == 200
    assert redis("DBSIZE") == 0 and redis("SELECT", 3) == b"OK" and redis("DBSIZE") > 0


def test_tcp_and_its_database(gate, proxy, redis):
    ngx = gate(f"{proxy.url}/5", "on_error=deny prefix=mine")
    assert status(ngx) == 200
    assert redis("DBSIZE") == 0 and redis("SELECT", 5) == b"OK"
    assert all(key.startswith(b"mine") for key in redis("KEYS", "*")) and redis("DBSIZE") > 0


def test_ipv6(gate, server):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    port = free_port()
    server("--port", str(port), "--bind", "::1")
    ngx = gate(f"redis://[::1]:{port}", "on_error=deny")
    assert status(ngx) == 200


def test_hosts_file(gate, proxy):
    assert status(gate(f"redis://localhost:{proxy.port}", "on_error=deny")) == 200


def test_no_socket(gate, tmp_path):
    ngx = gate(f"unix:{tmp_path}/none.sock", "on_error=deny")
    away(ngx, "refused")
    assert "No such file" in ngx.error_log()


def test_one_connection_a_worker(gate, redis):
    """However many requests there are, and none is left when a worker goes."""
    ngx = gate(f"unix:{redis.path}", "on_error=deny", workers=2)
    assert {status for status in at_once(40, lambda i: status(ngx))} == {200}

    def connections():
        return redis("CLIENT", "LIST").count(b"\n") - 1  # but ours

    wait_until(lambda: connections() == 2)
    old = ngx.reload()
    assert status(ngx) == 200
    wait_until(lambda: not any(procfs.alive(pid) for pid in old), what="the old workers gone")
    wait_until(lambda: connections() == 2)


def test_redis_closes_the_connection(gate, redis):
    """By its own `timeout`, or by hand: the next request meets a new one."""
    ngx = gate(f"unix:{redis.path}", "on_error=deny")
    for _ in range(2):
        assert status(ngx) == 200
        time.sleep(0.6)  # younger, it would be one that never lasts
        assert redis("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes") >= 1
    assert status(ngx) == 200
    assert not [line for line in ngx.error_log().splitlines() if "is away" in line]


# ---- names

def test_a_name(gate, proxy):
    dns = Dns(redis_test=["127.0.0.1"])
    ngx = gate(f"redis://redis.test:{proxy.port}", "on_error=deny", http=dns.directive)
    wait_until(lambda: status(ngx) == 200, timeout=2)
    assert dns.queries == ["redis.test"]
    dns.close()


@pytest.mark.parametrize("answer", ["nx", "drop"])
def test_a_name_that_leads_nowhere(gate, proxy, answer, timed, recovers):
    """It is asked for again; nobody waits for the answer longer than for Redis."""
    dns = Dns(redis_test=answer)
    ngx = gate(f"redis://redis.test:{proxy.port}", "on_error=deny timeout=100ms", http=dns.directive)
    code, took = timed(lambda: status(ngx))
    assert code == 503 and took < 1.5
    code, took = timed(lambda: status(ngx))
    assert code == 503 and took < 0.5
    dns.names["redis.test"] = ["127.0.0.1"]
    wait_until(lambda: status(ngx) == 200, timeout=4, what="the name")
    dns.close()


# ---- TLS

def tls_server(server, authority, name="localhost"):
    port = free_port()
    certificate, key = authority.cert(name)
    server("--tls-port", str(port), "--tls-cert-file", str(certificate), "--tls-key-file", str(key),
           "--tls-ca-cert-file", str(authority.ca_file), "--tls-auth-clients", "no")
    return port


def test_tls(gate, server, authority):
    port = tls_server(server, authority)
    ngx = gate(f"rediss://localhost:{port}", f"on_error=deny ssl_trusted_certificate={authority.ca_file}")
    wait_until(lambda: status(ngx) == 200)
    assert {code for code in at_once(20, lambda i: status(ngx))} == {200}


def test_tls_of_somebody_else(gate, server, authority):
    """Another name, and an authority that nobody told us of; without verification both serve."""
    port = tls_server(server, authority, "elsewhere.test")
    away(gate(f"rediss://localhost:{port}", f"on_error=deny ssl_trusted_certificate={authority.ca_file}"), "tls")
    away(gate(f"rediss://localhost:{port}", "on_error=deny"), "tls")
    unverified = gate(f"rediss://localhost:{port}", "on_error=deny ssl_verify=off")
    wait_until(lambda: status(unverified) == 200)


def test_tls_where_there_is_none(gate, proxy, authority):
    away(gate(f"rediss://localhost:{proxy.port}", f"on_error=deny ssl_trusted_certificate={authority.ca_file}"), "timeout", "closed", "tls")


# ---- users

def test_password(gate, server):
    redis = server()
    redis("CONFIG", "SET", "requirepass", PASSWORD)
    ngx = gate(f"unix://:{PASSWORD}@{redis.path}", "on_error=deny")
    assert status(ngx) == 200 and PASSWORD not in ngx.error_log()
    away(gate(f"unix:{redis.path}", "on_error=deny"), "noauth")
    away(gate(f"unix://:{PASSWORD}x@{redis.path}", "on_error=deny"), "noauth")


def test_user(gate, server, tmp_path):
    """One that may do what the limits need, and no more."""
    redis = server()
    redis("ACL", "SETUSER", "gate", "on", f">{PASSWORD}", "~aigw*", "+@scripting", "+@hash", "+@keyspace", "+@connection", "+@fast",
          "+@sortedset", "+time")
    path = tmp_path / "password"
    path.write_text(PASSWORD + "\n")
    ngx = gate(f"unix:{redis.path}", f"on_error=deny user=gate password=file:{path}")
    assert status(ngx) == 200
    away(gate(f"unix:{redis.path}", f"on_error=deny user=nobody password=file:{path}"), "noauth")


def test_a_database_that_is_not_there(gate, server):
    redis = server("--databases", "2")
    away(gate(f"unix:{redis.path}", "on_error=deny db=2"), "noauth")
