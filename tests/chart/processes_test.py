"""Starts what the chart renders as plain processes and calls through it, so that chart and programs cannot drift.

  processes_test.py PROGRAMS   the folder with the built programs
"""
import base64
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

import chart
import cluster
import rendering_test

PROGRAMS = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else ""
VALUES = {"demo": {"enabled": True}, "edge": {"tls": {"dnsNames": ["localhost"]}, "drain": {"delaySeconds": 0}}}


def key_id(pem):
    text = subprocess.run(["openssl", "x509", "-noout", "-serial"], input=pem, capture_output=True, check=True)
    return text.stdout.strip().decode()


class Processes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cluster.Cluster(chart.render(VALUES), PROGRAMS)
        cls.addClassCleanup(cls.cluster.close)
        cls.made = cls.cluster.run_hooks("pre-install")
        cls.cluster.start()
        cls.applied = cls.cluster.run_hooks("post-install")

    def secret(self, name, key):
        return base64.b64decode(self.cluster.api.secrets[f"{chart.NAME}-{name}"]["data"][key])

    def run_secrets_job(self, kind="Job", name="make-secrets", environment=None):
        job = chart.find(self.cluster.objects, kind, name)
        return self.cluster.run_pod(job["metadata"]["name"], chart.pod_template(job), environment)

    def test_helm_test_makes_an_allowed_masked_call_and_a_denied_one(self):
        output = "".join(self.cluster.run_hooks("test").values())
        for line in ("ok: a caller without a valid key is refused", "ok: an allowed call is answered, its answer masked",
                     "ok: a denied call is refused"):
            self.assertIn(line, output)

    def test_calls_are_recorded_and_every_edge_serves(self):
        self.cluster.run_hooks("test")
        for edge in self.cluster.pods_of("edge"):
            status, _ = edge.get("metrics", "/readyz")
            self.assertEqual(status, 200)
        listing = subprocess.run(
            [f"{PROGRAMS}/countersign", "--addr", "https://localhost:" + self.cluster.pods_of("edge")[1].address(
                "public").split(":")[1], "--ca-file", self.write(self.secret("edge-public-tls", "ca.crt")),
             "--token-file", self.write(self.secret("admin-keys", "admin.key")), "sessions", "list", "-o", "json"],
            capture_output=True, check=True, env={"COUNTERSIGN_HOME": self.cluster.folder, "PATH": "/usr/bin"})
        outcomes = {s["outcome"] for s in json.loads(listing.stdout)["items"]}
        self.assertEqual(outcomes, {"completed", "blocked"})

    def write(self, content):
        handle, path = tempfile.mkstemp(dir=self.cluster.folder)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        return path

    def test_the_jobs_need_no_more_than_their_roles_allow(self):
        self.assertEqual(self.cluster.api.forbidden, [])

    def test_the_resources_job_shows_what_differed(self):
        output = "".join(self.applied.values())
        self.assertRegex(output, r"(?i)connection.*demo.*created|created.*connection.*demo")

    def test_secrets_are_made_once(self):
        before = {n: s for n, s in self.cluster.api.secrets.items()}
        output = self.run_secrets_job()
        self.assertEqual(self.cluster.api.secrets, before)
        self.assertNotIn("made ", output)
        self.assertEqual(output.count("kept "), len(before) - 1, "all but the authority are named")

    def test_certificates_are_renewed_while_calls_run(self):
        names = [n for n in self.cluster.api.secrets if n.endswith("-tls")]
        old = {n: key_id(self.secret(n[len(chart.NAME) + 1:], "tls.crt")) for n in names}
        keys = {n: s for n, s in self.cluster.api.secrets.items() if n not in names}
        # Of certificates that should live for 365 days those of 90 days have less than a third left.
        output = self.run_secrets_job("CronJob", "renew-certificates", {"DAYS": "365"})
        self.assertEqual(output.count("renewed "), len(names), output)
        for name in names:
            self.assertNotEqual(key_id(self.secret(name[len(chart.NAME) + 1:], "tls.crt")), old[name])
        self.assertEqual({n: s for n, s in self.cluster.api.secrets.items() if n not in names}, keys)
        for pod in self.cluster.pods:
            pod.mount()
        new = key_id(self.secret("edge-public-tls", "tls.crt"))
        for edge in self.cluster.pods_of("edge"):
            self.wait_for_certificate(edge, new)
        self.cluster.run_hooks("test")
        # A new process trusts and is trusted by those that began with the old certificates.
        masking = self.cluster.pods_of("masking")[0]
        self.assertEqual(masking.stop(), 0)
        masking.start()
        self.cluster.wait_ready()
        self.cluster.run_hooks("test")

    def wait_for_certificate(self, edge, serial):
        """Until the edge serves it: it looks every ten seconds."""
        deadline = time.monotonic() + 60
        while True:
            host, port = edge.address("public").split(":")
            served = key_id(ssl.get_server_certificate((host, int(port))).encode())
            if served == serial:
                return
            self.assertLess(time.monotonic(), deadline, f"{edge.name} serves {served} instead of {serial}")
            time.sleep(0.2)

    def test_schemas_are_migrated_by_jobs_while_services_run(self):
        outputs = self.cluster.run_hooks("pre-upgrade")
        migrated = [n for n, o in outputs.items() if "migrate-" in n and '"migrated"' in o]
        self.assertEqual(len(migrated), 4, outputs)

    def test_processes_are_no_root_and_write_to_their_volumes_alone(self):
        if not cluster.AS_ROOT:
            self.skipTest("needs root to become another user")
        for pod in self.cluster.pods:
            with open(f"/proc/{pod.process.pid}/status", encoding="utf-8") as file:
                status = file.read()
            self.assertNotRegex(status, r"Uid:\s+0\s", pod.name)
            self.assertRegex(status, r"CapEff:\s+0{16}\b", pod.name)

    def test_a_service_whose_secret_lacks_a_key_does_not_start(self):
        authn = cluster.Pod(self.cluster, "authn-without-vault",
                            chart.pod_template(chart.find(self.cluster.objects, "Deployment", "authn")))
        for volume in authn.spec["volumes"]:
            for source in volume["projected"]["sources"]:
                items = source.get("secret", {}).get("items", [])
                items[:] = [i for i in items if i["key"] != "vault.key"]
        status, output = authn.run()
        self.assertEqual(status, 1)
        self.assertIn("vault.key", output)

    def test_edges_drain_and_end_in_time(self):
        edge = self.cluster.pods_of("edge")[0]
        self.assertEqual(edge.stop(), 0)
        self.assertIn('"stopped"', edge.output())
        edge.start()
        self.cluster.wait_ready()


class Configurations(unittest.TestCase):
    def test_every_rendered_configuration_is_accepted_by_its_program(self):
        checked = set()
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(f"{folder}/database")
            with open(f"{folder}/database/password", "w", encoding="utf-8") as file:
                file.write("x")
            for name, values in rendering_test.MATRIX.items():
                for config in chart.find(chart.render(values), "ConfigMap"):
                    text = config["data"].get("config.yaml")
                    if text is None or text in checked:
                        continue
                    program = config["metadata"]["labels"]["app.kubernetes.io/component"]
                    if program == "migrations":
                        program = config["metadata"]["name"].split("-migrate-")[1]
                    checked.add(text)
                    with open(f"{folder}/config.yaml", "w", encoding="utf-8") as file:
                        file.write(text)
                    done = subprocess.run([f"{PROGRAMS}/countersign-{program}", "--config", f"{folder}/config.yaml",
                                           "--check"], capture_output=True, text=True, check=False)
                    self.assertEqual((done.returncode, done.stderr), (0, ""), f"{name}: {program}\n{text}")
        self.assertGreater(len(checked), 30)


if __name__ == "__main__":
    if not PROGRAMS:
        sys.exit(__doc__)
    unittest.main()
