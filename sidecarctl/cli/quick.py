"""The verbs of every day, reached without Typer: for what is plain, and for nothing else.

Typer and what it imports take longer than `inject` or `lint` need for a file. What stands in the
table is read here; anything else (help, a mistake, an abbreviation, a verb that is not here) is
Typer's, which says what is wrong. A test holds the table to what Typer knows of each verb, and
another one what is read here to what Typer reads.
"""

import gc
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct, field

from sidecarctl.cli.exit_code import ExitCode

Value: TypeAlias = str | bool | Path | list[str]
Call: TypeAlias = Callable[[], ExitCode]

_COMPLETION = "_SIDECARCTL_COMPLETE"
"""Set by the shell that asks what could come next: https://typer.tiangolo.com/features/."""


class Option(Struct, frozen=True):
    """An option: the *name* of the parameter it fills, and how many words of what it takes."""

    name: str
    is_flag: bool = False
    is_many: bool = False
    is_path: bool = False
    choices: tuple[str, ...] = ()


class Verb(Struct, frozen=True):
    """A verb: the *module* whose ``run`` does it, and the parameter that takes the rest."""

    module: str
    rest: str
    needs_rest: bool
    options: Mapping[str, Option] = field(default_factory=dict)


def _spelled(*options: tuple[tuple[str, ...], Option]) -> dict[str, Option]:
    return {spelling: option for spellings, option in options for spelling in spellings}


_DELIVERY = (
    (("--diff",), Option("diff", is_flag=True)),
    (("--check",), Option("check", is_flag=True)),
    (("--in-place", "-i"), Option("in_place", is_flag=True)),
    (("--output", "-o"), Option("output", is_path=True)),
    (("--report",), Option("report", choices=("text", "json"))),
)

VERBS: Mapping[str, Verb] = {
    "inject": Verb(
        "sidecarctl.cli.injecting",
        "files",
        True,
        _spelled(
            (("--profile", "-p"), Option("profile")),
            (("--set",), Option("sets", is_many=True)),
            (("--proxy",), Option("proxy")),
            (("--kubernetes-version",), Option("kubernetes_version")),
            (("--namespace", "-n"), Option("namespace")),
            (("--context",), Option("context", is_many=True)),
            (("--only",), Option("only", choices=("workloads", "services"))),
            *_DELIVERY,
        ),
    ),
    "eject": Verb("sidecarctl.cli.ejecting", "files", True, _spelled(*_DELIVERY)),
    "lint": Verb(
        "sidecarctl.cli.linting",
        "paths",
        False,
        _spelled(
            (("--select",), Option("select", is_many=True)),
            (("--ignore",), Option("ignore", is_many=True)),
            (("--fail-on",), Option("fail_on", choices=("error", "warning", "info", "never"))),
            (("--format",), Option("formats", is_many=True)),
            (("--kubernetes-version",), Option("kubernetes_version")),
            (("--namespace", "-n"), Option("namespace")),
            (("--context",), Option("context", is_many=True)),
            (("--config",), Option("config", is_path=True)),
            (("--no-config",), Option("no_config", is_flag=True)),
            (("--show-config",), Option("show_config", is_flag=True)),
        ),
    ),
}


def quick(arguments: Sequence[str]) -> Call | None:
    """Return what runs the command line *arguments*; None where it is Typer's."""
    verb = VERBS.get(arguments[0]) if arguments else None
    if verb is None or _COMPLETION in os.environ:
        return None
    values = read(verb, arguments[1:])
    if values is None:
        return None
    gc.disable()  # what is read is kept to the end: looking for garbage takes a fifth of the time
    return partial(import_module(verb.module).run, **values)


def read(verb: Verb, words: Sequence[str]) -> dict[str, Value] | None:
    """Return the parameters that *words* give to *verb*; None where they are not plain."""
    values: dict[str, Value] = {}
    rest: list[str] = []
    left = iter(words)
    for word in left:
        if not word.startswith("-") or word == "-":
            rest.append(word)
            continue
        spelling, equals, text = word.partition("=")
        option = verb.options.get(spelling)
        if option is None or (equals and (option.is_flag or not spelling.startswith("--"))):
            return None
        if option.is_flag:
            values[option.name] = True
            continue
        value = text if equals else next(left, None)
        if not _is_plain(option, value):
            return None
        _put(values, option, str(value))
    if verb.needs_rest and not rest:
        return None
    return {**values, verb.rest: rest} if rest else values


def _is_plain(option: Option, value: str | None) -> bool:
    if value is None or value.startswith("-"):
        return False
    return not option.choices or value in option.choices


def _put(values: dict[str, Value], option: Option, text: str) -> None:
    before = values.get(option.name)
    if option.is_many:
        values[option.name] = [*before, text] if isinstance(before, list) else [text]
    else:
        values[option.name] = Path(text) if option.is_path else text
