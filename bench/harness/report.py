"""The tables of docs/performance.md, from the results of a run."""
from harness import goals

BEGIN, END = "<!-- bench/run writes from here -->", "<!-- to here -->"


class Results:
    """{target: {scenario: [one dictionary for each repeat]}}"""

    def __init__(self, runs):
        self.runs = runs

    def least(self, target, scenario, key):
        """Neighbours only ever add, so the least of the repeats is the nearest to the truth."""
        values = [r[key] for r in self.runs.get(target, {}).get(scenario, []) if isinstance(r.get(key), (int, float))]
        return min(values) if values else None

    def cpu(self, row, target, ending):
        scenario = row.scenarios.get(ending)
        return self.least(target, scenario, "cpu_us") if scenario else None

    def ratio(self, row, target, ending):
        own, base = self.cpu(row, target, ending), self.cpu(row, goals.NGINX, "_pass")
        return own / base if own and base else None


def number(value, decimals=1):
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 or decimals == 0 else f"{value:.{decimals}f}"


def verdict(value, most):
    return "met" if value <= most else "**not met**"


def cpu_cell(results, row, title, target, ending):
    value, ratio = results.cpu(row, target, ending), results.ratio(row, target, ending)
    if value is None:
        return ""
    text = number(value)
    if ratio is not None:
        text += f" · {ratio:.2f}x"
        if title in row.goals:
            text += f" (≤ {row.goals[title]:.2f}: {verdict(round(ratio, 2), row.goals[title])})"
    return text


def table(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head)] + ["| " + " | ".join(r) + " |" for r in rows])


def cpu_table(results):
    sets = [s for s in goals.FEATURE_SETS if s[1] in results.runs]
    known = {goals.NGINX, *(s[1] for s in goals.FEATURE_SETS), *(p.target for p in goals.POLICIES)}
    sets += [(name, name, "_pass") for name in results.runs if name not in known and name != "direct"]
    rows = [[row.title, number(results.cpu(row, goals.NGINX, "_pass"))] + [cpu_cell(results, row, *s) for s in sets]
            for row in goals.CPU_ROWS]
    return table(["", "plain nginx", *(s[0] for s in sets)], [r for r in rows if any(r[1:])])


def figure_cell(results, figure, column):
    target, scenario = figure.scenarios.get(column, (None, None))
    value = results.least(target, scenario, figure.figure)
    if value is None:
        return ""
    text = number(value, figure.decimals)
    if column in figure.most:
        most = figure.most[column]
        if figure.above_nginx:
            base = results.least(*figure.scenarios[figure.above_nginx], figure.figure)
            if base is None:
                return text
            return text + f" (≤ +{most:g}: {verdict(round(value - base, 3), most)})"
        text += f" (≤ {most:g}: {verdict(value, most)})"
    return text


def figure_table(results):
    names = ["plain nginx", "passed", "translated"]
    rows = [[f.title] + [figure_cell(results, f, c) for c in names] for f in goals.FIGURES]
    return table(["", *("gateway, " + n if n in ("passed", "translated") else n for n in names)], [r for r in rows if any(r[1:])])


def policy_cells(results, row):
    """What it is without the policy, what it is with it, how it is judged; nothing where it was not measured."""
    own = results.least(row.target, row.scenario, row.figure)
    base = results.least(row.beside, row.scenario, row.figure) if row.beside else None
    if own is None or (row.beside and not base):
        return []
    name = row.unit if row.scenario.startswith(("stream", "flood", "turn")) else f"{row.unit} a request"
    if row.above:
        more = own - base
        said = f"{more:+.1f} (≤ +{row.most:g}: {verdict(round(more, 2), row.most)})"
    elif base:
        said = f"{own / base:.2f}x (≤ {row.most:.2f}: {verdict(round(own / base, 2), row.most)})"
    else:
        said = f"(≤ {row.most:g}: {verdict(own, row.most)})"
    title = {goals.NGINX: "plain nginx", "": ""}.get(row.beside, "gateway")
    return [f"{row.title}, {name}", f"{title} {number(base)}".strip(), number(own, 2 if row.unit == "ms" else 1), said]


def text(results, machine):
    parts = [machine]
    if any(results.cpu(row, goals.NGINX, "_pass") for row in goals.CPU_ROWS):
        parts += ["### CPU", "The ratio is to plain nginx in the same run; in brackets the goal.", cpu_table(results),
                  "![CPU time as a ratio to plain nginx, by feature set](performance.svg)"]
    if any(figure_cell(results, f, c) for f in goals.FIGURES for c in f.scenarios):
        parts += ["### Time and memory", figure_table(results)]
    policies = [cells for cells in (policy_cells(results, row) for row in goals.POLICIES) if cells]
    if policies:
        parts += ["### Policies", "Each beside the same without it, in the same run; in brackets the goal.",
                  table(["", "beside", "with it", ""], policies)]
    return "\n\n".join(parts)


def write_between(path, content):
    """Replaces what stands between the marker comments."""
    with open(path) as f:
        old = f.read()
    before, found, rest = old.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not found or not ended:
        raise SystemExit(f"{path} has no marker comments")
    with open(path, "w") as f:
        f.write(before + BEGIN + "\n\n" + content + "\n\n" + END + after)
