"""`lint`: what is wrong with manifests."""

from pathlib import Path
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
        Literal["error", "warning", "info", "never"] | None,
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
) -> None:
    """Check manifests, and the Envoy configuration in them.

    Findings go to standard output, their sum to standard error. `explain RULE` is the manual of a
    rule.
    """
    import gc

    from sidecarctl.cli.exit_code import ExitCode
    from sidecarctl.lifecycle.versions import Version
    from sidecarctl.lint.check import Order, check
    from sidecarctl.lint.config import Config, settle
    from sidecarctl.lint.engine import all_rules
    from sidecarctl.lint.select import choose, words
    from sidecarctl.manifest.files import read
    from sidecarctl.profile.project import find_config
    from sidecarctl.report.formats import targets, write_findings
    from sidecarctl.report.progress import working
    from sidecarctl.report.streams import write_out
    from sidecarctl.report.table import table

    gc.disable()  # what is read is kept to the end: looking for garbage takes a fifth of the time
    wanted = targets(formats or ["text"])
    options = {
        "kubernetesVersion": kubernetes_version,
        "select": words(select),
        "ignore": words(ignore),
        "failOn": fail_on,
    }
    file = config or (None if no_config else find_config(Path.cwd()))
    if file is not None:
        from sidecarctl.lint.config_file import load_config

        settings = settle(options, load_config(file, all_rules()))
    else:
        settings = settle(options, Config())
    if show_config:
        write_out(table(settings.rows(), "text"))
        return
    order = Order(
        rules=tuple(choose(all_rules(), settings.words("select"), settings.words("ignore"))),
        version=Version.parse(settings.value("kubernetesVersion")),
        namespace=namespace,
        severities=settings.severities,
        exemptions=settings.exemptions,
    )
    with working("linting") as progress:
        checked = check(read(paths or ["."]), order, read(context or ()), progress=progress)
    write_findings(checked, wanted)
    if checked.is_unreadable:
        raise typer.Exit(ExitCode.BAD_INPUT)
    if checked.reaches(settings.value("failOn")):
        raise typer.Exit(ExitCode.FINDINGS)
