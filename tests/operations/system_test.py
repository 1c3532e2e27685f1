"""The six services under traffic, scraped by a real Prometheus: every metric and label of every rule and dashboard is
there, and every query has a result.

  system_test.py PROGRAMS [--write]   the folder with the built programs; --write writes docs/dashboards.md's table
"""
import os
import re
import sys
import time
import unittest

import dashboards
import programs
import promql
import reference
import sources
import traffic

PROGRAMS = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else ""
WRITE = "--write" in sys.argv
WINDOW = "30s"
# What is rightly empty under this traffic: metrics, or panels and recorded metrics by their names → why.
NO_SERIES = {"countersign_masking_failures_total": "masking did not fail"}
NO_RESULT = {
    "Masking / Failures of masking": "masking did not fail",
    "service masking / Failures of masking": "masking did not fail",
}


def scrape_config(services):
    return {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [sources.RULES],
        "scrape_configs": [
            {"job_name": f"countersign-{part}",
             "static_configs": [{"targets": [services.addresses[part]["metrics"]], "labels": {"namespace": "test"}}]}
            for part in services.PARTS],
    }


class System(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = programs.folder()
        cls.addClassCleanup(programs.remove, cls.place)
        model = programs.DemoModel(PROGRAMS, cls.place)
        cls.addClassCleanup(model.stop)
        issuer = traffic.Issuer()
        cls.addClassCleanup(issuer.stop)
        services = programs.Services(PROGRAMS, cls.place)
        cls.addClassCleanup(services.stop)
        cls.prometheus = programs.Prometheus.start(cls.place, scrape_config(services))
        cls.addClassCleanup(cls.prometheus.stop)
        cli = programs.CommandLine(PROGRAMS, services.http, services.admin_key_file, f"{cls.place}/cli")
        cli.apply(cls.place, traffic.resources(model.url, issuer.url))
        cls.make_traffic(traffic.Traffic(services, cli, issuer))
        cls.began = time.time() - 120

    @classmethod
    def make_traffic(cls, made):
        """First one of everything, so that all series exist; then more of it, which rates can see."""
        made.outage()
        made.round()
        made.review("approve", 1)
        made.review("deny", 2)
        made.refuse_peers()
        cls.wait_for_scrapes()
        made.round()
        made.review("approve", 3)
        made.review("deny", 4)
        made.refuse_peers()
        cls.wait_for_scrapes()

    @classmethod
    def wait_for_scrapes(cls):
        """Until every target was scraped, and every rule evaluated, after now."""
        now = time.time()
        programs.wait_for("a scrape of every target", lambda: len(
            [1 for _, at in cls.prometheus.query('timestamp(up{job=~"countersign-.*"})') if float(at) > now]) == 6)
        at = time.time()
        programs.wait_for("an evaluation of the rules", lambda: cls.prometheus.query(
            f'count(timestamp(countersign:calls:rate5m) > {at})'))

    def every_query(self):
        """(name of its panel or rule, query for Prometheus)."""
        for dashboard, panel, _, _, query in dashboards.queries():
            yield f"{dashboard.removeprefix('Countersign: ')} / {panel}", dashboards.for_prometheus(query, WINDOW)
        for rule in sources.rules():
            yield rule.get("alert", rule.get("record")), rule["expr"]

    def series(self, metric, matchers=()):
        return self.prometheus.api("series", **{"match[]": promql.write(metric, matchers), "start": self.began})

    def test_every_target_is_scraped(self):
        self.assertEqual(sorted(value for _, value in self.prometheus.query("up")), ["1"] * 6)

    def test_prometheus_evaluates_every_rule(self):
        evaluated = [r for g in self.prometheus.api("rules")["groups"] for r in g["rules"]]
        self.assertEqual(len(evaluated), len(sources.rules()))
        for rule in evaluated:
            self.assertEqual((rule["health"], rule.get("lastError", "")), ("ok", ""), rule["name"])

    def test_every_metric_is_exposed_and_has_every_label_that_is_used(self):
        empty = set()
        for name, query in self.every_query():
            parsed, labels = promql.Query(query), set()
            for metric, matchers in parsed.selectors:
                matchers = [m for m in matchers if m[2] != '".*"']
                with self.subTest(name=name, metric=metric, matchers=matchers):
                    if metric in NO_SERIES:
                        empty.add(metric)
                        self.assertEqual(self.series(metric), [], "it is listed as empty")
                        labels |= parsed.every_label()
                        continue
                    had = {label for one in self.series(metric) for label in one}
                    self.assertTrue(had, f"no process exposes {metric}")
                    self.assertLessEqual({label for label, _, _ in matchers}, had)
                    self.assertTrue(self.series(metric, matchers), "no series has these values")
                    labels |= had
            with self.subTest(name=name):
                self.assertLessEqual(parsed.labels, labels, query)
        self.assertEqual(empty, set(NO_SERIES), "listed as empty without need")

    def test_every_query_of_a_panel_has_a_result_with_the_labels_of_its_legend(self):
        empty, samples = set(), {}
        for dashboard, panel, legend, unit, query in dashboards.queries():
            name = f"{dashboard.removeprefix('Countersign: ')} / {panel}"
            with self.subTest(name=name, query=query):
                result = self.prometheus.query(dashboards.for_prometheus(query, WINDOW))
                samples[dashboard, panel, legend] = reference.sample(result, legend, unit)
                if name in NO_RESULT:
                    empty.add(name)
                    self.assertEqual(result, [], "it is listed as empty")
                    continue
                self.assertTrue(result)
                # An empty label, of a call that reached no connection, is none.
                self.assertLessEqual(set(re.findall(r"{{(\w+)}}", legend)), {label for labels, _ in result for label in labels})
        self.assertEqual(empty, set(NO_RESULT), "listed as empty without need")
        if WRITE:
            reference.write(samples, NO_RESULT)

    def test_every_recorded_metric_has_a_value(self):
        for rule in sources.rules():
            if "record" in rule:
                self.assertTrue(self.prometheus.query(rule["record"]), rule["record"])

    def test_no_alert_fires_but_those_that_this_traffic_asks_for(self):
        # Peers are refused on purpose. The outage was too short for others.
        firing = {labels["alertname"] for labels, _ in self.prometheus.query('ALERTS{alertstate="firing"}')}
        self.assertEqual(firing, {"CountersignPeerRefused"})


if __name__ == "__main__":
    if not PROGRAMS:
        sys.exit(__doc__)
    unittest.main(argv=[a for a in sys.argv if a != "--write"])
