"""The list of verbs, and the one place that catches what stops a run."""

import re
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, cast

import typer
from typer.main import get_command

from sidecarctl import __version__
from sidecarctl.cli import advise, eject, explain, init, inject, lint, prove, schema, simulate
from sidecarctl.cli import list as list_verb
from sidecarctl.cli.exit_code import ExitCode
from sidecarctl.errors import SidecarctlError

# The parent of all that Typer raises about a command line. Typer does not export it, and where it
# comes from differs: click up to 0.25 or so, a copy of click inside Typer after that.
_CommandLineError = cast(type[typer.BadParameter], typer.BadParameter.__mro__[2])

app = typer.Typer(
    name="sidecarctl",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("inject")(inject.command)
app.command("eject")(eject.command)
app.command("lint")(lint.command)
app.command("prove")(prove.command)
app.command("simulate")(simulate.command)
app.command("advise")(advise.command)
app.command("list")(list_verb.command)
app.command("explain")(explain.command)
app.command("init")(init.command)
app.command("schema")(schema.command)


def _say_version(value: bool) -> None:
    if value:
        typer.echo(f"sidecarctl {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_say_version, is_eager=True),
    ] = False,
) -> None:
    """Author, inject, take back and check sidecars in Kubernetes manifests.

    Exit codes: 0 done; 1 lint found something, a proof failed, or --check or --diff saw a change;
    2 the command line, the profile or the input is wrong, or a workload was refused; 130
    interrupted.
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(ExitCode.BAD_INPUT)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line *argv* (without the program's name) and exit with its code."""
    from sidecarctl.report.streams import prepare

    arguments = list(sys.argv[1:] if argv is None else argv)
    prepare()
    try:
        code = get_command(app).main(arguments, prog_name="sidecarctl", standalone_mode=False)
    except SidecarctlError as error:
        code = _say(error, arguments)
    except _CommandLineError as error:
        code = _say(_in_our_words(error), arguments)
    except (typer.Abort, KeyboardInterrupt):
        code = ExitCode.INTERRUPTED
    sys.exit(code)


def _in_our_words(error: typer.BadParameter) -> SidecarctlError:
    """Return what Typer says of a command line in the style of every other message."""
    words = " ".join(error.format_message().split()).removesuffix(".")
    what, _, near = re.sub(r"\.? \(?(?:Did you mean|Possible options?:) ", "\n", words).partition(
        "\n"
    )
    command = error.ctx.command_path if error.ctx else "sidecarctl"
    hint = f"did you mean {near.rstrip('?)')}?" if near else f"{command} --help"
    what = what.partition(". Choose from:")[0]
    return SidecarctlError(what[:1].lower() + what[1:], hint=hint)


def _say(error: SidecarctlError, arguments: list[str]) -> ExitCode:
    from sidecarctl.report.json import error_json
    from sidecarctl.report.paint import is_coloured, paint
    from sidecarctl.report.streams import write_err
    from sidecarctl.report.text import error_lines

    # Looked up in the arguments: an error of the command line comes before any option is known.
    if "--report=json" in arguments or ("--report", "json") in pairwise(arguments):
        write_err(error_json(error))
    else:
        write_err(paint(error_lines(error), coloured=is_coloured(sys.stderr)))
    return ExitCode.BAD_INPUT
