"""What `inject` renders has no hazard that the input had not, in each built-in profile."""

from collections import Counter

import pytest
from corpus import at_least
from inject.test_promises import FILES, read

from sidecarctl.errors import ManifestError, ProfileError
from sidecarctl.lifecycle.hazards.hazard import Kind
from sidecarctl.lifecycle.scenario import Scenario
from sidecarctl.lifecycle.versions import Version
from sidecarctl.manifest.document import parse
from sidecarctl.profile.profile import load_profile
from sidecarctl.simulate.simulate import Wish, simulate
from sidecarctl.simulate.simulated import Stage

# One scenario, the cheapest: hazards do not depend on what is drawn.
WISH = Wish(Version(1, 33), (Scenario.APP_CRASH,))

SAID_BY_INJECT = {Kind.NO_DEADLINE}
"""What a gate brings to a Job of necessity: no value for its deadline is right for everybody."""

# How many workloads each profile goes into; a fall means that less is looked at than before.
FLOOR = {"default": 89, "strict": 88, "datadog": 110, "istio": 110}


def hazards(pod):
    """Return the hazards of *pod*, by kind and container."""
    return {(danger.hazard.kind, danger.hazard.container) for danger in pod.dangers}


@pytest.mark.parametrize("name", FLOOR)
def test_an_injection_brings_no_hazard(name, record_property):
    profile = load_profile(name)
    count = Counter()
    for file in FILES:
        try:
            pods = simulate([parse(read(file), file.name)], WISH, (), profile).pods
        except (ManifestError, ProfileError):  # unreadable, or refused: nothing is rendered
            count["refused"] += 1
            continue
        before = {pod.subject: pod for pod in pods if pod.stage is Stage.AS_GIVEN}
        for pod in pods:
            if pod.stage is Stage.INJECTED and not before[pod.subject].faults:
                new = hazards(pod) - hazards(before[pod.subject])
                assert {kind for kind, _ in new} <= SAID_BY_INJECT, (file.name, pod.subject)
                assert pod.faults == (), (file.name, pod.subject)
                left_alone = any(each.startswith("nothing is injected") for each in pod.remarks)
                count["left alone" if left_alone else "injected"] += 1
    numbers = ", ".join(f"{number} {what}" for what, number in sorted(count.items()))
    record_property("covered", f"profile {name}: no new hazard in workloads: {numbers}")
    assert count["injected"] >= at_least(FLOOR[name], 15)
