"""The promises again, on workloads that nobody wrote: generated data in generated layouts."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from sidecarctl.errors import SidecarctlError
from sidecarctl.inject.eject import eject
from sidecarctl.inject.inject import inject
from sidecarctl.manifest.document import parse
from sidecarctl.plan.outcome import Status
from sidecarctl.profile.profile import load_profile

PROFILES = Path(__file__).resolve().parents[1] / "profiles"
RELOAD, CAPTURED = str(PROFILES / "reload.yaml"), str(PROFILES / "captured.yaml")
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,12}[a-z0-9]", fullmatch=True)
WORDS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=20)
NUMBERS = st.sampled_from([80, 443, 3000, 5432, 6379, 8080, 9090, 9902, 10000, 50051])


@st.composite
def ports(draw):
    numbers = draw(st.lists(NUMBERS, max_size=3, unique=True))
    names = draw(st.permutations(["http", "grpc", "tcp-raw", "metrics"]))
    return [
        {"containerPort": number} | ({"name": name} if draw(st.booleans()) else {})
        for number, name in zip(numbers, names, strict=False)
    ]


@st.composite
def containers(draw, name):
    container = {"name": name, "image": f"registry.example.com/{name}:1.0.0"}
    if found := draw(ports()):
        container["ports"] = found
    values = draw(st.lists(WORDS | st.sampled_from(["peer:80", "http://peer/x"]), max_size=3))
    if values:
        container["env"] = [{"name": f"V{i}", "value": value} for i, value in enumerate(values)]
    if found and draw(st.booleans()):
        container["readinessProbe"] = {"httpGet": {"port": found[0]["containerPort"], "path": "/"}}
    if draw(st.booleans()):
        container["resources"] = draw(st.sampled_from([{}, {"requests": {"cpu": "100m"}}]))
    return container


@st.composite
def workloads(draw):
    kind = draw(st.sampled_from(["Deployment", "StatefulSet", "DaemonSet", "Job", "Pod"]))
    pod = {
        "containers": [
            draw(containers(name)) for name in draw(st.sampled_from([["app"], ["app", "two"]]))
        ]
    }
    numbers = {
        port["containerPort"] for each in pod["containers"][:1] for port in each.get("ports", [])
    }
    for each in pod["containers"][1:]:
        each["ports"] = [p for p in each.get("ports", []) if p["containerPort"] not in numbers]
    if draw(st.booleans()):
        pod["initContainers"] = draw(st.sampled_from([[], [{"name": "first", "image": "first:1"}]]))
    if draw(st.booleans()):
        pod["terminationGracePeriodSeconds"] = draw(st.integers(1, 90))
    if draw(st.booleans()):
        pod["volumes"] = draw(st.sampled_from([None, [], [{"name": "data", "emptyDir": {}}]]))
    template = {"metadata": {"labels": {"app": "own"}}, "spec": pod}
    metadata = {"name": "own"} | draw(
        st.sampled_from([{}, {"annotations": None}, {"annotations": {"a": "b"}}])
    )
    if kind == "Pod":
        return {
            "apiVersion": "v1",
            "kind": kind,
            "metadata": metadata | {"labels": {"app": "own"}},
            "spec": pod,
        }
    group = "batch/v1" if kind == "Job" else "apps/v1"
    selector = {} if kind == "Job" else {"selector": {"matchLabels": {"app": "own"}}}
    if kind == "Job":
        pod["restartPolicy"] = "Never"
    return {
        "apiVersion": group,
        "kind": kind,
        "metadata": metadata,
        "spec": selector | {"template": template},
    }


@st.composite
def services(draw):
    targets = draw(
        st.lists(st.sampled_from([None, 80, 8080, "http", "grpc"]), min_size=1, max_size=2)
    )
    listed = [
        {"name": f"p{i}", "port": 80 + i} | ({"targetPort": target} if target else {})
        for i, target in enumerate(targets)
    ]
    name = draw(st.sampled_from(["own", "peer"]))
    spec = {"selector": {"app": name}, "ports": listed}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


@st.composite
def manifests(draw):
    """Return the text of a manifest in block, flow or JSON layout, with its odds and ends."""
    documents = [draw(workloads()), *draw(st.lists(services(), max_size=2))]
    layout = draw(st.sampled_from(["block", "wide", "flow", "json", "pretty", "list"]))
    if layout in {"json", "pretty"}:
        indent = 2 if layout == "pretty" else None
        return "\n".join(json.dumps(each, indent=indent) for each in documents) + draw(
            st.sampled_from(["", "\n"])
        )
    if layout == "list":
        documents = [{"apiVersion": "v1", "kind": "List", "items": documents}]
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = layout == "flow"
    yaml.width = 10_000
    if layout == "wide":
        yaml = YAML()
        yaml.width = 10_000
        yaml.indent(mapping=4, sequence=6, offset=3)
    parts = []
    for document in documents:
        buffer = io.StringIO()
        yaml.dump(document, buffer)
        parts.append(draw(st.sampled_from(["", "# a comment\n"])) + buffer.getvalue())
    text = draw(st.sampled_from(["---\n", "--- # next\n", "\n---\n\n"])).join(parts)
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return (
        draw(st.sampled_from(["", "\ufeff"]))
        + text
        + draw(st.sampled_from(["", "# the end", "...\n"]))
    )


@pytest.mark.parametrize("profile", ["default", "strict", "datadog", "istio", RELOAD, CAPTURED])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=manifests())
def test_what_is_injected_is_there_once_and_can_be_taken_back(profile, text):
    try:
        before = parse(text, "x.yaml")
    except SidecarctlError:
        return  # two documents run into one by what stands between them
    chosen = load_profile(profile)
    result = inject([before], [], chosen)
    after = result.texts["x.yaml"][1]
    if result.refused:
        assert after == text
        assert all(each.message and each.code for each in result.refused)
        return
    documents = parse(after, "x.yaml").documents
    theirs = [each for each in documents if "sidecarctl.dev/owner" not in each.annotations]
    assert [str(each) for each in theirs] == [str(each) for each in before.documents]
    again = inject([parse(after, "x.yaml")], [], chosen)
    assert again.texts["x.yaml"][1] == after
    assert {each.status for each in again.outcomes} <= {Status.UNCHANGED, Status.SKIPPED}
    assert eject([parse(after, "x.yaml")]).texts["x.yaml"][1] == text
