"""Envoy's own descriptors: what messages there are, and what their fields may hold.

``scripts/build_envoy_descriptors.py`` takes them from the binary. Unpacking takes 2 ms; a line is
decoded when its message turns up, which for a bootstrap is one in twenty.
"""

import zlib
from functools import cache, cached_property

import msgspec
from msgspec import Struct

from sidecarctl.assets import asset_dir

VERSION = "1.40"
"""The Envoy whose descriptors are here: that of the extra ``envoy``."""


class Rules(Struct, frozen=True, forbid_unknown_fields=True):
    """What protoc-gen-validate demands of a value; durations in seconds."""

    required: bool = False
    ignore_empty: bool = False
    defined_only: bool = False  # of an enum
    gt: float | None = None
    gte: float | None = None
    lt: float | None = None
    lte: float | None = None
    const: bool | float | str | None = None
    among: list[float | str] = msgspec.field(default_factory=list, name="in")
    not_in: list[float | str] = msgspec.field(default_factory=list)
    min_len: int = 0  # characters
    max_len: int | None = None
    max_bytes: int | None = None
    pattern: str = ""
    prefix: str = ""
    suffix: str = ""
    min_items: int = 0
    max_items: int | None = None
    unique: bool = False
    items: "Rules | None" = None
    keys: "Rules | None" = None
    values: "Rules | None" = None


class Field(Struct, frozen=True, array_like=True):
    """A field; *type* is a scalar's name, a message's full name, or ``=`` and an enum's full name.

    *shape* is ``list``, ``map`` (from strings or numbers), ``optional`` for a scalar that knows
    whether it was given, or empty. *deprecated* is 2 where Envoy refuses the field for it.
    """

    type: str
    shape: str = ""
    oneof: str = ""
    deprecated: int = 0
    rules: Rules | None = None


class Message(Struct, frozen=True, dict=True):
    """A message: its fields by the name in the proto file, and the oneofs that must be set."""

    name: str
    fields: dict[str, Field]
    required: tuple[str, ...] = ()

    @cached_property
    def names(self) -> dict[str, str]:
        """Return the name of each field by its spelling in lowerCamelCase."""
        return {_camel(name): name for name in self.fields}

    @cached_property
    def demanding(self) -> tuple[tuple[str, Field], ...]:
        """Return the fields that have rules, which may be broken by leaving the field out."""
        return tuple((name, each) for name, each in self.fields.items() if each.rules is not None)

    def of(self, oneof: str) -> list[str]:
        """Return the names of the fields of *oneof*."""
        return [name for name, each in self.fields.items() if each.oneof == oneof]


class Enum(Struct, frozen=True, dict=True):
    """An enum: numbers by name, and which of the names are deprecated."""

    name: str
    values: dict[str, int]
    deprecated: tuple[str, ...] = ()

    @cached_property
    def folded(self) -> dict[str, str]:
        """Return the names by themselves in capitals: Envoy does not mind the case."""
        return {name.upper(): name for name in self.values}


def message_names() -> list[str]:
    """Return the full names of all messages."""
    return [name for name, line in _lines().items() if b'"fields":' in line]


@cache
def message(name: str) -> Message | None:
    """Return the message of this full name, None where Envoy has none."""
    line = _lines().get(name)
    return None if line is None else _MESSAGES.decode(line)


@cache
def enum(name: str) -> Enum:
    """Return the enum of this full name.

    Raises:
        KeyError: there is none.
    """
    return _ENUMS.decode(_lines()[name])


_MESSAGES = msgspec.json.Decoder(Message)
_ENUMS = msgspec.json.Decoder(Enum)
_HEAD = len('{"name":"')


@cache
def _lines() -> dict[str, bytes]:
    packed = (asset_dir("schemas") / "envoy" / f"{VERSION}.jsonl.z").read_bytes()
    lines = zlib.decompress(packed).splitlines()
    return {line[_HEAD : line.index(b'"', _HEAD)].decode(): line for line in lines}


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)
