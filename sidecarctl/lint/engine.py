"""All rules on all documents: hits become findings, suppressions take some of them away."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from traceback import extract_tb
from typing import TypeVar

from msgspec import Struct

from sidecarctl.envoy.read import Bootstrap
from sidecarctl.findings import Finding, Related
from sidecarctl.lint import rules as rules_package
from sidecarctl.lint.exempt import Exemption, is_exempt
from sidecarctl.lint.ignore import Suppression, is_held, suppressions
from sidecarctl.lint.parallel import share
from sidecarctl.lint.rule import Hit, Rule
from sidecarctl.lint.run import Run
from sidecarctl.lint.select import hint, meant
from sidecarctl.manifest.document import Document, Manifest
from sidecarctl.manifest.workload import workload

CRASHED, UNUSED, UNKNOWN = "rule-crashed", "unused-suppression", "unknown-rule-in-suppression"

_Subject = TypeVar("_Subject")


class Placed(Struct, frozen=True):
    """A finding and the document it is of, None where it is of the file."""

    finding: Finding
    document: Document | None


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return every rule, by code.

    Raises:
        ValueError: a module holds no rule, or more than one.
    """
    found = []
    for info in iter_modules(rules_package.__path__):
        module = import_module(f"{rules_package.__name__}.{info.name}")
        (rule,) = (value for value in vars(module).values() if isinstance(value, Rule))
        found.append(rule)
    return tuple(sorted(found, key=lambda rule: rule.code))


def lint(
    manifests: Sequence[Manifest],
    rules: Sequence[Rule],
    run: Run,
    exemptions: Sequence[Exemption] = (),
    *,
    processes: int = 1,
) -> list[Finding]:
    """Return what *rules* find in the documents of *manifests*, sorted by place.

    Only documents with ``apiVersion`` and ``kind`` are looked at. *rules* are those that were
    chosen; a suppression of a rule that was not chosen is neither used nor unused. *processes* is
    in how many the documents are looked at.
    """
    documents = [document for manifest in manifests for document in manifest.documents]
    look = _Look(rules, run)

    def looked_at(some: Sequence[Document]) -> list[list[Finding]]:
        return [look.at(each) for each in some]

    found = iter(share(looked_at, documents, processes))
    findings: list[Finding] = []
    for manifest in manifests:
        placed = [
            Placed(finding, document)
            for document, some in zip(manifest.documents, found, strict=False)
            for finding in some
            if not is_exempt(finding, document, exemptions, rules)
        ]
        findings += _kept(placed, suppressions(manifest), rules)
    return sorted(dict.fromkeys(findings), key=lambda one: (one.location, one.code, one.message))


def is_kubernetes(document: Document) -> bool:
    """Say whether *document* claims to be an object of the API."""
    return bool(document.kind and document.api_version)


class _Look:
    """Looks at documents, one after the other, with the rules that concern each."""

    def __init__(self, rules: Sequence[Rule], run: Run) -> None:
        self._run = run
        self._crashed = next((one for one in rules if one.slug == CRASHED), None)
        # Most rules find nothing, in most documents: not even a question is spent on the others.
        self._of_document = [(one, one.of_document) for one in rules if one.of_document]
        self._of_workload = [(one, one.of_workload) for one in rules if one.of_workload]
        self._of_bootstrap = [(one, one.of_bootstrap) for one in rules if one.of_bootstrap]

    def at(self, document: Document) -> list[Finding]:
        """Return what the rules find in *document*."""
        findings: list[Finding] = []
        if is_kubernetes(document):
            for rule, check in self._of_document:
                findings += self._found(rule, check, document, document, document)
        holder = workload(document)
        if holder is not None:
            for one, look in self._of_workload:
                findings += self._found(one, look, holder, document, document)
        for each in self._run.bootstraps(document):
            for this, read in self._of_bootstrap:
                findings += self._found(this, read, each, each, document)
        return findings

    def _found(
        self,
        rule: Rule,
        check: Callable[[_Subject, Run], Iterator[Hit]],
        subject: _Subject,
        holder: Document | Bootstrap,
        document: Document,
    ) -> Sequence[Finding]:
        """Return what *check* finds in *subject*; the paths of its hits count from *holder*."""
        try:
            return [finding_of(hit, rule, holder) for hit in check(subject, self._run)]
        except Exception as error:  # noqa: BLE001 - a rule that breaks must not hide the others
            return [_crash(self._crashed, rule, error, document)] if self._crashed else ()


def finding_of(hit: Hit, rule: Rule, holder: Document | Bootstrap) -> Finding:
    """Return the finding for *hit*, whose paths count from *holder*, with its place."""
    if isinstance(holder, Bootstrap):
        document, path = holder.owner, holder.path(hit.path)
    else:
        document, path = holder, hit.path
    return Finding(
        code=rule.code,
        slug=rule.slug,
        severity=hit.severity or rule.severity,
        confidence=hit.confidence or rule.confidence,
        message=hit.message,
        location=holder.locate(hit.path, on=hit.on),
        path=path,
        help=hit.help or rule.help,
        source=rule.source,
        related=tuple(
            Related((also.holder or holder).locate(also.path), also.message) for also in hit.also
        ),
        subject=str(document) if is_kubernetes(document) else "",
        is_secret=hit.is_secret,
    )


def _crash(crashed: Rule, rule: Rule, error: Exception, document: Document) -> Finding:
    """Return the finding for a rule that broke; the error's own text may hold a secret."""
    frame = extract_tb(error.__traceback__)[-1]
    where = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
    message = f"the rule {rule.slug!r} broke on this document: {type(error).__name__} in {where}"
    return finding_of(Hit(("kind",), message), crashed, document)


def _kept(
    placed: Sequence[Placed], given: Sequence[Suppression], rules: Sequence[Rule]
) -> Iterator[Finding]:
    used: set[Suppression] = set()
    for one in placed:
        held = [each for each in given if is_held(one.finding, one.document, each, rules)]
        used.update(held)
        if not held:
            yield one.finding
    for each in given:
        if not meant(each.word, all_rules()):
            yield from _of_suppression(UNKNOWN, each, f"there is no rule {each.word!r}", rules)
        elif meant(each.word, rules) and each not in used:
            message = f"nothing is found here that {each.word!r} would switch off"
            yield from _of_suppression(UNUSED, each, message, rules)


def _of_suppression(
    slug: str, one: Suppression, message: str, rules: Sequence[Rule]
) -> Iterator[Finding]:
    for rule in rules:
        if rule.slug == slug:
            near = hint(one.word, all_rules()) if slug == UNKNOWN else None
            yield Finding(
                code=rule.code,
                slug=rule.slug,
                severity=rule.severity,
                confidence=rule.confidence,
                message=message,
                location=one.location,
                path=one.base,
                help=near or rule.help,
                subject=str(one.document) if one.document else "",
            )
