"""`lint`: what is wrong with manifests."""

from typing import Annotated, Literal

import typer


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
        Literal["error", "warning", "info", "never"],
        typer.Option(help="Exit with 1 where a finding is as bad as this, or worse."),
    ] = "error",
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="FORMAT[:FILE]",
            help="text, concise, json, sarif or github; repeatable, each to a file of its own.",
        ),
    ] = None,
    kubernetes_version: Annotated[
        str, typer.Option(metavar="VERSION", help="The lowest kubelet in the target clusters.")
    ] = "1.33",
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
) -> None:
    """Check manifests, and the Envoy configuration in them.

    Findings go to standard output, their sum to standard error. `explain RULE` is the manual of a
    rule.
    """
    import gc

    from sidecarctl.cli.exit_code import ExitCode
    from sidecarctl.lifecycle.versions import Version
    from sidecarctl.lint.check import Order, check, is_whole
    from sidecarctl.lint.engine import all_rules
    from sidecarctl.lint.select import choose, words
    from sidecarctl.manifest.files import read
    from sidecarctl.report.formats import targets, write_findings
    from sidecarctl.report.progress import working

    gc.disable()  # what is read is kept to the end: looking for garbage takes a fifth of the time
    wanted = targets(formats or ["text"])
    names = paths or ["."]
    order = Order(
        rules=tuple(choose(all_rules(), words(select) or ["all"], words(ignore))),
        version=Version.parse(kubernetes_version),
        namespace=namespace,
        is_complete=is_whole(names),
    )
    with working("linting") as progress:
        checked = check(read(names), order, read(context or ()), progress=progress)
    write_findings(checked, wanted)
    if checked.is_unreadable:
        raise typer.Exit(ExitCode.BAD_INPUT)
    if checked.reaches(fail_on):
        raise typer.Exit(ExitCode.FINDINGS)
