"""The data of a document before its receipts were written: what eject has to arrive at."""

from collections.abc import Sequence

from sidecarctl.errors import ManifestError
from sidecarctl.findings import FieldPath, Json, JsonObject
from sidecarctl.manifest.document import parse
from sidecarctl.manifest.edits.receipt import Receipt
from sidecarctl.manifest.edits.selector import find


def inverse(data: JsonObject, receipts: Sequence[Receipt], undone: JsonObject) -> JsonObject:
    """Return *data* with what *receipts* tell of taken out and put back; what is gone is let go.

    A parent that came with an edit goes only if nothing else is in it. What no receipt says, the
    values of an alias and of a merge key, is looked up in *undone*, the document as it reads when
    the edits are undone.

    Raises:
        ValueError: two receipts tell of one place: taking it out twice would hit a neighbour.
    """
    before = copied(data)
    places = [(find(before, receipt.path), receipt) for receipt in receipts]
    found = [(path, receipt) for path, receipt in places if path]
    if len({path for path, _ in found}) < len(found):
        raise ValueError("two lines of it tell of the same place")
    for path, receipt in sorted(found, key=lambda pair: _order(pair[0]), reverse=True):
        _take_back(before, path, receipt, undone)
    return before


def copied(data: JsonObject) -> JsonObject:
    """Return a copy of *data* that shares nothing with it which can be changed."""
    return {key: _copied(each) for key, each in data.items()}


def _copied(data: Json) -> Json:
    if isinstance(data, dict):
        return copied(data)
    return [_copied(each) for each in data] if isinstance(data, list) else data


def at(data: Json, path: FieldPath) -> Json:
    """Return what stands at *path*, which is there."""
    for step in path:
        if isinstance(data, dict) and isinstance(step, str):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int):
            data = data[step]
    return data


def old_value(was: str) -> Json:
    """Return the value that the text *was* stood for behind a colon or a dash.

    Raises:
        ValueError: it is none by itself.
    """
    if not was.strip():
        return None
    behind_colon = f"x:{was}\n" if was[0] in " \r\n" else f"x: {was}\n"
    for text in (behind_colon, f"x:{was}\n"):
        data = _data(text)
        if data is not None and data.keys() == {"x"}:
            return data["x"]
    data = _data(f"x:\n{_as_item(was)}\n")
    if data is not None and isinstance(data["x"], list) and len(data["x"]) == 1:
        return data["x"][0]
    raise ValueError(f"{was!r} is no value")


def _as_item(was: str) -> str:
    """Return *was* behind a dash, so that its first key stands where its others do."""
    was = was if was[0] in " \r\n" else f" {was}"
    columns = [
        len(line) - len(line.lstrip(" "))
        for line in was.splitlines()[1:]
        if line.strip() and not line.lstrip().startswith("#")
    ]
    gap = len(was) - len(was.lstrip(" ")) + 1
    return f"{' ' * max(min(columns, default=gap) - gap, 0)}-{was}"


def old_entry(was: str) -> tuple[str, Json]:
    """Return the key and the value that the text *was* stood for.

    Raises:
        ValueError: it is none by itself.
    """
    for text in (f"{was}\n", f"{{{was}}}\n"):
        data = _data(text)
        if data is not None and len(data) == 1:
            return next(iter(data.items()))
    raise ValueError(f"{was!r} is no entry")


def _order(path: FieldPath) -> list[tuple[int, str]]:
    return [(step, "") if isinstance(step, int) else (0, step) for step in path]


def _take_back(data: JsonObject, path: FieldPath, receipt: Receipt, undone: JsonObject) -> None:
    if receipt.op == "<":
        _put(data, path, _now(receipt, undone))
        return
    if receipt.inner and not _take_inner_out(at(data, path), receipt.inner):
        return
    if receipt.op == "+":
        _delete(data, path)
    elif receipt.op == "~":
        _put(data, path, _old_value(receipt, undone))
    elif receipt.op == "~:":
        _put_entry(data, path, *old_entry(receipt.was))


def _take_inner_out(data: Json, selectors: Sequence[str]) -> bool:
    """Take what is ours out of *data*; tell whether nothing is left."""
    for selector in selectors:
        path = find(data, selector)
        while path:
            _delete(data, path)
            path = () if at(data, path[:-1]) else path[:-1]
    return not data


def _delete(data: Json, path: FieldPath) -> None:
    parent, last = at(data, path[:-1]), path[-1]
    if isinstance(parent, dict) and isinstance(last, str):
        parent.pop(last)
    elif isinstance(parent, list) and isinstance(last, int):
        del parent[last]


def _put(data: Json, path: FieldPath, value: Json) -> None:
    parent, last = at(data, path[:-1]), path[-1]
    if isinstance(parent, dict) and isinstance(last, str):
        parent.update({last: value})
    elif isinstance(parent, list) and isinstance(last, int):
        parent[last] = value


def _put_entry(data: Json, path: FieldPath, key: str, value: Json) -> None:
    """Put *key* and *value* in the place of the entry at *path*."""
    parent = at(data, path[:-1])
    if isinstance(parent, dict):
        entries = [(key, value) if name == path[-1] else (name, parent[name]) for name in parent]
        parent.clear()
        parent.update(entries)


def _old_value(receipt: Receipt, undone: JsonObject) -> Json:
    try:
        return old_value(receipt.was)
    except ValueError:
        return _now(receipt, undone)


def _now(receipt: Receipt, undone: JsonObject) -> Json:
    path = find(undone, receipt.path)
    return at(undone, path) if path else None


def _data(text: str) -> JsonObject | None:
    try:
        documents = parse(text, "").documents
    except ManifestError:
        return None
    return documents[0].data if documents else None
