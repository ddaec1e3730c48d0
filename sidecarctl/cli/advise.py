"""`advise`: should this be a sidecar at all?"""

import sys
from typing import Annotated, Literal

import typer

from sidecarctl.cli.options import Files


def command(
    files: Files,
    *,
    pods_per_node: Annotated[
        int, typer.Option(min=1, help="How many of these pods run on a node.")
    ] = 10,
    languages: Annotated[
        int, typer.Option(min=0, help="In how many languages the apps are written; 0: unsaid.")
    ] = 0,
    few_services: Annotated[
        int, typer.Option(min=0, help="Up to how many services a library is enough.")
    ] = 3,
    tax: Annotated[
        float, typer.Option(min=0, help="What share of its app's request a sidecar may ask.")
    ] = 0.5,
    job_factor: Annotated[
        float, typer.Option(min=0, help="How often a Job's run holds what its sidecars add.")
    ] = 5,
    most_sidecars: Annotated[
        int, typer.Option(min=0, help="How many sidecars a pod may have.")
    ] = 3,
    node_agents: Annotated[
        bool, typer.Option(help="Whether nodes take DaemonSets; those of Fargate do not.")
    ] = True,
    assumptions: Annotated[
        list[str] | None,
        typer.Option(
            "--assume",
            metavar="CONTAINER.FIELD=TIME",
            help="How long something takes, as in simulate: work.run=90s; repeatable.",
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            "-p",
            metavar="NAME|FILE",
            help="Judge the pods as this profile would inject them.",
        ),
    ] = None,
    kubernetes_version: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="The lowest kubelet in the target clusters."),
    ] = None,
    namespace: Annotated[
        str,
        typer.Option(
            "--namespace", "-n", help="The namespace of documents that do not name their own."
        ),
    ] = "default",
    context: Annotated[
        list[str] | None,
        typer.Option(metavar="FILES", help="Manifests to look at and not to judge; repeatable."),
    ] = None,
    form: Annotated[
        Literal["text", "json"], typer.Option("--format", help="How to print it.")
    ] = "text",
) -> None:
    """Say of each sidecar whether it should be one, and what all of them cost.

    A library, an agent or a proxy on the node, or nothing may do the work for less. Each answer has
    its reasons, numbers with their sources, and what would change it. A workload that the API
    server would refuse is named, and not judged.
    """
    from sidecarctl.advise.advice import Question
    from sidecarctl.advise.advise import advise
    from sidecarctl.advise.figures import Thresholds
    from sidecarctl.cli.delivery import manifests_of
    from sidecarctl.cli.exit_code import ExitCode
    from sidecarctl.lifecycle.assumptions import parse_assumption
    from sidecarctl.lifecycle.versions import Version
    from sidecarctl.manifest.document import parse
    from sidecarctl.manifest.files import read
    from sidecarctl.profile.profile import load_profile
    from sidecarctl.report.advice_json import advice_json
    from sidecarctl.report.advice_text import advice_lines, advice_sum_lines
    from sidecarctl.report.paint import is_coloured, paint, width_of
    from sidecarctl.report.streams import write_err, write_out

    chosen = load_profile(profile, kubernetes_version=kubernetes_version) if profile else None
    version = chosen.kubernetes_version if chosen else kubernetes_version or "1.33"
    limits = Thresholds(
        pods_per_node, languages, few_services, tax, job_factor, most_sidecars, node_agents
    )
    words = tuple(map(parse_assumption, assumptions or ()))
    report = advise(
        manifests_of(read(files)),
        Question(Version.parse(version), limits, words, namespace),
        [parse(source.text, source.name) for source in read(context or ())],
        chosen,
    )
    if form == "json":
        write_out(advice_json(report))
    else:
        lines = advice_lines(report, width_of(sys.stdout))
        write_out(paint(lines, coloured=is_coloured(sys.stdout)))
    write_err(paint(advice_sum_lines(report), coloured=is_coloured(sys.stderr)))
    if report.faults:
        raise typer.Exit(ExitCode.BAD_INPUT)
