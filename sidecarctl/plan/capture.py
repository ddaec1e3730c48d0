"""Transparent interception: whom it cannot be done for, and what comes to the proxy by it."""

from collections.abc import Iterator

from sidecarctl.envoy.slots import Listener
from sidecarctl.findings import Severity
from sidecarctl.lifecycle.images import Purpose, known
from sidecarctl.manifest.narrow import number
from sidecarctl.manifest.workload import Role
from sidecarctl.plan.candidate import Candidate
from sidecarctl.plan.inbound import Inbound
from sidecarctl.plan.injection import Capture
from sidecarctl.plan.outcome import Note
from sidecarctl.plan.scene import Scene
from sidecarctl.topology.fleet import Fleet

_ENFORCE = "pod-security.kubernetes.io/enforce"
_LINKERD = "linkerd.io/inject"
_HINT = "set interception.mode: explicit for it"


def refusals(candidate: Candidate, joined: Fleet) -> Iterator[Note]:
    """Yield what stands against redirecting the connections of the pod.

    Sources: https://kubernetes.io/docs/concepts/security/pod-security-standards/ (capabilities),
    https://linkerd.io/2/reference/proxy-configuration/
    """
    if not candidate.captured:
        return
    yield from _same_user(candidate)
    yield from _other_redirects(candidate, joined)
    for namespace in joined.namespaces(candidate.namespace):
        level = namespace.labels.get(_ENFORCE, "")
        if level in {"baseline", "restricted"}:
            yield Note(
                "pod-security",
                f"its namespace enforces Pod Security {level!r}, which forbids the NET_ADMIN that "
                "redirecting takes",
                Severity.ERROR,
                namespace.locate(("metadata", "labels", _ENFORCE)),
                _HINT,
            )


def _other_redirects(candidate: Candidate, joined: Fleet) -> Iterator[Note]:
    """Yield a refusal for each redirect that is there already, or that a webhook will add."""
    workload = candidate.workload
    for container in workload.containers():
        row = known(container.image, container.name)
        if row is not None and row.purpose is Purpose.REDIRECT:
            yield Note(
                "foreign-proxy",
                f"its init container {container.name!r} redirects its connections already",
                Severity.ERROR,
                workload.document.locate((*container.path, "name")),
                f"take that container out, or {_HINT}",
            )
    homes = joined.namespaces(candidate.namespace)
    holders = [workload.pod_annotations, *(each.annotations for each in homes)]
    if any(each.get(_LINKERD) in {"enabled", "ingress"} for each in holders):
        yield Note(
            "foreign-proxy",
            "Linkerd's webhook will redirect its connections to a proxy of its own",
            Severity.ERROR,
            hint=f"take the annotation {_LINKERD} away, or {_HINT}",
        )


def _same_user(candidate: Candidate) -> Iterator[Note]:
    """Yield a refusal for each container whose connections would pass for the proxy's own."""
    uid = number(candidate.proxy_values.get("runAsUser"))
    for container in candidate.workload.containers():
        if container.run_as_user == uid:
            yield Note(
                "uid-clash",
                f"{container.name!r} runs as {uid} like the proxy: its connections would not be "
                "redirected",
                Severity.ERROR,
                candidate.workload.document.locate(container.path),
                f"set sidecars.{candidate.choice.proxy}.runAsUser to another uid",
            )


def early_inits(candidate: Candidate) -> Iterator[Note]:
    """Yield a note for each init container that runs while nobody serves what is redirected."""
    if not candidate.captured or candidate.native:
        return
    for container in candidate.workload.containers():
        if container.role is Role.INIT:
            yield Note(
                "init-without-network",
                f"init container {container.name!r} runs before the proxy, and its connections are "
                "redirected to it all the same: it reaches nobody",
                Severity.WARNING,
                candidate.workload.document.locate(container.path),
                "set kubernetesVersion to 1.29 or later, or exclude its uid or ports",
            )


def captured(scene: Scene, into: Inbound) -> tuple[Capture, Listener] | None:
    """Return what is redirected, and the listener for what goes out; None where nothing is."""
    if not scene.candidate.captured:
        return None
    port = scene.take("capture")
    listener = Listener(
        name="capture",
        direction="outbound",
        protocol="tcp",
        address="127.0.0.1",
        port=port,
        target_host="",
        target_port=0,
    )
    return Capture(port, tuple(into.redirects.items())), listener
