"""What the nodes of a mapping mean: keys as kubectl has them, and the merge key ``<<``."""

from collections.abc import Iterator

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from sidecarctl.manifest.reading.compose import PLAIN
from sidecarctl.manifest.scalars import TAG_PREFIX, Scalar, key_text, resolve, tagged

_STRING_TAG = f"{TAG_PREFIX}str"
_MERGE_TAG = f"{TAG_PREFIX}merge"


def is_bare(node: Node) -> bool:
    """Tell whether *node* is a scalar without quotes and without a tag."""
    # libyaml calls `! "5"`, a string by its quotes, as plain as a bare 5.
    return isinstance(node, ScalarNode) and node.tag == PLAIN and not node.style


def scalar_of(node: ScalarNode) -> Scalar:
    """Return the value of *node*.

    Raises:
        ValueError: it is nothing that its tag names.
    """
    text: str = node.value
    if is_bare(node):
        return resolve(text)
    return text if node.tag in (PLAIN, _STRING_TAG) else tagged(node.tag, text)


def key_of(node: Node) -> str | None:
    """Return the key that *node* stands for as a string; None if it has no such form."""
    if not isinstance(node, ScalarNode):
        return None
    try:
        return key_text(scalar_of(node))
    except ValueError:
        return None


def is_merge(key: Node) -> bool:
    """Tell whether *key* is a ``<<`` without quotes, which takes over another mapping's keys."""
    return key.value == "<<" and (is_bare(key) or key.tag == _MERGE_TAG)


def merged(value: Node) -> list[MappingNode]:
    """Return the mappings that the value of a ``<<`` names, the strongest first."""
    candidates = value.value if isinstance(value, SequenceNode) else [value]
    return [each for each in candidates if isinstance(each, MappingNode)]


def children(node: Node) -> Iterator[Node]:
    """Yield the nodes right below *node* in the order of the text, keys before their values."""
    if isinstance(node, MappingNode):
        for pair in node.value:
            yield from pair
    elif isinstance(node, SequenceNode):
        yield from node.value
