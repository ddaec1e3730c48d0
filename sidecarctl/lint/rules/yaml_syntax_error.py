"""A file is no YAML or JSON that kubectl could read.

Nothing else in it can be checked, and the run ends with exit code 2. A Helm template is no error:
it is left out and counted.

Bad:

    apiVersion: v1
    kind: Pod
    metadata: {name: shop
    spec: {}  # expect: yaml-syntax-error

Good:

    apiVersion: v1
    kind: Pod
    metadata: {name: shop}
    spec:
      containers:
        - name: shop
"""

from sidecarctl.findings import Severity
from sidecarctl.lint.rule import own_rule

RULE = own_rule("yaml-syntax-error", Severity.ERROR, help="correct the syntax", module=__name__)
