"""Programs that the tests of this folder start on loopback, each ended by the test that started it."""
import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import sources

PATIENCE_SECONDS = 120


def wait_for(what, probe, seconds=PATIENCE_SECONDS):
    """Tries `probe` until it returns something."""
    deadline = time.monotonic() + seconds
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {seconds} s")
        time.sleep(0.1)


def folder():
    """A new folder that PostgreSQL's user can enter."""
    path = tempfile.mkdtemp(prefix="countersign-operations-")
    os.chmod(path, 0o755)
    return path


def get(url, **headers):
    """Status and text of a GET; (0, reason) when the server does not answer."""
    return send(urllib.request.Request(url, headers=headers))


def send(request):
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


class Program:
    """A child process whose output lies in a file."""

    def __init__(self, command, log, **how):
        self.log = log
        with open(log, "ab") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, **how)

    def output(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def find(self, pattern):
        """The first group of `pattern` in the output, once it is there."""
        def look():
            assert self.process.poll() is None, self.output()
            return re.search(pattern, self.output())
        return wait_for(pattern, look)[1]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self.process.wait(30)
            self.process.kill()
        return self.process.wait()


class DemoModel(Program):
    """Logs every request into model-requests.jsonl."""

    def __init__(self, programs, place):
        super().__init__([f"{programs}/countersign-demo-model", "--port", "0", "--pace-ms", "2", "--log",
                          f"{place}/model-requests.jsonl"], f"{place}/model.log")
        self.url = self.find(r"(http://[0-9.:]+)")


class Services:
    """The six services by scripts/dev, with their own PostgreSQL or on `database`."""

    PARTS = ("edge", "authn", "policy", "approval", "masking", "session-recorder")

    def __init__(self, programs, place, name="services", database=None):
        self.place, self.programs = f"{place}/{name}", programs
        self._options = ["--http", "127.0.0.1:0"] + (["--database", database] if database else [])
        self.addresses = {}
        self.start()

    def start(self):
        self._dev("--detach", *self._options)
        for part in self.PARTS:
            with open(f"{self.place}/run/{part}.json", encoding="utf-8") as file:
                self.addresses[part] = json.load(file)
        self.http = "http://" + self.addresses["edge"]["http"]
        self.admin_key_file = f"{self.place}/admin.key"

    def start_refused(self, part, pattern):
        """Starts all until the log of a part says why it does not serve; then stops all."""
        log = f"{self.place}/log/{part}.log"
        already = os.path.getsize(log)
        starting = Program(self._command("--detach", *self._options), f"{self.place}/refused.log")

        def look():
            with open(log, "rb") as file:
                return re.search(pattern, file.read()[already:].decode(errors="replace"))
        wait_for(pattern, look)
        starting.stop()
        self.stop()

    def _command(self, *arguments):
        return [f"{sources.ROOT}/scripts/dev", "--dir", self.place, "--bin", self.programs, *arguments]

    def _dev(self, *arguments):
        done = subprocess.run(self._command(*arguments), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def use(self, database):
        """Another database, from the next start on."""
        self._options = ["--http", "127.0.0.1:0", "--database", database]

    def stop_part(self, part):
        self._dev("--stop-part", part)

    def start_part(self, part):
        self._dev("--start-part", part)

    def stop(self):
        self._dev("--stop")


class CommandLine:
    """`countersign`, as the administrator or with a key."""

    def __init__(self, programs, address, admin_key_file, home):
        self.base = [f"{programs}/countersign", "--addr", address]
        self.admin = ["--token-file", admin_key_file]
        self.environment = {"COUNTERSIGN_HOME": home, "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}

    def run(self, *arguments, key=None, text=None):
        done = subprocess.run([*self.base, *(["--token", key] if key else self.admin), *arguments], capture_output=True,
                              text=True, input=text, env=self.environment, check=False)
        assert done.returncode == 0, f"countersign {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def json(self, *arguments, key=None):
        return json.loads(self.run(*arguments, "-o", "json", key=key))

    def apply(self, place, documents):
        file = f"{place}/resources.yaml"
        with open(file, "w", encoding="utf-8") as out:
            out.write(documents)
        return self.run("apply", "-f", file)


def chat(http, key, text, stream=False, connection=""):
    """Status and body of a chat completion."""
    body = {"model": "demo-1", "stream": stream, "messages": [{"role": "user", "content": text}]}
    return send(urllib.request.Request(
        f"{http}{connection}/v1/chat/completions", json.dumps(body).encode(),
        {"content-type": "application/json", "authorization": f"Bearer {key}"}))


class Prometheus(Program):
    """Debian's, on a port that it chooses."""

    def __init__(self, command, log, **how):
        super().__init__([*command, "--log.format=json"], log, **how)
        self.url = "http://" + self.find(r'"address":"(127\.0\.0\.1:[1-9]\d*)"')
        wait_for("Prometheus is ready", lambda: get(f"{self.url}/-/ready")[0] == 200)

    @classmethod
    def start(cls, place, config):
        file = f"{place}/prometheus.json"  # JSON is YAML
        with open(file, "w", encoding="utf-8") as out:
            json.dump(config, out)
        return cls(["prometheus", f"--config.file={file}", f"--storage.tsdb.path={place}/prometheus",
                    "--web.listen-address=127.0.0.1:0"], f"{place}/prometheus.log")

    def api(self, path, **parameters):
        """`data` of an answer; raises ValueError with what Prometheus says about a mistake."""
        _, text = get(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters, doseq=True)}")
        answer = json.loads(text)
        if answer["status"] != "success":
            raise ValueError(f"{parameters}: {answer.get('error')}")
        return answer["data"]

    def query(self, query):
        """The samples now: (labels, value)."""
        result = self.api("query", query=query)
        assert result["resultType"] == "vector", query
        return [(sample["metric"], sample["value"][1]) for sample in result["result"]]


def remove(place):
    shutil.rmtree(place, ignore_errors=True)
