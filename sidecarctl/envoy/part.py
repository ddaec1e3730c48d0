"""A mapping inside a bootstrap, with its path. protobuf takes both spellings of a field's name."""

import re

from msgspec import Struct

from sidecarctl.findings import FieldPath, Json, JsonObject

_CAMEL = re.compile(r"_([a-z])")


class Part(Struct, frozen=True):
    """A mapping at *path*; false where it is empty or not there. Names are given in snake_case."""

    path: FieldPath
    data: JsonObject

    def __bool__(self) -> bool:
        return bool(self.data)

    def at(self, name: str) -> FieldPath:
        """Return the path of the field *name*, as it is spelled here."""
        return (*self.path, self._key(name))

    def get(self, name: str) -> Json:
        return self.data.get(self._key(name))

    def has(self, name: str) -> bool:
        return self._key(name) in self.data

    def part(self, *names: str) -> "Part":
        """Return the mapping at the end of *names*, an empty one where there is none."""
        part = self
        for name in names:
            value = part.get(name)
            part = Part(part.at(name), value if isinstance(value, dict) else {})
        return part

    def parts(self, name: str) -> tuple["Part", ...]:
        """Return the mappings in the list *name*; a mapping alone counts as a list of one."""
        value = self.get(name)
        items = value if isinstance(value, list) else [value]
        path = self.at(name)
        return tuple(
            Part((*path, i) if isinstance(value, list) else path, item)
            for i, item in enumerate(items)
            if isinstance(item, dict)
        )

    def text(self, name: str) -> str:
        value = self.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int | None:
        """Return the whole number *name*; protobuf takes it in quotes, too."""
        value = self.get(name)
        if isinstance(value, str) and value.isdigit():
            return int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def is_a(self, message: str) -> bool:
        """Say whether this is a typed config of *message* (``"DownstreamTlsContext"``)."""
        return self.text("@type").rpartition(".")[2] == message

    def _key(self, name: str) -> str:
        camel = _CAMEL.sub(lambda match: match[1].upper(), name)
        return camel if camel in self.data and name not in self.data else name
