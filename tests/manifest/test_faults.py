"""What cannot be read is refused in one line with its place, soon, and in little memory."""

import json
import subprocess
import sys

import pytest

from sidecarctl.errors import ManifestError
from sidecarctl.manifest.document import is_template, parse

HEAD = "apiVersion: v1\nkind: Any\n"
TWICE = "occurs twice in this mapping, first at line"
NO_MERGE = "the value of '<<' must be a mapping or a list of mappings"
INNER_MARK = "a byte order mark stands in the middle of the file"
TEMPLATE = "this is a Helm template, not a manifest"


def fault(text: str, file: str = "any.yaml") -> tuple[str, str | None]:
    with pytest.raises(ManifestError) as caught:
        parse(text, file)
    return str(caught.value), caught.value.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", f"any.yaml:3:1: the key 'a' {TWICE} 1"),
        ("a: {b: 1, b: 2}\n", f"any.yaml:1:11: the key 'b' {TWICE} 1"),
        ("yes: 1\non: 2\n", f"any.yaml:2:1: the key 'true' {TWICE} 1"),
        ('{"a": 1,\n "a": 2}', f"any.yaml:2:2: the key 'a' {TWICE} 1"),
        (f"{HEAD}? [a]\n: 1\n", "any.yaml:3:3: the key '[a]' is no string, number or boolean"),
        (f"{HEAD}~: 1\n", "any.yaml:3:1: the key '~' is no string, number or boolean"),
        (f"{HEAD}a: !!int x\n", "any.yaml:3:4: cannot read 'x' as !!int"),
        (f"{HEAD}a: !!binary x\n", "any.yaml:3:4: !!binary holds no valid base64"),
        ("a: {<<: 5}\n", f"any.yaml:1:9: {NO_MERGE}"),
        ("a: {<<: [5]}\n", f"any.yaml:1:9: {NO_MERGE}"),
        ("a: *none\n", "any.yaml:1:4: found undefined alias"),
        ("a: b: c\n", "any.yaml:1:5: mapping values are not allowed in this context"),
        ("a:\n\tb: 1\n", "any.yaml:2:1: no value can start with the character '\\t'"),
        ("a: [1\nb: 2\n", "any.yaml:2:2: did not find expected ',' or ']'"),
        ("a: 'x\n", "any.yaml:2:1: found unexpected end of stream"),
        ("a: x\0y\n", "any.yaml:1:5: the character U+0000 is not allowed in YAML"),
        ("é: \x07\n", "any.yaml:1:4: the character U+0007 is not allowed in YAML"),
        ("a: 1\n---\n\ufeffb: 1\n", f"any.yaml:3:1: {INNER_MARK}"),
        ("a: \ud800\n", "any.yaml:1:4: the character U+D800 is not allowed in YAML"),
        ("a: &a [*a]\n", "any.yaml:1:4: an alias here contains itself"),
        ("--- &a\nb: *a\n", "any.yaml:1:5: an alias here contains itself"),
        ("&a {b: *a}\n", "any.yaml:1:1: an alias here contains itself"),
        ("a: &a {<<: *a}\n", "any.yaml:1:4: an alias here contains itself"),
    ],
)  # fmt: skip
def test_a_fault_is_one_line_with_its_place(text, message):
    assert fault(text)[0] == message


def test_a_fault_says_what_to_do():
    assert fault("a: b: c\n")[1] == "look at the indentation; a value with ': ' needs quotes"
    assert fault("a:\n\tb: 1\n")[1] == "indent with spaces: YAML takes no tabs"
    assert fault("- *.example.com\n")[1] == "put quotes around a value that starts with '*' or '&'"


def test_the_fault_of_a_json_file_is_one_of_json():
    text = '{"a": 1\n "b": 2}'
    assert fault(text, "any.json")[0] == "any.json:2:2: expected ',' or '}'"
    assert fault(text, "any.yaml")[0] == "any.yaml:2:5: did not find expected ',' or '}'"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("kind: Pod\napiVersion: v1\nname: {{ .Values.name }}\n", "3:7"),
        ("{{- if .Values.on }}\nkind: Pod\n{{- end }}\n", "1:1"),
        (f"{HEAD}replicas: {{{{replicas}}}}\n", "3:11"),
        (f"{HEAD}name: x-{{{{ .Release.Name }}}}\n", "3:9"),
        (f"{HEAD}- {{{{ include \"x\" . }}}}\n", "3:3"),
    ],
)  # fmt: skip
def test_a_helm_template_is_named(text, at):
    assert fault(text) == (
        f"any.yaml:{at}: {TEMPLATE}",
        "render it first: helm template … | sidecarctl inject -",
    )
    assert is_template(text)


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}a: Pod {{{{ $labels.pod }}}} is down\n",
        f"{HEAD}a: on {{{{ if $x }}}}y{{{{ end }}}}\n",
        f'{HEAD}a: "{{{{ .Values.x }}}}"\n',
        f"{HEAD}a: |\n  {{{{- if .Values.x }}}}\n",
        f"{HEAD}a: 1 # {{{{ .Values.x }}}}\n",
        "kind: Pod\n",
    ],
)
def test_braces_alone_make_no_template(text):
    assert not is_template(text)
    assert parse(text, "any.yaml").documents


def test_a_fault_beside_braces_stays_what_it_is():
    text = f"{HEAD}a: 'Pod {{{{ $labels.pod }}}}'\nb: c: d\n"
    assert fault(text)[0] == "any.yaml:4:5: mapping values are not allowed in this context"
    assert not is_template(text)


BOMBS = {
    "flow": ("[" * 1_000_000, "values are nested deeper than 200 levels"),
    "flow mappings": ("{a: " * 100_000, "values are nested deeper than 200 levels"),
    "json": ('{"a":' * 100_000, "values are nested deeper than 200 levels"),
    "dashes": ("a:\n" + "- " * 100_000, "values are nested deeper than 200 levels"),
    "questions": ("? " * 100_000, "values are nested deeper than 200 levels"),
    "staircase": (
        "".join(f"{' ' * level}a:\n" for level in range(2_000)),
        "values are nested deeper than 200 levels",
    ),
    "laughs": (
        "a0: &a0 [lol, lol]\n" + "".join(
            f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 60)
        ),
        "the aliases in this document expand to over 10,000,000 characters",
    ),
    "long text": (
        f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 200)}]\n",
        "the aliases in this document expand to over 10,000,000 characters",
    ),
    "merges": (
        "a0: &a0 {x: 1, y: 2}\n" + "".join(
            f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 60)
        ),
        "the aliases in this document expand to over 10,000,000 characters",
    ),
    "deep aliases": (
        "a0: &a0 [1]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 1_000)),
        "values are nested deeper than 200 levels",
    ),
    "itself": ("a: &a [*a, {b: *a}]\n", "an alias here contains itself"),
    "null": ("a: b\0" + "c" * 5_000_000, "the character U+0000 is not allowed in YAML"),
    "a late one": ("a: " + "c" * 5_000_000 + "\x01", "the character U+0001 is not allowed in YAML"),
    "large": ("a" * (64 * 1024 * 1024 + 1), "the file is larger than 64 MiB"),
}  # fmt: skip

MEASURED = r"""
import json, os, re, resource, sys, time
from sidecarctl.errors import ManifestError
from sidecarctl.manifest.document import parse
text = json.loads(sys.stdin.read())
start = time.perf_counter()
try:
    parse(text, "bomb.yaml")
except ManifestError as error:
    message = error.message
seconds = time.perf_counter() - start
# Not ru_maxrss: a child begins with that of its parent, which may be a large test worker.
status = open("/proc/self/status").read() if os.path.exists("/proc/self/status") else ""
peak_kib = re.search(r"VmHWM:\s+([0-9]+) kB", status)
peak_mib = (int(peak_kib[1]) if peak_kib else resource.getrusage(0).ru_maxrss) / 1024
print(json.dumps([message, seconds, peak_mib]))
"""


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_a_second_and_300_mib(name):
    text, expected = BOMBS[name]
    child = subprocess.run(
        [sys.executable, "-c", MEASURED],
        input=json.dumps(text),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (child.returncode, child.stderr) == (0, "")
    message, seconds, peak_mib = json.loads(child.stdout)
    assert message == expected
    assert seconds < 1
    assert peak_mib < 300 + 2 * len(text) / 2**20  # the text itself, twice in this harness


def test_two_hundred_levels_are_not_too_many():
    for opener, closer in (("[", "]"), ("{x: ", "}"), ('{"x":', "}")):
        nested = f"{opener * 200}1{closer * 200}"
        braces = f"b: {'[' * 2_000!r}\n"
        assert len(parse(f"a: {nested}\n", "any.yaml").documents) == 1
        assert len(parse(f"a: {nested}\n{braces}", "any.yaml").documents) == 1


def test_two_keys_that_are_empty_occur_twice():
    with pytest.raises(ManifestError, match="the key '' occurs twice in this mapping"):
        parse("? \n? \n", "any.yaml")
