"""Faults that a bootstrap may make: what its filters, virtual hosts and routes say.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/fault_filter
"""

from collections.abc import Iterator

from msgspec import Struct

from sidecarctl.envoy.part import Part
from sidecarctl.prove.matchers import sample_header
from sidecarctl.prove.overrides import Configured, configured
from sidecarctl.prove.shares import fraction
from sidecarctl.prove.ways import Way

MESSAGE = "HTTPFault"
_NODE = "x-envoy-downstream-service-node"


class Fault(Struct, frozen=True):
    """A fault that may happen, and what the bootstrap says of it."""

    said: Configured

    @property
    def way(self) -> Way:
        return self.said.way

    @property
    def config(self) -> Part:
        return self.said.config

    @property
    def title(self) -> str:
        return self.said.title

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
        if not self.said.is_heard:
            return (
                f"no filter of http_filters is called {self.said.name!r}: what is said for it is "
                "ignored, without a word"
            )
        if not fraction(percentage):
            return "its percentage is missing or 0: Envoy takes both for never"
        if self.config.has("max_active_faults") and not self.config.number("max_active_faults"):
            return "max_active_faults 0 lets none happen"
        return "the fault does not happen as it says"


def faults(way: Way) -> Iterator[Fault]:
    """Yield what may happen on *way*: what its filters say, its virtual hosts, its routes."""
    for each in configured(way, MESSAGE):
        if _does_something(each.config):
            yield Fault(each)


def _does_something(config: Part) -> bool:
    return any(config.has(name) for name in ("delay", "abort", "response_rate_limit"))
