"""Hazards of versions: fields that the target's kubelets do not know or do not obey."""

from collections.abc import Iterator

from sidecarctl.findings import Confidence, FieldPath, Severity
from sidecarctl.lifecycle.hazards.hazard import Cure, Hazard, Kind
from sidecarctl.lifecycle.hazards.scene import Scene
from sidecarctl.lifecycle.pod import Container, Role
from sidecarctl.lifecycle.restart import restarts_all
from sidecarctl.lifecycle.versions import features, supports


def unsupported(scene: Scene) -> Iterator[Hazard]:
    """A field does nothing on the target: it is refused, or dropped without a word."""
    version = scene.setting.version
    for container in scene.pod.containers:
        for name, path in _used(container):
            if supports(name, version):
                continue
            feature = features()[name]
            since = (
                f"works from Kubernetes {feature.safe} on" if feature.safe else "works nowhere yet"
            )
            if version in feature.broken:
                since = f"does not work on {version}"
            yield Hazard(
                kind=Kind.UNSUPPORTED,
                severity=Severity.ERROR,
                confidence=Confidence.HIGH,
                message=f"{path[-1]} of {container.name!r} {since}, the target is {version}",
                path=path,
                container=container.name,
                cure=Cure(f"do without {path[-1]}, or raise kubernetesVersion"),
                source=feature.source,
            )


def _used(container: Container) -> Iterator[tuple[str, FieldPath]]:
    if container.role is Role.SIDECAR:
        yield "native-sidecar", (*container.path, "restartPolicy")
    if container.pre_stop and container.pre_stop.form == "sleep":
        yield "prestop-sleep", container.pre_stop.path
    if container.post_start and container.post_start.form == "sleep":
        yield "poststart-sleep", container.post_start.path
    lifecycle = container.data.get("lifecycle")
    if isinstance(lifecycle, dict) and lifecycle.get("stopSignal") is not None:
        yield "stop-signal", (*container.path, "lifecycle", "stopSignal")
    if restarts_all(container):
        yield "restart-all-containers", (*container.path, "restartPolicyRules")
