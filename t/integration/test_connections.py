"""Connections to providers: kept and used again, found by name at run time, never mixed up."""
import time

import pytest

from lib.client import get
from lib.dns import Dns
from lib.gateway import BODY, PATHS, chat, error_of, gateway, open_chat, openai, provider, text_of, tls
from lib.ports import RefusedPort
from lib.wait import wait_until

HELLO = "Hello from the mock provider."


class TestKeepalive:
    @pytest.mark.parametrize("how", ["ok", "framing=chunked", "border=7,framing=chunked"])
    def test_one_connection_for_all(self, nginx, mock, how):
        ngx = gateway(nginx, [openai("a", mock)], [f"target a {how};"])
        for i in range(10):
            assert chat(ngx, i % 2 == 0).status == 200
        assert (mock.total_connections, len(mock.requests)) == (1, 10)

    def test_failures_read_to_their_end_keep_it(self, nginx, mock):
        ngx = gateway(nginx, [openai("a", mock)], ["target a 503 retries=2;", "target a ok;"])
        assert chat(ngx).status == 200 and chat(ngx).status == 200
        assert (mock.total_connections, len(mock.requests)) == (1, 8)

    @pytest.mark.parametrize("how", ["http10", "framing=eof"])
    def test_not_what_the_provider_closes(self, nginx, mock, how):
        ngx = gateway(nginx, [openai("a", mock)], [f"target a {how};"])
        for i in range(4):
            answer = chat(ngx, i % 2 == 0)
            assert answer.whole and text_of(answer, stream=i % 2 == 0) == HELLO
        assert mock.total_connections == 4

    def test_tls_connections_and_sessions(self, nginx, mock, authority):
        ngx = gateway(nginx, [tls("a", mock, authority, "openai")], ["target a ok;"])
        for i in range(6):
            assert chat(ngx, i % 2 == 0).status == 200
        assert mock.total_connections == 1 and mock.server_names == ["localhost"]

    def test_closed_while_idle(self, nginx, mock):
        ngx = gateway(nginx, [openai("a", mock)], ["target a once;"])
        for _ in range(3):
            assert chat(ngx).status == 200
            mock.wait_closed()
        assert mock.total_connections == 3
        assert [e["upstream_status"] for e in ngx.access(3)] == ["200"] * 3

    @pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
    def test_closed_on_the_second_request(self, nginx, mock, stream):
        """Repeated in place, on a fresh connection; not an attempt of its own."""
        ngx = gateway(nginx, [openai("a", mock)], ["target a second-close;"])
        for _ in range(2):
            answer = chat(ngx, stream)
            assert answer.status == 200 and answer.headers["x-aigw-attempts"] == "1"
        assert mock.total_connections == 2
        assert [e["upstream_status"] for e in ngx.access(2)] == ["200", "502, 200"]

    def test_not_repeated_once_bytes_came(self, nginx, mock):
        """An end in the middle of an answer on a kept connection is a failure like any other: no second POST in place."""
        mock.plan("ok", "close,at=headers", "ok")
        ngx = gateway(nginx, [openai("a", mock)], ["target a m retries=1;"])
        assert chat(ngx, True).status == 200
        answer = chat(ngx, True)
        assert answer.status == 200 and answer.headers["x-aigw-attempts"] == "2"
        assert ngx.access(2)[1]["upstream_status"] == "502 : 200" and len(mock.requests) == 3

    def test_no_more_than_told(self, nginx, mock):
        ngx = gateway(nginx, [openai("a", mock, "keepalive 2;")], ["target a n=2,gap=0.1;"])
        streams = [open_chat(ngx) for _ in range(6)]
        for stream in streams:
            assert stream.rest().whole
            stream.close()
        wait_until(lambda: mock.open_connections == 2, what="two idle connections")

    def test_providers_do_not_share(self, nginx, mock):
        """Two names behind one address."""
        ngx = gateway(nginx, [openai("a", mock), openai("b", mock)], ["target a 503;", "target b ok;"])
        for _ in range(3):
            assert chat(ngx).status == 200
        assert mock.total_connections == 2
        assert len({(r.connection, r.model) for r in mock.requests}) == 2

    def test_idle_ones_do_not_hold_a_reload(self, nginx, mock):
        ngx = gateway(nginx, [openai("a", mock)], ["target a ok;"])
        assert chat(ngx).status == 200
        old = ngx.reload()
        wait_until(lambda: not set(old) & set(ngx.worker_pids(also_exiting=True)), timeout=5, what="the old worker gone")
        mock.wait_closed()


class TestNames:
    @pytest.fixture
    def dns(self):
        server = Dns(good_test=["127.0.0.1"], dead_test="drop")
        yield server
        server.close()

    def gateway_to(self, nginx, dns, mock, name, *more, targets=("target a ok;",), http=""):
        url = f"http://{name}:{mock.port}/v1"
        return gateway(nginx, [provider("a", url), *more], list(targets), http=f"{dns.directive} {http}")

    def test_asked_once_while_it_holds(self, nginx, mock, dns):
        dns.ttl = 60
        ngx = self.gateway_to(nginx, dns, mock, "good.test")
        for _ in range(5):
            assert chat(ngx).status == 200
        assert dns.queries == ["good.test"] and mock.last.headers["host"] == f"good.test:{mock.port}"

    def test_waiters_share_one_question(self, nginx, mock, dns):
        ngx = self.gateway_to(nginx, dns, mock, "good.test")
        import concurrent.futures
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: chat(ngx).status, range(20)))
        assert answers == [200] * 20 and len(dns.queries) == 1

    @pytest.mark.parametrize("name,status,seconds", [("nx.test", 502, 0.5), ("dead.test", 502, 3)])
    def test_failure_moves_on(self, nginx, mocks, dns, name, status, seconds):
        first, second = mocks(), mocks()
        ngx = self.gateway_to(nginx, dns, first, name, openai("b", second), targets=("target a ok;", "target b ok;"))
        began = time.monotonic()
        answer = chat(ngx)
        assert answer.status == 200 and answer.headers["x-aigw-provider"] == "b"
        assert time.monotonic() - began < seconds and first.requests == []
        entry = ngx.access(1)[0]
        assert entry["upstream_status"] == f"{status} : 200"
        assert entry["upstream_addr"] == f"{name}:{first.port} : 127.0.0.1:{second.port}"

    def test_nothing_else_left(self, nginx, mock, dns):
        ngx = self.gateway_to(nginx, dns, mock, "nx.test")
        answer = chat(ngx)
        assert answer.status == 502 and "could not be resolved" in error_of(answer)["message"]

    def test_first_bounds_the_wait(self, nginx, mock, dns):
        ngx = gateway(nginx, [provider("a", f"http://dead.test:{mock.port}/v1", extra="timeout first=300ms;")],
                      ["target a ok;"], http=dns.directive.replace("timeout 1s", "timeout 10s"))
        began = time.monotonic()
        assert chat(ngx).status == 504 and time.monotonic() - began < 1
        assert ngx.access(1)[0]["upstream_status"] == "504"

    def test_client_leaves_while_it_waits(self, nginx, mock, dns):
        ngx = self.gateway_to(nginx, dns, mock, "dead.test")
        from lib.client import Connection, request_bytes
        connection = Connection(ngx.port)
        connection.send(request_bytes("POST", PATHS["openai"], BODY))
        wait_until(lambda: dns.queries, what="a question")
        connection.close()
        assert ngx.access(1, timeout=2)[0]["status"] == "499"
        time.sleep(1.2)  # the answer that does not come finds nobody
        assert get(ngx.port, "/v1/models").status == 200

    def test_a_change_is_noticed_and_the_last_good_one_kept(self, nginx, mock, dns):
        """The answer holds a second. Then another one counts; then none comes, and the last one serves."""
        ngx = self.gateway_to(nginx, dns, mock, "good.test")
        assert chat(ngx).status == 200
        dns.names["good.test"] = ["127.0.0.2", "127.0.0.1"]
        seen = set()

        def asked_anew():
            assert chat(ngx).status == 200
            seen.update(e["upstream_addr"] for e in ngx.access())
            return len(dns.queries) >= 2

        wait_until(asked_anew, timeout=6, what="a second question", step=0.2)
        dns.names["good.test"] = "drop"
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            began = time.monotonic()
            assert chat(ngx).status == 200 and time.monotonic() - began < 0.5
            time.sleep(0.25)
        assert len(dns.queries) >= 3

    def test_several_addresses(self, nginx, mock, dns):
        """One that refuses costs nothing: the next of the same provider is tried within the attempt."""
        dns.names["two.test"] = ["127.0.0.3", "127.0.0.1"]
        dns.ttl = 60
        ngx = self.gateway_to(nginx, dns, mock, "two.test")
        statuses = set()
        for i in range(4):
            answer = chat(ngx)
            assert answer.status == 200 and answer.headers["x-aigw-attempts"] == "1"
            statuses.add(ngx.access(i + 1)[-1]["upstream_status"])
        assert statuses <= {"200", "502, 200"}

    def test_hosts_file_and_no_resolver(self, nginx, mock):
        ngx = gateway(nginx, [provider("a", f"http://localhost:{mock.port}/v1")], ["target a ok;"])
        assert chat(ngx).status == 200

    def test_localhost_of_both_families(self, nginx, mock):
        """::1 is in the hosts file too, nobody listens there."""
        ngx = gateway(nginx, [provider("a", f"http://localhost:{mock.port}/v1", extra="keepalive 0;")], ["target a ok;"])
        for _ in range(4):
            assert chat(ngx).status == 200
        assert {e["upstream_status"] for e in ngx.access(4)} == {"200"}

    def test_a_port_that_refuses(self, nginx):
        refused = RefusedPort()
        ngx = gateway(nginx, [provider("a", f"http://localhost:{refused.port}/v1")], ["target a ok;"])
        answer = chat(ngx)
        assert answer.status == 502 and "could not be reached" in error_of(answer)["message"]
        refused.close()
