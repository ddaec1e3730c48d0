"""What the model of the kubelet says of a pod, as hits: no SC1xx rule guesses."""

from collections.abc import Iterator

from sidecarctl.findings import FieldPath
from sidecarctl.lifecycle.hazards.hazard import Hazard, Kind
from sidecarctl.lifecycle.pod import Container, Role
from sidecarctl.lint.rule import Also, Hit
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload

_BLOCKS = frozenset({"startupProbe", "readinessProbe", "livenessProbe", "preStop", "postStart",
                     "exec", "httpGet", "tcpSocket", "grpc", "sleep"})  # fmt: skip
"""Fields whose value is a mapping: a finding stands at their key."""


def hazards(workload: Workload, run: Run, *kinds: Kind) -> Iterator[Hazard]:
    """Yield the hazards of *kinds* in the pod of *workload*."""
    for hazard in run.analysis(workload).hazards:
        if hazard.kind in kinds:
            yield hazard


def hit(hazard: Hazard) -> Hit:
    """Return *hazard* as a hit, with its cure as help."""
    return Hit(
        hazard.path,
        hazard.message,
        on="key" if hazard.path[-1] in _BLOCKS else "value",
        help=hazard.cure.text,
        also=tuple(Also(path, message) for path, message in hazard.related),
        severity=hazard.severity,
        confidence=hazard.confidence,
    )


def deadlocks(
    workload: Workload, run: Run
) -> Iterator[tuple[Hazard, Container | None, Container | None]]:
    """Yield each deadlock with the container that waits and the one it waits for."""
    for hazard in hazards(workload, run, Kind.DEADLOCK):
        who = container_at(hazard.path, workload, run)
        server = container_at(hazard.related[0][0], workload, run) if hazard.related else None
        yield hazard, who, server


def container_at(path: FieldPath, workload: Workload, run: Run) -> Container | None:
    """Return the container that *path* leads into."""
    containers = run.pod(workload).containers
    return next((one for one in containers if path[: len(one.path)] == one.path), None)


def told_elsewhere(workload: Workload, run: Run) -> set[str]:
    """Return the containers that another rule names for the same cause: one cause, one finding."""
    named = {one.container for one in hazards(workload, run, Kind.JOB_HANGS, Kind.FAIL_OPEN)}
    for _, who, server in deadlocks(workload, run):
        if who and server and who.role is Role.INIT:
            named.add(server.name)
    return named
