"""Files written, made and removed, all of them or none, and none ever by halves.

Every new content lies on the disk under a hidden name beside its file before the first file is
touched. What follows are renames, which the system does whole or not at all; one that fails takes
back those before it.
"""

import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from sidecarctl.errors import ManifestError


class _Step(Struct, frozen=True):
    """What is to happen to *target*: *fresh* takes its place, or it goes where that is None.

    *backup* is its old self, None where there is none yet.
    """

    target: Path
    fresh: Path | None
    backup: Path | None

    def take(self) -> None:
        if self.fresh:
            self.fresh.replace(self.target)
        else:
            self.target.unlink(missing_ok=True)

    def take_back(self) -> None:
        if self.backup:
            self.backup.replace(self.target)
        else:
            self.target.unlink(missing_ok=True)


def replace_all(contents: Mapping[Path, bytes | None]) -> None:
    """Give each file its new content, or remove it where that is None. Folders are made as needed.

    Mode and, where the system allows it, owner are kept. A SIGKILL leaves each file old or new, and
    perhaps hidden ``.tmp`` files beside it.

    Raises:
        ManifestError: a file cannot be written; then no file has changed.
    """
    steps: list[_Step] = []
    folders: list[Path] = []
    try:
        for target, content in contents.items():
            with _naming(target):
                if content is not None:
                    folders += _missing(target.parent)
                    target.parent.mkdir(parents=True, exist_ok=True)
                old = _status(target)
                steps.append(_step(target, content, old))
                _prepare(steps[-1], content, old)
        _sync_folders(contents)
        _take_all(steps)
        folders.clear()
    finally:
        _clear(steps, folders)
    _sync_folders(contents)


@contextmanager
def _naming(target: Path) -> Iterator[None]:
    """Say of a failure of the system that it is *target* that cannot be written."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ManifestError(f"{_cannot_write(target)}: {reason}; no file has changed") from None


def _cannot_write(target: Path) -> str:
    here = Path.cwd()
    shown = target.relative_to(here) if target.is_relative_to(here) else target
    return f"cannot write {str(shown)!r}"


def _take_all(steps: list[_Step]) -> None:
    taken: list[_Step] = []
    try:
        for step in steps:
            taken.append(step)
            with _naming(step.target):
                step.take()
    except BaseException:  # an interrupt from the keyboard must not leave half of the files, either
        stuck = [step for step in reversed(taken) if not _is_taken_back(step)]
        if stuck:
            steps[:] = [step for step in steps if step not in stuck]  # their backups must stay
            lost = ", ".join(f"{str(step.target)!r} ({step.backup})" for step in stuck)
            raise ManifestError(f"cannot restore, what they held is in brackets: {lost}") from None
        raise


def _is_taken_back(step: _Step) -> bool:
    try:
        step.take_back()
    except OSError:
        return False
    return True


def _status(target: Path) -> os.stat_result | None:
    try:
        old = target.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(old.st_mode):
        raise ManifestError(f"{_cannot_write(target)}: it is no regular file")
    return old


def _step(target: Path, content: bytes | None, old: os.stat_result | None) -> _Step:
    fresh = None if content is None else _spare(target)
    return _Step(target, fresh, _spare(target) if old else None)


def _prepare(step: _Step, content: bytes | None, old: os.stat_result | None) -> None:
    """Put the new content and a second name of the old one beside the target."""
    if step.fresh and content is not None:
        _write(step.fresh, content, old)
    if step.backup:
        try:
            step.backup.hardlink_to(step.target)
        except OSError:  # a file system without hard links, or a file of another owner
            shutil.copy2(step.target, step.backup)


def _write(fresh: Path, content: bytes, old: os.stat_result | None) -> None:
    """Write *content* to the new file *fresh*, down to the disk, with the rights of *old*."""
    mode = 0o600 if old else 0o666  # a Secret must not be open to all even for a moment
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with open(descriptor, "wb") as stream:  # noqa: PTH123  a descriptor is no path
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    if old:
        if hasattr(os, "chown"):
            with suppress(PermissionError):
                os.chown(fresh, old.st_uid, old.st_gid)
        fresh.chmod(stat.S_IMODE(old.st_mode))


def _clear(steps: Iterable[_Step], folders: Iterable[Path]) -> None:
    """Remove what was only needed on the way."""
    for spare in (spare for step in steps for spare in (step.fresh, step.backup) if spare):
        with suppress(OSError):
            spare.unlink(missing_ok=True)
    for folder in reversed(tuple(folders)):
        with suppress(OSError):
            folder.rmdir()


def _spare(target: Path) -> Path:
    return target.with_name(f".{target.name[:100]}.{os.urandom(4).hex()}.tmp")


def _missing(folder: Path) -> list[Path]:
    """Return those of *folder* and the folders above it that are not there, outermost first."""
    return [each for each in (*reversed(folder.parents), folder) if not each.exists()]


def _sync_folders(files: Iterable[Path]) -> None:
    for folder in {file.parent for file in files}:
        with suppress(OSError):  # not every system can open a folder
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
