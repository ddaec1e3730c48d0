"""A field has a value that the Kubernetes schema of its kind does not take.

The API server refuses the document, or a client drops the field before it gets there. The schema is
that of the target version.

Bad:

    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: shop
    spec:
      replicas: "2"  # expect: schema-violation
      selector:
        matchLabels: {app: shop}
      template:
        metadata:
          labels: {app: shop}
          annotations:
            prometheus.io/port: 9090  # expect: schema-violation
        spec:
          containers:
            - name: shop

Good:

    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: shop
    spec:
      replicas: 2
      selector:
        matchLabels: {app: shop}
      template:
        metadata:
          labels: {app: shop}
          annotations:
            prometheus.io/port: "9090"
        spec:
          containers:
            - name: shop
"""

from collections.abc import Iterator

from sidecarctl.findings import Severity, show_path
from sidecarctl.lint.rule import Hit, document_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.document import Document
from sidecarctl.violation import UNKNOWN


@document_rule(
    "schema-violation",
    Severity.ERROR,
    help="write what the field takes",
    source="https://kubernetes.io/docs/reference/kubernetes-api/",
)
def check(document: Document, run: Run) -> Iterator[Hit]:
    """Report everything but unknown fields; a kind without a schema is left alone."""
    for fault in run.violations(document):
        if fault.keyword != UNKNOWN:
            message = f"{show_path(fault.path)}: {fault.message}"
            yield Hit(fault.path, message, help=fault.hint or "")
