"""`prove`: show by traffic that the concerns of a workload's Envoy work."""

from typing import Annotated

import typer

from sidecarctl.cli.options import Files


def command(
    files: Files,
    *,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile", "-p", metavar="NAME|FILE", help="Inject this first; else injected already."
        ),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="PATH=VALUE", help="Set a field of the profile's spec; repeatable."
        ),
    ] = None,
    namespace: Annotated[
        str,
        typer.Option(
            "--namespace", "-n", help="The namespace of documents that do not name their own."
        ),
    ] = "default",
    context: Annotated[
        list[str] | None,
        typer.Option(metavar="FILES", help="Manifests to look at when injecting; repeatable."),
    ] = None,
    concern: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Prove only this concern; repeatable."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="How many proofs run at once.")] = 2,
    timeout: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="When the whole run ends at the latest.")
    ] = 60,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the folder with the configurations and logs.")
    ] = False,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="FORMAT[:FILE]",
            help="text, json or junit; repeatable, each to a file of its own.",
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say what was rewritten to run here.")
    ] = False,
) -> None:
    """Run the Envoy of each workload on loopback and show by traffic that its concerns work.

    The bootstrap is taken from the ConfigMap and rewritten only where it must be to run here. The
    table goes to standard output; exit 1 where a proof fails.
    """
    from sidecarctl.cli.exit_code import ExitCode
    from sidecarctl.cli.proving import injected, kept, signals
    from sidecarctl.prove.extra import demand
    from sidecarctl.report.progress import working

    demand()  # before what imports the libraries of the extra
    from sidecarctl.prove.run import Limits, choose, prove
    from sidecarctl.prove.subject import subjects
    from sidecarctl.report.prove_formats import prove_targets, write_proved

    wanted = prove_targets(formats or ["text"])
    chosen = choose(concern or ())
    documents = injected(files, context or (), profile, sets or (), namespace)
    found = subjects(documents, namespace, injected=profile is not None)
    limits = Limits(jobs, timeout)
    with signals(), kept(keep=keep) as folder, working("proving") as progress:
        proved = prove(found, chosen, folder, limits=limits, progress=progress)
    write_proved(proved, wanted, verbose=verbose)
    if proved.failed:
        raise typer.Exit(ExitCode.FINDINGS)
