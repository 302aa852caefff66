"""The cache with ai_redis: what one machine kept, another one tells; whatever is wrong with Redis is a miss."""
import re
import time

import pytest

from lib.cached import at_once
from lib.guarding import text_of
from lib.mock import behaviour
from lib.redis import Redis
from lib.wait import wait_until

HELLO = "Hello from the mock provider."


@pytest.fixture
def redis(tmp_path):
    made = Redis(tmp_path)
    yield made
    made.close()


@pytest.fixture
def fleet(cached, redis, tmp_path):
    """Two machines with the same keys and providers."""
    def make(cache="ai_cache exact;", options="", zone="ai_zone aigw 8m;", **parts):
        tmp_path.chmod(0o755)
        http = f"ai_redis unix:{redis.path} timeout=200ms {options};"
        one = cached(cache, zone=zone, http=http, **parts)
        return one, cached(cache, zone=zone, http=http, like=one, **parts)

    return make


def entries(redis, count=1):
    """The names of the answers there, once there are so many."""
    return wait_until(lambda: len(found := redis("KEYS", "*")) >= count and found, what=f"{count} answers in Redis")


def test_what_one_kept_the_other_tells(fleet, redis):
    one, two = fleet()
    assert one.status() == "MISS"
    [name] = entries(redis)
    assert re.fullmatch(rb"aigw:cache:1:[0-9a-f]{64}", name)
    assert 3_590_000 < redis("PTTL", name) <= 3_600_000
    for stream in (True, False):
        told = two.ask(stream=stream)
        assert told.headers["x-aigw-cache"] == "HIT" and text_of(told, "openai", stream) == HELLO
    assert one.calls() == 1
    # From then on it has its own.
    redis("FLUSHALL")
    assert two.status() == "HIT"
    assert two.status(key=two.stranger) == "MISS"


def test_the_prefix_and_the_time(fleet, redis):
    one, two = fleet("ai_cache exact ttl=2s;", "prefix=shop")
    assert one.status() == "MISS"
    [name] = entries(redis)
    assert name.startswith(b"shop:cache:1:") and redis("PTTL", name) <= 2000
    time.sleep(1.2)
    assert two.status() == "HIT"
    time.sleep(1.2)
    # What came from there lives no longer than what stands there.
    assert two.status() == "MISS"


def test_nothing_readable_stands_in_a_name(fleet, redis):
    one, _ = fleet()
    one.ask("canary-prompt")
    [name] = entries(redis)
    assert b"canary" not in name and one.key.encode() not in name


@pytest.mark.parametrize("damage", [b"", b"rubbish", "half", "flipped"])
def test_a_damaged_record_is_a_miss(fleet, redis, damage):
    one, two = fleet()
    assert one.status() == "MISS"
    [name] = entries(redis)
    record = redis("GET", name)
    damage = {"half": record[:len(record) // 2], "flipped": record[:8] + bytes([record[8] ^ 0xff]) + record[9:-3]}.get(damage, damage)
    redis("SET", name, damage)
    answer = two.ask()
    assert answer.headers["x-aigw-cache"] == "MISS" and text_of(answer, "openai", False) == HELLO
    assert two.status() == "HIT"


def test_another_type_is_a_miss(fleet, redis):
    one, two = fleet()
    assert one.status() == "MISS"
    [name] = entries(redis)
    redis("DEL", name)
    redis("LPUSH", name, "a")
    assert two.status() == "MISS"


def test_without_redis_it_is_a_miss(fleet, redis):
    one, two = fleet()
    assert one.status() == "MISS"
    entries(redis)
    redis.close()
    for made in (one, two):
        made.nginx.allowed.append("aigw")
    assert one.status() == "HIT"
    began = time.monotonic()
    assert [two.status(), two.status("other"), two.status()] == ["MISS", "MISS", "HIT"]
    assert time.monotonic() - began < 2


def test_a_redis_that_does_not_answer_costs_its_timeout_once(fleet, redis):
    one, _ = fleet()
    assert one.status("warm") == "MISS"
    redis("CLIENT", "PAUSE", "3000")
    began = time.monotonic()
    assert [one.status(str(i)) for i in range(10)] == ["MISS"] * 10
    assert time.monotonic() - began < 1.5


def test_equal_requests_ask_once(fleet, redis):
    one, two = fleet(workers=2)
    one.mocks["openai"].plan("ok,wait=0.2")
    assert one.status() == "MISS"
    entries(redis)
    assert [answer.headers["x-aigw-cache"] for answer in at_once(20, lambda i: two.ask())] == ["HIT"] * 20
    assert two.calls() == 1
    assert int(re.search(rb"cmdstat_get:calls=(\d+)", redis("INFO", "commandstats")).group(1)) <= 4


def test_fresh_answers_take_the_place_of_old_ones(fleet, redis):
    one, two = fleet("ai_cache exact; ai_trust_controls cache;")
    assert one.status() == "MISS"
    entries(redis)
    one.mocks["openai"].plan(behaviour(text="New"))
    assert one.status(headers={"x-aigw-cache": "no-store"}) == "BYPASS"
    assert text_of(two.ask(), "openai", False) == HELLO
    assert one.status(headers={"x-aigw-cache": "no-cache"}) == "BYPASS"
    [name] = entries(redis)
    wait_until(lambda: b"New" in redis("GET", name), what="the new one")


def test_what_guardrails_cleared(fleet, redis):
    one, two = fleet("ai_cache exact; ai_guardrail response mask email;")
    one.mocks["openai"].plan(behaviour(text="ann@example.com"))
    assert text_of(one.ask(), "openai", False) == "[EMAIL]"
    [name] = entries(redis)
    assert b"ann@" not in redis("GET", name)
    assert text_of(two.ask(), "openai", False) == "[EMAIL]" and two.calls() == 1
