"""`inject`: add the sidecars of a profile to workloads."""

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from sidecarctl.cli.options import Check, Diff, Files, Folder, InPlace, Report
from sidecarctl.errors import SidecarctlError

# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def _checked_namespace(name: str) -> str:
    if not _NAMESPACE.fullmatch(name):
        raise SidecarctlError(
            f"{name!r} is no name of a namespace",
            hint="lower-case letters, digits and '-', 63 at most",
        )
    return name


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
            callback=_checked_namespace,
            help="The namespace of documents that do not name their own.",
        ),
    ] = "default",
    context: Annotated[
        list[str] | None,
        typer.Option(metavar="FILES", help="Manifests to look at and not to change; repeatable."),
    ] = None,
    only: Annotated[
        Literal["workloads", "services"] | None,
        typer.Option(help="Give out only these: one half of a roll-out in two steps."),
    ] = None,
    diff: Diff = False,
    check: Check = False,
    in_place: InPlace = False,
    output: Folder = None,
    report: Report = "text",
) -> None:
    """Add the sidecars of a profile to workloads.

    The manifests go to standard output, the report to standard error. Where one workload is
    refused, nothing is written at all.
    """
    from sidecarctl.cli.delivery import Delivery, agree, deliver
    from sidecarctl.inject.inject import inject, step
    from sidecarctl.manifest.document import parse
    from sidecarctl.manifest.files import read
    from sidecarctl.profile.profile import load_profile
    from sidecarctl.profile.project import find_config, profile_of
    from sidecarctl.report.progress import working
    from sidecarctl.report.text import Run

    delivery = Delivery(diff, check, in_place, output, report)
    agree(delivery, files)
    if only and (diff or check or in_place):
        raise SidecarctlError("--only is for what is printed, or written with --output")
    if profile is None and (config := find_config(Path.cwd())):
        profile = profile_of(config)
    chosen = load_profile(
        "default" if profile is None else profile,
        sets=sets or (),
        proxy=proxy,
        kubernetes_version=kubernetes_version,
    )
    sources = read(files)
    with working("injecting") as progress:
        result = inject(
            [parse(source.text, source.name) for source in sources],
            [parse(source.text, source.name) for source in read(context or ())],
            chosen,
            namespace=namespace,
            split=output is not None,
            progress=progress,
        )
    if only and not result.refused:
        result = step(result, only)
    run = Run("inject", profile=chosen.name, kubernetes_version=chosen.kubernetes_version)
    raise typer.Exit(deliver(result, sources, delivery, run))
