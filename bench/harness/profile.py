"""Profiles one scenario against one target: CPU time by perf, instructions by callgrind, or system calls by strace."""
import argparse, collections, os, re, signal, subprocess, time

from harness import proc, settings
from harness.scenarios import Run

GROUPS = [("kernel", r"^\[(kernel|vdso)|\.ko$"), ("module", r"^ngx_http_aigw"), ("nginx", r"^nginx$"), ("libcrypto", r"^libcrypto"),
          ("malloc", r"^$"), ("libc", r"^libc[.-]"), ("libstdc++", r"^libstdc"), ("simdjson", r"^libsimdjson")]
ALLOCATOR = re.compile(r"malloc|cfree|_int_free|calloc|realloc|unlink_chunk|operator (new|delete)|systrim|sysmalloc")
CALLGRIND_REQUESTS = 2000


def group_of(dso, symbol):
    name = os.path.basename(dso) if dso.startswith("/") else dso
    for group, pattern in GROUPS:
        if re.search(pattern, name):
            return "malloc" if group in ("libc", "libstdc++") and ALLOCATOR.search(symbol) else group
    return name


def by_perf(run, target, scenario, options):
    target.start()
    worker = proc.workers(target.process.pid)[0]
    run.one(target, scenario)  # warm
    data = os.path.join(options.work, "perf.data")
    perf = subprocess.Popen(["perf", "record", "-q", "-F", "4999", "-o", data, "-p", str(worker)] + (["-g"] if options.calls else []),
                            stderr=subprocess.DEVNULL)
    figures = run.one(target, scenario)
    perf.send_signal(signal.SIGINT)
    perf.wait()
    if options.calls:
        subprocess.run(["perf", "report", "-i", data, "--stdio", "--children", "--percent-limit", "1", "-g", "caller,0.5"])
    text = subprocess.run(["perf", "report", "-i", data, "--stdio", "--no-children", "-g", "none", "--sort", "dso,symbol", "-F",
                           "sample,dso,symbol", "-t", "|"], capture_output=True, text=True).stdout
    symbols = []
    for line in text.splitlines():
        parts = [p.strip() for p in line.split("|")]
        if len(parts) >= 3 and parts[0].isdigit():
            symbols.append((int(parts[0]), parts[1], re.sub(r"^\[.\] ", "", parts[2])))
    total = sum(s[0] for s in symbols) or 1
    groups = collections.Counter()
    for samples, dso, symbol in symbols:
        groups[group_of(dso, symbol)] += samples
    unit = figures.get("cpu_us") or 0
    print(f"{target.name} {scenario}: {unit} µs CPU a unit, {figures.get('n')} units, {total} samples\n")
    print_table(groups, total, unit, "µs")
    merged = collections.Counter()
    for samples, dso, symbol in symbols:
        merged[(group_of(dso, symbol), "(without symbol)" if symbol.startswith("0x") else symbol)] += samples
    print_top(merged, total, unit, "µs", options.top)


def by_callgrind(run, target, scenario, options):
    """The gateway without master process under callgrind, a fixed number of requests between two marks."""
    words = target.entry["start"]
    target.entry["start"] = [w.replace("daemon off;", "daemon off; master_process off;") for w in words]
    out = os.path.join(options.work, "callgrind.out")
    target.start(wrap=["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out + ".%p", "--separate-threads=no"])
    pid = str(target.process.pid)
    saved, run.settings.seconds = run.settings.seconds, 4

    run.one(target, scenario)  # warm
    subprocess.run(["callgrind_control", "-z", pid], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    before = run.mock.stats()
    figures = run.one(target, scenario)
    after = run.mock.stats()
    run.settings.seconds = saved
    subprocess.run(["callgrind_control", "-d", pid], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    target.stop()
    unit = "events" if scenario.startswith(("stream", "flood", "ttft")) else "requests"
    count = max(1, after[unit] - before[unit], figures.get("n") or 0)  # what the cache answers reaches no mock
    merged, groups = collections.Counter(), collections.Counter()
    for (dso, symbol), instructions in own_costs(f"{out}.{pid}.1").items():
        name = os.path.basename(dso)
        group = "libc" if name.startswith("ld-") else group_of(name, symbol)
        merged[(group, "(without symbol)" if symbol.startswith("0x") else symbol)] += instructions
        groups[group] += instructions
    total = sum(groups.values())
    each = total / count
    print(f"{target.name} {scenario}: {each:,.0f} user instructions a unit ({count} {unit}, {figures.get('bad', 0)} bad)\n")
    print_table(groups, total, each, "instr.")
    print_top(merged, total, each, "instr.", options.top)


def own_costs(path):
    """{(object, function): instructions of its own} of a callgrind profile; the lines after "calls=" are its callees'."""
    names, costs = {}, collections.Counter()
    dso = symbol = ""
    callee = False

    def full(kind, word):
        number, _, name = word.partition(" ")
        if name:
            names[kind, number] = name
        return names.get((kind, number), word)

    for line in open(path, errors="replace"):
        key, is_field, value = line.rstrip("\n").partition("=")
        if is_field and key in ("ob", "cob"):
            found = full("ob", value)
            dso = found if key == "ob" else dso
        elif is_field and key in ("fn", "cfn"):
            found = full("fn", value)
            symbol = found if key == "fn" else symbol
        elif key == "calls":
            callee = True
        elif line[:1] in "+-*0123456789" and not is_field:
            words = line.split()
            if not callee and len(words) > 1:
                costs[dso, symbol] += int(words[1])
            callee = False
    return costs


def by_strace(run, target, scenario, options):
    target.start()
    worker = proc.workers(target.process.pid)[0]
    run.one(target, scenario)
    out = os.path.join(options.work, "strace.out")
    strace = subprocess.Popen(["strace", "-c", "-o", out, "-p", str(worker)], stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    before = run.mock.stats()
    run.one(target, scenario)
    after = run.mock.stats()
    strace.send_signal(signal.SIGINT)
    strace.wait()
    unit = "events" if scenario.startswith(("stream", "flood", "ttft")) else "requests"
    count = max(1, after[unit] - before[unit])
    print(f"{target.name} {scenario}: system calls a unit ({count} {unit})\n\n| call | a unit |\n|---|---|")
    for line in open(out):
        words = line.split()
        if len(words) >= 5 and words[3].isdigit() and words[-1] != "total":
            print(f"| {words[-1]} | {int(words[3]) / count:.3f} |")


def print_table(groups, total, each, unit):
    print(f"| where | share | {unit} a unit |\n|---|---|---|")
    for group, value in groups.most_common():
        print(f"| {group} | {value / total:.1%} | {each * value / total:,.2f} |")
    print()


def print_top(symbols, total, each, unit, top):
    print(f"| share | {unit} | where | symbol |\n|---|---|---|---|")
    for (group, symbol), value in symbols.most_common(top):
        print(f"| {value / total:.1%} | {each * value / total:,.2f} | {group} | `{symbol[:110]}` |")


def main():
    parser = argparse.ArgumentParser(prog="bench/profile", description=__doc__)
    parser.add_argument("scenario", help="pass, trans, big100k, big1m, stream_pass, stream_trans, flood_pass, flood_trans, ttft")
    parser.add_argument("target", help="a name of targets.json: nginx-plain, aigw-off, aigw-counted, aigw ...")
    parser.add_argument("--instructions", action="store_true", help="count user-mode instructions with callgrind")
    parser.add_argument("--syscalls", action="store_true", help="count system calls with strace")
    parser.add_argument("--calls", action="store_true", help="perf: the call graph too (kernel; what has frame pointers)")
    parser.add_argument("--top", type=int, default=25, help="symbols shown (default %(default)s)")
    settings.add_options(parser)
    options = parser.parse_args()
    with settings.bench(options) as (targets, mock):
        target = targets[options.target]
        how = by_callgrind if options.instructions else by_strace if options.syscalls else by_perf
        try:
            how(Run(options, mock), target, options.scenario, options)
        finally:
            target.stop()


if __name__ == "__main__":
    main()
