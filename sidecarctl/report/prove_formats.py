"""The forms in which proofs are given out, and where to: ``--format junit:out.xml``."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from sidecarctl.errors import SidecarctlError
from sidecarctl.prove.run import Proved
from sidecarctl.report.paint import is_coloured, paint
from sidecarctl.report.prove_json import proved_json
from sidecarctl.report.prove_junit import proved_junit
from sidecarctl.report.prove_text import proved_lines, rewrite_lines, sum_lines
from sidecarctl.report.streams import write_err, write_out
from sidecarctl.violation import did_you_mean


def _text(proved: Proved) -> str:
    return paint(proved_lines(proved), coloured=is_coloured(sys.stdout))


_FORMATS: Mapping[str, Callable[[Proved], str]] = {
    "text": _text,
    "json": proved_json,
    "junit": proved_junit,
}

Target = tuple[str, Path | None]
"""A format, and the file it goes to; None for standard output."""


def prove_targets(words: Iterable[str]) -> list[Target]:
    """Read *words* (``"junit:out.xml"``, ``"text"``).

    Raises:
        SidecarctlError: there is no such format, or two of them go to standard output.
    """
    found: list[Target] = []
    for word in words:
        name, _, file = word.partition(":")
        if name not in _FORMATS:
            raise SidecarctlError(f"there is no format {name!r}", hint=did_you_mean(name, _FORMATS))
        found.append((name, Path(file) if file else None))
    if sum(file is None for _, file in found) > 1:
        raise SidecarctlError(
            "only one format can go to standard output", hint="write the others to files: json:FILE"
        )
    return found


def write_proved(proved: Proved, wanted: Sequence[Target], *, verbose: bool) -> None:
    """Give *proved* out in every form; the sum, and on demand the rewrites, to standard error.

    Raises:
        SidecarctlError: a file cannot be written.
    """
    coloured = is_coloured(sys.stderr)
    if verbose:
        write_err(paint(rewrite_lines(proved), coloured=coloured))
    for name, file in wanted:
        if file is None:
            write_out(_FORMATS[name](proved))
            continue
        try:
            file.write_text(_FORMATS[name](proved), encoding="utf-8")
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise SidecarctlError(f"cannot write {str(file)!r}: {reason}") from None
    write_err(paint(sum_lines(proved), coloured=coloured))
