"""The documents of a run by what rules look them up with, so that no rule searches all of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from sidecarctl.manifest.document import Document
from sidecarctl.manifest.objects import Autoscaler, Service
from sidecarctl.manifest.workload import Workload
from sidecarctl.topology.fleet import Fleet

Name: TypeAlias = tuple[str, str, str]
"""Namespace, kind and name."""

Label: TypeAlias = tuple[str, str, str]
"""Namespace, key and value."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Index:
    """What a fleet holds: workloads and autoscalers by name, Services and workloads by label."""

    fleet: Fleet
    config_maps: Mapping[tuple[str, str], Document]
    workloads: Mapping[Name, tuple[Workload, ...]]
    autoscalers: Mapping[Name, tuple[Autoscaler, ...]]
    selectors: Mapping[Label, tuple[Service, ...]]  # by one label of the selector
    labelled: Mapping[Label, tuple[Workload, ...]]

    def selecting(self, target: Workload) -> Iterator[Service]:
        """Yield the Services that send traffic to the pods of *target*."""
        home = self.fleet.namespace_of(target.document)
        for key, value in target.pod_labels.items():
            for each in self.selectors.get((home, key, value), ()):
                if self.fleet.selects(each, target):
                    yield each

    def selected_by(self, service: Service) -> Iterator[Workload]:
        """Yield the workloads that *service* sends traffic to."""
        for key, value in list(service.selector.items())[:1]:
            home = self.fleet.namespace_of(service.document)
            for each in self.labelled.get((home, key, value), ()):
                if self.fleet.selects(service, each):
                    yield each


def index(fleet: Fleet) -> Index:
    """Put the documents of *fleet* in order, those included that are only looked at."""
    config_maps: dict[tuple[str, str], Document] = {}
    workloads: dict[Name, tuple[Workload, ...]] = {}
    autoscalers: dict[Name, tuple[Autoscaler, ...]] = {}
    selectors: dict[Label, tuple[Service, ...]] = {}
    labelled: dict[Label, tuple[Workload, ...]] = {}
    for document in (*fleet.context, *fleet.documents):
        if document.is_a("", "ConfigMap"):
            config_maps[fleet.namespace_of(document), document.name] = document
    for each in (*fleet.workloads, *fleet.neighbours):
        home = fleet.namespace_of(each.document)
        _add(workloads, (home, each.kind, each.name), each)
        for key, value in each.pod_labels.items():
            _add(labelled, (home, key, value), each)
    for scaler in fleet.autoscalers:
        home = fleet.namespace_of(scaler.document)
        _add(autoscalers, (home, scaler.target_kind, scaler.target_name), scaler)
    for service in fleet.services:
        home = fleet.namespace_of(service.document)
        for key, value in list(service.selector.items())[:1]:
            _add(selectors, (home, key, value), service)
    return Index(fleet, config_maps, workloads, autoscalers, selectors, labelled)


def _add(table: dict[_Key, tuple[_Value, ...]], key: _Key, value: _Value) -> None:
    table[key] = (*table.get(key, ()), value)
