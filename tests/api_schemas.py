"""The API's own schemas as an oracle: kubernetes-validate's files, each loaded once."""

import json
import re
from functools import cache
from importlib import resources

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

VERSIONS = ("1.29", "1.33", "1.37")
_TEMPLATE_ONLY = {"Rollout", "DeploymentConfig"}


def faults(data, version):
    """Return what the strict schema of *version* says against *data*; None: there is none."""
    if data["kind"] in _TEMPLATE_ONLY:
        template = data.get("spec", {}).get("template")
        if template is None:
            return None
        data = {"apiVersion": "v1", "kind": "PodTemplate", "template": template}
    validator = _validator(version, data["kind"], data["apiVersion"])
    if validator is None:
        return None
    return [
        f"{list(error.absolute_path)}: {error.message[:200]}"
        for error in validator.iter_errors(data)
    ]


@cache
def _validator(version, kind, api_version):
    group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    file = _folder(version) / f"{kind.lower()}-{group}.json"
    if not file.is_file():
        return None
    return Draft202012Validator(json.loads(file.read_text()), registry=_registry(version))


@cache
def _folder(version):
    root = resources.files("kubernetes_validate") / "kubernetes-json-schema"
    (folder,) = [
        each
        for each in root.iterdir()
        if re.fullmatch(rf"v{version}(\.\d+)?-local-strict", each.name)
    ]
    return folder


@cache
def _registry(version):
    definitions = Resource.from_contents(
        json.loads((_folder(version) / "_definitions.json").read_text())
    )
    return definitions @ Registry()
