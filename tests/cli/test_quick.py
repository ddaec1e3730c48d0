"""The quick door reads what is plain as Typer does, and leaves the rest to Typer."""

import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.main import get_command

from sidecarctl.cli.app import app
from sidecarctl.cli.main import main
from sidecarctl.cli.quick import VERBS, quick, read

COMMANDS = get_command(app).commands


def parsed(verb, words):
    """What Typer reads, without what it fills in."""
    command = COMMANDS[verb]
    context = command.make_context(verb, list(words))
    told = {
        name: value
        for name, value in context.params.items()
        if context.get_parameter_source(name).name == "COMMANDLINE"
    }
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in told.items()
    }


@pytest.mark.parametrize("verb", VERBS)
def test_the_table_has_all_options_of_typer(verb):
    told = {}
    for parameter in COMMANDS[verb].params:
        if parameter.param_type_name == "argument":
            assert (parameter.name, parameter.required) == (
                VERBS[verb].rest,
                VERBS[verb].needs_rest,
            )
            continue
        for spelling in parameter.opts:
            told[spelling] = (
                parameter.name,
                parameter.is_flag,
                parameter.multiple,
                parameter.type.name == "path",
                tuple(getattr(parameter.type, "choices", ())),
            )
        assert not parameter.secondary_opts
    told = {spelling: shape for spelling, shape in told.items() if spelling not in ("--help", "-h")}

    assert told == {
        spelling: (o.name, o.is_flag, o.is_many, o.is_path, o.choices)
        for spelling, o in VERBS[verb].options.items()
    }


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_not_given_is_the_same_by_both_doors(verb):
    ours = inspect.signature(import_module(VERBS[verb].module).run).parameters
    typers = inspect.signature(COMMANDS[verb].callback).parameters

    assert {n: p.default for n, p in ours.items()} == {n: p.default for n, p in typers.items()}


WORDS = ["a.yaml", "-", "--", "x=y", "-x", "", "text", "json", "workloads", "error", "--diff=true"]


@pytest.mark.parametrize("verb", VERBS)
@given(data=st.data())
def test_what_is_read_is_what_typer_reads(verb, data):
    options = sorted(VERBS[verb].options)
    word = st.one_of(
        st.sampled_from(WORDS),
        st.sampled_from(options),
        st.builds("{}={}".format, st.sampled_from(options), st.sampled_from(WORDS)),
        st.builds("{}{}".format, st.sampled_from(options), st.sampled_from(WORDS)),
    )
    words = data.draw(st.lists(word, max_size=6))
    values = read(VERBS[verb], words)

    if values is not None:
        # Typer turns a path into a Path where it calls the function.
        paths = {option.name for option in VERBS[verb].options.values() if option.is_path}
        theirs = parsed(verb, words)
        assert values == {n: Path(v) if n in paths else v for n, v in theirs.items()}


def test_what_is_plain_goes_by_the_quick_door():
    assert quick(["inject", "a.yaml", "-p", "strict", "--set", "a=1", "--set=b=2", "--diff"])
    assert quick(["eject", "-", "--check"])
    assert quick(["lint"])


@pytest.mark.parametrize(
    "line",
    [
        [],
        ["inject"],
        ["inject", "--help"],
        ["inject", "a", "--wrong"],
        ["inject", "a", "-p"],
        ["inject", "a", "-pstrict"],
        ["inject", "a", "--only", "half"],
        ["inject", "a", "--report", "xml"],
        ["inject", "--", "a"],
        ["simulate", "a"],
        ["--version"],
    ],
)
def test_what_is_not_plain_is_typers(line):
    assert quick(line) is None


def test_a_shell_that_asks_for_completion_gets_typers(monkeypatch):
    monkeypatch.setenv("_SIDECARCTL_COMPLETE", "complete_bash")

    assert quick(["lint"]) is None


@pytest.mark.parametrize("verb", ["inject", "lint"])
def test_a_plain_run_loads_none_of_the_slow_libraries(verb, tmp_path):
    file = tmp_path / "pod.yaml"
    file.write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: shop}\n"
        "spec: {containers: [{name: shop, image: shop:1}]}\n"
    )
    code = (
        "import sys\nfrom sidecarctl.cli.main import main\n"
        f"try: main([{verb!r}, {str(file)!r}])\nexcept SystemExit: pass\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stderr.splitlines()[-1]

    for library in ("typer", "click", "rich", "ruamel", "jsonschema"):
        assert f"'{library}'" not in loaded


def test_both_doors_say_the_same(capfd, monkeypatch):
    """One line that both can read, once by each."""
    said = []
    for door in (quick, lambda _: None):
        monkeypatch.setattr("sidecarctl.cli.main.quick", door)
        with pytest.raises(SystemExit) as stop:
            main(["inject", "examples/quickstart/deployment.yaml", "--report=json", "--check"])
        said.append((stop.value.code, *capfd.readouterr()))

    assert said[0] == said[1]
    assert said[0][0] == 1
