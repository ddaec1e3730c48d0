"""The decision for one workload: what goes in, and what changes around it."""

from collections.abc import Mapping

from msgspec import Struct

from sidecarctl.envoy.slots import AppProbe, Listener
from sidecarctl.findings import JsonObject
from sidecarctl.plan.candidate import Candidate
from sidecarctl.plan.outcome import Change, Note


class Standalone(Struct, frozen=True):
    """What a proxy that gets its whole configuration from us is told of its pod."""

    address: str
    ops_port: int
    listeners: tuple[Listener, ...]
    probes: tuple[AppProbe, ...]
    names: Mapping[int, str]


class Injection(Struct, frozen=True):
    """The decision for one workload. *changes* may touch Services of the input as well."""

    candidate: Candidate
    sidecars: tuple[str, ...]
    resources: Mapping[str, JsonObject]
    proxy: Standalone | None
    annotations: Mapping[str, str]
    changes: tuple[Change, ...]
    notes: tuple[Note, ...]
