"""Hazards of Jobs: sidecars that keep them from ending, or from ever beginning."""

import re
from collections.abc import Iterator

from sidecarctl.findings import Confidence, Severity
from sidecarctl.lifecycle.hazards.cures import native_agent, native_before, port_of
from sidecarctl.lifecycle.hazards.hazard import Cure, Hazard, Kind
from sidecarctl.lifecycle.hazards.scene import Scene
from sidecarctl.lifecycle.images import Purpose
from sidecarctl.lifecycle.needs import Need, When
from sidecarctl.lifecycle.pod import Container
from sidecarctl.lifecycle.setting import purpose

_JOBS = "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#jobs-with-sidecar-containers"
_QUITS = re.compile(
    r"quitquitquit|linkerd-await|--shutdown\b|EXIT_ON_ZERO|scuttle|\bp?kill\b|exit-after-auth"
    r"|quit-?(on|after)|--run-once|one-?time",
    re.I,
)


def hanging_jobs(scene: Scene) -> Iterator[Hazard]:
    """A sidecar in ``containers`` runs on when the work is done, so the Job never ends [J1]."""
    if not scene.setting.is_job:
        return
    texts = [text for container in scene.pod.apps for text in container.texts]
    if any(_QUITS.search(f"{text.name} {text.value}") for text in texts):
        return  # somebody ends the sidecar
    for sidecar in scene.classics:
        yield Hazard(
            kind=Kind.JOB_HANGS,
            severity=Severity.ERROR,
            confidence=Confidence.HIGH,
            message=f"{sidecar.name!r} does not end with the work: "
            f"the {scene.setting.kind} never completes",
            path=sidecar.path,
            container=sidecar.name,
            cure=_cure(sidecar, scene),
            source=_JOBS,
        )


def missing_deadlines(scene: Scene) -> Iterator[Hazard]:
    """A gate that never opens leaves the Job pending for ever: nothing has failed [J5]."""
    setting, pod = scene.setting, scene.pod
    if not setting.is_job or setting.job_deadline_s is not None or pod.deadline_s is not None:
        return
    gate = next((sidecar for sidecar in pod.sidecars if sidecar.startup), None)
    if gate is not None and gate.startup is not None:
        yield Hazard(
            kind=Kind.NO_DEADLINE,
            severity=Severity.INFO,
            confidence=Confidence.HIGH,
            message=f"if {gate.name!r} never starts up, the {setting.kind} waits for ever",
            path=gate.startup.path,
            container=gate.name,
            cure=Cure("set activeDeadlineSeconds of the Job"),
            source=_JOBS,
        )


def _cure(sidecar: Container, scene: Scene) -> Cure:
    need = Need(scene.mains[0], When.RUN, sidecar, "it", sidecar.path, port_of(sidecar, scene))
    if purpose(sidecar) is Purpose.TELEMETRY:
        return native_agent(need, scene)
    return native_before(need, scene)
