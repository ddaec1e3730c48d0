"""Every bootstrap that an injection renders is one that the real Envoy takes, without a warning."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from corpus import FILES as CORPUS
from corpus import at_least

from sidecarctl.envoy.binary import find_envoy, validate
from sidecarctl.envoy.bootstrap import dump
from sidecarctl.envoy.reload import join
from sidecarctl.errors import SidecarctlError
from sidecarctl.inject.inject import inject
from sidecarctl.manifest.document import parse
from sidecarctl.profile.profile import load_profile

HERE = Path(__file__).parent
FULL = str(HERE.parent / "profiles" / "full.yaml")
CAPTURED = str(HERE.parent / "profiles" / "captured.yaml")
RELOAD = str(HERE.parent / "profiles" / "reload.yaml")
FILES = [*sorted((HERE.parent / "fixtures").iterdir()), *CORPUS]
BOUND = ['sidecars.envoy.bind={env: {HOST: "127.0.0.1"}}']

pytestmark = pytest.mark.skipif(not find_envoy(), reason="there is no Envoy for this platform")


def rendered(profile):
    """Yield the ConfigMap data of each Envoy that *profile* makes of a file."""
    for file in FILES:
        text = file.read_bytes().decode()
        try:
            result = inject([parse(text, file.name)], [], profile)
        except SidecarctlError:
            continue
        for document in parse(result.texts[file.name][1], file.name).documents:
            if document.kind == "ConfigMap" and "sidecarctl.dev/owner" in document.annotations:
                yield document.data["data"]


def whole(files):
    """Return the bootstrap with what its files hold: ``--mode validate`` reads none of them."""
    bootstrap = files["bootstrap.yaml"]
    if "dynamic_resources" not in bootstrap:
        return bootstrap
    data = {name: yaml.load(text, yaml.CSafeLoader) for name, text in files.items()}
    joined, moved = join(data.pop("bootstrap.yaml"), data)
    assert {each.file for each in moved} == {each for each in data if not each.startswith("sds-")}
    return dump(joined)


@pytest.mark.parametrize(
    ("profile", "options", "least"),
    [
        ("default", {}, 75),
        ("strict", {}, 75),
        (FULL, {}, 75),
        ("default", {"kubernetes_version": "1.28"}, 70),
        ("strict", {"sets": BOUND}, 50),
        (RELOAD, {}, 75),
        (CAPTURED, {}, 75),
    ],
    ids=["default", "strict", "full", "classic", "loopback", "reload", "captured"],
)
def test_envoy_takes_every_bootstrap_without_a_warning(
    profile, options, least, request, record_property
):
    distinct = {
        each: {k: v for k, v in files.items() if k != "bootstrap.yaml"}
        for files in rendered(load_profile(profile, **options))
        for each in {files["bootstrap.yaml"], whole(files)}
    }
    with ThreadPoolExecutor(2) as pool:
        verdicts = list(pool.map(lambda each: validate(*each), distinct.items()))
    name = request.node.callspec.id
    record_property("covered", f"{name}: Envoy takes {len(distinct)} distinct bootstraps")
    assert [verdict.messages for verdict in verdicts if not verdict.clean] == []
    assert len(distinct) >= at_least(least, 10)
