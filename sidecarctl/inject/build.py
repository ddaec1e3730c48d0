"""A decision becomes fragments: the templates of its sidecars and concerns, rendered and joined."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import cast

from msgspec.structs import replace

from sidecarctl.envoy.bootstrap import assemble, dump
from sidecarctl.envoy.certificates import certified
from sidecarctl.envoy.descriptors import DEPRECATED, violations
from sidecarctl.envoy.ops import drain_token
from sidecarctl.envoy.reload import split
from sidecarctl.envoy.slots import Contribution, Listener
from sidecarctl.errors import TemplateError
from sidecarctl.findings import Json, JsonObject, show_path
from sidecarctl.inject.patch import Fragment
from sidecarctl.inject.render import render
from sidecarctl.lifecycle.quantities import memory_bytes
from sidecarctl.manifest.narrow import mapping
from sidecarctl.manifest.workload import Role
from sidecarctl.plan.candidate import Candidate
from sidecarctl.plan.injection import Injection, Standalone
from sidecarctl.profile.concern import Concern, concerns
from sidecarctl.profile.merge import merged
from sidecarctl.profile.profile import Profile
from sidecarctl.profile.sidecar import sidecars
from sidecarctl.topology.fleet import Fleet

MANAGED_BY = "app.kubernetes.io/managed-by"
OWNER = "sidecarctl.dev/owner"
CHECKSUM = "sidecarctl.dev/config-checksum"
TOOL = "sidecarctl"


def fragments(injection: Injection, joined: Fleet, profile: Profile) -> list[Fragment]:
    """Render everything that *injection* adds, in the order that it stands in the pod.

    Raises:
        TemplateError: a template is wrong, with its place.
        ProfileError: two concerns claim one field of Envoy's configuration.
    """
    parts: list[Fragment] = []
    for name in injection.sidecars:
        if name == injection.candidate.choice.proxy and injection.proxy is not None:
            parts += _standalone(injection, injection.proxy, profile)
            continue
        parts.append(_sidecar(injection, name, joined))
        if name == injection.candidate.choice.proxy:
            parts += _cells(injection.candidate, name, profile)
    return [_owned(part, injection.candidate) for part in parts]


def _sidecar(injection: Injection, name: str, joined: Fleet) -> Fragment:
    """Render a sidecar that brings its own configuration along."""
    candidate = injection.candidate
    facts: JsonObject = {
        "namespaceInInput": bool(joined.namespaces(candidate.namespace)),
        "podLabels": dict(candidate.workload.pod_labels),
        "kubernetesVersion": str(candidate.version),
    }
    values = {**candidate.choice.sidecars[name], "resources": injection.resources.get(name, {})}
    folder = sidecars()[name].folder
    context = {"values": values, "facts": facts, "native": candidate.native, **_who(candidate)}
    return Fragment(name, render(folder / "pod.yaml.j2", context))


def _cells(candidate: Candidate, proxy: str, profile: Profile) -> Iterator[Fragment]:
    """Render the cells of a mesh: labels and resources of its own."""
    for concern in _chosen(candidate, proxy):
        data = render(
            concern.cell(proxy),
            {
                "values": candidate.choice.concerns[concern.name],
                "sidecar": candidate.choice.sidecars[proxy],
                "profile": _domains(profile),
                **_who(candidate),
            },
        )
        yield Fragment(concern.name, data)


def _standalone(injection: Injection, proxy: Standalone, profile: Profile) -> Iterator[Fragment]:
    """Render a proxy whose bootstrap is put together here, its ConfigMap, and its cells."""
    candidate = injection.candidate
    name = candidate.choice.proxy
    sidecar: JsonObject = {
        **candidate.choice.sidecars[name],
        "resources": injection.resources.get(name, {}),
    }
    sidecar["memoryLimitBytes"] = _memory_limit(injection.resources.get(name, {}))
    parts, contributions = _contributions(candidate, proxy, sidecar, profile)
    node_id = f"{candidate.workload.name}.{candidate.namespace}"
    bootstrap = assemble(
        node_id=node_id,
        cluster_name=candidate.workload.name,
        ops_port=proxy.ops_port,
        address=proxy.address,
        listeners=proxy.listeners,
        contributions=contributions,
        probes=proxy.probes,
    )
    folder = sidecars()[name].folder
    context: dict[str, object] = {
        "values": sidecar, "profile": _domains(profile), **_who(candidate)
    }  # fmt: skip
    found = certified(bootstrap, render(folder / "certificates.yaml.j2", context))
    bootstrap, reloaded = found.bootstrap, dict[str, JsonObject]()
    _refuse_unfit(bootstrap, candidate)
    if profile.reload == "files":
        bootstrap, reloaded = split(bootstrap, _layout(proxy, found.files))
    fixed = _texts({"bootstrap.yaml": bootstrap, **found.files})
    files = {**fixed, **_texts(reloaded)}
    # What Envoy reads again by itself must not roll the pods.
    facts = {**_facts(candidate, proxy, node_id, fixed), "certificates": found.own}
    context |= {"facts": facts, "files": files, "native": candidate.native}
    rendered = render(folder / "pod.yaml.j2", context)
    documents = render(folder / "documents.yaml.j2", context)
    yield Fragment(name, _with_cells({**rendered, **documents}, parts))
    for part in parts:
        yield Fragment(part.source, _without(part.data, "container"))


def _refuse_unfit(bootstrap: JsonObject, candidate: Candidate) -> None:
    """Refuse a *bootstrap* that Envoy would not take, before anybody rolls it out.

    Raises:
        TemplateError: a value of the profile, or a template, breaks Envoy's own rules.
    """
    for fault in violations(bootstrap):
        if fault.keyword != DEPRECATED:
            raise TemplateError(
                f"Envoy would refuse what is rendered: {show_path(fault.path)}: {fault.message}",
                at=candidate.workload.document.locate(("metadata", "name")),
                hint=fault.hint or "change the value of the profile that ends up there",
            )


def _contributions(
    candidate: Candidate, proxy: Standalone, sidecar: JsonObject, profile: Profile
) -> tuple[list[Fragment], list[Contribution]]:
    """Render each cell once for the bootstrap and once for each listener that it acts on."""
    parts: list[Fragment] = []
    contributions: list[Contribution] = []
    common = {
        "sidecar": sidecar,
        "facts": {"opsPort": proxy.ops_port, "capture": _capture(proxy)},
        "profile": _domains(profile),
        **_who(candidate),
    }
    for concern in _chosen(candidate, candidate.choice.proxy):
        values = candidate.choice.concerns[concern.name]
        for listener in (None, *proxy.listeners):
            if listener is not None and not _acts_on(concern, listener):
                continue
            data = render(
                concern.cell(candidate.choice.proxy),
                {
                    **common,
                    "values": _of_dependency(values, concern.name, listener),
                    "listener": listener,
                },
            )
            given = listener.name if listener else None
            contributions.append(Contribution(concern.name, concern.order, data, given))
            if listener is None:
                parts.append(Fragment(concern.name, data))
    return parts, contributions


def _layout(proxy: Standalone, certificates: Mapping[str, JsonObject]) -> str:
    """Return a digest of what the pod itself relies on: ports, and certificates that it mounts.

    Where that changes, pods that run must not take files that are made for those to come. A port
    that the profile itself names is the same in both.
    """
    ports: list[Json] = [[each.name, each.port] for each in proxy.listeners if not each.values]
    probes: list[Json] = [[each.name, each.port] for each in proxy.probes]
    return _digest([proxy.ops_port, ports, probes, [*sorted(certificates)]])[:8]


def _digest(value: Json) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def _capture(proxy: Standalone) -> JsonObject | None:
    if proxy.capture is None:
        return None
    redirects: list[Json] = [{"port": port, "to": to} for port, to in proxy.capture.redirects]
    return {"port": proxy.capture.port, "ipv6": proxy.address == "::", "redirects": redirects}


def _chosen(candidate: Candidate, proxy: str) -> list[Concern]:
    known = concerns()
    return [known[name] for name in candidate.choice.concerns if proxy in known[name].cells]


def _acts_on(concern: Concern, listener: Listener) -> bool:
    return listener.direction in concern.direction and listener.protocol in concern.protocols


def _of_dependency(values: Json, concern: str, listener: Listener | None) -> Json:
    """Return *values*, with what an egress dependency says of *concern* for itself on top."""
    own = listener.values.get(concern) if listener else None
    return merged(values, own) if isinstance(own, dict) else values


def _texts(files: Mapping[str, JsonObject]) -> dict[str, str]:
    return {name: dump(content) for name, content in files.items()}


def _facts(
    candidate: Candidate, proxy: Standalone, node_id: str, files: Mapping[str, str]
) -> JsonObject:
    ports: list[Json] = [{"port": proxy.ops_port, "name": "envoy-ops"}]
    doors = [each for each in proxy.listeners if each.direction == "inbound"]
    ports += [{"port": each.port, "name": proxy.names.get(each.port, "")} for each in doors]
    ports += [{"port": probe.port, "name": ""} for probe in proxy.probes if probe.kind == "grpc"]
    # Clients of a port that is redirected know it by the application's own number.
    redirected = {port for port, _ in proxy.capture.redirects} if proxy.capture else set()
    proxied = {each.target_port for each in doors} - redirected
    others: list[Json] = [
        {"port": port.number, "protocol": port.protocol}
        for container in candidate.workload.containers()
        if container.role is not Role.INIT
        for port in container.ports()
        if port.number not in proxied or port.protocol != "TCP"
    ]
    return {
        "opsPort": proxy.ops_port,
        "ports": ports,
        "otherPorts": others,
        "podLabels": dict(candidate.workload.pod_labels),
        "configMap": f"{candidate.workload.name}-envoy",
        "checksum": _digest(cast(JsonObject, dict(files))),
        "nodeId": node_id,
        "drainToken": drain_token(node_id),
        "drain": candidate.facts.text("drain", "0s"),
        "startup": candidate.facts.table("startup"),
        "tls": candidate.tls,
    }


def _with_cells(rendered: JsonObject, parts: list[Fragment]) -> JsonObject:
    """Add what cells say about the proxy's own container to the container that was rendered."""
    base = Fragment("", rendered)
    containers = [*base.rows("pod", "initContainers"), *base.rows("pod", "containers")]
    for part in parts:
        for field in ("volumeMounts", "env", "ports"):
            more = part.rows("container", field)
            if more and containers:
                own = containers[0].get(field)
                containers[0][field] = [*(own if isinstance(own, list) else []), *more]
    return rendered


def _owned(part: Fragment, candidate: Candidate) -> Fragment:
    """Mark the new documents as ours, and put them into the namespace of their owner."""
    documents = [_marked(each, candidate) for each in part.rows("documents")]
    return replace(part, data={**part.data, "documents": list(documents)})


def _marked(document: JsonObject, candidate: Candidate) -> JsonObject:
    metadata = mapping(document, "metadata")
    namespace = candidate.workload.document.namespace
    home: JsonObject = {"namespace": namespace} if namespace else {}
    marked: JsonObject = {
        **metadata,
        **home,
        "labels": {**mapping(metadata, "labels"), MANAGED_BY: TOOL},
        "annotations": {
            **mapping(metadata, "annotations"),
            OWNER: f"{candidate.workload.kind}/{candidate.workload.name}",
        },
    }
    return {**document, "metadata": marked}


def _who(candidate: Candidate) -> dict[str, Json]:
    workload = candidate.workload
    return {
        "workload": {
            "kind": workload.kind,
            "name": workload.name,
            "namespace": candidate.namespace,
            "serviceAccount": workload.service_account,
            "podLabels": dict(workload.pod_labels),
            "containers": [each.name for each in workload.containers() if each.role is Role.APP],
            "isJob": workload.kind in {"Job", "CronJob"},
        }
    }


def _domains(profile: Profile) -> JsonObject:
    return {"trustDomain": profile.trust_domain, "clusterDomain": profile.cluster_domain}


def _memory_limit(table: JsonObject) -> int:
    limit = mapping(table, "limits").get("memory")
    return memory_bytes(limit) if limit is not None else 0


def _without(data: JsonObject, *fields: str) -> JsonObject:
    return {key: value for key, value in data.items() if key not in fields}
