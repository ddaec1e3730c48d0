"""Findings that the configuration leaves out: by rule, file, kind, name and container."""

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

from sidecarctl.findings import Finding
from sidecarctl.lint.rule import Rule
from sidecarctl.lint.select import meant
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.narrow import mapping, text
from sidecarctl.manifest.workload import workload


class Exemption(Struct, frozen=True):
    """What a finding has to fit to be left out; an empty field fits everything.

    *files* are patterns for the name of the file as the report shows it.
    """

    rules: tuple[str, ...]
    files: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()


def is_exempt(
    finding: Finding,
    document: Document | None,
    exemptions: Iterable[Exemption],
    rules: Sequence[Rule],
) -> bool:
    """Say whether one of *exemptions* leaves *finding*, which is of *document*, out."""
    return any(_fits(one, finding, document, rules) for one in exemptions)


def _fits(
    one: Exemption, finding: Finding, document: Document | None, rules: Sequence[Rule]
) -> bool:
    slugs = {rule.slug for word in one.rules for rule in meant(word, rules)}
    kind, name = (document.kind, document.name) if document else ("", "")
    return (
        finding.slug in slugs
        and (not one.files or any(_covers(each, finding.location.file) for each in one.files))
        and (not one.kinds or kind in one.kinds)
        and _matches(name, one.names)
        and (not one.containers or _matches(_container(finding, document), one.containers))
    )


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def _covers(pattern: str, file: str) -> bool:
    """Say whether *file* fits *pattern*: ``*`` within a folder, ``**`` across, a folder whole."""
    expression = re.escape(pattern.strip("/"))
    expression = expression.replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*")
    expression = expression.replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
    return re.fullmatch(f"(?:.*/)?{expression}(?:/.*)?", file.replace("\\", "/")) is not None


def _container(finding: Finding, document: Document | None) -> str:
    """Return the name of the container that *finding* lies in, ``""`` where it lies in none."""
    holder = workload(document) if document else None
    for each in holder.containers() if holder else ():
        if finding.path[: len(each.path)] == each.path:
            return text(mapping(each.data).get("name"))
    return ""
