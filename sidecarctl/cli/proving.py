"""What `prove` needs around it: input that is injected, a folder that goes, signals that unwind."""

import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import typer

from sidecarctl.cli.exit_code import ExitCode
from sidecarctl.errors import SidecarctlError
from sidecarctl.manifest.document import Document, parse
from sidecarctl.manifest.files import read
from sidecarctl.report.paint import is_coloured, paint
from sidecarctl.report.streams import write_err
from sidecarctl.report.text import Run, result_lines

_PREFIX = "sidecarctl-"
_LONGEST = 40


def injected(
    files: Sequence[str],
    context: Sequence[str],
    profile: str | None,
    sets: Sequence[str],
    namespace: str,
) -> list[Document]:
    """Return the documents of *files*, with what *profile* says injected where one is given.

    Raises:
        SidecarctlError: the input or the profile is wrong.
        typer.Exit: a workload was refused; why has been said.
    """
    manifests = [parse(source.text, source.name) for source in read(files)]
    if profile is None:
        if sets or context:
            raise SidecarctlError("--set and --context are for what is injected first",
                                  hint="name a profile with -p")  # fmt: skip
        return [document for each in manifests for document in each.documents]
    from sidecarctl.inject.inject import inject
    from sidecarctl.profile.profile import load_profile

    chosen = load_profile(profile, sets=sets)
    around = [parse(source.text, source.name) for source in read(context)]
    result = inject(manifests, around, chosen, namespace=namespace)
    if result.refused:
        run = Run("prove", profile=chosen.name, kubernetes_version=chosen.kubernetes_version)
        write_err(paint(result_lines(result, run), coloured=is_coloured(sys.stderr)))
        raise typer.Exit(ExitCode.BAD_INPUT)
    texts = ((after, file) for file, (_, after) in result.texts.items())
    return [document for text, file in texts for document in parse(text, file).documents]


@contextmanager
def kept(*, keep: bool) -> Iterator[Path]:
    """Give a folder for the run; it goes at the end unless it is to be kept, and is named then."""
    # A unix socket has a path of 107 bytes at most, and lies five folders down.
    base = None if len(tempfile.gettempdir()) <= _LONGEST else "/tmp"  # noqa: S108  of random name
    if not keep:
        with tempfile.TemporaryDirectory("", _PREFIX, base, ignore_cleanup_errors=True) as name:
            yield Path(name)
        return
    folder = Path(tempfile.mkdtemp("", _PREFIX, base))
    try:
        yield folder
    finally:
        write_err(f"kept: {folder}\n")


@contextmanager
def signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the run as Ctrl-C does: no child and no file is left."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {each: signal.signal(each, interrupt) for each in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
