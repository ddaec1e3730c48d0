"""The documents of a run by what rules look them up with, so that no rule searches all of them."""

from collections.abc import Mapping
from typing import TypeAlias, TypeVar

from msgspec import Struct

from sidecarctl.manifest.document import Document
from sidecarctl.manifest.objects import Autoscaler, Service
from sidecarctl.manifest.workload import Workload
from sidecarctl.topology.fleet import Fleet

Name: TypeAlias = tuple[str, str, str]
"""Namespace, kind and name."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Index(Struct, frozen=True):
    """What a fleet does not look up itself: workloads and autoscalers by name, ConfigMaps."""

    fleet: Fleet
    config_maps: Mapping[tuple[str, str], Document]
    workloads: Mapping[Name, tuple[Workload, ...]]
    autoscalers: Mapping[Name, tuple[Autoscaler, ...]]

    def selecting(self, target: Workload) -> tuple[Service, ...]:
        """Return the Services that send traffic to the pods of *target*."""
        return self.fleet.selecting(target)

    def selected_by(self, service: Service) -> tuple[Workload, ...]:
        """Return the workloads that *service* sends traffic to."""
        return self.fleet.selected_by(service)


def index(fleet: Fleet) -> Index:
    """Put the documents of *fleet* in order, those included that are only looked at."""
    workloads: dict[Name, tuple[Workload, ...]] = {}
    autoscalers: dict[Name, tuple[Autoscaler, ...]] = {}
    for each in (*fleet.workloads, *fleet.neighbours):
        _add(workloads, (fleet.namespace_of(each.document), each.kind, each.name), each)
    for scaler in fleet.autoscalers:
        home = fleet.namespace_of(scaler.document)
        _add(autoscalers, (home, scaler.target_kind, scaler.target_name), scaler)
    return Index(fleet, fleet.index.config_maps, workloads, autoscalers)


def _add(table: dict[_Key, tuple[_Value, ...]], key: _Key, value: _Value) -> None:
    table[key] = (*table.get(key, ()), value)
