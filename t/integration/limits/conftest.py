"""`store`: where limits are kept. Tests marked with STORES run over both; what they start with `nginx` is told of it."""
import pytest

from lib.fleet import Switched
from lib.redis import Redis

TIMEOUT = 1  # s: these tests measure no time, and the machine may have other work


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory):
    server = Redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.close()


@pytest.fixture
def store(request):
    """The line of the configuration."""
    if getattr(request, "param", "zone") == "zone":
        yield ""
        return
    server = request.getfixturevalue("shared_redis")
    server("FLUSHALL")
    yield f"ai_redis unix:{server.path} tenant=$http_x_team timeout={TIMEOUT}s;\n"


@pytest.fixture
def nginx(nginx, store):
    def start(config=None, env=None, http="", **parts):
        return nginx(config, env, http=store + http, **parts)

    return start


@pytest.fixture
def redis(tmp_path_factory):
    """One of the test's own, to be paused, killed and started again."""
    server = Switched(tmp_path_factory.mktemp("redis"))
    yield server
    server.close()
