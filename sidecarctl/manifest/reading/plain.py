"""Nodes -> plain data: dict, list, str, int, float, bool, None, as kubectl would have them."""

import re

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from sidecarctl.errors import ManifestError
from sidecarctl.findings import Json, JsonObject, Location
from sidecarctl.manifest.reading.compose import MAX_DEPTH, PLAIN, too_deep
from sidecarctl.manifest.reading.keys import children, is_bare, is_merge, key_of, merged, scalar_of
from sidecarctl.manifest.reading.place import location
from sidecarctl.manifest.reading.template import template_error
from sidecarctl.manifest.scalars import Scalar, resolve
from sidecarctl.manifest.text import Text

# Where there is no anchor there are no aliases. Some that only look like one do no harm.
_ANCHOR = re.compile(r"(?:^|[\s\[{,:?-])&[^\s&]")
_MAX_EXPANSION = 10_000_000
"""How many characters aliases may add to a document when they are written out."""
_NODE_SIZE = 10
"""What a value costs beside its text: so aliases add a million values at the most."""


def plain(root: Node, source: Text, *, lenient: bool = False) -> Json:
    """Return the data of *root*. Every alias gets a copy of its own, merge keys are expanded.

    A document that Kubernetes would never see may hold more than JSON can say; *lenient* makes the
    best of that: a key that is no scalar becomes its own text, a tag that does not fit is ignored.

    Raises:
        ManifestError: a key occurs twice, aliases expand too far or contain themselves, values lie
            too deep; unless *lenient*, a key or a tag that kubectl cannot read.
    """
    start, end = root.start_mark.index + source.bom, root.end_mark.index + source.bom
    if _ANCHOR.search(source.text, max(start - 1, 0), end):
        _check_aliases(root, source)
    return _Converter(source, lenient).value(root, 0)


class _Converter:
    def __init__(self, source: Text, lenient: bool) -> None:
        self._source = source
        self._lenient = lenient
        self._bare_keys: dict[str, str] = {}

    def value(self, node: Node, depth: int) -> Json:
        if isinstance(node, ScalarNode):
            # For speed, what scalar_of says of nearly all scalars.
            if node.tag == PLAIN and not node.style:
                return resolve(node.value)
            return self._scalar(node)
        if depth > MAX_DEPTH:
            raise too_deep(self._source, node.start_mark.index + self._source.bom)
        if isinstance(node, MappingNode):
            return self._mapping(node, depth)
        return [self.value(item, depth + 1) for item in node.value]

    def _mapping(self, node: MappingNode, depth: int) -> JsonObject:
        data: JsonObject = {}
        taken_over: set[str] = set()
        for key_node, value_node in node.value:
            key = self._bare_keys.get(key_node.value) if is_bare(key_node) else None
            if key is None:
                if is_merge(key_node):
                    self._merge(value_node, depth, data, taken_over)
                    continue
                key = self._key(key_node)
            if key in data and key not in taken_over:
                raise self._twice(node, key_node, key)
            taken_over.discard(key)
            data[key] = self.value(value_node, depth + 1)
        return data

    def _merge(self, value: Node, depth: int, data: JsonObject, taken_over: set[str]) -> None:
        """Take the keys of *value* over into *data*, in kubectl's way: what stands later wins.

        So a key before the ``<<`` gives way to it, which the YAML specification sees otherwise.
        """
        mappings = merged(value)
        if not mappings or (isinstance(value, SequenceNode) and len(mappings) != len(value.value)):
            raise ManifestError(
                "the value of '<<' must be a mapping or a list of mappings", at=self._at(value)
            )
        for mapping in reversed(mappings):
            for key, each in self._mapping(mapping, depth + 1).items():
                if key not in data:
                    taken_over.add(key)
                data[key] = each

    def _key(self, node: Node) -> str:
        key = key_of(node)
        if key is None:
            return self._strange_key(node)
        if is_bare(node):
            self._bare_keys[node.value] = key
        return key

    def _strange_key(self, node: Node) -> str:
        start, end = (mark.index + self._source.bom for mark in (node.start_mark, node.end_mark))
        if self._source.text.startswith("{{", start - 1):
            raise template_error(self._source, start - 1)
        text = self._source.text[start:end].strip()
        if self._lenient:
            return text
        raise ManifestError(
            f"the key {text!r} is no string, number or boolean",
            at=self._at(node),
            hint="Kubernetes knows only strings as keys",
        )

    def _scalar(self, node: ScalarNode) -> Scalar:
        try:
            return scalar_of(node)
        except ValueError as error:
            if self._lenient:
                return str(node.value)
            raise ManifestError(str(error), at=self._at(node)) from None

    def _twice(self, node: MappingNode, second: Node, key: str) -> ManifestError:
        keys = (each for each, _ in node.value if not is_merge(each))
        first = next(each for each in keys if self._key(each) == key)
        return ManifestError(
            f"the key {key!r} occurs twice in this mapping, first at line {self._at(first).line}",
            at=self._at(second),
            hint="kubectl would take the last one and drop the other without a word",
        )

    def _at(self, node: Node) -> Location:
        return location(self._source, node)


def _check_aliases(root: Node, source: Text) -> None:
    """Refuse aliases that contain themselves or that would swell the document."""
    sizes: dict[int, int] = {}
    unfinished: set[int] = set()
    written = 0

    def size(node: Node, depth: int) -> int:
        nonlocal written
        known = sizes.get(id(node))
        if known is not None:
            return known
        if id(node) in unfinished:
            raise ManifestError("an alias here contains itself", at=location(source, node))
        if depth > MAX_DEPTH:
            raise too_deep(source, node.start_mark.index + source.bom)
        unfinished.add(id(node))
        own = _NODE_SIZE + (len(node.value) if isinstance(node, ScalarNode) else 0)
        written += own
        total = own + sum(size(child, depth + 1) for child in children(node))
        unfinished.discard(id(node))
        sizes[id(node)] = total
        return total

    if size(root, 0) - written > _MAX_EXPANSION:
        raise ManifestError(
            f"the aliases in this document expand to over {_MAX_EXPANSION:,} characters",
            at=location(source, root),
        )
