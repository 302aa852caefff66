"""Does anything grow? Requests of every kind, or reloads under light traffic, with memory read along the way.

`growth_kib` is what the second half added: the first one fills caches and arenas. Memory is the unshared part of the worker
(soak) and of the master (reload: workers come and go, what leaks is the master's); zone use comes from the metrics.
"""
import os, re, signal, time

from harness import proc
from harness.target import http
from harness.tools import Load

STEPS = 10  # readings


def unshared_kib(pid):
    total = 0
    for line in open(f"/proc/{pid}/smaps_rollup"):
        if line.startswith(("Private_Clean:", "Private_Dirty:")):
            total += int(line.split()[1])
    return total


def zone_bytes(target):
    """Bytes used in all zones; None where the target shows no metrics."""
    if "metrics" not in target.entry:
        return None
    text = http("GET", target.base + target.entry["metrics"])[1].decode()
    return sum(int(float(v)) for v in re.findall(r'^aigw_zone_bytes\{[^}]*state="used"[^}]*\} (\S+)$', text, re.M))


def summary(kib, zones, extra):
    half = len(kib) // 2
    known = [z for z in zones if z is not None]
    return {"kib": kib, "growth_kib": kib[-1] - kib[half], "zone_growth_bytes": known[-1] - known[half] if known else None, **extra}


def soak(run, target, word):
    """N requests: chats, translated chats, streams, bad requests, unknown keys, failing providers, clients that hang up."""
    count, done, bad = int(word), 0, 0
    worker = proc.workers(target.process.pid)[0]
    kib, zones = [], []
    for _ in range(STEPS):
        for mode, route, share, mock, options in kinds(run, target):
            if route is None:
                continue
            run.mock.config(**mock)
            n = max(1, round(count / STEPS * share))
            limits = {"c": min(n, 200)} if mode == "leave" else {"n": n, "c": 16}
            result = Load(run.settings, target, route, mode, d=60, **limits, **options).result()
            done += limits["c"] if mode == "leave" else sum(result["statuses"].values())
            bad += result["bad"]
        time.sleep(0.5)
        kib.append(unshared_kib(worker))
        zones.append(zone_bytes(target))
    return summary(kib, zones, {"n": done, "refused": bad, "worker_alive": os.path.exists(f"/proc/{worker}")})


def kinds(run, target):
    """(mode, route, share, mock, options) of each kind of request."""
    plain, translated = target.route("openai"), target.route("anthropic")
    garbage = os.path.join(run.settings.work, "garbage.json")
    with open(garbage, "w") as f:
        f.write('{"model": "fast", "messages": [')
    stranger = {**plain, "headers": {"Authorization": "Bearer sk-aigw-stranger"}}
    return [("ns", plain, 0.45, {}, {}), ("ns", translated, 0.25, {}, {}),
            ("stream", plain, 0.1, {"chunks": 30}, {}), ("stream", translated, 0.1, {"chunks": 30}, {}),
            ("ns", plain, 0.03, {}, {"body": garbage}), ("ns", stranger, 0.03, {}, {}),
            ("ns", plain, 0.02, {"err500": 0.5}, {}), ("stream", translated, 0.01, {"chunks": 30, "cut_after": 10}, {}),
            ("leave", plain, 0.005, {"delay_us": 50_000}, {}), ("leave", translated, 0.005, {"delay_us": 50_000}, {})]


def reload(run, target, word):
    """N reloads, one after the other, with 50 requests a second going on."""
    count = int(word)
    run.mock.config()
    master = target.process.pid
    route = target.route("openai")
    traffic = Load(run.settings, target, route, "ns", c=4, rate=50, d=min(290, count * 1.5 + 10))
    kib, zones = [], []
    for i in range(count):
        before = set(proc.workers(master))
        os.kill(master, signal.SIGHUP)
        until = time.time() + 5
        while time.time() < until and not set(proc.workers(master)) - before:
            time.sleep(0.01)
        time.sleep(0.1)
        if (i + 1) % max(1, count // STEPS) == 0:
            kib.append(unshared_kib(master))
            zones.append(zone_bytes(target))
    traffic.process.send_signal(signal.SIGTERM)
    traffic.process.wait()
    time.sleep(2)
    return summary(kib, zones, {"n": count, "workers_left": len(proc.workers(master))})
