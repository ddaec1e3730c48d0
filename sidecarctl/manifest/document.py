"""What a file holds, document by document: its data, and the place of everything in it."""

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct
from yaml.error import Mark
from yaml.nodes import MappingNode, Node

from sidecarctl.errors import ManifestError
from sidecarctl.findings import FieldPath, JsonObject, Location
from sidecarctl.manifest.compose import compose
from sidecarctl.manifest.compose_json import NotJsonError, compose_json, looks_like_json
from sidecarctl.manifest.narrow import mapping, strings, text
from sidecarctl.manifest.place import Found, find, location
from sidecarctl.manifest.plain import plain
from sidecarctl.manifest.template import TEMPLATE_MESSAGE, blame_template, refuse_template
from sidecarctl.manifest.text import Text

MAX_CHARACTERS = 64 * 1024 * 1024


class Document(Struct, frozen=True, eq=False):
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
    root: Node
    source: Text
    member_api_version: str = ""
    member_kind: str = ""

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    def __repr__(self) -> str:
        return f"<{self} of {self.file}>"  # a failing test shows it, not the whole tree of nodes

    @property
    def api_version(self) -> str:
        return text(self.data.get("apiVersion")) or self.member_api_version

    @property
    def group(self) -> str:
        """Return the API group, ``""`` for core."""
        group, slash, _ = self.api_version.rpartition("/")
        return group if slash else ""

    @property
    def kind(self) -> str:
        return text(self.data.get("kind")) or self.member_kind

    @property
    def name(self) -> str:
        """Return ``metadata.name``; a name that YAML reads as a number is given as text."""
        return text(self._metadata.get("name"))

    @property
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

    def offset(self, mark: Mark) -> int:
        """Return the offset of *mark* in the text of the manifest."""
        return mark.index + self.source.bom

    def node(self, path: FieldPath) -> Found | None:
        """Return the nodes at *path*, None where there is nothing.

        The node of an alias is that of its anchor, and a field that a ``<<`` brings in has its
        nodes where the anchor stands.
        """
        return find(self.root, path)

    def locate(self, path: FieldPath = (), *, on: Literal["value", "key"] = "value") -> Location:
        """Return the place of the value or the key at *path*.

        For a field that is absent it is the key of the nearest parent that exists; for a mapping
        or a list, its first line alone; for a value that is left empty, its key.
        """
        found = self.node(path)
        while found is None:
            path, on = path[:-1], "key"
            found = self.node(path)
        key, value = found
        is_empty = value.start_mark.index == value.end_mark.index
        node = key if key is not None and (on == "key" or is_empty) else value
        return location(self.source, node)


class Manifest(Struct, frozen=True, eq=False):
    """What *file* holds. Documents that are no mapping (empty ones, lists) are left out."""

    file: str
    text: str
    format: Literal["yaml", "json"]
    documents: tuple[Document, ...]


def parse(text: str, file: str) -> Manifest:
    """Read *text*, which stands in *file*: YAML documents, or JSON values one after another.

    Raises:
        ManifestError: a syntax error, a key that occurs twice, a limit (nesting, size, aliases),
            a key that kubectl cannot read, or a Helm template.
    """
    source = Text(file, text)
    if len(text) > MAX_CHARACTERS:
        raise ManifestError("the file is larger than 64 MiB", at=Location(file, 1, 1, 1, 1))
    form, roots = _compose(source)
    documents = tuple(
        document for index, root in enumerate(roots) for document in _documents(source, index, root)
    )
    refuse_template(source, (root for root in roots if _is_kubernetes(root)))
    return Manifest(file, text, form, documents)


def is_template(text: str) -> bool:
    """Tell whether *text* is a Helm template: it has to be rendered before it is a manifest."""
    if "{{" not in text:
        return False
    try:
        parse(text, "")
    except ManifestError as error:
        return error.message == TEMPLATE_MESSAGE
    return False


def _compose(source: Text) -> tuple[Literal["yaml", "json"], list[Node]]:
    expected = None
    if looks_like_json(source):
        try:
            return "json", compose_json(source)
        except NotJsonError as error:
            at = source.location(error.offset, error.offset + 1)
            expected = ManifestError(error.message, at=at)
    try:
        return "yaml", compose(source)
    except ManifestError as error:
        is_json = expected and source.file.endswith(".json")
        raise blame_template(source, expected if expected and is_json else error) from None


def _documents(source: Text, index: int, root: Node) -> Iterator[Document]:
    if not isinstance(root, MappingNode):
        return
    data = plain(root, source, lenient=not _is_kubernetes(root))
    if not isinstance(data, dict):
        return
    whole = Document(source.file, index, (), data, root, source)
    items = data.get("items")
    if not whole.kind.endswith("List") or not isinstance(items, list):
        yield whole
        return
    member_kind = whole.kind.removesuffix("List")
    inherited = (whole.api_version, member_kind) if member_kind else ("", "")
    for number, item in enumerate(items):
        found = whole.node(("items", number))
        if isinstance(item, dict) and found is not None:
            base = ("items", number)
            yield Document(source.file, index, base, item, found[1], source, *inherited)


def _is_kubernetes(root: Node) -> bool:
    if not isinstance(root, MappingNode):
        return False
    return {"apiVersion", "kind"} <= {key.value for key, _ in root.value if key.id == "scalar"}
