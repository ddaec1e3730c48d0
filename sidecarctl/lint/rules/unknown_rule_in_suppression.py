"""A comment or annotation switches a rule off that does not exist.

A slip of the pen: the finding that was meant still stands, or will come back.

Bad:

    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: shop
    data:
      color: red  # sidecarctl: ignore[unknown-fields]  # expect: unknown-rule-in-suppression

Good:

    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: shop
    data:
      color: red
"""

from sidecarctl.findings import Severity
from sidecarctl.lint.rule import own_rule

RULE = own_rule(
    "unknown-rule-in-suppression",
    Severity.WARNING,
    help="`sidecarctl list rules` prints the rules there are",
    module=__name__,
)
