"""What Envoy would refuse is not written."""

import pytest

from sidecarctl.errors import TemplateError
from sidecarctl.inject import build
from sidecarctl.inject.inject import inject
from sidecarctl.manifest.document import parse
from sidecarctl.profile.profile import load_profile

POD = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: shop}\n"
    "spec: {containers: [{name: shop, image: a:1, ports: [{containerPort: 80}]}]}\n"
)


def test_a_bootstrap_that_breaks_a_rule_of_envoy_is_refused_with_its_path(monkeypatch):
    once = build.assemble

    def broken(**parts):
        bootstrap = once(**parts)
        bootstrap["static_resources"]["clusters"][0]["connect_timeout"] = "0s"
        return bootstrap

    monkeypatch.setattr(build, "assemble", broken)
    with pytest.raises(TemplateError) as error:
        inject([parse(POD, "pod.yaml")], [], load_profile("default"))

    assert error.value.message == (
        "Envoy would refuse what is rendered: static_resources.clusters[0].connect_timeout: "
        "must be greater than 0, but is '0s'"
    )
    assert str(error.value.at) == "pod.yaml:3:18"
