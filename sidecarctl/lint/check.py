"""Texts -> findings: reads what can be read, lints it, and counts what was left out."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from sidecarctl.errors import HelmTemplateError, ManifestError
from sidecarctl.findings import Finding, Location, Severity
from sidecarctl.kubernetes import kubernetes_schema
from sidecarctl.lifecycle.versions import Version
from sidecarctl.lint.engine import is_kubernetes, lint
from sidecarctl.lint.exempt import Exemption
from sidecarctl.lint.parallel import PLAIN, processors, share
from sidecarctl.lint.rule import Rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.document import Document, Manifest, parse, read_ahead
from sidecarctl.manifest.files import Source
from sidecarctl.manifest.reading.quick import Read
from sidecarctl.topology.fleet import fleet

SYNTAX, DUPLICATE = "yaml-syntax-error", "duplicate-key"

_TWICE = re.compile(r"^the key .* occurs twice")


_MUCH = 300_000
"""From so many characters on a second process saves more than it costs to start."""


class Order(Struct, frozen=True):
    """What is asked for: *severities* replace those of rules, by slug; *exemptions* leave out."""

    rules: tuple[Rule, ...]
    version: Version
    namespace: str = "default"
    severities: Mapping[str, Severity] = field(default_factory=dict)
    exemptions: tuple[Exemption, ...] = ()


class Left(Struct, frozen=True):
    """How much was left out, and why."""

    templates: int = 0
    not_kubernetes: int = 0  # documents
    without_schema: int = 0  # documents of kinds that the target version does not serve


class Checked(Struct, frozen=True):
    """What a run of lint found; *texts* are the files by name."""

    findings: tuple[Finding, ...]
    order: Order
    files: int
    documents: int
    left: Left
    is_unreadable: bool
    texts: Mapping[str, str]

    def reaches(self, least: str) -> bool:
        """Say whether a finding is as bad as *least*, or worse; ``"never"`` is out of reach."""
        order = [severity.value for severity in Severity]
        allowed = order[: order.index(least) + 1] if least in order else []
        return any(finding.severity.value in allowed for finding in self.findings)


class _Reading(Struct, frozen=True):
    """What became of one file."""

    manifest: Manifest | None = None
    fault: ManifestError | None = None

    @property
    def is_template(self) -> bool:
        return isinstance(self.fault, HelmTemplateError)


def check(
    sources: Sequence[Source],
    order: Order,
    context: Sequence[Source] = (),
    *,
    progress: Callable[[str], None] | None = None,
) -> Checked:
    """Lint *sources*; *context* is looked at by rules that join, and has no findings.

    A file that cannot be read is a finding itself, and hides nothing of the others.
    """
    much = sum(len(source.text) for source in sources) >= _MUCH
    processes = processors() if much else 1
    ahead = share(_ahead, sources, processes, PLAIN) if processes > 1 else [None] * len(sources)
    readings = [_read(*each, progress) for each in zip(sources, ahead, strict=True)]
    manifests = [one.manifest for one in readings if one.manifest]
    neighbours = [one.manifest for one in map(_read, context) if one.manifest]
    documents = [document for manifest in manifests for document in manifest.documents]
    others = [document for manifest in neighbours for document in manifest.documents]
    joined = fleet(documents, others, namespace=order.namespace)
    run = Run(joined, order.version)
    faults = [one.fault for one in readings if one.fault and not one.is_template]
    found = lint(manifests, order.rules, run, order.exemptions, processes=processes)
    findings = [_weighed(one, order) for one in (*_of_faults(faults, order.rules), *found)]
    return Checked(
        findings=tuple(sorted(findings, key=lambda one: (one.location, one.code, one.message))),
        order=order,
        files=len(sources),
        documents=sum(map(is_kubernetes, documents)),
        left=_left(readings, documents, run),
        is_unreadable=any(not _TWICE.match(fault.message) for fault in faults),
        texts={source.name: source.text for source in sources},
    )


def _weighed(finding: Finding, order: Order) -> Finding:
    severity = order.severities.get(finding.slug)
    return replace(finding, severity=severity) if severity else finding


def _ahead(sources: Sequence[Source]) -> list[Read | None]:
    return [read_ahead(source.text) for source in sources]


def _read(
    source: Source,
    ahead: Read | None = None,
    progress: Callable[[str], None] | None = None,
) -> _Reading:
    if progress is not None:
        progress(source.name)
    try:
        return _Reading(parse(source.text, source.name, ahead=ahead))
    except ManifestError as fault:
        return _Reading(fault=fault)


def _left(readings: Iterable[_Reading], documents: Iterable[Document], run: Run) -> Left:
    known = list(documents)
    ours = [document for document in known if is_kubernetes(document)]
    others = [document for document in known if not is_kubernetes(document)]
    version = run.kubernetes_version
    return Left(
        templates=sum(one.is_template for one in readings),
        not_kubernetes=sum(not run.bootstraps(each) for each in others),
        without_schema=sum(
            count
            for (api_version, kind), count in Counter((e.api_version, e.kind) for e in ours).items()
            if kubernetes_schema(version, api_version, kind) is None
        ),
    )


def _of_faults(faults: Iterable[ManifestError], rules: Iterable[Rule]) -> Iterable[Finding]:
    by_slug = {rule.slug: rule for rule in rules}
    for fault in faults:
        rule = by_slug.get(DUPLICATE if _TWICE.match(fault.message) else SYNTAX)
        if rule is not None:
            yield Finding(
                code=rule.code,
                slug=rule.slug,
                severity=rule.severity,
                confidence=rule.confidence,
                message=fault.message,
                location=fault.at or Location("", 1, 1, 1, 1),
                path=(),
                help=fault.hint or rule.help,
            )
