"""The dashboards as Grafana reads them. What their queries return is system_test.py's to see."""
import itertools
import json
import os
import re
import subprocess
import sys
import unittest

import promql
import reference
import sources

PANEL_TYPES = {"row", "timeseries", "stat", "table", "bargauge"}
UNITS = {"short", "reqps", "cps", "cpm", "s", "bytes", "percentunit"}
BUILT_IN = {"__rate_interval", "__range", "source"}


def load(name):
    with open(os.path.join(sources.DASHBOARDS, name), encoding="utf-8") as file:
        return json.load(file)


def overlap(one, other):
    return (one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
            and one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"])


class Dashboards(unittest.TestCase):
    def each(self):
        for name in sorted(os.listdir(sources.DASHBOARDS)):
            with self.subTest(name):
                yield load(name)

    def test_the_files_are_what_the_description_says(self):
        done = subprocess.run([sys.executable, os.path.join(sources.HERE, "dashboards.py"), "--check"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_there_is_one_per_subject_and_one_per_service(self):
        self.assertEqual(sorted(os.listdir(sources.DASHBOARDS)), sorted(
            [f"{n}.json" for n in ("overview", "callers-and-models", "reviews", "masking", "records", "capacity")]
            + [f"service-{s}.json" for s in ("edge", "authn", "policy", "approval", "masking", "session-recorder")]))

    def test_uids_and_titles_are_unique(self):
        made = list(self.each())
        for member in ("uid", "title"):
            self.assertEqual(len({m[member] for m in made}), len(made))
            self.assertLessEqual(max(len(m["uid"]) for m in made), 40)

    def test_panels_are_of_known_types_and_units_and_have_queries(self):
        for made in self.each():
            self.assertEqual(len({p["id"] for p in made["panels"]}), len(made["panels"]))
            for panel in made["panels"]:
                self.assertIn(panel["type"], PANEL_TYPES)
                if panel["type"] == "row":
                    continue
                self.assertIn(panel["fieldConfig"]["defaults"]["unit"], UNITS, panel["title"])
                references = [t["refId"] for t in panel["targets"]]
                self.assertEqual(len(set(references)), len(references))
                self.assertGreater(len(references), 0)
                for target in panel["targets"]:
                    self.assertTrue(target["expr"] and target["legendFormat"])
                    self.assertEqual(target["datasource"], {"type": "prometheus", "uid": "${source}"})

    def test_panels_do_not_overlap_and_fit_the_grid(self):
        for made in self.each():
            places = [p["gridPos"] for p in made["panels"]]
            for place in places:
                self.assertLessEqual(place["x"] + place["w"], 24)
            for one, other in itertools.combinations(places, 2):
                self.assertFalse(overlap(one, other), (one, other))

    def test_variables_are_defined(self):
        for made in self.each():
            defined = {v["name"] for v in made["templating"]["list"]} | BUILT_IN
            used = set(re.findall(r"\$\{?(\w+)", json.dumps(made["panels"])))
            self.assertLessEqual(used, defined)

    def test_every_query_keeps_to_the_chosen_namespace(self):
        for made in self.each():
            for panel in made["panels"]:
                for target in panel.get("targets", []):
                    for metric, matchers in promql.Query(target["expr"]).selectors:
                        if metric != "ALERTS":
                            self.assertIn(("namespace", "=~", '"$namespace"'), matchers, target["expr"])

    def test_the_page_lists_every_query(self):
        self.assertEqual(reference.listed(), [row for row, _ in reference.rows()], "run scripts/operations table")


if __name__ == "__main__":
    unittest.main()
