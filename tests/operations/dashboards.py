"""Grafana's dashboards, made of deploy/monitoring/dashboards.yaml.

  dashboards.py           writes the JSON files
  dashboards.py --check   exits 1 when they are not what the description says
"""
import json
import os
import re
import sys

import sources

COLUMNS = 24
WIDTH, HEIGHT = 8, 7
SOURCE = {"type": "prometheus", "uid": "${source}"}
PANELS = {"lines": "timeseries", "numbers": "stat", "table": "table", "bars": "bargauge"}
# What the description calls these units, in Grafana's names.
UNITS = {"cores": "short", None: "short"}
ALL = 'namespace=~"$namespace"'


def expand(query, service, variables):
    """The query with the description's abbreviations written out."""
    own = f'{ALL}, job=~"countersign-({service}|standalone)"'
    chosen = ", ".join([ALL] + [f'{v}=~"${v}"' for v in variables])
    for name, text in (("$all", ALL), ("$own", own), ("$chosen", chosen), ("$window", "$__rate_interval")):
        query = query.replace(name, text)
    return query


def target(number, legend, query, show):
    made = {"refId": chr(ord("A") + number), "datasource": SOURCE, "expr": query, "legendFormat": legend}
    if show in ("table", "bars"):
        made |= {"instant": True, "range": False}
    if show == "table":
        made["format"] = "table"
    return made


def panel(described, service, variables):
    show = described.get("show", "lines")
    unit = described.get("unit")
    made = {
        "type": PANELS[show], "title": described["title"], "datasource": SOURCE,
        "fieldConfig": {"defaults": {"unit": UNITS.get(unit, unit)}, "overrides": []},
        "targets": [target(n, legend, expand(query, service, variables), show)
                    for n, (legend, query) in enumerate(described["queries"].items())],
    }
    if "text" in described:
        made["description"] = described["text"]
    if show == "lines":
        made["options"] = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}}
    elif show == "numbers":
        made["options"] = {"reduceOptions": {"calcs": ["lastNotNull"]}, "textMode": "value_and_name"}
    return made


def layout(rows, shared, service, variables):
    """The panels with their places: rows of three."""
    panels, y = [], 0
    for title, described in rows.items():
        panels.append({"type": "row", "title": title, "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": 1}})
        y += 1
        content = shared[described] if isinstance(described, str) else described
        for number, entry in enumerate(content):
            place = {"x": number * WIDTH % COLUMNS, "y": y + number * WIDTH // COLUMNS * HEIGHT, "w": WIDTH, "h": HEIGHT}
            panels.append(panel(entry, service, variables) | {"gridPos": place})
        y += -(-len(content) * WIDTH // COLUMNS) * HEIGHT
    for number, made in enumerate(panels):
        made["id"] = number + 1
    return panels


def query_variable(label, metric):
    query = f"label_values({metric}, {label})"
    return {"name": label, "type": "query", "datasource": SOURCE, "query": {"query": query, "refId": label},
            "definition": query, "refresh": 2, "includeAll": True, "allValue": ".*", "multi": True, "sort": 1,
            "current": {"text": "All", "value": "$__all"}}


def dashboard(name, title, rows, shared, **more):
    variables = more.get("variables", {})
    templates = [{"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
                 query_variable("namespace", "countersign_build_info")]
    templates += [query_variable(label, metric) for label, metric in variables.items()]
    return {
        "uid": f"countersign-{name}", "title": f"Countersign: {title}", "tags": ["countersign"], "schemaVersion": 38,
        "editable": False, "graphTooltip": 1, "refresh": "30s", "time": {"from": "now-6h", "to": "now"},
        "links": [{"type": "dashboards", "tags": ["countersign"], "title": "Countersign", "asDropdown": True}],
        "templating": {"list": templates}, "annotations": {"list": []},
        "panels": layout(rows, shared, more.get("service", ""), variables),
    }


def make():
    """File name → dashboard."""
    described = sources.load(sources.DESCRIPTION)
    made = {name: dashboard(name, entry["title"], entry["rows"], described["rows"], variables=entry.get("variables", {}))
            for name, entry in described["dashboards"].items()}
    for service, entry in described["services"].items():
        name = f"service-{service}"
        made[name] = dashboard(name, f"service {service}", entry["rows"], described["rows"], service=service)
    return {f"{name}.json": entry for name, entry in made.items()}


def queries():
    """(dashboard's title, panel's title, legend, unit, PromQL) of every query."""
    for entry in make().values():
        for part in entry["panels"]:
            for wanted in part.get("targets", []):
                yield (entry["title"], part["title"], wanted["legendFormat"], part["fieldConfig"]["defaults"]["unit"],
                       wanted["expr"])


def for_prometheus(query, window):
    """The query as Grafana would send it, with every variable at All."""
    query = query.replace("$__rate_interval", window).replace("$__range", window)
    return re.sub(r'=~"\$[a-z]+"', '=~".*"', query)


def main():
    texts = {name: json.dumps(entry, indent=1) + "\n" for name, entry in make().items()}
    old = {}
    for name in os.listdir(sources.DASHBOARDS) if os.path.isdir(sources.DASHBOARDS) else []:
        with open(os.path.join(sources.DASHBOARDS, name), encoding="utf-8") as file:
            old[name] = file.read()
    if "--check" in sys.argv:
        if texts != old:
            sys.exit("the dashboards are not what deploy/monitoring/dashboards.yaml says: run scripts/operations dashboards")
        return
    os.makedirs(sources.DASHBOARDS, exist_ok=True)
    for name in old.keys() - texts.keys():
        os.remove(os.path.join(sources.DASHBOARDS, name))
    for name, text in texts.items():
        with open(os.path.join(sources.DASHBOARDS, name), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
