"""What the chart renders, over a matrix of values: valid, hardened, and as the programs are built."""
import collections
import json
import os
import re
import unittest

import helm_python
import yaml

import chart
import network
import schemas

EXTERNAL = {"database": {"mode": "external", "external": {"host": "db.example.com", "authoritySecret": "db-ca"}}}
DOCUMENT = {"apiVersion": "countersign/v1", "kind": "Identity", "metadata": {"name": "ci"}, "spec": {"kind": "ci"}}
MATRIX = {
    "defaults": {},
    "small": chart.values("values-small.yaml"),
    "production": chart.values("values-production.yaml"),
    "demo": {"demo": {"enabled": True}},
    "external database": EXTERNAL,
    "external database, own passwords, no TLS": {"database": {"mode": "external", "external": {
        "host": "10.0.0.7", "port": 6432, "sslMode": "disable",
        "passwordSecrets": {"authn": "a", "policy": "p", "approval": "b", "sessionRecorder": "r"}}}},
    "CloudNativePG": {"database": {"mode": "cloudNativePg", "cloudNativePg": {
        "storageClass": "fast", "spec": {"backup": {"retentionPolicy": "30d"}}}}},
    "cert-manager": {"certificates": {"issuer": "certManager"}},
    "existing certificates and secrets": {
        "certificates": {"issuer": "existing"}, "edge": {"tls": {"secret": "public"}},
        "secrets": {"create": False, "existing": {"authn": "k1", "approval": "k2", "masking": "k3",
                                                  "sessionRecorder": "k4", "admin": "k5"}}} | EXTERNAL,
    "existing secrets in part": {"secrets": {"existing": {"authn": "k1"}}},
    "behind an Ingress": {"edge": {"ingress": {"enabled": True, "className": "nginx", "hosts": ["ai.example.com"],
                                               "tlsSecret": "ai-tls"}}},
    "behind a Gateway": {"edge": {"tls": {"enabled": False}, "gateway": {
        "enabled": True, "parents": [{"name": "gw", "namespace": "infra"}], "hosts": ["ai.example.com"]}}},
    "a load balancer": {"edge": {"service": {"type": "LoadBalancer", "port": 8443, "annotations": {"a/b": "c"}}}},
    "everything autoscaled": {s: {"autoscaling": {"enabled": True, "metrics": [{"type": "Pods", "pods": {
        "metric": {"name": "countersign_sessions_open"}, "target": {"type": "AverageValue", "averageValue": "200"}}}]}}
        for s in ("edge", "policy", "approval", "masking")},
    "resources": {"resources": {"enabled": True, "documents": [DOCUMENT], "env": [
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "openai", "key": "key"}}}]}},
    "monitoring": {"metrics": {"podMonitor": {"enabled": True, "labels": {"release": "prom"}},
                               "rules": {"enabled": True},
                               "dashboards": {"enabled": True, "annotations": {"grafana_folder": "AI"}}}},
    "placement": {s: {"nodeSelector": {"pool": "ai"}, "tolerations": [{"key": "ai", "operator": "Exists"}],
                      "affinity": {"nodeAffinity": {}}, "priorityClassName": "high",
                      "podLabels": {"team": "x"}, "podAnnotations": {"n": "1"}}
                  for s in ("edge", "authn", "policy", "approval", "masking", "sessionRecorder")},
    "edge settings": {"edge": {"limits": {"bodyBytes": 1048576}, "timeouts": {"firstByte": "60s"},
                               "upstreamAuthoritySecret": "up", "tls": {"dnsNames": ["ai.example.com"]}}},
    "recorder settings": {"sessionRecorder": {"checkpoints": {"enabled": True, "accessMode": "ReadWriteOnce"},
                                              "trustedKeys": ["SMlfERtdwZuylI9h_JiqH2l-Ae60gEvFj0OQxKDafE4"]}},
    "an existing claim": {"sessionRecorder": {"checkpoints": {"enabled": True, "existingClaim": "mine"}}},
    "no network policies, no migrations": {"networkPolicy": {"enabled": False}, "migrations": {"enabled": False}},
    "narrow network policies": {"networkPolicy": {
        "edgeFrom": [{"namespaceSelector": {"matchLabels": {"team": "apps"}}}],
        "metricsFrom": [{"namespaceSelector": {}}], "databaseTo": [{"ipBlock": {"cidr": "10.1.0.0/16"}}],
        "apiServerTo": [{"ipBlock": {"cidr": "10.96.0.1/32"}}], "modelPorts": [443, 8000]}} | EXTERNAL,
    "own images and names": {"fullnameOverride": "gateway", "image": {
        "registry": "registry.example.com/ai", "tag": "9", "pullSecrets": ["pull"], "pullPolicy": "Always"}},
    "authorities of issuers": {"authn": {"issuerAuthoritySecret": "idp-ca"}},
    "ephemeral database": {"database": {"bundled": {"ephemeral": True}}},
}
SERVICES = ("authn", "policy", "approval", "masking", "session-recorder", "edge")


def each_case(test):
    def run(self):
        for name, values in MATRIX.items():
            with self.subTest(name):
                test(self, chart.render(values))
    return run


class Rendering(unittest.TestCase):
    def test_lint_finds_nothing_but_the_missing_icon(self):
        for name, values in MATRIX.items():
            report = helm_python.lint(chart.CHART, values, strict=True)
            self.assertEqual([m["error"] for m in report["messages"]], ["icon is recommended"], name)
            self.assertEqual(report["errors"], [], name)

    def test_every_object_is_valid_in_old_and_new_kubernetes(self):
        different = {}
        for name, values in MATRIX.items():
            different |= {json.dumps(o): (name, o) for o in chart.render(values)}
        for name, an_object in different.values():
            for version in schemas.VERSIONS:
                self.assertEqual(schemas.mistakes(an_object, version), [], f"{name}, Kubernetes {version}")
        kinds = {o["kind"] for _, o in different.values()}
        self.assertEqual(len(kinds), 21, "the matrix leaves no template out")

    def test_the_validation_is_strict(self):
        deployment = chart.find(chart.render(), "Deployment", "edge")
        deployment["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
        self.assertTrue(schemas.mistakes(deployment, "1.34"))
        route = chart.find(chart.render(MATRIX["behind a Gateway"]), "HTTPRoute")[0]
        route["spec"]["rules"][0]["timeout"] = {}
        self.assertTrue(schemas.mistakes(route, "1.34"))

    @each_case
    def test_names_are_unique(self, objects):
        names = collections.Counter((o["kind"], o["metadata"]["name"]) for o in objects)
        self.assertEqual([n for n, count in names.items() if count > 1], [])

    @each_case
    def test_pods_meet_the_restricted_standard(self, objects):
        for workload in chart.workloads(objects):
            spec = chart.pod_template(workload)["spec"]
            name = workload["metadata"]["name"]
            self.assertTrue(spec["securityContext"]["runAsNonRoot"], name)
            self.assertEqual(spec["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"}, name)
            self.assertFalse(spec.get("hostNetwork") or spec.get("hostPID") or spec.get("hostIPC"), name)
            needs_api = chart.pod_template(workload)["metadata"]["labels"]["app.kubernetes.io/component"] == "secrets"
            self.assertEqual(spec["automountServiceAccountToken"], needs_api, name)
            for container in spec["containers"]:
                self.assertEqual(container["securityContext"], {
                    "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]}}, name)
                self.assertIn("memory", container["resources"]["limits"], name)
                self.assertTrue({"cpu", "memory"} <= set(container["resources"]["requests"]), name)
            for volume in spec.get("volumes", []):
                self.assertTrue({"projected", "emptyDir", "persistentVolumeClaim"} & set(volume), name)
                self.assertTrue("emptyDir" not in volume or volume["emptyDir"].get("sizeLimit"), name)

    @each_case
    def test_everything_that_pods_mount_exists(self, objects):
        plan = " ".join(e["value"] for j in objects if j["kind"] == "Job"
                        for e in chart.pod_template(j)["spec"]["containers"][0].get("env", []) if e["name"] == "PLAN")
        certificates = {o["spec"]["secretName"] for o in chart.find(objects, "Certificate")}
        given = set(re.findall(r"\S+", plan)) | certificates | {
            "db-ca", "public", "k1", "k2", "k3", "k4", "k5", "a", "p", "b", "r", "up", "idp-ca"}
        for workload in chart.workloads(objects):
            for volume in chart.pod_template(workload)["spec"].get("volumes", []):
                for source in volume.get("projected", {}).get("sources", []):
                    if "configMap" in source:
                        maps = [o for o in objects if o["kind"] == "ConfigMap" and
                                o["metadata"]["name"] == source["configMap"]["name"]]
                        self.assertEqual(len(maps), 1, source)
                        for item in source["configMap"]["items"]:
                            self.assertIn(item["key"], maps[0]["data"])
                    elif not source["secret"]["name"].endswith(("-database", "-postgres-ca", "-tls")):
                        self.assertIn(source["secret"]["name"], given, workload["metadata"]["name"])

    def test_everything_made_by_the_job_is_mounted_somewhere(self):
        objects = chart.render()
        job = chart.find(objects, "Job", "make-secrets")
        env = {e["name"]: e["value"] for e in chart.pod_template(job)["spec"]["containers"][0]["env"]}
        made = {line.split()[1] for line in env["PLAN"].split("\n") if line.strip()}
        mounted = {s["secret"]["name"] for w in chart.workloads(objects)
                   for v in chart.pod_template(w)["spec"].get("volumes", [])
                   for s in v.get("projected", {}).get("sources", []) if "secret" in s}
        self.assertEqual(made - mounted, {f"{chart.NAME}-authority"}, "the CA's key stays with the Job")

    def test_keys_of_the_authority_are_read_by_the_jobs_alone(self):
        for values in MATRIX.values():
            for role in chart.find(chart.render(values), "Role"):
                for rule in role["rules"]:
                    self.assertEqual(rule["resources"], ["secrets"])
                    self.assertTrue(rule["verbs"] == ["create"] or rule["resourceNames"], "all Secrets of a namespace")
                    self.assertTrue(set(rule["verbs"]) <= {"create", "get", "update"})

    def test_the_configuration_is_in_the_pods_checksum(self):
        def checksum(values):
            deployment = chart.find(chart.render(values), "Deployment", "edge")
            return chart.pod_template(deployment)["metadata"]["annotations"]["checksum/config"]
        self.assertNotEqual(checksum({}), checksum({"edge": {"threads": 7}}))
        self.assertEqual(checksum({}), checksum({"edge": {"replicas": 7}}))

    def test_the_grace_period_covers_the_drain(self):
        for deployment in chart.find(chart.render(), "Deployment"):
            component = deployment["metadata"]["labels"]["app.kubernetes.io/component"]
            config = yaml.safe_load(chart.find(chart.render(), "ConfigMap", component)["data"]["config.yaml"])
            drain = sum(int(config["drain"][k].rstrip("s")) for k in ("delay", "timeout"))
            spec = chart.pod_template(deployment)["spec"]
            self.assertGreaterEqual(spec["terminationGracePeriodSeconds"], drain + 10, component)

    def test_a_volume_for_one_pod_is_not_wanted_by_two(self):
        once = chart.find(chart.render(MATRIX["recorder settings"]), "Deployment", "session-recorder")
        self.assertEqual(once["spec"]["strategy"], {"type": "Recreate"})
        many = chart.find(chart.render(MATRIX["production"]), "Deployment", "session-recorder")
        self.assertEqual(many["spec"]["strategy"]["type"], "RollingUpdate")

    def test_contradictions_are_refused(self):
        for values, reason in (
                ({"database": {"mode": "external"}}, "database.external.host"),
                ({"edge": {"gateway": {"enabled": True, "parents": [{"name": "g"}]}}}, "edge.tls.enabled=false"),
                ({"edge": {"ingress": {"enabled": True}}}, "must name a host"),
                ({"certificates": {"issuer": "existing"}} | EXTERNAL, "edge.tls.secret"),
                ({"certificates": {"issuer": "existing"}, "edge": {"tls": {"secret": "s"}}}, "bundled")):
            with self.assertRaisesRegex(helm_python.HelmError, re.escape(reason)):
                chart.render(values)


class Network(unittest.TestCase):
    """The NetworkPolicies allow the arrows of the design and nothing else."""

    # As libs/rpc/peer_rules.cc says; compared with it below.
    ARROWS = {("edge", s) for s in SERVICES if s != "edge"} | {
        ("authn", "policy"), ("policy", "authn"), ("approval", "authn"), ("approval", "policy"),
        ("masking", "authn"), ("masking", "policy"), ("session-recorder", "authn"), ("session-recorder", "approval")}
    STORES = {"authn", "policy", "approval", "session-recorder"}

    def setUp(self):
        self.objects = chart.render({"demo": {"enabled": True}, "resources": {"enabled": True}})
        self.policies = chart.find(self.objects, "NetworkPolicy")
        self.pods = {}
        for workload in chart.workloads(self.objects):
            pod = chart.pod_template(workload)
            self.pods[pod["metadata"]["labels"]["app.kubernetes.io/component"]] = network.endpoint(pod)
        self.stranger = network.Endpoint({"app": "stranger"})
        self.outside = network.Endpoint(None)

    def allowed(self, client, server, port):
        return network.allowed(self.policies, client, server, port)

    def test_the_table_is_that_of_the_peer_rules(self):
        with open(os.path.join(chart.ROOT, "libs/rpc/peer_rules.cc"), encoding="utf-8") as file:
            rules = re.findall(r'\{"countersign\.(\w+)\.v1\.\w+",\s*"[^"]+",\s*\{([^}]*)\}', file.read())
        self.assertGreater(len(rules), 10)
        arrows = {(caller, "session-recorder" if owner == "recorder" else owner)
                  for owner, callers in rules for caller in re.findall(r'"([^"]+)"', callers)}
        self.assertEqual(arrows, self.ARROWS)

    def test_services_reach_their_peers_alone(self):
        for client in self.pods:
            for server in SERVICES:
                if server == "edge":
                    continue
                self.assertEqual(self.allowed(self.pods[client], self.pods[server], 7100),
                                 (client, server) in self.ARROWS, f"{client} to {server}")

    def test_configured_peers_are_the_arrows(self):
        for service in SERVICES:
            config = yaml.safe_load(chart.find(self.objects, "ConfigMap", service)["data"]["config.yaml"])
            self.assertEqual({(service, peer) for peer in config["peers"]}, {a for a in self.ARROWS if a[0] == service})

    def test_the_database_is_for_the_four_that_have_a_schema(self):
        for client in self.pods:
            self.assertEqual(self.allowed(self.pods[client], self.pods["postgres"], 5432),
                             client in self.STORES | {"migrations"}, client)

    def test_strangers_reach_the_edge_and_nothing_else(self):
        for client in (self.stranger, self.outside):
            self.assertTrue(self.allowed(client, self.pods["edge"], 8443))
            self.assertFalse(self.allowed(client, self.pods["edge"], 9464))
            for server, pod in self.pods.items():
                if server != "edge":
                    for port in set(pod.ports.values()) | {22, 7100, 9464}:
                        self.assertFalse(self.allowed(client, pod, port), f"{server}:{port}")

    def test_only_edge_and_authn_leave_the_namespace(self):
        for client, pod in self.pods.items():
            self.assertEqual(self.allowed(pod, self.outside, 443), client in ("edge", "authn", "secrets"), client)
            self.assertFalse(self.allowed(pod, self.outside, 80), client)
            self.assertTrue(self.allowed(pod, network.Endpoint(None), 53), client)

    def test_private_and_metadata_addresses_are_no_models(self):
        edge = chart.find(self.objects, "NetworkPolicy", "edge")
        blocks = [p["ipBlock"] for r in edge["spec"]["egress"] for p in r["to"] if "ipBlock" in p]
        for block in blocks:
            self.assertTrue({"169.254.0.0/16", "10.0.0.0/8", "192.168.0.0/16"} <= set(block["except"]))
        self.assertTrue(blocks)

    def test_the_lists_of_the_values_narrow_and_widen(self):
        self.policies = chart.find(chart.render(MATRIX["narrow network policies"]), "NetworkPolicy")
        self.assertFalse(self.allowed(self.stranger, self.pods["edge"], 8443))
        self.assertTrue(self.allowed(self.outside, self.pods["edge"], 8443))
        self.assertTrue(self.allowed(self.pods["test"], self.pods["edge"], 8443), "helm test still works")
        self.assertTrue(self.allowed(self.outside, self.pods["masking"], 9464))
        self.assertTrue(self.allowed(self.pods["edge"], self.outside, 8000))

    def test_a_policy_left_out_would_be_noticed(self):
        self.policies = [p for p in self.policies if not p["metadata"]["name"].endswith("default-deny")]
        self.policies = [p for p in self.policies if not p["metadata"]["name"].endswith("-masking")]
        self.assertTrue(self.allowed(self.stranger, self.pods["masking"], 7100))


class Monitoring(unittest.TestCase):
    FILES = os.path.join(chart.CHART, "files/monitoring")

    def test_rules_and_dashboards_are_those_of_the_files(self):
        objects = chart.render(MATRIX["monitoring"])
        with open(f"{self.FILES}/rules.yaml", encoding="utf-8") as file:
            self.assertEqual(chart.find(objects, "PrometheusRule")[0]["spec"], yaml.safe_load(file))
        for name in os.listdir(f"{self.FILES}/dashboards"):
            made = chart.find(objects, "ConfigMap", "dashboard-" + name[:-len(".json")])
            self.assertEqual(made["metadata"]["labels"]["grafana_dashboard"], "1")
            with open(f"{self.FILES}/dashboards/{name}", encoding="utf-8") as file:
                self.assertEqual(json.loads(made["data"]["countersign-" + name]), json.load(file))

    def test_jobs_have_the_names_that_the_rules_expect(self):
        endpoint = chart.find(chart.render(MATRIX["monitoring"]), "PodMonitor")[0]["spec"]["podMetricsEndpoints"][0]
        self.assertEqual(endpoint["relabelings"], [{
            "sourceLabels": ["__meta_kubernetes_pod_label_app_kubernetes_io_component"], "targetLabel": "job",
            "replacement": "countersign-$1"}])


if __name__ == "__main__":
    unittest.main()
