"""Findings that a comment or an annotation switches off.

A comment ``# sidecarctl: ignore[slug, SC101] reason`` holds for the findings whose place has a part
on its line; alone on a line it holds for the next line that is no comment. The annotation
``lint.sidecarctl.dev/ignore: "slug=reason; SC102"`` holds for its document, on a pod template for
what lies in the template.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from sidecarctl.findings import FieldPath, Finding, Location
from sidecarctl.lint.rule import Rule
from sidecarctl.lint.select import meant
from sidecarctl.manifest.document import Document, Manifest
from sidecarctl.manifest.narrow import mapping, strings
from sidecarctl.manifest.workload import workload

ANNOTATION = "lint.sidecarctl.dev/ignore"

_MARK = "sidecarctl: ignore["
_COMMENT = re.compile(r"(?:^|\s)#\s*sidecarctl: ignore\[(?P<words>[^\]\n]*)\]")
_ALONE = re.compile(r"\s*(#.*)?")
_ENTRY = re.compile(r"\s*(?P<word>[^=,;\n]*?)\s*(?:=(?P<reason>[^;\n]*))?(?:[,;\n]|$)")


class Suppression(Struct, frozen=True):
    """One word that switches findings off, and the place where it stands.

    It holds for *line* of the file, or for *document* from *base* on.
    """

    word: str
    location: Location
    line: int = 0
    document: Document | None = None
    base: FieldPath = ()


def suppressions(manifest: Manifest) -> list[Suppression]:
    """Return all that *manifest* switches off, in the order in which it is written."""
    found: list[Suppression] = []
    # Most files have none; an escape could spell the annotation without its letters.
    if ANNOTATION in manifest.text or "\\" in manifest.text:
        found = [one for document in manifest.documents for one in _annotated(document)]
    if _MARK in manifest.text:
        found += _comments(manifest)
    return sorted(found, key=lambda one: one.location)


def is_held(
    finding: Finding, document: Document | None, one: Suppression, rules: Iterable[Rule]
) -> bool:
    """Say whether *one* switches *finding*, which is of *document*, off."""
    if not any(rule.slug == finding.slug for rule in meant(one.word, rules)):
        return False
    if one.document is not None:
        return one.document is document and finding.path[: len(one.base)] == one.base
    place = finding.location
    return place.file == one.location.file and place.line <= one.line <= place.end_line


def _comments(manifest: Manifest) -> Iterator[Suppression]:
    lines = manifest.text.splitlines()
    for number, line in enumerate(lines, 1):
        if _MARK not in line:
            continue
        for comment in _COMMENT.finditer(line):
            held = number if line[: comment.start()].strip() else _next_line(lines, number)
            for word in re.finditer(r"[^\s,]+", comment["words"]):
                start = comment.start("words") + word.start() + 1
                place = Location(manifest.file, number, start, number, start + len(word[0]))
                yield Suppression(word[0], place, line=held)


def _next_line(lines: Sequence[str], number: int) -> int:
    """Return the number of the first line after *number* that says something."""
    for after, line in enumerate(lines[number:], number + 1):
        if not _ALONE.fullmatch(line):
            return after
    return number


def _annotated(document: Document) -> Iterator[Suppression]:
    yield from _of_annotation(document, ())
    holder = workload(document)
    if holder is not None and holder.template_path:
        yield from _of_annotation(document, holder.template_path)


def _of_annotation(document: Document, base: FieldPath) -> Iterator[Suppression]:
    keys = [str(step) for step in base]
    annotations = strings(mapping(document.data, *keys, "metadata").get("annotations"))
    text = annotations.get(ANNOTATION)
    if text is None:
        return
    place = document.locate((*base, "metadata", "annotations", ANNOTATION))
    for entry in _ENTRY.finditer(text):
        if entry["word"]:
            yield Suppression(entry["word"], place, document=document, base=base)
