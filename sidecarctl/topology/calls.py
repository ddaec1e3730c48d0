"""Who calls whom: addresses in environment variables and arguments that name a Service."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sidecarctl.findings import FieldPath, Json
from sidecarctl.manifest.objects import Service, ServicePort
from sidecarctl.manifest.workload import Container, Workload
from sidecarctl.topology.fleet import Fleet

_ADDRESS = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://(?:[^\s/@,]*@)?)?"
    r"(?P<host>(?<![A-Za-z0-9._-])[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)"
    r"(?::(?P<port>[0-9]{1,5}))?(?![A-Za-z0-9._:@-])",
    re.IGNORECASE,
)
_DEFAULT_PORTS = {"http": 80, "https": 443, "grpc": 80, "redis": 6379, "postgres": 5432,
                  "postgresql": 5432, "mysql": 3306, "mongodb": 27017, "amqp": 5672}  # fmt: skip
_ENCRYPTED = {"https", "rediss", "amqps", "mysqls", "wss"}
# Variables that hold a host alone: the port stands elsewhere, so nothing can be rewired.
_HOST_VARIABLE = re.compile(r"(?:^|_)(?:HOST|HOSTNAME|SERVER|ADDR|ADDRESS|ENDPOINT)$")


@dataclass(frozen=True, slots=True)
class Call:
    """A place where a workload names a Service that it will connect to.

    *path* is the field that holds the text; *start* and *end* bound ``host:port`` (or ``host``) in
    it. *obstacle* says why the text cannot be pointed elsewhere; it is empty where it can.
    """

    caller: Workload
    container: Container
    path: FieldPath
    variable: str
    text: str
    start: int
    end: int
    service: Service
    port: ServicePort
    scheme: str
    obstacle: str = ""

    @property
    def encrypted(self) -> bool:
        """Tell whether the application itself speaks TLS to the Service."""
        return self.scheme in _ENCRYPTED

    @property
    def host(self) -> str:
        """Return the host as the application wrote it."""
        return self.text[self.start : self.end].partition(":")[0]


def calls(caller: Workload, joined: Fleet, cluster_domain: str = "cluster.local") -> list[Call]:
    """Return the calls of *caller* to Services of *joined*, in the order they stand in."""
    names = _names(joined, joined.namespace_of(caller.document), cluster_domain)
    found = []
    for container in caller.containers():
        for variable in container.env():
            if variable.value is not None:
                where = (*variable.path, "value")
                found += _scan(caller, container, where, variable.value, names, variable.name)
        for field in ("command", "args"):
            for path, text in _strings(container.data.get(field), (*container.path, field)):
                found += _scan(caller, container, path, text, names, "")
    return found


def _scan(
    caller: Workload,
    container: Container,
    path: FieldPath,
    text: str,
    names: dict[str, Service],
    variable: str,
) -> Iterator[Call]:
    for match in _ADDRESS.finditer(text):
        service = names.get(match["host"].lower())
        scheme = (match["scheme"] or "").lower()
        if service is None:
            continue
        bare = not match["port"] and not scheme
        if bare and not (match[0] == text and _HOST_VARIABLE.search(variable)):
            continue  # a word that happens to be a Service's name: `OTEL_SERVICE_NAME: frontend`
        number = int(match["port"]) if match["port"] else _DEFAULT_PORTS.get(scheme)
        port = _port(service, number)
        if port is None:
            continue
        obstacle = ""
        if not variable:
            obstacle = "it stands in an argument, not in an environment variable"
        elif bare:
            obstacle = "the variable holds the host alone, its port stands elsewhere"
        end = match.end("port") if match["port"] else match.end("host")
        yield Call(caller, container, path, variable, text, match.start("host"), end,
                   service, port, scheme, obstacle)  # fmt: skip


def _port(service: Service, number: int | None) -> ServicePort | None:
    ports = service.ports()
    if number is None:
        return ports[0] if ports else None
    return next((port for port in ports if port.number == number), None)


def _names(joined: Fleet, namespace: str, cluster_domain: str) -> dict[str, Service]:
    """Return every spelling under which a pod of *namespace* can name a Service of *joined*."""
    names: dict[str, Service] = {}
    for service in joined.services:
        home = joined.namespace_of(service.document)
        spellings = [
            f"{service.name}.{home}{suffix}" for suffix in ("", ".svc", f".svc.{cluster_domain}")
        ]
        if home == namespace:
            spellings.append(service.name)
        for spelling in spellings:
            names.setdefault(spelling.lower(), service)
    return names


def _strings(value: Json, path: FieldPath) -> Iterator[tuple[FieldPath, str]]:
    if isinstance(value, list):
        for index, each in enumerate(value):
            if isinstance(each, str):
                yield (*path, index), each
