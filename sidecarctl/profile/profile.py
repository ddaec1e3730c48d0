"""A profile: what the user wants of the sidecars of a fleet, read from a file and checked whole."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, cast

from msgspec import Struct

from sidecarctl.assets import asset_dir
from sidecarctl.errors import ProfileError
from sidecarctl.findings import FieldPath, Json, JsonObject, Location
from sidecarctl.manifest.document import Document, parse
from sidecarctl.profile.check import profile_faults
from sidecarctl.profile.merge import at, table
from sidecarctl.profile.schema import nodes, outer_schema, profile_schema
from sidecarctl.profile.setting import Setting, blamed, option_settings, with_settings
from sidecarctl.violation import Violation, did_you_mean

BUILT_IN = "built-in"
_ENDINGS = (".yaml", ".yml", ".json")


class Override(Struct, frozen=True):
    """Other values for some workloads; an empty field of the selector selects all.

    *path* is where it stands in the profile's document. *concerns* and *sidecars* are as written:
    layers to be merged over the profile's.
    """

    path: FieldPath
    kinds: frozenset[str]
    names: tuple[str, ...]
    namespaces: tuple[str, ...]
    match_labels: Mapping[str, str]
    proxy: str | None
    agents: tuple[str, ...] | None
    concerns: JsonObject
    sidecars: JsonObject


class Profile(Struct, frozen=True):
    """A profile without fault.

    *source* is the file, or ``built-in``. *kinds* and *match_labels* select workloads; empty, they
    select all. *locked* holds names of concerns, and of fields of them: ``accessLog.redact``.
    *concerns* and *sidecars* are as written, without defaults: ``choose`` completes them for a
    workload. *document* is what the file holds, without options: for places.
    """

    name: str
    source: str
    kubernetes_version: str
    proxy: str
    agents: tuple[str, ...]
    kinds: frozenset[str]
    match_labels: Mapping[str, str]
    on_unsupported: Literal["refuse", "warn"]
    locked: frozenset[str]
    trust_domain: str
    cluster_domain: str
    native_sidecars: bool
    reload: Literal["static", "files"]
    concerns: JsonObject
    sidecars: JsonObject
    overrides: tuple[Override, ...]
    document: Document


def load_profile(
    name_or_file: str,
    *,
    sets: Sequence[str] = (),
    proxy: str | None = None,
    kubernetes_version: str | None = None,
) -> Profile:
    """Return the built-in profile or the one in the file *name_or_file*, options laid over it.

    *sets* are the ``path=value`` of ``--set``, paths counted from ``spec``; *proxy* and
    *kubernetes_version* are options of their own and have the last word.

    Raises:
        ProfileError: there is no such profile, or it has faults: the first one, by place, carries
            the others.
        ManifestError: the file is no YAML.
    """
    source, text = _find(name_or_file)
    shown = f"templates/profiles/{name_or_file}.yaml" if source == BUILT_IN else source
    document = _document(text, shown)
    settings = tuple(option_settings(sets, proxy, kubernetes_version))
    data = with_settings(document.data, settings)
    # A test checks the built-in profiles; to check one again takes a twentieth of a small run.
    faults = profile_faults(data) if source != BUILT_IN or settings else []
    if faults:
        raise _all_of([_error(each, document, settings) for each in faults])
    return _profile(data, source, Path(name_or_file).stem, document)


def built_in_profiles() -> dict[str, Path]:
    """Return the file of each built-in profile by its name."""
    files = sorted((asset_dir("templates") / "profiles").glob("*.yaml"))
    return {file.stem: file for file in files}


def _find(name_or_file: str) -> tuple[str, str]:
    """Return where the profile comes from, and its text."""
    built_in = built_in_profiles()
    if name_or_file in built_in:
        return BUILT_IN, built_in[name_or_file].read_text(encoding="utf-8")
    if not name_or_file:
        raise ProfileError("a profile without a name", hint=f"there are {', '.join(built_in)}")
    file = Path(name_or_file)
    if "/" not in name_or_file and file.suffix not in _ENDINGS and not file.exists():
        raise ProfileError(
            f"there is no profile {name_or_file!r}",
            hint=did_you_mean(name_or_file, built_in)
            or f"there are {', '.join(built_in)}; a file is named with its ending, as prod.yaml",
        )
    try:
        return name_or_file, file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ProfileError(f"the profile {name_or_file} is no UTF-8 text") from None
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise ProfileError(f"the profile {name_or_file} cannot be read: {reason}") from None


def _document(text: str, file: str) -> Document:
    documents = parse(text, file).documents
    if len(documents) != 1:
        held = "no document" if not documents else f"{len(documents)} documents"
        raise ProfileError(
            f"{file} holds {held}, a profile is one", hint="sidecarctl init writes one"
        )
    (document,) = documents
    if document.kind and document.kind != "Profile":
        raise ProfileError(
            f"this is a {document.kind}, not a Profile",
            at=document.locate(("kind",)),
            hint="a profile has apiVersion: sidecarctl.dev/v1alpha1 and kind: Profile",
        )
    return document


def _error(fault: Violation, document: Document, settings: Sequence[Setting]) -> ProfileError:
    setting = blamed(fault.path, settings, document.data)
    if setting is not None:
        return setting.error(fault.message, fault.hint)
    # Of a field that the schema does not have, the key is wrong.
    known = nodes(profile_schema(), fault.path)
    place = document.locate(fault.path, on="value" if known else "key")
    return ProfileError(fault.message, at=place, hint=fault.hint)


def _all_of(errors: Sequence[ProfileError]) -> ProfileError:
    """Return the first of *errors*, options before places in the file, carrying all the others."""
    first, *others = sorted(errors, key=lambda error: _order(error.at))
    return ProfileError(first.message, at=first.at, hint=first.hint, others=others)


def _order(place: Location | None) -> tuple[int, int]:
    return (place.line, place.column) if place else (0, 0)


def _profile(data: JsonObject, source: str, stem: str, document: Document) -> Profile:
    spec = table(data, "spec")
    name = at(data, ("metadata", "name"))
    return Profile(
        name=name if isinstance(name, str) else stem,
        source=source,
        kubernetes_version=str(_field(spec, "kubernetesVersion")),
        proxy=str(_field(spec, "proxy")),
        agents=_words(_field(spec, "agents")),
        kinds=frozenset(_words(at(spec, ("selector", "kinds")))),
        match_labels=_labels(spec),
        on_unsupported=cast(Literal["refuse", "warn"], _field(spec, "onUnsupported")),
        locked=frozenset(_words(_field(spec, "locked"))),
        trust_domain=str(_field(spec, "trustDomain")),
        cluster_domain=str(_field(spec, "clusterDomain")),
        native_sidecars=_field(spec, "nativeSidecars") is True,
        reload=cast(Literal["static", "files"], _field(spec, "reload")),
        concerns=table(spec, "concerns"),
        sidecars=table(spec, "sidecars"),
        overrides=tuple(_override(*each) for each in enumerate(_objects(spec.get("overrides")))),
        document=document,
    )


def _override(index: int, entry: JsonObject) -> Override:
    return Override(
        path=("spec", "overrides", index),
        kinds=frozenset(_words(at(entry, ("selector", "kinds")))),
        names=_words(at(entry, ("selector", "names"))),
        namespaces=_words(at(entry, ("selector", "namespaces"))),
        match_labels=_labels(entry),
        proxy=cast(str | None, entry.get("proxy")),
        agents=_words(entry["agents"]) if "agents" in entry else None,
        concerns=table(entry, "concerns"),
        sidecars=table(entry, "sidecars"),
    )


def _field(spec: JsonObject, name: str) -> Json:
    """Return the field *name* of *spec*, or the default that its schema states."""
    if name in spec:
        return spec[name]
    return at(outer_schema(), ("properties", "spec", "properties", name, "default"))


def _labels(holder: JsonObject) -> dict[str, str]:
    return {key: str(value) for key, value in table(holder, "selector", "matchLabels").items()}


def _words(value: Json) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list) else ()


def _objects(value: Json) -> list[JsonObject]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
