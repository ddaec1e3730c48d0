"""One catalogue in three forms."""

import json

from sidecarctl.report.table import table

ROWS = [{"concern": "mtls", "envoy": "yes"}, {"concern": "rateLimit", "envoy": "a|b"}]


def test_text():
    assert table(ROWS, "text") == "CONCERN     ENVOY\nmtls        yes\nrateLimit   a|b\n"


def test_text_within_a_terminal():
    rows = [{"concern": "mtls", "summary": "mutual TLS between all the workloads of a namespace"}]
    assert table(rows, "text", width=40) == (
        "CONCERN   SUMMARY\n"
        "mtls      mutual TLS between all the\n"
        "          workloads of a namespace\n"
    )
    assert table(rows, "text", width=20) == table(rows, "text")


def test_markdown():
    assert table(ROWS, "markdown") == (
        "| concern | envoy |\n| --- | --- |\n| mtls | yes |\n| rateLimit | a\\|b |\n"
    )


def test_json():
    assert json.loads(table(ROWS, "json")) == ROWS


def test_nothing():
    assert (table([], "text"), table([], "markdown"), table([], "json")) == ("", "", "[]\n")
