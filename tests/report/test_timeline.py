"""Timelines as text of any width, as SVG in both schemes, as JSON."""

import json
import re
import unicodedata
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecarctl.lifecycle.assumptions import Case, parse_assumption
from sidecarctl.lifecycle.lanes import Phase
from sidecarctl.lifecycle.scenario import Scenario
from sidecarctl.lifecycle.versions import Version
from sidecarctl.manifest.document import parse
from sidecarctl.report.paint import paint
from sidecarctl.report.timeline_chart import Chart, chart
from sidecarctl.report.timeline_json import simulation_json
from sidecarctl.report.timeline_style import style_sheet
from sidecarctl.report.timeline_svg import simulation_svg
from sidecarctl.report.timeline_text import simulation_lines
from sidecarctl.report.timeline_words import seconds
from sidecarctl.simulate.simulate import Wish, simulate

ROOT = Path(__file__).resolve().parents[2]
SHOP = (ROOT / "examples" / "simulate" / "deployment.yaml").read_text(encoding="utf-8")
MISTAKES = (ROOT / "examples" / "lint" / "deployment.yaml").read_text(encoding="utf-8")
VERSION = Version(1, 33)
SVG = "{http://www.w3.org/2000/svg}"
# What a scenario is left out of, it says in a remark.
EVERY = tuple(Scenario)


def simulated(*texts, scenarios=(), words=()):
    manifests = [parse(text, f"k8s/{n}.yaml") for n, text in enumerate(texts)]
    return simulate(manifests, Wish(VERSION, scenarios, tuple(map(parse_assumption, words))))


def text(simulation, width=None, cases=(Case.EXPECTED,)):
    return paint(simulation_lines(simulation, cases, width), coloured=False)


@pytest.mark.parametrize("at", [(0, "0s"), (0.05, "0.05s"), (16.5, "16.5s"), (99, "99s"),
                                (112, "1m52s"), (120, "2m"), (float("inf"), "never")])  # fmt: skip
def test_a_time(at):
    assert seconds(at[0]) == at[1]


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_text_keeps_within_its_width(width):
    simulation = simulated(SHOP, MISTAKES, scenarios=EVERY)
    lines = text(simulation, width).splitlines()
    # What the sentences of a scenario and the assumptions take, the terminal wraps.
    drawn = [line for line in lines if re.search("[·░▒━▓▅┈▂×!┳┗◆]{2}|◆|error|cure", line)]
    assert [line for line in drawn if len(line) > width and "assumed" not in line] == []
    assert all(unicodedata.east_asian_width(each) not in "WF" for line in lines for each in line)


def test_every_gate_is_drawn_from_who_opens_it_to_who_goes_on():
    lines = text(simulated(SHOP, scenarios=(Scenario.START, Scenario.DELETION))).splitlines()
    rows = {}
    for line in lines:
        for name in ("sql  sidecar", "migrate  init", "agent  sidecar", "shop  app"):
            if line.startswith(f"  {name}"):
                rows.setdefault(name, []).append(line)
    start, stop = ([found[n] for found in rows.values() if len(found) > n] for n in (0, 1))
    for above, below in pairwise(start):
        column = below.index("┗")
        assert above[column] in "┳┓"
        assert set(above[column + 1 :]) <= {"━", "░", "·"}
    sql, agent, shop = stop
    assert agent.index("┏") == shop.index("┛")
    assert sql.index("┏") == agent.index("┛")


def test_a_short_span_is_seen_all_the_same():
    lines = text(simulated(SHOP, words=["shop.exit=0.01s", "sql.exit=25s"]), 80)
    assert len(re.findall("▅+▂?┛", lines)) == 1


def test_best_and_worst_are_drawn_if_asked_for():
    shown = text(simulated(SHOP, scenarios=(Scenario.START,)), cases=tuple(Case))
    assert re.findall(r"start: (.*)", shown) == [
        "Ready after 0s  best; expected 15.5s, worst 3m27s",
        "Ready after 15.5s  expected; best 0s, worst 3m27s",
        "Ready after 3m27s  worst; best 0s, expected 15.5s",
    ]


def test_gaps_stand_below_the_rows():
    shown = text(simulated(SHOP.replace("sleep: {seconds: 5}", "sleep: {seconds: 2}")), 100)
    (line,) = [line for line in shown.splitlines() if "requests still come" in line]
    assert line.strip() == "! requests still come to 'shop', which stops (2s to 5s)"


def test_svg_is_xml_that_says_everything_in_both_schemes():
    simulation = simulated(SHOP, MISTAKES, scenarios=EVERY)
    root = ElementTree.fromstring(simulation_svg(simulation, (Case.EXPECTED,)))
    words = [each.text for each in root.iter(f"{SVG}text")]
    for each in ("Deployment/shop", "rolling update", "Ready after 15.5s", "envoy-proxy", "error"):
        assert each in words
    style = root.findtext(f"{SVG}style")
    light, dark = style.split("@media (prefers-color-scheme:dark)")
    used = {name for each in root.iter() for name in each.get("class", "").split()}
    coloured = set(re.findall(r"\.([\w-]+)\{(?:fill|stroke):#", light))
    assert coloured == set(re.findall(r"\.([\w-]+)\{(?:fill|stroke):#", dark))
    assert used - coloured <= set(re.findall(r"\.([\w-]+)\{", light))
    assert "var(" not in style
    assert "http" not in style


def test_svg_stays_within_its_frame():
    root = ElementTree.fromstring(
        simulation_svg(simulated(SHOP, MISTAKES, scenarios=EVERY), tuple(Case))
    )
    width = float(root.get("width"))
    for each in root.iter(f"{SVG}rect"):
        assert float(each.get("x", 0)) + float(each.get("width")) <= width


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=30))
@settings(max_examples=50, deadline=None)
def test_svg_holds_any_text(name):
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
           "spec": {"containers": [{"name": "a", "image": "b"}]}}  # fmt: skip
    manifest = parse(json.dumps(pod), f"{name}.json")
    ElementTree.fromstring(simulation_svg(simulate([manifest], Wish(VERSION)), (Case.EXPECTED,)))


def luminance(colour):
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_words_stand_out_from_their_ground(scheme):
    """Source: https://www.w3.org/TR/WCAG22/#contrast-minimum, 3:1 for what is large or bold."""
    rules = dict(re.findall(r"\.([\w-]+)\{fill:(#\w{6})\}", style_sheet().split("@media")[scheme]))
    pairs = [(f"on-{phase}", phase.value) for phase in Phase]
    pairs += [(ink, "ground") for ink in ("ink", "muted", "error", "warning", "info", "markink")]
    for ink, ground in pairs:
        high, low = sorted((luminance(rules[ink]), luminance(rules[ground])), reverse=True)
        least = 3 if ink == "on-working" else 4.5
        assert (high + 0.05) / (low + 0.05) >= least, (ink, ground)


def test_json_has_every_case_and_no_infinity():
    done = simulation_json(simulated(MISTAKES, SHOP, scenarios=EVERY))
    pods = json.loads(done, parse_constant=pytest.fail)["pods"]
    shop = pods[1]
    start = shop["scenarios"][0]
    assert [start["scenario"], list(start["cases"])] == ["start", ["best", "expected", "worst"]]
    expected = start["cases"]["expected"]
    assert expected["outcomeS"] == expected["readyS"] == 15.5
    assert expected["assumptions"]["containers"]["shop"] == {
        "pull": 2, "start": 1, "preStop": 5, "exit": 1,
    }  # fmt: skip
    assert expected["lanes"][0]["spans"][0] == {"phase": "pulling", "startS": 0, "endS": 2}
    assert [hazard["kind"] for hazard in pods[0]["hazards"]] == ["unordered", "requests-cut"]


@given(st.floats(1, 1e6), st.integers(1, 40))
@settings(deadline=None)
def test_ticks_are_few_and_within_the_axis(end, most):
    drawn = Chart("", "", "", (), (), (), (), (), end)
    ticks = drawn.ticks(most)
    assert len(ticks) <= most + 1
    assert ticks[0] == 0
    assert ticks[-1] <= end * 1.001


@pytest.mark.parametrize("scenario", list(Scenario))
def test_rows_stay_on_the_axis(scenario):
    for pod in simulated(SHOP, MISTAKES, scenarios=(scenario,)).pods:
        for picture in pod.pictures:
            for case in Case:
                drawn = chart(picture, case)
                ends = [span.end_s for row in drawn.rows for span in row.spans]
                assert max(ends, default=0) <= drawn.end_s
                assert all(0 <= gate.at_s <= drawn.end_s for gate in drawn.gates)
