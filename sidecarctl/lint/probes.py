"""The probes that the kubelet sends to a port of a pod, whichever container serves it."""

from sidecarctl.lifecycle.pod import Probe
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload


def probes_of_port(workload: Workload, port: int, run: Run) -> tuple[Probe, ...]:
    """Return the httpGet and gRPC probes of *port*; a named port is one of its own container."""
    return tuple(
        probe
        for container in run.pod(workload).containers
        for probe in (container.startup, container.liveness, container.readiness)
        if probe is not None
        and probe.handler.form in ("httpGet", "grpc")
        and probe.handler.port == port
        and not probe.handler.host
    )
