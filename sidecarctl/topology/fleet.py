"""All documents of a run, joined: workloads, and the Services and others that speak of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sidecarctl.manifest.document import Document
from sidecarctl.manifest.objects import (
    Autoscaler,
    LimitRange,
    Service,
    autoscaler,
    backends,
    limit_range,
    service,
)
from sidecarctl.manifest.workload import Workload, workload


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


def _views(view, documents: Sequence[Document]):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    return tuple(found for found in map(view, documents) if found is not None)
