"""All documents of a run, joined: workloads, and the Services and others that speak of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

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


@dataclass(frozen=True, slots=True)
class Fleet:
    """What a run sees: documents that may be changed, and documents that are only looked at.

    *namespace* is the one that documents without ``metadata.namespace`` are applied to.
    """

    documents: tuple[Document, ...]
    context: tuple[Document, ...]
    namespace: str
    workloads: tuple[Workload, ...]
    neighbours: tuple[Workload, ...]
    services: tuple[Service, ...]
    autoscalers: tuple[Autoscaler, ...]
    limit_ranges: tuple[LimitRange, ...]
    exposed: frozenset[tuple[str, str]]
    """(namespace, name) of each Service that an Ingress or a Gateway route sends traffic to."""

    def namespace_of(self, document: Document) -> str:
        return document.namespace or self.namespace

    def selecting(self, target: Workload) -> tuple[Service, ...]:
        """Return the Services whose selector matches the pods of *target*."""
        return tuple(each for each in self.services if self.selects(each, target))

    def selects(self, candidate: Service, target: Workload) -> bool:
        """Tell whether *candidate* sends traffic to the pods of *target*."""
        return (
            bool(candidate.selector)
            and self.namespace_of(candidate.document) == self.namespace_of(target.document)
            and candidate.selector.items() <= target.pod_labels.items()
        )

    def selected_by(self, candidate: Service) -> tuple[Workload, ...]:
        """Return the workloads, also those only looked at, that *candidate* sends traffic to."""
        everyone = (*self.workloads, *self.neighbours)
        return tuple(each for each in everyone if self.selects(candidate, each))

    def is_external(self, candidate: Service) -> bool:
        """Tell whether clients without a certificate of ours come in through *candidate*."""
        key = (self.namespace_of(candidate.document), candidate.name)
        return candidate.type in {"LoadBalancer", "NodePort"} or key in self.exposed

    def is_editable(self, document: Document) -> bool:
        return any(document is each for each in self.documents)

    def config_map(self, name: str, namespace: str) -> Document | None:
        """Return the ConfigMap of that name, where it is in sight."""
        return next(
            (
                each
                for each in (*self.documents, *self.context)
                if each.is_a("", "ConfigMap")
                and (each.name, self.namespace_of(each)) == (name, namespace)
            ),
            None,
        )

    def policies(self, target: Workload) -> tuple[NetworkPolicy, ...]:
        """Return the NetworkPolicies that say who may reach the pods of *target*."""
        namespace = self.namespace_of(target.document)
        return tuple(
            found
            for each in (*self.documents, *self.context)
            if (found := network_policy(each)) is not None
            and self.namespace_of(each) == namespace
            and found.pod_labels.items() <= target.pod_labels.items()
        )

    def namespaces(self, name: str) -> tuple[Document, ...]:
        """Return the Namespace documents of the input that define the namespace *name*."""
        return tuple(
            each for each in self.documents if each.is_a("", "Namespace") and each.name == name
        )


def fleet(
    documents: Iterable[Document], context: Iterable[Document] = (), *, namespace: str = "default"
) -> Fleet:
    """Join *documents* (to be changed) and *context* (only looked at)."""
    mine, others = tuple(documents), tuple(context)
    everything = (*mine, *others)
    return Fleet(
        documents=mine,
        context=others,
        namespace=namespace,
        workloads=_views(workload, mine),
        neighbours=_views(workload, others),
        services=_views(service, everything),
        autoscalers=_views(autoscaler, everything),
        limit_ranges=_views(limit_range, everything),
        exposed=frozenset(
            (each.namespace or document.namespace or namespace, each.name)
            for document in everything
            for each in backends(document)
        ),
    )


def _views(
    view: Callable[[Document], _View | None], documents: Sequence[Document]
) -> tuple[_View, ...]:
    return tuple(found for found in map(view, documents) if found is not None)
