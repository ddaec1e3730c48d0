"""What a merge key (``<<``) brings into a mapping, seen from where it stands in the text."""

from collections.abc import Iterator

from yaml.nodes import Node

from sidecarctl.manifest.edits.spans import Collection
from sidecarctl.manifest.reading.keys import is_merge, key_of, merged


def inherited_keys(parent: Collection) -> set[str]:
    """Return the keys that a ``<<`` brings in and that no entry behind it sets anew."""
    own = {entry.name: number for number, entry in enumerate(parent.entries)}
    return {
        name
        for number, entry in enumerate(parent.entries)
        if entry.key is not None and is_merge(entry.key)
        for mapping in merged(entry.value)
        for name in _names(mapping)
        if own.get(name, -1) < number
    }


def _names(mapping: Node) -> Iterator[str]:
    for key, value in mapping.value:
        if is_merge(key):
            for each in merged(value):
                yield from _names(each)
        else:
            yield str(key_of(key))
