"""What a run changes, as a unified diff that ``patch -p1`` and ``git apply`` take."""

import difflib
from collections.abc import Iterator, Mapping

from sidecarctl.report.paint import paint

_STYLE = {"@": "cyan", "+": "green", "-": "red"}


def diff(texts: Mapping[str, tuple[str, str]], *, coloured: bool) -> str:
    """Return the changes of *texts* (file to text before and after), file by file."""
    lines = [line for file, (before, after) in texts.items() for line in _file(file, before, after)]
    if not coloured:
        return "".join(text for text, _ in lines)
    return paint((((text.rstrip("\r\n"), style),) for text, style in lines), coloured=True)


def _file(file: str, before: str, after: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of one file's diff, with their line ends, and the style of each."""
    if before == after:
        return
    name = file.lstrip("/") if file.startswith("/") else file.removeprefix("./")
    # GNU patch takes the name up to a tab: with it, a name may contain blanks.
    end = "\t\n" if " " in name else "\n"
    yield f"--- a/{name}{end}", "bold"
    yield f"+++ b/{name}{end}" if after else "+++ /dev/null\n", "bold"
    hunks = difflib.unified_diff(_lines(before), _lines(after), lineterm="")
    for number, line in enumerate(hunks):
        if number < 2:
            continue  # the names as difflib writes them
        style = _STYLE.get(line[0], "")
        if line.startswith("@"):
            yield f"{line}\n", style
        elif line.endswith("\n"):
            yield line, style
        else:
            yield f"{line}\n", style
            yield "\\ No newline at end of file\n", "dim"


def _lines(text: str) -> list[str]:
    """Return the lines of *text* with their ends; only a line feed ends one, as for ``patch``."""
    lines = text.split("\n")
    last = lines.pop()
    return [f"{line}\n" for line in lines] + ([last] if last else [])
