"""The tables of cases.md are true, and the proposed edits cure what they are proposed for."""

import re
from pathlib import Path

import pytest
import yaml
from lifecycle.shorthand import read_setting, read_shorthand

from sidecarctl.lifecycle.analysis import analyse
from sidecarctl.lifecycle.assumptions import Case, assume
from sidecarctl.lifecycle.during_init import stop_during_init
from sidecarctl.lifecycle.events import NEVER, What, time_of
from sidecarctl.lifecycle.hazards.hazard import edited
from sidecarctl.lifecycle.needs import needs
from sidecarctl.lifecycle.reading import read
from sidecarctl.lifecycle.setting import Setting
from sidecarctl.lifecycle.start import start
from sidecarctl.lifecycle.stop import stop
from sidecarctl.lifecycle.strategy import strategy
from sidecarctl.lifecycle.unhealthy import unhealthy, watched
from sidecarctl.lifecycle.versions import Version

TEXT = (Path(__file__).parent / "cases.md").read_text(encoding="utf-8")


def table(title):
    """Return the rows below the heading *title*, each with its first cell as the test's name."""
    section = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S)[1]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:]]
    return [pytest.param(*(cell.strip("`") for cell in row), id=name) for name, *row in rows]


def looked_at(text, setting):
    data, given = read_shorthand(text)
    where = read_setting(setting, data)
    return {"spec": data}, where, given, analyse(data, ("spec",), where, given)


@pytest.mark.parametrize(("text", "setting", "expected"), table("Hazards"))
def test_hazards(text, setting, expected):
    *_, analysis = looked_at(text, setting)
    assert analysis.faults == ()
    found = ", ".join(f"{hazard.kind} {hazard.container}" for hazard in analysis.hazards)
    assert (found or "-") == expected


@pytest.mark.parametrize(("text", "setting", "_"), table("Hazards"))
def test_a_hazard_is_gone_when_its_edits_are_made(text, setting, _):
    document, where, given, analysis = looked_at(text, setting)
    for hazard in analysis.hazards:
        if hazard.cure.edits:
            after = edited(document, hazard.cure.edits)
            again = analyse(after["spec"], ("spec",), where, given)
            assert again.faults == (), hazard.cure.text
            left = {(h.kind, h.container) for h in again.hazards}
            assert (hazard.kind, hazard.container) not in left, hazard.cure.text


@pytest.mark.parametrize(("text", "setting", "_"), table("Hazards"))
def test_a_hazard_names_places_that_are_there(text, setting, _):
    document, *_, analysis = looked_at(text, setting)
    for hazard in analysis.hazards:
        for path in (hazard.path, *(path for path, _ in hazard.related)):
            if path[-1] != "terminationGracePeriodSeconds":  # its default is not written down
                place = document
                for step in path:
                    place = place[step]


@pytest.mark.parametrize(("text", "setting", "cure"), table("Cures"))
def test_cures(text, setting, cure):
    *_, analysis = looked_at(text, setting)
    assert analysis.hazards[0].cure.text == cure


@pytest.mark.parametrize(("text", "setting", "message"), table("Refusals"))
def test_refusals(text, setting, message):
    *_, analysis = looked_at(text, setting)
    assert [fault.message for fault in analysis.faults] == ([message] if message else [])


@pytest.mark.parametrize(("text", "how", "expected"), table("Starts"))
def test_starts(text, how, expected):
    data, given = read_shorthand(text)
    pod = read(data)
    events = start(pod, assume(pod, Case(how), given), needs(pod, Setting()))
    starts = [(c.name, time_of(events, c.name, What.START)) for c in pod.containers]
    shown = ", ".join(f"{name} {'-' if at == NEVER else format(at, 'g')}" for name, at in starts)
    assert shown == expected


@pytest.mark.parametrize(("text", "grace", "expected"), table("Stops"))
def test_stops(text, grace, expected):
    data, given = read_shorthand(text)
    pod = read(data | {"terminationGracePeriodSeconds": int(grace)})
    events = stop(pod, assume(pod, Case.BEST, given), Version(1, 33))
    assert ", ".join(f"{e.container} {e.what} {e.at_s:g}" for e in events) == expected


@pytest.mark.parametrize(("text", "version", "expected"), table("Stops during init"))
def test_stops_during_init(text, version, expected):
    data, given = read_shorthand(text)
    pod = read(data)
    guess = assume(pod, Case.BEST, given)
    events = stop_during_init(pod, guess, Version.parse(version))
    assert ", ".join(f"{e.container} {e.what} {e.at_s:g}" for e in events) == expected


@pytest.mark.parametrize(("text", "version", "expected"), table("Liveness kills"))
def test_liveness_kills(text, version, expected):
    data, given = read_shorthand(text)
    pod = read(data)
    events = unhealthy(pod, assume(pod, Case.BEST, given), Version.parse(version), watched(pod))
    assert ", ".join(f"{e.container} {e.what} {e.at_s:g}" for e in events) == expected


@pytest.mark.parametrize(("kind", "spec", "version", "expected"), table("Rollouts"))
def test_rollouts(kind, spec, version, expected):
    how = strategy(kind, yaml.safe_load(spec), Version.parse(version))
    if how is None:
        assert expected == "-"
        return
    share = how.share or str(how.batch)
    parts = [how.order.name.lower().replace("_", " "), share]
    if how.replicas is not None:
        parts[-1] += f" of {how.replicas}"
    parts += [f"keeps {how.kept}"] * bool(how.kept) + ["in order"] * how.is_serial
    assert ", ".join(parts) == expected
