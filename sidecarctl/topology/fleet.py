"""All documents of a run, joined: workloads, and the Services and others that speak of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct

from sidecarctl.manifest.document import Document
from sidecarctl.manifest.objects import (
    Autoscaler,
    LimitRange,
    NetworkPolicy,
    Service,
    autoscaler,
    backends,
    limit_range,
    network_policy,
    service,
)
from sidecarctl.manifest.workload import Workload, workload

_View = TypeVar("_View")
_Key = tuple[str, str]
"""A namespace and a name."""


class _Index(Struct, frozen=True):
    """What is looked up for every workload, found once: a fleet has hundreds of them."""

    editable: frozenset[int]
    by_label: Mapping[tuple[str, str, str], tuple[tuple[int, Service], ...]]
    pods_by_label: Mapping[tuple[str, str, str], tuple[Workload, ...]]
    services: Mapping[_Key, Service]
    config_maps: Mapping[_Key, Document]
    namespaces: Mapping[str, tuple[Document, ...]]
    policies: tuple[NetworkPolicy, ...]


class Fleet(Struct, frozen=True):
    """What a run sees: documents that may be changed, and documents that are only looked at.

    *namespace* is the one that documents without ``metadata.namespace`` are applied to. *exposed*
    has (namespace, name) of each Service that an Ingress or a Gateway route sends traffic to.
    """

    documents: tuple[Document, ...]
    context: tuple[Document, ...]
    namespace: str
    workloads: tuple[Workload, ...]
    neighbours: tuple[Workload, ...]
    services: tuple[Service, ...]
    autoscalers: tuple[Autoscaler, ...]
    limit_ranges: tuple[LimitRange, ...]
    exposed: frozenset[_Key]
    index: _Index

    def namespace_of(self, document: Document) -> str:
        return document.namespace or self.namespace

    def selecting(self, target: Workload) -> tuple[Service, ...]:
        """Return the Services whose selector matches the pods of *target*."""
        namespace, labels = self.namespace_of(target.document), target.pod_labels
        # Each Service stands under one label alone, with its number among all.
        found = [
            numbered
            for label in labels.items()
            for numbered in self.index.by_label.get((namespace, *label), ())
            if numbered[1].selector.items() <= labels.items()
        ]
        found.sort(key=_number)
        return tuple(each for _, each in found)

    def selected_by(self, candidate: Service) -> tuple[Workload, ...]:
        """Return the workloads, also those only looked at, that *candidate* sends traffic to."""
        namespace, selector = self.namespace_of(candidate.document), candidate.selector
        if not selector:
            return ()
        key, value = next(iter(selector.items()))
        return tuple(
            each
            for each in self.index.pods_by_label.get((namespace, key, value), ())
            if selector.items() <= each.pod_labels.items()
        )

    def service_named(self, host: str, namespace: str, cluster_domain: str) -> Service | None:
        """Return the Service that a pod of *namespace* reaches under the name *host*."""
        name = host.lower().removesuffix(f".{cluster_domain}")
        if name != host.lower() and not name.endswith(".svc"):
            return None
        first, _, rest = name.partition(".")
        home = rest.removesuffix(".svc")
        if "." in home or (rest and not home) or rest == "svc":
            return None
        return self.index.services.get((home or namespace, first))

    def is_external(self, candidate: Service) -> bool:
        """Tell whether clients without a certificate of ours come in through *candidate*."""
        key = (self.namespace_of(candidate.document), candidate.name)
        return candidate.type in {"LoadBalancer", "NodePort"} or key in self.exposed

    def is_editable(self, document: Document) -> bool:
        return id(document) in self.index.editable

    def config_map(self, name: str, namespace: str) -> Document | None:
        """Return the ConfigMap of that name, where it is in sight."""
        return self.index.config_maps.get((namespace, name))

    def policies(self, target: Workload) -> tuple[NetworkPolicy, ...]:
        """Return the NetworkPolicies that say who may reach the pods of *target*."""
        namespace = self.namespace_of(target.document)
        return tuple(
            each
            for each in self.index.policies
            if self.namespace_of(each.document) == namespace
            and each.pod_labels.items() <= target.pod_labels.items()
        )

    def namespaces(self, name: str) -> tuple[Document, ...]:
        """Return the Namespace documents of the input that define the namespace *name*."""
        return self.index.namespaces.get(name, ())


def fleet(
    documents: Iterable[Document], context: Iterable[Document] = (), *, namespace: str = "default"
) -> Fleet:
    """Join *documents* (to be changed) and *context* (only looked at)."""
    mine, others = tuple(documents), tuple(context)
    everything = (*mine, *others)
    workloads, neighbours = _views(workload, mine), _views(workload, others)
    services = _views(service, everything)
    return Fleet(
        documents=mine,
        context=others,
        namespace=namespace,
        workloads=workloads,
        neighbours=neighbours,
        services=services,
        autoscalers=_views(autoscaler, everything),
        limit_ranges=_views(limit_range, everything),
        exposed=frozenset(
            (each.namespace or document.namespace or namespace, each.name)
            for document in everything
            for each in backends(document)
        ),
        index=_index(mine, everything, (*workloads, *neighbours), services, namespace),
    )


def _index(
    mine: Sequence[Document],
    everything: Sequence[Document],
    workloads: Sequence[Workload],
    services: Sequence[Service],
    namespace: str,
) -> _Index:
    by_label: dict[tuple[str, str, str], list[tuple[int, Service]]] = {}
    for number, each in enumerate(services):
        for key, value in list(each.selector.items())[:1]:
            home = each.namespace or namespace
            by_label.setdefault((home, key, value), []).append((number, each))
    pods: dict[tuple[str, str, str], list[Workload]] = {}
    for target in workloads:
        for key, value in target.pod_labels.items():
            pods.setdefault((target.namespace or namespace, key, value), []).append(target)
    homes: dict[str, list[Document]] = {}
    for document in mine:
        if document.is_a("", "Namespace"):
            homes.setdefault(document.name, []).append(document)
    return _Index(
        editable=frozenset(map(id, mine)),
        by_label={key: tuple(found) for key, found in by_label.items()},
        pods_by_label={key: tuple(found) for key, found in pods.items()},
        services={(s.namespace or namespace, s.name.lower()): s for s in reversed(services)},
        config_maps={
            (document.namespace or namespace, document.name): document
            for document in reversed(everything)
            if document.is_a("", "ConfigMap")
        },
        namespaces={name: tuple(found) for name, found in homes.items()},
        policies=_views(network_policy, everything),
    )


def _number(numbered: tuple[int, Service]) -> int:
    return numbered[0]


def _views(
    view: Callable[[Document], _View | None], documents: Sequence[Document]
) -> tuple[_View, ...]:
    return tuple(found for found in map(view, documents) if found is not None)
