"""docs/performance.svg: CPU time as a ratio to plain nginx, one group of bars for each scenario, one bar for each feature set,
a line where the goal stands. Plain SVG; it follows the reader's light or dark scheme.
"""
from html import escape

from harness import goals

LEFT, RIGHT, BAR, GAP, TOP = 250, 84, 15, 16, 66  # pixels
WIDTH = 860
COLORS = {"aigw-off": ("#8a8f98", "#9aa0aa"), "aigw-counted": ("#2a9d74", "#3fbf92"), "_pass": ("#2f6fd6", "#6aa3ff"),
          "_trans": ("#c2571a", "#f0904f"), "other": ("#8257b5", "#b28ae0")}


def css_class(target, ending):
    name = target if target in COLORS else ending if target == "aigw" else "other"
    return "b" + name.replace("-", "").replace("_", "")


def style():
    def rules(which):
        ink, faint, page = (("#1f2328", "#c4c9d0", "#ffffff"), ("#e6edf3", "#4a525c", "#0d1117"))[which]
        bars = "".join(f".b{name.replace('-', '').replace('_', '')}{{fill:{pair[which]}}}" for name, pair in COLORS.items())
        return f".page{{fill:{page}}}text{{fill:{ink}}}.axis{{stroke:{faint}}}.one{{stroke:{ink}}}.goal{{stroke:{ink}}}{bars}"
    return ("text{font:12px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif}.head{font-size:14px;font-weight:600}"
            ".goal{stroke-width:2.5}" + rules(0) + "@media (prefers-color-scheme:dark){" + rules(1) + "}")


def groups(results):
    """[(title, [(feature set, class, ratio, goal or None)])] of what was measured."""
    known = {goals.NGINX, "direct", *(s[1] for s in goals.FEATURE_SETS)}
    sets = goals.FEATURE_SETS + [(n, n, "_pass") for n in results.runs if n not in known]
    found = []
    for row in goals.CPU_ROWS:
        bars = [(title, css_class(target, ending), results.ratio(row, target, ending), row.goals.get(title))
                for title, target, ending in sets]
        bars = [b for b in bars if b[2] is not None]
        if bars:
            found.append((row.title.rpartition(", ")[0], bars))
    return found


def legend(sets):
    out, x = [], 16
    for title, name in sets:
        out.append(f'<rect class="{name}" x="{x}" y="34" width="11" height="11" rx="2"/><text x="{x + 16}" y="44">{escape(title)}</text>')
        x += 34 + round(6.4 * len(title))
    out.append(f'<line class="goal" x1="{x + 4}" x2="{x + 4}" y1="32" y2="47"/><text x="{x + 12}" y="44">goal</text>')
    return out


def draw(results):
    """The SVG's text; None where nothing can be compared."""
    rows = groups(results)
    if not rows:
        return None
    most = max(max(b[2], b[3] or 0) for _, bars in rows for b in bars)
    top_ratio = max(1.5, -(-most * 10 // 2.5) * 0.25 + 0.05)
    scale = (WIDTH - LEFT - RIGHT) / top_ratio
    height = TOP + sum(len(bars) * BAR + GAP for _, bars in rows) + 26
    bottom = height - 26
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" '
           'aria-label="CPU time as a ratio to plain nginx">', f"<style>{style()}</style>",
           f'<rect class="page" width="{WIDTH}" height="{height}" rx="6"/>',
           '<text class="head" x="16" y="22">CPU time, plain nginx = 1</text>']
    sets = []
    for _, bars in rows:
        for title, name, _, _ in bars:
            plain = title.replace("`", "")
            if (plain, name) not in sets:
                sets.append((plain, name))
    out += legend(sets)
    tick = 0.0
    while tick <= top_ratio:
        x = LEFT + tick * scale
        kind = "one" if tick == 1.0 else "axis"
        out.append(f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{bottom}"/>'
                   f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{tick:g}</text>')
        tick += 0.25 if top_ratio <= 2.6 else 0.5
    y = TOP
    for title, bars in rows:
        out.append(f'<text x="{LEFT - 10}" y="{y + len(bars) * BAR / 2 + 4:.1f}" text-anchor="end">{escape(title)}</text>')
        for _, name, ratio, goal in bars:
            end = LEFT + ratio * scale
            out.append(f'<rect class="{name}" x="{LEFT}" y="{y + 1}" width="{ratio * scale:.1f}" height="{BAR - 3}" rx="2"/>')
            if goal:
                at = LEFT + goal * scale
                out.append(f'<line class="goal" x1="{at:.1f}" x2="{at:.1f}" y1="{y - 1}" y2="{y + BAR - 1}"/>')
                end = max(end, at)
            out.append(f'<text x="{end + 6:.1f}" y="{y + BAR - 4}">{ratio:.2f}x</text>')
            y += BAR
        y += GAP
    return "\n".join(out) + "\n</svg>\n"
