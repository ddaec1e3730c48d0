"""The switch of an injector stands where the injector does not look.

Nothing happens and nothing complains: the pod runs without the proxy that the switch asks for, or
with the one that it forbids.

Bad:

    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: shop
      labels:
        sidecar.istio.io/inject: "true"  # expect: injection-toggle-misplaced
    spec:
      selector:
        matchLabels: {app: shop}
      template:
        metadata:
          labels:
            app: shop
            linkerd.io/inject: enabled  # expect: injection-toggle-misplaced
        spec:
          containers:
            - name: shop

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
          labels:
            app: shop
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


@document_rule(
    "injection-toggle-misplaced",
    Severity.ERROR,
    help="move it to where the injector looks",
    source="https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy",
)
def check(document: Document, _run: Run) -> Iterator[Hit]:
    """Report toggles of the wrong form, and toggles on metadata that nobody reads."""
    for use in uses(document):
        toggle = use.toggle
        forms = " or ".join(f"{form}" for form in toggle.forms)
        holders = " or ".join(toggle.holders)
        if use.form not in toggle.forms or use.holder not in toggle.holders:
            yield Hit(
                use.path,
                f"{toggle.injector} does not read {toggle.key!r} as {use.form} of {use.holder}",
                on="key",
                help=f"make it the {forms} of {holders}",
            )
