"""A mapping holds the same key twice.

Readers of YAML disagree: some take the last value, some the first, and `kubectl` refuses the file.
Whichever is dropped, somebody wrote it for a reason. Nothing else in the file is checked.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: shop
          image: shop:1
          image: shop:2  # expect: duplicate-key

Good:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: shop
          image: shop:2
"""

from sidecarctl.findings import Severity
from sidecarctl.lint.rule import own_rule

RULE = own_rule("duplicate-key", Severity.ERROR, help="keep one of the two", module=__name__)
