"""Traffic of every kind that the dashboards show: allowed, masked, denied, held and decided, streamed, refused, failed."""
import base64
import http.server
import json
import os
import re
import socketserver
import subprocess
import threading

import programs
import sources

# 256 bits, so that the text is that of a well-formed P-256 key (the base point).
POINT = {"x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"}

# Server → who calls it, and what.
REFUSED = {
    "authn": ("masking", "authn.v1.AuthnService/Authenticate"),
    "policy": ("approval", "policy.v1.PolicyService/Decide"),
    "approval": ("masking", "approval.v1.ReviewGateService/Join"),
    "masking": ("policy", "masking.v1.MaskingService/Mask"),
    "session-recorder": ("authn", "recorder.v1.RecorderService/GetReadiness"),
}


def encode(value):
    return base64.urlsafe_b64encode(value if isinstance(value, bytes) else json.dumps(value).encode()).decode().rstrip("=")


class Issuer:
    """An identity provider that has keys; nobody knows the private one, so its tokens are refused."""

    def __init__(self):
        keys = json.dumps({"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "k", **POINT}]}).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(keys)))
                self.end_headers()
                self.wfile.write(keys)

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:" + str(self.server.server_address[1])
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def token(self):
        header = {"alg": "ES256", "typ": "at+jwt", "kid": "k"}
        claims = {"iss": self.url, "aud": "countersign", "sub": "s", "iat": 1, "exp": 1 << 33, "client_id": "s", "jti": "1"}
        return f"{encode(header)}.{encode(claims)}.{encode(bytes(64))}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def resources(model, issuer):
    """The tour's, a model, a server that nobody listens on, and an identity provider."""
    with open(os.path.join(sources.ROOT, "deploy/examples/tour/access.yaml"), encoding="utf-8") as file:
        access = file.read()
    with open(os.path.join(sources.ROOT, "deploy/examples/tour/policies.yaml"), encoding="utf-8") as file:
        policies = file.read()
    return f"""apiVersion: countersign/v1
kind: Credential
metadata: {{name: model-key}}
spec: {{bearer: {{inline: upstream-secret-key}}}}
---
apiVersion: countersign/v1
kind: Connection
metadata: {{name: openai}}
spec: {{protocol: openai, url: '{model}/v1', credential: model-key, default: true}}
---
apiVersion: countersign/v1
kind: IdentityProvider
metadata: {{name: corp}}
spec: {{oidc: {{issuer: '{issuer}', audiences: [countersign], jwksUri: '{issuer}/jwks', profile: at+jwt}}}}
---
{access}
---
{policies}
"""


class Traffic:
    def __init__(self, services, command_line, issuer):
        self.services, self.cli, self.issuer = services, command_line, issuer
        self.caller = command_line.json("keys", "create", "ci-bot", "--ttl", "1h")["key"]
        self.reviewer = command_line.json("keys", "create", "rosa", "--ttl", "1h")["key"]
        self.rounds = 0

    def chat(self, status, text, key=None, **how):
        got, body = programs.chat(self.services.http, key or self.caller, text, **how)
        assert got == status, f"{text}: {got} instead of {status}: {body}"
        return body

    def round(self):
        """Quick calls of every kind, without people."""
        self.chat(200, "Read me the customer file.")
        self.chat(200, "Read me the customer file.", stream=True)
        self.chat(403, "Tell me about project nightfall.")
        self.chat(500, "Please fail with 500 now.")
        self.chat(200, "Please break off.", stream=True)
        self.chat(401, "Hello.", key="cs_wrong")
        self.chat(401, "Hello.", key=self.issuer.token())
        self.rounds += 1

    def review(self, verb, number):
        """One call that is held, and decided by a reviewer."""
        seen = []
        status = 200 if verb == "approve" else 403
        call = threading.Thread(target=lambda: seen.append(
            programs.chat(self.services.http, self.caller, f"Shorten patient record {number}.")[0]))
        call.start()
        found = programs.wait_for("a review", lambda: self.cli.json("reviews", "list", key=self.reviewer)["items"])
        self.cli.run("reviews", verb, found[0]["id"], key=self.reviewer)
        call.join()
        assert seen == [status], seen

    def refuse_peers(self):
        """Each service is called by one that may not call it."""
        for server, (caller, method) in REFUSED.items():
            tls = f"{self.services.place}/{caller}/tls"
            done = subprocess.run(
                ["curl", "-sS", "--http2", "--max-time", "10", "--insecure", "--cert", f"{tls}/tls.crt", "--key",
                 f"{tls}/tls.key", "-X", "POST", "-H", "content-type: application/grpc", "-H", "te: trailers", "-D", "-",
                 "-o", "/dev/null", f"https://{self.services.addresses[server]['grpc']}/countersign.{method}"],
                capture_output=True, text=True, check=True)
            assert re.search(r"^grpc-status: 7\b", done.stdout, re.M), done.stdout

    def outage(self):
        """A call while the database is away: its key cannot be looked up."""
        key = self.cli.json("keys", "create", "ci-bot", "--ttl", "1h")["key"]
        self.services.stop_part("postgres")
        self.chat(503, "Hello.", key=key)
        self.services.start_part("postgres")
        programs.wait_for("the edge is ready", lambda: programs.get(f"{self.services.http}/readyz")[0] == 200)
        programs.wait_for("it serves", lambda: programs.chat(self.services.http, self.caller, "Hello.")[0] == 200)
