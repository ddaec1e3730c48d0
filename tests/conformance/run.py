"""Run the scenarios on a real kubelet: ``python tests/conformance/run.py --kubelet FILE``.

Prints a Markdown table of what was predicted and what was seen; ends with 1 where they differ and
with 2 where no node can run here, saying why. ``--only NAME`` runs one; logs stay with ``--keep``.
"""

import argparse
import os
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from conformance.node import Node
from conformance.parts import is_cgroup_v2, missing, version_of
from conformance.scenarios import Scenario, scenarios
from conformance.watch import Exits, disagreements, predicted, run

_TOGETHER = 4  # more at once, and a small machine is late with its own events
SKIPPED = {"10": "no reverse order on 1.28: this kubelet is another, and its gate is locked"}


def main() -> int:
    """Run what the command line asks for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubelet", type=Path, default=os.environ.get("KUBELET"))
    parser.add_argument("--only", action="append")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    kubelet = Path(options.kubelet) if options.kubelet else None
    lacks = missing(kubelet)
    if lacks or kubelet is None:
        sys.stderr.write("\n- ".join(["no node can run here; missing:", *lacks]) + "\n")
        return 2
    chosen = [s for s in scenarios() if not options.only or s.name in options.only]
    folder = Path(tempfile.mkdtemp(prefix="conformance-"))
    try:
        rows = measure(kubelet, folder, chosen)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    skipped = [f"| {name} | | | skipped: {why} |" for name, why in SKIPPED.items()]
    sys.stdout.write("\n".join([head(kubelet), *rows, *skipped]) + "\n")
    return int(any("differs" in row for row in rows))


def measure(kubelet: Path, folder: Path, chosen: list[Scenario]) -> list[str]:
    """Return a row for each scenario."""
    with Node(kubelet, folder) as node:
        exits = Exits(node)
        try:
            with ThreadPoolExecutor(_TOGETHER) as pool:
                return list(pool.map(lambda each: _row(each, node, exits), chosen))
        finally:
            exits.close()


def head(kubelet: Path) -> str:
    """Return what was measured with, and the head of the table."""
    parts = f"kubelet {version_of(kubelet)}, containerd {version_of('containerd')}"
    cgroup = "v2" if is_cgroup_v2() else "v1"
    return (
        f"{parts}, runc {version_of('runc')}, cgroup {cgroup}\n\n"
        "| scenario | predicted, s | seen, s | |\n|---|---|---|---|"
    )


def _row(scenario: Scenario, node: Node, exits: Exits) -> str:
    seen = run(scenario, node, exits)
    wanted = [predicted(events, scenario) for events in scenario.alternatives]
    timed = scenario.is_timed
    differs = disagreements(wanted, seen, is_timed=timed)
    best = min(wanted, key=lambda each: len(disagreements([each], seen, is_timed=timed)))
    said = "agrees" if not differs else "differs: " + "; ".join(differs)
    cells = (", ".join(map(str, best)), ", ".join(map(str, seen)))
    return f"| {scenario.name}: {scenario.claim} | {cells[0]} | {cells[1]} | {said} |"


if __name__ == "__main__":
    sys.exit(main())
