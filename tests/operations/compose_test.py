"""deploy/compose.yaml: valid by the Compose specification, and what it starts, started as plain processes, serves.

  compose_test.py PROGRAMS   the folder with the built programs
"""
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

import compose_spec

import programs
import sources

PROGRAMS = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else ""
FILE = os.path.join(sources.ROOT, "deploy/compose.yaml")
IN_IMAGES = "/usr/lib/countersign"
AS_ROOT = os.geteuid() == 0
USER = "nobody"  # not root, as in the images


def text(environment=None):
    """The file, with `${NAME:-DEFAULT}` replaced."""
    with open(FILE, encoding="utf-8") as file:
        return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda m: (environment or {}).get(m[1]) or m[2], file.read())


def mounts(service):
    """Path in the container → source."""
    return {entry.split(":")[1]: entry.split(":")[0] for entry in service.get("volumes", [])}


class File(unittest.TestCase):
    def setUp(self):
        parsed = compose_spec.PyCompose.from_yaml(text())
        parsed.validate()
        self.file = parsed.to_dict()
        self.services = self.file["services"]

    def test_the_specification_refuses_what_it_does_not_know(self):
        for good, bad in (("read_only:", "readonly:"), ("unless-stopped", "sometimes"), ("8080:8080", "x:8080")):
            self.assertIn(good, text())
            with self.assertRaises(ValueError):
                compose_spec.PyCompose.from_yaml(text().replace(good, bad))

    def test_what_it_names_exists(self):
        for service in self.services.values():
            self.assertLessEqual(set(service.get("depends_on", [])), set(self.services))
            for source in mounts(service).values():
                if source.startswith("."):
                    self.assertTrue(os.path.exists(os.path.join(sources.ROOT, "deploy", source)), source)
                else:
                    self.assertIn(source, self.file["volumes"])

    def test_images_are_those_that_scripts_images_builds(self):
        with open(os.path.join(sources.ROOT, "CMakeLists.txt"), encoding="utf-8") as file:
            version = re.search(r"^project\(countersign VERSION ([\d.]+)", file.read(), re.M)[1]
        with open(os.path.join(sources.ROOT, "scripts/images"), encoding="utf-8") as file:
            built = file.read()
        for name in ("gateway", "model"):
            image, tag = self.services[name]["image"].removeprefix("localhost/").split(":")
            self.assertIn(image.removeprefix("countersign-"), built)
            self.assertEqual(tag, version)

    def test_nothing_is_published_beyond_this_machine_or_may_do_more_than_it_needs(self):
        for service in self.services.values():
            for port in service.get("ports", []):
                self.assertTrue(port.startswith("127.0.0.1:"), port)
            self.assertTrue(service["read_only"])
            self.assertEqual(service["cap_drop"], ["ALL"])
            self.assertEqual(service["security_opt"], ["no-new-privileges:true"])

    def test_prometheus_accepts_the_examples_of_its_configuration(self):
        for name in ("compose/prometheus.yaml", "monitoring/prometheus.yaml"):
            done = subprocess.run(["promtool", "check", "config", "--syntax-only", f"{sources.ROOT}/deploy/{name}"],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Container:
    """One service of the file as a process: its command, environment and files, with places and addresses of here."""

    def __init__(self, place, name, service, addresses):
        self.folder = f"{place}/{name}"
        self.addresses = addresses
        self.service = service
        sources_of = mounts(service) | {path: "" for path in service.get("tmpfs", [])}
        self.paths = {IN_IMAGES: PROGRAMS} | {path: self.folder + path for path in sources_of}
        os.makedirs(self.folder)
        for path, source in sources_of.items():
            self._mount(self.paths[path], source)

    def _mount(self, place, source):
        os.makedirs(os.path.dirname(place), exist_ok=True)
        if not source.startswith("."):
            os.makedirs(place, exist_ok=True)
            if AS_ROOT:
                shutil.chown(place, USER)
            return
        source = os.path.join(sources.ROOT, "deploy", source)
        for parent, _, names in [(source, [], [""])] if os.path.isfile(source) else os.walk(source):
            for name in names:
                file = os.path.join(parent, name).rstrip("/")
                to = place + file.removeprefix(source)
                os.makedirs(os.path.dirname(to), exist_ok=True)
                with open(file, encoding="utf-8") as old, open(to, "w", encoding="utf-8") as new:
                    new.write(self.rewrite(old.read()))

    def rewrite(self, value):
        """`value` with paths of the container and addresses of its network as they are here."""
        paths = "|".join(map(re.escape, sorted(self.paths, key=len, reverse=True)))
        value = re.sub(rf"(?<![\w./-])({paths})(?=[/\s\"',;\]]|$)", lambda m: self.paths[m[1]], value)
        for name, address in self.addresses.items():
            value = value.replace(name, address)
        return re.sub(r"\b0\.0\.0\.0:\d+", "127.0.0.1:0", value)

    def command(self, program):
        service = self.service
        command = [self.rewrite(word) for word in service.get("entrypoint", [program]) + service["command"]]
        if not AS_ROOT:
            return command
        return ["setpriv", f"--reuid={USER}", "--regid=nogroup", "--clear-groups", "--no-new-privs", "--bounding-set=-all",
                *command]

    def environment(self):
        own = {name: self.rewrite(value) for name, value in self.service.get("environment", {}).items()}
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"} | own

    def start(self, program):
        return programs.Program(self.command(program), f"{self.folder}.log", env=self.environment(), cwd="/")


def commands_of_the_page():
    """The lines of docs/operations.md that start with `docker compose exec gateway`."""
    with open(os.path.join(sources.ROOT, "docs/operations.md"), encoding="utf-8") as file:
        return re.findall(r"docker compose exec gateway (countersign [^\n#|)]*)", file.read())


class Processes(unittest.TestCase):
    def setUp(self):
        self.place = programs.folder()
        self.addCleanup(programs.remove, self.place)
        self.services = compose_spec.PyCompose.from_yaml(text()).to_dict()["services"]

    def start(self, name, program, addresses):
        container = Container(self.place, name, self.services[name], addresses)
        process = container.start(program)
        self.addCleanup(process.stop)
        return container, process

    def test_the_model_the_gateway_and_prometheus_work_together(self):
        self.services["model"]["command"] = [
            {"--host=0.0.0.0": "--host=127.0.0.1", "--port=8000": "--port=0"}[a] for a in self.services["model"]["command"]]
        _, model = self.start("model", "", {})
        model_port = model.find(r"http://127\.0\.0\.1:(\d+)")
        gateway, process = self.start("gateway", f"{PROGRAMS}/countersign", {"model:8000": f"127.0.0.1:{model_port}"})
        data = gateway.paths["/var/lib/countersign"] + "/data"
        programs.wait_for("the gateway runs", lambda: os.path.exists(f"{data}/addresses.json") or
                          self.assertIsNone(process.process.poll(), process.output()))
        with open(f"{data}/addresses.json", encoding="utf-8") as file:
            addresses = json.load(file)
        programs.wait_for("it is ready", lambda: programs.get(f"http://{addresses['http']}/readyz")[0] == 200)

        gateway.addresses["127.0.0.1:8080"] = addresses["http"]
        answers = [self.run_in(gateway, command) for command in commands_of_the_page()]
        self.assertGreaterEqual(len(answers), 2)
        key = re.search(r"cs_[\w-]+", "".join(answers))[0]
        status, body = programs.chat(f"http://{addresses['http']}", key, "Read me the customer file.")
        self.assertEqual((status, "<CREDIT_CARD>" in body), (200, True), body)

        self.scrape(addresses["metrics"])
        self.assertEqual(process.stop(), 0, process.output())

    def run_in(self, gateway, command):
        """`docker compose exec gateway COMMAND`."""
        words = [gateway.rewrite(word) for word in command.split()]
        done = subprocess.run([f"{PROGRAMS}/{words[0]}", *words[1:]], capture_output=True, text=True, check=False,
                              env=gateway.environment())
        self.assertEqual(done.returncode, 0, f"{command}: {done.stdout}{done.stderr}")
        return done.stdout

    def scrape(self, metrics):
        container = Container(self.place, "prometheus", self.services["prometheus"], {"gateway:9464": metrics})
        prometheus = programs.Prometheus(container.command("prometheus"), f"{container.folder}.log",
                                         env=container.environment(), cwd="/")
        self.addCleanup(prometheus.stop)
        programs.wait_for("a scrape", lambda: prometheus.query('up{job="countersign-standalone"} == 1'))
        self.assertTrue(prometheus.query('countersign_requests_total{outcome="completed"} >= 1'))
        rules = [r for g in prometheus.api("rules")["groups"] for r in g["rules"]]
        self.assertEqual(len(rules), len(sources.rules()))


if __name__ == "__main__":
    if not PROGRAMS:
        sys.exit(__doc__)
    unittest.main()
