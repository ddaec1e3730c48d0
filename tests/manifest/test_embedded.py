"""Every style of scalar gives the place in the outer file."""

import json

import pytest

from sidecarctl.errors import ManifestError
from sidecarctl.manifest.document import parse
from sidecarctl.manifest.embedded import embedded

INNER = "admin:\n  # 'local' \"only\"\n  port: 9901\n\n  path: /tmp/ä\n"

LITERAL = """\
kind: ConfigMap
data:
  envoy.yaml: |-  # the bootstrap
    admin:
      # 'local' "only"
      port: 9901

      path: /tmp/ä
"""
KEPT = LITERAL.replace("|-", "|2+")
FOLDED = """\
kind: ConfigMap
data:
  envoy.json: >
    {"admin":
    {"port":   9901,
    "path": "/tmp/ä"}}
"""
SINGLE = """\
kind: ConfigMap
data: {envoy.json: '{"admin": {"port": 9901, "it''s": 1,

   "path": "/tmp/ä"}}'}
"""
DOUBLE = f"kind: ConfigMap\ndata:\n  envoy.yaml: {json.dumps(INNER)}\n"
CONTINUED = """\
kind: ConfigMap
data:
  envoy.yaml: "admin:\\n\\
    \\  port: 9901\\n\\
    \\  path: /tmp/\\u00e4\\n"
"""
PLAIN = """\
kind: ConfigMap
data:
  envoy.yaml: admin
    port-9901
"""
JSON = json.dumps({"kind": "ConfigMap", "data": {"envoy.yaml": INNER}}, indent=1)
LINE_ENDS = LITERAL.replace("\n", "\r\n")


def field_of(text):
    (document,) = parse(text, "map.yaml").documents
    (key,) = document.data["data"]
    return embedded(document, ("data", key))


@pytest.mark.parametrize(
    "text", [LITERAL, FOLDED, SINGLE, DOUBLE, CONTINUED, JSON, LINE_ENDS, KEPT]
)
def test_the_place_of_a_value_is_where_it_is_written(text):
    field = field_of(text)
    (inner,) = field.documents()
    place = field.locate(inner, ("admin", "port"))
    lines = text.splitlines()
    assert place.line == place.end_line
    assert lines[place.line - 1][place.column - 1 : place.end_column - 1] == "9901"
    key = field.locate(inner, ("admin", "path"), on="key")
    assert "path" in lines[key.line - 1][key.column - 1 : key.end_column - 1]


@pytest.mark.parametrize("text", [LITERAL, FOLDED, SINGLE, DOUBLE, CONTINUED, JSON, PLAIN])
def test_every_character_is_found_again(text):
    field = field_of(text)
    assert len(field.offsets) == len(field.text) + 1
    assert list(field.offsets) == sorted(field.offsets)
    for character, offset in zip(field.text, field.offsets, strict=False):
        assert character in " \n\"'ä" or text[offset] == character


def test_a_syntax_error_stands_in_the_outer_file():
    text = LITERAL.replace("port: 9901", "port: [9901")
    with pytest.raises(ManifestError) as error:
        field_of(text).documents()
    assert str(error.value.at).startswith("map.yaml:")
    assert 6 <= error.value.at.line <= 9


def test_what_cannot_be_found_again_has_the_place_of_the_field():
    (document,) = parse(json.dumps({"data": {"e": "port: 1 # 😀"}}), "map.json").documents
    field = embedded(document, ("data", "e"))
    (inner,) = field.documents()
    assert field.locate(inner, ("port",)) == document.locate(("data", "e"), on="key")


def test_a_field_without_text_is_none():
    (document,) = parse("data: {a: {b: c}}", "map.yaml").documents
    assert embedded(document, ("data", "a")) is None
    assert embedded(document, ("data", "z")) is None
