"""The list of verbs, as Typer reads them."""

import re
from collections.abc import Sequence
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


def run(arguments: Sequence[str]) -> int:
    """Run the command line *arguments* (without the program's name) and return its exit code.

    Raises:
        SidecarctlError: the command line is wrong, or what the verb itself raises.
        KeyboardInterrupt: somebody interrupted.
    """
    try:
        code = get_command(app).main(list(arguments), prog_name="sidecarctl", standalone_mode=False)
    except _CommandLineError as error:
        raise _in_our_words(error) from None
    except typer.Abort:
        raise KeyboardInterrupt from None
    return code or ExitCode.DONE


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
