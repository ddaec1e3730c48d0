"""One catalogue in three forms."""

import json

from sidecarctl.report.table import table

ROWS = [{"concern": "mtls", "envoy": "yes"}, {"concern": "rateLimit", "envoy": "a|b"}]


def test_text():
    assert table(ROWS, "text") == "CONCERN     ENVOY\nmtls        yes\nrateLimit   a|b\n"


def test_markdown():
    assert table(ROWS, "markdown") == (
        "| concern | envoy |\n| --- | --- |\n| mtls | yes |\n| rateLimit | a\\|b |\n"
    )


def test_json():
    assert json.loads(table(ROWS, "json")) == ROWS


def test_nothing():
    assert (table([], "text"), table([], "markdown"), table([], "json")) == ("", "", "[]\n")
