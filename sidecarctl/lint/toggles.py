"""The labels and annotations that switch an injector on or off, and where each is read.

Sources: https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy
https://linkerd.io/2/features/proxy-injection/
https://developer.hashicorp.com/consul/docs/k8s/annotations-and-labels
https://kuma.io/docs/latest/reference/kubernetes-annotations/
https://github.com/open-telemetry/opentelemetry-operator#sidecar-injection
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Literal, TypeAlias

from msgspec import Struct

from sidecarctl.findings import FieldPath, Json
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.narrow import mapping
from sidecarctl.manifest.workload import Workload, workload

Form: TypeAlias = Literal["label", "annotation"]


class Holder(StrEnum):
    """Whose metadata it is."""

    POD = "the pod template"
    NAMESPACE = "the Namespace"
    OWNER = "the metadata of the workload itself"


class Toggle(Struct, frozen=True):
    """A key that an injector reads; *values* is empty where any may be right."""

    key: str
    injector: str
    forms: tuple[Form, ...]
    holders: tuple[Holder, ...]
    values: frozenset[str] = frozenset()


class Use(Struct, frozen=True):
    """A place where a manifest sets a toggle."""

    toggle: Toggle
    form: Form
    holder: Holder
    path: FieldPath
    value: Json


_POD, _BOTH = (Holder.POD,), (Holder.POD, Holder.NAMESPACE)
_GO_BOOL = frozenset(
    {"1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False"}
)

TOGGLES = (
    Toggle(
        "sidecar.istio.io/inject",
        "Istio",
        ("label", "annotation"),
        _POD,
        frozenset({"true", "false"}),
    ),
    Toggle(
        "istio-injection",
        "Istio",
        ("label",),
        (Holder.NAMESPACE,),
        frozenset({"enabled", "disabled"}),
    ),
    Toggle(
        "linkerd.io/inject",
        "Linkerd",
        ("annotation",),
        _BOTH,
        frozenset({"enabled", "disabled", "ingress"}),
    ),
    Toggle("consul.hashicorp.com/connect-inject", "Consul", ("annotation",), _POD, _GO_BOOL),
    Toggle("kuma.io/sidecar-injection", "Kuma", ("label",), _BOTH),
    Toggle("sidecar.opentelemetry.io/inject", "the OpenTelemetry operator", ("annotation",), _BOTH),
)


def uses(document: Document) -> Iterator[Use]:
    """Yield every toggle that *document* sets, right or wrong."""
    for holder, base in _holders(document):
        metadata = mapping(document.data, *base, "metadata")
        for form in _FORMS:
            field = f"{form}s"
            for key, value in mapping(metadata, field).items():
                toggle = _BY_KEY.get(key)
                if toggle is not None:
                    yield Use(toggle, form, holder, (*base, "metadata", field, key), value)


def expects_sidecars(holder: Workload) -> bool:
    """Say whether an injector will add containers to the pods of *holder* that are not here yet."""
    keys = (*holder.pod_labels.items(), *holder.pod_annotations.items())
    return any(_ADDS.search(key) and value not in _OFF for key, value in keys)


_ADDS = re.compile(
    r"^(?:sidecar\.opentelemetry\.io/inject|agent\.datadoghq\.com/sidecar|dapr\.io/enabled"
    r"|sidecar\.istio\.io/inject|linkerd\.io/inject|consul\.hashicorp\.com/connect-inject"
    r"|vault\.hashicorp\.com/agent-inject|kuma\.io/sidecar-injection)$"
)
_OFF = frozenset({"false", "disabled", "no", "0"})
_BY_KEY = {toggle.key: toggle for toggle in TOGGLES}
_FORMS: tuple[Form, ...] = ("label", "annotation")


def _holders(document: Document) -> Iterator[tuple[Holder, tuple[str, ...]]]:
    holder = workload(document)
    if document.is_a("", "Namespace"):
        yield Holder.NAMESPACE, ()
    elif holder is not None:
        if holder.template_path:
            yield Holder.OWNER, ()
        yield Holder.POD, holder.template_path
