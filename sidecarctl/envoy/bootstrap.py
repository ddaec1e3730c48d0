"""Envoy's bootstrap: listeners and the parts that concerns gave become one file of text."""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from json.encoder import encode_basestring
from typing import cast

from sidecarctl.envoy.capture import capture_clusters, is_capture, with_known
from sidecarctl.envoy.cluster import build_clusters
from sidecarctl.envoy.listener import build_listener
from sidecarctl.envoy.ops import admin, drain_token, ops_clusters, ops_listeners
from sidecarctl.envoy.slots import AppProbe, Contribution, Listener, merge, overlay
from sidecarctl.errors import ProfileError
from sidecarctl.findings import Json, JsonObject

__all__ = ["AppProbe", "Contribution", "Listener", "assemble", "dump"]


def assemble(  # noqa: PLR0913  keyword-only: each is one fact of the workload
    *,
    node_id: str,
    cluster_name: str,
    ops_port: int,
    address: str,
    listeners: Sequence[Listener],
    contributions: Sequence[Contribution],
    probes: Sequence[AppProbe] = (),
) -> JsonObject:
    """Return the whole bootstrap.

    *address* is what the ops listener and those of gRPC probes bind: ``0.0.0.0``, or ``::`` where
    the pod has IPv6. The order of *contributions* does not matter.

    Raises:
        ProfileError: two concerns claim one field or one name; a listener demands TLS and no
            concern gives it certificates.
        TemplateError: a cell renders what is no slot.
    """
    _refuse_twins("listeners", [each.name for each in listeners])
    common = merge([each for each in contributions if each.listener is None], None)
    built = ops_listeners(address, ops_port, drain_token(node_id), probes)
    clusters = ops_clusters(probes)
    for listener in listeners:
        own = [each for each in contributions if each.listener == listener.name]
        slots = merge(own, listener.protocol)
        made = build_listener(listener, slots)
        clusters.extend(build_clusters(listener, slots))
        if is_capture(listener):
            made = with_known(made, listener, listeners, slots, ipv6=address == "::")
            clusters.extend(capture_clusters(listener, listeners))
        built.append(made)
    further = common.get("clusters")
    clusters.extend(cast(list[JsonObject], further if isinstance(further, list) else []))
    _refuse_twins("listeners", [each["name"] for each in built])
    _refuse_twins("clusters", [each.get("name") for each in clusters])
    head: JsonObject = {
        "node": {"id": node_id, "cluster": cluster_name},  # SDS demands both
        "admin": admin(),
        # No admin layer: /runtime_modify is off.
        "layered_runtime": {"layers": [{"name": "static", "static_layer": {}}]},
    }
    resources: JsonObject = {
        "listeners": cast(list[Json], built),
        "clusters": cast(list[Json], clusters),
    }
    return {**overlay(head, common.get("bootstrap")), "static_resources": resources}


def dump(bootstrap: JsonObject) -> str:
    """Return *bootstrap* as block YAML in which every string is double-quoted.

    Envoy's yaml-cpp reads a bare ``y`` or ``N`` as a boolean and ``0644`` as a number.
    """
    lines: list[str] = []
    _block(bootstrap, "", "", lines)
    return "".join(lines)


def _refuse_twins(what: str, names: Sequence[Json]) -> None:
    # Envoy validates a second listener of one name, and never listens on it.
    for index, name in enumerate(names):
        if name in names[:index]:
            raise ProfileError(f"two {what} of Envoy would be called {name!r}")


_INDENT = "  "
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPOKEN_FOR = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
# What JSON leaves bare and YAML 1.1 takes for a line break or for no character at all.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")


def _block(value: dict[str, Json] | list[Json], head: str, indent: str, lines: list[str]) -> None:
    """Add the lines of *value* to *lines*: the first behind *head*, the others behind *indent*."""
    if isinstance(value, dict):
        for key, below in value.items():
            if below and isinstance(below, (dict, list)):
                lines.append(f"{head}{_key(key)}:\n")
                _block(below, indent + _INDENT, indent + _INDENT, lines)
            else:
                lines.append(f"{head}{_key(key)}: {_scalar(below)}\n")
            head = indent
        return
    for member in value:
        if member and isinstance(member, (dict, list)):
            _block(member, f"{head}- ", indent + _INDENT, lines)
        else:
            lines.append(f"{head}- {_scalar(member)}\n")
        head = indent


@lru_cache(maxsize=4096)
def _key(key: str) -> str:
    if _PLAIN_KEY.fullmatch(key) and key.lower() not in _SPOKEN_FOR:
        return key
    return _scalar(key)


def _scalar(value: Json) -> str:
    text = encode_basestring(value) if isinstance(value, str) else json.dumps(value)
    if text.isascii() and "\x7f" not in text:
        return text
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
