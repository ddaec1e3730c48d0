"""Amounts with a unit as profiles write them: ``15s``, ``10%``, ``64Ki``. Read, and guessed at."""

import re
from collections.abc import Callable, Mapping

from sidecarctl.findings import Json

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
_TIME_WORDS = {
    "ms": ("ms", "msec", "msecs", "millis", "millisecond", "milliseconds"),
    "s": ("", "s", "sec", "secs", "second", "seconds"),
    "m": ("m", "min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
}
_BYTE_WORDS = {
    "k": ("k", "kb"), "M": ("mb",), "G": ("g", "gb"), "T": ("t", "tb"),
    "Ki": ("ki", "kib"), "Mi": ("mi", "mib"), "Gi": ("gi", "gib"), "Ti": ("ti", "tib"),
}  # fmt: skip


def seconds(duration: str) -> float:
    """Return *duration* (``"500ms"``, ``"1.5s"``, ``"5m"``, ``"1h"``) in seconds.

    Raises:
        ValueError: *duration* has another form.
    """
    match = re.fullmatch(_NUMBER + r"(ms|s|m|h)", duration)
    if not match:
        raise ValueError(f"{duration!r} is no duration")
    return float(match[1]) * _SECONDS[match[2]]


def meant(unit: str, value: Json) -> str | None:
    """Return how *value*, which is no *unit*, should be written; None where that is a guess.

    *unit* is what messages call it, a key of ``_GUESSES``: ``("duration", "5 minutes")`` gives
    ``"5m"``.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return _GUESSES[unit](str(value).strip())


def _duration(text: str) -> str | None:
    match = re.fullmatch(_NUMBER + r"\s*([A-Za-z]*)", text)
    if match:
        unit = _word(match[2], _TIME_WORDS)
        return f"{match[1]}{unit}" if unit else None
    parts = re.findall(_NUMBER + r"(ms|s|m|h)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    total = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    return f"{total:.3f}".rstrip("0").rstrip(".") + "s"  # Go's 1m30s


def _percent(text: str) -> str | None:
    match = re.fullmatch(_NUMBER + r"\s*(%|percent)?", text)
    # 0.1 may be a tenth of one per cent or ten per cent: whoever wrote it must say.
    if not match or (not match[2] and "." in match[1]) or float(match[1]) > 100:
        return None
    return f"{match[1]}%"


def _bytes(text: str) -> str | None:
    match = re.fullmatch(_NUMBER + r"\s*([A-Za-z]+)", text)
    unit = _word(match[2], _BYTE_WORDS) if match else None
    return f"{match[1]}{unit}" if match and unit else None


def _word(word: str, words: Mapping[str, tuple[str, ...]]) -> str | None:
    return next((unit for unit, known in words.items() if word.lower() in known), None)


_GUESSES: Mapping[str, Callable[[str], str | None]] = {
    "duration": _duration,
    "percentage": _percent,
    "quantity": _bytes,
    "size": _bytes,
}
