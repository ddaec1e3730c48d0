"""Does this bootstrap fit Envoy's own descriptors? Without the binary, with the path of each fault.

Unknown fields, wrong types, broken rules of validation and deprecated fields, inside ``Any`` too.
What Envoy finds beyond that (an unknown cluster, a bad regular expression) is for the rules of
``lint`` and for ``--mode validate``; ``tests/envoy/test_descriptors.py`` lists where they differ.
"""

from collections.abc import Iterable

from sidecarctl.envoy.descriptor_pack import (
    VERSION,
    Field,
    Message,
    Rules,
    enum,
    message,
    message_names,
)
from sidecarctl.envoy.descriptor_rules import Plain, broken, count, repeats, without
from sidecarctl.envoy.descriptor_scalars import PLACEHOLDER, READERS, Wrong, read_enum
from sidecarctl.findings import FieldPath, Json, JsonObject
from sidecarctl.violation import UNKNOWN, Violation, did_you_mean, path_order, shown, suggest

BOOTSTRAP = "envoy.config.bootstrap.v3.Bootstrap"
RESOURCES = "envoy.service.discovery.v3.DiscoveryResponse"
"""What a file of SDS, LDS, CDS or RDS holds."""

TYPE, RULE, UNKNOWN_MESSAGE, DEPRECATED = "type", "rule", "@type", "deprecated"
"""Keywords of violations, beside that of an unknown field."""

__all__ = ["BOOTSTRAP", "DEPRECATED", "RESOURCES", "RULE", "TYPE", "UNKNOWN", "UNKNOWN_MESSAGE",
           "VERSION", "violations"]  # fmt: skip

_ANY, _STRUCT = "google.protobuf.Any", "google.protobuf.Struct"
_FREE = {"google.protobuf.Value", "google.protobuf.ListValue"}
_TYPED = {"xds.type.v3.TypedStruct", "udpa.type.v1.TypedStruct"}


def violations(data: JsonObject, name: str = BOOTSTRAP) -> list[Violation]:
    """Return how *data* fails the message *name* (full name) of Envoy, sorted by path.

    Fields may be written in snake_case or lowerCamelCase. A value with a placeholder of a template
    or a start script is taken for right.
    """
    found: list[Violation] = []
    _message(data, _known(name), (), found)
    return sorted(found, key=lambda each: path_order(each.path))


def _known(name: str) -> Message:
    found = message(name)
    if found is None:
        raise KeyError(name)
    return found


def _message(  # noqa: C901  one pass over the fields
    data: JsonObject, kind: Message, path: FieldPath, found: list[Violation]
) -> None:
    chosen: dict[str, str] = {}  # the field of each oneof
    given: set[str] = set()
    fields = kind.fields
    for key, value in data.items():
        name = key if key in fields else kind.names.get(key, "")
        if not name:
            if key != "@type":
                found.append(_unknown(key, kind, path))
            continue
        if value is None:  # as good as absent
            continue
        given.add(name)
        field = fields[name]
        if field.oneof and chosen.setdefault(field.oneof, name) != name:
            said = f"{name} and {chosen[field.oneof]} exclude each other"
            found.append(Violation((*path, key), said, keyword=RULE))
        if field.deprecated:
            found.append(_deprecated(field, name, (*path, key)))
        _field(value, field, (*path, key), found)
    for name, field in kind.demanding:
        if name not in given:
            why = without(field)
            if why is not None:
                found.append(Violation(path, f"{name} {why}", keyword=RULE))
    for oneof in kind.required:
        if oneof not in chosen:
            hint = f"one of {', '.join(kind.of(oneof))}"
            found.append(Violation(path, f"{oneof} is required", hint, RULE))


def _unknown(key: str, kind: Message, path: FieldPath) -> Violation:
    short = kind.name.rpartition(".")[2]
    hint = did_you_mean(key, kind.fields)
    return Violation((*path, key), f"Envoy's {short} has no field {key!r}", hint, UNKNOWN)


def _deprecated(field: Field, name: str, path: FieldPath) -> Violation:
    if field.deprecated > 1:
        said = f"{name} is deprecated, and Envoy {VERSION} refuses it"
        return Violation(path, said, keyword=RULE)
    return Violation(path, f"{name} is deprecated in Envoy {VERSION}", keyword=DEPRECATED)


def _field(value: Json, field: Field, path: FieldPath, found: list[Violation]) -> None:
    if field.shape == "list":
        _list(value, field, path, found)
    elif field.shape == "map":
        _map(value, field, path, found)
    else:
        _one(value, field.type, field.rules, path, found)


def _list(value: Json, field: Field, path: FieldPath, found: list[Violation]) -> None:
    rules = field.rules
    # Envoy takes a single value for a list of it, and passes over null.
    values = value if isinstance(value, list) else [value]
    if rules is not None:
        why = count(values, rules) or ("names one twice" if repeats(values, rules) else None)
        if why is not None:
            found.append(Violation(path, why, keyword=RULE))
    items = rules.items if rules is not None else None
    for i, each in enumerate(values):
        if each is not None:
            below = (*path, i) if isinstance(value, list) else path
            _one(each, field.type, items, below, found)


def _map(value: Json, field: Field, path: FieldPath, found: list[Violation]) -> None:
    if not isinstance(value, dict):
        found.append(_no_mapping(value, path))
        return
    rules = field.rules or Rules()
    why = count(value, rules)
    if why is not None:
        found.append(Violation(path, why, keyword=RULE))
    for key, each in value.items():
        wrong = broken(key, rules.keys) if rules.keys is not None else None
        if wrong is not None:
            found.append(Violation((*path, key), f"the key {key!r} {wrong}", keyword=RULE))
        if each is not None:
            _one(each, field.type, rules.values, (*path, key), found)


def _one(
    value: Json, kind: str, rules: Rules | None, path: FieldPath, found: list[Violation]
) -> None:
    """Check a single value of the type *kind*."""
    reader = READERS.get(kind)
    if reader is not None:
        _scalar(value, reader(value), rules, path, found)
    elif kind[0] == "=":
        _enum(value, kind[1:], rules, path, found)
    elif kind in _FREE:
        return
    elif not isinstance(value, dict):
        found.append(_no_mapping(value, path))
    elif kind == _ANY:
        _any(value, path, found)
    elif kind != _STRUCT:
        below = message(kind)
        if below is not None:
            _message(value, below, path, found)


def _no_mapping(value: Json, path: FieldPath) -> Violation:
    return Violation(path, f"must be a mapping, but is {shown(value)}", keyword=TYPE)


def _scalar(
    value: Json,
    read: Plain | Wrong,
    rules: Rules | None,
    path: FieldPath,
    found: list[Violation],
) -> None:
    if isinstance(value, str) and PLACEHOLDER.search(value):
        return
    if isinstance(read, Wrong):
        found.append(Violation(path, read.message, read.hint, TYPE))
        return
    why = broken(read, rules) if rules is not None else None
    if why is not None:
        found.append(Violation(path, f"{why}, but is {shown(value)}", keyword=RULE))


def _enum(
    value: Json, name: str, rules: Rules | None, path: FieldPath, found: list[Violation]
) -> None:
    known = enum(name)
    read = read_enum(value, known)
    _scalar(value, read, rules, path, found)
    if isinstance(read, Wrong):
        return
    if rules is not None and rules.defined_only and read not in known.values.values():
        said = f"{shown(value)} is no value of {known.name.rpartition('.')[2]}"
        found.append(Violation(path, said, keyword=RULE))
    old = {known.values[each] for each in known.deprecated}
    if read in old:
        said = f"{shown(value)} is deprecated in Envoy {VERSION}"
        found.append(Violation(path, said, keyword=DEPRECATED))


def _any(value: JsonObject, path: FieldPath, found: list[Violation]) -> None:
    """Check what an Any holds against the message that its ``@type`` names."""
    if not value:
        return
    url = value.get("@type")
    if not isinstance(url, str):
        said = "there is no '@type' that says what this is"
        found.append(Violation(path, said, keyword=TYPE))
        return
    if PLACEHOLDER.search(url):
        return
    host, _, name = url.rpartition("/")
    place = (*path, "@type")
    if not host:
        hint = f'write it as "type.googleapis.com/{name}"'
        found.append(Violation(place, f"{shown(url)} is no URL of a type", hint, TYPE))
        return
    if name in READERS:
        _one(value.get("value"), name, None, (*path, "value"), found)
        return
    known = message(name)
    if known is not None:
        _message(value, known, path, found)
        if name in _TYPED:
            _typed(value, path, found)
    elif name != _STRUCT and name not in _FREE:
        found.append(Violation(place, *_no_message(name), UNKNOWN_MESSAGE))


def _typed(value: JsonObject, path: FieldPath, found: list[Violation]) -> None:
    """Check a TypedStruct: Envoy reads its value as the message that it names."""
    url, inner = value.get("type_url", value.get("typeUrl")), value.get("value")
    name = str(url or "").rpartition("/")[2]
    known = message(name)
    if known is None and name:
        found.append(Violation(path, *_no_message(name), UNKNOWN_MESSAGE))
    elif known is not None and isinstance(inner, dict):
        _message(inner, known, (*path, "value"), found)


def _no_message(name: str) -> tuple[str, str | None]:
    said = f"Envoy {VERSION} has no message {name!r}"
    near = suggest(name, _neighbours(name))
    return said, f"did you mean {near!r}?" if near else None


def _neighbours(name: str) -> Iterable[str]:
    """Return the messages of the same last name first, else those of the same package."""
    package, _, short = name.rpartition(".")
    names = message_names()
    same = [each for each in names if each.endswith(f".{short}")]
    return same or [each for each in names if each.startswith(f"{package}.")] or names
