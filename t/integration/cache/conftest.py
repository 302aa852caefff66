import pytest

from lib.cached import Cached


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
    for one in made:
        one.close()
