"""A copy of a bootstrap that is changed where it must be to run here; every change is noted."""

import copy

from msgspec import Struct, field

from sidecarctl.findings import FieldPath, Json, JsonObject, show_path


class Rewrite(Struct, frozen=True):
    """One change: what stood at *path* (of *file*, where it is not the bootstrap), and why."""

    path: FieldPath
    before: Json
    after: Json
    why: str
    file: str = ""

    def __str__(self) -> str:
        place = f"{self.file}: " if self.file else ""
        change = f"{_short(self.before)} -> {_short(self.after)}"
        return f"{place}{show_path(self.path)}: {change}: {self.why}"


class Draft(Struct):
    """The copy: *data* is changed in place, by paths of the original."""

    data: JsonObject
    file: str = ""
    rewrites: list[Rewrite] = field(default_factory=list)

    @classmethod
    def of(cls, data: JsonObject, file: str = "") -> "Draft":
        return cls(copy.deepcopy(data), file)

    def get(self, path: FieldPath) -> Json:
        value: Json = self.data
        for step in path:
            value = _below(value, step)
        return value

    def set(self, path: FieldPath, value: Json, why: str) -> None:
        """Put *value* at *path*; mappings on the way there are made."""
        before = self.get(path)
        if before == value:
            return
        holder: Json = self.data
        for step in path[:-1]:
            if isinstance(holder, dict) and isinstance(step, str):
                holder.setdefault(step, {})
            holder = _below(holder, step)
        self._put(holder, path[-1], value)
        self.rewrites.append(Rewrite(path, copy.deepcopy(before), value, why, self.file))

    def remove(self, path: FieldPath, why: str) -> None:
        holder = self.get(path[:-1])
        if isinstance(holder, dict) and path[-1] in holder:
            before = holder.pop(str(path[-1]))
            self.rewrites.append(Rewrite(path, before, None, why, self.file))

    @staticmethod
    def _put(holder: Json, step: str | int, value: Json) -> None:
        if isinstance(holder, dict):
            holder[str(step)] = value
        elif isinstance(holder, list) and isinstance(step, int):
            holder[step] = value


def _below(value: Json, step: str | int) -> Json:
    if isinstance(value, dict) and isinstance(step, str):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


def _short(value: Json) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "{…}" if value else "{}"
    if isinstance(value, list):
        return f"[{len(value)}]"
    text = str(value)
    return text if len(text) <= 60 and "\n" not in text else f"{text[:40]!r}…"
