"""What is measured for docs/performance.md, and what is aimed at. A goal is shown as met or not met; it fails nothing.

CPU goals are ratios to plain nginx in the same run; the others are absolute.
"""
from dataclasses import dataclass
from typing import Optional

NGINX = "nginx-plain"
# Columns: (title, target, ending of the scenario's name). Plain nginx is what all are compared with.
FEATURE_SETS = [("loaded, not used", "aigw-off", "_pass"), ("`ai_filter`, counted", "aigw-counted", "_pass"),
                ("gateway, passed", "aigw", "_pass"), ("gateway, translated", "aigw", "_trans")]

NOISE = 1.05  # "1.0x": what two runs of the same thing may differ by


@dataclass
class CpuRow:
    title: str
    scenarios: dict  # ending of the name -> scenario
    goals: dict      # title of the feature set -> most that the ratio may be


CPU_ROWS = [
    CpuRow("small chat, 1 KB each way, µs a request", {"_pass": "pass", "_trans": "trans"},
           {"loaded, not used": NOISE, "`ai_filter`, counted": 1.2, "gateway, passed": 1.35, "gateway, translated": 1.6}),
    CpuRow("100 KB prompt, µs a request", {"_pass": "big100k"}, {"gateway, passed": 1.4}),
    CpuRow("1 MB prompt, µs a request", {"_pass": "big1m"}, {"gateway, passed": 1.4}),
    CpuRow("streamed event, 10 ms apart, µs an event", {"_pass": "stream_pass", "_trans": "stream_trans"},
           {"loaded, not used": NOISE, "`ai_filter`, counted": 1.2, "gateway, passed": 1.15, "gateway, translated": 1.3}),
    CpuRow("events without pauses, µs an event", {"_pass": "flood_pass", "_trans": "flood_trans"},
           {"loaded, not used": NOISE, "`ai_filter`, counted": 1.2, "gateway, translated": 1 / 0.49}),
]


@dataclass
class Figure:
    """One line of the second table: a figure of one scenario for several targets."""
    title: str
    figure: str
    scenarios: dict            # column -> (target, scenario)
    most: dict                 # column -> most it may be; absent: no goal
    above_nginx: Optional[str] = None  # a goal is what may come on top of this column
    decimals: int = 2


def columns(scenario, trans=None):
    out = {"plain nginx": (NGINX, scenario), "passed": ("aigw", scenario)}
    if trans:
        out["translated"] = ("aigw", trans)
    return out


FIGURES = [
    Figure("first token, reused connection, p50 ms", "ttft_p50_ms", columns("ttft", "ttft_trans"), {"passed": 0.05, "translated": 0.05},
           above_nginx="plain nginx", decimals=3),
    Figure("first token, p99 ms (a step would be 40)", "ttft_p99_ms", columns("ttft", "ttft_trans"), {"passed": 35, "translated": 35}),
    Figure("first token, greatest ms", "ttft_max_ms", columns("ttft", "ttft_trans"), {}),
    Figure("memory of a held stream, 1,000 streams, KiB", "kib_a_stream", columns("hold@1000", "hold_trans@1000"),
           {"passed": 22, "translated": 28}, decimals=1),
    Figure("memory of a held stream, 5,000 streams, KiB", "kib_a_stream", columns("hold@5000"), {"passed": 22}, decimals=1),
    Figure("streams lost of 5,000", "lost", columns("hold@5000"), {"passed": 0}, decimals=0),
    Figure("streams lost of 20,000", "lost", columns("hold@20000"), {"passed": 0}, decimals=0),
    Figure("provider freed after 500 clients left at once, p50 ms", "p50_ms", columns("leave@500", "leave_trans@500"), {}, decimals=1),
    Figure("the same, last one, ms", "max_ms", columns("leave@500", "leave_trans@500"), {"passed": 100, "translated": 100}, decimals=1),
    Figure("worker's growth over the second half of 100,000 requests of all kinds, KiB", "growth_kib",
           {"passed": ("aigw", "soak@100000")}, {"passed": 256}, decimals=0),
    Figure("the zones' growth meanwhile, bytes", "zone_growth_bytes", {"passed": ("aigw", "soak@100000")}, {"passed": 0}, decimals=0),
    Figure("master's growth over the second half of 200 reloads, KiB", "growth_kib", columns("reload@200"), {"passed": 256}, decimals=0),
    Figure("the zones' growth meanwhile, bytes", "zone_growth_bytes", {"passed": ("aigw", "reload@200")}, {"passed": 0}, decimals=0),
]


@dataclass
class PolicyRow:
    """What one policy adds, or takes: a figure beside the same figure without it, of the same run."""
    title: str
    target: str
    scenario: str
    beside: str         # the target that it is compared with
    most: float         # a ratio to it; with `above`, what may come on top; without `beside`, the figure itself
    above: bool = False
    figure: str = "cpu_us"
    unit: str = "µs"


POLICIES = [
    PolicyRow("limits in the zone, small chat", "aigw-limits", "pass", "aigw", 1, above=True),
    # At one rate for both: Redis has its core in common with the load, which then asks less, and every wake-up serves fewer requests.
    PolicyRow("limits in Redis, small chat, 4,000 a second", "aigw-limits-redis", "pass@4000", "aigw", 10, above=True),
    PolicyRow("masked both ways, small chat", "aigw-masked", "pass", "aigw", 3, above=True),
    PolicyRow("masked, streamed event", "aigw-masked", "stream_pass", NGINX, 1.2),
    PolicyRow("masked, event without pauses", "aigw-masked", "flood_pass", NGINX, 1.2),
    PolicyRow("answered by the cache, small chat", "aigw-cached", "pass", NGINX, 1),
    PolicyRow("answered by the cache in Redis, small chat", "aigw-cached-redis", "pass", NGINX, 1),
    PolicyRow("1 MB prompt, masked", "aigw-masked", "big1m", "aigw", 1000, above=True),
    PolicyRow("the same, longest turn of the event loop", "aigw-masked", "turn1m", "", 1, figure="longest_ms", unit="ms"),
]


def plan():
    """[[(scenario, target)]]: the inner lists take turns, so that one moment's noise hits all that are compared."""
    groups = []
    for row in CPU_ROWS:
        groups.append([(row.scenarios["_pass"], NGINX)] +
                      [(row.scenarios[ending], target) for _, target, ending in FEATURE_SETS if ending in row.scenarios] +
                      [(p.scenario, p.target) for p in POLICIES if p.scenario == row.scenarios["_pass"]])
    for figure in FIGURES:
        group = [(scenario, target) for target, scenario in figure.scenarios.values()]
        if not any(group[0] in known for known in groups):
            groups.append(group)
    known = {scenario for group in groups for scenario, _ in group}
    return groups + [[(p.scenario, target) for target in (p.beside, p.target) if target] for p in POLICIES if p.scenario not in known]
