"""scripts/quickstart with programs of Debian packages: what it starts, what it leaves alone, and that it can be stopped.

    quickstart_test.py BIN
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Quickstart(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        built = tempfile.TemporaryDirectory(prefix="cs-packages-")
        cls.addClassCleanup(built.cleanup)
        cls.packages = built.name
        subprocess.run([f"{ROOT}/scripts/package", cls.packages, "--bin", BIN], check=True, capture_output=True)

    def setUp(self):
        self.work = tempfile.TemporaryDirectory(prefix="cs-quickstart-", ignore_cleanup_errors=True)
        self.addCleanup(self.work.cleanup)
        os.chmod(self.work.name, 0o755)  # PostgreSQL runs as another user
        self.data = os.path.join(self.work.name, "data")
        self.addCleanup(self.run_script, "--stop")

    def run_script(self, *arguments, data=None, code=0):
        env = {**os.environ, "XDG_STATE_HOME": os.path.join(self.work.name, "state")}
        env.pop("COUNTERSIGN_DATA", None)
        if data:
            env["COUNTERSIGN_DATA"] = data
        result = subprocess.run([f"{ROOT}/scripts/quickstart", *arguments], env=env, capture_output=True, text=True,
                                stdin=subprocess.DEVNULL, timeout=600)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result.stdout + result.stderr

    def start(self, *arguments):
        return self.run_script("--from-packages", self.packages, *arguments, data=self.data)

    def admin(self, *arguments, code=0):
        with open(os.path.join(self.data, "addresses.json"), encoding="utf-8") as file:
            address = json.load(file)["http"]
        program = os.path.join(self.data, "programs/usr/bin/countersign")
        result = subprocess.run([program, "--addr", address, "--token-file", f"{self.data}/admin.key", *arguments],
                                capture_output=True, text=True)
        self.assertEqual(result.returncode, code, result.stderr)
        return result.stdout

    def test_a_second_start_takes_up_what_is_there(self):
        first = self.start()
        self.assertIn("<CREDIT_CARD>", first)  # the tour
        self.assertIn("from openai import OpenAI", first)

        # What its user changed, deleted and added stays so.
        changed = os.path.join(self.work.name, "changed.yaml")
        with open(changed, "w", encoding="utf-8") as file:
            file.write("apiVersion: countersign/v1\nkind: Dictionary\nmetadata: {name: denylist}\n"
                       "spec: {terms: [project daybreak]}\n")
        self.admin("apply", "-f", changed)
        self.admin("delete", "policy", "regulated-prompts")
        self.run_script("--stop")  # finds the folder without being told
        self.start("--no-tour")
        self.assertIn("project daybreak", self.admin("get", "dictionary", "denylist", "-o", "json"))
        self.assertNotIn("regulated-prompts", self.admin("get", "policies", "-o", "name"))
        self.assertIn("connection/openai", self.admin("get", "connections", "-o", "name").lower())

    def test_a_folder_of_somebody_else_is_left_alone(self):
        os.mkdir(self.data)
        with open(os.path.join(self.data, "admin.key"), "w", encoding="utf-8") as file:
            file.write("theirs\n")
        said = self.run_script("--from-packages", self.packages, data=self.data, code=1)
        self.assertIn("COUNTERSIGN_DATA", said)
        self.assertEqual(os.listdir(self.data), ["admin.key"])

    def test_a_folder_without_packages_is_a_mistake(self):
        said = self.run_script("--from-packages", self.work.name, data=self.data, code=1)
        self.assertIn(f"no countersign_*.deb in {self.work.name}", said)


if __name__ == "__main__":
    BIN = sys.argv.pop(1)
    unittest.main(verbosity=2)
