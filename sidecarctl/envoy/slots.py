"""The slots of an Envoy listener: what concerns may fill in, and how their parts become one.

A concern's cell renders slots, never a listener. ``merge`` puts the slots of all concerns together:

=============================  =====  ===========================================================
slot                           kind   becomes
=============================  =====  ===========================================================
``listener``                   map    fields of the Listener
``filter_chain``               map    fields of each of its FilterChains
``listener_filters``           list   listener filters (the TLS inspector is there by itself)
``transport_socket``           map    the chain's TLS; demanded by ``tls`` other than ``none``
``network_filters``            list   filters before ``tcp_proxy`` or the HttpConnectionManager
``http``                       map    fields of the HttpConnectionManager
``http_filters``               list   HTTP filters; the router is there by itself, last
``access_log``                 list   access logs of the HttpConnectionManager or ``tcp_proxy``
``tracing``                    map    ``tracing`` of the HttpConnectionManager
``route``                      map    fields of the RouteAction
``route_variants``             list   routes before the common one: ``{name, match, route}``
``targets``                    list   other servers, ``{name, host, port}``, each a Cluster like the
                                      listener's own, ``<listener>-<name>``; with a ``match``, the
                                      routes, too, of the requests that fit it; with ``sans`` and
                                      ``sni``, which names it must show in TLS, and is asked for
``tcp``                        map    fields of ``tcp_proxy``
``cluster``                    map    fields of the Cluster behind the listener
``thresholds``                 map    its circuit breaker of default priority
``upstream_http``              map    its HttpProtocolOptions
``upstream_transport_socket``  map    its TLS
``bootstrap``                  map    fields of the Bootstrap (only where ``listener`` is none)
``clusters``                   list   further clusters (only where ``listener`` is none)
=============================  =====  ===========================================================

Maps are merged deeply; two concerns that set one field to different values clash. Lists are
appended in the order that each concern states. What the listener is without any concern
(``listener.py``, ``cluster.py``) gives way to what a concern says.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, cast

from msgspec import Struct, field

from sidecarctl.errors import ProfileError, TemplateError
from sidecarctl.findings import Json, JsonObject, show_path

_MAPS = frozenset({"listener", "filter_chain", "transport_socket", "cluster", "thresholds"})
_LISTS = frozenset({"listener_filters", "network_filters", "access_log"})
_HTTP_MAPS = frozenset({"http", "tracing", "route", "upstream_http"})
_HTTP_LISTS = frozenset({"http_filters", "route_variants", "targets"})
_HTTP_SLOTS = _MAPS | _LISTS | _HTTP_MAPS | _HTTP_LISTS | {"upstream_transport_socket"}
_TCP_SLOTS = _MAPS | _LISTS | {"tcp", "upstream_transport_socket"}
_BOOTSTRAP_SLOTS = frozenset({"bootstrap", "clusters"})
_ALL_LISTS = _LISTS | _HTTP_LISTS | {"clusters"}
# What a cell says about the pod around Envoy: not a matter of the bootstrap.
_FRAGMENT = frozenset({"pod", "app", "workload", "namespace", "documents", "files", "container"})

Slots = dict[str, Json]


class Listener(Struct, frozen=True):
    """A port that Envoy listens on for the application, and where its traffic goes.

    *protocol* is ``http``, ``grpc`` or ``tcp``. Inbound, *target_host* and *target_port* are the
    application's own; outbound, the dependency's.

    *tls*, inbound, is what callers must speak: ``strict`` (mutual TLS), ``permissive`` (or
    plaintext), ``none``. Outbound it is what Envoy speaks for the application: ``strict`` is the
    mesh's mutual TLS, and the server must show one of *sans* (URIs); ``simple`` and ``mutual`` are
    a dependency's own; ``none`` is plaintext.

    *authority* is the ``host:port`` that the application would name without Envoy; empty: that of
    the target. *values* is the egress dependency's own entry in the profile. *hosts* are the names
    by which the application may call the dependency itself.

    Without a *target_host* connections go on to where they were meant to go before they were
    redirected.
    """

    name: str
    direction: Literal["inbound", "outbound"]
    protocol: str
    address: str
    port: int
    target_host: str
    target_port: int
    tls: str = "none"
    sans: tuple[str, ...] = ()
    sni: str = ""
    authority: str = ""
    values: JsonObject = field(default_factory=dict)
    hosts: tuple[str, ...] = ()


class AppProbe(Struct, frozen=True):
    """A probe of the application that the kubelet sends to Envoy instead.

    ``http``: the ops listener serves *served_path* and asks the application at *path*.
    ``grpc``: the kubelet has no path to tell probes apart by, so the probe has a *port* of its own.
    """

    name: str
    kind: Literal["http", "grpc"]
    app_port: int
    path: str = ""
    served_path: str = ""
    port: int = 0


class Contribution(Struct, frozen=True):
    """What the cell of *concern* rendered for one listener, or (None) for the bootstrap."""

    concern: str
    order: int
    slots: JsonObject
    listener: str | None = None


def merge(contributions: Iterable[Contribution], protocol: str | None) -> Slots:
    """Put *contributions* to one listener (to the bootstrap: *protocol* is None) together.

    Raises:
        ProfileError: two concerns set one field to different values.
        TemplateError: a cell renders a slot that is not there, or not of the slot's kind.
    """
    merged: Slots = {}
    owners: dict[tuple[str, ...], str] = {}
    for each in sorted(contributions, key=lambda each: (each.order, each.concern)):
        for slot, value in each.slots.items():
            if slot in _FRAGMENT:
                continue
            _check(each, slot, value, protocol)
            if isinstance(value, list):
                cast(list[Json], merged.setdefault(slot, [])).extend(value)
            else:
                _claim(merged, {slot: value}, each.concern, owners)
    return merged


def overlay(base: JsonObject, changes: Json) -> JsonObject:
    """Return *base* with the fields of the map *changes* over it, deeply; lists are replaced."""
    merged = dict(base)
    for key, value in (changes if isinstance(changes, dict) else {}).items():
        below = merged.get(key)
        deeper = isinstance(value, dict) and isinstance(below, dict)
        merged[key] = overlay(cast(JsonObject, below), value) if deeper else value
    return merged


def table(slots: Slots, name: str) -> JsonObject:
    """Return the slot *name*, a map; empty where no concern fills it in."""
    value = slots.get(name)
    return value if isinstance(value, dict) else {}


def rows(slots: Slots, name: str) -> list[Json]:
    """Return the slot *name*, a list; empty where no concern fills it in."""
    value = slots.get(name)
    return value if isinstance(value, list) else []


def _check(each: Contribution, slot: str, value: Json, protocol: str | None) -> None:
    known = _BOOTSTRAP_SLOTS
    if protocol is not None:
        known = _TCP_SLOTS if protocol == "tcp" else _HTTP_SLOTS
    if slot not in known:
        where = f"a {protocol} listener" if protocol else "the bootstrap"
        raise TemplateError(
            f"the cell of {each.concern!r} renders the slot {slot!r}, which {where} does not have",
            hint=f"its slots: {', '.join(sorted(known))}",
        )
    wanted = list if slot in _ALL_LISTS else dict
    if not isinstance(value, wanted):
        kind = "list" if wanted is list else "mapping"
        raise TemplateError(f"the slot {slot!r} of {each.concern!r} must be a {kind}")


def _claim(
    merged: JsonObject,
    addition: Mapping[str, Json],
    concern: str,
    owners: dict[tuple[str, ...], str],
    path: tuple[str, ...] = (),
) -> None:
    for key, value in addition.items():
        here, known = (*path, key), merged.get(key)
        if isinstance(value, dict) and isinstance(known, dict | None):
            owners.setdefault(here, concern)
            below = merged.setdefault(key, {})
            _claim(cast(JsonObject, below), value, concern, owners, here)
        elif key not in merged:
            owners[here] = concern
            merged[key] = value
        elif value != known:
            raise ProfileError(
                f"{owners[here]!r} and {concern!r} both claim {show_path(here)}",
                hint="switch one of them off, or let only one of them set it",
            )
