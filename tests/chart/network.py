"""Decides by the rules of NetworkPolicy which connections between pods a set of policies allows.

Knows pod selectors by labels, ports by number and name, and peers that are pods of the same namespace; a peer given by
namespaceSelector or ipBlock stands for somebody outside.
"""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """A kind of pod: its labels, and its ports by name. `labels` None: somebody outside of the namespace."""

    labels: dict | None
    ports: dict = dataclasses.field(default_factory=dict)


def selects(selector, labels):
    return labels is not None and all(labels.get(k) == v for k, v in selector.get("matchLabels", {}).items())


def _peer_matches(peers, other):
    if not peers:
        return True  # an absent list is everybody
    for peer in peers:
        if "ipBlock" in peer or "namespaceSelector" in peer:
            if other.labels is None:
                return True
        elif selects(peer["podSelector"], other.labels):
            return True
    return False


def _port_matches(ports, number, server):
    return not ports or any(
        p.get("protocol", "TCP") == "TCP" and server.ports.get(p["port"], p["port"]) == number for p in ports)


def _allows(policies, direction, subject, other, number, server):
    """Whether the policies that select `subject` let it talk to `other`."""
    kind, peers = ("Ingress", "from") if direction == "in" else ("Egress", "to")
    if subject.labels is None:
        return True
    selected = [p["spec"] for p in policies
                if selects(p["spec"]["podSelector"], subject.labels) and kind in p["spec"]["policyTypes"]]
    if not selected:
        return True  # nothing isolates it
    return any(_peer_matches(rule.get(peers), other) and _port_matches(rule.get("ports"), number, server)
               for spec in selected for rule in spec.get(kind.lower(), []))


def allowed(policies, client, server, number):
    """Whether `client` may connect to port `number` of `server`."""
    return (_allows(policies, "out", client, server, number, server) and
            _allows(policies, "in", server, client, number, server))


def endpoint(pod_template):
    """The kind of pod that a template makes."""
    ports = {p["name"]: p["containerPort"] for c in pod_template["spec"]["containers"] for p in c.get("ports", [])}
    return Endpoint(pod_template["metadata"]["labels"], ports)
