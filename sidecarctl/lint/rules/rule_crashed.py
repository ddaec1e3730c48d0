"""A rule broke on a document, and so says nothing about it.

That is a bug of sidecarctl, not of the manifest: please report it with the name of the rule and the
place in the message. All other rules have looked at the document.
"""

from sidecarctl.findings import Severity
from sidecarctl.lint.rule import own_rule

RULE = own_rule(
    "rule-crashed",
    Severity.ERROR,
    help="report it; until it is mended, leave the rule out with --ignore",
    module=__name__,
)
