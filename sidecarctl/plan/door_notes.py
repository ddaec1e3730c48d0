"""A door: a port of a Service that leads to the application; and what there is to say about it."""

from msgspec import Struct

from sidecarctl.envoy.slots import Listener
from sidecarctl.findings import Severity
from sidecarctl.manifest.objects import Service, ServicePort
from sidecarctl.plan.outcome import Note
from sidecarctl.plan.scene import Scene
from sidecarctl.topology.protocol import AppPort


class Door(Struct, frozen=True):
    """A port of a Service that leads to a port of the application."""

    service: Service
    port: ServicePort
    named: bool
    external: bool


def headless(service: Service) -> Note:
    """Say that clients of a headless Service reach the pod past the proxy."""
    return Note(
        "service-headless",
        f"the headless Service {service.name!r} leads clients to the pod itself, past the proxy",
        Severity.WARNING,
        service.document.locate(("spec", "clusterIP")),
        "give clients a Service with a cluster IP, or leave the workload out",
    )


def host_port(scene: Scene, port: AppPort) -> Note:
    """Say that the node's port leads past the proxy."""
    path = port.port.path if port.port else ()
    return Note(
        "host-port",
        f"hostPort leads from the node to port {port.number}, past the proxy",
        Severity.WARNING,
        scene.document.locate((*path, "hostPort")),
        "drop the hostPort and use a Service, or leave the workload out",
    )


def mixed(door: Door, other: str) -> Note:
    """Say that a Service leads to *other* as well, which has no proxy."""
    return Note(
        "service-mixed",
        f"Service {door.service.name!r} also selects {other!r}, which gets no proxy",
        Severity.WARNING,
        door.service.document.locate(("spec", "selector"), on="key"),
        "inject both, or give each a Service of its own",
    )


def external(door: Door) -> Note:
    """Say that clients from outside cannot show the certificate that is demanded."""
    return Note(
        "service-external",
        f"clients of the external Service {door.service.name!r} have no certificate, which strict "
        "mTLS demands",
        Severity.WARNING,
        door.service.document.locate(("spec", "type")),
        "set concerns.mtls.external: plaintext, or leave the workload out",
    )


def plaintext(door: Door, listener: Listener) -> Note:
    """Say which listener clients from outside get."""
    return Note(
        "external-plaintext",
        f"the external Service {door.service.name!r} gets a plaintext listener of its own, "
        f"{listener.port}",
        Severity.WARNING,
        door.service.document.locate(("spec", "type")),
    )


def closed(door: Door, listener: Listener) -> Note:
    """Say that no rule of access lets anyone in from outside."""
    return Note(
        "external-closed",
        f"every rule of access asks for an identity, so the plaintext listener {listener.port} "
        "refuses everyone",
        Severity.WARNING,
        door.service.document.locate(("spec", "type")),
        "add a rule with `from: [anonymous]`, or set the external Service apart",
    )


def in_context(door: Door, listener: Listener) -> Note:
    """Say where to aim a Service that may not be changed here."""
    return Note(
        "service-in-context",
        f"Service {door.service.name!r} is only looked at: it still aims at {door.port.target}",
        Severity.WARNING,
        door.service.document.locate((*door.port.path, "targetPort")),
        f"set its targetPort to {listener.port}",
    )


def both_families(scene: Scene) -> Note:
    """Say that the proxy listens for IPv6 although the profile says IPv4."""
    return Note(
        "ip-family",
        "a Service leads to it over IPv6, so the proxy listens on both families",
        location=scene.document.locate(("kind",), on="key"),
        hint=f"say so in the profile: sidecars.{scene.candidate.choice.proxy}.ipFamily: dual",
    )


def no_service(scene: Scene, listeners: list[Listener]) -> Note:
    """Say that nothing leads through the proxy yet."""
    pairs = ", ".join(f"{each.port} (for {each.target_port})" for each in listeners)
    return Note(
        "no-service",
        "no Service in the input selects it, so nothing is led through the proxy yet",
        Severity.WARNING,
        scene.document.locate(("kind",), on="key"),
        f"set targetPort to {pairs}, or show the Service with --context",
    )
