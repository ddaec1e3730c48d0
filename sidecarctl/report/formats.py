"""The forms in which findings are given out, and where to: ``--format sarif:out.sarif``."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from sidecarctl.errors import SidecarctlError
from sidecarctl.lint.check import Checked
from sidecarctl.report.findings_json import findings_json
from sidecarctl.report.frames import concise_lines, finding_lines, sum_lines
from sidecarctl.report.github import github
from sidecarctl.report.paint import is_coloured, paint
from sidecarctl.report.sarif import sarif
from sidecarctl.report.streams import write_err, write_out
from sidecarctl.violation import did_you_mean


def _text(checked: Checked) -> str:
    return paint(finding_lines(checked), coloured=is_coloured(sys.stdout))


def _concise(checked: Checked) -> str:
    return paint(concise_lines(checked), coloured=is_coloured(sys.stdout))


FORMATS: Mapping[str, Callable[[Checked], str]] = {
    "text": _text,
    "concise": _concise,
    "json": findings_json,
    "sarif": sarif,
    "github": github,
}
"""Name of a format to what writes it."""

Target = tuple[str, Path | None]
"""A format, and the file it goes to; None for standard output."""


def targets(words: Iterable[str]) -> list[Target]:
    """Read *words* (``"sarif:out.sarif"``, ``"text"``).

    Raises:
        SidecarctlError: there is no such format, or two of them go to standard output.
    """
    found: list[Target] = []
    for word in words:
        name, _, file = word.partition(":")
        if name not in FORMATS:
            raise SidecarctlError(f"there is no format {name!r}", hint=did_you_mean(name, FORMATS))
        found.append((name, Path(file) if file else None))
    if sum(file is None for _, file in found) > 1:
        raise SidecarctlError(
            "only one format can go to standard output", hint="write the others to files: json:FILE"
        )
    return found


def write_findings(checked: Checked, wanted: Sequence[Target]) -> None:
    """Give *checked* out in every form, and the sum to standard error.

    Raises:
        SidecarctlError: a file cannot be written.
    """
    for name, file in wanted:
        if file is not None:
            _write(file, FORMATS[name](checked))
    for name, file in wanted:
        if file is None:
            write_out(FORMATS[name](checked))
    write_err(paint(sum_lines(checked), coloured=is_coloured(sys.stderr)))


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SidecarctlError(f"cannot write {str(file)!r}: {reason}") from None
