"""Build schemas/kubernetes/definitions.jsonl from the schemas inside kubernetes-validate.

Run it in the development environment: ``python scripts/build_kubernetes_schemas.py``. The first
line names the versions and kinds; every further line is ``[name, [[first version, last version,
schema], ...]]``, one schema for every form the definition has had, so that a reader decodes the
lines it needs and no others. What is left out:

- descriptions and ``x-kubernetes-*``: nothing here shows or uses them;
- ``null`` among the types: the walker takes a null field for an absent one, as the API server does;
- ``oneOf`` of scalars (a quantity, an int or string): it becomes a list of types;
- definitions that no kind reaches.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import TypeAlias

Json: TypeAlias = str | int | float | bool | list["Json"] | dict[str, "Json"] | None
JsonObject: TypeAlias = dict[str, Json]

VERSIONS = [f"1.{minor}" for minor in range(28, 38)]
TARGET = Path(__file__).resolve().parent.parent / "schemas" / "kubernetes" / "definitions.jsonl"
KEPT = ("type", "format", "enum", "required", "properties", "additionalProperties", "items", "$ref")


def main() -> None:
    """Write the file anew."""
    read = {version: _definitions(version) for version in VERSIONS}
    kinds = {key: name for definitions in read.values() for key, name in _kinds(definitions)}
    reached = {name for found in read.values() for name in _reached(kinds.values(), found)}
    head: list[object] = [VERSIONS, dict(sorted(kinds.items()))]
    lines = [head, *([name, _spans(name, read)] for name in sorted(reached))]
    TARGET.write_text("".join(f"{_text(line)}\n" for line in lines), encoding="utf-8")


def _text(data: object) -> str:
    return json.dumps(data, separators=(",", ":"))


def _definitions(version: str) -> Mapping[str, JsonObject]:
    folder = files("kubernetes_validate") / "kubernetes-json-schema" / f"v{version}.0-local"
    text = (folder / "_definitions.json").read_text(encoding="utf-8")
    definitions: dict[str, JsonObject] = json.loads(text)["$defs"]
    return definitions


def _reached(names: Iterable[str], definitions: Mapping[str, JsonObject]) -> set[str]:
    """Return *names* and all that they refer to, as far as this version has them."""
    reached: set[str] = set()
    waiting = [name for name in names if name in definitions]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(
                re.findall(r'"\$ref": "#/\$defs/([^"]+)"', json.dumps(definitions[name]))
            )
    return reached


def _spans(name: str, read: Mapping[str, Mapping[str, JsonObject]]) -> list[list[Json]]:
    """Return ``[first version, last version, definition]`` for every form *name* has had."""
    spans: list[list[Json]] = []
    for before, version in zip(["", *VERSIONS], VERSIONS, strict=False):
        if name not in read[version]:
            continue
        node = _compact(read[version][name])
        if spans and spans[-1][1] == before and spans[-1][2] == node:
            spans[-1][1] = version
        else:
            spans.append([version, version, node])
    return spans


def _compact(node: JsonObject) -> JsonObject:
    kept: JsonObject = {key: _value(key, node[key]) for key in KEPT if key in node}
    choices = node.get("oneOf")
    if isinstance(choices, list):
        kept["type"] = [_type(choice["type"]) for choice in choices if isinstance(choice, dict)]
    return kept


def _value(key: str, value: Json) -> Json:
    if key == "type":
        return _type(value)
    if key == "$ref":
        return str(value).rpartition("/")[2]
    if key == "properties" and isinstance(value, dict):
        return {name: _compact(node) for name, node in value.items() if isinstance(node, dict)}
    return _compact(value) if isinstance(value, dict) else value


def _type(value: Json) -> str:
    (one,) = [name for name in value if name != "null"] if isinstance(value, list) else [value]
    return str(one)


def _kinds(definitions: Mapping[str, JsonObject]) -> Iterator[tuple[str, str]]:
    """Yield ``("apps/v1/Deployment", definition name)`` for everything that can be applied."""
    for name, node in definitions.items():
        marks = node.get("x-kubernetes-group-version-kind")
        if not isinstance(marks, list) or len(marks) != 1:  # DeleteOptions and the like have many
            continue
        (mark,) = marks
        if isinstance(mark, dict):
            steps = (str(mark[key]) for key in ("group", "version", "kind"))
            yield "/".join(filter(None, steps)), name


if __name__ == "__main__":
    main()
