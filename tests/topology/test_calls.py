"""Addresses that name a Service, in every spelling."""

import pytest

from sidecarctl.manifest.document import parse
from sidecarctl.topology.calls import calls
from sidecarctl.topology.fleet import fleet

INPUT = """
apiVersion: v1
kind: Pod
metadata: {{name: caller, namespace: shop}}
spec:
  containers:
  - name: app
    image: x:1
    args: [{args}]
    env: [{{name: {variable}, value: {value}}}]
---
apiVersion: v1
kind: Service
metadata: {{name: stock, namespace: shop}}
spec: {{selector: {{app: stock}}, ports: [{{port: 7070}}, {{port: 80}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: mail, namespace: other}}
spec: {{selector: {{app: mail}}, ports: [{{port: 25}}]}}
"""


def found(value="''", variable="ADDR_OF_STOCK", args=""):
    text = INPUT.format(value=value, variable=variable, args=args)
    joined = fleet(parse(text, "input.yaml").documents)
    (caller,) = joined.workloads
    return [
        (call.service.name, call.port.number, call.text[call.start : call.end], call.obstacle)
        for call in calls(caller, joined)
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("stock:7070", [("stock", 7070, "stock:7070", "")]),
        ("stock.shop:7070", [("stock", 7070, "stock.shop:7070", "")]),
        ("stock.shop.svc:7070", [("stock", 7070, "stock.shop.svc:7070", "")]),
        (
            "stock.shop.svc.cluster.local:7070",
            [("stock", 7070, "stock.shop.svc.cluster.local:7070", "")],
        ),
        ("mail.other:25", [("mail", 25, "mail.other:25", "")]),
        ("http://stock", [("stock", 80, "stock", "")]),
        ("http://stock/a?b=stock", [("stock", 80, "stock", "")]),
        ("'http://user:word@stock:7070/x'", [("stock", 7070, "stock:7070", "")]),
        ("dns:///stock:7070", [("stock", 7070, "stock:7070", "")]),
        (
            "'stock:7070,mail.other:25'",
            [("stock", 7070, "stock:7070", ""), ("mail", 25, "mail.other:25", "")],
        ),
        ("mail:25", []),  # a Service of another namespace has no short name here
        ("stock:9999", []),  # the Service has no such port
        ("stock.example.com:7070", []),
        ("my-stock:7070", []),
        ("stock", []),  # a word, not an address
        ("'a stock:7070x'", []),
    ],
)
def test_an_address_in_a_variable(value, expected):
    assert found(value) == expected


def test_a_variable_that_holds_the_host_alone_is_named_but_cannot_be_rewired():
    assert found("stock", "STOCK_HOST") == [
        ("stock", 7070, "stock", "the variable holds the host alone, its port stands elsewhere")
    ]


def test_an_address_in_an_argument_is_named_but_cannot_be_rewired():
    assert found(args="'--stock=stock:7070'") == [
        ("stock", 7070, "stock:7070", "it stands in an argument, not in an environment variable")
    ]


def test_an_address_in_a_config_map_is_named_where_it_stands():
    text = INPUT.format(value="''", variable="X", args="").replace(
        "env: [{name: X, value: ''}]",
        "envFrom: [{configMapRef: {name: settings}}]\n    env:\n    - name: A\n"
        "      valueFrom: {configMapKeyRef: {name: settings, key: STOCK}}",
    )
    text += "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop}\n"
    text += "data:\n  STOCK: stock:7070\n  MAIL: mail.other:25\n"
    joined = fleet(parse(text, "input.yaml").documents)
    found = calls(joined.workloads[0], joined)
    assert [(str(call.document), call.path, call.variable) for call in found] == [
        ("ConfigMap/settings", ("data", "STOCK"), "A"),
        ("ConfigMap/settings", ("data", "STOCK"), "STOCK"),
        ("ConfigMap/settings", ("data", "MAIL"), "MAIL"),
    ]
    assert {call.obstacle for call in found} == {
        "it stands in the ConfigMap 'settings', which others may read as well"
    }
