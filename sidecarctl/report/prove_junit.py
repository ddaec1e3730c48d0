"""What `prove` found, for a CI server: JUnit's XML, a suite a workload, a case a row.

Source: https://github.com/testmoapp/junitxml
"""

import re
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from sidecarctl.prove.row import Row, Verdict
from sidecarctl.prove.run import Proved

# XML 1.0 has no way to write these at all.
_NEVER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def proved_junit(proved: Proved) -> str:
    """Return the rows as XML with a line end; what is not proved counts as skipped."""
    suites = [_suite(workload, list(rows))
              for workload, rows in groupby(proved.rows, lambda row: row.workload)]  # fmt: skip
    numbers = _numbers(list(proved.rows))
    head = f'<testsuites name="sidecarctl prove" {numbers} time="{proved.seconds:.3f}">'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *suites, "</testsuites>", ""])


def _suite(workload: str, rows: list[Row]) -> str:
    took_s = sum(row.seconds for row in rows)
    head = f'  <testsuite name={_attribute(workload)} {_numbers(rows)} time="{took_s:.3f}">'
    return "\n".join([head, *map(_case, rows), "  </testsuite>"])


def _case(row: Row) -> str:
    head = (
        f"    <testcase classname={_attribute(f'{row.workload}.{row.concern}')} "
        f'name={_attribute(row.tried)} time="{row.seconds:.3f}"'
    )
    if row.verdict is Verdict.PROVED:
        return f"{head}/>"
    if row.verdict is Verdict.UNPROVED:
        return f"{head}>\n      <skipped message={_attribute(row.seen)}/>\n    </testcase>"
    said = f"expected {row.expected}, seen {row.seen}"
    message = f"{said}: {row.cause}" if row.cause else said
    body = _text("\n".join(row.log))
    return (
        f"{head}>\n      <failure message={_attribute(message)}>{body}</failure>\n    </testcase>"
    )


def _numbers(rows: list[Row]) -> str:
    failed = sum(row.verdict is Verdict.FAILED for row in rows)
    skipped = sum(row.verdict is Verdict.UNPROVED for row in rows)
    return f'tests="{len(rows)}" failures="{failed}" errors="0" skipped="{skipped}"'


def _attribute(text: str) -> str:
    return quoteattr(_NEVER.sub("?", text))


def _text(text: str) -> str:
    return escape(_NEVER.sub("?", text))
