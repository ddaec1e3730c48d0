"""What a rule is, and what it reports."""

import re
import sys
from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias

from msgspec import Struct

from sidecarctl.envoy.read import Bootstrap
from sidecarctl.findings import Confidence, FieldPath, Severity
from sidecarctl.lint.codes import CODES
from sidecarctl.lint.run import Run
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.workload import Workload

_MARK = re.compile(r"# expect: [a-z0-9-]+")


class Also(Struct, frozen=True):
    """A further place that a hit speaks of. *holder* is None where it is that of the hit."""

    path: FieldPath
    message: str
    holder: Document | Bootstrap | None = None


class Hit(Struct, frozen=True):
    """What a check reports: *path* leads to the field, *message* names the object and the value.

    *help* says what to do, where the rule's own help does not fit. *severity* and *confidence* are
    those of the rule where None. *is_secret* says that the value at *path* must not be shown.
    """

    path: FieldPath
    message: str
    on: Literal["key", "value"] = "value"
    help: str = ""
    also: tuple[Also, ...] = ()
    severity: Severity | None = None
    confidence: Confidence | None = None
    is_secret: bool = False


DocumentCheck: TypeAlias = Callable[[Document, Run], Iterator[Hit]]
WorkloadCheck: TypeAlias = Callable[[Workload, Run], Iterator[Hit]]
BootstrapCheck: TypeAlias = Callable[[Bootstrap, Run], Iterator[Hit]]


class Rule(Struct, frozen=True):
    """A rule: *help* says in the imperative what cures its findings, *source* is the URL of why.

    *doc* is its manual. A rule without a check is the engine's own.
    """

    slug: str
    severity: Severity
    confidence: Confidence
    help: str
    source: str
    doc: str
    of_document: DocumentCheck | None = None
    of_workload: WorkloadCheck | None = None
    of_bootstrap: BootstrapCheck | None = None

    @property
    def module(self) -> str:
        """Return the module of the check, ``""`` for a rule without one."""
        check = self.of_document or self.of_workload or self.of_bootstrap
        return check.__module__ if check else ""

    @property
    def code(self) -> str:
        return CODES[self.slug]

    @property
    def manual(self) -> str:
        """Return the manual as people read it: the marks of the tests become arrows."""
        return _MARK.sub("# <-- here", self.doc).strip()

    @property
    def summary(self) -> str:
        """Return what is wrong where the rule fires: the first line of the manual."""
        return self.doc.strip().partition("\n")[0].rstrip(".")


def document_rule(
    slug: str,
    severity: Severity,
    *,
    help: str,
    source: str,
    confidence: Confidence = Confidence.HIGH,
) -> Callable[[DocumentCheck], Rule]:
    """Make the decorated check a rule that is asked about every document."""

    def decorate(check: DocumentCheck) -> Rule:
        doc = _manual(check)
        return Rule(slug, severity, confidence, help, source, doc, of_document=check)

    return decorate


def workload_rule(
    slug: str,
    severity: Severity,
    *,
    help: str,
    source: str,
    confidence: Confidence = Confidence.HIGH,
) -> Callable[[WorkloadCheck], Rule]:
    """Make the decorated check a rule that is asked about every document that holds a pod."""

    def decorate(check: WorkloadCheck) -> Rule:
        doc = _manual(check)
        return Rule(slug, severity, confidence, help, source, doc, of_workload=check)

    return decorate


def bootstrap_rule(
    slug: str,
    severity: Severity,
    *,
    help: str,
    source: str,
    confidence: Confidence = Confidence.HIGH,
) -> Callable[[BootstrapCheck], Rule]:
    """Make the decorated check a rule that is asked about every bootstrap; paths count from it."""

    def decorate(check: BootstrapCheck) -> Rule:
        doc = _manual(check)
        return Rule(slug, severity, confidence, help, source, doc, of_bootstrap=check)

    return decorate


def own_rule(slug: str, severity: Severity, *, help: str, module: str) -> Rule:
    """Return a rule whose findings the engine makes itself; *module* holds its manual."""
    return Rule(slug, severity, Confidence.HIGH, help, "", _doc(module))


def _manual(check: DocumentCheck | WorkloadCheck | BootstrapCheck) -> str:
    return _doc(check.__module__)


def _doc(module: str) -> str:
    return sys.modules[module].__doc__ or ""
