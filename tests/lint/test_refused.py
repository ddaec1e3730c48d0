"""What the API server refuses is said with its place, and is neither simulated nor judged."""

import pytest

from sidecarctl.advise.advice import Question
from sidecarctl.advise.advise import advise
from sidecarctl.advise.figures import Thresholds
from sidecarctl.lifecycle.versions import Version
from sidecarctl.manifest.document import parse
from sidecarctl.simulate.simulate import Wish, simulate

HEAD = "apiVersion: v1\nkind: Pod\nmetadata: {name: shop}\nspec:\n"
VERSION = Version(1, 33)


def said(text):
    """Return what simulate says of *text*, which advise must say as well."""
    manifest = [parse(text, "pod.yaml")]
    (pod,) = simulate(manifest, Wish(VERSION)).pods
    report = advise(manifest, Question(VERSION, Thresholds()))
    faults = [str(fault) for fault in pod.faults]
    assert [str(fault) for _, fault in report.faults] == faults
    assert bool(pod.pictures) == (not faults)
    assert bool(report.pods) == (not faults)
    return faults


@pytest.mark.parametrize(
    ("container", "fault"),
    [
        ("name: a, image: x", None),
        ("name: a, image: x, livnessProbe: {}", None),  # unknown, so it is dropped
        ("name: a", "5:16: container 'a' needs an image"),
        ("image: x", "5:16: the field 'name' is missing"),
        ("name: a, image: x, imagePullPolicy: always", "5:53: 'always' is no pull policy"),
        ("name: a, image: x, ports: [{containerPort: 70000}]", "5:60: 70000 is no port"),
        ("name: a, image: x, ports: [{containerPort: '80'}]",
         "5:60: must be a whole number, but is '80'"),
        ("name: a, image: x, ports: [{containerPort: 1, name: b}, {containerPort: 2, name: b}]",
         "5:98: another port of this container is named 'b'"),
        ("name: a, image: x, volumeMounts: [{name: v, mountPath: /x}]",
         "5:58: the pod has no volume 'v'"),
        ("name: a, image: x, env: [{name: b, value: c, valueFrom: {}}]",
         "5:73: b has a value and a valueFrom"),
        ("name: a, image: x, livenessProbe: {httpGet: {port: 1}, tcpSocket: {port: 1}}",
         "5:83: livenessProbe may do one thing, not httpGet and tcpSocket"),
        ("name: a, image: x, readinessProbe: {httpGet: {port: 80, scheme: http}}",
         "5:81: 'http' is neither HTTP nor HTTPS"),
        ("name: a, image: x, resources: {requests: {cpu: 2}, limits: {cpu: 1}}",
         "5:64: the request of cpu is above its limit"),
    ],
)  # fmt: skip
def test_a_container(container, fault):
    expected = [f"pod.yaml:{fault}"] if fault else []
    assert said(f"{HEAD}  containers: [{{{container}}}]\n") == expected


@pytest.mark.parametrize(
    ("field", "fault"),
    [
        ("volumes: [{name: v, emptyDir: {}}, {name: v, emptyDir: {}}]",
         "5:45: another volume of this pod is named 'v'"),
        ("volumes: [{name: v, emptyDir: {}, hostPath: {path: /x}}]",
         "5:47: the volume 'v' has more than one source: emptyDir and hostPath"),
        ("terminationGracePeriodSeconds: thirty",
         "5:34: must be a whole number, but is 'thirty'"),
        ("restartPolicy: always", "5:18: 'always' is no restart policy"),
        ("overhead: {cpu: x}", "5:19: 'x' is no quantity"),
    ],
)  # fmt: skip
def test_a_pod(field, fault):
    text = f"{HEAD}  {field}\n  containers: [{{name: a, image: x}}]\n"
    assert said(text) == [f"pod.yaml:{fault}"]


def test_a_port_of_the_host_is_the_containers_own():
    ports = "ports: [{containerPort: 80, hostPort: 81}]"
    text = f"{HEAD}  hostNetwork: true\n  containers: [{{name: a, image: x, {ports}}}]\n"
    (fault,) = said(text)
    assert fault.endswith("with hostNetwork hostPort must be containerPort, 80, not 81")


SET = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: shop}
spec:
  serviceName: shop
  selector: {matchLabels: {app: %s}}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers: [{name: a, image: x, volumeMounts: [{name: data, mountPath: /data}]}]
"""


def test_a_stateful_set_brings_volumes_along():
    assert said(SET % "shop") == []


def test_a_selector_selects_its_own_pods():
    assert said(SET % "other") == [
        "pod.yaml:6:33: the selector asks for app: other, which the pod template does not have"
    ]
