"""A way to a value that other edits of the document leave open: list items by what they are.

``spec.template.spec.containers[server].env[PORT].value`` is a selector. In brackets stand the name
of an item, or another field that tells it apart (``[mountPath=/data]``,
``[containerPort=53,protocol=UDP]``, ``[=text]`` for an item that is a string), or as a last resort
its number (``[#2]``). Keys that hold more than letters, digits, ``_`` and ``-`` stand in brackets,
too; what would be misread is quoted as in JSON.
"""

import json
import re

from sidecarctl.findings import FieldPath, Json
from sidecarctl.manifest.edits.identity import Identity, identity, unique_identity

_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE = re.compile(r"[\w./:@%+*~$&!;()-]+")
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_FIELD = rf'[A-Za-z]*=(?:{_QUOTED}|[^\s\[\]",=]*)'
_STEP = re.compile(
    rf"\.?(?P<key>{_KEY.pattern})|\[(?:#(?P<number>[0-9]+)|(?P<quoted>{_QUOTED})"
    rf"|(?P<fields>{_FIELD}(?:,{_FIELD})*)|(?P<bare>{_BARE.pattern}))\]"
)
_STEPS = re.sub(r"\?P<[a-z]+>", "?:", _STEP.pattern)
_ONE_FIELD = re.compile(rf'(?P<name>[A-Za-z]*)=(?:(?P<quoted>{_QUOTED})|(?P<bare>[^\s\[\]",=]*))')


def selector(data: Json, path: FieldPath) -> str:
    """Return the selector of what stands at *path* in *data*."""
    text = ""
    for step in path:
        if isinstance(step, int):
            items = data if isinstance(data, list) else []
            text += f"[{_item(unique_identity(items, step), step)}]"
            data = items[step]
        else:
            is_plain = _KEY.fullmatch(step)
            text += f"[{_quote(step)}]" if not is_plain else f".{step}" if text else step
            data = data.get(step) if isinstance(data, dict) else None
    return text


def find(data: Json, text: str) -> FieldPath | None:
    """Return the path to what the selector *text* names in *data*, None if it is not there.

    Raises:
        ValueError: *text* is no selector.
    """
    path: list[str | int] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            raise ValueError(f"cannot read {text!r}")
        found = _step(data, match)
        if found is None:
            return None
        step, data = found
        path.append(step)
        position = match.end()
    return tuple(path)


def is_selector(text: str) -> bool:
    """Tell whether *text* has the form of a selector."""
    return re.fullmatch(rf"(?:{_STEPS})+", text) is not None


def joined(path: str, inner: str) -> str:
    """Return the selector *inner*, which starts at *path*, from the root."""
    return path + inner if inner.startswith("[") else f"{path}.{inner}"


def parent(text: str) -> str:
    """Return the selector of what holds the value that *text* names."""
    *_, last = _STEP.finditer(text)
    return text[: last.start()]


def _item(own: Identity | None, position: int) -> str:
    if own is None:
        return f"#{position}"
    (field, value), *more = own
    if field == "name":
        return _quote(value)
    return ",".join(f"{name}={_quote(each)}" for name, each in ((field, value), *more))


def _quote(text: str) -> str:
    return text if _BARE.fullmatch(text) else json.dumps(text)


def _step(data: Json, match: re.Match[str]) -> tuple[str | int, Json] | None:
    """Return the key or position that *match* names in *data*, and what stands there."""
    name = match["key"] or match["bare"] or _unquoted(match["quoted"])
    if isinstance(data, dict):
        return (name, data[name]) if name in data else None
    if not isinstance(data, list):
        return None
    if match["number"]:
        number = int(match["number"])
        return (number, data[number]) if number < len(data) else None
    wanted = _fields(match["fields"]) if match["fields"] else (("name", name),)
    found = [number for number, item in enumerate(data) if identity(item) == wanted]
    return (found[0], data[found[0]]) if len(found) == 1 else None


def _fields(text: str) -> Identity:
    return tuple(
        (match["name"], _unquoted(match["quoted"]) or match["bare"] or "")
        for match in _ONE_FIELD.finditer(text)
    )


def _unquoted(text: str | None) -> str:
    return str(json.loads(text)) if text else ""
