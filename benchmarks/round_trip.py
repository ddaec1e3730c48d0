"""The other way to edit a manifest: load it with ruamel, change the tree, dump it again."""

from io import StringIO

import yaml
from ruamel.yaml import YAML

MANAGED_BY = "app.kubernetes.io/managed-by"


def round_trip(before: str, after: str) -> str:
    """Return *before* with the data of *after*, as ruamel writes it.

    The data of *after* are read along the way, which costs ruamel nothing here: the C parser reads
    them in a hundredth of the time.
    """
    ruamel = YAML()
    ruamel.preserve_quotes = True
    ruamel.width = 2**20
    ruamel.allow_duplicate_keys = True
    documents = list(ruamel.load_all(before))
    remaining = iter(documents)
    result = []
    for data in yaml.load_all(after, Loader=yaml.CSafeLoader):
        if _is_new(data):
            result.append(data)
            continue
        old = next(remaining)
        if old is not None:
            _graft(old, data)
        result.append(old)
    stream = StringIO()
    ruamel.dump_all(result, stream)
    return stream.getvalue()


def _is_new(data: object) -> bool:
    metadata = data.get("metadata") if isinstance(data, dict) else None
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return isinstance(labels, dict) and MANAGED_BY in labels


def _graft(old: object, data: object) -> None:
    """Change the ruamel tree *old* in place until it says *data*, and touch nothing else."""
    if isinstance(old, dict) and isinstance(data, dict):
        for key in [key for key in old if key not in data]:
            del old[key]
        for key, value in data.items():
            if isinstance(old.get(key), dict | list) and isinstance(value, dict | list):
                _graft(old[key], value)
            elif key not in old or old[key] != value:
                old[key] = value
    elif isinstance(old, list) and isinstance(data, list):
        for index, value in enumerate(data):
            if index < len(old) and _same(old[index], value):
                _graft(old[index], value)
            else:
                old.insert(index, value)
        del old[len(data) :]


def _same(old: object, value: object) -> bool:
    if isinstance(old, dict) and isinstance(value, dict):
        return any(old.get(key) == value.get(key) for key in ("name", "mountPath") if key in old)
    return old == value
