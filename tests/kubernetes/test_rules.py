"""The rules (CEL) of the definitions, by Kubernetes' own evaluation: what only they forbid would be found."""

import pytest

import kube

GATEWAY, ISTIO = "envoy-gateway/listeners-v2", "istio/gateway"
WORKLOADS = {"labels": {"app": "assistant"}}
ADDRESS = {"address": "10.0.0.1"}
TURNED = {"request": "1s", "backendRequest": "2s"}


def change(**members):
    return lambda spec: spec.update(members)


def both(spec):
    spec["targetRef"] = spec["targetRefs"][0]


# A kind of ours: where it is, what makes it one that its schema takes and a rule does not, and what the rule says.
FORBIDDEN = {
    "Backend": (GATEWAY, lambda spec: spec["endpoints"].append({"ip": ADDRESS | {"port": 443}}), "be mixed"),
    "BackendTLSPolicy": (GATEWAY, lambda spec: spec["validation"].pop("wellKnownCACertificates"), "specify either"),
    "BackendTrafficPolicy": (GATEWAY, both, "either targetRef or targetRefs"),
    "ClientTrafficPolicy": (GATEWAY, both, "either targetRef or targetRefs"),
    "EnvoyProxy": (GATEWAY, lambda spec: spec["provider"]["kubernetes"].update(envoyDaemonSet={}), "only one of"),
    "Gateway": (GATEWAY, lambda spec: spec["listeners"][0].update(protocol="TCP", hostname="a.com"), "must not"),
    "HTTPRoute": (GATEWAY, lambda spec: spec["rules"][0].update(timeouts=TURNED), "cannot be longer"),
    "DestinationRule": (ISTIO, lambda spec: pool(spec)["tcp"].update(connectTimeout="0s"), "greater than 1ms"),
    "EnvoyFilter": (ISTIO, change(workloadSelector=WORKLOADS), "only one of targetRefs or workloadSelector"),
    "ServiceEntry": (ISTIO, change(workloadSelector=WORKLOADS, endpoints=[ADDRESS]), "only one of"),
    "Sidecar": ("istio/closed", change(workloadSelector={"labels": {"app": "*"}}), "wildcard is not supported"),
    "VirtualService": ("istio/sidecar", lambda spec: spec["http"][0].update(timeout="0s"), "greater than 1ms"),
}


def pool(spec):
    return spec["trafficPolicy"]["connectionPool"]


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_what_a_rule_forbids_would_be_found(kind):
    directory, forbid, said = FORBIDDEN[kind]
    changed = kube.of_kind(kube.kustomized(directory), kind)[0]
    assert kube.problems(changed) == []
    forbid(changed["spec"])
    # Rules are asked only where the schema has nothing to say.
    assert said in "".join(kube.problems(changed))


def test_each_kind_of_ours_that_has_rules_is_tried():
    ours = {(one["apiVersion"], one["kind"]) for name in kube.KUSTOMIZATIONS for one in kube.kustomized(name)}
    with_rules = set()
    for definition in kube.definitions():
        spec = definition["spec"]
        for version in spec["versions"]:
            kind = f"{spec['group']}/{version['name']}", spec["names"]["kind"]
            if kind in ours and "x-kubernetes-validations" in str(version["schema"]):
                with_rules.add(kind[1])
    assert with_rules == FORBIDDEN.keys()
