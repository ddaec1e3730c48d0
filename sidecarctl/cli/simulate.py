"""`simulate`: a pod's start and stop as a timeline."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from sidecarctl.cli.options import Files


def command(
    files: Files,
    *,
    scenarios: Annotated[
        list[str] | None,
        typer.Option(
            "--scenario",
            metavar="NAME",
            help="start, rolling-update, deletion, deletion-during-init, node-shutdown, "
            "spot-reclaim, hard-eviction, sidecar-crash, app-crash, liveness-kill, job; "
            "repeatable. Else start and deletion, or a Job's run.",
        ),
    ] = None,
    assumptions: Annotated[
        list[str] | None,
        typer.Option(
            "--assume",
            metavar="CONTAINER.FIELD=TIME",
            help="How long pull, start, run, postStart, preStop or exit takes: app.start=8s, "
            "*.pull=0s; repeatable.",
        ),
    ] = None,
    case: Annotated[
        Literal["best", "expected", "worst", "all"],
        typer.Option(help="Which case to draw; the others are told in numbers. JSON has all."),
    ] = "expected",
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            "-p",
            metavar="NAME|FILE",
            help="Show the pods also as this profile injects them.",
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
        typer.Option(metavar="FILES", help="Manifests to look at and not to draw; repeatable."),
    ] = None,
    victim: Annotated[
        str,
        typer.Option(
            metavar="CONTAINER", help="Who crashes or is killed, instead of the first or of all."
        ),
    ] = "",
    form: Annotated[
        Literal["text", "json", "svg"], typer.Option("--format", help="How to give it out.")
    ] = "text",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to, not to standard output."),
    ] = None,
    fail_on: Annotated[
        Literal["error", "warning", "info", "never"],
        typer.Option(help="Exit with 1 where a hazard is as bad as this, or worse."),
    ] = "never",
) -> None:
    """Show how pods start and stop, and what goes wrong on the way.

    Nothing runs: it is the model of the kubelet, under assumptions that are stated. With --profile
    the outcome is the injected pods; a pod that the API server would refuse is not simulated.
    """
    from sidecarctl.cli.delivery import manifests_of
    from sidecarctl.cli.exit_code import ExitCode
    from sidecarctl.errors import SidecarctlError
    from sidecarctl.lifecycle.assumptions import parse_assumption
    from sidecarctl.lifecycle.scenario import scenario_named
    from sidecarctl.lifecycle.versions import Version
    from sidecarctl.manifest.document import parse
    from sidecarctl.manifest.files import read
    from sidecarctl.profile.profile import load_profile
    from sidecarctl.report.simulation import write_simulation
    from sidecarctl.simulate.simulate import Wish, simulate

    chosen = load_profile(profile, kubernetes_version=kubernetes_version) if profile else None
    version = chosen.kubernetes_version if chosen else kubernetes_version or "1.33"
    wish = Wish(
        version=Version.parse(version),
        scenarios=tuple(map(scenario_named, scenarios or ())),
        assumptions=tuple(map(parse_assumption, assumptions or ())),
        namespace=namespace,
        victim=victim,
    )
    sources, others = read(files), read(context or ())
    if output and output.resolve() in [each.path.resolve() for each in sources if each.path]:
        raise SidecarctlError(
            f"{str(output)!r} is input and would be overwritten", hint="name another file"
        )
    simulation = simulate(
        manifests_of(sources),
        wish,
        [parse(source.text, source.name) for source in others],
        chosen,
    )
    write_simulation(simulation, form, case, output)
    if simulation.is_refused:
        raise typer.Exit(ExitCode.BAD_INPUT)
    if simulation.reaches(fail_on):
        raise typer.Exit(ExitCode.FINDINGS)
