"""Lanes, gaps and times of a timeline, scenario by scenario."""

import pytest
from lifecycle.shorthand import read_setting, read_shorthand

from sidecarctl.lifecycle.assumptions import Case, assume
from sidecarctl.lifecycle.events import NEVER
from sidecarctl.lifecycle.reading import read
from sidecarctl.lifecycle.scenario import Scenario
from sidecarctl.lifecycle.timeline import timeline

SHOP = (
    "sidecar sql listens 5432 starts 2 gate 5432/1 stop sleep:4 > init migrate dials 5432 runs 3 "
    "> app shop listens 8080 ready 8080/5 dials 5432 stop sleep:3 exits 6"
)


def drawn(text, scenario, case=Case.EXPECTED, setting="", **more):
    data, given = read_shorthand(text)
    where = read_setting(setting, data)
    pod = read(data)
    return timeline(pod, scenario, assume(pod, case, given), where, **more)


def lanes(picture):
    return {
        lane.container: [f"{s.phase} {s.start_s:g}-{s.end_s:g}" for s in lane.spans]
        + ["killed"] * lane.killed
        for lane in picture.lanes
    }


def gaps(picture):
    return [f"{gap.start_s:g}-{gap.end_s:g} {gap.message}" for gap in picture.gaps]


def test_a_start():
    picture = drawn(SHOP, Scenario.START)
    assert lanes(picture) == {
        "sql": ["pulling 0-2", "starting 2-4", "gating 4-4.5", "running 4.5-16.5"],
        "migrate": ["pulling 5-7", "working 7-10"],
        "shop": ["pulling 10.5-12.5", "starting 12.5-13.5", "running 13.5-16.5"],
    }
    assert picture.ready_s == 16.5
    assert gaps(picture) == []


def test_readiness_is_asked_at_once_when_a_container_has_started():
    late = drawn("app shop listens 80 pulls 0 starts 1 ready 80/10", Scenario.START)
    assert late.ready_s == 1 + 5 + 0.5  # half a period, and what the kubelet takes to say so
    at_once = drawn("app shop listens 80 pulls 0 starts 1 gate 80/2 ready 80/10", Scenario.START)
    assert at_once.ready_s == 1 + 1 + 0.5


def test_a_start_that_never_gets_anywhere():
    text = "init migrate dials 5432 > sidecar sql listens 5432 > app shop"
    picture = drawn(text, Scenario.START, Case.WORST)
    assert lanes(picture) == {"migrate": ["pulling 0-30"], "sql": [], "shop": []}
    assert [str(event.what) for event in picture.events] == ["pull", "start", "stuck"]
    assert picture.ready_s == NEVER


def test_a_start_in_which_the_app_is_early():
    picture = drawn("app shop dials 5432 pulls 0 > app sql listens 5432 starts 4", Scenario.START)
    assert gaps(picture) == ["0-6 'shop' runs without port 5432 of 'sql'"]


def test_a_deletion():
    picture = drawn(SHOP, Scenario.DELETION, setting="served")
    assert lanes(picture) == {
        "sql": ["draining 0-4", "waiting 4-9", "stopping 9-10"],
        "migrate": [],
        "shop": ["draining 0-3", "stopping 3-9"],
    }
    assert picture.grace_s == 30
    assert gaps(picture) == ["3-5 requests still come to 'shop', which stops"]


def test_a_classic_sidecar_that_is_gone_before_the_app():
    text = "app shop dials 5432 exits 9 > app sql listens 5432 exits 1"
    picture = drawn(text, Scenario.DELETION)
    assert gaps(picture) == ["1-9 'shop' runs without port 5432 of 'sql'"]


@pytest.mark.parametrize(
    ("scenario", "grace", "ends"),
    [
        (Scenario.DELETION, 60, 40),
        (Scenario.NODE_SHUTDOWN, 20, 20),
        (Scenario.SPOT_RECLAIM, 15, 15),
        (Scenario.EVICTION, 1, 2),
    ],
)
def test_the_kubelet_shortens_the_grace_period(scenario, grace, ends):
    picture = drawn("app shop exits 40", scenario, setting="grace 60")
    assert (picture.grace_s, picture.end_s) == (grace, ends)
    assert [lane.killed for lane in picture.lanes] == [scenario is not Scenario.DELETION]


def test_a_timeline_says_what_nobody_promises():
    assert drawn("app shop", Scenario.EVICTION).notes == (
        "without a grace period neither preStop hooks nor the order of the stop are promised",
    )
    assert drawn("app one > app two", Scenario.START).notes == (
        "that apps start one after the other is how the kubelet is built, not a promise",
    )
    assert drawn("app one > app two", Scenario.DELETION).notes == ()


def test_a_sidecar_crash_leaves_the_app_alone():
    picture = drawn(SHOP, Scenario.SIDECAR_CRASH)
    assert lanes(picture) == {
        "sql": ["down 0-0.5", "starting 0.5-2.5", "gating 2.5-3"],
        "migrate": [],
        "shop": ["running 0-3"],
    }
    assert gaps(picture) == ["0-2.5 'shop' runs without port 5432 of 'sql'"]


def test_an_app_crash_hits_whom_it_is_told_to_hit():
    picture = drawn("app one > app two", Scenario.APP_CRASH, victim="two")
    assert lanes(picture) == {"one": ["running 0-1.5"], "two": ["down 0-0.5", "starting 0.5-1.5"]}


def test_a_crash_without_a_restart():
    picture = drawn("app shop", Scenario.APP_CRASH, setting="policy Never")
    assert [event.why for event in picture.events] == ["exit code 1: it stays as it is"]


def test_a_job_ends_after_its_sidecars():
    picture = drawn("sidecar sql exits 2 > app work runs 60", Scenario.JOB, Case.BEST, "Job")
    assert lanes(picture) == {"sql": ["running 0-60", "stopping 60-62"], "work": ["working 0-60"]}
    assert picture.end_s == 62


def test_a_deletion_during_init_finds_no_app():
    picture = drawn(SHOP, Scenario.DELETION_DURING_INIT, setting="served")
    assert lanes(picture) == {
        "sql": ["draining 0-4", "stopping 4-5"],
        "migrate": ["stopping 0-1"],
        "shop": [],
    }
    assert (picture.gaps, picture.grace_s) == ((), 30)
    assert picture.notes == ("the pod is deleted while 'migrate' works; no app has begun",)


def test_a_deletion_during_init_that_hangs_says_on_which_kubelets():
    text = "sidecar a > init b > sidecar d > app c"
    notes = drawn(text, Scenario.DELETION_DURING_INIT, setting="1.30.2").notes
    assert notes[1] == (
        "on 1.30.2 'a' waits for sidecars that never ran, until the grace period is over: "
        "fixed in 1.29.8, 1.30.4 and 1.31 (k/k#125880)"
    )
    assert len(drawn(text, Scenario.DELETION_DURING_INIT, setting="1.30.4").notes) == 1


def test_liveness_kills_go_one_by_one_unless_a_victim_is_named():
    text = "app a live 80/1/1 exits 4 > app b live 81/1/1 exits 6"
    both = drawn(text, Scenario.LIVENESS_KILL, Case.BEST)
    assert lanes(both)["a"] == ["stopping 0-4", "down 4-10"]
    assert both.notes == (
        "one container is killed after the other, in no promised order; none starts meanwhile",
    )
    one = drawn(text, Scenario.LIVENESS_KILL, Case.BEST, victim="b")
    assert lanes(one) == {"a": ["running 0-6"], "b": ["stopping 0-6"]}


def test_where_the_last_app_has_ended_the_sidecars_stop():
    text = "sidecar sql exits 2 > app work"
    never = drawn(text, Scenario.APP_CRASH, Case.BEST, "Job")
    assert lanes(never) == {"sql": ["stopping 0-2"], "work": []}
    again = drawn(text, Scenario.APP_CRASH, Case.EXPECTED)
    assert lanes(again)["sql"] == ["running 0-1.5"]
