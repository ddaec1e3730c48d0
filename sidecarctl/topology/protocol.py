"""Which protocol a port speaks.

An HTTP filter chain in front of Redis answers 400, while a TCP chain in front of HTTP merely does
less: so what is not known to be HTTP or gRPC is TCP.
"""

import re
from enum import StrEnum

from msgspec import Struct

from sidecarctl.manifest.objects import Service, ServicePort
from sidecarctl.manifest.workload import Container, Port, Role, Workload


class Protocol(StrEnum):
    """What Envoy must know of a port."""

    HTTP = "http"
    GRPC = "grpc"
    TCP = "tcp"


# Names as Istio takes them for `appProtocol` and as port-name prefixes, and the two that
# Kubernetes defines: https://kubernetes.io/docs/concepts/services-networking/service/#application-protocol
# What is encrypted already (https, tls, wss) is passed on as TCP.
_NAMES = {
    "http": Protocol.HTTP,
    "http2": Protocol.HTTP,
    "http-web": Protocol.HTTP,
    "kubernetes.io/h2c": Protocol.HTTP,
    "kubernetes.io/ws": Protocol.HTTP,
    "ws": Protocol.HTTP,
    "grpc": Protocol.GRPC,
    "grpc-web": Protocol.HTTP,
    "tcp": Protocol.TCP,
    "tls": Protocol.TCP,
    "https": Protocol.TCP,
    "wss": Protocol.TCP,
    "kubernetes.io/wss": Protocol.TCP,
    "mongo": Protocol.TCP,
    "mysql": Protocol.TCP,
    "postgres": Protocol.TCP,
    "postgresql": Protocol.TCP,
    "redis": Protocol.TCP,
}
_NUMBERS = {80: Protocol.HTTP, 8000: Protocol.HTTP, 8080: Protocol.HTTP, 50051: Protocol.GRPC}


class Guess(Struct, frozen=True):
    """A protocol and, for the report, what it was taken from."""

    protocol: Protocol
    why: str


class AppPort(Struct, frozen=True):
    """A TCP port that the application listens on.

    *container* and *port* are None where only a Service's ``targetPort`` tells of it: a container
    need not declare what it listens on.
    """

    number: int
    name: str
    container: Container | None
    port: Port | None
    guess: Guess


def app_ports(target: Workload, services: tuple[Service, ...]) -> tuple[AppPort, ...]:
    """Return the TCP ports of *target*, in order: those declared, then those only Services name."""
    declared = {
        port.number: (container, port)
        for container in reversed(target.containers())
        if container.role is not Role.INIT
        for port in reversed(container.ports())
        if port.protocol == "TCP"
    }
    aimed = [
        port
        for each in services
        for port in each.ports()
        if isinstance(port.target, int) and port.protocol == "TCP"
    ]
    found = []
    for container in target.containers():
        for port in container.ports():
            if declared.get(port.number) == (container, port):
                guess = protocol_of(target, port.number, port.name, services)
                found.append(AppPort(port.number, port.name, container, port, guess))
    known = set(declared)
    for service_port in aimed:
        number = service_port.target
        if isinstance(number, int) and number not in known:
            known.add(number)
            guess = protocol_of(target, number, "", services)
            found.append(AppPort(number, "", None, None, guess))
    return tuple(found)


def protocol_of(
    target: Workload, number: int, name: str, services: tuple[Service, ...] = ()
) -> Guess:
    """Say which protocol the port *number* (called *name*) of *target* speaks.

    ``appProtocol`` > name of the Service's port > name of the container's port > a gRPC or HTTP
    probe on it > well-known number > TCP.
    """
    ports = [port for each in services for port in each.ports() if port.target in (number, name)]
    return (
        _by_app_protocol(ports)
        or _by_service_name(ports)
        or _by_name(name, f"the port's name {name!r}")
        or _by_probe(target, number, name)
        or _by_number(number)
    )


def protocol_of_service_port(port: ServicePort) -> Guess:
    """Say which protocol *port* speaks, where the workload behind it is not in sight."""
    return (
        _by_app_protocol([port])
        or _by_service_name([port])
        or _by_number(port.target if isinstance(port.target, int) else port.number)
    )


def _by_app_protocol(ports: list[ServicePort]) -> Guess | None:
    for port in ports:
        if port.app_protocol:
            protocol = _NAMES.get(port.app_protocol.lower(), Protocol.TCP)
            return Guess(protocol, f"appProtocol {port.app_protocol!r}")
    return None


def _by_service_name(ports: list[ServicePort]) -> Guess | None:
    for port in ports:
        if guess := _by_name(port.name, f"the Service port's name {port.name!r}"):
            return guess
    return None


def _by_name(name: str, why: str) -> Guess | None:
    prefix = re.split(r"[-_]", name.lower(), maxsplit=1)[0]
    found = _NAMES.get(name.lower()) or _NAMES.get(prefix)
    return Guess(found, why) if found else None


def _by_probe(target: Workload, number: int, name: str) -> Guess | None:
    for container in target.containers():
        for probe in container.probes():
            if probe.port != number and not (name and probe.port == name):
                continue
            if probe.handler == "grpc":
                return Guess(Protocol.GRPC, f"the gRPC {probe.role} on it")
            if probe.handler == "httpGet":
                https = probe.scheme.upper() == "HTTPS"
                return Guess(
                    Protocol.TCP if https else Protocol.HTTP,
                    f"the {'HTTPS' if https else 'HTTP'} {probe.role} on it",
                )
    return None


def _by_number(number: int) -> Guess:
    if number in _NUMBERS:
        return Guess(_NUMBERS[number], f"the well-known number {number}")
    return Guess(Protocol.TCP, "nothing says otherwise")
