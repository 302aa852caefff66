"""The same case on nginx without the module, with it loaded and unused, and with ai_filter beside each proxy_pass: the
same answer byte for byte, the same requests at the origin, the same lines in the access log. Only dates and ports differ.

    fleet = Fleet(folder, server="location /proxy/ { proxy_pass http://origin/; }")
    answer = fleet.get("/proxy/words")            # compared on every side; the answer of the first
    fleet.same(lambda side: …, requests=3)        # whatever the function returns; waits for 3 requests at the origin
    fleet.stop()                                  # asks each nginx how it was, and compares the access logs

Marks: %FILES% the folder of files, %ORIGIN% the origin's port; `upstream origin` is there.
"""
import collections
import concurrent.futures
import hashlib
import re

from .client import Connection, exchange, request_bytes
from .nginx import Nginx, directive_exists, template
from .origin import WORDS, Origin
from .wait import wait_until

# (name, None: not loaded; else what follows each proxy_pass)
VARIANTS = [("plain", None), ("loaded", "")]
FILTERS = [("filter-openai", "ai_filter openai;"), ("filter-auto", "ai_filter auto;")]
HTTP = """
    server_tokens off;
    absolute_redirect off;
    log_subrequest on;
    upstream origin { server 127.0.0.1:%ORIGIN%; }
    log_format same '$request_method $request_uri $uri $status $upstream_status '
                    '$upstream_cache_status $upstream_response_length $content_type';
    access_log logs/same.log same;
"""
LONG_BODY = 1 << 16  # bytes; a longer one is compared by its digest
HTTP_DATE = re.compile(rb"[A-Z][a-z]{2}, \d\d[ -][A-Z][a-z]{2}[ -]\d{4} \d\d:\d\d:\d\d GMT")


def variants():
    return VARIANTS + (FILTERS if directive_exists("ai_filter") else [])


def make_files(folder):
    (folder / "folder").mkdir(parents=True)
    for one in (folder, folder / "folder"):
        one.chmod(0o755)
    (folder / "words.txt").write_bytes(WORDS)
    (folder / "index.html").write_bytes(b"<html><body>" + WORDS + b"</body></html>")
    (folder / "50x.html").write_text("our own page")
    (folder / "404.html").write_text("not here")
    return folder


class Side:
    """One variant: its nginx, its origin."""

    def __init__(self, name, folder, text, follows):
        self.name = name
        self.origin = Origin()
        if follows is None:
            text = text.replace("load_module %MODULE%;\n", "")
            text = re.sub(r"^ *server \{ listen 127\.0\.0\.1:%PORT_METRICS%.*$", "", text, flags=re.M)
        elif follows:
            text = re.sub(r"(\bproxy_pass [^;]+;)", rf"\1 {follows}", text)
        self.ngx = Nginx(folder / name, text.replace("%ORIGIN%", str(self.origin.port)))

    @property
    def port(self):
        return self.ngx.port

    def send(self, data, method="GET"):
        """One request on a connection of its own, until it is logged: what it left in a cache is there then."""
        before = self.logged()
        seen = visible(exchange(self.port, data, method))
        wait_until(lambda: self.logged() > before, what=f"{self.name}: a line in the access log")
        return seen

    def logged(self):
        """Lines in the access log, in bytes."""
        return (self.ngx.prefix / "logs" / "same.log").stat().st_size

    def normal(self, observed):
        """As bytes without dates and ports, nginx's own counters."""
        raw = HTTP_DATE.sub(b"DATE", observed if isinstance(observed, bytes) else repr(observed).encode())
        for port in {*self.ngx.ports.values(), self.origin.port}:
            raw = re.sub(rb"\b%d\b" % port, b"PORT", raw)
        return re.sub(rb"\b\d{20}\b", b"BOUNDARY", raw)

    def stop(self):
        try:
            self.ngx.stop()
        finally:
            self.origin.close()


def visible(answer):
    """What the caller saw, but the date."""
    body = answer.body
    if len(body) > LONG_BODY:
        body = f"{len(body)} bytes, {hashlib.sha256(body).hexdigest()}"
    headers = [(name, value) for name, value in answer.header_list if name != "Date"]
    return answer.status, answer.reason, headers, body, "whole" if answer.whole else "cut", "closed" if answer.closed else ""


class Fleet:
    def __init__(self, folder, http="", server="", servers="", main=""):
        self.files = make_files(folder / "files")
        folder.chmod(0o755)
        text = template(http=HTTP + http, server=f"root {self.files}; {server}", servers=servers, main=main)
        text = text.replace("%FILES%", str(self.files))
        self.sides = [Side(name, folder, text, follows) for name, follows in variants()]
        self.threads = concurrent.futures.ThreadPoolExecutor(len(self.sides))

    def allow(self, *patterns):
        for side in self.sides:
            side.ngx.allowed += patterns

    def same(self, run, requests=None):
        """Returns what `run` returned on the first side; fails where another side's result or origin differs."""
        def one(side):
            side.origin.forget()
            got = run(side)
            if requests is not None:
                wait_until(lambda: len(side.origin.seen()) >= requests, what=f"{side.name}: {requests} requests at the origin")
            return got, sorted(side.origin.seen(), key=repr)

        results = list(self.threads.map(one, self.sides))  # at once: most of a case is waiting
        expected = [self.sides[0].normal(part) for part in results[0]]
        for side, (got, arrived) in zip(self.sides, results):
            assert side.normal(got) == expected[0], f"{side.name}: another answer"
            assert side.normal(arrived) == expected[1], f"{side.name}: the origin saw something else"
        first, self.arrived = results[0]
        return first

    def request(self, method, path, body=b"", requests=None, chunked=False, headers=None):
        data = request_bytes(method, path, body, headers, chunked=chunked)
        return Seen(self.same(lambda side: side.send(data, method), requests))

    def get(self, path, requests=None, **headers):
        return self.request("GET", path, requests=requests, headers=named(headers))

    def head(self, path, **headers):
        return self.request("HEAD", path, headers=named(headers))

    def post(self, path, body=b"x" * 3000, chunked=False, requests=None, **headers):
        return self.request("POST", path, body, requests, chunked, named(headers))

    def several(self, *requests):
        """[(method, path)] on one connection, one after the other."""
        def run(side):
            seen = []
            with Connection(side.port) as connection:
                for method, path, *body in requests:
                    connection.send(request_bytes(method, path, *body))
                    seen.append(visible(connection.read_answer(method)))
            return seen

        return [Seen(one) for one in self.same(run)]

    def stop(self):
        self.threads.shutdown()
        faults = []
        for side in self.sides:
            try:
                side.stop()
            except AssertionError as fault:
                faults.append(f"{side.name}: {fault}")
        assert not faults, "\n".join(faults)
        logs = [sorted(side.normal((side.ngx.prefix / "logs" / "same.log").read_bytes()).splitlines()) for side in self.sides]
        for side, log in zip(self.sides, logs):
            more, fewer = (list((one - other).elements())[:5] for one, other in
                           [map(collections.Counter, pair) for pair in ((log, logs[0]), (logs[0], log))])
            assert log == logs[0], f"{side.name}: the access log has {more}, and not {fewer}"
        assert logs[0], "nothing was logged"


class Seen:
    """The parts of visible()."""

    def __init__(self, parts):
        self.status, self.reason, self.header_list, self.body, self.end, _ = parts
        self.headers = {name.lower(): value for name, value in self.header_list}


def named(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}
