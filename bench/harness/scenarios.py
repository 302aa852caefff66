"""The scenarios: each loads one gateway once and gives a flat dictionary of figures.

`cpu_us` is the gateway's CPU time for one unit of the scenario (request or event). Every figure comes with `n` (units), `bad`
(requests that failed) and `gateway_core_share`; a scenario that was not served whole says so in `bad` or `truncated`.
"""
import glob, os, re, statistics, time

from harness import proc, soak
from harness.tools import Load

FRESH = ("hold", "leave", "soak", "reload", "turn")  # memory and hang-up figures want a process that has served nothing yet


class Run:
    def __init__(self, settings, mock):
        self.settings, self.mock = settings, mock

    def one(self, target, scenario):
        """{figure: value}, or None where the target has no such route."""
        kind, _, word = scenario.partition("@")
        route = target.route("anthropic" if kind.endswith("trans") else "openai")
        if not route:
            return None
        base = kind.removesuffix("_trans").removesuffix("_pass")
        if kind in ("pass", "trans"):
            base = "chat"
        if base in ("soak", "reload"):
            return getattr(soak, base)(self, target, word)
        return getattr(self, base)(target, route, word)

    # ---------------------------------------------------------------- requests
    def chat(self, target, route, rate):
        self.mock.config()
        self.load(target, route, "ns", c=4, d=0.4)
        return self.requests(target, route, c=32 if rate else 16, rate=rate or 0)

    def big100k(self, target, route, _):
        return self.big(target, route, 100_000)

    def big1m(self, target, route, _):
        return self.big(target, route, 1_000_000)

    def big(self, target, route, size):
        self.mock.config()
        self.load(target, route, "ns", c=1, d=0.3, size=size)
        return self.requests(target, route, c=4, size=size)

    def requests(self, target, route, **options):
        result = self.measured(target, lambda: self.load(target, route, "ns", d=self.settings.seconds, **options))
        return self.figures(result, "ok", ["rps", "p50_ms", "p99_ms"])

    # ---------------------------------------------------------------- streams
    def stream(self, target, route, _):
        """One event each 10 ms in 100 streams at once: one write of the provider, one write of the gateway."""
        self.mock.config(delay_us=10_000, jitter=True)
        self.load(target, route, "stream", c=2, d=0.2)
        return self.events(target, route, c=100, d=self.settings.seconds + 1)

    def flood(self, target, route, _):
        self.mock.config()
        return self.events(target, route, c=8, d=self.settings.seconds)

    def ttft(self, target, route, _):
        """One stream at a time on one reused connection: nothing queues, so a step of 40 ms is Nagle's algorithm."""
        self.mock.config(chunks=20, delay_us=2_000)
        self.load(target, route, "stream", c=1, d=0.3)
        return self.events(target, route, c=1, d=self.settings.seconds + 1)

    def events(self, target, route, **options):
        result = self.measured(target, lambda: self.load(target, route, "stream", **options))
        return self.figures(result, "events", ["events_per_s", "ttft_p50_ms", "ttft_p99_ms", "ttft_max_ms", "gap_p99_ms", "reads",
                                               "done", "truncated", "usage_seen"])

    # ---------------------------------------------------------------- many streams
    def hold(self, target, route, word):
        """N streams of one event a second (above 9,000: one in ten), in a fresh process; above 9,000 several workers and load
        generators share them, because a process may hold only so many descriptors."""
        count = int(word)
        shares = workers_for(count)
        delay = 1 if shares == 1 else 10
        self.mock.config(delay_us=delay * 1_000_000, chunks=300, jitter=True)
        before = proc.memory(target.process.pid)
        ramp = max(2, count / (800 if shares == 1 else 500))
        seconds = ramp + 8
        live_before = self.mock.stats()["live"]
        started = time.time()
        loads = [Load(self.settings, target, route, "hold", c=count // shares + (i < count % shares), d=seconds, ramp=f"{ramp}s", source=f"127.0.0.{2 + i}")
                 for i in range(shares)]
        time.sleep(max(0, started + seconds - 1 - time.time()))
        held = proc.memory(target.process.pid)
        live = self.mock.stats()["live"] - live_before
        results = [load.result() for load in loads]
        until = time.time() + 15 + 2 * delay  # the mock sees a closed connection when it writes the second time
        while time.time() < until and self.mock.stats()["live"] > live_before:
            time.sleep(0.2)
        return {"asked": count, "held": sum(r["live_at_end"] for r in results), "held_at_mock": live,
                "bad": sum(r["bad"] for r in results), "error": results[0].get("error", "")[:200],
                "kib_a_stream": round((held["rss_kib"] - before["rss_kib"]) / max(1, live), 2),
                "left": self.mock.stats()["live"] - live_before, "workers": shares}

    def leave(self, target, route, word):
        """N clients hang up at the same moment: how long until the provider's connections are closed?"""
        count = int(word)
        self.mock.config(delay_us=1_000_000, chunks=300, jitter=True, watch=True)
        left = self.load(target, route, "leave", c=count, d=15)
        time.sleep(3)
        closed = self.mock.closed()
        waits = sorted((closed[i] - at) / 1e6 for i, at in left["left"].items() if i in closed)
        return {"n": len(left["left"]), "bad": left["bad"], "never": len(left["left"]) - len(waits),
                "p50_ms": round(statistics.median(waits), 2) if waits else None, "max_ms": round(waits[-1], 2) if waits else None}

    # ---------------------------------------------------------------- turns
    def wrapped(self, scenario):
        """Words before the gateway's command: strace, that stops it at the event loop's own system call only."""
        if not scenario.startswith("turn"):
            return []
        for old in glob.glob(self.traces() + ".*"):
            os.remove(old)
        return ["strace", "-ff", "--seccomp-bpf", "-ttt", "-T", "-e", "trace=epoll_wait", "-o", self.traces()]

    def traces(self):
        return os.path.join(self.settings.work, "turns")

    def turn1m(self, target, route, _):
        """How long other requests wait while prompts of 1 MB are worked on: from one epoll_wait to the next."""
        self.mock.config()
        result = self.load(target, route, "ns", c=1, d=self.settings.seconds, size=1_000_000)
        turns = sorted(turn for trace in glob.glob(self.traces() + ".*") for turn in turns_of(trace))
        return {"n": result["ok"], "bad": result["bad"], "turns": len(turns),
                "p99_ms": round(turns[len(turns) * 99 // 100], 3), "longest_ms": round(turns[-1], 3)}

    # ---------------------------------------------------------------- measuring
    def load(self, target, route, mode, **options):
        return Load(self.settings, target, route, mode, **options).result()

    def measured(self, target, work):
        requests = self.mock.stats()["requests"]
        pid = target.process.pid if target.process else None
        core, stolen = proc.core_busy(self.settings.gateway_core)
        used = proc.cpu_now(pid) if pid else None
        started = time.time()
        result = work()
        elapsed = time.time() - started
        result["cpu_s"] = proc.cpu_between(used, proc.cpu_now(pid)) if pid else 0
        core_after, stolen_after = proc.core_busy(self.settings.gateway_core)
        result["mock_requests"] = self.mock.stats()["requests"] - requests
        result["gateway_core_share"] = round(result["cpu_s"] / elapsed, 3)
        result["other_core_share"] = round(max(0, core_after - core - result["cpu_s"]) / elapsed, 3)
        result["steal_share"] = round((stolen_after - stolen) / elapsed, 3)
        return result

    @staticmethod
    def figures(result, unit, keep):
        n = result.get(unit) or 0
        out = {"cpu_us": round(result["cpu_s"] * 1e6 / n, 3) if n and result["cpu_s"] else None, "n": n}
        for key in [*keep, "bad", "mock_requests", "gateway_core_share", "other_core_share", "steal_share"]:
            value = result.get(key)
            out[key] = round(value, 4) if isinstance(value, float) else value
        if result.get("bad"):
            out["error"] = (result.get("error") or "")[:200]
        return out


def turns_of(trace):
    """Milliseconds between the return of one epoll_wait and the call of the next; the first ones, of the start, are left out."""
    found = re.findall(r"^(\d+\.\d+) epoll_wait\(.*<(\d+\.\d+)>$", open(trace).read(), re.M)
    calls = [(float(began), float(took)) for began, took in found][2:]
    return [1000 * (following[0] - began - took) for (began, took), following in zip(calls, calls[1:])]


def workers_for(streams):
    """A stream takes two descriptors of nginx's 20,000, and a share of the streams may be uneven."""
    return 1 if streams <= 9000 else -(-streams // 7000)
