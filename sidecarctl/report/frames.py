"""Findings for people: each with the lines it speaks of, a caret under the place, and the cure."""

from collections import Counter
from collections.abc import Iterator, Sequence

from sidecarctl.findings import Finding, Location, Severity
from sidecarctl.lint.check import Checked
from sidecarctl.report.paint import Line, Words

_COLOUR = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_WIDEST = 120  # characters of a line that are shown
_MASK = "•"


def finding_lines(checked: Checked) -> Iterator[Line]:
    """Yield every finding with its frame, a blank line between two."""
    texts = {file: text.splitlines() for file, text in checked.texts.items()}
    for finding in checked.findings:
        yield from _finding(finding, texts.get(finding.location.file, []))
        yield ()


def concise_lines(checked: Checked) -> Iterator[Line]:
    """Yield one line a finding: ``file:line:column: severity: message [SC101 slug]``."""
    for finding in checked.findings:
        severity = (finding.severity.value, _COLOUR[finding.severity])
        rule = (f" [{finding.code} {finding.slug}]", "dim")
        yield ((f"{finding.location}: ", "bold"), severity, f": {finding.message}", rule)


def sum_lines(checked: Checked) -> Iterator[Line]:
    """Yield the last line: how much was found, looked at and left out, and for which version."""
    count = Counter(finding.severity for finding in checked.findings)
    by_severity = [_number(count[one], one.value) for one in Severity if count[one]]
    left = checked.left
    skipped = [
        *([_number(left.templates, "Helm template")] if left.templates else []),
        *([_number(left.not_kubernetes, "other document")] if left.not_kubernetes else []),
    ]
    facts = [
        ", ".join(by_severity) or "nothing found",
        f"{_number(checked.documents, 'document')} in {_number(checked.files, 'file')}",
        *([f"skipped {' and '.join(skipped)}"] if skipped else []),
        *([f"{left.without_schema} of kinds without a schema"] if left.without_schema else []),
        f"target Kubernetes {checked.order.version}",
    ]
    worst = min((f.severity for f in checked.findings), key=list(Severity).index, default=None)
    yield ((" · ".join(facts), _COLOUR[worst] if worst else "bold green"),)


def _number(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _finding(finding: Finding, lines: Sequence[str]) -> Iterator[Line]:
    place = finding.location
    colour = _COLOUR[finding.severity]
    head = f"{finding.severity.value}[{finding.code} {finding.slug}]"
    near = [one for one in finding.related if one.location.file == place.file]
    shown: dict[int, list[tuple[Location, str, str]]] = {}
    for location, message, style in (
        (place, "", colour),
        *((one.location, one.message, "blue") for one in near),
    ):
        if location.line <= len(lines):
            shown.setdefault(location.line, []).append((location, message, style))
    margin = " " * len(str(max(shown, default=0)))
    yield ((head, colour), (f": {finding.message}", "bold"))
    yield (margin, ("--> ", "blue"), str(place))
    yield from _frame(shown, lines, margin, finding)
    for one in finding.related:
        if one not in near:
            yield (margin, (" = ", "blue"), f"see {one.location}: {one.message}")
    if finding.help:
        yield (margin, (" = ", "blue"), ("help: ", "bold"), finding.help)


def _frame(
    shown: dict[int, list[tuple[Location, str, str]]],
    lines: Sequence[str],
    margin: str,
    finding: Finding,
) -> Iterator[Line]:
    bar: Words = (f"{margin} | ", "blue")
    before = 0
    for number in sorted(shown):
        if before and number > before + 1:
            yield ((f"{margin} :", "blue"),)
        before = number
        text = lines[number - 1].replace("\t", " ")
        if finding.is_secret and number == finding.location.line:
            text = _masked(text, finding.location)
        start = _window(text, min(place.column for place, _, _ in shown[number]))
        cut = text[start : start + _WIDEST]
        yield ((f"{number:>{len(margin)}} | ", "blue"), ("…" if start else "") + cut)
        for place, message, style in shown[number]:
            yield (bar, *_carets(place, message, style, start, len(text)))


def _carets(place: Location, message: str, style: str, start: int, length: int) -> Iterator[Words]:
    first = place.column - 1 - start + (1 if start else 0)
    end = place.end_column - 1 if place.end_line == place.line else length
    width = max(min(end, start + _WIDEST) - place.column + 1, 1)
    yield " " * first
    yield ("^" * width if not message else "-" * width, style)
    yield (f" {message}" if message else "", style)


def _window(text: str, column: int) -> int:
    """Return where a long line is cut on its left, so that *column* is seen."""
    return 0 if len(text) <= _WIDEST or column < _WIDEST - 20 else column - 41


def _masked(text: str, place: Location) -> str:
    start = place.column - 1
    end = place.end_column - 1 if place.end_line == place.line else len(text)
    return text[:start] + _MASK * (end - start) + text[end:]
