"""A pod spec -> what the API server refuses in it, or what goes wrong when the kubelet runs it."""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from sidecarctl.findings import FieldPath, JsonObject, Severity
from sidecarctl.lifecycle.assumptions import Assumptions, Case, assume
from sidecarctl.lifecycle.hazards import fields, jobs, probing, starting, stopping
from sidecarctl.lifecycle.hazards.hazard import Hazard
from sidecarctl.lifecycle.hazards.scene import Scene
from sidecarctl.lifecycle.needs import Need, needs
from sidecarctl.lifecycle.pod import Pod
from sidecarctl.lifecycle.reading import read
from sidecarctl.lifecycle.refusal import faults
from sidecarctl.lifecycle.setting import Setting, classics, mains
from sidecarctl.violation import Violation

CHECKS: tuple[Callable[[Scene], Iterator[Hazard]], ...] = (
    starting.deadlocks,
    starting.races,
    starting.unordered,
    probing.hopeless_probes,
    starting.slow_gates,
    starting.start_budgets,
    starting.agent_gates,
    probing.failing_hooks,
    probing.liveness_cascades,
    stopping.lost_orders,
    stopping.lost_data,
    stopping.cut_requests,
    stopping.endless_hooks,
    stopping.short_graces,
    stopping.skipped_hooks,
    jobs.hanging_jobs,
    jobs.missing_deadlines,
    fields.unsupported,
)

_WEIGHT = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


class Analysis(Struct, frozen=True):
    """What the model says of a pod. Where there are *faults*, nothing else is said."""

    pod: Pod
    faults: tuple[Violation, ...]
    needs: tuple[Need, ...]
    hazards: tuple[Hazard, ...]


def analyse(
    data: JsonObject,
    path: FieldPath = (),
    setting: Setting | None = None,
    given: Mapping[str, Mapping[str, float]] | None = None,
) -> Analysis:
    """Analyse the pod spec *data*, which stands at *path* in its document.

    Only what is certain counts: hooks last as long as they sleep, everything else takes no time
    unless it is *given* (``{"app": {"exit": 25}}``, fields of `Pace`). Hazards come worst first.
    """
    setting = setting or Setting()
    pod = read(data, path)
    refused = faults(pod, kind=setting.kind, version=setting.version)
    if refused:
        return Analysis(pod, refused, (), ())
    scene = look(pod, setting, assume(pod, Case.BEST, given))
    hazards = sorted(
        (hazard for check in CHECKS for hazard in check(scene)), key=lambda h: _WEIGHT[h.severity]
    )
    return Analysis(pod, (), scene.needs, tuple(hazards))


def look(pod: Pod, setting: Setting, guess: Assumptions) -> Scene:
    """Put together what the checks look at."""
    found = needs(pod, setting)
    return Scene(pod, setting, guess, found, mains(pod, setting), classics(pod, setting))
