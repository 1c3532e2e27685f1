"""docs/configuration.md has what the programs print, and they read it.

  configuration_test.py PROGRAMS [--write]   the folder with the built programs; --write writes the page
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest

import sources

PROGRAMS = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else ""
WRITE = "--write" in sys.argv
SERVICES = ("edge", "authn", "policy", "approval", "masking", "session-recorder")
PAGE = os.path.join(sources.ROOT, "docs/configuration.md")
BEGIN, END = "<!-- fields: made by scripts/operations configuration -->\n", "<!-- end of fields -->\n"


def run(service, *arguments):
    done = subprocess.run([f"{PROGRAMS}/countersign-{service}", *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def defaults(service):
    """What all services have, and what this one has under `service:`."""
    status, text = run(service, "--print-defaults")
    assert status == 0, text
    shared, _, own = re.split(r"^((?:# )?service:.*\n)", text + "service:\n", maxsplit=1, flags=re.M)
    return shared, own.removesuffix("service:\n")


def blocks():
    shared = {defaults(service)[0] for service in SERVICES}
    assert len(shared) == 1, shared
    page = f"## Every service\n```yaml\n{shared.pop()}```\n"
    for service in SERVICES:
        own = defaults(service)[1]
        text = f"```yaml\nservice:\n{own}```\n" if own else "No section `service` of its own.\n"
        page += f"\n## {service}\n{text}"
    return page


class Configuration(unittest.TestCase):
    def test_the_page_has_what_the_programs_print(self):
        with open(PAGE, encoding="utf-8") as file:
            page = file.read()
        self.assertEqual(page.split(BEGIN)[1].split(END)[0], blocks(), "run scripts/operations configuration")

    def test_programs_read_what_they_print(self):
        for service in SERVICES:
            with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
                file.write(run(service, "--print-defaults")[1])
                file.flush()
                self.assertEqual(run(service, "--config", file.name, "--check"), (0, ""), service)

    def test_every_field_of_the_examples_is_on_the_page(self):
        seen = 0
        for service in SERVICES:
            with open(os.path.join(sources.ROOT, f"deploy/services/{service}.yaml"), encoding="utf-8") as file:
                own = re.sub(r"#.*", "", file.read()).partition("service:")[2]
            for name in re.findall(r"(?:^|[{,])\s*(\w+):(?=\s|$)", own, re.M):
                self.assertRegex(defaults(service)[1], rf"\b{name}:", service)
                seen += 1
        self.assertGreater(seen, 10)

    def test_all_mistakes_are_told_at_once(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write("metrics: nowhere\nlog: {level: loud}\nservice: {threads: 0, limit: 1}\n")
            file.flush()
            status, text = run("edge", "--config", file.name, "--check")
        self.assertEqual(status, 1)
        for mistake in (":1: metrics:", ":2: log.level:", ":3: service.threads:", ":3: service.limit: unknown field"):
            self.assertIn(mistake, text)


if __name__ == "__main__":
    if not PROGRAMS:
        sys.exit(__doc__)
    if WRITE:
        with open(PAGE, encoding="utf-8") as old:
            before, after = old.read().split(BEGIN)[0], END
        with open(PAGE, "w", encoding="utf-8") as new:
            new.write(before + BEGIN + blocks() + after)
    else:
        unittest.main()
