"""The examples in a rule's manual, and what they are marked to find."""

import re
from textwrap import dedent

from sidecarctl.lifecycle.versions import Version
from sidecarctl.lint.check import Order, check
from sidecarctl.lint.engine import all_rules
from sidecarctl.manifest.files import Source

MARK = re.compile(r"# expect: (?P<slugs>[a-z0-9-]+(?:, [a-z0-9-]+)*)")
HEADING = re.compile(r"^(?P<word>Bad|Good)(?P<about>[^\n]*):\n\n(?P<block>(?:    .*\n|\n)+)", re.M)
DEFAULT = Version(1, 33)
VERSION = re.compile(r"Kubernetes (\d+\.\d+)")


def examples(doc: str, word: str) -> list[tuple[str, Version]]:
    """Return the blocks under ``Bad:`` or ``Good:``, each with the version its heading names."""
    found = []
    for match in HEADING.finditer(f"{doc.rstrip()}\n\n"):
        if match["word"] == word:
            version = VERSION.search(match["about"])
            found.append(
                (dedent(match["block"]), Version.parse(version[1]) if version else DEFAULT)
            )
    return found


def expected(text: str) -> set[tuple[int, str]]:
    """Return (line, slug) for every mark in *text*."""
    return {
        (number, slug)
        for number, line in enumerate(text.splitlines(), 1)
        for match in MARK.finditer(line)
        for slug in match["slugs"].split(", ")
    }


def findings(text: str, version: Version = DEFAULT):
    """Return what all rules find in *text*."""
    source = Source("example.yaml", None, text)
    return list(check([source], Order(all_rules(), version)).findings)
