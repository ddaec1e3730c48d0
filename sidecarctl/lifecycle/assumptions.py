"""What no manifest says and a timeline needs: how long things take, as stated assumptions."""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from sidecarctl.errors import ProfileError
from sidecarctl.lifecycle.pod import Container, Handler, Pod
from sidecarctl.lifecycle.setting import image

_SLEEP = re.compile(r"\bsleep\s+(\d+(?:\.\d+)?)(s|m|h)?\b")
_LOOP = re.compile(r"\b(while|until|for)\b")
_UNIT = {None: 1, "s": 1, "m": 60, "h": 3600}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?")
_DURATION_UNIT = {None: 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class Case(StrEnum):
    """How well things go."""

    BEST = "best"
    EXPECTED = "expected"
    WORST = "worst"


class Pace(Struct, frozen=True):
    """How long one container takes, in seconds.

    *pull* the image; *start* from the process to listening; *run* from the process to its end, for
    init containers and the apps of a Job; *hook* an exec postStart; *pre_stop* an exec or httpGet
    preStop; *exit* from the stop signal to the end.
    """

    pull: float
    start: float
    run: float
    hook: float
    pre_stop: float
    exit: float


class Assumptions(Struct, frozen=True):
    """The stated assumptions of a timeline.

    *sync_s* is what the kubelet takes to notice an event and act (its PLEG lists containers once a
    second); *phase* says how much of its period a probe lets pass before it sees a success [P1].
    """

    case: Case
    sync_s: float
    phase: float
    paces: Mapping[str, Pace]


FIELDS: Mapping[str, str] = {
    "pull": "pull",
    "start": "start",
    "run": "run",
    "postStart": "hook",
    "preStop": "pre_stop",
    "exit": "exit",
}
"""What a user may assume of a container -> the field of `Pace`."""


class Assumption(Struct, frozen=True):
    """What somebody assumes of *container* (``*`` is every one): *field* takes *seconds*."""

    container: str
    field: str
    seconds: float


# Engineering values, open to `--assume`: nobody measured *your* app.
PACES = {
    Case.BEST: Pace(pull=0, start=0, run=0, hook=0, pre_stop=0, exit=0),
    Case.EXPECTED: Pace(pull=2, start=1, run=2, hook=0.1, pre_stop=0.1, exit=1),
    Case.WORST: Pace(pull=30, start=10, run=60, hook=5, pre_stop=5, exit=10),
}
# Source of sync_s: the generic PLEG relists every second; probes tick each periodSeconds from the
# moment the pod was added, so the phase is anywhere between 0 and 1 of a period.
# https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/prober/worker.go
SYNC_S = {Case.BEST: 0.0, Case.EXPECTED: 0.5, Case.WORST: 1.0}
PHASE = {Case.BEST: 0.0, Case.EXPECTED: 0.5, Case.WORST: 1.0}


def assume(
    pod: Pod,
    case: Case = Case.EXPECTED,
    given: Mapping[str, Mapping[str, float]] | None = None,
) -> Assumptions:
    """Return the assumptions of *case*, with what is *given* by container and field of `Pace`."""
    said = given or {}
    paces = {c.name: _pace(c, case, said.get(c.name, {})) for c in pod.containers}
    return Assumptions(case, SYNC_S[case], PHASE[case], paces)


def parse_assumption(text: str) -> Assumption:
    """Read ``app.start=8s``; ``*`` is every container.

    Raises:
        ProfileError: it has another form.
    """
    target, _, duration = text.partition("=")
    container, _, name = target.rpartition(".")
    number = _DURATION.fullmatch(duration)
    if number is None or name not in FIELDS or not container:
        hint = f"write CONTAINER.FIELD=SECONDS; fields: {', '.join(FIELDS)}"
        raise ProfileError(f"{text!r} is no assumption such as 'app.start=8s'", hint=hint)
    return Assumption(container, FIELDS[name], float(number[1]) * _DURATION_UNIT[number[2]])


def said_of(pod: Pod, assumptions: Iterable[Assumption]) -> dict[str, dict[str, float]]:
    """Return what *assumptions* say of the containers of *pod*; the last word on a field counts."""
    found: dict[str, dict[str, float]] = {}
    for each in assumptions:
        for container in pod.containers:
            if each.container in {container.name, "*"}:
                found.setdefault(container.name, {})[each.field] = each.seconds
    return found


def sleep_s(handler: Handler) -> float:
    """Return how many seconds *handler* sleeps for sure: ``sleep: {seconds: 5}``, ``sleep 5``."""
    return handler.seconds if handler.form == "sleep" else sum(_sleeps(handler.command))


def _pace(container: Container, case: Case, given: Mapping[str, float]) -> Pace:
    pace, row = PACES[case], image(container)
    if row and case is not Case.BEST:
        start = pace.start if row.start_s is None else row.start_s
        stop = pace.exit if row.exit_s is None else row.exit_s
        pace = replace(pace, start=start, exit=stop)
    if container.post_start is not None:
        pace = replace(pace, hook=sleep_s(container.post_start) or pace.hook)
    if container.pre_stop is not None:
        pace = replace(pace, pre_stop=sleep_s(container.pre_stop) or pace.pre_stop)
    return replace(pace, **given) if given else pace


def _sleeps(command: tuple[str, ...]) -> Iterator[float]:
    text = " ".join(command)
    if "sleep" in text and not _LOOP.search(text):  # a sleep in a loop is not the whole of it
        for match in _SLEEP.finditer(text):
            yield float(match[1]) * _UNIT[match[2]]
