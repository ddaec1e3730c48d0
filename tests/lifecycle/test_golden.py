"""The twelve scenarios that any model of the kubelet must get right."""

import pytest
from lifecycle.shorthand import read_setting, read_shorthand

from sidecarctl.lifecycle.analysis import analyse
from sidecarctl.lifecycle.assumptions import Case, assume
from sidecarctl.lifecycle.completion import complete
from sidecarctl.lifecycle.events import NEVER, What, time_of
from sidecarctl.lifecycle.needs import needs
from sidecarctl.lifecycle.reading import read
from sidecarctl.lifecycle.setting import Setting
from sidecarctl.lifecycle.start import start
from sidecarctl.lifecycle.stop import stop
from sidecarctl.lifecycle.versions import Version

V = Version(1, 33)


def hazards(text, setting=""):
    data, given = read_shorthand(text)
    found = analyse(data, ("spec",), read_setting(setting, data), given)
    assert found.faults == ()
    return [(str(h.kind), h.container) for h in found.hazards]


def shown(events):
    return [f"{e.at_s:g} {e.container} {e.what}" for e in events]


def stopped(text, grace=30, version=V, **more):
    data, given = read_shorthand(text)
    pod = read(data | {"terminationGracePeriodSeconds": grace})
    return shown(stop(pod, assume(pod, Case.BEST, given), version, **more))


def started(text, case=Case.BEST):
    data, given = read_shorthand(text)
    pod = read(data)
    return start(pod, assume(pod, case, given), needs(pod, Setting()))


def test_1_an_init_container_waits_for_a_classic_sidecar():
    text = "init migrate dials 5432 > app shop > app sql listens 5432"
    assert hazards(text) == [("deadlock", "migrate")]
    assert shown(started(text)) == ["0 migrate start", "0 migrate stuck"]


def test_2_the_same_with_the_sidecar_native_and_before():
    text = "sidecar sql listens 5432 gate 5432/1 > init migrate dials 5432 > app shop"
    assert hazards(text) == []
    assert time_of(started(text), "shop", What.START) == 0


def test_3_the_same_with_the_sidecar_native_but_after():
    text = "init migrate dials 5432 > sidecar sql listens 5432 gate 5432/1 > app shop"
    assert hazards(text) == [("deadlock", "migrate")]
    assert time_of(started(text), "sql", What.START) == NEVER


def test_4_a_native_sidecar_whose_startup_probe_asks_the_app():
    text = "sidecar proxy listens 15001 gate 8080/1 > app shop listens 8080"
    assert hazards(text) == [("deadlock", "proxy")]
    assert shown(started(text)) == [
        "0 proxy start", "0 proxy listening", "3 proxy stuck",
    ]  # fmt: skip


def test_5_the_hold_hack_fails_open():
    text = "app proxy image cloud-sql-proxy listens 5432 hook exec:wait > app shop dials 5432"
    assert hazards(text) == [("order-lost", "proxy"), ("fail-open", "proxy")]


def test_6_the_app_uses_up_the_grace_and_the_first_sidecar_pays():
    text = "sidecar one exits 5 > sidecar two exits 5 > app shop exits 25"
    assert hazards(text) == [("grace-overflow", "one")]
    assert stopped(text) == [
        "0 shop stop signal", "25 shop exit",
        "25 two stop signal", "30 two exit",
        "30 one stop signal", "32 one kill",
    ]  # fmt: skip


def test_7_a_hook_as_long_as_the_grace_leaves_two_seconds():
    text = "app shop stop sleep:30 exits 5"
    assert hazards(text) == [("grace-overflow", "shop")]
    assert stopped(text) == [
        "0 shop preStop", "30 shop preStop done", "30 shop stop signal", "32 shop kill",
    ]  # fmt: skip


def test_8_a_job_with_a_classic_sidecar_hangs():
    text = "app work runs 60 > app envoy image envoyproxy/envoy:v1.40"
    assert hazards(text, "Job") == [("job-hangs", "envoy")]


def test_9_a_job_with_native_sidecars_is_done_when_they_have_stopped():
    data, given = read_shorthand("sidecar a exits 3 > sidecar b exits 4 > app work runs 60")
    pod, setting = read(data), read_setting("Job", data)
    events = complete(pod, assume(pod, Case.BEST, given), setting)
    assert shown(events)[-6:] == [
        "60 work done",
        "60 b stop signal", "64 b exit",
        "64 a stop signal", "67 a exit",
        "67  done",
    ]  # fmt: skip


def test_10_before_1_29_nothing_is_stopped_in_order():
    text = "sidecar proxy exits 1 > app shop exits 5"
    assert stopped(text, version=Version(1, 28)) == [
        "0 shop stop signal", "0 proxy stop signal", "1 proxy exit", "5 shop exit",
    ]  # fmt: skip
    assert stopped(text, version=Version(1, 29)) == [
        "0 shop stop signal", "5 shop exit", "5 proxy stop signal", "6 proxy exit",
    ]  # fmt: skip


def test_11_a_sidecar_that_crashes_during_termination_stays_dead():
    text = "sidecar proxy exits 1 > app shop exits 5"
    assert stopped(text, dies={"proxy": 1.0}) == [
        "0 shop stop signal", "1 proxy exit", "5 shop exit",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("period", "case", "app_starts"),
    [(1, Case.BEST, 0.5), (10, Case.BEST, 0.5), (1, Case.WORST, 32.5), (10, Case.WORST, 41.5)],
)
def test_12_a_slow_probe_delays_the_app_by_up_to_its_period(period, case, app_starts):
    text = f"sidecar proxy starts 0.5 gate 15021/{period} > app shop pulls 0"
    assert time_of(started(text, case), "shop", What.START) == app_starts
