"""A proxy reads a ConfigMap of the same input, and nothing makes a change of it roll out.

`kubectl apply` of a new bootstrap changes the ConfigMap and leaves the pods as they are: Envoy and
most agents read their configuration once, so that some pods run the old one and pods that start
later the new one. A checksum on the pod template makes the change a rollout.

Bad:

    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: shop
    spec:
      selector:
        matchLabels: {app: shop}
      template:
        metadata:
          labels: {app: shop}
        spec:
          initContainers:
            - name: envoy
              image: envoyproxy/envoy:v1.34.0
              restartPolicy: Always
              volumeMounts:
                - {name: config, mountPath: /etc/envoy}
          containers:
            - name: shop
          volumes:
            - name: config
              configMap:
                name: shop-envoy  # expect: config-checksum-missing
    ---
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: shop-envoy
    data:
      bootstrap.yaml: "{}"

Good:

    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: shop
    spec:
      selector:
        matchLabels: {app: shop}
      template:
        metadata:
          labels: {app: shop}
          annotations:
            checksum/config: 3f786850e387550fdab836ed7e6dc881
        spec:
          initContainers:
            - name: envoy
              image: envoyproxy/envoy:v1.34.0
              restartPolicy: Always
              volumeMounts:
                - {name: config, mountPath: /etc/envoy}
          containers:
            - name: shop
          volumes:
            - name: config
              configMap:
                name: shop-envoy
    ---
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: shop-envoy
    data:
      bootstrap.yaml: "{}"
"""

import re
from collections.abc import Iterator

from sidecarctl.findings import Severity
from sidecarctl.lifecycle.images import Purpose
from sidecarctl.lifecycle.setting import purpose
from sidecarctl.lint.rule import Also, Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload

_ROLLS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Rollout", "DeploymentConfig"})
_CHECKSUM = re.compile(r"checksum|sha256|hash|config-?version", re.I)
_WATCHED = re.compile(r"reloader\.stakater\.com/|keel\.sh/|wave\.pusher\.com/")
_HASHED = re.compile(r"-[0-9a-z]{8,10}$")  # kustomize, kubectl create --append-hash
_READS_ONCE = frozenset({Purpose.PROXY, Purpose.FRONT, Purpose.TELEMETRY})


@workload_rule(
    "config-checksum-missing",
    Severity.WARNING,
    help="put a checksum of the ConfigMap into an annotation of the pod template",
    source="https://kubernetes.io/docs/concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report ConfigMaps of the input that a known proxy or agent mounts, once each."""
    annotations = [*workload.pod_annotations, *workload.document.annotations]
    if workload.kind not in _ROLLS or any(map(_WATCHED.search, annotations)):
        return
    if any(map(_CHECKSUM.search, workload.pod_annotations)):
        return
    readers = {c.name for c in run.pod(workload).containers if purpose(c) in _READS_ONCE}
    seen: set[str] = set()
    for mounted in run.config_maps(workload):
        document = mounted.document
        changes = document.data.get("immutable") is not True and not _HASHED.search(document.name)
        if mounted.container.name in readers and changes and document.name not in seen:
            seen.add(document.name)
            yield Hit(
                mounted.source,
                f"a change of the ConfigMap {document.name!r} does not reach "
                f"{mounted.container.name!r} until its pod starts anew",
                also=(Also(("metadata", "name"), "the ConfigMap", document),),
            )
