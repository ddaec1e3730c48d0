"""The decision for one workload: what goes in, and what changes around it."""

from collections.abc import Mapping
from dataclasses import dataclass

from sidecarctl.envoy.slots import AppProbe, Listener
from sidecarctl.findings import JsonObject
from sidecarctl.plan.candidate import Candidate
from sidecarctl.plan.outcome import Change, Note


@dataclass(frozen=True, slots=True)
class Standalone:
    """What a proxy that gets its whole configuration from us is told of its pod."""

    address: str
    ops_port: int
    listeners: tuple[Listener, ...]
    probes: tuple[AppProbe, ...]
    names: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Injection:
    """The decision for one workload. *changes* may touch Services of the input as well."""

    candidate: Candidate
    sidecars: tuple[str, ...]
    resources: Mapping[str, JsonObject]
    proxy: Standalone | None
    annotations: Mapping[str, str]
    changes: tuple[Change, ...]
    notes: tuple[Note, ...]
