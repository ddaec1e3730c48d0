"""Files named on a command line become texts, and texts become files again."""

import glob
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, TypeAlias

from msgspec import Struct

from sidecarctl.errors import ManifestError
from sidecarctl.findings import Location
from sidecarctl.manifest.text import Text
from sidecarctl.violation import suggest

MAX_BYTES = 64 * 1024 * 1024
SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_Identity: TypeAlias = tuple[int, int]
"""Device and inode of a file."""

STDIN = "stdin"
"""How standard input is called in messages."""

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_PATTERN = frozenset("*?[")


class Source(Struct, frozen=True):
    """A text and where it comes from; *path* is None for standard input.

    *name* is the file as the user wrote it, or as it was found below what they wrote. *text* keeps
    line ends and the byte order mark.
    """

    name: str
    path: Path | None
    text: str


def read(names: Sequence[str]) -> list[Source]:
    """Read what *names* say, in their order: files, folders, patterns, ``-`` for standard input.

    Of a folder it is every YAML and JSON file below it, sorted, without what is hidden. A file that
    is named twice is read once.

    Raises:
        ManifestError: a name leads to nothing, or a file is no UTF-8 text or larger than 64 MiB.
    """
    sources: list[Source] = []
    seen: dict[_Identity, list[str]] = {}
    for file in (file for name in names for file in _found(name)):
        identity, source = _read(file)
        others = seen.setdefault(identity, [])
        if not _is_among(file, others):
            others.append(file)
            sources.append(source)
    return sources


def write_all(texts: Mapping[Path, str]) -> None:
    """Write each text to its file, all or none; a file whose text is empty is removed.

    A symbolic link stays one: what it points to is written. Mode and, where the system allows it,
    owner are kept.

    Raises:
        ManifestError: a file cannot be written; then no file has changed.
    """
    from sidecarctl.manifest.replace import replace_all  # noqa: PLC0415  most runs write no file

    contents: dict[Path, bytes | None] = {}
    for file, text in texts.items():
        target = Path(os.path.realpath(file))
        content = text.encode() or None
        if contents.setdefault(target, content) != content:
            raise ManifestError(f"{str(file)!r} would be written twice, with different texts")
    replace_all(contents)


def _found(name: str) -> Iterator[str]:
    """Yield the files that *name* stands for; ``-`` stands for itself."""
    if name == "-":
        yield name
    elif Path(name).is_dir():
        yield from _below(name)
    elif Path(name).exists() or not _PATTERN & set(name):
        yield name
    else:
        matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207  Path.glob takes no absolute pattern
        if not matches:
            raise ManifestError(
                f"{name!r} matches no file", hint="* stays within a folder, ** goes below it"
            )
        for match in matches:
            yield from _below(match, may_be_empty=True) if Path(match).is_dir() else [match]


def _below(folder: str, *, may_be_empty: bool = False) -> Iterator[str]:
    files = [
        file
        for where, folders, names in os.walk(folder, onerror=_refuse)
        for file in _joined(where, _visible(folders, names))
    ]
    if not files and not may_be_empty:
        raise ManifestError(
            f"no YAML or JSON file in folder {folder!r}",
            hint="a folder is searched for *.yaml, *.yml and *.json",
        )
    yield from sorted(files, key=lambda file: file.split(os.sep))  # noqa: PTH206  as above


def _joined(folder: str, names: Iterable[str]) -> Iterator[str]:
    """Yield the path of each of *names* in *folder* that is YAML or JSON, as `Path` writes it."""
    start = os.path.join(Path(folder), "")  # noqa: PTH118  once for all
    for name in names:
        if os.path.splitext(name)[1].lower() in SUFFIXES:  # noqa: PTH122  Path takes ten times as long
            yield name if start == f".{os.sep}" else start + name


def _visible(folders: list[str], names: list[str]) -> list[str]:
    """Return the *names* that are not hidden, and take hidden *folders* out of the walk."""
    folders[:] = [folder for folder in folders if not folder.startswith(".")]
    return [name for name in names if not name.startswith(".")]


def _refuse(error: OSError) -> None:
    raise ManifestError(f"cannot read {error.filename!r}: {_reason(error)}") from None


def _near(path: Path) -> str:
    """Return what may have been meant by *path*, which does not exist."""
    try:
        names = [each.name for each in path.parent.iterdir() if each.suffix in SUFFIXES]
    except OSError:
        return f"there is no folder {str(path.parent)!r}"
    found = suggest(path.name, names)
    return f"did you mean {str(path.with_name(found))!r}?" if found else "check the name"


def _read(file: str) -> tuple[_Identity, Source]:
    if file == "-":
        if sys.stdin is None:  # closed by the shell: `<&-`
            raise ManifestError("standard input is closed")
        octets = _octets(sys.stdin.buffer, STDIN)
        return (-1, -1), Source(STDIN, None, _decoded(octets, STDIN))
    path = Path(file)
    try:
        with path.open("rb") as stream:
            status = os.fstat(stream.fileno())
            # To read with a limit makes room for all of it first.
            is_small = stat.S_ISREG(status.st_mode) and status.st_size <= MAX_BYTES
            octets = stream.read() if is_small else _octets(stream, file)
    except FileNotFoundError:
        raise ManifestError(f"there is no file {file!r}", hint=_near(path)) from None
    except OSError as error:
        raise ManifestError(f"cannot read {file!r}: {_reason(error)}") from None
    return (status.st_dev, status.st_ino), Source(file, path, _decoded(octets, file))


def _is_among(file: str, others: Sequence[str]) -> bool:
    """Tell whether *file* is one of *others*, all names of one inode; hard links are files."""
    return any(file == each or os.path.realpath(file) == os.path.realpath(each) for each in others)


def _octets(stream: BinaryIO, name: str) -> bytes:
    octets = stream.read(MAX_BYTES + 1)
    if len(octets) > MAX_BYTES:
        raise ManifestError("the file is larger than 64 MiB", at=Location(name, 1, 1, 1, 1))
    return octets


def _decoded(octets: bytes, name: str) -> str:
    """Return the text of *octets*; the error where it is none points at the first wrong byte."""
    if octets.startswith(_UTF16_MARKS):
        raise ManifestError(
            "the file is in UTF-16, not UTF-8",
            at=Location(name, 1, 1, 1, 1),
            hint="save it as UTF-8: YAML of Kubernetes is read in no other encoding",
        )
    null = octets.find(b"\0")
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        bad = error.start
    else:
        bad = null
        if null < 0:
            return text
    if 0 <= null <= bad:
        bad, fault = null, "the file holds a NUL byte"
    else:
        fault = f"the byte 0x{octets[bad]:02X} is not UTF-8"
    source = Text(name, octets[:bad].decode("utf-8"))
    is_binary = null >= 0
    raise ManifestError(
        f"{fault}: this is a binary file" if is_binary else fault,
        at=source.location(len(source.text), len(source.text) + 1),
        hint="leave it out" if is_binary else "save the file as UTF-8",
    )


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
