"""The chart, rendered by Helm's own engine, and its objects as dictionaries."""
import os

import helm_python
import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CHART = os.path.join(ROOT, "helm/countersign")
RELEASE = "cs"
NAMESPACE = "prod"
NAME = RELEASE + "-countersign"

helm_python.disable_logging()


class StrictLoader(yaml.CSafeLoader):
    """Refuses duplicate keys, of which YAML readers silently keep one."""


def _mapping(loader, node, deep=False):
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key!r}", node.start_mark)
    return yaml.CSafeLoader.construct_mapping(loader, node, deep)


StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def values(name):
    """The content of a values file of the chart."""
    with open(os.path.join(CHART, name), encoding="utf-8") as file:
        return yaml.load(file, Loader=StrictLoader)


def merge(*layers):
    """Later layers win, as with several -f of helm."""
    merged = {}
    for layer in layers:
        for key, value in layer.items():
            old = merged.get(key)
            merged[key] = merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def render_files(chosen=None, upgrade=False):
    """Template path to rendered text."""
    with helm_python.Chart.load(CHART) as chart:
        return chart.render(chosen or {}, name=RELEASE, namespace=NAMESPACE, is_upgrade=upgrade, is_install=not upgrade)


def render(chosen=None):
    """Every object that the chart makes of `chosen` values, hooks included."""
    objects = []
    for path, text in render_files(chosen).items():
        if path.endswith(".txt"):
            continue
        objects += [o for o in yaml.load_all(text, Loader=StrictLoader) if o]
    return objects


def find(objects, kind, name=None):
    """The object with this kind and, under the release's prefix, this name; all of the kind without a name."""
    found = [o for o in objects if o["kind"] == kind and name in (None, o["metadata"]["name"][len(NAME) + 1:])]
    if name is None:
        return found
    assert len(found) == 1, f"{len(found)} {kind} {name}"
    return found[0]


def pod_template(workload):
    """The pod template of a Deployment, StatefulSet, Job or CronJob; a Pod itself."""
    kind = workload["kind"]
    if kind == "Pod":
        return workload
    if kind == "CronJob":
        return workload["spec"]["jobTemplate"]["spec"]["template"]
    return workload["spec"]["template"]


def workloads(objects):
    return [o for o in objects if o["kind"] in ("Deployment", "StatefulSet", "Job", "CronJob", "Pod")]


def hooks(an_object):
    return an_object["metadata"].get("annotations", {}).get("helm.sh/hook", "").split(",")
