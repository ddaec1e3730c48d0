"""A field does not exist in the Kubernetes schema of its kind.

A slip of the pen or of the indent: the API server refuses the document, and with an older client
the field is dropped without a word, so that the limit or probe it should set is not there.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      conainers: []  # expect: unknown-field
      containers:
        - name: shop
          resource:  # expect: unknown-field
            requests: {cpu: 100m}

Good:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: shop
          resources:
            requests: {cpu: 100m}
"""

from collections.abc import Iterator

from sidecarctl.findings import FieldPath, Severity, show_path
from sidecarctl.lint.rule import Hit, document_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.document import Document
from sidecarctl.violation import UNKNOWN


@document_rule(
    "unknown-field",
    Severity.ERROR,
    help="take the field away, or move it to where it belongs",
    source="https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation",
)
def check(document: Document, run: Run) -> Iterator[Hit]:
    """Report the fields that the schema of the target version does not have."""
    for fault in run.violations(document):
        if fault.keyword == UNKNOWN:
            message = f"{_owner(document, fault.path)} has no field {str(fault.path[-1])!r}"
            yield Hit(fault.path, message, on="key", help=fault.hint or "")


def _owner(document: Document, path: FieldPath) -> str:
    return show_path(path[:-1]) or f"a {document.kind}"
