"""Versions order themselves, and a feature is on where the table says so."""

import pytest

from sidecarctl.errors import ProfileError
from sidecarctl.lifecycle.versions import Version, features, supports


@pytest.mark.parametrize(
    ("text", "version", "shown"),
    [
        ("1.33", Version(1, 33), "1.33"),
        ("v1.33.2", Version(1, 33, 2), "1.33.2"),
        ("1.30+", Version(1, 30), "1.30"),
        ("v1.29.4-gke.1043000", Version(1, 29, 4), "1.29.4"),
        ("v1.31.1+k3s1", Version(1, 31, 1), "1.31.1"),
        (" 1.28 ", Version(1, 28), "1.28"),
    ],
)
def test_a_version_is_read_and_written(text, version, shown):
    assert Version.parse(text) == version
    assert str(version) == shown


@pytest.mark.parametrize("text", ["", "1", "latest", "1.x", "1.33.2.1", "-1.33"])
def test_what_is_no_version_is_said_to_be_none(text):
    with pytest.raises(ProfileError) as caught:
        Version.parse(text)
    assert caught.value.message == f"{text!r} is no Kubernetes version"
    assert caught.value.hint == 'write it like "1.33" or "v1.33.2"'


def test_versions_are_ordered_by_number_not_by_text():
    assert Version.parse("1.9") < Version.parse("1.10") < Version.parse("1.10.1")


@pytest.mark.parametrize(
    ("feature", "version", "works"),
    [
        ("native-sidecar", "1.28", False),
        ("native-sidecar", "1.28.15", False),
        ("native-sidecar", "1.29", True),
        ("native-sidecar", "1.37", True),
        ("prestop-sleep", "1.29", False),
        ("prestop-sleep", "1.30", True),
        ("poststart-sleep", "1.31.4", True),
        ("poststart-sleep", "1.32", False),
        ("poststart-sleep", "1.32.1", False),
        ("poststart-sleep", "1.32.2", True),
        ("stop-signal", "1.36", False),
        ("stop-signal", "1.37", False),  # alpha in 1.37.2
        ("sidecar-named-ports", "1.31", False),
        ("sidecar-restart-during-termination", "1.99", False),
    ],
)
def test_a_feature_works_from_its_safe_release_on(feature, version, works):
    assert supports(feature, Version.parse(version)) is works


def test_strict_asks_for_general_availability():
    assert not supports("native-sidecar", Version(1, 32), strict=True)
    assert supports("native-sidecar", Version(1, 33), strict=True)


def test_the_stages_of_every_feature_come_in_order_and_carry_a_source():
    for feature in features().values():
        stages = [stage for stage in (feature.alpha, feature.beta, feature.ga) if stage]
        assert stages == sorted(stages), feature.name
        assert feature.source.startswith("https://"), feature.name
        assert feature.safe is None or not stages or feature.safe >= stages[0], feature.name
