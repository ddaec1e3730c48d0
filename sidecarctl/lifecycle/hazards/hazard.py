"""A hazard, and the edits of plain data that cure it."""

from copy import deepcopy
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from sidecarctl.findings import Confidence, FieldPath, Json, JsonObject, Severity


class Kind(StrEnum):
    """What goes wrong."""

    DEADLOCK = "deadlock"
    RACE = "race"
    UNORDERED = "unordered"
    FAIL_OPEN = "fail-open"
    GATE_NEVER_PASSES = "gate-never-passes"
    PROBE_NEVER_PASSES = "probe-never-passes"
    SLOW_GATE = "slow-gate"
    START_BUDGET = "start-budget"
    AGENT_GATES = "agent-gates"
    HOOK_FAILS = "hook-fails"
    LIVENESS_CASCADE = "liveness-cascade"
    ORDER_LOST = "order-lost"
    DATA_LOSS = "data-loss"
    REQUESTS_CUT = "requests-cut"
    GRACE_OVERFLOW = "grace-overflow"
    HOOKS_SKIPPED = "hooks-skipped"
    JOB_HANGS = "job-hangs"
    NO_DEADLINE = "no-deadline"
    UNSUPPORTED = "unsupported"


class Edit(Struct, frozen=True):
    """One change of plain data: set a value, insert it into a list, or remove what is at *path*."""

    action: Literal["set", "insert", "remove"]
    path: FieldPath
    value: Json = None


class Cure(Struct, frozen=True):
    """The smallest change that removes a hazard, in words and, where it is certain, as edits.

    The edits apply one after the other; their paths count from the root of the document.
    """

    text: str
    edits: tuple[Edit, ...] = ()


class Hazard(Struct, frozen=True):
    """Something that will go wrong: *path* is where it shows, *related* are the other places."""

    kind: Kind
    severity: Severity
    confidence: Confidence
    message: str
    path: FieldPath
    container: str
    cure: Cure
    source: str
    related: tuple[tuple[FieldPath, str], ...] = ()


def edited(data: JsonObject, edits: tuple[Edit, ...]) -> JsonObject:
    """Return a copy of the document *data* with *edits* made; mappings on the way are created.

    Raises:
        KeyError, IndexError: the path of an edit leads through something that is not there.
    """
    copy = deepcopy(data)
    for edit in edits:
        _make(copy, edit)
    return copy


def _make(data: JsonObject, edit: Edit) -> None:
    *way, last = edit.path
    holder: Json = data
    for step, after in zip(way, edit.path[1:], strict=True):
        holder = _down(holder, step, [] if isinstance(after, int) else {})
    if isinstance(holder, list) and isinstance(last, int):
        if edit.action == "insert":
            holder.insert(last, edit.value)
        elif edit.action == "remove":
            del holder[last]
        else:
            holder[last] = edit.value
    elif isinstance(holder, dict) and isinstance(last, str):
        if edit.action == "remove":
            del holder[last]
        else:
            holder[last] = edit.value
    else:
        raise KeyError(last)


def _down(holder: Json, step: str | int, fresh: Json) -> Json:
    if isinstance(holder, list) and isinstance(step, int):
        return holder[step]
    if isinstance(holder, dict) and isinstance(step, str):
        return holder.setdefault(step, fresh)
    raise KeyError(step)
