"""`explain`: the page of a concern, a sidecar, a field, a rule of lint, a hazard, a verb."""

import sys
from typing import Annotated

import typer


def command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="CONCERN|SIDECAR|FIELD|RULE|HAZARD|VERB",
            help="A name or code from `list`, a field (rateLimit.perInstance), a hazard of "
            "simulate (order-lost); or simulate, or advise",
            show_default=False,
        ),
    ],
) -> None:
    """Explain a concern, a sidecar, a field, a rule of lint, a hazard, simulate or advise."""
    from sidecarctl.advise.pages import advise_page
    from sidecarctl.lint.pages import rule_page
    from sidecarctl.profile.pages import explain
    from sidecarctl.report.page import page
    from sidecarctl.report.paint import is_coloured
    from sidecarctl.report.streams import write_out
    from sidecarctl.simulate.pages import hazard_page, simulate_page

    verbs = {"simulate": simulate_page, "advise": advise_page}
    text = verbs[name]() if name in verbs else hazard_page(name) or rule_page(name)
    write_out(page(text or explain(name), coloured=is_coloured(sys.stdout)))
