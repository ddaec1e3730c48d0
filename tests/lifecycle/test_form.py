"""What inject asks: the form of a sidecar, its start-up budget, the grace the pod needs."""

import pytest
from lifecycle.shorthand import read_shorthand

from sidecarctl.lifecycle.assumptions import Case, assume
from sidecarctl.lifecycle.form import Form, form, grace_needed_s, startup_budget_s
from sidecarctl.lifecycle.reading import read
from sidecarctl.lifecycle.versions import Version


@pytest.mark.parametrize(
    ("version", "wanted", "expected", "reason"),
    [
        ("1.28", True, Form.CLASSIC, "kubelet 1.28 has no native sidecars, they begin with 1.29"),
        ("1.29", True, Form.NATIVE, "kubelet 1.29 starts native sidecars first, stops them last"),
        ("1.33", False, Form.CLASSIC, "nativeSidecars is false"),
    ],
)  # fmt: skip
def test_form(version, wanted, expected, reason):
    assert form(Version.parse(version), native_wanted=wanted) == (expected, reason)


def test_the_budgets_of_gates_add_up():
    data, _ = read_shorthand("sidecar a gate 80/1/60 > sidecar b gate 81/2/30/5 > app shop gate 82")
    assert startup_budget_s(read(data)) == 60 + 65


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("app shop", 5),
        ("app shop exits 10", 15),
        ("app shop stop sleep:20 exits 10", 35),
        ("sidecar a exits 3 > sidecar b exits 4 > app shop exits 10", 22),
        ("sidecar a stop sleep:20 > app shop stop sleep:20", 25),
        ("sidecar a stop sleep:20 exits 1 > app shop exits 30", 36),
    ],
)
def test_the_grace_that_a_pod_needs(text, seconds):
    data, given = read_shorthand(text)
    pod = read(data)
    assert grace_needed_s(pod, assume(pod, Case.BEST, given)) == seconds
