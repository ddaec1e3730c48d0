"""Why a sidecar stands as it does: each sentence follows what stands in the pod."""

import pytest
from lifecycle.shorthand import read_shorthand

from sidecarctl.lifecycle.assumptions import Case, assume
from sidecarctl.lifecycle.reading import read
from sidecarctl.lifecycle.reasons import reasons


def said(text, *names, grace=30):
    data, given = read_shorthand(text)
    pod = read(data | {"terminationGracePeriodSeconds": grace})
    return list(reasons(pod, names, "because", assume(pod, Case.BEST, given)))


def test_a_native_proxy_has_a_reason_for_form_order_probes_and_grace():
    text = "sidecar proxy listens 80 gate 80/1/60 ready 80/5 > app shop exits 20 stop sleep:3"
    assert said(text, "proxy") == [
        "proxy is native: because",
        "proxy is initContainers[0]: what is behind it waits until its gate has opened",
        "proxy has a startupProbe every 1 s: a start is seen at most that late, and the kubelet "
        "gives up after 60 s",
        "proxy has a readinessProbe every 5 s: after a fault the pod leaves its Services within "
        "15 s",
        "a grace period of 30 s is enough: hooks take 3 s, the ends after them 20 s, and 5 s are "
        "to spare",
    ]


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("init a > sidecar p gate 80/1 > app shop",
         "p is initContainers[1]: the init containers before it run without it, and what is "
         "behind it waits until its gate has opened"),
        ("sidecar p > app shop",
         "p is initContainers[0]: what is behind it does not wait for it, as it has no gate"),
        ("app p hook sleep:2 > app shop",
         "p is containers[0]: apps behind it start after it, and wait for its hook"),
        ("app p > app shop",
         "p is containers[0]: apps behind it start after it, and do not wait until it listens"),
    ],
)  # fmt: skip
def test_its_place_says_who_waits(text, order):
    assert said(text, "p")[1] == order


def test_a_grace_period_that_is_too_short_is_said_to_be():
    assert said("sidecar p > app shop exits 20", "p", grace=10)[-1] == (
        "a grace period of 10 s is less than the 25 s that it takes: hooks take 0 s, the ends "
        "after them 20 s, and 5 s are to spare"
    )


def test_no_sidecar_no_reason():
    assert said("init mine > app shop", "mine", "elsewhere") == []
