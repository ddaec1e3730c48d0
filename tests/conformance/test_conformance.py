"""The model against a real kubelet, where there is one: ``KUBELET=FILE pytest tests/conformance``.

It takes two minutes, so nothing but that variable switches it on.
"""

import os
from pathlib import Path

import pytest
from conformance.parts import missing
from conformance.run import measure
from conformance.scenarios import scenarios
from conformance.watch import Seen, disagreements, predicted

KUBELET = Path(os.environ["KUBELET"]) if os.environ.get("KUBELET") else None
LACKS = missing(KUBELET)


@pytest.mark.skipif(bool(LACKS), reason=f"no node can run here; missing: {'; '.join(LACKS)}")
def test_a_real_kubelet_does_what_the_model_says(tmp_path):
    rows = measure(KUBELET, tmp_path / "node", scenarios())
    assert [row for row in rows if "differs" in row] == []


def test_every_scenario_has_something_to_compare():
    for scenario in scenarios():
        assert predicted(scenario.alternatives[0], scenario), scenario.name


def seen(*lines):
    return [Seen(float(at), who, what) for at, who, what in map(str.split, lines)]


STOP = seen("0 shop signal", "3 shop ends", "3 proxy signal", "4 proxy ends")


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (STOP, []),
        (seen("0 shop signal", "2.6 shop ends", "3.4 proxy signal", "4.9 proxy ends"), []),
        (STOP[:-1], ["not seen: 4.0 proxy ends"]),
        ([*STOP, *seen("5 proxy starts")], ["not predicted: 5.0 proxy starts"]),
        (seen("0 proxy signal", "1 shop signal", "3 shop ends", "4 proxy ends"),
         ["0.0 shop signal before 3.0 proxy signal: seen at 1.0 and 0.0",
          "3.0 proxy signal: seen at 0.0"]),
        (seen("0 shop signal", "3 shop ends", "3 proxy signal", "9 proxy ends"),
         ["4.0 proxy ends: seen at 9.0"]),
    ],
)  # fmt: skip
def test_a_difference_is_told(what, said):
    assert disagreements([STOP], what, is_timed=True) == said


def test_the_closest_alternative_counts():
    other = seen("0 proxy signal", "9 proxy ends")
    assert disagreements([other, STOP], STOP) == []
