"""Old data and new data of a document, walked side by side: the least edits of its text."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

from sidecarctl.errors import ManifestError
from sidecarctl.findings import FieldPath, Json, JsonObject, show_path
from sidecarctl.manifest.edits import style
from sidecarctl.manifest.edits.align import KeyChanges, align, align_keys
from sidecarctl.manifest.edits.edit import Edit
from sidecarctl.manifest.edits.identity import identity, is_akin, same
from sidecarctl.manifest.edits.merge import inherited_keys
from sidecarctl.manifest.edits.sheet import Sheet
from sidecarctl.manifest.edits.spans import Collection, Entry, collection, line_end

Op: TypeAlias = Literal["+", "<", "~", "~:", "-"]
"""What a change does.

Insert; insert a key over what a merge key brings; replace a value; replace an entry, key and value;
remove.
"""


class Change(Struct, frozen=True):
    """An edit and its meaning: *value* stands at *path* of the new data; removals name the old."""

    op: Op
    path: FieldPath
    edit: Edit
    value: Json = None


class Versions(Struct, frozen=True):
    """What stands at *path*, before and after."""

    path: FieldPath
    old: Json
    new: Json


def changes(sheet: Sheet, entry: Entry, versions: Versions) -> Iterator[Change]:
    """Yield what turns the mapping or list of *entry* from its old into its new version.

    Changes of one place come in the order in which their texts must stand.

    Raises:
        ManifestError: aliases or merge keys share what would change.
    """
    old, new, path = versions.old, versions.new, versions.path
    if same(old, new):
        return
    _check_shared(sheet, entry, path)
    parent = collection(entry, sheet.source)
    if not parent.entries:
        raise ManifestError(
            "an empty document cannot be filled", at=sheet.source.location(entry.at, entry.end)
        )
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _mapping_changes(sheet, parent, old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _list_changes(sheet, parent, old, new, path)


def _value_changes(
    sheet: Sheet, parent: Collection, entry: Entry, versions: Versions
) -> Iterator[Change]:
    if same(versions.old, versions.new):
        return
    if _is_walked(versions) and not entry.alias:  # what stands for an alias is written out
        yield from changes(sheet, entry, versions)
        return
    _check_shared(sheet, entry, versions.path)
    edit = style.replace_value(sheet, parent, entry, versions.new)
    yield Change("~", versions.path, edit, versions.new)


def _is_walked(versions: Versions) -> bool:
    """Tell whether the new version comes about by edits inside the old one, or in its place."""
    old, new = versions.old, versions.new
    if not old or not new:
        return False
    if not isinstance(old, dict) or not isinstance(new, dict):
        return isinstance(old, list) and isinstance(new, list)
    if versions.path and isinstance(versions.path[-1], int) and _is_other_item(old, new):
        return False
    return not old.keys().isdisjoint(new) or len(old) <= len(new)


def _is_other_item(old: JsonObject, new: JsonObject) -> bool:
    before, after = identity(old), identity(new)
    return None not in (before, after) and before != after and not is_akin(old, new)


def _mapping_changes(
    sheet: Sheet, parent: Collection, old: JsonObject, new: JsonObject, path: FieldPath
) -> Iterator[Change]:
    plan = align_keys(old, new)
    changed = {key for key in plan.kept if not same(old[key], new[key])}
    own = {entry.name: number for number, entry in enumerate(parent.entries)}
    touched = {*plan.replaced, *plan.removed, *changed.intersection(own)}
    _check_inherited(sheet, parent, inherited_keys(parent) & touched, path)
    for entry in parent.entries:
        name = entry.name
        if name is None:
            continue
        if name in plan.replaced:
            key = plan.replaced[name]
            edit = style.replace_entry(sheet, parent, entry, key, new[key])
            yield Change("~:", (*path, key), edit, new[key])
        elif name in changed:
            versions = Versions((*path, name), old[name], new[name])
            yield from _value_changes(sheet, parent, entry, versions)
    for first, last in style.runs(own[key] for key in plan.removed):
        gone = (*path, str(parent.entries[first].name))
        yield Change("-", gone, style.remove(sheet, parent, first, last))
    for key, position in _positions(plan, own, changed):
        edit = style.insert(sheet, parent, position, key, new[key])
        yield Change("<" if key in old else "+", (*path, key), edit, new[key])


def _positions(
    plan: KeyChanges, own: Mapping[str | None, int], changed: set[str]
) -> Iterator[tuple[str, int]]:
    """Yield the keys to insert, each with its position.

    A key takes the place of one that a ``<<`` (whose name is None) brings in if it comes behind it.
    """
    end = max(own.values()) + 1
    for key in plan.kept:
        if key in changed and key not in own:
            yield key, end
    for key, behind in plan.added.items():
        if None in own:
            yield key, end
        else:
            yield key, 0 if behind is None else own[behind] + 1


def _check_inherited(
    sheet: Sheet, parent: Collection, names: Iterable[str], path: FieldPath
) -> None:
    for name in sorted(names):
        raise ManifestError(
            f"the field {show_path((*path, name))} comes from a merge key '<<'",
            at=sheet.source.location(parent.entry.at, line_end(sheet.source, parent.entry.at)),
            hint="write the field out behind the merge key",
        )


def _list_changes(
    sheet: Sheet, parent: Collection, old: list[Json], new: list[Json], path: FieldPath
) -> Iterator[Change]:
    position = 0
    gone: list[int] = []
    for i, j in align(old, new):
        position = position if i is None else i + 1
        if j is None:
            gone.append(position - 1)
        elif i is None:
            edit = style.insert(sheet, parent, position, None, new[j])
            yield Change("+", (*path, j), edit, new[j])
        else:
            versions = Versions((*path, j), old[i], new[j])
            yield from _value_changes(sheet, parent, parent.entries[i], versions)
    for first, last in style.runs(gone):
        yield Change("-", (*path, first), style.remove(sheet, parent, first, last))


def _check_shared(sheet: Sheet, entry: Entry, path: FieldPath) -> None:
    alias = sheet.shared.get(id(entry.value))
    if alias is not None and not entry.alias:
        name, line = alias
        raise ManifestError(
            f"the field {show_path(path)} is shared by the alias {name} at line {line}",
            at=sheet.source.location(entry.at, line_end(sheet.source, entry.at)),
            hint="write the field out instead of the alias",
        )
