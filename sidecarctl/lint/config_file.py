"""The configuration file ``.sidecarctl.yaml``, read and checked whole."""

import json
from collections.abc import Iterable
from pathlib import Path

from sidecarctl.assets import asset_dir
from sidecarctl.errors import ProfileError, first_of
from sidecarctl.findings import FieldPath, Json, JsonObject, Location, Severity
from sidecarctl.lint.config import Config, Told
from sidecarctl.lint.exempt import Exemption
from sidecarctl.lint.rule import Rule
from sidecarctl.lint.select import hint, meant
from sidecarctl.manifest.document import Document, parse
from sidecarctl.manifest.files import read
from sidecarctl.manifest.narrow import mapping, mappings, strings, text
from sidecarctl.profile.profile import load_profile
from sidecarctl.profile.project import named_profile
from sidecarctl.schemas import violations
from sidecarctl.violation import UNKNOWN

_SETTINGS = (("kubernetesVersion",), ("lint", "select"), ("lint", "ignore"), ("lint", "failOn"))
_EXEMPTION = ("rules", "files", "kinds", "names", "containers")  # the fields of Exemption


def config_schema() -> JsonObject:
    """Return the JSON Schema of the file."""
    file = asset_dir("schemas") / "config.schema.json"
    schema: JsonObject = json.loads(file.read_text(encoding="utf-8"))
    return schema


def load_config(file: Path, rules: Iterable[Rule]) -> Config:
    """Read the configuration in *file*; rules are named among *rules*.

    Raises:
        ProfileError: a field or a rule is wrong; all faults at once.
    """
    (source,) = read([str(file)])
    documents = parse(source.text, source.name).documents
    if len(documents) != 1:
        at = Location(source.name, 1, 1, 1, 1)
        raise ProfileError("a configuration is one mapping", at=at)
    (document,) = documents
    error = first_of(_faults(document, tuple(rules)))
    if error is not None:
        raise error
    return _config(source.name, document, tuple(rules))


def _faults(document: Document, rules: tuple[Rule, ...]) -> Iterable[ProfileError]:
    found = violations(document.data, config_schema())
    for fault in found:
        at = document.locate(fault.path, on="key" if fault.keyword == UNKNOWN else "value")
        yield ProfileError(fault.message, at=at, hint=fault.hint)
    if found:
        return
    for path, word in _rule_words(document):
        if not meant(word, rules):
            at = document.locate(path, on="key" if path[-1] == word else "value")
            yield ProfileError(f"there is no rule {word!r}", at=at, hint=hint(word, rules))


def _rule_words(document: Document) -> Iterable[tuple[FieldPath, str]]:
    lint = mapping(document.data, "lint")
    for key in ("select", "ignore"):
        yield from _words(lint.get(key), ("lint", key))
    for path, entry in mappings(lint, ("lint",), "except"):
        yield from _words(entry.get("rules"), (*path, "rules"))
    for word in mapping(lint, "severity"):
        yield ("lint", "severity", word), word


def _words(data: Json, path: FieldPath) -> Iterable[tuple[FieldPath, str]]:
    for i, word in enumerate(data if isinstance(data, list) else []):
        yield (*path, i), text(word)


def _config(file: str, document: Document, rules: tuple[Rule, ...]) -> Config:
    lint = mapping(document.data, "lint")
    entries = mappings(lint, (), "except")
    return Config(
        told=dict(_told(document, Path(file).parent)),
        severities={
            rule.slug: Severity(weight)
            for word, weight in strings(lint.get("severity")).items()
            for rule in meant(word, rules)
        },
        exemptions=tuple(
            Exemption(*(_texts(entry, key) for key in _EXEMPTION)) for _, entry in entries
        ),
    )


def _told(document: Document, folder: Path) -> Iterable[tuple[str, Told]]:
    name = named_profile(document, folder)
    if name:
        profile = load_profile(name)
        yield "kubernetesVersion", Told(profile.kubernetes_version, f"profile {profile.name}")
    for path in _SETTINGS:
        value = mapping(document.data, *path[:-1]).get(path[-1])
        if value is not None:
            words = value if isinstance(value, list) else [value]
            yield path[-1], Told(",".join(map(text, words)), str(document.locate(path)))


def _texts(data: JsonObject, key: str) -> tuple[str, ...]:
    return tuple(word for _, word in _words(data.get(key), ()))
