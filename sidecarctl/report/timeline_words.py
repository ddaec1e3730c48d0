"""The words of a timeline: times as people write them, how it comes out, what it rests on."""

from collections.abc import Iterator, Sequence

from sidecarctl.lifecycle.assumptions import FIELDS, Case
from sidecarctl.lifecycle.events import NEVER, What, time_of
from sidecarctl.lifecycle.scenario import STOPS, Scenario
from sidecarctl.lifecycle.start import POD
from sidecarctl.lifecycle.timeline import Timeline
from sidecarctl.simulate.simulated import SimulatedPod

_NEVER = {
    Scenario.START: "never Ready",
    Scenario.JOB: "never over",
    Scenario.ROLLING_UPDATE: "never comes through",
}
_REACHED = {
    Scenario.START: "Ready",
    Scenario.JOB: "over",
    Scenario.ROLLING_UPDATE: "this pod is replaced",
}


def seconds(at_s: float) -> str:
    """Return a time as people write it: ``0.5s``, ``16s``, ``1m52s``."""
    if at_s == NEVER:
        return "never"
    if at_s < 100:
        return f"{at_s:.2f}".rstrip("0").rstrip(".") + "s"
    minutes, rest = divmod(round(at_s), 60)
    return f"{minutes}m{rest}s" if rest else f"{minutes}m"


def outcome_s(timeline: Timeline) -> float:
    """Return when what the scenario is about is reached: Ready, gone, done, back; or `NEVER`."""
    if timeline.scenario is Scenario.START:
        return timeline.ready_s
    if timeline.scenario is Scenario.JOB:
        return time_of(timeline.events, POD, What.DONE)
    if timeline.scenario is Scenario.ROLLING_UPDATE and timeline.ready_s == NEVER:
        return NEVER
    if timeline.scenario in {Scenario.APP_CRASH, Scenario.SIDECAR_CRASH}:
        return min((e.at_s for e in timeline.events if e.what is What.READY), default=NEVER)
    if timeline.scenario is Scenario.LIVENESS_KILL:
        return max((e.at_s for e in timeline.events if e.what is What.READY), default=NEVER)
    return timeline.end_s


def sentence(timeline: Timeline) -> str:
    """Say in a few words how *timeline* comes out."""
    at, scenario = outcome_s(timeline), timeline.scenario
    if at == NEVER and scenario in _NEVER:
        stuck = next((e for e in timeline.events if e.what is What.STUCK), None)
        return _NEVER[scenario] + (f": {stuck.container!r} {stuck.why}" if stuck else "")
    if scenario in _REACHED:
        return f"{_REACHED[scenario]} after {seconds(at)}"
    if scenario in STOPS:
        return f"gone after {seconds(at)}, with a grace period of {seconds(timeline.grace_s or 0)}"
    if scenario is Scenario.LIVENESS_KILL:
        killed = dict.fromkeys(e.container for e in timeline.events if e.what is What.SIGNAL)
        names = ", ".join(map(repr, killed))
        return f"{names} killed, " + ("and gone" if at == NEVER else f"back after {seconds(at)}")
    crashed = timeline.events[0]
    if at == NEVER:
        return f"{crashed.container!r} ends, {crashed.why}"
    return f"{crashed.container!r} is back after {seconds(at)}"


def assumed(pod: SimulatedPod, cases: Sequence[Case]) -> Iterator[str]:
    """Yield what the pictures in *cases* rest on, each time with its best and its worst."""
    by_case = {case: each.assumptions for case, each in pod.pictures[0].cases.items()}
    main = cases[0] if len(cases) == 1 else Case.EXPECTED
    sync = f"the kubelet acts within {seconds(by_case[main].sync_s)}"
    yield f"assumed: {sync}; a probe sees a success after {by_case[main].phase:.0%} of its period"
    for container, played in pod.in_play.items():
        parts = []
        for name, field in FIELDS.items():
            if field not in played:
                continue
            best, likely, worst = (
                seconds(getattr(by_case[each].paces[container], field))
                for each in (Case.BEST, main, Case.WORST)
            )
            span = f" ({best} to {worst})" if best != worst else ""
            is_told = field in pod.told.get(container, {})
            parts.append(f"{name} {likely}{' as told' if is_told else span}")
        yield f"  {container}: {', '.join(parts)}" if parts else f"  {container}: nothing"
