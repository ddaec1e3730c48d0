"""A simulation in the form that was asked for, to where it is to go; its sum to standard error."""

import sys
from pathlib import Path
from typing import Literal

from sidecarctl.lifecycle.assumptions import Case
from sidecarctl.manifest.files import write_all
from sidecarctl.report.paint import is_coloured, paint, width_of
from sidecarctl.report.streams import write_err, write_out
from sidecarctl.report.timeline_json import simulation_json
from sidecarctl.report.timeline_svg import simulation_svg
from sidecarctl.report.timeline_text import simulation_lines, simulation_sum_lines
from sidecarctl.simulate.simulated import Simulation


def write_simulation(
    simulation: Simulation,
    form: Literal["text", "json", "svg"],
    case: Literal["best", "expected", "worst", "all"],
    file: Path | None,
) -> None:
    """Write *simulation* to *file*, without one to standard output.

    Raises:
        SidecarctlError: it cannot be written.
    """
    cases = tuple(Case) if case == "all" else (Case(case),)
    if form == "json":
        text = simulation_json(simulation)
    elif form == "svg":
        text = simulation_svg(simulation, cases)
    else:
        is_shown = file is None
        lines = simulation_lines(simulation, cases, width_of(sys.stdout) if is_shown else None)
        text = paint(lines, coloured=is_shown and is_coloured(sys.stdout))
    if file is None:
        write_out(text)
    else:
        write_all({file: text})
    write_err(paint(simulation_sum_lines(simulation), coloured=is_coloured(sys.stderr)))
