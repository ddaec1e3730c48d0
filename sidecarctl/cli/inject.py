"""`inject`: add the sidecars of a profile to workloads."""

from typing import Annotated

import typer

from sidecarctl.cli.exit_code import ExitCode
from sidecarctl.cli.options import Check, Diff, Files, Folder, InPlace, Report
from sidecarctl.cli.words import Half


def command(
    files: Files,
    *,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            "-p",
            metavar="NAME|FILE",
            help="A built-in profile, or one of your own; else that of the nearest "
            ".sidecarctl.yaml. [default]",
        ),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="PATH=VALUE", help="Set a field of the profile's spec; repeatable."
        ),
    ] = None,
    proxy: Annotated[
        str | None, typer.Option(metavar="NAME", help="The proxy, instead of the profile's.")
    ] = None,
    kubernetes_version: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="The lowest kubelet in the target clusters."),
    ] = None,
    namespace: Annotated[
        str,
        typer.Option(
            "--namespace",
            "-n",
            metavar="NAME",
            help="The namespace of documents that do not name their own.",
        ),
    ] = "default",
    context: Annotated[
        list[str] | None,
        typer.Option(metavar="FILES", help="Manifests to look at and not to change; repeatable."),
    ] = None,
    only: Annotated[
        Half | None,
        typer.Option(help="Give out only these: one half of a roll-out in two steps."),
    ] = None,
    diff: Diff = False,
    check: Check = False,
    in_place: InPlace = False,
    output: Folder = None,
    report: Report = "text",
) -> ExitCode:
    """Add the sidecars of a profile to workloads.

    The manifests go to standard output, the report to standard error. Where one workload is
    refused, nothing is written at all.
    """
    from sidecarctl.cli.injecting import run

    return run(
        files,
        profile=profile,
        sets=sets,
        proxy=proxy,
        kubernetes_version=kubernetes_version,
        namespace=namespace,
        context=context,
        only=only,
        diff=diff,
        check=check,
        in_place=in_place,
        output=output,
        report=report,
    )
