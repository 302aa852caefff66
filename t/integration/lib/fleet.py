"""Several gateways that keep their limits in one Redis."""
import os
import signal

from .limited import limited
from .redis import Redis

LIMIT = "ai_token_limit $http_x_team 10k/h;"


def of(server, options="timeout=1s"):
    """The line of the configuration."""
    return f"ai_redis unix:{server.path} tenant=$http_x_team {options};\n"


def gateways(nginx, mock, redis, limits=LIMIT, count=1, options="timeout=1s", http="", **parts):
    made = [limited(nginx, mock, limits, http=of(redis, options) + http, **parts) for _ in range(count)]
    return made if count > 1 else made[0]


class Switched:
    """A Redis that goes away and comes back at the same place."""

    def __init__(self, folder):
        self.folder = folder
        self.server = Redis(folder)
        self.path = self.server.path

    def __call__(self, *words):
        return self.server(*words)

    def pause(self):
        self.server.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.server.process.send_signal(signal.SIGCONT)

    def kill(self):
        self.server.close()

    def start(self):
        self.server = Redis(self.folder)

    def close(self):
        if self.server.process.poll() is None:
            os.kill(self.server.process.pid, signal.SIGCONT)
            self.server.close()


def everything_in(server):
    """All keys, fields and values as bytes."""
    found = []
    for key in server("KEYS", "*"):
        found.append(key)
        kind = server("TYPE", key)
        if kind == b"hash":
            found += server("HGETALL", key)
        elif kind == b"zset":
            found += server("ZRANGE", key, 0, -1)
        else:
            found.append(server("GET", key))
    return b"\n".join(found)
