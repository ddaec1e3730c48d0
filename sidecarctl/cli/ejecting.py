"""What `eject` does, from the options to the exit code."""

from collections.abc import Sequence
from pathlib import Path

from sidecarctl.cli.delivery import Delivery, agree, deliver, manifests_of
from sidecarctl.cli.exit_code import ExitCode
from sidecarctl.cli.words import ReportFormat
from sidecarctl.inject.eject import eject
from sidecarctl.manifest.files import read
from sidecarctl.report.progress import working
from sidecarctl.report.text import Run


def run(
    files: Sequence[str],
    *,
    diff: bool = False,
    check: bool = False,
    in_place: bool = False,
    output: Path | None = None,
    report: ReportFormat = "text",
) -> ExitCode:
    """Take back what was injected into *files*; what it raises stops the run."""
    delivery = Delivery(diff, check, in_place, output, report)
    agree(delivery, files)
    sources = read(files)
    with working("ejecting"):
        result = eject(manifests_of(sources))
    return deliver(result, sources, delivery, Run("eject"))
