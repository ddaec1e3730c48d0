"""What `prove` found, for people: a table for each workload, causes below it, a sum."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from sidecarctl.prove.row import Row, Verdict
from sidecarctl.prove.run import Proved
from sidecarctl.report.paint import Line, Words

_MARK = {Verdict.PROVED: "✓", Verdict.FAILED: "✗", Verdict.UNPROVED: "-"}
_COLOUR = {Verdict.PROVED: "green", Verdict.FAILED: "bold red", Verdict.UNPROVED: "yellow"}
_HEADINGS = ("", "CONCERN", "TRIED", "EXPECTED", "SEEN", "TIME")
_GAP = "  "
_WIDEST = 72  # of a column; a longer cell pushes the rest of its own line


def proved_lines(proved: Proved) -> Iterator[Line]:
    """Yield the tables; below a failed row stands why, below a table what Envoy said."""
    for workload, rows in groupby(proved.rows, lambda row: row.workload):
        yield ((workload, "bold"),)
        yield from _table(list(rows))
        yield ("",)


def sum_lines(proved: Proved) -> Iterator[Line]:
    """Yield the sum, for standard error."""
    counts = [f"{proved.count(verdict)} {verdict}" for verdict in Verdict if proved.count(verdict)]
    workloads = f"{proved.workloads} workload{'' if proved.workloads == 1 else 's'}"
    sentence = f"{workloads}: {', '.join(counts) or 'nothing to prove'}"
    yield ((f"{sentence} · {proved.seconds:.1f} s", "bold"),)


def rewrite_lines(proved: Proved) -> Iterator[Line]:
    """Yield what was rewritten to run here."""
    for workload, rewrite in proved.rewrites:
        yield (("rewrite", "cyan"), f": {workload}: {rewrite}")


def _table(rows: list[Row]) -> Iterator[Line]:
    cells = [_HEADINGS, *map(_cells, rows)]
    widths = [min(max(len(line[column]) for line in cells), _WIDEST)
              for column in range(len(_HEADINGS))]  # fmt: skip
    yield tuple(_padded(zip(_HEADINGS, widths, strict=True), "dim"))
    for row in rows:
        colour = _COLOUR[row.verdict]
        mark, *others = zip(_cells(row), widths, strict=True)
        yield (*_padded([mark], colour), *_padded(others, ""))
        if row.cause:
            yield ("   ", ("cause: ", colour), row.cause)
    said = dict.fromkeys(line for row in rows for line in row.log)
    if said:
        yield ("   ", ("Envoy said:", "dim"))
        yield from (("   ", ("  " + line, "dim")) for line in said)


def _cells(row: Row) -> tuple[str, ...]:
    expected = row.expected or "not proved"
    return (_MARK[row.verdict], row.concern, row.tried, expected, row.seen, f"{row.seconds:.1f} s")


def _padded(cells: Iterable[tuple[str, int]], style: str) -> Iterator[Words]:
    for text, width in cells:
        padded = f"{text:<{width}}{_GAP}"
        yield (padded, style) if style else padded
