"""A sidecar runs an image without a tag, or with the tag `latest`.

The proxy changes whenever a pod starts anew, under a configuration that was written for another
version: two pods of one Deployment may run two proxies.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      initContainers:
        - name: envoy
          image: envoyproxy/envoy:latest  # expect: sidecar-image-unpinned
          restartPolicy: Always
      containers:
        - name: shop
          image: shop
        - name: datadog-agent
          image: gcr.io/datadoghq/agent  # expect: sidecar-image-unpinned

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
      containers:
        - name: shop
          image: shop
        - name: datadog-agent
          image: gcr.io/datadoghq/agent@sha256:7f1a1c0a0e4c0c8a
"""

from collections.abc import Iterator

from sidecarctl.findings import Severity
from sidecarctl.lint.rule import Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload

_INJECTED = "auto"  # istiod writes the image in


@workload_rule(
    "sidecar-image-unpinned",
    Severity.WARNING,
    help="name a version, best with its digest",
    source="https://kubernetes.io/docs/concepts/containers/images/#image-names",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report sidecars whose image is neither tagged nor given by digest."""
    for container in run.sidecars(workload):
        name, _, digest = container.image.partition("@")
        tag = name.rpartition("/")[2].partition(":")[2]
        if name and name != _INJECTED and not digest and tag in ("", "latest"):
            reason = "the tag 'latest'" if tag else "no tag"
            message = f"the image {name!r} of sidecar {container.name!r} has {reason}"
            yield Hit((*container.path, "image"), message)
