"""Advice for a terminal: what the sidecars cost, an answer for each, and why."""

import textwrap
from collections.abc import Iterator

from sidecarctl.advise.advice import Advice, Instead, Kind, Report
from sidecarctl.advise.figures import Request
from sidecarctl.lifecycle.quantities import format_cpu, format_memory
from sidecarctl.report.paint import Line

_GAP = "   "
_NARROWEST = 24
_MOST = 3  # subjects of one answer that are named


def advice_lines(report: Report, width: int | None) -> Iterator[Line]:
    """Yield *report*; what holds for several workloads is said once."""
    for subject, fault in report.faults:
        yield ((subject, "bold"), "  ", ("refused", "bold red"), f" by the API server: {fault}")
        if fault.hint:
            yield ("  ", ("hint: ", "cyan"), fault.hint)
    if not report.advice:
        return
    if report.faults:
        yield ()
    yield from _table(
        ("sidecar", "count", "cpu", "memory", "better as", "which would ask"),
        [_row(kind) for kind in report.kinds],
    )
    share = _share(report.total, report.apps)
    yield (f"together {_size(report.total)}{share}",)
    for same in _alike(report):
        yield ()
        yield from _answer(same, width)
    for subject, remarks in _remarks(report).items():
        yield ()
        yield ((subject, "bold"),)
        for text, source in remarks:
            yield from _folded(text, width)
            yield ("    ", (source, "dim"))


def advice_sum_lines(report: Report) -> Iterator[Line]:
    """Yield the last line: how much was judged, on which assumptions."""
    changes = sum(each.instead is not Instead.KEEP for each in report.advice)
    count = len(report.advice)
    limits = report.thresholds
    facts = [
        f"{_number(count, 'sidecar')} in {_number(report.pods, 'pod')}",
        f"{changes} better done another way" if changes else "none better done another way",
        *([f"{len({subject for subject, _ in report.faults})} refused"] if report.faults else []),
        f"assumed {limits.pods_per_node} of these pods a node",
        f"target Kubernetes {report.version}",
        *([f"profile {report.profile}"] if report.profile else []),
    ]
    yield ((" · ".join(facts), "bold"),)


def _row(kind: Kind) -> tuple[str, ...]:
    other = ""
    if kind.replacement is not None and kind.instead is not Instead.KEEP:
        nodes = f" on {_number(kind.nodes, 'node')}"
        other = "nothing" if kind.replacement == Request(0, 0) else _size(kind.replacement) + nodes
    cpu, memory = format_cpu(kind.total.cpu), format_memory(kind.total.memory)
    return (kind.what, str(kind.pods), cpu, memory, kind.instead.value, other)


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[Line]:
    widths = [max(len(row[n]) for row in (heads, *rows)) for n in range(len(heads))]
    yield ((_cells(tuple(head.upper() for head in heads), widths), "bold"),)
    for row in rows:
        yield (_cells(row, widths),)


def _cells(row: tuple[str, ...], widths: list[int]) -> str:
    return _GAP.join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)).rstrip()


def _alike(report: Report) -> list[list[Advice]]:
    """Return the advice in groups of the same answer for the same reasons, changes first."""
    groups: dict[tuple[object, ...], list[Advice]] = {}
    for each in report.advice:
        key = (each.what, each.instead, each.reasons, each.unless)
        groups.setdefault(key, []).append(each)
    return sorted(groups.values(), key=lambda same: same[0].instead is Instead.KEEP)


def _answer(same: list[Advice], width: int | None) -> Iterator[Line]:
    first = same[0]
    keep = first.instead is Instead.KEEP
    subjects = list(dict.fromkeys(each.subject for each in same))
    more = f" and {len(subjects) - _MOST} more" if len(subjects) > _MOST else ""
    where = ", ".join(subjects[:_MOST]) + more
    yield (
        (first.what, "bold"),
        ": ",
        (first.instead.value if not keep else "a sidecar is right", "green" if keep else "yellow"),
        f"  {where}  ",
        (str(first.location), "dim"),
    )
    for reason in first.reasons:
        yield from _folded(reason.text, width)
        if reason.source:
            yield ("    ", (reason.source, "dim"))
    for unless in first.unless:
        yield from _folded(f"unless: {unless}", width)


def _remarks(report: Report) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for each in report.remarks:
        found.setdefault(f"{each.subject}  {each.location}", []).append((each.text, each.source))
    return found


def _folded(text: str, width: int | None) -> Iterator[Line]:
    lines = textwrap.wrap(text, max(width - 2, _NARROWEST)) if width else [text]
    yield from (("  ", line) for line in lines)


def _number(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _size(request: Request) -> str:
    return f"{format_cpu(request.cpu)} cpu, {format_memory(request.memory)} memory"


def _share(sidecars: Request, apps: Request) -> str:
    parts = [
        f"{own / other:.0%} of the {name} of the apps"
        for name, own, other in (
            ("cpu", sidecars.cpu, apps.cpu),
            ("memory", sidecars.memory, apps.memory),
        )
        if other
    ]
    return f": {', '.join(parts)}" if parts else ""
