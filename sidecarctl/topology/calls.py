"""Who calls whom: addresses in environment variables and arguments that name a Service."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sidecarctl.findings import FieldPath
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
    return [
        call
        for container in caller.containers()
        for text in _texts(container)
        for call in _scan(caller, text, names)
    ]


@dataclass(frozen=True, slots=True)
class _Text:
    """A text that may hold addresses; *variable* is empty for an argument."""

    container: Container
    path: FieldPath
    text: str
    variable: str


def _texts(container: Container) -> Iterator[_Text]:
    for variable in container.env():
        if variable.value is not None:
            yield _Text(container, (*variable.path, "value"), variable.value, variable.name)
    for field in ("command", "args"):
        raw = container.data.get(field)
        for index, each in enumerate(raw if isinstance(raw, list) else []):
            if isinstance(each, str):
                yield _Text(container, (*container.path, field, index), each, "")


def _scan(caller: Workload, place: _Text, names: dict[str, Service]) -> Iterator[Call]:
    for match in _ADDRESS.finditer(place.text):
        service = names.get(match["host"].lower())
        scheme = (match["scheme"] or "").lower()
        if service is None:
            continue
        bare = not match["port"] and not scheme
        if bare and not (match[0] == place.text and _HOST_VARIABLE.search(place.variable)):
            continue  # a word that happens to be a Service's name: `OTEL_SERVICE_NAME: frontend`
        port = _port(service, int(match["port"]) if match["port"] else _DEFAULT_PORTS.get(scheme))
        if port is None:
            continue
        yield Call(
            caller=caller,
            container=place.container,
            path=place.path,
            variable=place.variable,
            text=place.text,
            start=match.start("host"),
            end=match.end("port") if match["port"] else match.end("host"),
            service=service,
            port=port,
            scheme=scheme,
            obstacle=_obstacle(place, bare=bare),
        )


def _obstacle(place: _Text, *, bare: bool) -> str:
    if not place.variable:
        return "it stands in an argument, not in an environment variable"
    return "the variable holds the host alone, its port stands elsewhere" if bare else ""


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
