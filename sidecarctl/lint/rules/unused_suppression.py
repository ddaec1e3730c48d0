"""A comment or annotation switches a rule off that finds nothing there.

It may have outlived what it was for, or stand on the wrong line; the next real finding on that line
would be lost. A suppression of a rule that does not run is not judged.

Bad:

    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: shop
    data:
      color: red  # sidecarctl: ignore[unknown-field] as it was  # expect: unused-suppression

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

RULE = own_rule("unused-suppression", Severity.WARNING, help="take it away", module=__name__)
