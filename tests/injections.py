"""A stand-in for an injection: every kind of change that a real one makes, on any workload."""

import copy

from sidecarctl.manifest.edits.splice import Rewrite

MARKS = {"sidecarctl.dev/profile": "default", "sidecarctl.dev/version": "0.1.0"}

_ENVOY = {
    "name": "zz-envoy",
    "image": "envoyproxy/envoy:distroless-v1.40.0",
    "restartPolicy": "Always",
    "args": ["-c", "/etc/envoy/bootstrap.yaml"],
    "securityContext": {"runAsUser": 65532, "capabilities": {"drop": ["ALL"]}},
    "volumeMounts": [{"name": "zz-config", "mountPath": "/etc/envoy"}],
}
_BOOTSTRAP = 'node:\n  id: "y"\n\n# as people read it\nadmin: {}\n'
_PATHS = {
    "Pod": (),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    **dict.fromkeys(
        ("Deployment", "ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job",
         "Rollout"),
        ("spec", "template"),
    ),
}  # fmt: skip


def rewrites(manifest):
    """Return a rewrite of each workload and Service in *manifest* that can take one."""
    found = []
    for document in manifest.documents:
        after = copy.deepcopy(document.data)
        if document.is_a("", "Service") and _repoint(after):
            found.append(Rewrite(document, after))
        elif document.kind in _PATHS and (template := _template(after, document.kind)):
            _inject(template)
            found.append(Rewrite(document, after, (_config_map(document),)))
    return found


def _template(data, kind):
    for step in _PATHS[kind]:
        data = data.get(step) if isinstance(data, dict) else None
    spec = data.get("spec") if isinstance(data, dict) else None
    return data if isinstance(spec, dict) and spec.get("containers") else None


def _repoint(service):
    ports = (service.get("spec") or {}).get("ports")
    for port in ports or []:
        port["targetPort"] = 10000
    return bool(ports)


def _inject(template):
    spec = template["spec"]
    metadata = template["metadata"] = template.get("metadata") or {}
    for field, key, value in (
        ("annotations", "sidecarctl.dev/config-checksum", "0123456789"),
        ("labels", "tags.datadoghq.com/service", "on"),
    ):
        metadata[field] = {**(metadata.get(field) or {}), key: value}
    spec["initContainers"] = [copy.deepcopy(_ENVOY), *(spec.get("initContainers") or [])]
    spec["volumes"] = [
        *(spec.get("volumes") or []),
        {"name": "zz-config", "configMap": {"name": "zz-envoy"}},
        {"name": "zz-run", "emptyDir": {}},
    ]
    if "terminationGracePeriodSeconds" in spec:
        spec["terminationGracePeriodSeconds"] += 30
    for container in spec["containers"]:
        _inject_container(container)
    spec["containers"].append({"name": "zz-agent", "image": "agent:7"})


def _inject_container(container):
    ports, environment = container.get("ports") or [], container.get("env") or []
    for port in ports[:1]:
        if "name" in port:
            port["name"] = f"app-{port['name']}"[:15]
    for variable in environment[:1]:
        if isinstance(variable.get("value"), str):
            variable["value"] = "127.0.0.1:10100"
    host = {"name": "ZZ_HOST", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}}
    container["env"] = [*environment, host]
    for role in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(role)
        if isinstance(probe, dict) and "grpc" in probe:
            probe.pop("grpc")
            probe["httpGet"] = {"path": "/grpc", "port": 10300}


def _config_map(document):
    metadata = {"name": f"{document.name}-envoy"}
    if document.namespace:
        metadata["namespace"] = document.namespace
    data = {"bootstrap.yaml": _BOOTSTRAP}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
