"""Backup, restore, rotation: the commands of docs/operations.md, run as they stand there.

  backup_test.py PROGRAMS   the folder with the built programs
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

import programs
import sources
import traffic

PROGRAMS = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else ""
PAGE = os.path.join(sources.ROOT, "docs/operations.md")
POSTGRES = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
AS_ROOT = os.geteuid() == 0
BLOCKS = ["standalone-backup", "standalone-restore", "standalone-accept-loss", "standalone-verify", "services-backup",
          "services-base-backup", "services-restore", "services-verify", "rotate-access", "rotate-secrets"]


def block(name):
    """The commands of the page's block with this name."""
    with open(PAGE, encoding="utf-8") as file:
        return re.search(rf"^```bash {name}\n(.*?)^```$", file.read(), re.M | re.S)[1]


class Page(unittest.TestCase):
    def test_every_block_of_the_page_is_run_here(self):
        with open(PAGE, encoding="utf-8") as file:
            self.assertEqual(re.findall(r"^```bash(?: (.*))?$", file.read(), re.M), BLOCKS)


class Operator:
    """A shell with the variables that the page explains."""

    def __init__(self, place, **variables):
        self.environment = {"PATH": f"{PROGRAMS}:{POSTGRES}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "HOME": place,
                            "COUNTERSIGN_HOME": f"{place}/cli"} | variables

    def run(self, name, before=""):
        """Runs a block; returns its status and output."""
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", before + block(name)], capture_output=True, text=True,
                              env=self.environment, check=False, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout + done.stderr


class OperatorTest(unittest.TestCase):
    def setUp(self):
        self.place = programs.folder()
        self.addCleanup(programs.remove, self.place)
        for name in ("backup", "outside"):
            os.mkdir(f"{self.place}/{name}")
            os.chmod(f"{self.place}/{name}", 0o777)
        self.model = programs.DemoModel(PROGRAMS, self.place)
        self.addCleanup(self.model.stop)
        self.issuer = traffic.Issuer()
        self.addCleanup(self.issuer.stop)

    def run_block(self, operator, name, before=""):
        status, output = operator.run(name, before)
        self.assertEqual(status, 0, f"{name}: {output}")
        return output

    def verify(self, *arguments):
        done = subprocess.run([f"{PROGRAMS}/countersign", "verify", *arguments], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def outcomes(self, cli):
        return [session["outcome"] for session in cli.json("sessions", "list")["items"]]


class Standalone(OperatorTest):
    def setUp(self):
        super().setUp()
        self.data, self.restored = f"{self.place}/data", f"{self.place}/restored"
        self.operator = Operator(self.place, DATA=self.data, RESTORED=self.restored, BACKUP=f"{self.place}/backup",
                                 OUTSIDE=f"{self.place}/outside",
                                 OPTIONS="--http 127.0.0.1:0 --metrics 127.0.0.1:0 --publish-checkpoints "
                                         f"{self.place}/outside/checkpoint")
        for data in (self.data, self.restored):
            self.addCleanup(self.down, data)

    def down(self, data):
        if os.path.isdir(data):
            subprocess.run([f"{PROGRAMS}/countersign", "down", "--data", data], capture_output=True, check=False)

    def cli(self, data):
        with open(f"{data}/addresses.json", encoding="utf-8") as file:
            self.http = "http://" + json.load(file)["http"]
        return programs.CommandLine(PROGRAMS, self.http, f"{data}/admin.key", f"{self.place}/cli")

    def call(self, cli):
        key = cli.json("keys", "create", "ci-bot", "--ttl", "1h")["key"]
        status, body = programs.chat(self.http, key, "Read me the customer file.")
        self.assertEqual(status, 200, body)

    def checkpoint(self):
        with open(f"{self.place}/outside/checkpoint", encoding="utf-8") as file:
            return file.read()

    def test_a_backup_is_restored_and_its_record_verified(self):
        subprocess.run([f"{PROGRAMS}/countersign", "up", "--data", self.data, "--detach",
                        *self.operator.environment["OPTIONS"].split()], check=True, capture_output=True)
        cli = self.cli(self.data)
        cli.apply(self.place, traffic.resources(self.model.url, self.issuer.url))
        self.call(cli)
        cli.run("sessions", "export", "-o", f"{self.place}/first.jsonl")  # covers it by a checkpoint
        self.run_block(self.operator, "standalone-backup")

        # A session that is in no backup, and that a checkpoint covers.
        cli = self.cli(self.data)
        self.call(cli)
        before = self.checkpoint()
        cli.run("sessions", "export", "-o", f"{self.place}/second.jsonl")
        self.assertNotEqual(self.checkpoint(), before)
        self.assertEqual(self.outcomes(cli), ["completed"] * 2)
        self.down(self.data)

        # The published checkpoint is newer than the backup.
        status, output = self.operator.run("standalone-restore")
        self.assertNotEqual(status, 0, output)
        self.assertRegex(output, "set back")
        self.run_block(self.operator, "standalone-accept-loss")
        output = self.run_block(self.operator, "standalone-verify")
        self.assertIn("intact", output)
        self.assertIn("going on from the one that was kept", output)
        cli = self.cli(self.restored)
        self.assertEqual(self.outcomes(cli), ["completed"])
        status, output = self.verify(f"{self.place}/backup/export.jsonl", "--since", f"{self.place}/outside/checkpoint.lost")
        self.assertEqual(status, 1)
        self.assertRegex(output, r"checkpoint \d+ that was kept is not in the record")
        # Credentials, access keys and resources are there too.
        self.call(cli)
        self.assertEqual(self.outcomes(cli), ["completed"] * 2)


class Cluster:
    """A PostgreSQL of the test's own, on a socket in its folder."""

    def __init__(self, place, data=None):
        self.place = place
        os.makedirs(place)
        self.data = f"{place}/data"
        if data:
            shutil.copytree(data, self.data)
        self._own(place)
        if not data:
            self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        self._run("pg_ctl", "-D", self.data, "-w", "-s", "-l", f"{place}/log", "-o",
                  f"-c listen_addresses='' -c unix_socket_directories='{place}' -c fsync=off", "start")
        self.conninfo = f"host={place} user=postgres dbname=postgres"

    def _own(self, path):
        if AS_ROOT:
            subprocess.run(["chown", "-R", "postgres", path], check=True)

    def _run(self, program, *arguments):
        user = ["runuser", "-u", "postgres", "--"] if AS_ROOT else []
        subprocess.run([*user, f"{POSTGRES}/{program}", *arguments], check=True, capture_output=True, cwd=self.place)

    def stop(self):
        self._run("pg_ctl", "-D", self.data, "-m", "immediate", "-s", "-w", "stop")


class ExternalDatabase(OperatorTest):
    def setUp(self):
        super().setUp()
        self.database = self.cluster("database")
        self.services = self.start("services", self.database)
        self.cli = self.command_line(self.services)
        self.cli.apply(self.place, traffic.resources(self.model.url, self.issuer.url))
        self.traffic = traffic.Traffic(self.services, self.cli, self.issuer)
        self.operator = Operator(self.place, DATABASE=self.database.conninfo, SERVICES=self.services.place,
                                 BACKUP=f"{self.place}/backup", OUTSIDE=f"{self.place}/outside",
                                 NEW_SERVICES=f"{self.place}/new-services")

    def cluster(self, name, data=None):
        made = Cluster(f"{self.place}/{name}", data)
        self.addCleanup(made.stop)
        return made

    def start(self, name, database):
        services = programs.Services(PROGRAMS, self.place, name, database.conninfo)
        self.addCleanup(services.stop)
        return services

    def command_line(self, services):
        return programs.CommandLine(PROGRAMS, services.http, f"{services.place}/admin.key", f"{self.place}/cli")

    def restored(self, services):
        """What must be true of services that were restored to the moment of the backup."""
        self.operator.environment |= {"ADDRESS": services.http, "NEW_SERVICES": services.place}
        output = self.run_block(self.operator, "services-verify")
        self.assertIn("going on from the one that was kept", output)
        self.assertNotRegex(output, "TAMPERED|problem")
        cli = self.command_line(services)
        self.assertEqual(self.outcomes(cli), ["completed"])
        status, body = programs.chat(services.http, self.traffic.caller, "Read me the customer file.")
        self.assertEqual(status, 200, body)

    def test_backups_are_restored_and_their_record_verified(self):
        self.traffic.chat(200, "Read me the customer file.")
        self.cli.run("sessions", "export", "-o", f"{self.place}/first.jsonl")  # covers it by a checkpoint
        self.run_block(self.operator, "services-backup")
        # Nobody needs this copy after a power cut.
        self.run_block(self.operator, "services-base-backup", 'pg_basebackup() { command pg_basebackup --no-sync "$@"; }\n')
        self.traffic.chat(403, "Tell me about project nightfall.")  # is in no backup
        self.cli.run("sessions", "export", "-o", f"{self.place}/second.jsonl")
        newest = f"{self.services.place}/session-recorder/secrets/checkpoint.newest"
        with self.subTest("the dump"):
            new = self.cluster("new-database")
            self.operator.environment["NEW_DATABASE"] = new.conninfo
            self.run_block(self.operator, "services-restore")
            services = self.start("new-services", new)
            self.restored(services)
            services.stop()
        with self.subTest("the base backup, under services that kept their keys"):
            self.services.stop()
            copy = self.cluster("copy", f"{self.place}/backup/base")
            self.services.use(copy.conninfo)
            self.services.start_refused("session-recorder", "the database was set back")
            os.rename(newest, newest + ".lost")
            self.services.start()
            self.restored(self.services)
            status, output = self.verify(f"{self.place}/backup/export.jsonl", "--since", newest + ".lost")
            self.assertEqual(status, 1, output)
            self.assertRegex(output, r"checkpoint \d+ that was kept is not in the record")

    def test_keys_are_rotated(self):
        self.traffic.chat(200, "Read me the customer file.")
        old = [key["id"] for key in self.cli.json("keys", "list")["items"] if key["identity"] == "ci-bot"]
        self.assertEqual(len(old), 1)
        with open(f"{self.place}/credential.yaml", "w", encoding="utf-8") as file:
            file.write("apiVersion: countersign/v1\nkind: Credential\nmetadata: {name: model-key}\n"
                       "spec: {bearer: {inline: another-upstream-key}}\n")
        self.operator.environment |= {
            "COUNTERSIGN_ADDR": self.services.http, "OLD_KEY_ID": old[0], "CREDENTIAL_FILE": f"{self.place}/credential.yaml",
            "COUNTERSIGN_TOKEN": self.admin_key()}
        self.run_block(self.operator, "rotate-access")
        self.traffic.chat(401, "Hello.")
        with open(f"{self.place}/backup/new-key.json", encoding="utf-8") as file:
            self.traffic.caller = json.load(file)["key"]
        self.traffic.chat(200, "Hello.")
        with open(f"{self.place}/model-requests.jsonl", encoding="utf-8") as file:
            self.assertIn("another-upstream-key", file.read().splitlines()[-1])

        dev = f"{sources.ROOT}/scripts/dev --dir {self.services.place} --bin {PROGRAMS}"
        self.run_block(self.operator, "rotate-secrets",
                       f'restart() {{ {dev} --stop-part "$1" && {dev} --start-part "$1"; }}\n')
        programs.wait_for("a call", lambda: programs.chat(self.services.http, self.traffic.caller, "Again.")[0] == 200)
        with open(f"{self.services.place}/session-recorder/secrets/record.keys", encoding="utf-8") as file:
            self.assertEqual(len(file.read().splitlines()), 2)
        # Sessions under the old key and under the new one are read.
        export = f"{self.place}/export.jsonl"
        self.cli.run("sessions", "export", "-o", export)
        status, output = self.verify(export)
        self.assertEqual((status, len(re.findall(r" intact +completed ", output))), (0, 3), output)

    def admin_key(self):
        with open(self.services.admin_key_file, encoding="utf-8") as file:
            return file.read().strip()


if __name__ == "__main__":
    if not PROGRAMS:
        sys.exit(__doc__)
    unittest.main()
