"""What protoc-gen-validate demands of a value: in words where it is not met.

Source: https://github.com/bufbuild/protoc-gen-validate/blob/main/validate/validate.proto
"""

import re
from collections.abc import Sequence, Sized
from typing import TypeAlias

from sidecarctl.envoy.descriptor_pack import Field, Rules
from sidecarctl.findings import Json

Plain: TypeAlias = bool | int | float | str
"""A value as the rules see it: enums by number, durations in seconds."""

_EMPTY: dict[str, Plain] = {"string": "", "bytes": "", "bool": False}


def broken(value: Plain, rules: Rules) -> str | None:
    """Return how *value* breaks *rules*, None where it does not."""
    if rules.ignore_empty and not value:
        return None
    if rules.const is not None and value != rules.const:
        return f"must be {rules.const!r}"
    if rules.among and value not in rules.among:
        return f"must be one of {', '.join(map(str, rules.among))}"
    if value in rules.not_in:
        return f"must not be {value}"
    return _text(value, rules) if isinstance(value, str) else _number(value, rules)


def without(field: Field) -> str | None:
    """Return why *field* may not be left out, None where it may."""
    rules = field.rules
    if rules is None or field.oneof or field.shape == "optional":
        return None
    if rules.required:
        return "is required"
    if field.shape in ("list", "map"):
        return "needs at least one entry" if rules.min_items and not rules.ignore_empty else None
    if "." in field.type and field.type[0] != "=":
        return None  # a message knows whether it was given
    why = broken(_EMPTY.get(field.type, 0), rules)
    return None if why is None else "is required" if rules.min_len else f"is required: {why}"


def count(values: Sized, rules: Rules) -> str | None:
    """Return how a list or map of so many entries breaks *rules*."""
    if rules.ignore_empty and not values:
        return None
    if len(values) < rules.min_items:
        return f"needs at least {rules.min_items} entr{'y' if rules.min_items == 1 else 'ies'}"
    if rules.max_items is not None and len(values) > rules.max_items:
        return f"has {len(values)} entries, at most {rules.max_items} are allowed"
    return None


def repeats(values: Sequence[Json], rules: Rules) -> bool:
    """Say whether *values* stand twice that must not."""
    return rules.unique and any(value in values[:i] for i, value in enumerate(values))


def _number(value: Plain, rules: Rules) -> str | None:
    number = float(value)
    if rules.gt is not None and not number > rules.gt:
        return f"must be greater than {rules.gt:g}"
    if rules.gte is not None and not number >= rules.gte:
        return f"must be at least {rules.gte:g}"
    if rules.lt is not None and not number < rules.lt:
        return f"must be less than {rules.lt:g}"
    if rules.lte is not None and not number <= rules.lte:
        return f"must be at most {rules.lte:g}"
    return None


def _text(value: str, rules: Rules) -> str | None:  # noqa: PLR0911  a rule a line
    if len(value) < rules.min_len:
        return "must not be empty" if not value else f"needs {rules.min_len} characters"
    if rules.max_len is not None and len(value) > rules.max_len:
        return f"is longer than {rules.max_len} characters"
    if rules.max_bytes is not None and len(value.encode()) > rules.max_bytes:
        return f"is longer than {rules.max_bytes} bytes"
    if not value.startswith(rules.prefix):
        return f"must start with {rules.prefix!r}"
    if not value.endswith(rules.suffix):
        return f"must end with {rules.suffix!r}"
    # Python's `$` also holds before a last line break.
    pattern = rules.pattern.replace("$", r"\Z")
    if pattern and not re.search(pattern, value):
        return f"must fit {rules.pattern}"
    return None
