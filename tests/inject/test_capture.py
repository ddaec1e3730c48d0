"""Transparent interception in the manifest: order, rights, and what the model and the rules say."""

from pathlib import Path

import pytest
import yaml
from lint.docstrings import findings

from sidecarctl.inject.eject import eject
from sidecarctl.inject.inject import inject
from sidecarctl.lifecycle.analysis import analyse
from sidecarctl.lifecycle.hazards.hazard import Kind
from sidecarctl.lifecycle.resources import qos_class
from sidecarctl.manifest.document import parse
from sidecarctl.profile.profile import load_profile

HERE = Path(__file__).parent
CAPTURED = str(HERE.parent / "profiles" / "captured.yaml")
TEXT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      initContainers:
        - name: migrate
          image: migrate:1
          env: [{name: URL, value: "https://api.example.com"}]
          resources: &even {requests: {cpu: 1, memory: 1Gi}, limits: {cpu: 1, memory: 1Gi}}
      containers:
        - name: app
          image: shop:1
          ports: [{containerPort: 8080}]
          resources: *even
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop}
  ports: [{port: 80, targetPort: 8080}]
"""


@pytest.fixture(scope="module")
def injected():
    result = inject([parse(TEXT, "shop.yaml")], [], load_profile(CAPTURED))
    assert not result.refused
    return result.texts["shop.yaml"][1]


@pytest.fixture(scope="module")
def pod(injected):
    return next(yaml.safe_load_all(injected))["spec"]["template"]["spec"]


def test_the_redirect_comes_first_then_the_proxy_then_the_init_containers_of_the_pod(pod):
    names = [each["name"] for each in pod["initContainers"]]
    assert names == ["envoy-redirect", "envoy", "migrate"]
    assert [each["name"] for each in pod["containers"]] == ["app"]


def test_it_alone_has_rights_and_no_more_than_it_needs(pod):
    redirect, *others = [*pod["initContainers"], *pod["containers"]]
    assert redirect["securityContext"] == {
        "runAsUser": 0,
        "runAsGroup": 0,
        "runAsNonRoot": False,
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN", "NET_RAW"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert not [each for each in others if "add" in str(each.get("securityContext"))]
    assert "volumeMounts" not in redirect


def test_services_stay_and_it_is_taken_back_to_the_byte(injected):
    documents = list(yaml.safe_load_all(injected))
    assert documents[-1]["spec"]["ports"] == [{"port": 80, "targetPort": 8080}]
    assert eject([parse(injected, "shop.yaml")]).texts["shop.yaml"][1] == TEXT


def test_a_guaranteed_pod_stays_so(pod):
    assert qos_class(pod) == "Guaranteed"


def test_rules_know_that_nobody_gets_past_the_proxy(injected):
    slugs = {each.slug for each in findings(injected)}
    assert not {"service-bypasses-proxy", "init-before-native-sidecar"} & slugs
    # Without the redirect the rule speaks.
    explicit = injected.replace("name: envoy-redirect", "name: something")
    assert "service-bypasses-proxy" in {each.slug for each in findings(explicit)}


def test_the_model_tells_of_an_init_container_between_redirect_and_proxy(pod):
    assert not [each for each in analyse(pod).hazards if each.kind is Kind.DEADLOCK]
    redirect, proxy, migrate = pod["initContainers"]
    late = {**pod, "initContainers": [redirect, migrate, proxy]}
    (hazard,) = [each for each in analyse(late).hazards if each.kind is Kind.DEADLOCK]
    assert hazard.message == (
        "'migrate' needs the network of 'envoy' to finish, and 'envoy' starts only after that:"
        " the pod never starts"
    )
