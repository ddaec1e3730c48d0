"""What makes a finding the same finding in the next run, although lines have moved."""

import json
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

from sidecarctl.findings import Finding


def fingerprints(findings: Iterable[Finding]) -> list[str]:
    """Return a mark for each of *findings*: its file, rule, object and path, not its line.

    Equal ones are counted, so that each is unique.
    """
    seen: Counter[str] = Counter()
    marks = []
    for one in findings:
        parts = [one.location.file, one.code, one.subject, *map(str, one.path)]
        digest = sha256(json.dumps(parts).encode()).hexdigest()[:32]
        seen[digest] += 1
        marks.append(f"{digest}:{seen[digest]}")
    return marks
