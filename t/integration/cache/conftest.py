import pytest

from lib.cached import Cached


@pytest.fixture(scope="session")
def one_for_all(tmp_path_factory):
    made = Cached(tmp_path_factory.mktemp("cached"))
    yield made
    made.close()


@pytest.fixture
def shared(one_for_all, request):
    """A gateway with `ai_cache exact;` that other tests have used."""
    one_for_all.begin(request.node.name)
    return one_for_all


@pytest.fixture
def cached(tmp_path):
    """cached("ai_cache exact ttl=1s;", zone=…, http=…) starts one more gateway; each is stopped, and questioned."""
    made = []

    def make(*args, **parts):
        folder = tmp_path / f"gateway{len(made)}"
        folder.mkdir()
        tmp_path.chmod(0o755)
        folder.chmod(0o755)
        made.append(Cached(folder, *args, **parts))
        return made[-1]

    yield make
    for one in reversed(made):
        one.close()
