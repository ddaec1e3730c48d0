"""Documents that speak of pods without holding one: Services, routes, autoscalers, limits."""

from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from sidecarctl.findings import FieldPath, Json, JsonObject
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.narrow import mapping, mappings, number, strings, text, texts

_ROUTES = frozenset({"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"})


class ServicePort(Struct, frozen=True):
    """A port of a Service.

    *target* is ``targetPort``, a number or the name of a container's port; where it is not given,
    the number of the Service's own port.
    """

    path: FieldPath
    name: str
    number: int
    target: int | str
    target_given: bool
    app_protocol: str
    protocol: str
    node_port: int | None = None


class Service(Struct, frozen=True, eq=False, dict=True):
    """A core Service (a Knative one is another thing). It equals only itself."""

    document: Document

    @property
    def name(self) -> str:
        return self.document.name

    @property
    def namespace(self) -> str | None:
        return self.document.namespace

    @cached_property
    def spec(self) -> JsonObject:
        return mapping(self.document.data, "spec")

    @cached_property
    def selector(self) -> dict[str, str]:
        return strings(self.spec.get("selector"))

    @property
    def headless(self) -> bool:
        return self.spec.get("clusterIP") == "None"

    @property
    def type(self) -> str:
        return text(self.spec.get("type")) or "ClusterIP"

    @property
    def ip_families(self) -> tuple[str, ...]:
        families = self.spec.get("ipFamilies")
        return tuple(map(text, families)) if isinstance(families, list) else ()

    def ports(self) -> tuple[ServicePort, ...]:
        found = mappings(self.document.data, (), "spec", "ports")
        return tuple(
            _service_port(path, data, port)
            for path, data in found
            if (port := number(data.get("port"))) is not None
        )


class Backend(Struct, frozen=True):
    """A Service that an Ingress or a Gateway route sends traffic to.

    *namespace* is None where it is that of the route; *port* is a number, a name, or None.
    """

    path: FieldPath
    namespace: str | None
    name: str
    port: int | str | None


class Metric(Struct, frozen=True):
    """What an autoscaler looks at.

    *type* is ``Resource``, ``ContainerResource``, ``Pods`` ...; *resource* (``cpu``), *container*
    and *target_type* (``Utilization``, ``AverageValue``) are ``""`` where they do not apply.
    """

    path: FieldPath
    type: str
    resource: str
    container: str
    target_type: str


class Autoscaler(Struct, frozen=True, eq=False):
    """A HorizontalPodAutoscaler and the workload that it scales. It equals only itself."""

    document: Document
    target_group: str
    target_kind: str
    target_name: str
    metrics: tuple[Metric, ...]

    @property
    def metric_types(self) -> frozenset[str]:
        return frozenset(each.type for each in self.metrics)


class LimitRange(Struct, frozen=True, eq=False):
    """What a LimitRange asks of each container: quantities by resource. It equals only itself."""

    document: Document
    minimum: dict[str, str]
    maximum: dict[str, str]
    default: dict[str, str]
    default_request: dict[str, str]


class NetworkPolicy(Struct, frozen=True, eq=False):
    """A NetworkPolicy that lets traffic in: *ports* are those it names, numbers or names.

    *pod_labels* selects the pods, all of them where it is empty; policies with ``matchExpressions``
    are not seen. A rule without ports lets all in: *is_open*. It equals only itself.
    """

    document: Document
    pod_labels: dict[str, str]
    ports: tuple[tuple[FieldPath, int | str], ...]
    is_open: bool


def network_policy(document: Document) -> NetworkPolicy | None:
    """Return *document* as a NetworkPolicy for incoming traffic, None where it is none."""
    spec = mapping(document.data, "spec")
    types = spec.get("policyTypes")
    if not document.is_a("networking.k8s.io", "NetworkPolicy") or (
        isinstance(types, list) and "Ingress" not in types
    ):
        return None
    selector = mapping(spec, "podSelector")
    if selector.get("matchExpressions"):
        return None
    rules = list(mappings(document.data, (), "spec", "ingress"))
    ports = tuple(
        (path, port)
        for rule_path, rule in rules
        for path, entry in mappings(rule, rule_path, "ports")
        if (port := _port(entry.get("port"))) is not None
    )
    is_open = any(not rule.get("ports") for _, rule in rules)
    return NetworkPolicy(document, strings(selector.get("matchLabels")), ports, is_open)


def service(document: Document) -> Service | None:
    """Return *document* as a Service, None where it is none."""
    return Service(document) if document.is_a("", "Service") else None


def autoscaler(document: Document) -> Autoscaler | None:
    """Return *document* as an autoscaler, None where it is none."""
    if not document.is_a("autoscaling", "HorizontalPodAutoscaler"):
        return None
    target = mapping(document.data, "spec", "scaleTargetRef")
    group, slash, _ = text(target.get("apiVersion")).rpartition("/")
    return Autoscaler(
        document=document,
        target_group=group if slash else "",
        target_kind=text(target.get("kind")),
        target_name=text(target.get("name")),
        metrics=tuple(_metrics(document)),
    )


def backends(document: Document) -> tuple[Backend, ...]:
    """Return the Services that *document*, an Ingress or a Gateway route, sends traffic to."""
    if document.kind == "Ingress" and document.group in {"networking.k8s.io", "extensions"}:
        found = (_ingress_backend(*each) for each in _ingress_places(document.data))
    elif document.group == "gateway.networking.k8s.io" and document.kind in _ROUTES:
        found = (_route_backend(*each) for each in _route_places(document.data))
    else:
        return ()
    return tuple(each for each in found if each is not None)


def limit_range(document: Document) -> LimitRange | None:
    """Return *document* as a LimitRange, None where it is none."""
    if not document.is_a("", "LimitRange"):
        return None
    limits = [
        data
        for _, data in mappings(document.data, (), "spec", "limits")
        if data.get("type") == "Container"
    ]

    def joined(bound: str) -> dict[str, str]:
        return {name: edge for each in limits for name, edge in texts(each.get(bound)).items()}

    return LimitRange(
        document, joined("min"), joined("max"), joined("default"), joined("defaultRequest")
    )


def _service_port(path: FieldPath, data: JsonObject, port: int) -> ServicePort:
    target = _port(data.get("targetPort"))
    return ServicePort(
        path=path,
        name=text(data.get("name")),
        number=port,
        target=target or port,  # 0 and "" count as not given: the API server fills them in
        target_given=bool(target),
        app_protocol=text(data.get("appProtocol")),
        protocol=text(data.get("protocol")) or "TCP",
        node_port=number(data.get("nodePort")),
    )


def _metrics(document: Document) -> Iterator[Metric]:
    spec = mapping(document.data, "spec")
    if "targetCPUUtilizationPercentage" in spec:  # autoscaling/v1
        yield Metric(
            ("spec", "targetCPUUtilizationPercentage"), "Resource", "cpu", "", "Utilization"
        )
    for path, data in mappings(spec, ("spec",), "metrics"):
        kind = text(data.get("type"))
        details = mapping(data, kind[:1].lower() + kind[1:])
        yield Metric(
            path=path,
            type=kind,
            resource=text(details.get("name")),
            container=text(details.get("container")),
            target_type=text(mapping(details, "target").get("type")),
        )


def _ingress_places(data: JsonObject) -> Iterator[tuple[FieldPath, JsonObject]]:
    for key in ("defaultBackend", "backend"):
        yield ("spec", key), mapping(data, "spec", key)
    for path, rule in mappings(data, (), "spec", "rules"):
        for place, entry in mappings(rule, path, "http", "paths"):
            yield (*place, "backend"), mapping(entry, "backend")


def _ingress_backend(path: FieldPath, data: JsonObject) -> Backend | None:
    service = mapping(data, "service")
    if name := text(service.get("name")):
        port = mapping(service, "port")
        return Backend(
            (*path, "service"), None, name, _port(port.get("number") or port.get("name"))
        )
    if name := text(data.get("serviceName")):  # v1beta1
        return Backend(path, None, name, _port(data.get("servicePort")))
    return None


def _route_places(data: JsonObject) -> Iterator[tuple[FieldPath, JsonObject]]:
    for path, rule in mappings(data, (), "spec", "rules"):
        yield from mappings(rule, path, "backendRefs")
        for place, entry in mappings(rule, path, "filters"):
            mirror = mapping(entry, "requestMirror", "backendRef")
            yield (*place, "requestMirror", "backendRef"), mirror


def _route_backend(path: FieldPath, data: JsonObject) -> Backend | None:
    name = text(data.get("name"))
    if not name or data.get("group") or data.get("kind", "Service") != "Service":
        return None
    return Backend(path, text(data.get("namespace")) or None, name, number(data.get("port")))


def _port(value: Json) -> int | str | None:
    return value if isinstance(value, str) else number(value)
