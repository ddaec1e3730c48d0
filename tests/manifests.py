"""Manifests as people write them, by chance: any layout that YAML allows, comments between."""

import json
from dataclasses import dataclass
from random import Random

from hypothesis import strategies as st

from sidecarctl.manifest.document import parse

_WORDS = (
    "shop",
    "a b",
    "yes",
    "0644",
    "x: y",
    "# no",
    "",
    "it's",
    'say "hi"',
    "ü",
    "8080",
    "-",
    "*x",
)
_TEXTS = ("one\ntwo\n", "one\n\ntwo", "key: |\n  deep\n", "# no comment\n", "tail\n\n\n")


@dataclass
class Layout:
    """What stays the same throughout one file; *chance* decides the rest line by line."""

    chance: Random
    step: int
    dash: int
    gap: int
    comments: float
    flow: float


@st.composite
def manifests(draw):
    """Return the text of a YAML file that holds a workload, and maybe other documents around it."""
    chance = draw(st.randoms(use_true_random=False))
    layout = Layout(
        chance,
        step=draw(st.sampled_from((2, 2, 2, 3, 4))),
        dash=draw(st.sampled_from((0, 2))),
        gap=draw(st.sampled_from((2, 2, 2, 4))),
        comments=draw(st.sampled_from((0, 0.1, 0.3))),
        flow=draw(st.sampled_from((0, 0.2, 0.5))),
    )
    parts = [_document(layout, workload(chance))]
    for _ in range(chance.randrange(3)):
        parts.insert(chance.randrange(len(parts) + 1), _document(layout, _service(chance)))
    text = draw(st.sampled_from(("", "---\n", "# head\n---\n"))) + "---\n".join(parts)
    if draw(st.booleans()) and _data(text.rstrip("\n")) == _data(text):
        text = text.rstrip("\n")  # unless that takes the last line break out of a block of text
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


def _data(text):
    return [document.data for document in parse(text, "shop.yaml").documents]


@st.composite
def json_manifests(draw):
    """Return the text of a JSON file: on one line or many, one object, some, or a List."""
    chance = draw(st.randoms(use_true_random=False))
    objects = [workload(chance), *(_service(chance) for _ in range(chance.randrange(2)))]
    if draw(st.booleans()):
        objects = [{"apiVersion": "v1", "kind": "List", "items": objects}]
    options = draw(
        st.sampled_from(
            ({}, {"indent": 2}, {"indent": 4}, {"indent": "\t"}, {"separators": (",", ":")})
        )
    )
    text = "\n".join(json.dumps(each, **options) for each in objects)
    return text + draw(st.sampled_from(("", "\n", "\n\n")))


def workload(chance):
    """Return the data of a workload."""
    pod = {
        "metadata": _maybe(chance, _metadata(chance)),
        "spec": {
            **_maybe_key(chance, "initContainers", [_container(chance, "init")]),
            "containers": [_container(chance, f"app-{n}") for n in range(chance.randint(1, 3))],
            **_maybe_key(chance, "volumes", [{"name": "data", "emptyDir": {}}]),
            **_maybe_key(chance, "terminationGracePeriodSeconds", 5),
        },
    }
    kind = chance.choice(("Deployment", "StatefulSet", "Pod", "CronJob"))
    metadata = {"name": "shop", **(_maybe(chance, _metadata(chance)) or {})}
    head = {"apiVersion": "v1", "kind": kind, "metadata": metadata}
    if kind == "Pod":
        return {**head, "spec": pod["spec"]}
    spec = {"template": pod, **_maybe_key(chance, "replicas", 2)}
    return {**head, "spec": {"jobTemplate": {"spec": spec}} if kind == "CronJob" else spec}


def _service(chance):
    ports = [
        {"name": f"p{n}", "port": 80 + n, "targetPort": "http"} for n in range(chance.randint(1, 2))
    ]
    data = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"s{chance.randrange(99)}"}}
    return {**data, "spec": {"ports": ports, **_maybe_key(chance, "selector", {"app": "shop"})}}


def _metadata(chance):
    return {
        **_maybe_key(chance, "labels", {"app": "shop", "tier": chance.choice(_WORDS)}),
        **_maybe_key(
            chance, "annotations", {"example.com/note": chance.choice((*_WORDS, *_TEXTS))}
        ),
    }


def _container(chance, name):
    return {
        "name": name,
        "image": "shop:1",
        **_maybe_key(chance, "args", [chance.choice(_WORDS), "--flag"]),
        **_maybe_key(chance, "ports", [{"name": "grpc", "containerPort": 7070}]),
        **_maybe_key(chance, "env", [{"name": "A", "value": "b:1"}, {"name": "B", "value": "c"}]),
        **_maybe_key(chance, "livenessProbe", {"grpc": {"port": 7070}, "periodSeconds": 5}),
        **_maybe_key(chance, "command", [chance.choice(_TEXTS)]),
    }


def _maybe(chance, value):
    """Return *value*, or one of the ways in which people leave it empty."""
    return chance.choice((value, value, value, None, {} if isinstance(value, dict) else []))


def _maybe_key(chance, key, value):
    if chance.random() < 0.3:
        return {}
    return {key: _maybe(chance, value) if isinstance(value, dict | list) else value}


def _document(layout, data):
    lines = _mapping(layout, data, 0)
    return "".join(f"{line}\n" for line in lines)


def _mapping(layout, data, indent):
    lines = []
    for key, value in data.items():
        lines += _comment(layout, indent)
        head = f"{' ' * indent}{_key(layout, key)}:"
        column = indent + (layout.dash if isinstance(value, list) else layout.step)
        lines += _value(layout, head, value, column, indent)
    return lines


def _sequence(layout, items, indent):
    lines = []
    for item in items:
        lines += _comment(layout, indent)
        dash, column = f"{' ' * indent}-", indent + layout.gap
        is_block = isinstance(item, dict | list) and item and layout.chance.random() >= layout.flow
        if not is_block:
            lines += _value(layout, dash, item, column, indent, is_flow=True)
        elif layout.chance.random() < 0.15:
            lines += [dash + _trailer(layout), *_block(layout, item, column)]
        else:
            first, *rest = _block(layout, item, column, is_first_bare=True)
            lines += [f"{dash.ljust(column)}{first.lstrip()}", *rest]
    return lines


def _block(layout, value, column, *, is_first_bare=False):
    lines = (_mapping if isinstance(value, dict) else _sequence)(layout, value, column)
    while is_first_bare and (not lines[0].strip() or lines[0].lstrip().startswith("#")):
        lines = lines[1:]
    return lines


def _value(layout, head, value, column, indent, *, is_flow=False):
    is_text = isinstance(value, str) and "\n" in value
    is_block = isinstance(value, dict | list) and value and not is_flow
    if is_block and layout.chance.random() >= layout.flow / 2:
        return [head + _trailer(layout), *_block(layout, value, column)]
    if is_text and value in _TEXTS and not value.startswith("#") and layout.chance.random() < 0.7:
        return [
            f"{head} {line}" if n == 0 else line
            for n, line in enumerate(_literal(value, indent + layout.step))
        ]
    if value is None and layout.chance.random() < 0.5:
        return [head + _trailer(layout)]
    return [f"{head} {_flow(layout, value)}{_trailer(layout)}"]


def _literal(value, column):
    chomp = "-" if not value.endswith("\n") else "+" if value.endswith("\n\n") else ""
    lines = value.removesuffix("\n").split("\n")
    return [f"|{chomp}", *(" " * column + line if line else "" for line in lines)]


def _flow(layout, value):
    if isinstance(value, dict):
        inside = ", ".join(
            f"{_key(layout, key)}: {_flow(layout, each)}" for key, each in value.items()
        )
        return "{" + layout.chance.choice((inside, f" {inside} ")) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(layout, each) for each in value) + "]"
    if isinstance(value, str):
        return _string(layout, value)
    return json.dumps(value)


def _string(layout, value):
    forms = [json.dumps(value)]
    if value and value.isascii() and value.replace("-", "").replace(":", "").isalnum():
        plain = value[0].isalpha() and value not in {"yes"} and ":" not in value
        forms += [f"'{value}'", *([value] * 3 if plain else [])]
    return layout.chance.choice(forms)


def _key(layout, key):
    return key if layout.chance.random() < 0.9 else json.dumps(key)


def _trailer(layout):
    return (
        layout.chance.choice((" # why", "  #")) if layout.chance.random() < layout.comments else ""
    )


def _comment(layout, indent):
    if layout.chance.random() >= layout.comments:
        return []
    column = max(0, indent + layout.chance.choice((-2, 0, 0, 2)))
    return layout.chance.choice(([f"{' ' * column}# - note"], [""], ["", f"{' ' * column}# note"]))
