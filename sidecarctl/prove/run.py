"""All proofs of all bootstraps: started together, timed, and ended together."""

import contextlib
import pkgutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from sidecarctl.envoy.part import Part
from sidecarctl.errors import SidecarctlError
from sidecarctl.prove import concerns
from sidecarctl.prove.callers import Caller
from sidecarctl.prove.draft import Rewrite
from sidecarctl.prove.routes import title
from sidecarctl.prove.row import Row, Shown, Unproved, Verdict, Word
from sidecarctl.prove.stand import READY_S, Situation
from sidecarctl.prove.subject import Subject
from sidecarctl.prove.trial import StoppedError, Trial
from sidecarctl.prove.ways import cluster_names
from sidecarctl.violation import did_you_mean

Proof: TypeAlias = Callable[[Situation], Iterator[Word]]

_END_S = 1.5  # what it takes to end what is under way


class Proved(Struct, frozen=True):
    """What came of a run: its rows, in the order of the input, and what was rewritten."""

    rows: tuple[Row, ...]
    rewrites: tuple[tuple[str, Rewrite], ...]
    workloads: int
    seconds: float

    def count(self, verdict: Verdict) -> int:
        return sum(row.verdict is verdict for row in self.rows)

    @property
    def failed(self) -> bool:
        return self.count(Verdict.FAILED) > 0


class Limits(Struct, frozen=True):
    """How much at once, and for how long."""

    jobs: int = 2
    timeout_s: float = 60.0


def proofs() -> dict[str, Proof]:
    """Return the proof of every concern, by the concern's name, in alphabetical order."""
    found = {}
    for module in pkgutil.iter_modules(concerns.__path__):
        loaded = import_module(f"{concerns.__name__}.{module.name}")
        found[_camel(module.name)] = loaded.prove
    return found


def choose(names: Sequence[str]) -> dict[str, Proof]:
    """Return the proofs of the concerns *names*, of all where there are none.

    Raises:
        SidecarctlError: there is no proof of that name.
    """
    known = proofs()
    for name in names:
        if name not in known:
            raise SidecarctlError(
                f"there is no proof of a concern {name!r}", hint=did_you_mean(name, known)
            )
    return {name: proof for name, proof in known.items() if not names or name in names}


def prove(
    subjects: Sequence[Subject],
    chosen: dict[str, Proof],
    folder: Path,
    *,
    limits: Limits,
    progress: Callable[[str], None] = lambda _done: None,
) -> Proved:
    """Prove the concerns *chosen* of each of *subjects* in *folder*.

    All children have ended when it returns or raises, also on Ctrl-C.

    Raises:
        SidecarctlError: an Envoy does not start at all.
    """
    began = time.monotonic()
    trial = Trial(folder)
    tasks: list[tuple[Situation, str, Proof]] = []
    with ThreadPoolExecutor(max(limits.jobs, 1)) as pool:
        try:
            numbered = _numbered(subjects, trial)
            booted = list(pool.map(lambda each: _boot(*each, timeout_s=limits.timeout_s), numbered))
            for number, first in enumerate(booted):
                for name, proof in chosen.items():
                    title = f"{number}-{name}"
                    tasks.append((Situation(first.subject, trial, title), name, proof))
            futures = [pool.submit(_run, *task) for task in tasks]
            left = limits.timeout_s - min(_END_S, limits.timeout_s / 4) - (time.monotonic() - began)
            _wait(futures, tasks, left, progress)
        finally:
            trial.stop()
            pool.shutdown(wait=False, cancel_futures=True)
    rows: list[Row] = []
    asked = len(chosen) < len(proofs())
    for first in booted:
        own = [first, *(one for one, _, _ in tasks if one.subject is first.subject)]
        rows += [_row_of(first, "boot", Unproved(what, "no traffic of the run gets there"), 0.0)
                 for what in (*first.left_out, *_beyond(own, asked=asked))]  # fmt: skip
        for future, (situation, name, _) in zip(futures, tasks, strict=True):
            if situation.subject is first.subject:
                found = _result(future, situation, name, limits)
                rows += found or _absent(situation, name, asked=asked)
    rewrites = [(each.subject.name, rewrite) for each in booted for rewrite in each.rewrites]
    rewrites += [(one.subject.name, each) for one, _, _ in tasks for each in one.rewrites]
    unique = {f"{name} {each}": (name, each) for name, each in rewrites}
    return Proved(tuple(rows), tuple(unique.values()), len(subjects), time.monotonic() - began)


def _absent(situation: Situation, name: str, *, asked: bool) -> list[Row]:
    """Return what to say of a concern that has no rows: nothing, unless it was asked for."""
    word = Unproved("the concern", "nothing of it is in the bootstrap")
    return [_row_of(situation, name, word, 0.0)] if asked else []


def _numbered(subjects: Sequence[Subject], trial: Trial) -> list[tuple[Subject, Trial, int]]:
    return [(subject, trial, number) for number, subject in enumerate(subjects)]


def _boot(subject: Subject, trial: Trial, number: int, *, timeout_s: float) -> Situation:
    """Start the Envoy once as it is: what does not start at all is a fault of the input.

    Raises:
        SidecarctlError: it does not start.
    """
    situation = Situation(subject, trial, f"{number}-boot")
    try:
        with situation.stand(ready_s=min(READY_S, timeout_s)):
            return situation
    except SidecarctlError as error:
        if error.at is not None:
            raise
        at = subject.bootstrap.locate(())
        who = "" if subject.name == at.file else f"{subject.name}: "
        raise SidecarctlError(f"{who}{error.message}", at=at, hint=error.hint) from None


def _beyond(situations: Sequence[Situation], *, asked: bool) -> Iterator[str]:
    """Yield what no request of the run has got to: routes, and clusters behind TCP.

    Where proofs were *asked* for by name, others would have taken more routes: then only those that
    lead where nobody gets to.
    """
    taken = {path for each in situations for path in each.taken}
    first = situations[0]
    for way in first.ways:
        caller = first.caller(way)
        known = caller.clusters if isinstance(caller, Caller) else ()
        if not way.is_http:
            if not known:
                yield from (f"{way.name}: the way to {each.name!r}" for each in way.clusters)
            continue
        routes = [each for each in way.chain.routes() if any(_names(each))]
        reached = {each.name for each in known}
        left = [each for each in routes if each.path not in taken]
        if asked:
            left = [each for each in left if not reached & {*_names(each)}]
        if left:
            names = ", ".join(repr(title(each)) for each in left)
            yield f"{way.name}: the route{'s' if len(left) > 1 else ''} {names}"


def _names(route: Part) -> list[str]:
    return [name for name in cluster_names(route.part("route")) if name]


def _wait(
    futures: Sequence["Future[list[Row]]"],
    tasks: Sequence[tuple[Situation, str, Proof]],
    timeout_s: float,
    progress: Callable[[str], None],
) -> None:
    deadline = time.monotonic() + timeout_s
    open_ = set(futures)
    while open_ and time.monotonic() < deadline:
        _, open_ = wait(open_, min(0.2, timeout_s), FIRST_COMPLETED)
        names = [f"{one.subject.name} {name}" for future, (one, name, _) in
                 zip(futures, tasks, strict=True) if future in open_]  # fmt: skip
        progress(f"{len(futures) - len(open_)} of {len(futures)}: {', '.join(names[:2])}")


def _run(situation: Situation, name: str, proof: Proof) -> list[Row]:
    """Run one *proof*; the time of a row is what passed since the one before."""
    rows: list[Row] = []
    began = time.monotonic()
    try:
        for word in proof(situation):
            rows.append(_row_of(situation, name, word, time.monotonic() - began))
            began = time.monotonic()
    except SidecarctlError as error:
        rows.append(_row_of(situation, name, Unproved("the rest of it", error.message), 0.0))
    except (OSError, ValueError) as error:
        situation.trial.go_on()
        seen = f"{type(error).__name__}: {error}"
        word = Shown("traffic of this proof", "answers", seen, ok=False)
        rows.append(_row_of(situation, name, word, time.monotonic() - began))
    return [replace(row, log=tuple(situation.log)) if row.verdict is Verdict.FAILED else row
            for row in rows]  # fmt: skip


def _result(
    future: "Future[list[Row]]", situation: Situation, name: str, limits: Limits
) -> list[Row]:
    with contextlib.suppress(StoppedError):
        if future.done() and not future.cancelled():
            return future.result()
    word = Shown("all of it", f"an end within {limits.timeout_s:g} s", "no end", ok=False,
                 cause="--timeout is over")  # fmt: skip
    return [_row_of(situation, name, word, limits.timeout_s)]


def _row_of(situation: Situation, concern: str, word: Word, seconds: float) -> Row:
    workload = situation.subject.name
    if isinstance(word, Unproved):
        return Row(workload, concern, Verdict.UNPROVED, word.what, "", word.why, seconds)
    verdict = Verdict.PROVED if word.ok else Verdict.FAILED
    took_s = seconds if word.seconds is None else word.seconds
    return Row(workload, concern, verdict, word.tried, word.expected, word.seen, took_s,
               "" if word.ok else word.cause)  # fmt: skip


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(each.capitalize() for each in others)
