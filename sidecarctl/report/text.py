"""The report for people: one line a workload, then what to know, then a sum."""

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct

from sidecarctl.errors import SidecarctlError
from sidecarctl.findings import Severity
from sidecarctl.plan.outcome import Note, Outcome, Result, Status
from sidecarctl.report.paint import Line

_SYMBOL = {
    Status.INJECTED: "✓",
    Status.EJECTED: "✓",
    Status.UNCHANGED: "=",
    Status.SKIPPED: "-",
    Status.REFUSED: "✗",
}
_COLOUR = {
    Status.INJECTED: "green",
    Status.EJECTED: "green",
    Status.UNCHANGED: "dim",
    Status.SKIPPED: "yellow",
    Status.REFUSED: "red",
}
_LABEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_LABEL_COLOUR = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}

_WIDEST_NAME = 48


class Run(Struct, frozen=True):
    """What the report says of the run itself: the verb, what it was told, and what it wrote."""

    verb: str
    profile: str = ""
    kubernetes_version: str = ""
    done: str = ""


def error_lines(error: SidecarctlError) -> Iterator[Line]:
    """Yield *error* and the others that it carries: what is wrong, and below it what to do."""
    for each in (error, *error.others):
        place = f"{each.at}: " if each.at else ""
        yield (("error", "bold red"), ": ", (place, "bold"), each.message)
        if each.hint:
            yield _hint(each.hint)


def result_lines(result: Result, run: Run) -> Iterator[Line]:
    """Yield the report of a run; where something was refused, only what stands in the way."""
    if result.refused:
        yield from _refusals(result.refused)
    else:
        yield from _table(result.outcomes)
        yield from _reasons(result.outcomes)
        yield from _notes(result)
    yield _sum(result, run)


def _refusals(refused: Iterable[Outcome]) -> Iterator[Line]:
    for outcome in refused:
        first = Note(outcome.code, outcome.message, hint=outcome.hint)
        for reason in (first, *outcome.notes):
            place = (f"{reason.location or outcome.location}: ", "bold")
            subject = f"{outcome.kind}/{outcome.name}: "
            code = (f" [{reason.code}]", "dim")
            yield (("error", "bold red"), ": ", place, subject, reason.message, code)
            if reason.hint:
                yield _hint(reason.hint)


def _table(outcomes: tuple[Outcome, ...]) -> Iterator[Line]:
    word_width = max((len(outcome.status) for outcome in outcomes), default=0)
    names = [f"{outcome.kind}/{outcome.name}" for outcome in outcomes]
    name_width = min(max(map(len, names), default=0), _WIDEST_NAME)
    for outcome, name in zip(outcomes, names, strict=True):
        status = f"{_SYMBOL[outcome.status]} {outcome.status:<{word_width}}"
        yield (
            (status, _COLOUR[outcome.status]),
            f"  {name:<{name_width}}  ",
            (outcome.message, "dim" if outcome.status is Status.UNCHANGED else ""),
        )


def _reasons(outcomes: tuple[Outcome, ...]) -> Iterator[Line]:
    """Yield why sidecars stand as they do, each sentence once, and of how many it is true."""
    told = [outcome for outcome in outcomes if outcome.reasons]
    count = Counter(reason for outcome in told for reason in outcome.reasons)
    for reason, times in count.items():
        some = f" ({times} of {len(told)})" if times < len(told) else ""
        yield (("why: ", "blue"), (f"{reason}{some}", "dim"))


def _notes(result: Result) -> Iterator[Line]:
    """Yield the notes of a run, those of one code together, each sentence and each hint once.

    What holds for twelve workloads is not said twelve times.
    """
    said: dict[tuple[str, str], dict[str, list[tuple[str, Note]]]] = {}
    for subject, note in _with_subjects(result):
        sentences = said.setdefault((note.code, note.hint), {})
        sentences.setdefault(note.message, []).append((subject, note))
    for (_, hint), sentences in said.items():
        for entries in sentences.values():
            yield _note(entries[0][1], [subject for subject, _ in entries if subject])
        if hint:
            yield _hint(hint)


def _with_subjects(result: Result) -> Iterator[tuple[str, Note]]:
    yield from (("", note) for note in result.notes)
    for outcome in result.outcomes:
        yield from ((f"{outcome.kind}/{outcome.name}", note) for note in outcome.notes)


def _note(note: Note, subjects: list[str]) -> Line:
    place = f"{note.location}: " if note.location else ""
    subject = ""
    if subjects:
        others = len(subjects) - 1
        subject = f"{subjects[0]}{f' and {others} more' if others else ''}: "
    label = (_LABEL[note.severity], _LABEL_COLOUR[note.severity])
    return (label, ": ", place, subject, note.message, (f" [{note.code}]", "dim"))


def _hint(hint: str) -> Line:
    return (("  hint: ", "cyan"), hint)


def _sum(result: Result, run: Run) -> Line:
    count = Counter(outcome.status for outcome in result.outcomes)
    total = len(result.outcomes)
    # After a refusal nothing has become of the others.
    told = (Status.REFUSED,) if result.refused else tuple(Status)
    parts = [f"{count[status]} {status}" for status in told if count[status]]
    sentence = f"{total} workload{'' if total == 1 else 's'}"
    if parts:
        sentence += f": {', '.join(parts)}"
    facts = [sentence]
    if result.refused:
        facts.append("nothing was written")
    elif run.done:
        facts.append(run.done)
    if run.kubernetes_version:
        facts.append(f"target Kubernetes {run.kubernetes_version}")
    if run.profile:
        facts.append(f"profile {run.profile}")
    return ((" · ".join(facts), "bold"),)
