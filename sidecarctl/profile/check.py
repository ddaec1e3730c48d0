"""What is wrong with a profile: every fault at once, each at its path."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from sidecarctl.findings import FieldPath, Json, JsonObject
from sidecarctl.profile.concern import Concern, concerns
from sidecarctl.profile.merge import at, has, layered, merged, table
from sidecarctl.profile.placeholder import PLACEHOLDERS, bad_placeholders, filled
from sidecarctl.profile.schema import (
    nodes,
    outer_schema,
    planned_proxies,
    read_schema,
    values_schema,
)
from sidecarctl.profile.sidecar import NO_PROXY, Sidecar, names_of, sidecars
from sidecarctl.profile.units import meant
from sidecarctl.schemas import violations
from sidecarctl.violation import Violation, did_you_mean, shown

# Stand-ins that fit wherever a real name would: the values are checked again once they are filled.
_SAMPLES = {name: name.lower() for name in PLACEHOLDERS}


def profile_faults(data: JsonObject) -> list[Violation]:
    """Return every fault of the profile *data*, paths from its root; [] where it is right."""
    spec = table(data, "spec")
    faults = [_reworded(each, data) for each in violations(data, outer_schema())]
    faults += _layer_faults(spec, {}, ("spec",))
    for index, override in enumerate(_items(spec.get("overrides"))):
        if isinstance(override, dict):
            faults += _layer_faults(override, spec, ("spec", "overrides", index))
    for index, entry in enumerate(_items(spec.get("locked"))):
        faults += _locked_faults(entry, ("spec", "locked", index))
    return list(dict.fromkeys(faults))


def value_faults(owner: Concern | Sidecar, values: Json) -> tuple[Violation, ...]:
    """Return every fault of the complete *values* of *owner*, paths from the values' root."""
    return _faults_of_text(owner, json.dumps(values))


def always_on(concern: Concern, path: FieldPath = ()) -> Violation:
    """Return the violation of *concern*, which cannot be switched off."""
    return Violation(path, f"{concern.name!r} is always on", "leave it out for its defaults")


def limit_faults(concern: Concern, sidecar: str, values: Json) -> tuple[Violation, ...]:
    """Return what of *values*, right in themselves, *sidecar* cannot do."""
    file = concern.limits(sidecar)
    return tuple(violations(values, read_schema(file))) if file.is_file() else ()


@lru_cache(maxsize=4096)  # the workloads of a fleet mostly have the same values
def _faults_of_text(owner: Concern | Sidecar, text: str) -> tuple[Violation, ...]:
    data, schema = json.loads(text), values_schema(owner)
    return tuple(_with_unit(each, data) for each in violations(data, schema))


def _locked_faults(entry: Json, path: FieldPath) -> Iterator[Violation]:
    name, *field = str(entry).split(".")
    if name not in concerns():
        yield _unknown("concern", name, path, concerns())
    elif not nodes(values_schema(concerns()[name]), tuple(field)):
        yield Violation(path, f"there is no field {str(entry)!r}", f"see sidecarctl explain {name}")


def _layer_faults(layer: JsonObject, below: JsonObject, path: FieldPath) -> Iterator[Violation]:
    """Yield the faults of one layer: the ``spec``, or one of its overrides over that."""
    for room, owners in (("concerns", concerns()), ("sidecars", sidecars())):
        for name, given in table(layer, room).items():
            where = (*path, room, name)
            if name not in owners:
                yield _unknown(room[:-1], name, where, owners)
            else:
                yield from _owner_faults(owners[name], given, at(below, (room, name)), where)


def _owner_faults(
    owner: Concern | Sidecar, given: Json, below: Json, path: FieldPath
) -> Iterator[Violation]:
    wrong = list(bad_placeholders(given, path))
    yield from wrong
    if isinstance(owner, Sidecar):
        values = merged(merged(owner.defaults, below if isinstance(below, dict) else {}), given)
    elif owner.always and given in (None, False):
        yield always_on(owner, path)
        return
    else:
        values = layered(owner.defaults, (below, given))
        if values is None:
            return
    spoiled = {fault.path for fault in wrong}
    for fault in value_faults(owner, filled(values, _SAMPLES)):
        where = (*path, *fault.path)
        if where not in spoiled and _is_of(given, values, fault.path):
            yield Violation(where, fault.message, fault.hint)


def _is_of(given: Json, values: Json, path: FieldPath) -> bool:
    """Tell whether a fault at *path* of *values* came with *given*, and not with a layer below.

    A field that is missing in *values* is missed by whoever gave the mapping around it.
    """
    if not has(values, path):
        path = path[:-1]
    return has(given, path) or not isinstance(at(given, path[:-1]), dict)


def _unknown(word: str, name: Json, path: FieldPath, known: Iterable[str]) -> Violation:
    """Return the violation of a *name* for a thing (*word*) that is none of *known*."""
    if word != "concern" and name in planned_proxies():
        message = f"the {word} {name!r} is planned, but not there yet"
        return Violation(path, message, f"there are {', '.join(known)}")
    return Violation(path, f"there is no {word} {shown(name)}", did_you_mean(str(name), known))


def _reworded(fault: Violation, data: JsonObject) -> Violation:
    """Say what a schema cannot: which proxies are planned, and that 1.30 without quotes is 1.3."""
    value = at(data, fault.path)
    if "proxy" in fault.path and value in planned_proxies():
        return _unknown("proxy", value, fault.path, (*names_of("proxy"), NO_PROXY))
    if fault.path != ("spec", "kubernetesVersion") or not isinstance(value, int | float):
        return fault
    return Violation(
        fault.path,
        f"kubernetesVersion {value} is a number, and as a number 1.30 is 1.3",
        f'write it in quotes: "{"1.30" if value == 1.3 else value}"',
    )


def _with_unit(fault: Violation, data: Json) -> Violation:
    """Add to a *fault* about a unit how the value should be written."""
    unit = re.search(r" is no (duration|percentage|quantity|size)\b", fault.message)
    right = meant(unit[1], at(data, fault.path)) if unit and not fault.hint else None
    return Violation(fault.path, fault.message, f"write {right}") if right else fault


def _items(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
