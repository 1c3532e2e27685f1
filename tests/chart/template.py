"""Prints what the chart renders.  template.py FOLDER [VALUES-FILE…], names relative to FOLDER, later files win."""
import os
import sys

import helm_python
import yaml

import chart


def main():
    layers = []
    for name in sys.argv[2:]:
        with open(os.path.join(sys.argv[1], name), encoding="utf-8") as file:
            layers.append(yaml.load(file, Loader=chart.StrictLoader) or {})
    try:
        rendered = chart.render_files(chart.merge(*layers))
    except helm_python.HelmError as error:
        sys.exit(f"chart: {error}")
    for path, text in sorted(rendered.items()):
        if text.strip() and not path.endswith(".txt"):
            print(f"---\n# {path}{text.rstrip()}")


if __name__ == "__main__":
    main()
