"""The wall clock jumps by a day or an hour (faults 30), of nginx where the counts are in the zone, of Redis where they are there:
a window is empty once, nothing remaining is negative, and nobody is locked out for longer than a window and its slice."""
import pytest

from lib.client import open_post
from lib.clock import Clock
from lib.limited import PATHS, ask, body, limited
from lib.redis import Redis

pytestmark = pytest.mark.slow  # its own LD_PRELOAD and the sanitizers' do not go together
DAY, HOUR = 86_400, 3600
LONGEST = HOUR + HOUR // 15 + 1  # a window and the slice that is running
LIMIT = 10_000
LIMITS = "ai_token_limit $http_x_team 10k/h; ai_request_limit $http_x_team 100/h;"


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path)


@pytest.fixture
def late_redis(clock, tmp_path):
    """One that lives by that clock; it ends after nginx."""
    (tmp_path / "redis").mkdir()
    server = Redis(tmp_path / "redis", env=clock.environment)
    yield server
    server.close()


@pytest.fixture(params=["zone", "redis"])
def ngx(request, clock, late_redis, nginx, mock):
    """The gateway whose counts live by the clock."""
    def start(**parts):
        return nginx(**{**parts, "env": parts["env"] | clock.environment})

    if request.param == "zone":
        return limited(start, mock, LIMITS)
    return limited(nginx, mock, LIMITS, http=f"ai_redis unix:{late_redis.path} tenant=$http_x_team timeout=5s;")


def fill(ngx):
    """Tokens are used up: 9,000 of 10,000 by this answer."""
    assert ask(ngx, "ok,completion=9000", max_tokens=9000).status == 200


def left(answer):
    """What the headers say is left, sound in any case."""
    tokens, requests = (int(answer.headers[f"x-ratelimit-remaining-{kind}"]) for kind in ("tokens", "requests"))
    assert 0 <= tokens <= LIMIT and 0 <= requests <= 100
    return tokens


def locked(ngx):
    answer = ask(ngx, max_tokens=5000)
    assert answer.status == 429 and left(answer) >= 0
    assert 0 < int(answer.headers["retry-after"]) <= LONGEST
    return True


def test_a_day_ahead(ngx, clock):
    fill(ngx)
    assert locked(ngx)
    clock.off(DAY)
    answer = ask(ngx, max_tokens=5000)
    assert answer.status == 200 and left(answer) >= 4000, "the window of yesterday is over"
    fill(ngx)
    assert locked(ngx), "once, and not for every request"


def test_an_hour_back(ngx, clock):
    fill(ngx)
    clock.off(-HOUR)
    assert locked(ngx), "what was used counts as used now, and for its window only"
    clock.off(LONGEST - HOUR)
    answer = ask(ngx, max_tokens=5000)
    assert answer.status == 200 and left(answer) >= 0


def test_a_day_back(ngx, clock):
    fill(ngx)
    clock.off(-DAY)
    assert locked(ngx)
    clock.off(-DAY + LONGEST)
    answer = ask(ngx, max_tokens=5000)
    assert answer.status == 200 and left(answer) >= 0


@pytest.mark.parametrize("jump", [DAY, -HOUR], ids=["ahead", "back"])
def test_in_the_middle_of_a_stream(ngx, clock, jump):
    """It ends as it would have, and is settled: nothing of its reserve stays."""
    stream = open_post(ngx.port, PATHS["openai"], body("ok,n=20,gap=0.05", stream=True, max_tokens=6000), {"x-team": "a"})
    stream.read_until(b"data:")
    clock.off(jump)
    assert stream.rest().whole and stream.answer.body.rstrip().endswith(b"[DONE]")
    answer = ask(ngx, max_tokens=9000)
    assert answer.status == 200 and left(answer) >= 0
