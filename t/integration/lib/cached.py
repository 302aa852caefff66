"""A gateway with ai_cache before both kinds of provider, and callers of two teams.

    made = cached("ai_cache exact;")
    made.ask("hi").headers["x-aigw-cache"], made.calls()
"""
import concurrent.futures
import contextlib

from . import procfs
from .chat_gateway import ChatGateway
from .client import Connection, post, request_bytes
from .nginx import AI_VARIABLES
from .wait import wait_until

PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}
VARIABLES = (*AI_VARIABLES, "ai_cache_status", "ai_limit_status", "ai_limit_remaining")


class Cached(ChatGateway):
    """`like` another one: before the same providers."""
    def __init__(self, folder, cache="ai_cache exact;", zone="ai_zone aigw 8m;", http="", like=None, **parts):
        self.like = like
        if like is not None:
            mocks = iter(like.mocks.values())
            parts["mock"] = lambda key: next(mocks)
        super().__init__(folder, location=cache, http=zone + http, variables=VARIABLES, **parts)
        self.word = "hi"     # what is asked, unless something is said
        self.asked = 0       # calls so far
        self.forgotten = 0   # of them: those before a begin()
        self.colleague = self.keys.add("key-two", team="team-a", user="bob")
        self.stranger = self.keys.add("key-three", team="team-b", user="cid")
        self.loner = self.keys.add("key-four")
        self.lonely = self.keys.add("key-five")
        self.wait_for_keys()

    def wait_for_keys(self):
        wait_until(lambda: post(self.nginx.port, "/v1/models", "", key=self.lonely).status != 401, what="the keys")

    def close(self):
        if self.like is not None:
            self.nginx.stop()
        else:
            super().close()

    def begin(self, word):
        """Another test on the same gateway: with words of its own it meets nothing of the others'."""
        self.reset()
        self.word = word
        self.entries(self.asked - self.forgotten)
        self.forgotten = self.asked

    def entries(self, count):
        """The access log's lines of the first `count` calls since begin()."""
        def calls():
            return [entry for entry in self.nginx.access() if not entry["request_uri"].endswith("/models")][self.forgotten:]

        wait_until(lambda: len(calls()) >= count, what=f"{count} calls in the log")
        return calls()

    def reload(self, *replacements):
        """Another configuration, once the old one serves nobody."""
        config = self.nginx._config.read_text()
        for old, new in replacements:
            assert old in config
            config = config.replace(old, new)
        workers = self.nginx.reload(config)
        wait_until(lambda: not any(procfs.alive(pid) for pid in workers), timeout=10, what="the end of the old workers")

    def body(self, content=None, model="openai/ok", stream=False, **members):
        return {"model": model, "max_tokens": 100, "stream": stream, "messages": [{"role": "user", "content": content or self.word}], **members}

    def ask(self, content=None, dialect="openai", key=None, headers=None, timeout=20, port=None, path=None, **members):
        return self.post(self.body(content, **members), path or PATHS[dialect], headers, key, timeout, port)

    def post(self, body, path=PATHS["openai"], headers=None, key=None, timeout=20, port=None):
        self.asked += 1
        return post(port or self.nginx.port, path, body, headers, key or self.key, timeout=timeout)

    def open_unread(self, content=None, **members):
        """Sent, and not waited for: .abort() is all that can be done with it."""
        connection = Connection(self.nginx.port)
        connection.send(request_bytes("POST", PATHS["openai"], self.body(content, **members), key=self.key))
        return connection

    @contextlib.contextmanager
    def later(self, count, **members):
        """So many equal requests beside the block; then call what it gives for their answers."""
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            futures = [pool.submit(self.ask, **members) for _ in range(count)]
            yield lambda: [future.result() for future in futures]

    def status(self, *args, **members):
        """HIT, MISS, BYPASS, or None without the header; the answer itself must be good."""
        answer = self.ask(*args, **members)
        assert answer.status == 200, answer.body
        return answer.headers.get("x-aigw-cache")

    def calls(self, kind="openai"):
        return sum(request.is_chat for request in self.mocks[kind].requests)


def at_once(count, call):
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(call, range(count)))
