"""What virtual hosts and routes say of a filter in place of what its chain says."""

from collections.abc import Iterator

from msgspec import Struct

from sidecarctl.envoy.part import Part
from sidecarctl.prove.callers import Caller, Nobody
from sidecarctl.prove.stand import Situation
from sidecarctl.prove.ways import Way


class Configured(Struct, frozen=True):
    """What a *way* says of a filter called *name*; *route* is one that it holds for, if not all."""

    way: Way
    config: Part
    name: str
    route: Part | None = None

    @property
    def title(self) -> str:
        return (
            f"{self.way.name} {self.route.text('name')}".rstrip() if self.route else self.way.name
        )

    @property
    def is_heard(self) -> bool:
        """Say whether a filter of that name is there: else Envoy ignores it, without a word."""
        return any(each.text("name") == self.name for each in self.way.chain.http_filters())


def configured(way: Way, message: str) -> Iterator[Configured]:
    """Yield every config of the filter *message*: of the chain, of virtual hosts, of routes."""
    for each in way.chain.http_filters():
        if each.part("typed_config").is_a(message):
            yield Configured(way, each.part("typed_config"), each.text("name"))
    for virtual in way.chain.http.part("route_config").parts("virtual_hosts"):
        for name, config in _own(virtual, message):
            route = next((each for each in virtual.parts("routes")
                          if not _says(each, name, message)), None)  # fmt: skip
            yield Configured(way, config, name, route or Part((*virtual.path, "routes"), {}))
        for route in virtual.parts("routes"):
            for name, config in _own(route, message):
                yield Configured(way, config, name, route)


def caller_of(situation: Situation, found: Configured, message: str) -> Caller | Nobody:
    """Return somebody whose requests *found* holds for."""
    if found.route:
        return situation.caller(found.way, route=found.route)
    nobody = Nobody("each of its routes says something of its own")
    for virtual in found.way.chain.http.part("route_config").parts("virtual_hosts"):
        if _says(virtual, found.name, message):
            continue
        for route in virtual.parts("routes"):
            if route.has("route") and not _says(route, found.name, message):
                known = situation.caller(found.way, route=route)
                if isinstance(known, Caller):
                    return known
                nobody = known
    return nobody


def _says(holder: Part, name: str, message: str) -> bool:
    return any(each == name for each, _ in _own(holder, message))


def _own(holder: Part, message: str) -> Iterator[tuple[str, Part]]:
    table = holder.part("typed_per_filter_config")
    for name in table.data:
        config = table.part(name)
        inner = config.part("config") if config.is_a("FilterConfig") else config
        if inner.is_a(message):
            yield name, inner
