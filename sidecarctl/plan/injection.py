"""The decision for one workload: what goes in, and what changes around it."""

from collections.abc import Mapping

from msgspec import Struct

from sidecarctl.envoy.slots import AppProbe, Listener
from sidecarctl.findings import JsonObject
from sidecarctl.plan.candidate import Candidate
from sidecarctl.plan.outcome import Change, Note


class Capture(Struct, frozen=True):
    """What the kernel of the pod redirects: outbound to *port*, inbound as *redirects* says (port
    of the application, port of the proxy).
    """

    port: int
    redirects: tuple[tuple[int, int], ...]


class Standalone(Struct, frozen=True):
    """What a proxy that gets its whole configuration from us is told of its pod."""

    address: str
    ops_port: int
    listeners: tuple[Listener, ...]
    probes: tuple[AppProbe, ...]
    names: Mapping[int, str]
    capture: Capture | None = None


class Injection(Struct, frozen=True):
    """The decision for one workload. *changes* may touch Services of the input as well."""

    candidate: Candidate
    sidecars: tuple[str, ...]
    resources: Mapping[str, JsonObject]
    proxy: Standalone | None
    annotations: Mapping[str, str]
    changes: tuple[Change, ...]
    notes: tuple[Note, ...]
