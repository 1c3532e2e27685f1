"""Runs what the chart renders as plain processes: a stand-in for a cluster, on loopback and in one folder.

Of every pod the command, arguments, environment and mounted files are taken as they are rendered, but that
  - a mount path lies under the pod's own folder,
  - /usr/lib/countersign is the folder of the built programs,
  - a port of a container is a free port on loopback,
  - the name of a Service is the addresses of the pods that it selects.
Secrets are those that the chart's own Job makes, through an API server that enforces its Role.
"""
import base64
import contextlib
import glob
import http.server
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

import yaml

import chart
import schemas

USER = 65532
PROGRAMS = "/usr/lib/countersign"
TOKENS = "/var/run/secrets/kubernetes.io/serviceaccount"
POSTGRES = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1:]
AS_ROOT = os.geteuid() == 0


class ApiServer:
    """The part of the Kubernetes API that handles Secrets of one namespace, with RBAC."""

    def __init__(self, objects):
        self.secrets = {}  # name → Secret
        self.forbidden = []  # what a Role did not allow
        self._tokens = {}
        self._versions = iter(range(1, 1 << 30))
        self._objects = objects
        self._lock = threading.Lock()
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def _handle(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                status, answer = api.handle(self.command, self.path, self.headers.get("authorization", ""), body)
                payload = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _handle

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def token(self, account):
        token = secrets.token_hex(16)
        self._tokens[token] = account
        return token

    def _may(self, account, verb, name):
        for binding in chart.find(self._objects, "RoleBinding"):
            if account in [s["name"] for s in binding["subjects"]]:
                role = next(r for r in chart.find(self._objects, "Role")
                            if r["metadata"]["name"] == binding["roleRef"]["name"])
                for rule in role["rules"]:
                    names = rule.get("resourceNames")
                    if "secrets" in rule["resources"] and verb in rule["verbs"] and (not names or name in names):
                        return True
        return False

    def handle(self, method, path, authorization, body):
        prefix = f"/api/v1/namespaces/{chart.NAMESPACE}/secrets"
        if not path.startswith(prefix):
            return 404, {"message": "no such path"}
        account = self._tokens.get(authorization.removeprefix("Bearer "))
        if account is None:
            return 401, {"message": "unknown token"}
        name = path.removeprefix(prefix).lstrip("/")
        verb = {"GET": "get", "POST": "create", "PUT": "update", "DELETE": "delete", "PATCH": "patch"}[method]
        if not self._may(account, verb, name):
            self.forbidden.append(f"{account} {verb} {name}")
            return 403, {"message": "forbidden"}
        with self._lock:
            return self._store(verb, name, body)

    def _store(self, verb, name, body):
        if verb == "get":
            return (200, self.secrets[name]) if name in self.secrets else (404, {"message": "not found"})
        secret = json.loads(body)
        wrong = schemas.mistakes(secret, "1.34")
        if wrong or secret["kind"] != "Secret":
            return 422, {"message": str(wrong)}
        stored = self.secrets.get(secret["metadata"]["name"])
        if verb == "create" and stored:
            return 409, {"message": "already exists"}
        if verb == "update":
            if stored is None or secret["metadata"]["name"] != name:
                return 404, {"message": "not found"}
            if secret["metadata"].get("resourceVersion") != stored["metadata"]["resourceVersion"]:
                return 409, {"message": "changed meanwhile"}
        secret["metadata"]["resourceVersion"] = str(next(self._versions))
        self.secrets[secret["metadata"]["name"]] = secret
        return (201 if verb == "create" else 200), secret


class Pod:
    """One pod of one container, as a process."""

    def __init__(self, cluster, name, template):
        self.cluster = cluster
        self.name = name
        self.spec = template["spec"]
        self.labels = template["metadata"]["labels"]
        self.container = self.spec["containers"][0]
        assert len(self.spec["containers"]) == 1 and not self.spec.get("initContainers")
        self.folder = os.path.join(cluster.folder, name)
        self.mounts = {m["mountPath"]: m for m in self.container.get("volumeMounts", [])}
        if self.spec["automountServiceAccountToken"]:
            self.mounts[TOKENS] = {"name": None}
        self.ports = {p["containerPort"]: cluster.free_port() for p in self.container.get("ports", [])}
        self.port_names = {p["name"]: p["containerPort"] for p in self.container.get("ports", [])}
        self.process = None
        self.user = "postgres" if self.labels["app.kubernetes.io/component"] == "postgres" else str(USER)

    def address(self, name):
        """The address of the container's port `name`."""
        return f"127.0.0.1:{self.ports[self.port_names[name]]}"

    def rewrite(self, text):
        """What the pod reads, in terms of this machine."""
        if self.mounts:
            paths = "|".join(sorted(map(re.escape, self.mounts), key=len, reverse=True))
            text = re.sub(rf"(?<![\w./-])({paths})(?=[/\s\"',;]|$)", lambda m: self.folder + m[1], text)
        text = text.replace(PROGRAMS, self.cluster.programs)
        text = re.sub(r"0\.0\.0\.0:(\d+)", lambda m: f"127.0.0.1:{self.ports[int(m[1])]}", text)
        text = re.sub(rf"host=({chart.NAME}[\w-]*) port=(\d+)", self._rewrite_database, text)
        text = re.sub(rf"https://({chart.NAME}[\w-]*):(\d+)",
                      lambda m: "https://localhost:" + self.cluster.resolve(m[1], m[2])[0].split(":")[1], text)
        return re.sub(rf"(?<!host=)\b({chart.NAME}[\w-]*):(\d+)", self._rewrite_service, text)

    def _rewrite_database(self, match):
        # The server's certificate is still checked for the Service's name.
        port = self.cluster.resolve(match[1], match[2])[0].split(":")[1]
        return f"host={match[1]} hostaddr=127.0.0.1 port={port}"

    def _rewrite_service(self, match):
        addresses = self.cluster.resolve(match[1], match[2])
        return addresses[0] if len(addresses) == 1 else "ipv4:" + ",".join(addresses)

    def _argument(self, text):
        if text == "0.0.0.0":
            return "127.0.0.1"
        if text.isdigit() and int(text) in self.ports:
            return str(self.ports[int(text)])
        return self.rewrite(text)

    def _own(self, path, mode):
        if AS_ROOT:
            shutil.chown(path, "root", "postgres" if self.user == "postgres" else USER)
        os.chmod(path, mode)

    def _source_files(self, source):
        """The files of one source of a projected volume: path to content."""
        if "configMap" in source:
            data = chart.find(self.cluster.objects, "ConfigMap",
                              source["configMap"]["name"][len(chart.NAME) + 1:])["data"]
            return {i["path"]: self.rewrite(data[i["key"]]).encode() for i in source["configMap"]["items"]}
        secret = self.cluster.api.secrets.get(source["secret"]["name"])
        if secret is None and source["secret"].get("optional"):
            return {}
        assert secret is not None, f"{self.name} needs Secret {source['secret']['name']}"
        return {i["path"]: base64.b64decode(secret["data"][i["key"]]) for i in source["secret"]["items"]}

    def project(self, path, volume):
        """Fills a projected volume as kubelet does: a new folder, and one rename that makes it current."""
        os.makedirs(path, exist_ok=True)
        new = tempfile.mkdtemp(prefix="..", dir=path)
        files = {}
        for source in volume["sources"]:
            for name, content in self._source_files(source).items():
                assert name not in files, f"{self.name}: two sources have {name}"
                files[name] = content
        for name, content in files.items():
            file = os.path.join(new, name)
            os.makedirs(os.path.dirname(file), exist_ok=True)
            with open(file, "wb") as out:
                out.write(content)
            self._own(file, volume["defaultMode"])
        for parent, folders, _ in os.walk(new):
            for folder in folders:
                self._own(os.path.join(parent, folder), 0o750)
        self._own(new, 0o750)
        old = os.path.join(path, "..data")
        stale = os.path.realpath(old) if os.path.islink(old) else None
        os.symlink(os.path.basename(new), old + "_tmp")
        os.rename(old + "_tmp", old)
        for name in {n.split("/")[0] for n in files}:
            if not os.path.islink(os.path.join(path, name)):
                os.symlink(os.path.join("..data", name), os.path.join(path, name))
        if stale:
            shutil.rmtree(stale)

    def mount(self):
        """Makes the mounted files; again, with a running pod: what kubelet does when Secrets have changed."""
        os.makedirs(self.folder, exist_ok=True)
        os.chmod(self.folder, 0o755)
        volumes = {v["name"]: v for v in self.spec.get("volumes", [])}
        for path, mount in self.mounts.items():
            place = self.folder + path
            if mount["name"] is None:
                os.makedirs(place, exist_ok=True)
                for name, content in (("token", self.cluster.api.token(self.spec["serviceAccountName"])), ("ca.crt", "")):
                    with open(os.path.join(place, name), "w", encoding="utf-8") as file:
                        file.write(content)
                    os.chmod(os.path.join(place, name), 0o644)
            elif "projected" in volumes.get(mount["name"], {}):
                self.project(place, volumes[mount["name"]]["projected"])
            elif not os.path.isdir(place):
                os.makedirs(place)
                self._own(place, 0o2770)

    def _environment(self):
        environment = {"PATH": ":".join(POSTGRES + ["/usr/bin:/bin"]), "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}
        for entry in self.container.get("env", []):
            environment[entry["name"]] = self.rewrite(entry["value"])
        if "/tmp" in self.mounts:
            environment["TMPDIR"] = self.folder + "/tmp"
        if environment.get("API_SERVER"):
            assert environment["API_SERVER"] == "https://kubernetes.default.svc"
            environment["API_SERVER"] = self.cluster.api.address
        return environment

    def _command(self):
        command = [self._argument(a) for a in self.container["command"] + self.container.get("args", [])]
        if not AS_ROOT:
            return command
        return ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups", "--no-new-privs",
                "--bounding-set=-all"] + command

    def start(self):
        self.mount()
        environment = self._environment()
        command = self._command()
        if 5432 in self.ports:
            environment["PGPORT"] = str(self.ports[5432])
            command += ["-c", "listen_addresses=127.0.0.1"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, env=environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=subprocess.STDOUT, start_new_session=True)

    def run(self, timeout=120):
        """Runs a Job's pod to its end. Returns its exit status and output."""
        self.start()
        try:
            return self.process.wait(timeout), self.output()
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    @property
    def log(self):
        return os.path.join(self.cluster.folder, self.name + ".log")

    def output(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def probe(self, which):
        """Whether the probe succeeds now."""
        probe = self.container[which]
        if "tcpSocket" in probe:
            host, port = self.address(probe["tcpSocket"]["port"]).split(":")
            with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
                return True
            return False
        return self.get(probe["httpGet"]["port"], probe["httpGet"]["path"])[0] == 200

    def get(self, port, path):
        """Status and body; (0, reason) when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://{self.address(port)}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def stop(self):
        """As kubelet does: SIGTERM, then SIGKILL after the grace period. Returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(self.spec.get("terminationGracePeriodSeconds", 30))
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL

    def kill(self):
        if self.process and self.process.poll() is None:
            # The whole group: a script may have children.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Cluster:
    """A namespace with one release."""

    def __init__(self, objects, programs):
        self.objects = objects
        self.programs = programs
        self.folder = tempfile.mkdtemp(prefix="countersign-chart-")
        os.chmod(self.folder, 0o755)
        self.api = ApiServer(objects)
        self.pods = []
        self._ports = set()
        self._runs = 0

    def free_port(self):
        """Below the kernel's ephemeral range, so that no connection takes it before the pod does."""
        while True:
            port = 20000 + secrets.randbelow(10000)
            with contextlib.suppress(OSError), socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
                if port not in self._ports:
                    self._ports.add(port)
                    return port

    def resolve(self, service_name, port):
        """The addresses behind a Service's port, through its selector and targetPort."""
        service = chart.find(self.objects, "Service", service_name[len(chart.NAME) + 1:])
        entry = next(p for p in service["spec"]["ports"] if str(p["port"]) == port)
        found = [pod.address(entry["targetPort"]) for pod in self.pods
                 if all(pod.labels.get(k) == v for k, v in service["spec"]["selector"].items())]
        assert found, f"Service {service_name} selects no pod"
        return found

    def run_hooks(self, phase):
        """Runs the Jobs (or pods) of a hook in the order of their weights. Returns name → output."""
        def weight(job):
            return int(job["metadata"]["annotations"].get("helm.sh/hook-weight", "0"))
        outputs = {}
        for job in sorted((w for w in chart.workloads(self.objects) if phase in chart.hooks(w)), key=weight):
            name = job["metadata"]["name"]
            outputs[name] = self.run_pod(name, chart.pod_template(job))
        return outputs

    def run_pod(self, name, template, environment=None):
        """Runs a pod to its end, which must be good; `environment` replaces variables. Returns its output."""
        self._runs += 1
        pod = Pod(self, f"{name}-{self._runs}", template)
        for entry in pod.container.get("env", []):
            entry["value"] = (environment or {}).get(entry["name"], entry["value"])
        status, output = pod.run()
        assert status == 0, f"{name} ended with {status}:\n{output}"
        return output

    def start(self):
        """Starts every Deployment and StatefulSet with its replicas and waits until all are ready."""
        for workload in self.objects:
            if workload["kind"] in ("Deployment", "StatefulSet"):
                for replica in range(workload["spec"].get("replicas", 1)):
                    name = f"{workload['metadata']['name']}-{replica}"
                    self.pods.append(Pod(self, name, chart.pod_template(workload)))
        for pod in self.pods:
            pod.start()
        self.wait_ready()

    def wait_ready(self, timeout=120):
        deadline = time.monotonic() + timeout
        for pod in self.pods:
            while not pod.probe("readinessProbe"):
                dead = [p for p in self.pods if p.process.poll() is not None]
                why = [f"{p.name}:\n{p.output()[-2000:]}" for p in dead or [pod]]
                assert not dead and time.monotonic() < deadline, "not ready: " + "\n".join(why)
                time.sleep(0.1)

    def pods_of(self, component):
        return [p for p in self.pods if p.labels["app.kubernetes.io/component"] == component]

    def close(self):
        for pod in self.pods:
            pod.kill()
        self.api.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def config_of(pod):
    """The configuration that the pod's process read."""
    with open(pod.folder + "/etc/countersign/config.yaml", encoding="utf-8") as file:
        return yaml.safe_load(file)
