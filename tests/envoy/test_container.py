"""The Envoy container and its ConfigMap, as they stand in the pod."""

import kubernetes_validate
import pytest

from sidecarctl.assets import asset_dir
from sidecarctl.inject.render import render
from sidecarctl.profile.placeholder import filled
from sidecarctl.profile.schema import values_schema
from sidecarctl.profile.sidecar import sidecars
from sidecarctl.schemas import violations

_FOLDER = asset_dir("templates") / "sidecars" / "envoy"
_WHO = {"workload": "shop", "namespace": "prod", "serviceAccount": "shop", "container": "envoy"}
_FACTS = {
    "opsPort": 9902,
    "ports": [{"port": 9902, "name": "envoy-ops"}, {"port": 10000, "name": "http"},
              {"port": 10001, "name": ""}],
    "otherPorts": [{"port": 8125, "protocol": "UDP"}],
    "podLabels": {"app": "shop"},
    "configMap": "shop-envoy",
    "checksum": "abc",
    "nodeId": "shop.prod",
    "drainToken": "token",
    "drain": "20s",
    "startup": {"periodSeconds": 1, "failureThreshold": 60},
    "tls": "strict",
}  # fmt: skip
_PLAIN, _SECURE = {"bootstrap.yaml": "a"}, {"bootstrap.yaml": "a", "sds-ca.yaml": "b"}


def _render(template, *, native=True, files=None, **changes):
    facts = {**_FACTS, "certificates": "sds-ca.yaml" in (files or {})}
    values = {**filled(sidecars()["envoy"].defaults, _WHO), "memoryLimitBytes": 0, **changes}
    context = {
        "values": values, "facts": facts, "files": files or _PLAIN, "native": native,
        "workload": {"namespace": "prod", "serviceAccount": "shop"},
        "profile": {"trustDomain": "cluster.local"},
    }  # fmt: skip
    return render(_FOLDER / template, context)


def _container(**options):
    pod = _render("pod.yaml.j2", **options)["pod"]
    (container,) = pod.get("initContainers", []) + pod.get("containers", [])
    return container


def test_the_defaults_fit_the_schema():
    defaults = filled(sidecars()["envoy"].defaults, _WHO)
    assert violations(defaults, values_schema(sidecars()["envoy"])) == []


@pytest.mark.parametrize("version", ["1.29", "1.33", "1.37"])
@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("files", [_PLAIN, _SECURE])
def test_kubernetes_takes_the_pod(version, native, files):
    pod = _render("pod.yaml.j2", native=native, files=files, imagePullSecrets=["a"])["pod"]
    annotations = pod.pop("annotations")
    pod.pop("first", None)
    app = {"name": "app", "image": "app:1"}
    spec = {**pod, "containers": [*pod.get("containers", []), app]}
    metadata = {"name": "shop", "annotations": annotations}
    document = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    kubernetes_validate.validate(document, version, strict=True)


def test_the_native_form_gates_the_application():
    container = _container()
    assert container["restartPolicy"] == "Always"
    assert container["startupProbe"] == {
        "httpGet": {"path": "/ready", "port": 9902},
        "periodSeconds": 1,
        "failureThreshold": 60,
        "timeoutSeconds": 1,
    }
    assert "livenessProbe" not in container
    headers = container["lifecycle"]["preStop"]["httpGet"]["httpHeaders"]
    assert headers == [{"name": "x-sidecar-drain-token", "value": "token"}]


def test_the_classic_form_comes_first_and_outlives_the_application():
    pod = _render("pod.yaml.j2", native=False)["pod"]
    assert pod["first"] is True
    (container,) = pod["containers"]
    assert "restartPolicy" not in container
    headers = container["lifecycle"]["preStop"]["httpGet"]["httpHeaders"]
    assert headers[1] == {"name": "x-envoy-fault-delay-request", "value": "20000"}


def test_arguments_are_strings():
    assert _container(concurrency=4, logLevel="info")["args"] == [
        "-c", "/etc/envoy/bootstrap.yaml", "--service-node", "$(POD_NAME)", "--concurrency", "4",
        "--drain-time-s", "20", "--disable-hot-restart", "--file-flush-interval-msec", "1000",
        "-l", "info",
    ]  # fmt: skip


def test_it_may_do_nothing_but_run():
    assert _container()["securityContext"] == {
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "runAsNonRoot": True,
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def test_ports_have_a_name_only_where_one_moved():
    assert _container()["ports"] == [
        {"containerPort": 9902, "name": "envoy-ops", "protocol": "TCP"},
        {"containerPort": 10000, "name": "http", "protocol": "TCP"},
        {"containerPort": 10001, "protocol": "TCP"},
    ]


def test_the_secret_is_mounted_whole_and_only_where_something_uses_it():
    assert [each["name"] for each in _render("pod.yaml.j2")["pod"]["volumes"]] == [
        "envoy-config",
        "envoy-run",
    ]
    pod = _render("pod.yaml.j2", files=_SECURE)["pod"]
    secret = {"secretName": "shop-mtls", "optional": False}
    assert pod["volumes"][2] == {"name": "envoy-certs", "secret": secret}
    assert pod["initContainers"][0]["volumeMounts"] == [
        {"name": "envoy-config", "mountPath": "/etc/envoy", "readOnly": True},
        {"name": "envoy-run", "mountPath": "/run/envoy"},
        {"name": "envoy-certs", "mountPath": "/etc/envoy-certs", "readOnly": True},
    ]


def test_the_config_map_holds_the_files():
    (document,) = _render("documents.yaml.j2", files=_SECURE)["documents"]
    assert document == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "shop-envoy"},
        "data": _SECURE,
    }


def test_the_network_policy_leaves_out_the_ports_of_the_application():
    _, policy = _render("documents.yaml.j2", networkPolicy=True)["documents"]
    assert policy["spec"] == {
        "podSelector": {"matchLabels": {"app": "shop"}},
        "policyTypes": ["Ingress"],
        "ingress": [
            {
                "ports": [
                    {"port": 9902, "protocol": "TCP"},
                    {"port": 10000, "protocol": "TCP"},
                    {"port": 10001, "protocol": "TCP"},
                    {"port": 8125, "protocol": "UDP"},
                ]
            }
        ],
    }
