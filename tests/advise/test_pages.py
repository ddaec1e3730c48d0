"""The manual of `advise`: its options are there, and every answer has its place."""

import msgspec
import typer

from sidecarctl.advise.advice import Instead
from sidecarctl.advise.figures import MEANINGS, Thresholds
from sidecarctl.advise.judge import ANSWERS
from sidecarctl.advise.pages import advise_page
from sidecarctl.cli.app import app


def test_every_threshold_is_an_option_and_has_its_default_on_the_page():
    page = advise_page()
    verb = typer.main.get_command(app).commands["advise"]
    options = {word for each in verb.params for word in (*each.opts, *each.secondary_opts)}
    assert [*MEANINGS] == [field.name for field in msgspec.structs.fields(Thresholds)]
    assert {option for option, _ in MEANINGS.values()} <= options
    assert "| `--job-factor` | 5 |" in page


def test_every_answer_is_told_and_says_when():
    assert {instead for instead, _ in ANSWERS} == {*Instead}
    page = advise_page()
    for instead, decide in ANSWERS:
        assert f"| {instead} | {' '.join(decide.__doc__.split())} |" in page


def test_the_break_even_is_computed():
    assert "from 5 such pods a node on" in advise_page()
