"""Scalars mean what kubectl makes of them. Each value here was read back from kubectl 1.32."""

import math

import pytest

from sidecarctl.manifest.document import parse
from sidecarctl.manifest.scalars import key_text, resolve

VALUES = [
    ("0644", 420),
    ("0o644", 420),
    ("0O17", 15),
    ("-0644", -420),
    ("0_6_44", 420),
    ("08", 8.0),
    ("019", 19.0),
    ("0o8", "0o8"),
    ("0x1F", 31),
    ("0X1f", 31),
    ("-0x1F", -31),
    ("0x", "0x"),
    ("0xG", "0xG"),
    ("0b1", 1),
    ("0B11", 3),
    ("-0b11", -3),
    ("0b2", "0b2"),
    ("0b-1", -1),
    ("1_000", 1000),
    ("1__0_", 10),
    ("_1", "_1"),
    ("1_000.5", 1000.5),
    (".1_4", 0.14),
    (".1__4", ".1__4"),
    ("+5", 5),
    ("-5", -5),
    ("--5", "--5"),
    ("0", 0),
    ("-0", 0),
    ("9223372036854775807", 9223372036854775807),
    ("18446744073709551615", 18446744073709551615),
    ("18446744073709551616", 18446744073709551616.0),
    ("-9223372036854775808", -9223372036854775808),
    ("-9223372036854775809", -9223372036854775809.0),
    ("0xFFFFFFFFFFFFFFFFFF", "0xFFFFFFFFFFFFFFFFFF"),
    ("1.5", 1.5),
    ("1.", 1.0),
    (".5", 0.5),
    ("-.5", -0.5),
    (".", "."),
    ("1e3", 1000.0),
    ("1E+3", 1000.0),
    ("1e", "1e"),
    ("1e400", "1e400"),
    ("1e-400", 0.0),
    ("1.2.3", "1.2.3"),
    (".inf", math.inf),
    ("+.Inf", math.inf),
    ("-.INF", -math.inf),
    ("inf", "inf"),
    ("nan", "nan"),
    *[(word, True) for word in ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "ON")],
    *[(word, False) for word in ("n", "N", "no", "No", "NO", "false", "False", "off", "OFF")],
    ("yEs", "yEs"),
    ("tRUE", "tRUE"),
    ("t", "t"),
    ("", None),
    ("~", None),
    ("null", None),
    ("Null", None),
    ("NULL", None),
    ("nULL", "nULL"),
    ("none", "none"),
    ("12:30:45", "12:30:45"),
    ("190:20:30.15", "190:20:30.15"),
    ("2001-12-14", "2001-12-14"),
    ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
    ("10Mi", "10Mi"),
    ("١٢", "١٢"),
    ("<<", "<<"),
    ("=", "="),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_a_plain_scalar(text, value):
    found = resolve(text)
    assert (found, type(found)) == (value, type(value))


def test_not_a_number():
    assert all(math.isnan(resolve(text)) for text in (".nan", ".NaN", ".NAN"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'0644'", "0644"),
        ('"yes"', "yes"),
        ('""', ""),
        ("!!str 5", "5"),
        ("!!str", ""),
        ("!!int '0x10'", 16),
        ("!!float 1", 1.0),
        ("!!float '.5'", 0.5),
        ("!!bool 'yes'", True),
        ("!!null ''", None),
        ("!!binary aGVsbG8=", "hello"),
        ("!!binary gIA=", "\ufffd\ufffd"),
        ("!!timestamp 2001-12-14", "2001-12-14"),
        ("!Ref 5", "5"),
        ("!Sub [a, 5]", ["a", 5]),
        ("!!map {a: 1}", {"a": 1}),
        ("!!set {a, b}", {"a": None, "b": None}),
        ('! "5"', "5"),
        ("|\n  0644\n", "0644\n"),
        (">-\n  yes\n  no\n", "yes no"),
        ("yes\n  no", "yes no"),
    ],
)
def test_quotes_tags_and_styles(text, value):
    (document,) = parse(f"apiVersion: v1\nkind: Any\nfield: {text}\n", "any.yaml").documents
    found = document.data["field"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (True, "true"),
        (False, "false"),
        (420, "420"),
        (1.1, "1.1"),
        (8.0, "8"),
        (0.5, "0.5"),
        (100000.0, "100000"),
        (1000000.0, "1e+06"),
        (1234567.0, "1.234567e+06"),
        (-0.00001, "-1e-05"),
        (0.0001, "0.0001"),
        (123.456789, "123.45679"),
        (1e39, ".inf"),
        (-math.inf, "-.inf"),
        (math.nan, ".nan"),
        (None, None),
    ],
)
def test_a_key_becomes_text(value, text):
    assert key_text(value) == text
