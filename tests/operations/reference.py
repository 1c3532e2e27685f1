"""The table of docs/dashboards.md: every query of every panel, with what it returned in a run of system_test.py."""
import math
import os
import re

import dashboards
import sources

PAGE = os.path.join(sources.ROOT, "docs/dashboards.md")
BEGIN, END = "<!-- panels: made by scripts/operations table -->\n", "<!-- end of panels -->\n"
UNITS = {"s": " s", "reqps": "/s", "cps": "/s", "cpm": "/min", "bytes": " bytes"}


def number(value, unit):
    value = float(value)
    if math.isnan(value):
        return "–"
    if unit == "bytes":
        return f"{value / (1 << 20):.0f} MiB"
    if unit == "percentunit":
        return f"{value:.1%}"
    return f"{value:.3g}{UNITS.get(unit, '')}"


def sample(result, legend, unit):
    """One line for a result: the first series with its legend, and how many more there are."""
    if not result:
        return ""
    named = sorted((re.sub(r"{{(\w+)}}", lambda m: labels.get(m[1], ""), legend), value) for labels, value in result)
    named = [(re.sub(r"127\.0\.0\.1:\d+", "HOST:9464", name).strip(), value) for name, value in named]
    real = [pair for pair in named if not math.isnan(float(pair[1]))] or named
    more = f" and {len(result) - 1} more" if len(result) > 1 else ""
    return f"{real[0][0]}: {number(real[0][1], unit)}{more}"


def rows():
    """The first columns of the table's rows, as they must be."""
    for title, panel, legend, _, query in dashboards.queries():
        shown = query.replace("|", "\\|")
        yield f"| {title.removeprefix('Countersign: ')} | {panel} | `{shown}` |", (title, panel, legend)


def write(samples, reasons):
    lines = ["| dashboard | panel | query | result |", "|---|---|---|---|"]
    for row, key in rows():
        name = f"{key[0].removeprefix('Countersign: ')} / {key[1]}"
        lines.append(f"{row} {samples[key] or 'empty: ' + reasons[name]} |")
    with open(PAGE, encoding="utf-8") as file:
        old = file.read()
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(old.split(BEGIN)[0] + BEGIN + "\n".join(lines) + "\n" + END + old.split(END)[1])


def listed():
    """The first columns of the rows that the page has."""
    with open(PAGE, encoding="utf-8") as file:
        table = file.read().split(BEGIN)[1].split(END)[0]
    return [re.match(r"\| .* \| .* \| `.*` \|(?= )", line)[0] for line in table.splitlines()[2:]]
