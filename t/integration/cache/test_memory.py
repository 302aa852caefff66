"""The cache's memory: full, reloaded, and what it costs the workers."""
from lib import procfs
from lib.cached import at_once
from lib.guarding import text_of
from lib.nginx import sanitizing


def test_a_full_cache_forgets_the_oldest(cached):
    made = cached(zone="ai_zone aigw 1200k;")
    model = "openai/ok,n=150"
    for i in range(200):
        assert made.status(f"question {i}", model=model) == "MISS"
        if i % 10 == 0:
            assert made.status("question 0", model=model) == "HIT"
    assert made.status("question 199", model=model) == "HIT"
    assert made.status("question 0", model=model) == "HIT"
    assert made.status("question 1", model=model) == "MISS"
    text = made.nginx.metrics()
    assert 'aigw_zone_bytes{zone="aigw.cache.1",state="free"} 0\n' in text


def test_entries_survive_a_reload(cached):
    made = cached()
    assert made.status() == "MISS"
    made.reload()
    assert made.status() == "HIT"
    # With another size it begins anew.
    made.reload(("ai_zone aigw 8m;", "ai_zone aigw 10m;"))
    assert [made.status(), made.status()] == ["MISS", "HIT"]


def test_a_reload_that_brings_the_cache(cached):
    made = cached("", zone="ai_zone aigw 8m cache=50%;")
    assert made.status() is None
    made.reload(("client_max_body_size 32m;", "client_max_body_size 32m; ai_cache exact;"))
    assert [made.status(), made.status()] == ["MISS", "HIT"]
    # With cache= the counters' memory stays as it was.
    assert 'aigw_requests_total{model="openai/*",provider="openai",team="team-a",status="200"} 2' in made.nginx.metrics()


def test_workers_do_not_grow(cached):
    made = cached(zone="ai_zone aigw 8m;")
    model = "openai/ok,n=400"

    def round_of(number):
        at_once(4, lambda i: [made.ask(f"{number}.{i}.{j % 5}", model=model, stream=bool(j % 2)) for j in range(10)])

    round_of(0)
    before = procfs.rss_bytes(made.nginx.worker_pids()[0])
    for number in range(1, 4):
        round_of(number)
    # The zone's pages count as the worker's own once it has touched them.
    assert procfs.rss_bytes(made.nginx.worker_pids()[0]) - before < (320 if sanitizing() else 5) << 20  # ASan keeps up to 256 MB of freed memory


def test_many_workers_read_and_write_one_entry(cached):
    made = cached("ai_cache exact; ai_trust_controls cache;", workers=4, zone="ai_zone aigw 2m;")
    model = "openai/ok,n=2000"
    words = text_of(made.ask(model=model), "openai", False)

    def one(i):
        headers = {"x-aigw-cache": "no-cache"} if i % 4 == 0 else {}
        return [text_of(made.ask(model=model, headers=headers), "openai", False) for _ in range(8)]

    assert {text for texts in at_once(12, one) for text in texts} == {words}
