"""Measures what the gateway costs beside plain nginx in each feature set, and writes docs/performance.md.

Every scenario is repeated, and the targets take turns in it (A, B, C, A, B, C ...), so that what else runs on the machine
hits all alike. The results of every repeat go to a JSON file; the tables and the picture are made from the least of them.
"""
import argparse, datetime, json, os, platform, subprocess

from harness import goals, picture, report, settings
from harness.scenarios import FRESH, Run, workers_for
from harness.target import HERE, Unavailable

ROOT = os.path.dirname(HERE)
QUICK_SCENARIOS = ["pass", "trans", "big100k", "stream_pass", "stream_trans", "flood_pass", "flood_trans", "ttft", "hold@1000", "leave@200"]


class Bench:
    def __init__(self, options, targets, mock):
        self.options, self.targets = options, targets
        self.run = Run(options, mock)
        self.results = {}
        self.loads = []

    def usable(self):
        """The targets asked for (or all), without those that cannot run here; why is printed."""
        names = self.options.names or [n for n in self.targets if n != "direct"]
        found = []
        for name in names:
            if name not in self.targets:
                raise SystemExit(f"no target {name}; there are: {', '.join(self.targets)}")
            try:
                self.targets[name].check()
                self.targets[name].start()
                found.append(name)
            except Unavailable as why:
                print(f"{name}: left out: {why}", flush=True)
        return found

    def measure(self, group):
        """One line of the tables: its (scenario, target) pairs in turn."""
        fresh = group[0][0].startswith(FRESH)
        for _ in range(1 if fresh else self.options.repeat):
            for scenario, name in group:
                target = self.targets[name]
                try:
                    if fresh or (target.entry.get("start") and not target.alive()):
                        target.stop()
                        target.start(workers_for(int(scenario.partition("@")[2])) if scenario.startswith("hold") else 1,
                                     wrap=self.run.wrapped(scenario))
                    figures = self.run.one(target, scenario)
                except Exception as e:  # one figure less, not the end of the run
                    figures = {"exception": repr(e)[:300]}
                if figures is None:
                    continue
                if "asked" in figures:
                    figures["lost"] = figures["asked"] - figures["held"]
                self.results.setdefault(name, {}).setdefault(scenario, []).append(figures)
                print(f"{scenario:14s} {name:13s} {json.dumps(figures)}", flush=True)
                if fresh:  # what comes next wants a process with one worker again
                    target.stop()
        self.loads.append(os.getloadavg()[0])

    def groups(self, names):
        """What is to be measured, with targets of other files beside ours where they have the route."""
        ours = {goals.NGINX, *(s[1] for s in goals.FEATURE_SETS), *(p.target for p in goals.POLICIES)}
        others = [n for n in names if n not in ours]
        chosen = self.options.only.split(",") if self.options.only else QUICK_SCENARIOS if self.options.quick else None
        planned = goals.plan()
        known = {scenario for group in planned for scenario, _ in group}
        planned += [[(s, n) for n in names] for s in chosen or [] if s not in known]
        found = []
        for group in planned:
            pairs = group + [(group[0][0], n) for n in others if (group[0][0], n) not in group]
            found.append([(s, n) for s, n in pairs if n in names and (chosen is None or s in chosen)
                          and s not in self.targets[n].entry.get("skip", []) and s in self.targets[n].entry.get("only", [s])])
        return [g for g in found if g]

    def everything(self):
        names = self.usable()
        try:
            for group in self.groups(names):
                self.measure(group)
        finally:
            for name in names:
                self.targets[name].stop()


def machine(loads):
    def said(*command):
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    cpu = next((line.partition(":")[2].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    nginx = subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr.strip().rpartition("/")[2]
    changed = "+" if said("git", "-C", ROOT, "status", "--porcelain", "--untracked-files=no", "src", "bench") else ""
    return (f"{datetime.date.today()}, commit {said('git', '-C', ROOT, 'rev-parse', '--short', 'HEAD')}{changed}, nginx {nginx}, Linux {platform.release()}, "
            f"{os.cpu_count()} x {cpu}, load average {min(loads):.1f} to {max(loads):.1f}.")


def main():
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="TARGET", help="targets (default: all that can run here)")
    parser.add_argument("--quick", action="store_true", help="about two minutes: fewer scenarios, one short run each; prints only")
    parser.add_argument("--only", metavar="S,S", help="these scenarios, e.g. pass,stream_pass,hold@1000 (README.md lists them)")
    parser.add_argument("--repeat", type=int, help="runs of each scenario, of which the least counts (default 5)")
    parser.add_argument("--docs", action=argparse.BooleanOptionalAction, help="write docs/performance.md and its picture (default: after a whole run)")
    parser.add_argument("--out", metavar="FILE", help="results (default bench/results-YYYYMMDD-HHMM.json)")
    parser.add_argument("--add", metavar="FILE", action="append", default=[], help="results of an earlier run that count too")
    parser.add_argument("--list", action="store_true", help="name the targets and end")
    settings.add_options(parser)
    options = parser.parse_args()
    options.repeat = options.repeat or (1 if options.quick else 5)
    if options.quick:
        options.seconds = min(options.seconds, 1.5)
    whole = not (options.quick or options.only or options.names)
    options.docs = whole if options.docs is None else options.docs
    with settings.bench(options) as (targets, mock):
        if options.list:
            for name, target in targets.items():
                print(f"{name:14s} {target.entry.get('note', '')}")
            return
        bench = Bench(options, targets, mock)
        for path in options.add:
            with open(path) as f:
                bench.results = json.load(f)["results"]
        bench.everything()
    finish(bench, options)


def finish(bench, options):
    about = machine(bench.loads or [os.getloadavg()[0]])
    out = options.out or os.path.join(HERE, f"results-{datetime.datetime.now():%Y%m%d-%H%M}.json")
    with open(out, "w") as f:
        json.dump({"machine": about, "results": bench.results}, f, indent=1)
    results = report.Results(bench.results)
    text = report.text(results, about)
    print("\n" + text + f"\n\nresults: {out}")
    if options.docs:
        report.write_between(os.path.join(ROOT, "docs", "performance.md"), text)
        drawn = picture.draw(results)
        if drawn:
            with open(os.path.join(ROOT, "docs", "performance.svg"), "w") as f:
                f.write(drawn)


if __name__ == "__main__":
    main()
