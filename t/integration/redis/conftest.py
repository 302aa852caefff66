"""A real Redis, a proxy before it, and gateways whose limits are in it."""
import time

import pytest

from lib.limited import limited
from lib.redis import Redis
from lib.redis_proxy import RedisProxy
from lib.wait import wait_until

LIMIT = "ai_token_limit $http_x_team 1m/h;"
TENANT = "tenant=$http_x_team"


@pytest.fixture
def redis(tmp_path):
    folder = tmp_path / "redis"
    folder.mkdir()
    made = Redis(folder)
    yield made
    made.close()


@pytest.fixture
def proxy(redis):
    made = RedisProxy(redis.path)
    yield made
    made.close()


@pytest.fixture
def server(tmp_path):
    """server(*options): one more redis-server, with them."""
    made = []

    def start(*options):
        folder = tmp_path / f"redis{len(made)}"
        folder.mkdir()
        made.append(Redis(folder, *options))
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.fixture
def gate(proxy, server, nginx, mock):
    """gate(url, "on_error=deny") starts a gateway with a limit in Redis; /plain beside it has nothing to do with it.
    It ends before the servers do. Without timeout= it has a long one: a busy machine is no fault of Redis."""
    def start(url, parameters="", limits=LIMIT, http="", server="", **parts):
        if "timeout=" not in parameters:
            parameters += " timeout=5s"
        server += "location = /plain { return 200 plain; }"
        return limited(nginx, mock, limits, http=f"ai_redis {url} {TENANT} {parameters}; {http}", server=server, **parts)

    return start


@pytest.fixture
def timed():
    """timed(call): what it returns, and the seconds it took."""
    def run(call):
        began = time.monotonic()
        done = call()
        return done, time.monotonic() - began

    return run


@pytest.fixture
def recovers(timed):
    """recovers(call): seconds until call() is true, at most two."""
    def run(call):
        return timed(lambda: wait_until(call, timeout=2, what="Redis in use again", step=0.02))[1]

    return run
