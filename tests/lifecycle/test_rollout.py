"""How a new revision takes the place of an old one, controller by controller."""

import pytest
from lifecycle.shorthand import read_shorthand

from sidecarctl.lifecycle.assumptions import Case, assume
from sidecarctl.lifecycle.events import NEVER
from sidecarctl.lifecycle.reading import read
from sidecarctl.lifecycle.scenario import Scenario
from sidecarctl.lifecycle.setting import Setting
from sidecarctl.lifecycle.strategy import Order, Strategy, strategy
from sidecarctl.lifecycle.timeline import timeline
from sidecarctl.lifecycle.versions import Version


def bounds(surge, missing, kind="strategy"):
    return {kind: {"rollingUpdate": {"maxSurge": surge, "maxUnavailable": missing}}}


@pytest.mark.parametrize(
    ("kind", "spec", "expected"),
    [
        ("Deployment", {}, Strategy(Order.NEW_FIRST, 1, 1)),
        ("Deployment", {"replicas": 10}, Strategy(Order.NEW_FIRST, 10, 5)),  # 3 above, 2 missing
        ("Deployment", {"replicas": 4, **bounds(0, 1)}, Strategy(Order.TOGETHER, 4, 1)),
        ("Deployment", {"replicas": 4, **bounds(0, 0)}, Strategy(Order.TOGETHER, 4, 1)),
        ("Deployment", {"replicas": 3, **bounds("100%", 0)}, Strategy(Order.NEW_FIRST, 3, 3)),
        ("Deployment", {"replicas": 3, "strategy": {"type": "Recreate"}, "minReadySeconds": 5},
         Strategy(Order.OLD_FIRST, 3, 3, 5, is_total=True)),
        ("StatefulSet", {"replicas": 3}, Strategy(Order.OLD_FIRST, 3, 1)),
        ("StatefulSet", {"updateStrategy": {"type": "OnDelete"}}, None),
        ("DaemonSet", {}, Strategy(Order.OLD_FIRST, None, 1)),
        ("DaemonSet", bounds(1, 0, "updateStrategy"), Strategy(Order.NEW_FIRST, None, 1)),
        ("Job", {}, None),
        ("Pod", {}, None),
    ],
)  # fmt: skip
def test_a_strategy(kind, spec, expected):
    assert strategy(kind, spec, Version(1, 37)) == expected


def drawn(text, how, case=Case.BEST, *, served=False):
    data, given = read_shorthand(text)
    pod = read(data)
    where = Setting(kind="Deployment", strategy=how, is_served=served)
    return timeline(pod, Scenario.ROLLING_UPDATE, assume(pod, case, given), where)


def lanes(picture):
    return {
        f"{lane.revision} {lane.container}": [
            f"{s.phase} {s.start_s:g}-{s.end_s:g}" for s in lane.spans
        ]
        for lane in picture.lanes
    }


SHOP = "app shop listens 8080 starts 3 ready 8080/1 stop sleep:4 exits 2"


def test_the_new_pod_first():
    picture = drawn(SHOP, Strategy(Order.NEW_FIRST, 4, 2, min_ready_s=10))
    assert lanes(picture) == {
        "new shop": ["starting 0-3", "running 3-19"],
        "old shop": ["running 0-13", "draining 13-17", "stopping 17-19"],
    }
    assert picture.gaps == ()
    assert picture.notes == (
        "the new pod is Ready before the old one is told to stop",
        "4 pods, up to 2 at a time: 2 rounds, about 26 s",
    )


def test_the_old_pod_first():
    picture = drawn(SHOP, Strategy(Order.OLD_FIRST, 3, 1))
    assert lanes(picture) == {
        "new shop": ["starting 6-9"],
        "old shop": ["draining 0-4", "stopping 4-6"],
    }
    assert [(gap.start_s, gap.end_s, gap.message) for gap in picture.gaps] == [
        (0, 9, "1 of 3 pods is missing")
    ]


def test_a_recreation_leaves_nobody_there():
    (gap,) = drawn(SHOP, Strategy(Order.OLD_FIRST, 3, 3, is_total=True)).gaps
    assert (gap.start_s, gap.end_s, gap.message) == (0, 9, "no pod is ready")


def test_requests_come_late_after_the_old_pod_has_its_signal():
    hasty = SHOP.replace(" stop sleep:4", "")
    picture = drawn(hasty, Strategy(Order.NEW_FIRST, 1, 1), served=True)
    assert [(gap.start_s, gap.end_s, gap.message) for gap in picture.gaps] == [
        (3, 8, "requests still come to 'shop', which stops")
    ]


def test_a_new_pod_that_never_counts_leaves_the_old_one_alone():
    text = "init wait dials 5432 > sidecar sql listens 5432 > app shop"
    picture = drawn(text, Strategy(Order.NEW_FIRST, 1, 1), Case.WORST)
    assert picture.ready_s == NEVER
    assert picture.notes[1] == "the new pod is never Ready: the update stops here"
    assert {lane.container: lane.rest for lane in picture.lanes if lane.revision == "old"} == {
        "wait": None, "sql": "running", "shop": "running",
    }  # fmt: skip


def notes(how):
    return drawn(SHOP, how).notes


def test_pods_below_the_partition_stay_as_they_are():
    assert notes(Strategy(Order.OLD_FIRST, 5, 1, kept=2)) == (
        "the old pod has ended before the new one is created",
        "2 of 5 pods below the partition: they stay as they are",
        "3 pods, up to 1 at a time: 3 rounds, about 27 s",
    )


def test_what_a_stateful_set_stops_together_starts_one_after_the_other():
    assert notes(Strategy(Order.OLD_FIRST, 4, 2, is_serial=True))[1:] == (
        "4 pods, up to 2 at a time: 2 rounds, about 24 s",  # 6 s to stop, then 3 s and 3 s
        "the new pods of a round come one after the other (podManagementPolicy: OrderedReady)",
    )
    assert notes(Strategy(Order.OLD_FIRST, 4, 2))[1:] == (
        "4 pods, up to 2 at a time: 2 rounds, about 18 s",
    )


def test_a_stateful_set_waits_for_min_ready_seconds_in_every_round():
    assert notes(Strategy(Order.OLD_FIRST, 3, 1, min_ready_s=10))[1:] == (
        "3 pods, up to 1 at a time: 3 rounds, about 57 s",
    )


@pytest.mark.parametrize(
    ("batch", "share", "said"),
    [(1, "", "one node"), (3, "", "up to 3 nodes"), (1, "10%", "up to 10% of the nodes")],
)
def test_a_daemon_set_says_how_many_nodes_at_a_time(batch, share, said):
    how = Strategy(Order.OLD_FIRST, None, batch, share=share)
    assert notes(how)[1] == f"a pod on each node, {said} at a time"
