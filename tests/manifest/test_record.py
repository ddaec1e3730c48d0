"""What the record says, and how the way back goes when the file is not as injection left it."""

import copy
import json

import pytest
import yaml
from injections import MARKS

from sidecarctl.errors import ManifestError
from sidecarctl.manifest.document import parse
from sidecarctl.manifest.edits.splice import Rewrite
from sidecarctl.manifest.records.record import Ejected, eject_text, inject_text
from sidecarctl.manifest.records.stamp import RECORD

SHOP = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop # the shop
spec:
  template:
    metadata:
      annotations: {}
    spec:
      containers:
        - name: server
          ports:
            - name: http
              containerPort: 80
          env:
            - name: DB
              value: "db:5432"
          livenessProbe:
            grpc:
              port: 80
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  ports: [{port: 80, targetPort: http}]
"""

INJECTED = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop # the shop
  annotations:
    sidecarctl.dev/record: |
      v1 + metadata.annotations 19+1 e9f90500 [sidecarctl.dev/record] \
[sidecarctl.dev/profile] [sidecarctl.dev/version]
      ~ spec.template.metadata.annotations 9+44 f2e10236 [sidecarctl.dev/config-checksum] was " {}"
      ~ spec.template.spec.containers[server].ports[app-http].name 0+8 942d2e38 was "http"
      ~ spec.template.spec.containers[server].env[DB].value 0+17 0e0a9982 was "\\"db:5432\\""
      + spec.template.spec.containers[server].env[HOST] 14+25 14b6af8d
      ~: spec.template.spec.containers[server].livenessProbe.httpGet 0+52 386ddcf2 \
was "grpc:\\n              port: 80"
      + spec.template.spec.volumes 6+70 2303eab5 [envoy-config] [envoy-run]
      + doc ConfigMap/shop-envoy 4+64 127382f3
    sidecarctl.dev/profile: default
    sidecarctl.dev/version: "0.1.0"
spec:
  template:
    metadata:
      annotations:
        sidecarctl.dev/config-checksum: abc
    spec:
      containers:
        - name: server
          ports:
            - name: app-http
              containerPort: 80
          env:
            - name: DB
              value: "127.0.0.1:10100"
            - name: HOST
          livenessProbe:
            httpGet:
              path: /
              port: 1
      volumes:
        - name: envoy-config
        - name: envoy-run
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: shop-envoy
---
apiVersion: v1
kind: Service
metadata: {name: shop, annotations: {sidecarctl.dev/record: \
"v1 + metadata.annotations 16+1 e6a0b550 [sidecarctl.dev/record] [sidecarctl.dev/profile] \
[sidecarctl.dev/version]\\n~ spec.ports[port=80].targetPort 0+5 65cd6416 was \\"http\\"\\n", \
sidecarctl.dev/profile: default, sidecarctl.dev/version: "0.1.0"}}
spec:
  ports: [{port: 80, targetPort: 10000}]
"""


def containers(data):
    return data["spec"]["template"]["spec"]["containers"]


def change_shop(data):
    template = data["spec"]["template"]
    template["metadata"]["annotations"] = {"sidecarctl.dev/config-checksum": "abc"}
    (server,) = containers(data)
    server["ports"][0]["name"] = "app-http"
    server["env"][0]["value"] = "127.0.0.1:10100"
    server["env"].append({"name": "HOST"})
    server["livenessProbe"] = {"httpGet": {"path": "/", "port": 1}}
    template["spec"]["volumes"] = [{"name": "envoy-config"}, {"name": "envoy-run"}]


CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shop-envoy"}}


def inject(text, *, changes=(change_shop,), new=(CONFIG,), file="shop.yaml"):
    """Return *text* with *changes* made to its first documents, and *new* behind the first."""
    manifest = parse(text, file)
    rewrites = []
    for number, (document, change) in enumerate(zip(manifest.documents, changes, strict=False)):
        after = copy.deepcopy(document.data)
        change(after)
        rewrites.append(Rewrite(document, after, () if number else tuple(new)))
    return inject_text(manifest, rewrites, [MARKS] * len(rewrites))


def eject(text, file="shop.yaml"):
    return eject_text(parse(text, file))


def repoint(data):
    data["spec"]["ports"][0]["targetPort"] = 10000


def replaced(text, *pairs):
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def data_of(text):
    return [document.data for document in parse(text, "shop.yaml").documents]


def test_record():
    assert inject(SHOP, changes=(change_shop, repoint)) == INJECTED


def test_way_back():
    assert eject(INJECTED) == Ejected(
        SHOP, ("Deployment/shop", "Service/shop"), ("ConfigMap/shop-envoy",)
    )


def test_nothing_to_take_back():
    assert eject(SHOP) == Ejected(SHOP)


def test_a_document_that_stays_as_it_is_bears_no_record():
    assert inject(SHOP, changes=(lambda _data: None,), new=()) == SHOP


def test_new_documents_alone_are_recorded():
    text = inject(SHOP, changes=(lambda _data: None,))
    assert "+ doc ConfigMap/shop-envoy" in text
    assert eject(text).text == SHOP


LAST = "              port: 80\n---\n"

ELSEWHERE = {
    "a comment above": [("apiVersion: apps/v1\n", "# mine\napiVersion: apps/v1\n")] * 2,
    "a comment between": [
        ("      volumes:\n", "      # mine\n      volumes:\n"),
        (LAST, "              port: 80\n      # mine\n---\n"),
    ],
    "a comment behind a value": [("containerPort: 80\n", "containerPort: 80 # mine\n")] * 2,
    "another container": [
        ("      volumes:\n", "        - name: mine\n      volumes:\n"),
        (LAST, "              port: 80\n        - name: mine\n---\n"),
    ],
    "another variable": [
        ("            - name: HOST\n", "            - name: HOST\n            - name: MINE\n"),
        ('value: "db:5432"\n', 'value: "db:5432"\n            - name: MINE\n'),
    ],
    "another label": [("# the shop\n", "# the shop\n  labels: {a: b}\n")] * 2,
    "another name": [("  name: shop # the shop\n", "  name: store\n")] * 2,
    "one more document": [
        ("---\napiVersion: v1\nkind: S", "---\na: b\n---\napiVersion: v1\nkind: S")
    ]
    * 2,
}


@pytest.mark.parametrize("case", ELSEWHERE)
def test_edits_elsewhere(case):
    edit, same_edit = ELSEWHERE[case]
    result = eject(replaced(INJECTED, edit))
    assert result.text == replaced(SHOP, same_edit)
    assert result.exact


def test_new_document_moved_to_the_end():
    config = "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop-envoy\n"
    assert eject(replaced(INJECTED, (config, "")) + config).text == SHOP


def test_new_document_taken_out_by_hand():
    config = "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop-envoy\n"
    assert eject(replaced(INJECTED, (config, ""))) == Ejected(
        SHOP, ("Deployment/shop", "Service/shop")
    )


TOUCHED = {
    "a new item": (("            - name: HOST\n", "            - name: HOST  # mine\n"), ()),
    "a new item, with a field more": (
        ("            - name: HOST\n", "            - name: HOST\n              value: mine\n"),
        (),
    ),
    "a new parent, with an item more": (
        ("        - name: envoy-run\n", "        - name: envoy-run\n        - name: mine\n"),
        (LAST, "              port: 80\n      volumes:\n        - name: mine\n---\n"),
    ),
    "a new parent, with an item less": (("        - name: envoy-run\n", ""), ()),
    "a filled parent": (
        ("config-checksum: abc\n", "config-checksum: abc\n        mine: x\n"),
        ("      annotations: {}\n", "      annotations:\n        mine: x\n"),
    ),
    "the new document": (("  name: shop-envoy\n", "  name: shop-envoy\n  labels: {a: b}\n"), ()),
    "the record, by a comment": (
        ("    sidecarctl.dev/profile", "    # mine\n    sidecarctl.dev/profile"),
        (),
    ),
    "the record, by an annotation": (
        (
            '    sidecarctl.dev/version: "0.1.0"\nspec',
            '    sidecarctl.dev/version: "0.1.0"\n    mine: x\nspec',
        ),
        ("# the shop\n", "# the shop\n  annotations:\n    mine: x\n"),
    ),
    "a replaced entry": (("              path: /\n", "              path: /mine\n"), ()),
    "the quotes of a replaced value": (('"127.0.0.1:10100"', "'127.0.0.1:10100'"), ()),
}


@pytest.mark.parametrize("case", TOUCHED)
def test_edits_of_what_was_injected(case):
    edit, same_edit = TOUCHED[case]
    result = eject(replaced(INJECTED, edit))
    assert data_of(result.text) == data_of(replaced(SHOP, same_edit) if same_edit else SHOP)
    assert result.inexact == ("Deployment/shop",)
    assert result.documents == ("Deployment/shop", "Service/shop")
    assert result.removed == ("ConfigMap/shop-envoy",)
    assert result.lost == ()


def test_what_was_not_touched_still_goes_to_the_byte():
    result = eject(
        replaced(INJECTED, ("            - name: HOST\n", "            - name:   HOST\n"))
    )
    assert result.text == SHOP
    assert result.inexact == ("Deployment/shop",)


def test_what_somebody_has_set_anew_stays():
    result = eject(replaced(INJECTED, ('"127.0.0.1:10100"', '"mine:1"')))
    assert result.text == replaced(SHOP, ('"db:5432"', '"mine:1"'))
    assert result.lost == ("Deployment/shop: spec.template.spec.containers[server].env[DB].value",)
    assert not result.exact


def test_what_cannot_be_found_is_named():
    result = eject(replaced(INJECTED, ("        - name: server\n", "        - name: store\n")))
    assert result.lost == tuple(
        f"Deployment/shop: spec.template.spec.containers[server].{place}"
        for place in ("ports[app-http].name", "env[DB].value", "env[HOST]", "livenessProbe.httpGet")
    )
    assert "volumes" not in result.text
    assert "sidecarctl" not in result.text


@pytest.mark.parametrize(
    "layout",
    [
        yaml.safe_dump_all,
        lambda documents: yaml.safe_dump_all(documents, default_flow_style=True),
        lambda documents: yaml.safe_dump_all(documents, indent=4, default_style='"'),
        lambda documents: "".join(json.dumps(each) for each in documents),
        lambda documents: json.dumps({"apiVersion": "v1", "kind": "List", "items": documents}),
    ],
    ids=["sorted", "flow", "quoted", "JSON", "a List in JSON"],
)
def test_a_formatter_moved_everything(layout):
    text = layout(data_of(INJECTED))
    result = eject(text)
    assert data_of(result.text) == data_of(SHOP)
    assert result.inexact == ("Deployment/shop", "Service/shop")
    assert result.lost == ()


def test_over_what_a_merge_key_brings():
    head = "x: &x\n  a: 1\nkind: Pod\nmetadata:\n  name: shop\n"
    text = f"{head}spec:\n  <<: *x\n  b: 2\n"
    injected = inject(text, changes=(lambda data: data["spec"].update(a=5),), new=())
    assert injected.endswith("  <<: *x\n  b: 2\n  a: 5\n")
    assert eject(injected) == Ejected(text, ("Pod/shop",))
    result = eject(injected.replace("  a: 5", "  a:  5"))
    assert result.text == text + "  a:  5\n"
    assert result.lost == ("Pod/shop: spec.a",)


def test_a_record_moved_behind_an_alias():
    head = "x: &x\n  sidecarctl.dev/record: |\n    v1 + metadata.annotations 19+1 00000000 "
    shared = f"{head}[sidecarctl.dev/record]\n    + a 0+5 00000000\n"
    result = eject(f"{shared}metadata:\n  name: shop\n  annotations: *x\na: 1\n")
    assert result.text == f"{shared}metadata:\n  name: shop\n"
    assert result.inexact == ("/shop",)


def test_other_line_ends():
    result = eject(INJECTED.replace("\n", "\r\n"))
    assert data_of(result.text) == data_of(SHOP)
    assert "\n" not in result.text.replace("\r\n", "")
    assert result.inexact == ("Deployment/shop", "Service/shop")


DAMAGED = {
    "no record": (
        "a record\n",
        "the record of Pod/shop is damaged: cannot read 'a record\\n'",
    ),
    "a later format": (
        "v2 whatever\n",
        "the record of Pod/shop has the format v2, not v1",
    ),
    "no stamp": ("v1 \n", "the record of Pod/shop is damaged: cannot read ''"),
    "a line cut off": (
        "v1 + metadata 0+1 00000000\n+ spec.x 0+\n",
        "the record of Pod/shop is damaged: cannot read '+ spec.x 0+'",
    ),
    "no selector": (
        "v1 + metadata 0+1 00000000\n+ spec..x 0+1 00000000\n",
        "the record of Pod/shop is damaged: cannot read '+ spec..x 0+1 00000000'",
    ),
    "an old text that says nothing": (
        'v1 + metadata 0+1 00000000\n~: spec.x 0+1 00000000 was "]"\n',
        "the record of Pod/shop is damaged: ']' is no entry",
    ),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_record(case):
    record, message = DAMAGED[case]
    metadata = {"name": "shop", "annotations": {RECORD: record}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"x": 1}}
    with pytest.raises(ManifestError) as caught:
        eject(yaml.safe_dump(pod, sort_keys=False))
    assert str(caught.value) == f"shop.yaml:6:5: {message}"
    assert caught.value.hint


REFUSED = {
    "a record is there": (
        INJECTED,
        "shop.yaml:6:5: Deployment/shop has the annotation 'sidecarctl.dev/record' already",
    ),
    "no place for annotations": (
        "kind: Pod\nmetadata: shop\nspec: {}\n",
        "shop.yaml:2:1: Pod/ has no mapping for annotations",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuse(case):
    text, message = REFUSED[case]
    with pytest.raises(ManifestError) as caught:
        inject(text, changes=(lambda data: data["spec"].update(x=1),))
    assert str(caught.value) == message
    assert caught.value.hint


def test_refuse_what_cannot_be_recorded():
    with pytest.raises(ManifestError) as caught:
        inject(SHOP, changes=(lambda data: containers(data)[0].pop("env"),))
    assert str(caught.value) == (
        "shop.yaml:15:11: the field spec.template.spec.containers[0].env cannot be taken out"
    )
    assert caught.value.hint == "there is no record that could put it back"


ANNOTATIONS = {
    "none": "kind: Pod\nmetadata:\n  name: x\n",
    "some": "kind: Pod\nmetadata:\n  name: x\n  annotations:\n    a: b\n  # mine\n  labels: {}\n",
    "some in flow style": "kind: Pod\nmetadata: {name: x, annotations: {a: b}}\n",
    "an empty mapping": "kind: Pod\nmetadata:\n  annotations: {}\n  name: x\n",
    "an empty mapping and a comment": "kind: Pod\nmetadata:\n  annotations: {} # mine\n  name: x\n",
    "nothing": "kind: Pod\nmetadata:\n  annotations:\n  name: x\n",
    "nothing but a comment": "kind: Pod\nmetadata:\n  annotations: # mine\n    # a: b\n  name: x\n",
    "null": "kind: Pod\nmetadata:\n  annotations: null\n  name: x\n",
    "no metadata": "kind: Pod\n",
    "empty metadata": "kind: Pod\nmetadata: {}\n",
    "metadata of nothing": "kind: Pod\nmetadata:",
    "an alias": "x: &x\n  a: b\nkind: Pod\nmetadata:\n  annotations: *x\n  name: x\n",
    "a merge key": "x: &x\n  a: b\nkind: Pod\nmetadata:\n  annotations:\n    <<: *x\n  name: x\n",
    "JSON": '{"kind": "Pod", "metadata": {"annotations": {"a": "b"}}}',
    "empty JSON": '{"kind": "Pod", "metadata": {"annotations": {}}}',
    "JSON over lines": '{\n  "kind": "Pod",\n  "metadata": {\n    "annotations": null\n  }\n}\n',
    "a List": "kind: List\nitems:\n- kind: Pod\n  metadata:\n    name: x\n- kind: Pod\n",
}


@pytest.mark.parametrize("case", ANNOTATIONS)
@pytest.mark.parametrize("of_the_pod", [False, True], ids=["", "and the pod's own"])
def test_place_of_the_record(case, of_the_pod):
    """Of a Pod, the record stands beside annotations that injection itself has added."""

    def change(data):
        data["spec"] = {"x": 1}
        if of_the_pod:
            metadata = data["metadata"] = data.get("metadata") or {}
            metadata["annotations"] = {**(metadata.get("annotations") or {}), "z": "1"}

    text = ANNOTATIONS[case]
    injected = inject(text, changes=(change,), new=())
    (document, *_) = parse(injected, "shop.yaml").documents
    assert list(document.annotations)[-3:] == [RECORD, *MARKS]
    assert eject(injected).text == text
    assert eject(injected).exact


def test_a_record_that_tells_of_one_place_twice_is_damaged():
    """Taken out twice by its place in the list, the neighbour would go as well."""
    manifest = parse(SHOP_WITH_LIST, "shop.yaml")
    (document,) = manifest.documents
    after = copy.deepcopy(document.data)
    after["spec"]["template"]["spec"]["containers"].insert(0, {"name": "envoy", "image": "e:1"})
    text = inject_text(manifest, [Rewrite(document, after)], [{}])
    (line,) = [each for each in text.splitlines(keepends=True) if "+ spec" in each]
    with pytest.raises(ManifestError, match="tell of the same place"):
        eject_text(parse(text.replace(line, line * 2), "shop.yaml"))


SHOP_WITH_LIST = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  template:
    spec:
      containers:
      - name: app
        image: a:1
      - name: other
        image: o:1
"""
