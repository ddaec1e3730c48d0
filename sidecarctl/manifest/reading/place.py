"""From a path to the nodes there, and from a node to its place."""

import re

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from sidecarctl.findings import FieldPath, Location
from sidecarctl.manifest.reading.keys import children, is_merge, key_of, merged
from sidecarctl.manifest.text import Text

Found = tuple[Node | None, Node]
"""The nodes of a key (None for an item of a list and for a root) and of its value."""

_COMMENT = re.compile(r"[ \t]#")


def find(root: Node, path: FieldPath) -> Found | None:
    """Return the nodes at *path* below *root*, None where there is nothing."""
    found: Found = (None, root)
    for step in path:
        child = _child(found[1], step)
        if child is None:
            return None
        found = child
    return found


def location(source: Text, node: Node) -> Location:
    """Return the place of *node*: of a mapping or a list the first line, without a comment."""
    start, end = node.start_mark.index + source.origin, node.end_mark.index + source.origin
    if isinstance(node, ScalarNode):
        return source.location(start, start + len(source.text[start:end].rstrip()))
    line_end = source.line_end(start, end)
    last = _last_scalar(node, start - source.origin, line_end - source.origin) + source.origin
    comment = _COMMENT.search(source.text, last, line_end)
    return source.location(start, source.line_end(start, comment.start() if comment else line_end))


def _child(node: Node, step: str | int) -> Found | None:
    if isinstance(step, int):
        if isinstance(node, SequenceNode) and 0 <= step < len(node.value):
            return None, node.value[step]
        return None
    if not isinstance(node, MappingNode):
        return None
    for key, value in reversed(node.value):  # of two that set the same field, the later one wins
        if is_merge(key):
            inherited = (_child(each, step) for each in merged(value))
            found = next((each for each in inherited if each is not None), None)
            if found is not None:
                return found
        elif key_of(key) == step:
            return key, value
    return None


def _last_scalar(node: Node, start: int, stop: int) -> int:
    """Return where the last scalar below *node* that begins between *start* and *stop* ends."""
    reached = start
    for child in children(node):
        begin = child.start_mark.index
        if begin >= stop:
            break
        if begin < reached:
            continue  # an alias: its node stands with its anchor, further up
        if isinstance(child, ScalarNode):
            reached = min(child.end_mark.index, stop)
        elif begin > start:  # else an alias of the node itself
            reached = _last_scalar(child, begin, stop)
    return reached
