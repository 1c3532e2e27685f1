"""values.yaml, its schema and the README are one."""
import copy
import json
import os
import re
import subprocess
import sys
import unittest

import helm_python

import chart

# Objects whose members are Kubernetes' own or the user's: their keys are not the chart's to know.
FREE = re.compile(r"(podLabels|podAnnotations|nodeSelector|affinity|annotations|labels|requests|limits|spec|matchLabels"
                  r"|namespaceSelector|podSelector|ipBlock)$")


def objects_in(value, path=()):
    if isinstance(value, dict):
        yield path
        for key, member in value.items():
            if not FREE.search(key):
                yield from objects_in(member, path + (key,))


def leaves(value, path=()):
    if isinstance(value, dict) and value:
        for key, member in value.items():
            yield from leaves(member, path + (key,))
    else:
        yield path


def put(path, value):
    for key in reversed(path):
        value = {key: value}
    return value


class Values(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.defaults = chart.values("values.yaml")
        with open(os.path.join(chart.CHART, "values.schema.json"), encoding="utf-8") as file:
            cls.schema = json.load(file)

    def accepts(self, values):
        with helm_python.Chart.load(chart.CHART) as loaded:
            try:
                loaded.validate_schema(values)
                return True
            except helm_python.HelmValuesError:
                return False

    def test_unknown_keys_are_refused_everywhere(self):
        paths = list(objects_in(self.defaults))
        self.assertGreater(len(paths), 30)
        for path in paths:
            self.assertFalse(self.accepts(put(path + ("unknownKey",), 1)), ".".join(path))

    def test_every_default_has_a_type_that_is_checked(self):
        for path in leaves(self.defaults):
            if any(FREE.search(key) for key in path[:-1]) or self.defaults_at(path) == {}:
                continue
            wrong = [] if not isinstance(self.defaults_at(path), list) else "text"
            self.assertFalse(self.accepts(put(path, wrong)), ".".join(path))

    def defaults_at(self, path):
        value = self.defaults
        for key in path:
            value = value[key]
        return value

    def test_the_schema_knows_no_value_that_has_no_default(self):
        def walk(schema, path):
            schema = self.schema["$defs"][schema["$ref"].split("/")[-1]] if "$ref" in schema else schema
            for key, member in schema.get("properties", {}).items():
                if path + (key,) in (("global",),) or (path and FREE.search(path[-1])) or path[-1:] == ("resources",):
                    continue
                value = self.defaults_at(path)
                self.assertIn(key, value, ".".join(path))
                if isinstance(value[key], dict) and not FREE.search(key) and key not in ("limits", "timeouts"):
                    walk(member, path + (key,))
        walk(self.schema, ())

    def test_bounds(self):
        for values in ({"edge": {"replicas": -1}}, {"edge": {"replicas": "2"}}, {"image": {"pullPolicy": "Sometimes"}},
                       {"database": {"mode": "mysql"}}, {"authn": {"role": "cs;drop"}}, {"database": {"name": "a b"}},
                       {"policy": {"connections": 257}}, {"edge": {"timeouts": {"idle": "5"}}},
                       {"sessionRecorder": {"checkpointInterval": "soon"}}, {"edge": {"service": {"port": 70000}}},
                       {"resources": {"documents": [{"kind": "Policy"}]}}, {"authn": {"replicas": 2}},
                       {"sessionRecorder": {"replicas": 2}}):
            self.assertFalse(self.accepts(values), values)
        self.assertTrue(self.accepts(copy.deepcopy(self.defaults)))

    def test_the_readme_is_made_of_the_values(self):
        readme = os.path.join(chart.ROOT, "tests/chart/readme.py")
        subprocess.run([sys.executable, readme, "--check"], check=True)


if __name__ == "__main__":
    unittest.main()
