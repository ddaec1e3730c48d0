"""`lint`: what is wrong with manifests."""

from pathlib import Path
from typing import Annotated

import typer

from sidecarctl.cli.exit_code import ExitCode
from sidecarctl.cli.words import FailOn


def command(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATHS...|-]",
            help="Files, folders, globs, or - for standard input; else the folder you are in.",
            show_default=False,
        ),
    ] = None,
    *,
    select: Annotated[
        list[str] | None,
        typer.Option(metavar="RULES", help="Only these: slugs, codes or beginnings of codes."),
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(metavar="RULES", help="Not these; stronger than --select.")
    ] = None,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(help="Exit with 1 where a finding is as bad as this, or worse. [error]"),
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="FORMAT[:FILE]",
            help="text, concise, json, sarif or github; repeatable, each to a file of its own.",
        ),
    ] = None,
    kubernetes_version: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="The lowest kubelet in the target clusters. [1.33]"),
    ] = None,
    namespace: Annotated[
        str,
        typer.Option(
            "--namespace", "-n", help="The namespace of documents that do not name their own."
        ),
    ] = "default",
    context: Annotated[
        list[str] | None,
        typer.Option(metavar="FILES", help="Manifests to look at without findings; repeatable."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The configuration, instead of the nearest .sidecarctl.yaml."
        ),
    ] = None,
    no_config: Annotated[bool, typer.Option("--no-config", help="Read no configuration.")] = False,
    show_config: Annotated[
        bool, typer.Option("--show-config", help="Print each setting and where it comes from.")
    ] = False,
) -> ExitCode:
    """Check manifests, and the Envoy configuration in them.

    Findings go to standard output, their sum to standard error. `explain RULE` is the manual of a
    rule.
    """
    from sidecarctl.cli.linting import run

    return run(
        paths,
        select=select,
        ignore=ignore,
        fail_on=fail_on,
        formats=formats,
        kubernetes_version=kubernetes_version,
        namespace=namespace,
        context=context,
        config=config,
        no_config=no_config,
        show_config=show_config,
    )
