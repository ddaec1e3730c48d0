"""Workloads are seen as Kubernetes sees them, and what has a wrong shape is passed over."""

from textwrap import dedent

import pytest

from sidecarctl.manifest.document import Document, parse
from sidecarctl.manifest.workload import EnvVar, Port, Role, VolumeMount, Workload, workload


def document(text: str) -> Document:
    (found,) = parse(dedent(text), "any.yaml").documents
    return found


def view(text: str) -> Workload:
    found = workload(document(text))
    assert found is not None
    return found


POD = """\
    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
      namespace: prod
      labels: {app: shop}
      annotations: {a: b}
    spec:
      serviceAccountName: seller
      hostNetwork: true
      securityContext: {runAsUser: 1000}
      initContainers:
      - {name: init, image: "i:1", ports: [{containerPort: 1}]}
      - {name: proxy, image: "p:1", restartPolicy: Always}
      containers:
      - name: app
        image: a:1
        securityContext: {runAsUser: 2000}
        ports:
        - {name: http, containerPort: 8080}
        - {containerPort: 53, protocol: UDP, hostPort: 5353}
        - {name: none}
        - {containerPort: "80"}
        - text
        env:
        - {name: A, value: a}
        - {name: B, value: 8080}
        - {name: C, value: yes}
        - {name: D}
        - {name: E, valueFrom: {fieldRef: {fieldPath: x}}}
        - {value: nameless}
        volumeMounts:
        - {name: v, mountPath: /v, readOnly: true}
        - {name: w, mountPath: /w, subPath: s}
        livenessProbe: {exec: {command: [ls]}}
        readinessProbe: {httpGet: {port: http, scheme: HTTPS}}
        startupProbe: {grpc: {port: 9000}}
"""


def test_a_pod():
    pod = view(POD)
    assert (pod.kind, pod.name, pod.namespace) == ("Pod", "shop", "prod")
    assert (pod.template_path, pod.pod_path) == ((), ("spec",))
    assert (pod.pod_labels, pod.pod_annotations) == ({"app": "shop"}, {"a": "b"})
    assert (pod.service_account, pod.host_network, pod.replicas) == ("seller", True, None)
    assert pod.pod is pod.document.data["spec"]


def test_containers_come_in_the_order_they_start():
    found = view(POD).containers()
    assert [(each.name, each.role, each.image, each.path, each.run_as_user) for each in found] == [
        ("init", Role.INIT, "i:1", ("spec", "initContainers", 0), 1000),
        ("proxy", Role.SIDECAR, "p:1", ("spec", "initContainers", 1), 1000),
        ("app", Role.APP, "a:1", ("spec", "containers", 0), 2000),
    ]


def test_what_a_container_says():
    app = view(POD).containers()[2]
    path = ("spec", "containers", 0)
    assert app.ports() == (
        Port((*path, "ports", 0), 8080, "http", "TCP"),
        Port((*path, "ports", 1), 53, "", "UDP", host_port=5353),
    )
    assert [str(port) for port in app.ports()] == ["8080", "53/UDP"]
    assert app.env() == (
        EnvVar((*path, "env", 0), "A", "a"),
        EnvVar((*path, "env", 1), "B", "8080"),
        EnvVar((*path, "env", 2), "C", "true"),
        EnvVar((*path, "env", 3), "D", ""),
        EnvVar((*path, "env", 4), "E", None),
    )
    assert app.volume_mounts() == (
        VolumeMount((*path, "volumeMounts", 0), "v", "/v", "", True),
        VolumeMount((*path, "volumeMounts", 1), "w", "/w", "s", False),
    )


def test_probes():
    probes = view(POD).containers()[2].probes()
    assert [(p.role, p.handler, p.port, p.http_path, p.scheme) for p in probes] == [
        ("startupProbe", "grpc", 9000, "", ""),
        ("readinessProbe", "httpGet", "http", "/", "HTTPS"),
        ("livenessProbe", "exec", None, "", ""),
    ]
    assert probes[1].path == ("spec", "containers", 0, "readinessProbe")


@pytest.mark.parametrize(
    ("api_version", "kind", "path"),
    [
        ("v1", "Pod", ""),
        ("v1", "PodTemplate", "template"),
        ("v1", "ReplicationController", "spec.template"),
        ("apps/v1", "Deployment", "spec.template"),
        ("apps/v1beta2", "Deployment", "spec.template"),
        ("apps/v1", "ReplicaSet", "spec.template"),
        ("apps/v1", "StatefulSet", "spec.template"),
        ("apps/v1", "DaemonSet", "spec.template"),
        ("batch/v1", "Job", "spec.template"),
        ("batch/v1", "CronJob", "spec.jobTemplate.spec.template"),
        ("argoproj.io/v1alpha1", "Rollout", "spec.template"),
        ("apps.openshift.io/v1", "DeploymentConfig", "spec.template"),
    ],
)
def test_where_each_kind_keeps_its_pod(api_version, kind, path):
    steps = [step for step in path.split(".") if step]
    head = f"apiVersion: {api_version}\nkind: {kind}\n"
    template = {"spec": {"containers": [{"name": "app"}]}}
    for step in reversed(steps):
        template = {step: template}
    (found,) = parse(f"{head}{str(template)[1:-1]}".replace("'", ""), "any.yaml").documents
    seen = workload(found)
    assert seen.template_path == tuple(steps)
    assert [each.name for each in seen.containers()] == ["app"]
    assert found.node(seen.containers()[0].path) is not None


@pytest.mark.parametrize(
    "head",
    [
        "apiVersion: serving.knative.dev/v1\nkind: Service\n",
        "apiVersion: example.com/v1\nkind: Deployment\n",
        "apiVersion: v1\nkind: Deployment\n",
        "apiVersion: apps/v1\nkind: Pod\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nspec: {workloadRef: {name: a}}\n",
        "a: 1\n",
    ],
)
def test_what_is_no_workload(head):
    assert workload(document(head)) is None


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "spec:\n",
        "spec: 5\n",
        "spec: []\n",
        "spec: {containers: {}}\n",
        "spec: {containers: [5]}\n",
    ],
)
def test_a_wrong_shape_is_passed_over(spec):
    pod = view(f"apiVersion: v1\nkind: Pod\nmetadata: 5\n{spec}")
    assert (pod.containers(), pod.pod_labels) == ((), {})
    assert (pod.service_account, pod.host_network, pod.replicas) == ("default", False, None)


def test_a_container_of_a_wrong_shape_has_nothing():
    text = (
        "apiVersion: v1\nkind: Pod\nspec: {containers: [{ports: {}, env: 5, readinessProbe: []}]}\n"
    )
    (container,) = view(text).containers()
    assert (container.name, container.image, container.run_as_user) == ("", "", None)
    assert (container.ports(), container.env(), container.probes()) == ((), (), ())
    assert container.volume_mounts() == ()


def test_replicas_and_an_old_service_account():
    text = """\
        apiVersion: apps/v1
        kind: Deployment
        spec: {replicas: 3, template: {spec: {serviceAccount: old}}}
    """
    assert (view(text).replicas, view(text).service_account) == (3, "old")
