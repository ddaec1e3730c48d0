"""The switch of an injector has a value that the injector does not know.

It falls back to its default, which may be the opposite: Istio takes "true" and "false" and nothing
else.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
      labels:
        sidecar.istio.io/inject: "yes"  # expect: invalid-injection-value
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
from sidecarctl.lint.rule import Hit, document_rule
from sidecarctl.lint.run import Run
from sidecarctl.lint.toggles import uses
from sidecarctl.manifest.document import Document
from sidecarctl.violation import suggest


@document_rule(
    "invalid-injection-value",
    Severity.ERROR,
    help="write a value that the injector knows",
    source="https://istio.io/latest/docs/reference/config/labels/#SidecarInject",
)
def check(document: Document, _run: Run) -> Iterator[Hit]:
    """Report unknown texts; a value that is no text is the schema's affair."""
    for use in uses(document):
        known = use.toggle.values
        if known and isinstance(use.value, str) and use.value not in known:
            words = " or ".join(f'"{word}"' for word in sorted(known) if word.islower())
            near = suggest(use.value, known)
            yield Hit(
                use.path,
                f"{use.value!r} is no value of {use.toggle.key!r} that {use.toggle.injector} knows",
                help=f'write "{near}"' if near else f"write {words}",
            )
