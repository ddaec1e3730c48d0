"""A namespace, or a pod, asks for more than one way into the mesh.

`istio-injection` beats `istio.io/rev`: the revision that is asked for is not the one that comes.
With ambient mode, what happens is not defined.

Bad:

    apiVersion: v1
    kind: Namespace
    metadata:
      name: shop
      labels:
        istio-injection: enabled
        istio.io/rev: canary  # expect: multiple-injection-labels

Good:

    apiVersion: v1
    kind: Namespace
    metadata:
      name: shop
      labels:
        istio.io/rev: canary
"""

from collections.abc import Iterator

from sidecarctl.findings import FieldPath, Severity
from sidecarctl.lint.rule import Also, Hit, document_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.workload import workload

_INJECTION, _REVISION, _MODE = "istio-injection", "istio.io/rev", "istio.io/dataplane-mode"
_POD_TOGGLE = "sidecar.istio.io/inject"


@document_rule(
    "multiple-injection-labels",
    Severity.ERROR,
    help="keep one of the two",
    source="https://istio.io/latest/docs/reference/config/analysis/ist0123/",
)
def check(document: Document, _run: Run) -> Iterator[Hit]:
    """Report labels that contradict each other, on a Namespace or on a pod template."""
    holder = workload(document)
    path: FieldPath
    if document.is_a("", "Namespace"):
        labels, path = document.labels, ("metadata", "labels")
        sidecars = [key for key in (_INJECTION, _REVISION) if labels.get(key)]
    elif holder is not None:
        labels, path = holder.pod_labels, (*holder.template_path, "metadata", "labels")
        sidecars = [_POD_TOGGLE] if labels.get(_POD_TOGGLE) == "true" else []
    else:
        return
    if labels.get(_MODE) == "ambient" and sidecars and labels[sidecars[0]] != "disabled":
        yield _hit(path, sidecars[0], _MODE, "asks for ambient mode, the other label for sidecars")
    elif len(sidecars) == 2:
        message = f"is ignored, for {_INJECTION!r} decides"
        yield _hit(path, _INJECTION, _REVISION, message)


def _hit(labels: FieldPath, first: str, second: str, message: str) -> Hit:
    also = Also((*labels, first), "the other label")
    return Hit((*labels, second), f"the label {second!r} {message}", on="key", also=(also,))
