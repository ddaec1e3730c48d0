"""Injecting over an older injection replaces it and leaves nothing behind."""

from itertools import permutations
from pathlib import Path

import pytest

from sidecarctl.inject.eject import eject
from sidecarctl.inject.inject import inject, step
from sidecarctl.manifest.document import parse
from sidecarctl.profile.profile import load_profile

HERE = Path(__file__).parent
FILES = ("shop.yaml", "stream.yaml", "pod.json")
PROFILES = ("default", "strict", "datadog", "istio", str(HERE.parent / "profiles" / "full.yaml"))


def injected(text, profile, name="input.yaml", **options):
    result = inject([parse(text, name)], [], load_profile(profile, **options))
    assert not result.refused, [(each.name, each.message) for each in result.refused]
    return result.texts[name][1]


def read(name):
    return (HERE.parent / "fixtures" / name).read_bytes().decode()


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    ("first", "second"), list(permutations(PROFILES, 2)), ids=lambda each: Path(each).stem
)
def test_another_profile_or_proxy_replaces_the_one_before(file, first, second):
    text = read(file)
    once = injected(text, first)
    assert injected(once, second) == injected(text, second)


def test_another_kubernetes_version_turns_native_into_classic_and_back():
    text = read("facts.yaml")
    native, classic = (
        injected(text, "default"),
        injected(text, "default", kubernetes_version="1.28"),
    )
    assert "restartPolicy: Always" in native
    assert "restartPolicy: Always" not in classic
    assert injected(classic, "default") == native
    assert injected(native, "default", kubernetes_version="1.28") == classic


def test_what_an_older_version_injected_is_replaced_and_taken_back():
    text = read("shop.yaml")
    now = injected(text, "default")
    older = now.replace('sidecarctl.dev/version: "0.1.0"', 'sidecarctl.dev/version: "0.0.9"')
    older = older.replace("distroless-v1.40.0", "distroless-v1.39.3")
    assert older != now
    assert injected(older, "default") == now
    # The image was changed inside what had been injected: it is taken out by structure.
    ejected = eject([parse(older, "input.yaml")])
    assert ejected.texts["input.yaml"][1] == text
    notes = {note.code for each in ejected.outcomes for note in each.notes}
    assert notes == {"bytes-may-differ"}


def test_the_record_alone_says_which_version_injected():
    """A new version of the tool must not roll the fleet: the pod template says nothing of it."""
    (document,) = parse(injected(read("facts.yaml"), "default"), "x").documents[:1]
    template = document.data["spec"]["template"]["metadata"]["annotations"]
    assert "0.1.0" not in str(template)
    assert document.annotations["sidecarctl.dev/version"] == "0.1.0"
    assert document.annotations["sidecarctl.dev/profile"] == "default"


def test_each_step_of_a_roll_out_gives_out_its_own_half():
    result = inject([parse(read("shop.yaml"), "shop.yaml")], [], load_profile("default"))
    halves = {
        only: [str(each) for each in parse(step(result, only).texts["shop.yaml"][1], "x").documents]
        for only in ("workloads", "services")
    }
    assert halves == {
        "workloads": [
            "Deployment/shop",
            "ConfigMap/shop-envoy",
            "Deployment/stock",
            "ConfigMap/stock-envoy",
            "Deployment/cache",
            "ConfigMap/cache-envoy",
        ],
        "services": ["Service/shop", "Service/stock", "Service/cache"],
    }


def test_new_documents_become_files_of_their_own_where_there_is_a_folder():
    result = inject(
        [parse(read("shop.yaml"), "shop.yaml")], [], load_profile("default"), split=True
    )
    assert sorted(result.files) == ["cache-envoy.yaml", "shop-envoy.yaml", "stock-envoy.yaml"]
    kinds = [each.kind for each in parse(result.texts["shop.yaml"][1], "x").documents]
    assert kinds.count("ConfigMap") == 0
    (document,) = parse(result.files["shop-envoy.yaml"], "x").documents
    assert document.annotations["sidecarctl.dev/owner"] == "Deployment/shop"
    after = eject([parse(result.files["shop-envoy.yaml"], "shop-envoy.yaml")])
    assert after.texts["shop-envoy.yaml"][1] == ""


def test_what_somebody_gave_another_value_since_is_left_and_named():
    text = read("shop.yaml")
    edited = injected(text, "strict").replace("127.0.0.1:10101", "stock.example.com:7070")
    result = eject([parse(edited, "input.yaml")])
    assert [(note.code, note.message) for note in result.notes] == [
        (
            "left-as-it-is",
            "input.yaml: Deployment/shop: spec.template.spec.containers[app].env[STOCK_URL].value "
            "has been changed or moved since, and was left as it is",
        )
    ]
    assert "stock.example.com:7070" in result.texts["input.yaml"][1]
