"""What one workload gets: defaults, profile, overrides and annotations, merged and checked."""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import cast

from msgspec import Struct

from sidecarctl.errors import ProfileError, first_of
from sidecarctl.findings import FieldPath, Json, JsonObject, Location, show_path
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.workload import Role, Workload
from sidecarctl.profile.annotation import annotation_settings
from sidecarctl.profile.check import always_on, limit_faults, value_faults
from sidecarctl.profile.concern import Concern, concerns
from sidecarctl.profile.merge import OFF, layered, merged, nested, table
from sidecarctl.profile.placeholder import bad_placeholders, filled, has_placeholder
from sidecarctl.profile.profile import Override, Profile
from sidecarctl.profile.setting import Setting
from sidecarctl.profile.sidecar import NO_PROXY, Sidecar, sidecars
from sidecarctl.violation import Violation

_DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


class Choice(Struct, frozen=True):
    """The choice for one workload, complete: defaults merged, placeholders filled, checked.

    *concerns* has a key for each concern that is on; *asked* has those of them that somebody asked
    for, and not only their ``always``, with the place where; None is an option. *sidecars* has the
    values of every sidecar there is.
    """

    proxy: str
    agents: tuple[str, ...]
    concerns: Mapping[str, JsonObject | list[Json]]
    sidecars: Mapping[str, JsonObject]
    asked: Mapping[str, Location | None]


def selected(profile: Profile, workload: Workload) -> str | None:
    """Return why *profile* does not select *workload*, or None where it does."""
    if profile.kinds and workload.kind not in profile.kinds:
        return f"the profile selects only {', '.join(sorted(profile.kinds))}"
    missing = _missing_label(profile.match_labels, workload)
    return f"the profile selects only workloads with the label {missing}" if missing else None


def choose(profile: Profile, workload: Workload, namespace: str) -> Choice:
    """Return what *profile* gives *workload*, which is in *namespace*.

    Per field its annotations win over overrides, the last override over the ones before it, they
    over the profile, and that over the defaults.

    Raises:
        ProfileError: an annotation says something wrong or changes what is locked, a filled
            placeholder does not fit, or the proxy cannot do what is asked: the first fault carries
            the others.
    """
    scene = _scene(profile, workload, namespace)
    proxy, agents = _who(profile, scene.overrides)
    on: dict[str, JsonObject | list[Json]] = {}
    asked: dict[str, Location | None] = {}
    faults: list[ProfileError] = []
    for concern in concerns().values():
        value = _concern_value(concern, scene)
        if value is not OFF:
            asked[concern.name] = _place(concern, scene)
        elif concern.always:
            value = concern.defaults
        else:
            continue
        faults += _faults(concern, value, scene)
        on[concern.name] = cast(JsonObject | list[Json], filled(value, scene.words))
        if proxy in concern.cells and not faults:
            cannot = limit_faults(concern, proxy, on[concern.name])
            faults += (_error(concern, each, scene) for each in cannot)
    values: dict[str, JsonObject] = {}
    for sidecar in sidecars().values():
        own = _sidecar_value(sidecar, scene)
        if sidecar.name in (proxy, *agents):
            faults += _faults(sidecar, own, scene)
        values[sidecar.name] = cast(JsonObject, filled(own, scene.words))
    error = first_of(faults)
    if error:
        raise error
    return Choice(proxy, agents, on, values, asked)


def unsupported(choice: Choice) -> tuple[tuple[str, str], ...]:
    """Return each concern that was asked for and that the chosen proxy does not have, and why."""
    return tuple(
        (name, _who_has(concerns()[name], choice.proxy))
        for name in choice.concerns
        if name in choice.asked and choice.proxy not in concerns()[name].cells
    )


def _who_has(concern: Concern, proxy: str) -> str:
    lacks = "without a proxy there is" if proxy == NO_PROXY else f"{proxy} has"
    *others, last = sorted(concern.cells) or ["no sidecar"]
    have = f"{', '.join(others)} and {last} have" if others else f"{last} has"
    return f"{lacks} no {concern.name!r}; {have}"


class _Scene(Struct, frozen=True):
    """A workload, and all that has a say in what it gets."""

    profile: Profile
    workload: Workload
    overrides: tuple[Override, ...]
    settings: tuple[Setting, ...]
    words: Mapping[str, str]

    def of(self, concern: str) -> list[Setting]:
        """Return what annotations set of *concern*."""
        return [each for each in self.settings if each.path[1] == concern]


def _scene(profile: Profile, workload: Workload, namespace: str) -> _Scene:
    apps = [each.name for each in workload.containers() if each.role is Role.APP]
    words = {
        "workload": workload.name,
        "namespace": namespace,
        "serviceAccount": workload.service_account,
        "container": workload.pod_annotations.get(_DEFAULT_CONTAINER) or next(iter(apps), ""),
        "trustDomain": profile.trust_domain,
    }
    overrides = tuple(each for each in profile.overrides if _matches(each, workload, namespace))
    return _Scene(
        profile, workload, overrides, tuple(annotation_settings(profile, workload)), words
    )


def _who(profile: Profile, overrides: Sequence[Override]) -> tuple[str, tuple[str, ...]]:
    proxy, agents = profile.proxy, profile.agents
    for each in overrides:
        proxy = each.proxy if each.proxy is not None else proxy
        agents = each.agents if each.agents is not None else agents
    return proxy, agents


def _concern_value(concern: Concern, scene: _Scene) -> Json:
    layers = [scene.profile.concerns, *(each.concerns for each in scene.overrides)]
    given = [layer[concern.name] for layer in layers if concern.name in layer]
    given += [nested(each.path[2:], each.value) for each in scene.of(concern.name)]
    return layered(concern.defaults, given)


def _sidecar_value(sidecar: Sidecar, scene: _Scene) -> Json:
    values: Json = sidecar.defaults
    for layer in (scene.profile.sidecars, *(each.sidecars for each in scene.overrides)):
        values = merged(values, table(layer, sidecar.name))
    return values


def _faults(owner: Concern | Sidecar, value: Json, scene: _Scene) -> Iterator[ProfileError]:
    """Yield what is wrong with *value*; all but the workload's part was checked on loading."""
    own = scene.of(owner.name) if isinstance(owner, Concern) else []
    wrong = [(each, fault) for each in own for fault in bad_placeholders(each.value)]
    if isinstance(owner, Concern) and owner.always:
        off = [each for each in own if each.path == ("concerns", owner.name) and not each.value]
        wrong += [(each, always_on(owner)) for each in off]
    if wrong:
        yield from (setting.error(fault.message, fault.hint) for setting, fault in wrong)
    elif own or scene.overrides or has_placeholder(value):
        for fault in value_faults(owner, filled(value, scene.words)):
            yield _error(owner, fault, scene)


def _place(concern: Concern, scene: _Scene) -> Location | None:
    """Return where somebody asks for *concern*, the one who wins first."""
    for setting in reversed(scene.of(concern.name)):
        return setting.place
    for base in (*(each.path for each in reversed(scene.overrides)), ("spec",)):
        place = _key(scene.profile.document, (*base, "concerns", concern.name))
        if place:
            return place
    return None


@lru_cache(maxsize=1024)
def _key(document: Document, path: FieldPath) -> Location | None:
    """Return the place of the key at *path*; the workloads of a fleet all ask for the same."""
    return document.locate(path, on="key") if document.has(path) else None


def _error(owner: Concern | Sidecar, fault: Violation, scene: _Scene) -> ProfileError:
    """Return *fault*, a path in the values of *owner*, at the place of whoever said it."""
    room = "concerns" if isinstance(owner, Concern) else "sidecars"
    path: FieldPath = (room, owner.name, *fault.path)
    for setting in reversed(scene.settings):
        shorter = min(len(path), len(setting.path))
        if setting.path[:shorter] == path[:shorter]:
            return setting.error(fault.message, fault.hint)
    message = f"{show_path(path[1:])}: {fault.message}, in {scene.workload.document}"
    document = scene.profile.document
    for base in (*(each.path for each in reversed(scene.overrides)), ("spec",)):
        if document.has((*base, *path)):
            return ProfileError(message, at=document.locate((*base, *path)), hint=fault.hint)
    place = scene.workload.document.locate(("metadata", "name"))
    return ProfileError(message, at=place, hint=fault.hint)


def _matches(override: Override, workload: Workload, namespace: str) -> bool:
    return (
        (not override.kinds or workload.kind in override.kinds)
        and (not override.names or _any_matches(override.names, workload.name))
        and (not override.namespaces or _any_matches(override.namespaces, namespace))
        and _missing_label(override.match_labels, workload) is None
    )


def _any_matches(patterns: Sequence[str], name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _missing_label(wanted: Mapping[str, str], workload: Workload) -> str | None:
    labels = {**workload.document.labels, **workload.pod_labels}
    return next(
        (f"{key}={value}" for key, value in wanted.items() if labels.get(key) != value), None
    )
