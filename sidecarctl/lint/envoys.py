"""Which container runs which bootstrap: by arguments, mounts and the keys of ConfigMaps."""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from posixpath import normpath
from typing import TypeAlias

from msgspec import Struct

from sidecarctl.envoy.read import Bootstrap
from sidecarctl.findings import FieldPath
from sidecarctl.lifecycle.images import known
from sidecarctl.lint.mounts import Mounted
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.narrow import text
from sidecarctl.manifest.workload import Container

Read: TypeAlias = Callable[[Document], tuple[Bootstrap, ...]]

DEFAULT_FILE = "/etc/envoy/envoy.yaml"
"""What the stock image starts with."""

_SHELLS = frozenset({"sh", "bash", "ash", "dash"})
_IN_SCRIPT = re.compile(r"--config-path[= ]\s*(?P<long>\S+)|\benvoy\b[^|;&]*?\s-c\s+(?P<short>\S+)")


class Running(Struct, frozen=True):
    """A container that starts Envoy with *bootstrap*."""

    container: Container
    bootstrap: Bootstrap


def is_envoy(container: Container) -> bool:
    """Say whether *container* runs an Envoy image, or is named like one."""
    row = known(container.image, container.name)
    return row is not None and row.name.startswith("envoy")


def running(mounts: Iterable[Mounted], read: Read) -> Iterator[Running]:
    """Yield the containers of a workload whose bootstrap is among its *mounts*."""
    mounted: dict[str, dict[str, Bootstrap]] = {}
    by_name = {}
    for each in mounts:
        by_name[each.container.name] = each.container
        keys = {one.base[-1]: one for one in read(each.document)}
        files = mounted.setdefault(each.container.name, {})
        files.update({file: keys[key] for file, key in each.files.items() if key in keys})
    for name, files in mounted.items():
        container = by_name[name]
        wanted = config_file(container) or (DEFAULT_FILE if is_envoy(container) else "")
        only = next(iter(files.values())) if len(files) == 1 else None
        # Without an argument that names it, a start script names it: then there is one to choose.
        bootstrap = files.get(wanted) or (only if not config_file(container) else None)
        if bootstrap is not None:
            yield Running(container, bootstrap)


def config_file(container: Container) -> str:
    """Return the file that the arguments name as the bootstrap, ``""`` where they name none."""
    words = config_words(container)
    if words and words[0].rpartition("/")[2] in _SHELLS:
        found = _IN_SCRIPT.search(" ".join(words[1:]))
        return normpath((found["long"] or found["short"]).strip("\"'")) if found else ""
    for word, after in pairwise([*words, ""]):
        if word in ("-c", "--config-path") and after:
            return normpath(after)
        if word.startswith("--config-path="):
            return normpath(word.partition("=")[2])
    return ""


def config_place(container: Container, file: str) -> FieldPath:
    """Return the path of the argument that names *file*, or of the list of arguments."""
    for field in ("command", "args"):
        value = container.data.get(field)
        for i, word in enumerate(value if isinstance(value, list) else []):
            if file in text(word):
                return (*container.path, field, i)
    return (*container.path, "args")


def config_words(container: Container) -> list[str]:
    """Return what the container is started with, word by word."""
    words = []
    for field in ("command", "args"):
        value = container.data.get(field)
        words += [text(word) for word in value] if isinstance(value, list) else []
    return words
