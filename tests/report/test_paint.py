"""Colours come on a terminal alone, and what is said is never read as markup."""

import io

import pytest

from sidecarctl.report.page import page
from sidecarctl.report.paint import is_coloured, paint, plain

LINE = ("error", "bold red"), ": [/etc/envoy] ", ("[rule-id]", "dim")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("environment", "stream", "expected"),
    [
        ({}, Terminal(), True),
        ({}, io.StringIO(), False),
        ({}, None, False),
        ({"NO_COLOR": "1"}, Terminal(), False),
        ({"NO_COLOR": ""}, Terminal(), True),
        ({"FORCE_COLOR": "1"}, io.StringIO(), True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, Terminal(), False),
        ({"TERM": "dumb"}, Terminal(), False),
    ],
)
def test_when_to_colour(monkeypatch, environment, stream, expected):
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert is_coloured(stream) is expected


def test_brackets_are_text():
    assert plain(LINE) == "error: [/etc/envoy] [rule-id]"
    assert paint([LINE], coloured=False) == "error: [/etc/envoy] [rule-id]\n"
    assert paint([LINE], coloured=True) == (
        "\x1b[1;31merror\x1b[0m: [/etc/envoy] \x1b[2m[rule-id]\x1b[0m\n"
    )


def test_a_long_line_stays_one_line():
    assert paint([["word " * 100]], coloured=True).count("\n") == 1


def test_a_page_is_laid_out_only_for_a_terminal():
    assert page("# mtls\n\nBoth *sides*.\n", coloured=False) == "# mtls\n\nBoth *sides*.\n"
    assert "\x1b[3msides\x1b[0m" in page("# mtls\n\nBoth *sides*.\n", coloured=True)
