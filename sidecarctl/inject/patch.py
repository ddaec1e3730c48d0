"""Fragments and changes become the new data of a document; `manifest` finds the characters."""

import copy
from collections.abc import Iterable, Mapping
from itertools import pairwise

from msgspec import Struct

from sidecarctl.findings import FieldPath, Json, JsonObject, Location, Severity
from sidecarctl.manifest.narrow import mapping, mappings, number, text
from sidecarctl.manifest.workload import Role, Workload
from sidecarctl.plan.outcome import Change, Note

SAFE_TO_EVICT = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"


class Fragment(Struct, frozen=True):
    """What one sidecar adds; *source* is its name, for messages."""

    source: str
    data: JsonObject

    def table(self, *steps: str) -> JsonObject:
        return mapping(self.data, *steps)

    def rows(self, *steps: str) -> list[JsonObject]:
        return [entry for _, entry in mappings(self.data, (), *steps)]


def set_at(data: JsonObject, path: FieldPath, value: Json) -> None:
    """Set *path* in *data*; missing parents are made, a list grows by the item past its end."""
    here: Json = data
    for step, following in pairwise(path):
        empty: Json = [] if isinstance(following, int) else {}
        if isinstance(here, dict) and isinstance(step, str):
            if here.get(step) is None:
                here[step] = empty
            here = here[step]
        elif isinstance(here, list) and isinstance(step, int):
            if step == len(here):
                here.append(empty)
            here = here[step]
    last = path[-1]
    if isinstance(here, dict) and isinstance(last, str):
        here[last] = value
    elif isinstance(here, list) and isinstance(last, int):
        here[last : last + 1] = [value]


def changed(data: JsonObject, changes: Iterable[Change]) -> JsonObject:
    """Return a copy of *data* with *changes* made."""
    after = copy.deepcopy(data)
    for change in changes:
        set_at(after, change.path, change.value)
    return after


def patch(
    workload: Workload,
    changes: Iterable[Change],
    fragments: Iterable[Fragment],
    annotations: Mapping[str, str],
) -> JsonObject:
    """Return the new data of *workload*'s document: *changes*, then what *fragments* add."""
    parts = list(fragments)
    after = changed(workload.document.data, changes)
    template = _at(after, workload.template_path)
    pod = mapping(template, "spec")
    labels = _merged(part.table("pod", "labels") for part in parts)
    own = workload.pod_annotations
    notes = {**annotations, **_merged(_whole_groups(part, own)[0] for part in parts)}
    notes |= _safe_to_evict(workload, parts)
    _add_metadata(template, labels, notes)
    _add_metadata(
        after,
        _merged(part.table("workload", "labels") for part in parts),
        _merged(part.table("workload", "annotations") for part in parts),
    )
    ordered = sorted(parts, key=lambda part: not part.table("pod").get("first"))
    _extend(pod, "initContainers", _all(ordered, "initContainers"), head=True, before="containers")
    leading = [each for part in parts if part.table("pod").get("first")
               for each in part.rows("pod", "containers")]  # fmt: skip
    trailing = [each for part in parts if not part.table("pod").get("first")
                for each in part.rows("pod", "containers")]  # fmt: skip
    _extend(pod, "containers", leading, head=True)
    _extend(pod, "containers", trailing)
    _extend(pod, "volumes", _all(parts, "volumes"))
    _extend(pod, "imagePullSecrets", _new_secrets(pod, parts))
    for part in parts:
        if "shareProcessNamespace" in part.table("pod"):
            pod["shareProcessNamespace"] = part.table("pod")["shareProcessNamespace"]
    _add_to_apps(workload, pod, parts)
    return after


def clashes(workload: Workload, fragments: Iterable[Fragment]) -> Iterable[Note]:
    """Yield what *fragments* would add although the pod has one of that name or port."""
    document = workload.document
    containers = {each.name: each for each in workload.containers()}
    volumes = {
        text(volume.get("name")): path
        for path, volume in mappings(workload.pod, workload.pod_path, "volumes")
    }
    ports = {
        (port.number, port.protocol): (each, port)
        for each in workload.containers()
        if each.role is not Role.INIT
        for port in each.ports()
    }
    for part in fragments:
        for container in (*part.rows("pod", "initContainers"), *part.rows("pod", "containers")):
            name = str(container.get("name"))
            if name in containers:
                path: FieldPath = (*containers[name].path, "name")
                yield _clash("name", f"container {name!r}", part, document.locate(path))
            for port in _ports(container):
                if port in ports:
                    owner, own = ports[port]
                    what = f"port {port[0]}/{port[1]}, as {owner.name!r} does"
                    yield _clash("port", what, part, document.locate(own.path))
        for volume in part.rows("pod", "volumes"):
            name = str(volume.get("name"))
            if name in volumes:
                place = document.locate((*volumes[name], "name"))
                yield _clash("name", f"volume {name!r}", part, place)


def kept_annotations(workload: Workload, fragments: Iterable[Fragment]) -> Iterable[Note]:
    """Yield a note for each group of annotations that the pod template has already."""
    for part in fragments:
        for key in _whole_groups(part, workload.pod_annotations)[1]:
            path = (*workload.template_path, "metadata", "annotations", key)
            yield Note(
                "annotation-kept",
                f"the pods have {key} already: {part.source} leaves it and its like",
                Severity.WARNING,
                workload.document.locate(path, on="key"),
            )


def _whole_groups(part: Fragment, own: Mapping[str, str]) -> tuple[JsonObject, list[str]]:
    """Split the annotations of *part* into those to add and those that the user has.

    Keys of one prefix belong together: ``prometheus.io/path`` of ours beside ``prometheus.io/port``
    of theirs would have the wrong port scraped.
    """
    wanted = part.table("pod", "annotations")
    theirs = [key for key in wanted if key in own and own[key] != wanted[key]]
    taken = {key.partition("/")[0] for key in theirs if key != SAFE_TO_EVICT}
    free = {key: value for key, value in wanted.items() if key.partition("/")[0] not in taken}
    return free, theirs


def kept_environment(workload: Workload, fragments: Iterable[Fragment]) -> Iterable[Note]:
    """Yield a note for each variable that the application sets itself, to another value."""
    for part in fragments:
        wanted = {str(each.get("name")): each for each in part.rows("app", "env")}
        for container in workload.containers():
            for variable in container.env():
                entry = wanted.get(variable.name)
                same = entry is not None and entry.get("value") == variable.value
                if entry is not None and container.role is Role.APP and not same:
                    yield Note(
                        "env-kept",
                        f"{container.name!r} sets {variable.name} itself: {part.source} leaves it",
                        Severity.WARNING,
                        workload.document.locate(variable.path),
                        "take the variable out, so that it can be pointed at the sidecar",
                    )


def _clash(kind: str, what: str, part: Fragment, place: Location) -> Note:
    verb = "listens on" if kind == "port" else "adds a"
    return Note(
        f"{kind}-clash",
        f"the sidecar {part.source!r} {verb} {what}"
        + ("" if kind == "port" else ", which is here already"),
        Severity.ERROR,
        place,
        "rename one of them, or leave the workload out",
    )


def _ports(container: JsonObject) -> Iterable[tuple[int, str]]:
    for _, entry in mappings(container, (), "ports"):
        port = number(entry.get("containerPort"))
        if port is not None:
            yield port, text(entry.get("protocol")) or "TCP"


def _add_to_apps(workload: Workload, pod: JsonObject, parts: list[Fragment]) -> None:
    """Give every application container the variables and mounts it does not have yet."""
    apps = pod.get("containers")
    names = {each.name for each in workload.containers() if each.role is Role.APP}
    for app in apps if isinstance(apps, list) else []:
        if not isinstance(app, dict) or app.get("name") not in names:
            continue
        for field, key in (("env", "name"), ("volumeMounts", "mountPath")):
            raw = app.get(field)
            entries = raw if isinstance(raw, list) else []
            own = {each.get(key) for each in entries if isinstance(each, dict)}
            wanted = [each for part in parts for each in part.rows("app", field)]
            _extend(app, field, [each for each in wanted if each.get(key) not in own])


def _new_secrets(pod: JsonObject, parts: list[Fragment]) -> list[JsonObject]:
    raw = pod.get("imagePullSecrets")
    own = raw if isinstance(raw, list) else []
    return [each for each in _all(parts, "imagePullSecrets") if each not in own]


def _safe_to_evict(workload: Workload, parts: list[Fragment]) -> JsonObject:
    """Tell the cluster autoscaler that the volumes we add hold nothing worth keeping a node for.

    Source: https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md
    """
    names = [str(each["name"]) for each in _all(parts, "volumes") if "emptyDir" in each]
    own = [name for name in workload.pod_annotations.get(SAFE_TO_EVICT, "").split(",") if name]
    return {SAFE_TO_EVICT: ",".join([*own, *names])} if names else {}


def _add_metadata(holder: JsonObject, labels: JsonObject, annotations: JsonObject) -> None:
    """Add *labels* and *annotations* to ``metadata``; what stands there already is the user's,
    except the list of volumes, which grows.
    """
    for field, wanted in (("labels", labels), ("annotations", annotations)):
        metadata = holder.get("metadata")
        own = mapping(metadata, field)
        new = {
            key: value for key, value in wanted.items() if key not in own or key == SAFE_TO_EVICT
        }
        if not new:
            continue
        if not isinstance(metadata, dict):
            rest = {key: value for key, value in holder.items() if key != "metadata"}
            metadata = {}
            holder.clear()
            holder |= {"metadata": metadata, **rest}
        metadata[field] = {**own, **new}


def _extend(
    holder: JsonObject, field: str, items: list[JsonObject], *, head: bool = False, before: str = ""
) -> None:
    if not items:
        return
    raw = holder.get(field)
    own = raw if isinstance(raw, list) else []
    value: list[Json] = [*items, *own] if head else [*own, *items]
    if field in holder or before not in holder:
        holder[field] = value
        return
    rest = dict(holder)
    holder.clear()
    for key, each in rest.items():
        if key == before:
            holder[field] = value
        holder[key] = each


def _all(parts: list[Fragment], field: str) -> list[JsonObject]:
    return [each for part in parts for each in part.rows("pod", field)]


def _merged(tables: Iterable[JsonObject]) -> JsonObject:
    return {key: value for table in tables for key, value in table.items()}


def _at(data: JsonObject, path: FieldPath) -> JsonObject:
    return mapping(data, *(str(step) for step in path))
