"""The files of deploy/monitoring and of the chart that this folder tests."""
import os

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RULES = os.path.join(ROOT, "helm/countersign/files/monitoring/rules.yaml")
DASHBOARDS = os.path.join(ROOT, "helm/countersign/files/monitoring/dashboards")
DESCRIPTION = os.path.join(ROOT, "deploy/monitoring/dashboards.yaml")
RUNBOOKS = os.path.join(ROOT, "docs/runbooks.md")
HERE = os.path.dirname(os.path.abspath(__file__))


def load(path):
    with open(path, encoding="utf-8") as file:
        return yaml.safe_load(file)


def rules():
    """Every rule, of all groups."""
    return [rule for group in load(RULES)["groups"] for rule in group["rules"]]


def alerts():
    return [rule for rule in rules() if "alert" in rule]
