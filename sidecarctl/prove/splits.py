"""Calls that are split between servers, or copied: what routes and TCP proxies say.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/traffic_splitting
"""

from collections.abc import Iterator

from msgspec import Struct

from sidecarctl.envoy.part import Part
from sidecarctl.prove.client import Ask
from sidecarctl.prove.routes import fitting, route_of, title
from sidecarctl.prove.shares import fraction
from sidecarctl.prove.ways import Way, cluster_names

_BALANCING = ("RING_HASH", "MAGLEV")


class Split(Struct, frozen=True):
    """Routes of a way that send to the same servers in the same shares; none for TCP."""

    way: Way
    action: Part
    routes: tuple[Part, ...]
    title: str

    @property
    def shares(self) -> dict[str, float]:
        """Return the share (0 to 1) of each cluster, empty where nothing is drawn."""
        weighted = self.action.part("weighted_clusters").parts("clusters")
        weights = {each.text("name"): each.number("weight") or 0 for each in weighted}
        total = sum(weights.values())
        return {name: each / total for name, each in weights.items()} if total else {}

    @property
    def copies(self) -> dict[str, float]:
        """Return the share of calls of which each mirror gets a copy."""
        found = {}
        for each in self.action.parts("request_mirror_policies"):
            part = each.part("runtime_fraction", "default_value")
            found[each.text("cluster")] = fraction(part) if part else 1.0
        return found

    @property
    def sticky(self) -> Part | None:
        """Return the policy that is to keep a user on one server, None where none is.

        A policy may also be meant for a balancer that picks endpoints by it.
        """
        policies = self.action.parts("hash_policy")
        weighted = self.action.part("weighted_clusters")
        balancing = any(each.part.text("lb_policy") in _BALANCING for each in self.way.clusters)
        if not policies or (balancing and weighted.get("use_hash_policy") is not True):
            return None
        return policies[0]


class Choice(Struct, frozen=True):
    """Routes that send calls with a header, a cookie or a parameter to *clusters* of their own."""

    way: Way
    clusters: tuple[str, ...]
    routes: tuple[Part, ...]

    @property
    def by(self) -> str:
        """Return the names of what tells them apart: what all ask for, or one of each."""
        asked = [dict.fromkeys(_special(each)) for each in self.routes]
        common = [name for name in asked[0] if all(name in each for each in asked)]
        return ", ".join(common) or " or ".join(dict.fromkeys(", ".join(each) for each in asked))


def splits(way: Way) -> Iterator[Split]:
    """Yield what *way* splits or copies; routes that do so alike are one."""
    if way.is_tcp and way.chain.tcp.has("weighted_clusters"):
        yield Split(way, way.chain.tcp, (), way.name)
    found: dict[str, list[Part]] = {}
    for route in way.chain.routes():
        action = route.part("route")
        if action.has("weighted_clusters") or action.has("request_mirror_policies"):
            alike = (route.path[:-2], *map(action.get, (
                "weighted_clusters", "request_mirror_policies", "hash_policy")))  # fmt: skip
            found.setdefault(repr(alike), []).append(route)
    for routes in found.values():
        name = f"{way.name} {title(routes[-1])}" if len(found) > 1 else way.name
        yield Split(way, routes[0].part("route"), tuple(routes), name)


def choices(way: Way) -> Iterator[Choice]:
    """Yield what *way* sends elsewhere than calls to the same path without anything special."""
    found: dict[tuple[str, ...], list[Part]] = {}
    for route in way.chain.routes():
        fit = fitting(way, route)
        if not route.has("route") or not fit or not any(True for _ in _special(route)):
            continue
        plain = route_of(way, Ask(path=fit.path.partition("?")[0], host=fit.host))
        own = _names(route)
        if plain and own and not set(own) & set(_names(plain)):
            found.setdefault(own, []).append(route)
    for clusters, routes in found.items():
        yield Choice(way, clusters, tuple(routes))


def _special(route: Part) -> Iterator[str]:
    match = route.part("match")
    for name in ("headers", "cookies", "query_parameters"):
        for each in match.parts(name):
            if not each.text("name").startswith(":"):
                yield each.text("name")


def _names(route: Part) -> tuple[str, ...]:
    return tuple(filter(None, cluster_names(route.part("route"))))
