"""Where a result goes: standard output, a diff, the files themselves, or a folder."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from sidecarctl.cli.exit_code import ExitCode
from sidecarctl.cli.words import ReportFormat
from sidecarctl.errors import ManifestError, SidecarctlError
from sidecarctl.findings import Location
from sidecarctl.manifest.document import Manifest, parse
from sidecarctl.manifest.files import Source, write_all
from sidecarctl.manifest.stream import join
from sidecarctl.plan.outcome import Result
from sidecarctl.report.diff import diff
from sidecarctl.report.json import result_json
from sidecarctl.report.paint import is_coloured, paint
from sidecarctl.report.streams import write_err, write_out
from sidecarctl.report.text import Run, result_lines


class Delivery(Struct, frozen=True):
    """What the user wants done with the result, and how it is to be reported."""

    diff: bool
    check: bool
    in_place: bool
    folder: Path | None
    report: ReportFormat


def agree(delivery: Delivery, files: Sequence[str]) -> None:
    """Refuse options that contradict one another, before anything is read."""
    ways = {
        "--diff": delivery.diff,
        "--check": delivery.check and not delivery.diff,
        "--in-place": delivery.in_place,
        "--output": delivery.folder is not None,
    }
    chosen = [option for option, given in ways.items() if given]
    if len(chosen) > 1:
        raise SidecarctlError(f"{chosen[0]} and {chosen[1]} exclude one another")
    if delivery.in_place and "-" in files:
        raise SidecarctlError(
            "--in-place has no file to replace where the input is '-'",
            hint="leave it out: the result goes to standard output",
        )


def manifests_of(sources: Sequence[Source]) -> list[Manifest]:
    """Return what *sources* hold.

    Raises:
        ManifestError: not one object in all of them: in a pipe, what came before has failed.
    """
    manifests = [parse(source.text, source.name) for source in sources]
    if not any(manifest.documents for manifest in manifests):
        raise ManifestError(
            "there is no object in the input",
            at=Location(sources[0].name, 1, 1, 1, 1),
            hint="it is empty, or holds comments or plain text alone",
        )
    return manifests


def deliver(result: Result, sources: Sequence[Source], delivery: Delivery, run: Run) -> ExitCode:
    """Hand over *result* and report on it; where a workload was refused, only report."""
    changed = result.changed()
    if result.refused:
        _report(result, run, delivery.report)
        return ExitCode.BAD_INPUT
    if delivery.in_place:
        run = replace(run, done=_replace_files(result, sources))
    elif delivery.folder:
        run = replace(run, done=_write_folder(result, sources, delivery.folder))
    elif delivery.diff:
        write_out(diff(result.texts, coloured=is_coloured(sys.stdout)))
    elif not delivery.check:
        write_out(join([after for _, after in result.texts.values()]))
    _report(result, run, delivery.report)
    return ExitCode.CHANGED if changed and (delivery.diff or delivery.check) else ExitCode.DONE


def _replace_files(result: Result, sources: Sequence[Source]) -> str:
    """Replace the files that changed; one that held nothing but what was injected goes."""
    after = {
        source.path: result.texts[source.name][1]
        for source in sources
        if source.path and source.name in result.changed()
    }
    write_all(after)
    return _count(len(after), "changed")


def _write_folder(result: Result, sources: Sequence[Source], folder: Path) -> str:
    """Write every file and the new ones to *folder*, laid out below it as the input is."""
    inputs = {source.path.resolve(): source.name for source in sources if source.path}
    root = Path(os.path.commonpath([file.parent for file in inputs])) if inputs else Path()
    texts: dict[Path, str] = {}
    for source in sources:
        name = source.path.resolve().relative_to(root) if source.path else Path("stdin.yaml")
        text = result.texts[source.name][1]
        if text:
            texts[folder / name] = text
    for new, text in result.files.items():
        if folder / new in texts:
            raise SidecarctlError(
                f"a new document and an input file would both become {str(folder / new)!r}",
                hint="rename the input file",
            )
        texts[folder / new] = text
    for file in texts:
        if file.resolve() in inputs:
            raise SidecarctlError(
                f"{inputs[file.resolve()]!r} is input and would be overwritten",
                hint="name another folder, or replace the files with --in-place",
            )
    write_all(texts)
    return f"{_count(len(texts), 'written')} to {folder}"


def _count(files: int, done: str) -> str:
    return f"{files} file{'' if files == 1 else 's'} {done}"


def _report(result: Result, run: Run, form: ReportFormat) -> None:
    if form == "json":
        write_err(result_json(result, run))
    else:
        write_err(paint(result_lines(result, run), coloured=is_coloured(sys.stderr)))
