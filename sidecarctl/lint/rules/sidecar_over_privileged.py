"""A sidecar has more rights than it needs.

It sees all traffic and holds the keys of its pod. None of the usual proxies and agents needs root,
a writable root file system or a capability; only what redirects traffic at the start needs
NET_ADMIN, and that is an init container.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      initContainers:
        - name: envoy  # expect: sidecar-over-privileged
          image: envoyproxy/envoy:v1.34.0
          restartPolicy: Always
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
          securityContext:
            runAsNonRoot: true
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
      containers:
        - name: shop
"""

from collections.abc import Iterator

from sidecarctl.findings import JsonObject, Severity
from sidecarctl.lint.rule import Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.narrow import mapping
from sidecarctl.manifest.workload import Workload


@workload_rule(
    "sidecar-over-privileged",
    Severity.WARNING,
    help="set runAsNonRoot, allowPrivilegeEscalation: false, readOnlyRootFilesystem and "
    "capabilities.drop: [ALL]",
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report each sidecar once, with all that it could do without."""
    of_pod = mapping(workload.pod, "securityContext")
    for container in run.sidecars(workload):
        own = mapping(container.data, "securityContext")
        excess = list(_excess(own, of_pod))
        if excess:
            message = f"sidecar {container.name!r} {', '.join(excess)}"
            yield Hit((*container.path, "securityContext"), message, on="key")


def _excess(own: JsonObject, of_pod: JsonObject) -> Iterator[str]:
    if own.get("privileged") is True:
        yield "is privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "may gain rights"
    user = own.get("runAsUser", of_pod.get("runAsUser"))
    if own.get("runAsNonRoot", of_pod.get("runAsNonRoot")) is not True and not user:
        yield "may run as root"
    if own.get("readOnlyRootFilesystem") is not True:
        yield "can write to its image"
    capabilities = mapping(own, "capabilities")
    dropped, added = capabilities.get("drop"), capabilities.get("add")
    if not isinstance(dropped, list) or "ALL" not in dropped:
        yield "keeps capabilities"
    if isinstance(added, list) and added:
        yield f"adds {', '.join(map(str, added))}"
