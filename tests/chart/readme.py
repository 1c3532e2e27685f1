"""Writes the table of values into the chart's README from the comments of values.yaml.

  readme.py           writes it
  readme.py --check   exits 1 when it is not what the comments say
"""
import json
import os
import re
import sys

import chart

README = os.path.join(chart.CHART, "README.md")
BEGIN, END = "<!-- values: made by scripts/chart readme -->\n", "<!-- end of values -->\n"


def comments():
    """Path of a value → its comment. Keys of flow mappings have none."""
    found, path, comment = {}, [], []
    with open(os.path.join(chart.CHART, "values.yaml"), encoding="utf-8") as file:
        for line in file:
            key = re.match(r"( *)([A-Za-z]\w*):", line)
            if line.strip().startswith("#"):
                text = line.strip("# \n")
                comment = [text[3:]] if text.startswith("-- ") else comment + [text] if comment else []
            elif key:
                path = path[:len(key[1]) // 2] + [key[2]]
                if comment:
                    found[tuple(path)] = " ".join(comment)
                comment = []
            else:
                comment = []
    return found


def comment_of(place, known):
    """The comment of a value, and of which service's: what all have is explained once, with the first that has it."""
    if place in known:
        return known[place], None
    for service in ("edge", "authn") if len(place) > 1 else ():
        if (service,) + place[1:] in known:
            return known[(service,) + place[1:]], service
    return None, None


def default_of(place):
    value = chart.values("values.yaml")
    for key in place:
        value = value[key]
    return value


def has_comments(value, known, place):
    """Whether something inside of the value has a comment of its own."""
    return isinstance(value, dict) and any(
        comment_of(place + (k,), known)[0] or has_comments(v, known, place + (k,)) for k, v in value.items())


def rows(values, known, path=()):
    """(path, default, comment) of every value that the table lists."""
    for key, value in values.items():
        place = path + (key,)
        text, service = comment_of(place, known)
        grouped = has_comments(value, known, place)
        if text and service:
            if value != default_of((service,) + place[1:]):
                yield place, value, f"as `{service}.{'.'.join(place[1:])}`"
        elif text:
            yield place, None if grouped else value, text
        elif not grouped:
            raise SystemExit(f"values.yaml: {'.'.join(place)} has no comment")
        if grouped and not service:
            yield from rows(value, known, place)


def table():
    lines = ["| value | default | |", "|---|---|---|"]
    for place, default, text in rows(chart.values("values.yaml"), comments()):
        shown = "" if default is None else f"`{json.dumps(default)}`"
        lines.append(f"| `{'.'.join(place)}` | {shown} | {text} |")
    return "\n".join(lines) + "\n"


def main():
    with open(README, encoding="utf-8") as file:
        old = file.read()
    before, after = old.split(BEGIN)[0], old.split(END)[1]
    new = before + BEGIN + table() + END + after
    if "--check" in sys.argv:
        if new != old:
            sys.exit("helm/countersign/README.md is not what values.yaml says: run scripts/chart readme")
    elif new != old:
        with open(README, "w", encoding="utf-8") as file:
            file.write(new)


if __name__ == "__main__":
    main()
