"""The rules, by promtool: valid, each alert fires when it should and only then, and each has its runbook."""
import os
import re
import subprocess
import tempfile
import unittest

import yaml

import sources


def promtool(*arguments, cwd=None):
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False, cwd=cwd)
    return done.returncode, done.stdout + done.stderr


def unit_test(alert, case, fires):
    """One case as a group of `promtool test rules`."""
    firing = f'count(ALERTS{{alertname="{alert}", alertstate="firing"}}) > 0'
    return {
        "interval": "1m",
        "input_series": [{"series": s, "values": v} for s, v in case["series"].items()],
        "promql_expr_test": [{"expr": f"({firing}) * 0 + 1", "eval_time": case["at"],
                              "exp_samples": [{"labels": "{}", "value": 1}] if fires else []}],
    }


class Rules(unittest.TestCase):
    def test_prometheus_accepts_the_rules(self):
        status, output = promtool("check", "rules", "--lint=all", "--lint-fatal", sources.RULES)
        self.assertEqual(status, 0, output)

    def test_every_alert_has_cases_in_which_it_fires_and_in_which_it_does_not(self):
        cases = sources.load(os.path.join(sources.HERE, "alerts.yaml"))
        self.assertEqual(sorted(cases), sorted(a["alert"] for a in sources.alerts()))
        for alert, kinds in cases.items():
            self.assertTrue(kinds["fires"] and kinds["quiet"], alert)

    def test_alerts_fire_when_they_should_and_only_then(self):
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for alert, kinds in sources.load(os.path.join(sources.HERE, "alerts.yaml")).items():
                for kind in ("fires", "quiet"):
                    for number, case in enumerate(kinds[kind]):
                        files.append(os.path.join(folder, f"{alert}-{kind}-{number}.yaml"))
                        with open(files[-1], "w", encoding="utf-8") as out:
                            yaml.safe_dump({"rule_files": [sources.RULES], "evaluation_interval": "1m",
                                            "tests": [unit_test(alert, case, kind == "fires")]}, out)
            status, output = promtool("test", "rules", *files)
            self.assertEqual(status, 0, output)
            self.assertEqual(output.count("SUCCESS"), len(files), output)

    def test_every_alert_names_a_section_of_the_runbooks(self):
        with open(sources.RUNBOOKS, encoding="utf-8") as file:
            sections = re.findall(r"^## (\w+)$", file.read(), re.M)
        self.assertEqual(sections, [a["alert"] for a in sources.alerts()])
        for alert in sources.alerts():
            self.assertEqual(alert["annotations"]["runbook"], f"docs/runbooks.md#{alert['alert'].lower()}")
            self.assertIn(alert["labels"]["severity"], ("critical", "warning", "info"))
            self.assertTrue(alert["annotations"]["summary"].endswith("."), alert["alert"])

    def test_recorded_names_say_level_metric_and_operation(self):
        for rule in sources.rules():
            if "record" in rule:
                self.assertRegex(rule["record"], r"^countersign:[a-z_]+:(ratio_|p99_)?rate5m$")


if __name__ == "__main__":
    unittest.main()
