"""Units are read, and a value that is none gets the spelling that was probably meant."""

import pytest

from sidecarctl.profile.units import meant, seconds


@pytest.mark.parametrize(
    ("duration", "value"),
    [("500ms", 0.5), ("15s", 15.0), ("1.5s", 1.5), ("5m", 300.0), ("1h", 3600.0), ("0s", 0.0)],
)
def test_seconds(duration, value):
    assert seconds(duration) == value


@pytest.mark.parametrize("text", ["5", "5 m", "1m30s", "-1s", "1d", "", "s"])
def test_no_duration(text):
    with pytest.raises(ValueError, match="is no duration"):
        seconds(text)


@pytest.mark.parametrize(
    ("unit", "value", "right"),
    [
        ("duration", "5 minutes", "5m"),
        ("duration", "5 min", "5m"),
        ("duration", "5M", "5m"),
        ("duration", "10 Seconds", "10s"),
        ("duration", "250 millis", "250ms"),
        ("duration", "2hours", "2h"),
        ("duration", 10, "10s"),
        ("duration", 0.5, "0.5s"),
        ("duration", "1m30s", "90s"),
        ("duration", "1h0.5s", "3600.5s"),
        ("duration", "5 fortnights", None),
        ("duration", "soon", None),
        ("duration", True, None),
        ("duration", ["5s"], None),
        ("percentage", 20, "20%"),
        ("percentage", "20 %", "20%"),
        ("percentage", "0.5 percent", "0.5%"),
        ("percentage", 0.1, None),
        ("percentage", 110, None),
        ("quantity", "128MiB", "128Mi"),
        ("quantity", "128mi", "128Mi"),
        ("size", "60KB", "60k"),
        ("size", "1 GiB", "1Gi"),
        ("size", "many", None),
    ],
)
def test_what_was_meant(unit, value, right):
    assert meant(unit, value) == right
