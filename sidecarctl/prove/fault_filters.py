"""Faults that a bootstrap may make: what its filters, virtual hosts and routes say.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/fault_filter
"""

from collections.abc import Iterator

from msgspec import Struct

from sidecarctl.envoy.part import Part
from sidecarctl.prove.matchers import sample_header
from sidecarctl.prove.shares import fraction
from sidecarctl.prove.ways import Way

_MESSAGE = "HTTPFault"
_NODE = "x-envoy-downstream-service-node"


class Fault(Struct, frozen=True):
    """A fault of a way: its *config*, the *name* of its filter, the *route* that states it."""

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
    def delay(self) -> Part:
        return self.config.part("delay")

    @property
    def abort(self) -> Part:
        return self.config.part("abort")

    @property
    def by_header(self) -> bool:
        """Say whether it happens to those only that ask for it, or have a header."""
        asked = self.delay.has("header_delay") or self.abort.has("header_abort")
        stated = self.delay.has("fixed_delay") or self.abort.has("http_status")
        return bool(self.config.parts("headers")) or (asked and not stated)

    def scope(self) -> dict[str, str] | None:
        """Return the headers of those who are meant, None where that cannot be read."""
        found: dict[str, str] = {}
        for matcher in self.config.parts("headers"):
            header = sample_header(matcher)
            if header is None or header[0].startswith(":"):
                return None
            found[header[0]] = header[1]
        nodes = self.config.get("downstream_nodes")
        if isinstance(nodes, list) and nodes:
            found[_NODE] = str(nodes[0])
        return found

    def why_never(self, percentage: Part) -> str:
        """Say why what is to happen in *percentage* of cases may never do so."""
        names = [each.text("name") for each in self.way.chain.http_filters()]
        if self.name not in names:
            return (
                f"no filter of http_filters is called {self.name!r}: what is said for it is "
                "ignored, without a word"
            )
        if not fraction(percentage):
            return "its percentage is missing or 0: Envoy takes both for never"
        if self.config.has("max_active_faults") and not self.config.number("max_active_faults"):
            return "max_active_faults 0 lets none happen"
        return "the fault does not happen as it says"


def faults(way: Way) -> Iterator[Fault]:
    """Yield what may happen on *way*: what its filters say, its virtual hosts, its routes."""
    for each in way.chain.http_filters():
        config = each.part("typed_config")
        if config.is_a(_MESSAGE) and _does_something(config):
            yield Fault(way, config, each.text("name"))
    for virtual in way.chain.http.part("route_config").parts("virtual_hosts"):
        first = next(iter(virtual.parts("routes")), None)
        for holder in (virtual, *virtual.parts("routes")):
            for name, config in own_faults(holder):
                if _does_something(config):
                    yield Fault(way, config, name, first if holder is virtual else holder)


def own_faults(holder: Part) -> Iterator[tuple[str, Part]]:
    """Yield what a virtual host or a route says of faults, with the name of the filter it means."""
    table = holder.part("typed_per_filter_config")
    for name in table.data:
        config = table.part(name)
        inner = config.part("config") if config.is_a("FilterConfig") else config
        if inner.is_a(_MESSAGE):
            yield name, inner


def _does_something(config: Part) -> bool:
    return any(config.has(name) for name in ("delay", "abort", "response_rate_limit"))
