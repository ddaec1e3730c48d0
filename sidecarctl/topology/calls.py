"""Who calls whom: addresses in environment variables and arguments that name a Service."""

import re
from collections.abc import Iterator

from msgspec import Struct

from sidecarctl.findings import FieldPath
from sidecarctl.manifest.document import Document
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
_ARGUMENT = "it stands in an argument, not in an environment variable"
_ENCRYPTED = {"https", "rediss", "amqps", "mysqls", "wss"}
# Variables that hold a host alone: the port stands elsewhere, so nothing can be rewired.
_HOST_VARIABLE = re.compile(r"(?:^|_)(?:HOST|HOSTNAME|SERVER|ADDR|ADDRESS|ENDPOINT)$")


class Call(Struct, frozen=True):
    """A place where a workload names a Service that it will connect to.

    *path* is the field of *document* that holds the text; *start* and *end* bound ``host:port`` (or
    ``host``) in it. *obstacle* says why the text cannot be pointed elsewhere; it is empty where it
    can.
    """

    caller: Workload
    container: Container
    document: Document
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
    return [
        call
        for container in caller.containers()
        for text in (*_texts(caller, container), *_configured(caller, container, joined))
        for call in _scan(caller, text, joined, cluster_domain)
    ]


class _Text(Struct, frozen=True):
    """A text of *document* that may hold addresses; *variable* is empty for an argument."""

    container: Container
    document: Document
    path: FieldPath
    text: str
    variable: str
    obstacle: str = ""


def _texts(caller: Workload, container: Container) -> Iterator[_Text]:
    own = caller.document
    for variable in container.env():
        if variable.value is not None:
            path = (*variable.path, "value")
            yield _Text(container, own, path, variable.value, variable.name)
    for field in ("command", "args"):
        raw = container.data.get(field)
        for index, each in enumerate(raw if isinstance(raw, list) else []):
            if isinstance(each, str):
                yield _Text(container, own, (*container.path, field, index), each, "", _ARGUMENT)


def _configured(caller: Workload, container: Container, joined: Fleet) -> Iterator[_Text]:
    """Yield the variables that come from ConfigMaps: other workloads may share those."""
    for name, key, variable in container.configured():
        found = joined.config_map(name, joined.namespace_of(caller.document))
        data = found.data.get("data") if found else None
        for entry, text in (data if isinstance(data, dict) else {}).items():
            if found and isinstance(text, str) and key in (None, entry):
                why = f"it stands in the ConfigMap {name!r}, which others may read as well"
                yield _Text(container, found, ("data", entry), text, variable or entry, why)


def _scan(caller: Workload, place: _Text, joined: Fleet, cluster_domain: str) -> Iterator[Call]:
    namespace = joined.namespace_of(caller.document)
    for match in _ADDRESS.finditer(place.text):
        service = joined.service_named(match["host"], namespace, cluster_domain)
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
            document=place.document,
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
    if place.obstacle:
        return place.obstacle
    return "the variable holds the host alone, its port stands elsewhere" if bare else ""


def _port(service: Service, number: int | None) -> ServicePort | None:
    ports = service.ports()
    if number is None:
        return ports[0] if ports else None
    return next((port for port in ports if port.number == number), None)
