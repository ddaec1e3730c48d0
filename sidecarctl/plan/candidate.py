"""Which workloads get sidecars at all, and with what values."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from sidecarctl.findings import Json, JsonObject, Location
from sidecarctl.lifecycle.form import Form, form
from sidecarctl.lifecycle.versions import Version
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.narrow import mapping, mappings, number, text
from sidecarctl.manifest.workload import Workload
from sidecarctl.plan.outcome import Note, Outcome, Status
from sidecarctl.profile.choice import Choice, choose, selected
from sidecarctl.profile.concern import concerns
from sidecarctl.profile.profile import Profile
from sidecarctl.profile.sidecar import Sidecar, sidecars
from sidecarctl.topology.fleet import Fleet

OPT_OUT = "sidecarctl.dev/inject"

# Containers and images by which the proxies of other injectors are known.
# Sources: istio pkg/kube/inject, linkerd2 pkg/healthcheck/sidecar.go, consul-k8s connect-inject,
# kuma pkg/plugins/runtime/k8s/webhooks/injector.
_FOREIGN_NAMES = frozenset({"istio-proxy", "linkerd-proxy", "consul-dataplane", "kuma-sidecar"})
_FOREIGN_IMAGES = ("istio/proxyv2", "istio-release/proxyv2", "linkerd/proxy",
                   "hashicorp/consul-dataplane", "kumahq/kuma-dp")  # fmt: skip


class Facts(Struct, frozen=True):
    """What the chosen concerns tell the plan, whoever they are (``facts`` in ``concern.yaml``)."""

    values: Mapping[str, Json]

    def text(self, name: str, default: str) -> str:
        value = self.values.get(name)
        return value if isinstance(value, str) else default

    def table(self, name: str) -> JsonObject:
        return mapping(dict(self.values), name)

    def rows(self, name: str) -> tuple[JsonObject, ...]:
        return tuple(entry for _, entry in mappings(dict(self.values), (), name))


class Candidate(Struct, frozen=True):
    """A workload that is to get sidecars, with its complete values."""

    workload: Workload
    namespace: str
    choice: Choice
    facts: Facts
    form: Form
    why: str
    version: Version

    @property
    def native(self) -> bool:
        """Tell whether the sidecars are native ones; *why* gives the reason."""
        return self.form is Form.NATIVE

    @property
    def proxy(self) -> Sidecar | None:
        return sidecars().get(self.choice.proxy)

    @property
    def proxy_values(self) -> JsonObject:
        return self.choice.sidecars.get(self.choice.proxy, {})

    @property
    def standalone(self) -> bool:
        """Tell whether the proxy is one that gets its whole configuration from us."""
        return self.proxy is not None and self.proxy.standalone

    @property
    def captured(self) -> bool:
        """Tell whether the kernel of the pod redirects its connections to the proxy."""
        return self.standalone and self.facts.text("capture", "explicit") == "transparent"

    @property
    def uncaptured_ports(self) -> frozenset[int]:
        """Return the ports of the application that are left out of it."""
        ports = self.facts.table("exclude").get("inboundPorts")
        return (
            frozenset(each for each in ports if isinstance(each, int))
            if isinstance(ports, list)
            else frozenset()
        )

    @property
    def tls(self) -> str:
        """Return what the proxy demands of clients: ``none``, ``permissive`` or ``strict``."""
        return self.facts.text("tls", "none") if self.standalone else "none"


def candidates(joined: Fleet, profile: Profile) -> tuple[list[Candidate], list[Outcome]]:
    """Split the workloads of *joined* into those to inject and those skipped or refused."""
    chosen: list[Candidate] = []
    left: list[Outcome] = []
    for workload in joined.workloads:
        namespace = joined.namespace_of(workload.document)
        skip = _skip(workload, profile)
        if skip:
            left.append(outcome(workload, namespace, Status.SKIPPED, *skip))
            continue
        candidate = _candidate(workload, namespace, profile)
        mesh = _opted_out_of_mesh(candidate)
        if mesh:
            left.append(outcome(workload, namespace, Status.SKIPPED, "mesh-opted-out", mesh))
            continue
        refusal = next(_refusals(candidate, joined), None)
        if refusal:
            left.append(refused(candidate, (refusal,)))
            continue
        chosen.append(candidate)
    left += _without_pod(joined)
    return chosen, left


def outcome(workload: Workload, namespace: str, status: Status, code: str, message: str) -> Outcome:
    """Return the outcome of *workload*, at the key that names its kind."""
    place = workload.document.locate(("kind",), on="key")
    return Outcome(status, code, message, workload.kind, workload.name, namespace, place)


def refused(candidate: Candidate, reasons: tuple[Note, ...]) -> Outcome:
    """Return the refusal of *candidate*: the first of *reasons* is its sentence."""
    first, *others = reasons
    return Outcome(
        Status.REFUSED,
        first.code,
        first.message,
        candidate.workload.kind,
        candidate.workload.name,
        candidate.namespace,
        first.location or candidate.workload.document.locate(("kind",), on="key"),
        notes=tuple(others),
        hint=first.hint,
    )


def _skip(workload: Workload, profile: Profile) -> tuple[str, str] | None:
    annotations = {**workload.document.annotations, **workload.pod_annotations}
    if annotations.get(OPT_OUT, "").lower() == "false":
        return "opted-out", f'it has the annotation {OPT_OUT}: "false"'
    reason = selected(profile, workload)
    return ("not-selected", reason) if reason else None


def _candidate(workload: Workload, namespace: str, profile: Profile) -> Candidate:
    choice = choose(profile, workload, namespace)
    version = Version.parse(profile.kubernetes_version)
    shape, why = form(version, native_wanted=profile.native_sidecars)
    return Candidate(workload, namespace, choice, _facts(choice), shape, why, version)


def _facts(choice: Choice) -> Facts:
    values: dict[str, Json] = {}
    for name, chosen in choice.concerns.items():
        for fact, field in concerns()[name].facts.items():
            value: Json = chosen
            for step in field.split(".") if field else ():
                value = value.get(step) if isinstance(value, dict) else None
            values[fact] = value
    return Facts(values)


def _opted_out_of_mesh(candidate: Candidate) -> str:
    """Say why the chosen mesh must leave the workload alone, or return an empty sentence."""
    workload = candidate.workload
    for key, value in (candidate.proxy.opt_out if candidate.proxy else {}).items():
        own = {**workload.pod_annotations, **workload.pod_labels}
        if own.get(key) == value:
            return f'it has {key}: "{value}"'
    return ""


def _refusals(candidate: Candidate, joined: Fleet) -> Iterator[Note]:
    """Yield what stands against any proxy in this workload."""
    workload = candidate.workload
    has_proxy = candidate.proxy is not None
    if has_proxy and workload.host_network:
        yield Note(
            "host-network",
            "its pods use the node's network, where a proxy would take the node's ports",
            location=_place(workload, "hostNetwork"),
            hint=f'leave it out with the annotation {OPT_OUT}: "false"',
        )
    if has_proxy:
        yield from _foreign(candidate, joined)
        yield from _same_user(candidate)
    if _os(workload) == "windows":
        yield Note(
            "windows",
            "its pods run on Windows, for which these sidecars have no image",
            location=_place(workload, "os"),
        )
    if workload.kind in {"Job", "CronJob"} and not candidate.native:
        yield Note(
            "job-needs-native",
            "its pods would never end: only a native sidecar stops when the job is done",
            hint="set kubernetesVersion to 1.29 or later, or leave the job out",
        )


def _same_user(candidate: Candidate) -> Iterator[Note]:
    """Yield a refusal where an application could look into the proxy, as they share a uid.

    Many images run as 65532, which is harmless as long as each container sees its own processes.
    """
    workload = candidate.workload
    uid = number(candidate.proxy_values.get("runAsUser"))
    if workload.pod.get("shareProcessNamespace") is not True or uid is None:
        return
    for container in workload.containers():
        if container.run_as_user == uid:
            yield Note(
                "uid-clash",
                f"{container.name!r} runs as {uid} like the proxy and, as the pod shares its "
                "processes, could read the proxy's keys",
                location=workload.document.locate(container.path),
                hint=f"set sidecars.{candidate.choice.proxy}.runAsUser to another uid",
            )


def _foreign(candidate: Candidate, joined: Fleet) -> Iterator[Note]:
    for container in candidate.workload.containers():
        repository = container.image.partition("@")[0].rpartition(":")[0] or container.image
        if container.name in _FOREIGN_NAMES or repository.endswith(_FOREIGN_IMAGES):
            yield Note(
                "foreign-proxy",
                f"it has the proxy {container.name!r} of another injector already",
                location=candidate.workload.document.locate((*container.path, "name")),
                hint="take that proxy out first, or leave the workload out",
            )
    if not candidate.standalone:
        return
    labels = candidate.workload.pod_labels
    namespaces = joined.namespaces(candidate.namespace)
    asked = labels.get("sidecar.istio.io/inject") == "true" or any(
        each.labels.get("istio-injection") == "enabled" for each in namespaces
    )
    if asked and labels.get("sidecar.istio.io/inject") != "false":
        yield Note(
            "foreign-proxy",
            "Istio's webhook will add its own proxy to it",
            hint="use --proxy istio, or take the injection label away",
        )


def _without_pod(joined: Fleet) -> Iterator[Outcome]:
    """Yield a skip for each document that holds a pod where we know of none."""
    known = {id(each.document) for each in joined.workloads}
    for document in joined.documents:
        if id(document) in known or not _looks_like_pod(document):
            continue
        yield Outcome(
            Status.SKIPPED,
            "unsupported-kind",
            f"{document.api_version} {document.kind} is not among the kinds that are injected",
            document.kind,
            document.name,
            joined.namespace_of(document),
            document.locate(("kind",), on="key"),
        )


def _looks_like_pod(document: Document) -> bool:
    pod = mapping(document.data, "spec", "template", "spec")
    return isinstance(pod.get("containers"), list)


def _os(workload: Workload) -> str:
    return text(mapping(workload.pod, "os").get("name"))


def _place(workload: Workload, field: str) -> Location:
    return workload.document.locate((*workload.pod_path, field), on="key")
