"""Work shared among processes, where the system can fork: each takes a part of the items.

What a rule may look at, all documents of the run, is there in every process without being sent: a
fork shares it. Only findings come back. Where a process is lost, its part is done here.
"""

import gc
import marshal
import os
import pickle
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar, cast

from msgspec import Struct

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")


class _Child(Struct, frozen=True):
    """A process, the end of the pipe where its work comes out, and the part that it has."""

    pid: int
    pipe: int
    start: int
    end: int


class Wire(Struct, frozen=True):
    """How what was made becomes bytes, and again what it was."""

    dumps: Callable[[object], bytes]
    loads: Callable[[bytes], object]


_PICKLE = Wire(pickle.dumps, pickle.loads)
PLAIN = Wire(marshal.dumps, marshal.loads)  # type: ignore[arg-type]  # of plain data it takes less
"""The wire for what JSON could hold, and tuples of it: it takes half of the time."""


def processors() -> int:
    """Return how many processes can run side by side, 1 where the system cannot fork."""
    if not hasattr(os, "fork"):
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def share(
    work: Callable[[Sequence[_Item]], list[_Made]],
    items: Sequence[_Item],
    processes: int,
    wire: Wire = _PICKLE,
) -> list[_Made]:
    """Return what *work* makes of *items*, in their order, done by as many *processes*.

    *work* must make of some items what it would make of them among all; what it makes must be
    fit for the *wire*, the way from one process to another.
    """
    size = -(-len(items) // max(processes, 1)) or 1
    bounds = [(start, min(start + size, len(items))) for start in range(0, len(items), size)]
    children: list[_Child] = []
    try:
        if len(bounds) > 1:
            gc.freeze()  # a child that collects would copy every page it looks at
        for start, end in bounds[1:]:
            children.append(_fork(work, items[start:end], wire, start, end))
        made = work(items[: bounds[0][1]]) if bounds else []
        for child in children:
            part: list[_Made] | None = _result(child, wire)
            made += work(items[child.start : child.end]) if part is None else part
        return made
    finally:
        for child in children:
            _end(child)


def _fork(
    work: Callable[[Sequence[_Item]], list[_Made]],
    items: Sequence[_Item],
    wire: Wire,
    start: int,
    end: int,
) -> _Child:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return _Child(pid, reading, start, end)
    # From here on this is the child: it says nothing, and never comes back.
    try:
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(wire.dumps(work(items)))
    except BaseException:  # noqa: BLE001  also an interrupt: the parent has it as well
        os._exit(1)
    os._exit(0)


def _result(child: _Child, wire: Wire) -> list[_Made] | None:
    """Return what *child* made, None where it was lost."""
    with os.fdopen(os.dup(child.pipe), "rb") as pipe:
        data = pipe.read()
    try:
        return cast("list[_Made]", wire.loads(data))
    except (EOFError, ValueError, TypeError, pickle.UnpicklingError):
        return None


def _end(child: _Child) -> None:
    os.close(child.pipe)
    with suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGKILL)  # one that has ended takes no notice
    with suppress(ChildProcessError):
        os.waitpid(child.pid, 0)
