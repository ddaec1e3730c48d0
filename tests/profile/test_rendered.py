"""What the agents and meshes render to: each file of ``rendered/`` is a question and its answer.

The first document says what is rendered with which values, the second is the fragment.
"""

import itertools
import json
from pathlib import Path

import pytest
import yaml
from api_schemas import VERSIONS, faults

from sidecarctl.inject.render import render
from sidecarctl.profile.concern import concerns
from sidecarctl.profile.merge import layered, merged
from sidecarctl.profile.sidecar import sidecars
from sidecarctl.schemas import violations

HERE = Path(__file__).parent
CASES = sorted((HERE / "rendered").glob("*.yaml"))
FRAGMENT = json.loads((HERE.parents[1] / "schemas" / "fragment.schema.json").read_text())
WORKLOAD = {
    "kind": "Deployment",
    "name": "web",
    "namespace": "shop",
    "serviceAccount": "web",
    "podLabels": {"app": "web"},
    "containers": ["app"],
    "isJob": False,
}
FACTS = {"namespaceInInput": False, "podLabels": {"app": "web"}, "kubernetesVersion": "1.33"}


def pod_of(name, *, native=True, facts=(), **values):
    """Return the fragment of the sidecar *name* with *values* over its defaults."""
    sidecar = sidecars()[name]
    defaults = merged(sidecar.defaults, {"service": "web"} if "service" in sidecar.defaults else {})
    context = {
        "values": merged(defaults, values),
        "native": native,
        "facts": {**FACTS, **dict(facts)},
        "workload": WORKLOAD,
    }
    return render(sidecar.folder / "pod.yaml.j2", context)


def cell_of(concern, sidecar, values):
    found = concerns()[concern]
    context = {
        "values": layered(found.defaults, [values]),
        "workload": WORKLOAD,
        "sidecar": sidecars()[sidecar].defaults,
        "profile": {"trustDomain": "cluster.local", "clusterDomain": "cluster.local"},
    }
    return render(found.cell(sidecar), context)


def answer(question):
    if "concern" in question:
        return cell_of(question["concern"], question["sidecar"], question["values"])
    options = {key: question[key] for key in ("native", "facts") if key in question}
    return pod_of(question["sidecar"], **options, **question.get("values", {}))


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_rendered(file):
    question, expected = yaml.safe_load_all(file.read_text(encoding="utf-8"))
    fragment = answer(question)
    assert fragment == expected
    assert violations(fragment, FRAGMENT) == []


DATADOG = [
    {"native": native, "fargate": fargate, "logs": logs, "readOnlyRootFilesystem": read_only,
     "shareProcessNamespace": share}
    for native, fargate, logs, read_only, share in itertools.product([True, False], repeat=5)
]  # fmt: skip


def containers(fragment):
    pod = fragment["pod"]
    return [*pod.get("initContainers", []), *pod.get("containers", [])]


@pytest.mark.parametrize(
    "values", DATADOG, ids=lambda values: "".join("01"[v] for v in values.values())
)
class TestDatadog:
    """What holds of the agent whatever is switched on."""

    def test_it_is_a_fragment_that_kubernetes_takes(self, values):
        fragment = pod_of("datadog", clusterName="prod", env="prod", **values)
        assert violations(fragment, FRAGMENT) == []
        pod = fragment["pod"]
        app = {"name": "app", "image": "app:1", **fragment["app"]}
        spec = {
            "containers": [app, *pod.get("containers", [])],
            "initContainers": pod.get("initContainers", []),
            "volumes": pod["volumes"],
        }
        template = {"metadata": {"labels": pod["labels"]}, "spec": spec}
        document = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "labels": fragment["workload"]["labels"]},
            "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template},
        }
        assert [faults(document, version) for version in VERSIONS] == [[], [], []]

    def test_it_never_gates_the_application(self, values):
        (agent,) = [each for each in containers(pod_of("datadog", **values)) if "ports" in each]
        assert "startupProbe" not in agent
        assert "readinessProbe" not in agent
        assert "lifecycle" not in agent
        assert agent["env"][0]["valueFrom"]["secretKeyRef"]["optional"] is True
        assert (agent.get("restartPolicy") == "Always") is values["native"]

    def test_init_containers_are_there_only_where_they_must(self, values):
        names = [c["name"] for c in pod_of("datadog", **values)["pod"].get("initContainers", [])]
        assert names == (
            ["datadog-agent-config"] * values["readOnlyRootFilesystem"]
            + ["datadog-agent"] * values["native"]
        )

    def test_every_mount_has_its_volume_and_every_volume_a_mount(self, values):
        fragment = pod_of("datadog", **values)
        mounts = [m for c in containers(fragment) for m in c["volumeMounts"]]
        mounts += fragment["app"].get("volumeMounts", [])
        assert {m["name"] for m in mounts} == {v["name"] for v in fragment["pod"]["volumes"]}
        for container in containers(fragment):
            paths = [mount["mountPath"] for mount in container["volumeMounts"]]
            assert len(paths) == len(set(paths))
            # The image's supervisor must own it, and user 100 cannot take an emptyDir over.
            assert "/var/run/s6" not in paths

    def test_it_asks_for_no_right_that_it_does_not_need(self, values):
        fragment = pod_of("datadog", **values)
        for container in containers(fragment):
            security = container["securityContext"]
            assert security["runAsNonRoot"] is True
            assert security["runAsUser"] == 100
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert security["seccompProfile"] == {"type": "RuntimeDefault"}
            assert security["readOnlyRootFilesystem"] is values["readOnlyRootFilesystem"]
        assert (
            fragment["pod"].get("shareProcessNamespace", False) is values["shareProcessNamespace"]
        )

    def test_names_of_ports_are_names(self, values):
        (agent,) = [each for each in containers(pod_of("datadog", **values)) if "ports" in each]
        assert [(p["containerPort"], p["protocol"]) for p in agent["ports"]] == [
            (8125, "UDP"),
            (8126, "TCP"),
            (5555, "TCP"),
        ]
        assert all(len(port["name"]) <= 15 for port in agent["ports"])


@pytest.mark.parametrize(
    ("labels", "values", "version"),
    [
        ({}, {}, None),
        ({}, {"version": "1.2"}, "1.2"),
        ({"app.kubernetes.io/version": "3.4"}, {}, "3.4"),
        ({"app.kubernetes.io/version": "3.4"}, {"version": "1.2"}, "1.2"),
    ],
)
def test_the_version_is_that_of_the_profile_or_of_the_label(labels, values, version):
    fragment = pod_of("datadog", facts={"podLabels": labels}, **values)
    assert fragment["pod"]["labels"].get("tags.datadoghq.com/version") == version
    assert ("DD_VERSION" in {each["name"] for each in fragment["app"]["env"]}) is bool(version)


def test_a_tag_that_the_pod_has_already_reaches_the_application():
    fragment = pod_of("datadog", facts={"podLabels": {"tags.datadoghq.com/env": "test"}})
    (env,) = [each for each in fragment["app"]["env"] if each["name"] == "DD_ENV"]
    path = "metadata.labels['tags.datadoghq.com/env']"
    assert env["valueFrom"] == {"fieldRef": {"fieldPath": path}}
    assert "tags.datadoghq.com/env" not in fragment["pod"]["labels"]


# The fields of Istio's kinds that a cell may fill. Source: istio/api, security/v1.
SOURCE = {"principals", "notPrincipals", "ipBlocks"}
OPERATION = {"ports", "methods", "paths"}


@pytest.mark.parametrize(
    ("concern", "values"),
    [
        ("mtls", {}),
        ("mtls", {"mode": "permissive", "allow": ["spiffe://cluster.local/ns/shop/sa/*"]}),
        ("accessControl", {"rules": [{}]}),
        ("accessControl", {"rules": [{"from": ["anonymous"], "ports": [80]}], "mode": "shadow"}),
        (
            "accessControl",
            {
                "rules": [
                    {"sources": ["10.0.0.0/8"], "headers": {"x-tenant": "a*"}, "methods": ["GET"]},
                    {"from": ["spiffe://cluster.local/ns/shop/sa/a"], "paths": ["/a/*"]},
                ]
            },
        ),
    ],
)
def test_istio_resources_have_only_fields_that_istio_knows(concern, values):
    for document in cell_of(concern, "istio", values)["documents"]:
        assert document["apiVersion"] == "security.istio.io/v1"
        selector = document["spec"]["selector"]
        assert selector == {"matchLabels": {"sidecarctl.dev/workload": "web"}}
        for rule in document["spec"].get("rules", []):
            assert rule.keys() <= {"from", "to", "when"}
            assert all(each["source"].keys() <= SOURCE for each in rule.get("from", []))
            assert all(each["source"] for each in rule.get("from", []))
            assert all(each["operation"].keys() <= OPERATION for each in rule.get("to", []))
            assert all(each.keys() == {"key", "values"} for each in rule.get("when", []))


def test_no_identity_of_istio_has_a_scheme():
    text = json.dumps(
        [
            cell_of("mtls", "istio", {"allow": ["spiffe://cluster.local/ns/shop/sa/*"]}),
            cell_of("accessControl", "istio", {"rules": [{"from": ["spiffe://a.b/ns/c/sa/d"]}]}),
        ]
    )
    assert "spiffe://" not in text
    assert '"cluster.local/ns/shop/sa/*"' in text
