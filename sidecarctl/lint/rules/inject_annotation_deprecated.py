"""Istio's injection is switched by annotation, which the label of the same name replaces.

The annotation is deprecated; where both are there, the label wins. The webhook itself selects pods
by label: an annotation "true" does nothing in a namespace that is not injected.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
      annotations:
        sidecar.istio.io/inject: "true"  # expect: inject-annotation-deprecated
    spec:
      containers:
        - name: shop

Good:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
      labels:
        sidecar.istio.io/inject: "true"
    spec:
      containers:
        - name: shop
"""

from collections.abc import Iterator

from sidecarctl.findings import Severity
from sidecarctl.lint.rule import Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload

_KEY = "sidecar.istio.io/inject"


@workload_rule(
    "inject-annotation-deprecated",
    Severity.WARNING,
    help="make it a label of the pod template",
    source="https://istio.io/latest/docs/reference/config/annotations/#SidecarInject",
)
def check(workload: Workload, _run: Run) -> Iterator[Hit]:
    """Report the annotation on a pod template."""
    if _KEY in workload.pod_annotations:
        label = workload.pod_labels.get(_KEY)
        beside = f"; the label {label!r} beside it wins" if label is not None else ""
        path = (*workload.template_path, "metadata", "annotations", _KEY)
        yield Hit(path, f"the annotation {_KEY!r} is deprecated{beside}", on="key")
