"""`eject`: take back what `inject` did."""

import typer

from sidecarctl.cli.options import Check, Diff, Files, Folder, InPlace, Report


def command(
    files: Files,
    *,
    diff: Diff = False,
    check: Check = False,
    in_place: InPlace = False,
    output: Folder = None,
    report: Report = "text",
) -> None:
    """Take back what inject added, to the byte.

    Also after the files were edited elsewhere. A file that inject had made is removed.
    """
    from sidecarctl.cli.delivery import Delivery, agree, deliver
    from sidecarctl.inject.eject import eject
    from sidecarctl.manifest.document import parse
    from sidecarctl.manifest.files import read
    from sidecarctl.report.progress import working
    from sidecarctl.report.text import Run

    delivery = Delivery(diff, check, in_place, output, report)
    agree(delivery, files)
    sources = read(files)
    with working("ejecting"):
        result = eject([parse(source.text, source.name) for source in sources])
    raise typer.Exit(deliver(result, sources, delivery, Run("eject")))
