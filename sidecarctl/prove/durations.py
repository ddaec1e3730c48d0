"""protobuf's durations (``"0.25s"``) as seconds, and back."""

import re

from sidecarctl.findings import Json

_DURATION = re.compile(r"(-?\d+(?:\.\d+)?)s")


def seconds(value: Json) -> float | None:
    """Return a duration of a bootstrap in seconds, None where it is none."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    return float(match[1]) if match else None


def duration(value_s: float) -> str:
    """Return *value_s* as protobuf writes it, to the microsecond."""
    return f"{value_s:.6f}".rstrip("0").rstrip(".") + "s"
