"""The script of src/limits/quota_script.cpp in a real Redis against a model, over random interleavings; and what Redis does
with it: expiry, leases, lost data, parallel callers."""
import pathlib
import random
import re
import threading

import pytest

from lib.quota_model import ADMITTED, INPUT, NEVER, OUTPUT, REFUSED, REQUESTS, TOTAL, Demand, Model
from lib.redis import Redis, RedisError

SOURCE = pathlib.Path(__file__).parents[2] / "src/limits/quota_script.cpp"
SCRIPT = re.search(r'R"lua\((.*?)\)lua"', SOURCE.read_text(), re.S).group(1)
START = 1_790_000_000_000
HOUR = 3_600_000


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    server = Redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.close()


class Quota:
    """The commands of quota_command.cpp."""

    def __init__(self, redis, tag):
        self.redis = redis
        self.keys = (f"t:{{{tag}}}", f"t:{{{tag}}}:leases")
        self.sha = redis("SCRIPT", "LOAD", SCRIPT)
        self.epochs = {}

    def call(self, op, now, name, lease, used, *rest):
        return self.redis("EVALSHA", self.sha, 2, *self.keys, op, now, name, lease, *used, *rest)

    def reserve(self, name, demands, prompt, output, lease, now, recorded=(0, 0)):
        words = []
        for d in demands:
            words += [d.key, d.window, d.limit, *d.need(prompt, output), d.count, d.flags]
        reply = self.call("reserve", now, name, lease, recorded, *words)
        assert len(reply) == 5 + 4 * len(demands)
        if reply[0] == ADMITTED:
            self.epochs[name] = reply[3]
        return reply[0], reply[1], reply[2], reply[5::4], reply[7::4]

    def progress(self, name, prompt, output, ahead, lease, now, demands=()):
        words = [word for d in demands for word in (d.key, d.limit, d.flags)]
        return self.call("progress", now, name, lease, (prompt, output), ahead, *words)[0]

    def settle(self, name, prompt, output, now, demands=()):
        words = [word for d in demands for word in (d.key, d.window, d.count)]
        return self.call("settle", now, name, 2000, (prompt, output), self.epochs.get(name, 0), *words)[0]

    def release(self, name, now):
        return self.call("release", now, name, 2000, (0, 0))[0]

    def remaining(self, demand, now):
        """A refused request tells without changing anything."""
        probe = Demand(demand.key, demand.window, 10**15, demand.count)
        never = Demand("never", 1000, 0)
        return self.reserve("probe", [probe, never], 1, 1, 1000, now)[3][0]

    def counted(self, demand, now):
        return 10**15 - self.remaining(demand, now)


def some_demands(choose):
    demands = []
    for i in range(6):
        count = choose.randrange(4)
        demands.append(Demand(f"{i:032x}", choose.choice([1000, 60_000, HOUR]),
                              choose.randrange(1, 20) if count == REQUESTS else choose.randrange(200, 2200), count,
                              clamp=choose.randrange(4) == 0, dry=choose.randrange(5) == 0))
    return demands


@pytest.mark.parametrize("seed", range(25))
def test_random_interleavings(redis, seed):
    choose = random.Random(seed)
    quota, model = Quota(redis, f"model{seed}"), Model()
    limits, now, made, under = some_demands(choose), START, 0, {}
    for step in range(250):
        where = f"seed {seed}, step {step}"
        old = f"id{choose.randrange(made + 1)}"
        spent = choose.randrange(150), choose.randrange(200)
        act = choose.randrange(9)
        if act < 3:
            demands = [d for d in limits if choose.randrange(2)] or limits[:1]
            name = old if choose.randrange(20) == 0 else f"id{made}"
            made += 1
            if name not in model.live and name not in model.lapsed:
                under[name] = demands
            args = name, demands, choose.randrange(100), choose.randrange(300), 2000, now
            assert quota.reserve(*args) == model.reserve(*args), where
        elif act < 5:
            assert quota.settle(old, *spent, now) == model.settle(old, *spent, now), where
        elif act == 5:
            ahead = choose.randrange(100)
            assert (quota.progress(old, *spent, ahead, 2000, now, under.get(old, []))
                    == model.progress(old, *spent, ahead, 2000, now)), where
        elif act == 6:
            assert quota.release(old, now) == model.release(old, now), where
        else:
            now += choose.randrange(100_000 if choose.randrange(50) == 0 else 700)
        model.sweep(now)
        for demand in limits:
            assert quota.counted(demand, now) == model.counted(demand, now), where
        model.sweep(now)


def test_settles_once_and_to_more_than_was_reserved(redis):
    quota, limit = Quota(redis, "once"), Demand("a", HOUR, 500)
    assert quota.reserve("r", [limit], 100, 200, 2000, START)[0] == ADMITTED
    assert quota.counted(limit, START) == 300
    assert quota.settle("r", 100, 900, START) == 1
    assert quota.settle("r", 100, 900, START) == 0
    assert quota.counted(limit, START) == 1000
    assert quota.reserve("s", [limit], 1, 1, 2000, START)[0] == REFUSED


def test_all_or_nothing_and_never(redis):
    quota = Quota(redis, "all")
    a, b, requests = Demand("a", HOUR, 1000), Demand("b", HOUR, 100), Demand("r", HOUR, 3, REQUESTS)
    assert quota.reserve("1", [a, b, requests], 50, 60, 2000, START)[0] == ADMITTED
    assert quota.reserve("2", [a, b, requests], 50, 60, 2000, START)[:2] == (REFUSED, 1)
    assert quota.counted(a, START) == 110 and quota.counted(requests, START) == 1
    assert quota.reserve("3", [a, b], 100, 1, 2000, START)[:3] == (NEVER, 1, 0)


def test_a_release_takes_all_back(redis):
    quota, tokens, requests = Quota(redis, "release"), Demand("a", HOUR, 1000), Demand("r", HOUR, 3, REQUESTS)
    for name in ("1", "2"):
        quota.reserve(name, [tokens, requests], 50, 60, 2000, START)
    assert quota.release("1", START + 900) == 1
    assert (quota.counted(tokens, START + 900), quota.counted(requests, START + 900)) == (110, 1)
    # The other's lease has run out.
    assert quota.release("2", START + 5000) == 1 and quota.release("2", START + 5000) == 0
    assert (quota.counted(tokens, START + 5000), quota.counted(requests, START + 5000)) == (0, 0)


def test_a_reserve_may_come_after_its_release(redis):
    quota, limit = Quota(redis, "late"), Demand("a", HOUR, 1000)
    assert quota.release("r", START) == 0
    assert quota.reserve("r", [limit], 50, 60, 2000, START + 1)[0] == ADMITTED
    assert quota.counted(limit, START + 1) == 0
    assert quota.settle("r", 50, 60, START + 2, [limit]) == 0
    assert [field for field in redis("HKEYS", quota.keys[0]) if field == b"rr"]
    quota.reserve("s", [limit], 1, 1, 2000, START + 600_001)
    assert not [field for field in redis("HKEYS", quota.keys[0]) if field == b"rr"]


def test_a_request_that_went_on_without_an_answer_is_charged_once(redis):
    quota, limits = Quota(redis, "blind"), [Demand("a", HOUR, 1000), Demand("r", HOUR, 3, REQUESTS)]
    quota.reserve("made", limits, 50, 60, 2000, START)
    for name, used in (("made", 70), ("not made", 80)):
        quota.epochs[name] = 1
        assert quota.settle(name, used, 0, START + 1, limits) in (1, 2)
        assert quota.settle(name, used, 0, START + 1, limits) == 0
    assert [quota.counted(limit, START + 1) for limit in limits] == [150, 2]
    quota.reserve("not made", limits, 50, 60, 2000, START + 2)
    assert [quota.counted(limit, START + 1) for limit in limits] == [150, 2]


def test_a_lost_reservation_is_charged_once(redis):
    quota, limits = Quota(redis, "lost"), [Demand("a", HOUR, 500), Demand("o", HOUR, 500, OUTPUT), Demand("i", HOUR, 500, INPUT)]
    quota.reserve("r", limits, 100, 200, 2000, START)
    redis("DEL", *quota.keys)
    quota.reserve("other", limits, 1, 1, 2000, START + 1)
    assert quota.settle("r", 100, 50, START + 2, limits) == 2
    assert quota.settle("r", 100, 50, START + 3, limits) == 0
    assert quota.counted(limits[0], START + 4) == 150 + 2
    assert quota.counted(limits[1], START + 4) == 50 + 1
    assert quota.settle("other", 1, 1, START + 5, limits) == 1
    assert quota.settle("other", 1, 1, START + 5, limits) == 0, "of this epoch, so it was settled before"
    assert quota.settle("unknown", 100, 50, START + 5, limits) == 0


def test_keys_expire_and_stale_windows_go(redis):
    quota = Quota(redis, "stale")
    for i in range(300):
        demand = Demand(f"user{i}", 1000, 500)
        quota.reserve(f"r{i}", [demand], 10, 10, 2000, START + i * 100)
        quota.settle(f"r{i}", 1, 1, START + i * 100)
    fields = redis("HKEYS", quota.keys[0])
    assert sum(field.startswith(b"w") for field in fields) < 60, "a second holds ten of them"
    assert not [field for field in fields if field.startswith(b"r")]
    assert redis("ZCARD", quota.keys[1]) == 1
    longest = 1000 + 66 + 2000 + 2 * 600_000
    assert 0 < redis("PTTL", quota.keys[0]) <= longest
    quota.reserve("open", [Demand("user", HOUR, 500)], 10, 10, 2000, START + 40_000)
    assert redis("PTTL", quota.keys[0]) > HOUR
    assert redis("PTTL", quota.keys[1]) > HOUR


def test_its_own_clock_is_redis_clock(redis):
    quota, limit = Quota(redis, "clock"), Demand("a", 1000, 500)
    seconds, micros = map(int, redis("TIME"))
    quota.reserve("r", [limit], 100, 100, 2000, 0)
    assert abs(quota.epochs["r"] - seconds * 1000 - micros // 1000) < 5000
    assert quota.settle("r", 100, 100, 0) == 1
    assert 0 < quota.reserve("s", [limit], 499, 1, 2000, 0)[2] <= 1072, "sixteen slices of 67 ms"


def test_no_room_changes_nothing(redis, tmp_path):
    small = Redis(tmp_path)
    try:
        quota, limit = Quota(small, "oom"), Demand("a", HOUR, 500)
        quota.reserve("r", [limit], 100, 100, 2000, START)
        small("CONFIG", "SET", "maxmemory", "1")
        with pytest.raises(RedisError):
            quota.settle("r", 1, 1, START)
        with pytest.raises(RedisError):
            quota.reserve("s", [limit], 100, 100, 2000, START)
        small("CONFIG", "SET", "maxmemory", "0")
        assert quota.counted(limit, START) == 200
        assert quota.settle("r", 1, 1, START) == 1
        assert quota.counted(limit, START) == 2
    finally:
        small.close()


def test_two_hundred_at_once_admit_exactly_ten(tmp_path):
    server = Redis(tmp_path)
    limit, admitted = Demand("a", HOUR, 10_000, TOTAL), []

    def caller(number):
        client = Redis.__new__(Redis)
        client.path, client.process = server.path, server.process
        assert client._connect()
        quota = Quota(client, "race")
        for i in range(25):
            if quota.reserve(f"{number}-{i}", [limit], 400, 600, 30_000, 0)[0] == ADMITTED:
                admitted.append((number, i))

    callers = [threading.Thread(target=caller, args=(number,)) for number in range(8)]
    for one in callers:
        one.start()
    for one in callers:
        one.join()
    assert len(admitted) == 10
    server.close()


def test_clocks_set_back_and_forward(redis):
    quota, limit = Quota(redis, "jumps"), Demand("a", 60_000, 500)
    quota.reserve("r", [limit], 100, 100, 10**9, START)
    quota.settle("r", 100, 100, START)
    assert quota.counted(limit, START - HOUR) == 200, "the window goes along"
    assert quota.counted(limit, START - HOUR + 70_000) == 0, "no lock-out"
    assert quota.counted(limit, START + 24 * HOUR) == 0
