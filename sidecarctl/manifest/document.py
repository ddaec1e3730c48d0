"""What a file holds, document by document: its data, and the place of everything in it.

What needs libyaml is imported in the functions that do: see `trees.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from sidecarctl.errors import HelmTemplateError, ManifestError
from sidecarctl.findings import FieldPath, Json, JsonObject, Location
from sidecarctl.manifest.narrow import mapping, strings, text, value_at
from sidecarctl.manifest.reading.quick import Read, quick
from sidecarctl.manifest.reading.trees import Trees
from sidecarctl.manifest.text import BOM, Text

if TYPE_CHECKING:
    from yaml.error import Mark
    from yaml.nodes import Node

    from sidecarctl.manifest.reading.place import Found

MAX_CHARACTERS = 64 * 1024 * 1024


class Document(Struct, frozen=True, eq=False, dict=True):
    """One Kubernetes object, or another mapping, as it stands in *file*.

    *index* is the number of the YAML document from 0, empty ones counted; *base* leads from its
    root to this object: ``()``, or ``("items", 2)`` for a member of a List. *data* is this object
    alone and every path is relative to it. *member_kind* and *member_api_version* are what the
    members of a typed list (``DeploymentList``) may leave out. A document equals only itself.
    """

    file: str
    index: int
    base: FieldPath
    data: JsonObject
    trees: Trees
    source: Text
    member_api_version: str = ""
    member_kind: str = ""

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    def __repr__(self) -> str:
        return f"<{self} of {self.file}>"  # a failing test shows it, not the whole tree of nodes

    @cached_property
    def api_version(self) -> str:
        return text(self.data.get("apiVersion")) or self.member_api_version

    @cached_property
    def group(self) -> str:
        """Return the API group, ``""`` for core."""
        group, slash, _ = self.api_version.rpartition("/")
        return group if slash else ""

    @cached_property
    def kind(self) -> str:
        return text(self.data.get("kind")) or self.member_kind

    @cached_property
    def name(self) -> str:
        """Return ``metadata.name``; a name that YAML reads as a number is given as text."""
        return text(self._metadata.get("name"))

    @cached_property
    def namespace(self) -> str | None:
        return text(self._metadata.get("namespace")) or None

    @property
    def labels(self) -> dict[str, str]:
        return strings(self._metadata.get("labels"))

    @property
    def annotations(self) -> dict[str, str]:
        return strings(self._metadata.get("annotations"))

    @property
    def _metadata(self) -> JsonObject:
        return mapping(self.data, "metadata")

    def is_a(self, group: str, kind: str) -> bool:
        """Tell whether this is a *kind* of the API *group* (``""`` for core), in any version."""
        return self.kind == kind and self.group == group

    @property
    def root(self) -> Node:
        """The node of the object."""
        return self.trees.root(self.index, self.base)

    def offset(self, mark: Mark) -> int:
        """Return the offset of *mark* in the text of the manifest."""
        return mark.index + self.source.bom

    def has(self, path: FieldPath) -> bool:
        """Tell whether there is something at *path*."""
        try:
            value_at(self.data, path)
        except LookupError:
            return False
        return True

    def node(self, path: FieldPath) -> Found | None:
        """Return the nodes at *path*, None where there is nothing.

        The node of an alias is that of its anchor, and a field that a ``<<`` brings in has its
        nodes where the anchor stands.
        """
        from sidecarctl.manifest.reading.place import find  # noqa: PLC0415  see above

        return find(self.root, path)

    def locate(self, path: FieldPath = (), *, on: Literal["value", "key"] = "value") -> Location:
        """Return the place of the value or the key at *path*.

        For a field that is absent it is the key of the nearest parent that exists; for a mapping
        or a list, its first line alone; for a value that is left empty, its key.
        """
        place = self.trees.place(self.index, (*self.base, *path), on)
        if place is not None:
            return place
        from sidecarctl.manifest.reading.place import find, location  # noqa: PLC0415  see above

        root, source = self.trees.part(self.index, self.base)
        found = find(root, path)
        while found is None:
            path, on = path[:-1], "key"
            found = find(root, path)
        key, value = found
        is_empty = value.start_mark.index == value.end_mark.index
        node = key if key is not None and (on == "key" or is_empty) else value
        return location(source, node)

    def span(self, path: FieldPath) -> tuple[int, int]:
        """Return the offsets in the text of the manifest between which the value at *path* stands.

        Raises:
            LookupError: there is nothing.
        """
        from sidecarctl.manifest.reading.place import find  # noqa: PLC0415  see above

        root, source = self.trees.part(self.index, self.base)
        found = find(root, path)
        if found is None:
            raise LookupError(f"{self}: nothing at {path}")
        marks = found[1].start_mark, found[1].end_mark
        return marks[0].index + source.origin, marks[1].index + source.origin


class Manifest(Struct, frozen=True, eq=False):
    """What *file* holds. Documents that are no mapping (empty ones, lists) are left out."""

    file: str
    text: str
    format: Literal["yaml", "json"]
    documents: tuple[Document, ...]


def read_ahead(text: str) -> Read | None:
    """Return the documents of *text* if they are plain: data that can be sent to another process.

    `parse` takes them; None where it has to do all of it.
    """
    start = int(text.startswith(BOM))
    if len(text) > MAX_CHARACTERS or _is_for_libyaml(text, start):
        return None
    return quick(text[start:])


def parse(text: str, file: str, *, ahead: Read | None = None) -> Manifest:
    """Read *text*, which stands in *file*: YAML documents, or JSON values one after another.

    *ahead* is what `read_ahead` has said of it, where that was asked.

    Raises:
        ManifestError: a syntax error, a key that occurs twice, a limit (nesting, size, aliases),
            a key that kubectl cannot read, or a Helm template.
    """
    source = Text(file, text)
    if len(text) > MAX_CHARACTERS:
        raise ManifestError("the file is larger than 64 MiB", at=Location(file, 1, 1, 1, 1))
    read = ahead or read_ahead(text)
    if read is None:
        from sidecarctl.manifest.reading.full import full  # noqa: PLC0415  see above

        form, roots, found = full(source)
        trees = Trees(source, roots=roots)
    else:
        form, found = "yaml", [data for data, _ in read]
        trees = Trees(source, lines=[line for _, line in read])
    documents = (_documents(trees, index, data) for index, data in enumerate(found))
    return Manifest(file, text, form, tuple(one for each in documents for one in each))


def is_template(text: str) -> bool:
    """Tell whether *text* is a Helm template: it has to be rendered before it is a manifest."""
    if "{{" not in text:
        return False
    try:
        parse(text, "")
    except HelmTemplateError:
        return True
    except ManifestError:
        return False
    return False


def _is_for_libyaml(text: str, start: int) -> bool:
    """Tell whether *text* may be JSON or a Helm template, of which libyaml's way knows more."""
    first = text[start : start + 1] or " "
    if first in " \t\r\n":
        first = text[start:].lstrip()[:1]
    return first in ("{", "[") or "{{" in text


def _documents(trees: Trees, index: int, data: Json) -> Iterator[Document]:
    if not isinstance(data, dict):
        return
    source = trees.source
    whole = Document(source.file, index, (), data, trees, source)
    items = data.get("items")
    if not whole.kind.endswith("List") or not isinstance(items, list):
        yield whole
        return
    member_kind = whole.kind.removesuffix("List")
    inherited = (whole.api_version, member_kind) if member_kind else ("", "")
    for number, item in enumerate(items):
        if isinstance(item, dict):
            yield Document(source.file, index, ("items", number), item, trees, source, *inherited)
