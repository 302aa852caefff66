#!/usr/bin/env python3
"""Side-by-side benchmark of LLM gateways. Standard library only.

  python3 bench.py --list
  python3 bench.py nginx-plain litellm          # named targets
  python3 bench.py --all --repeat 3
  python3 bench.py mytarget --targets more.json --only pass,stream_pass

The gateway is pinned to one core, mock + load to another. CPU time is
utime+stime of the gateway's whole session from /proc, so it is little
disturbed by other work on the machine. See README.md.
"""
import argparse, datetime, json, os, platform, resource, signal, socket, statistics, subprocess, tempfile, time, urllib.error, urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


# ---------------------------------------------------------------- processes
def session_pids(sid):
    out = []
    for d in os.listdir("/proc"):
        if d.isdigit():
            try:
                s = open(f"/proc/{d}/stat").read()
            except OSError:
                continue
            f = s[s.rindex(")") + 2:].split()
            if int(f[3]) == sid:
                out.append((int(d), f))
    return out


def cpu_now(sid):
    """CPU time of the session: ticks (10 ms) with the root's reaped children, and nanoseconds per thread."""
    t, ns = 0, {}
    for pid, f in session_pids(sid):
        t += int(f[11]) + int(f[12])
        if pid == sid:
            t += int(f[13]) + int(f[14])
        try:
            for tid in os.listdir(f"/proc/{pid}/task"):
                ns[tid] = int(open(f"/proc/{pid}/task/{tid}/schedstat").read().split()[0])
        except OSError:
            pass
    return t / TICK, ns


def cpu_between(a, b):
    """Seconds used between two cpu_now(). The fine clock, unless a thread ended meanwhile and took its time along."""
    if not a[1] or set(a[1]) - set(b[1]):
        return b[0] - a[0]
    return sum(v - a[1].get(k, 0) for k, v in b[1].items()) / 1e9


def mem(sid):
    rss = pss = 0
    n = thr = 0
    for pid, f in session_pids(sid):
        n += 1
        thr += int(f[17])
        rss += int(f[21]) * PAGE
        try:
            for l in open(f"/proc/{pid}/smaps_rollup"):
                if l.startswith("Pss:"):
                    pss += int(l.split()[1]) * 1024
        except OSError:
            pass
    return {"rss_mib": round(rss / 2**20, 1), "pss_mib": round(pss / 2**20, 1), "procs": n, "threads": thr}


def core_busy(core):
    for l in open("/proc/stat"):
        if l.startswith(f"cpu{core} "):
            v = [int(x) for x in l.split()[1:]]
            return (sum(v) - v[3] - v[4]) / TICK, v[7] / TICK  # busy, steal
    return 0, 0


def pinned(core, nofile=True):
    def f():
        os.sched_setaffinity(0, {core})
        if nofile:
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            except (ValueError, OSError):
                pass
    return f


def http(method, url, body=None, headers=None, timeout=10):
    req = urllib.request.Request(url, data=body, method=method, headers=dict(headers or {}))
    try:
        with urllib.request.urlopen(req, timeout=timeout) as r:
            return r.status, r.read()
    except urllib.error.HTTPError as e:
        return e.code, e.read()


class Bench:
    def __init__(self, a, targets):
        self.a, self.targets = a, targets
        self.work = os.path.abspath(a.work)
        os.makedirs(self.work, exist_ok=True)
        self.mock_url = "http://127.0.0.1:18100"
        self.mock = None

    # ------------------------------------------------------------ set-up
    def build(self):
        for n in ("mock", "load"):
            subprocess.run(["go", "build", "-o", os.path.join(self.work, n), "."], cwd=os.path.join(HERE, n), check=True)

    def start_mock(self):
        if self.listening(self.mock_url):
            raise SystemExit("something already listens on the mock's port")
        self.mock = subprocess.Popen([os.path.join(self.work, "mock")], preexec_fn=pinned(self.a.load_core), start_new_session=True)
        for _ in range(100):
            try:
                http("GET", self.mock_url + "/_mock/stats", timeout=1)
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit("mock did not start")

    def cfg(self, **kw):
        base = dict(chunks=200, chunk_bytes=20, delay_us=0, latency_us=0, resp_bytes=600, err429=0, err500=0, batch=1, frag=0, cut_after=0, jitter=False)
        base.update(kw)
        http("POST", self.mock_url + "/_mock/config", json.dumps(base).encode())

    def stats(self):
        return json.loads(http("GET", self.mock_url + "/_mock/stats")[1])

    def body(self, route, stream, size):
        text = "Please summarise the following notes for the team and keep every number exactly as it is written. "
        fill = (text * (size // len(text) + 1))[:size]
        b = {"model": route["model"], "messages": [{"role": "system", "content": "You are a careful assistant."}, {"role": "user", "content": fill}], "max_tokens": 512, "temperature": 0.2}
        if stream:
            b["stream"] = True
            b["stream_options"] = {"include_usage": True}
        b.update(route.get("extra", {}))
        p = os.path.join(self.work, f"body-{abs(hash((json.dumps(route), stream, size)))}.json")
        json.dump(b, open(p, "w"))
        return p

    @staticmethod
    def listening(base):
        host, port = base.split("/")[2].rsplit(":", 1)
        with socket.socket() as s:
            s.settimeout(1)
            return s.connect_ex((host, int(port))) == 0

    def subst(self, s):
        return s.format(bench=HERE, work=self.work, peers=self.a.peers, home=self.a.peers, module=self.a.module)

    def start(self, name):
        t = self.targets[name]
        if not t.get("start"):
            return None
        env = dict(os.environ)
        env.update({k: self.subst(v) for k, v in t.get("env", {}).items()})
        for cmd in t.get("prepare", []):
            subprocess.run([self.subst(x) for x in cmd], check=True, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if "base_file" not in t and self.listening(t["base"]):
            print(name, "port already taken by another process", flush=True)
            return False
        log = open(os.path.join(self.work, name + ".log"), "w")
        t0 = time.time()
        p = subprocess.Popen([self.subst(x) for x in t["start"]], env=env, cwd=self.subst(t.get("cwd", "{work}")), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                             preexec_fn=pinned(self.a.gw_core), start_new_session=True)
        r = t["routes"]["openai"]
        ok = False
        while time.time() - t0 < t.get("ready_s", 90) and p.poll() is None:
            try:
                if "base_file" in t:  # the gateway picks its own port and writes its address
                    bf = open(self.subst(t["base_file"])).read()
                    t["base"] = "/".join(bf.split("/")[:3])
                b = open(self.body(r, False, 10), "rb").read()
                st, _ = http("POST", t["base"] + r["path"], b, {"Content-Type": "application/json", **t.get("headers", {}), **r.get("headers", {})}, 20)
                if st == 200:
                    ok = p.poll() is None
                    break
            except OSError:
                pass
            time.sleep(0.2)
        self.ready_s = round(time.time() - t0, 1)
        if not ok:
            self.stop(p)
            return False
        return p

    def stop(self, p):
        if not p:
            return
        try:
            p.send_signal(signal.SIGTERM)
            p.wait(8)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait(8)
        for pid, _ in session_pids(p.pid):  # what is left of this session only
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass

    # ------------------------------------------------------------ one run
    def load(self, t, route, mode, bodyfile, c, d, **kw):
        cmd = [os.path.join(self.work, "load"), "-mode", mode, "-url", t["base"] + route["path"], "-body", bodyfile, "-c", str(c), "-d", f"{d}s"]
        for k, v in kw.items():
            cmd += ["-" + k, str(v)]
        for k, v in {**t.get("headers", {}), **route.get("headers", {})}.items():
            cmd += ["-H", f"{k}: {v}"]
        p = subprocess.run(cmd, capture_output=True, text=True, preexec_fn=pinned(self.a.load_core), timeout=d + 60)
        if p.returncode:
            return {"error": p.stderr[-300:], "ok": 0, "bad": 1, "seconds": d, "rps": 0}
        return json.loads(p.stdout)

    def measured(self, gw, fn):
        q0 = self.stats()["requests"]
        c0, s0 = core_busy(self.a.gw_core)
        u0 = cpu_now(gw.pid) if gw else 0
        t0 = time.time()
        r = fn()
        used = cpu_between(u0, cpu_now(gw.pid)) if gw else 0
        c1, s1 = core_busy(self.a.gw_core)
        el = time.time() - t0
        r["mock_requests"] = self.stats()["requests"] - q0
        r["cpu_s"] = round(used, 6)
        r["gw_core_share"] = round(used / el, 3)
        r["other_core_share"] = round(max(0, (c1 - c0) - used) / el, 3)
        r["steal_share"] = round((s1 - s0) / el, 3)
        return r

    def one(self, name, gw, sc):
        """one repeat of one scenario -> flat dict of figures"""
        t, a = self.targets[name], self.a
        cls = t.get("class", "fast")
        k = {"fast": 0, "medium": 1, "slow": 2}[cls]
        dur = a.seconds
        kind, _, _ = sc.partition("@")
        route = t["routes"].get("anthropic" if "trans" in kind else "openai")
        if not route:
            return None
        if kind in ("pass", "trans"):
            self.cfg()
            b = self.body(route, False, 800)
            self.load(t, route, "ns", b, 4, 0.5)
            r = self.measured(gw, lambda: self.load(t, route, "ns", b, (16, 16, 8)[k], dur))
            return self.per(r, "ok", "cpu_us_req", ["rps", "p50_ms", "p99_ms"])
        if kind in ("pass_rate", "trans_rate"):
            self.cfg()
            b = self.body(route, False, 800)
            rate = int(sc.partition("@")[2] or 50)
            self.load(t, route, "ns", b, 2, 0.3)
            r = self.measured(gw, lambda: self.load(t, route, "ns", b, 32, dur + 1, rate=rate))
            return self.per(r, "ok", "cpu_us_req", ["rps", "p50_ms", "p90_ms", "p99_ms"])
        if kind in ("big100k", "big1m"):
            self.cfg()
            b = self.body(route, False, 100_000 if kind == "big100k" else 1_000_000)
            self.load(t, route, "ns", b, 1, 0.3)
            r = self.measured(gw, lambda: self.load(t, route, "ns", b, 4, dur))
            return self.per(r, "ok", "cpu_us_req", ["rps", "p50_ms", "p99_ms"])
        if kind in ("stream_pass", "stream_trans"):  # paced: one event an upstream write, 10 ms apart
            c = t.get("streams", (100, 40, 8)[k])
            self.cfg(delay_us=10_000, jitter=True)
            b = self.body(route, True, 800)
            self.load(t, route, "stream", b, 2, 0.2)
            r = self.measured(gw, lambda: self.load(t, route, "stream", b, c, dur + 1))
            r["streams"] = c
            return self.per(r, "events", "cpu_us_event", ["events_per_s", "ttft_p50_ms", "ttft_p99_ms", "gap_p50_ms", "gap_p99_ms", "reads", "events", "done", "truncated", "usage_seen", "streams"])
        if kind == "ttft":  # one stream at a time on one reused connection: no queueing, so a step of 40 ms is Nagle
            self.cfg(chunks=20, delay_us=5_000)
            b = self.body(route, True, 800)
            self.load(t, route, "stream", b, 1, 0.3)
            r = self.measured(gw, lambda: self.load(t, route, "stream", b, 1, dur + 1))
            return self.per(r, "events", "cpu_us_event", ["ttft_p50_ms", "ttft_p99_ms", "gap_p50_ms", "done", "truncated"])
        if kind in ("flood_pass", "flood_trans"):  # as fast as it goes
            self.cfg()
            b = self.body(route, True, 800)
            r = self.measured(gw, lambda: self.load(t, route, "stream", b, (8, 8, 4)[k], dur))
            return self.per(r, "events", "cpu_us_event", ["events_per_s", "ttft_p50_ms", "ttft_p99_ms", "done", "truncated", "usage_seen"])
        if kind == "hold":  # sc = hold@1000
            n = int(sc.partition("@")[2])
            self.cfg(delay_us=1_000_000, chunks=300, jitter=True)
            b = self.body(route, True, 800)
            m0 = mem(gw.pid) if gw else {}
            ramp = max(2, n / (1000, 300, 100)[k])
            d = ramp + 6
            got = {}

            def go():
                p = [None]
                cmd = [os.path.join(self.work, "load"), "-mode", "hold", "-url", t["base"] + route["path"], "-body", b, "-c", str(n), "-d", f"{d}s", "-ramp", f"{ramp}s"]
                for kk, v in {**t.get("headers", {}), **route.get("headers", {})}.items():
                    cmd += ["-H", f"{kk}: {v}"]
                p = subprocess.Popen(cmd, stdout=subprocess.PIPE, text=True, preexec_fn=pinned(self.a.load_core))
                time.sleep(d - 0.7)
                got["m"] = mem(gw.pid) if gw else {}
                got["live"] = self.stats()["live"]
                out = p.communicate(timeout=60)[0]
                return json.loads(out)
            r = self.measured(gw, go)
            time.sleep(2)  # the clients are gone: does the gateway hang up on the provider?
            left = {"mock_live_after_client_gone_2s": self.stats()["live"]}
            time.sleep(4)
            left["mock_live_after_client_gone_6s"] = self.stats()["live"]
            m1 = got["m"]
            out = {"asked": n, "held_at_client": r.get("live_at_end"), "held_at_mock": got["live"], "bad": r.get("bad"), "error": r.get("error", "")[:200],
                   "ttft_p50_ms": r.get("ttft_p50_ms"), "ttft_p99_ms": r.get("ttft_p99_ms"), "cpu_s": r["cpu_s"], "gw_core_share": r["gw_core_share"]}
            if gw:
                out.update(rss_before_mib=m0["rss_mib"], rss_held_mib=m1["rss_mib"], pss_held_mib=m1["pss_mib"],
                           kib_per_stream=round((m1["rss_mib"] - m0["rss_mib"]) * 1024 / max(1, got["live"]), 1), **left)
            return out
        raise SystemExit("unknown scenario " + sc)

    def per(self, r, unit, key, keep):
        n = r.get(unit) or 0
        o = {key: round(r["cpu_s"] * 1e6 / n, 2) if n else None}
        for k in keep:
            v = r.get(k)
            o[k] = round(v, 3) if isinstance(v, float) else v
        o.update(mock_requests=r.get("mock_requests"))  # far from the client's count: retries, a cache, or the wrong server
        o.update(n=n, bad=r.get("bad", 0), gw_core_share=r["gw_core_share"], other_core_share=r["other_core_share"], steal_share=r["steal_share"])
        if r.get("bad"):
            o["error"] = (r.get("error") or "")[:200]
        return o

    # ------------------------------------------------------------ all of it
    def target(self, name, scenarios, repeat):
        t = self.targets[name]
        res = {"name": name, "version": t.get("version", ""), "class": t.get("class", "fast"), "when": datetime.datetime.now().isoformat(timespec="seconds"), "scenarios": {}}
        gw = self.start(name)
        if gw is False:
            res["failed"] = "did not become ready; see its log in the work folder"
            print(name, "FAILED to start", flush=True)
            return res
        try:
            if gw:
                time.sleep(1.5)
                res["ready_s"] = self.ready_s
                res["mem_idle"] = mem(gw.pid)
            for sc in scenarios:
                if sc in t.get("skip", []):
                    continue
                if sc.startswith("hold") and gw:  # memory figures want a fresh process
                    self.stop(gw)
                    gw = self.start(name)
                    if not gw:
                        break
                    time.sleep(1.5)
                reps = []
                for _ in range(1 if sc.startswith("hold") else repeat):
                    try:
                        r = self.one(name, gw, sc)
                    except Exception as e:  # keep what we have
                        r = {"exception": repr(e)[:300]}
                    if r is None:
                        break
                    reps.append(r)
                    if gw and gw.poll() is not None:
                        r["gateway_died"] = gw.returncode
                        break
                if not reps:
                    continue
                if self.a.append:
                    reps = self.old.get(name, {}).get("scenarios", {}).get(sc, {}).get("repeats", []) + reps
                med, best = {}, {}
                for k in reps[-1]:
                    v = [x[k] for x in reps if isinstance(x.get(k), (int, float)) and not isinstance(x.get(k), bool)]
                    med[k] = round(statistics.median(v), 3) if v else reps[-1][k]
                    if k.startswith("cpu_us") and v:
                        best[k] = min(v)  # CPU time is only ever inflated by neighbours, so the least is the cleanest
                res["scenarios"][sc] = {"median": med, "best": best, "repeats": reps}
                if gw:
                    res["scenarios"][sc]["mem_after"] = mem(gw.pid)
                print(f"{name:16s} {sc:16s} {json.dumps(med)}", flush=True)
                if gw and gw.poll() is not None:
                    res["died_in"] = sc
                    gw = self.start(name)
                    if not gw:
                        break
        finally:
            self.stop(gw)
        return res


DEFAULT = ["pass", "pass_rate@50", "pass_rate@1000", "trans", "trans_rate@50", "big100k", "big1m", "ttft", "stream_pass", "stream_trans", "flood_pass", "flood_trans", "hold@1000", "hold@5000"]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("names", nargs="*")
    ap.add_argument("--all", action="store_true")
    ap.add_argument("--list", action="store_true")
    ap.add_argument("--only", help="comma-separated scenarios, e.g. pass,stream_pass,hold@1000")
    ap.add_argument("--repeat", type=int, default=3)
    ap.add_argument("--append", action="store_true", help="add the repeats to those already in the results file")
    ap.add_argument("--seconds", type=float, default=3)
    ap.add_argument("--gw-core", type=int, default=0)
    ap.add_argument("--load-core", type=int, default=1)
    ap.add_argument("--targets", action="append", default=[], help="more target files (JSON); later ones win")
    ap.add_argument("--work", default=os.environ.get("AIGW_BENCH_WORK") or os.path.join(tempfile.gettempdir(), "aigw-bench"))
    ap.add_argument("--module", default=os.path.join(HERE, "..", "build", "ngx_http_aigw_module.so"), help="the module under test")
    ap.add_argument("--peers", default=os.environ.get("AIGW_BENCH_PEERS") or os.path.join(tempfile.gettempdir(), "peers"), help="where the peers are installed")
    ap.add_argument("--out", help="results file (default results-YYYYMMDD.json beside this script)")
    a = ap.parse_args()
    targets = {}
    for f in [os.path.join(HERE, "targets.json")] + a.targets:
        targets.update(json.load(open(f)))
    if a.list:
        for n, t in targets.items():
            print(f"{n:18s} {t.get('version', ''):28s} {t.get('note', '')}")
        return
    names = list(targets) if a.all else a.names
    if not names:
        ap.error("name a target, or --all")
    sc = a.only.split(",") if a.only else DEFAULT
    b = Bench(a, targets)
    b.build()
    b.start_mock()
    out = a.out or os.path.join(HERE, "results-" + datetime.date.today().strftime("%Y%m%d") + ".json")
    b.old = json.load(open(out))["targets"] if os.path.exists(out) else {}
    try:
        for n in names:
            r = b.target(n, sc, a.repeat)
            doc = json.load(open(out)) if os.path.exists(out) else {"machine": {"cores": os.cpu_count(), "kernel": platform.release(), "mem_gib": round(os.sysconf("SC_PHYS_PAGES") * PAGE / 2**30)}, "targets": {}}
            old = doc["targets"].get(n)
            if old and "failed" in r and a.append:
                continue
            if old and (a.only or a.append) and "failed" not in r:  # a partial run only replaces its own scenarios
                old["scenarios"].update(r["scenarios"])
                old["when"] = r["when"]
                for key in ("mem_idle", "ready_s"):
                    if key in r:
                        old[key] = r[key]
                r = old
            doc["targets"][n] = r
            with open(out + ".tmp", "w") as f:
                json.dump(doc, f, indent=1)
            os.replace(out + ".tmp", out)
    finally:
        b.stop(b.mock)


if __name__ == "__main__":
    main()
