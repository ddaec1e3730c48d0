"""An init container that ends has a probe or a lifecycle hook.

The API server refuses the pod: only an init container with `restartPolicy: Always`, a native
sidecar, may have them. Where a sidecar is meant, that one line is missing, and the pod would hang
in the init phase for ever.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      initContainers:
        - name: envoy
          image: envoyproxy/envoy:v1.34.0
          startupProbe:  # expect: lifecycle-on-plain-init-container
            httpGet: {path: /ready, port: 9902}
      containers:
        - name: shop

Good:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      initContainers:
        - name: envoy
          image: envoyproxy/envoy:v1.34.0
          restartPolicy: Always
          startupProbe:
            httpGet: {path: /ready, port: 9902}
      containers:
        - name: shop
"""

from collections.abc import Iterator

from sidecarctl.findings import Severity
from sidecarctl.lifecycle.pod import Role
from sidecarctl.lint.rule import Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload

_STAYING = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")


@workload_rule(
    "lifecycle-on-plain-init-container",
    Severity.ERROR,
    help="set restartPolicy: Always where it is a sidecar, else take the field away",
    source="https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#differences-from-init-containers",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report each field that an init container may have only if it stays."""
    for container in run.pod(workload).inits:
        for key in _STAYING:
            if container.role is Role.INIT and container.data.get(key) is not None:
                message = f"init container {container.name!r} has a {key}, but ends before the app"
                yield Hit((*container.path, key), message, on="key")
