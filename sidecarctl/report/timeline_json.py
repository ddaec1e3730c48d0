"""A simulation for programs: one JSON object, whose ``version`` grows when a field's meaning does.

Times are seconds; what never happens is null.
"""

from collections.abc import Mapping

from sidecarctl.errors import SidecarctlError
from sidecarctl.findings import Json, JsonObject
from sidecarctl.lifecycle.assumptions import FIELDS
from sidecarctl.lifecycle.events import NEVER
from sidecarctl.lifecycle.lanes import Lane
from sidecarctl.lifecycle.timeline import Timeline
from sidecarctl.report.dump import dump
from sidecarctl.report.findings_json import location_json
from sidecarctl.report.timeline_words import outcome_s
from sidecarctl.simulate.simulated import Danger, Picture, SimulatedPod, Simulation

_VERSION = 1


def simulation_json(simulation: Simulation) -> str:
    """Return *simulation*, every case of it, as JSON text with a line end."""
    return dump(
        {
            "version": _VERSION,
            "command": "simulate",
            "kubernetesVersion": str(simulation.version),
            "profile": simulation.profile or None,
            "pods": [_pod(pod) for pod in simulation.pods],
        }
    )


def _pod(pod: SimulatedPod) -> JsonObject:
    return {
        "kind": pod.kind,
        "name": pod.name,
        "namespace": pod.namespace,
        "location": location_json(pod.location),
        "stage": pod.stage.value,
        "faults": [_fault(fault) for fault in pod.faults],
        "scenarios": [_picture(picture, pod) for picture in pod.pictures],
        "hazards": [_danger(danger) for danger in pod.dangers],
        "remarks": list(pod.remarks),
    }


def _fault(fault: SidecarctlError) -> JsonObject:
    place = location_json(fault.at) if fault.at else None
    return {"message": fault.message, "location": place, "hint": fault.hint}


def _picture(picture: Picture, pod: SimulatedPod) -> JsonObject:
    return {
        "scenario": picture.scenario.value,
        "cases": {case.value: _timeline(each, pod) for case, each in picture.cases.items()},
    }


def _timeline(timeline: Timeline, pod: SimulatedPod) -> JsonObject:
    guess = timeline.assumptions
    return {
        "outcomeS": _time(outcome_s(timeline)),
        "readyS": _time(timeline.ready_s),
        "endS": _time(timeline.end_s),
        "graceS": timeline.grace_s,
        "assumptions": {
            "syncS": guess.sync_s,
            "probePhase": guess.phase,
            "containers": {
                name: _fields(
                    {field: getattr(guess.paces[name], field) for field in played},
                )
                for name, played in pod.in_play.items()
            },
        },
        "lanes": [_lane(lane) for lane in timeline.lanes],
        "events": [
            {
                "atS": _time(event.at_s),
                "container": event.container or None,
                "revision": event.revision or None,
                "what": event.what.value,
                "why": event.why or None,
            }
            for event in timeline.events
        ],
        "gaps": [
            {"startS": gap.start_s, "endS": _time(gap.end_s), "message": gap.message}
            for gap in timeline.gaps
        ],
        "notes": list(timeline.notes),
    }


def _fields(values: Mapping[str, float]) -> JsonObject:
    return {name: values[field] for name, field in FIELDS.items() if field in values}


def _lane(lane: Lane) -> JsonObject:
    return {
        "container": lane.container,
        "role": lane.role.value,
        "revision": lane.revision or None,
        "killed": lane.killed,
        "spans": [
            {"phase": span.phase.value, "startS": span.start_s, "endS": span.end_s}
            for span in lane.spans
        ],
        "rest": lane.rest.value if lane.rest else None,
    }


def _danger(danger: Danger) -> JsonObject:
    hazard = danger.hazard
    related: list[Json] = [
        {"location": location_json(one.location), "message": one.message} for one in danger.related
    ]
    return {
        "kind": hazard.kind.value,
        "severity": hazard.severity.value,
        "confidence": hazard.confidence.value,
        "container": hazard.container,
        "message": hazard.message,
        "location": location_json(danger.location),
        "related": related,
        "cure": hazard.cure.text,
        "source": hazard.source,
    }


def _time(at_s: float) -> float | None:
    return None if at_s == NEVER else at_s
