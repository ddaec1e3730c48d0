"""Runs one proof on a bootstrap as `inject` renders it, whole or broken in the way of a test."""

import copy
from dataclasses import dataclass

import yaml
from harness.proxy import build

from sidecarctl.manifest.document import parse
from sidecarctl.prove.row import Verdict
from sidecarctl.prove.run import Limits, choose, prove
from sidecarctl.prove.subject import subjects

ALWAYS = {"hardening": {}, "lifecycle": {}}


@dataclass(frozen=True)
class Config:
    """A ConfigMap: a bootstrap as data, and the texts of its other files."""

    bootstrap: dict
    files: dict

    def broken(self, how):
        """Return a copy whose bootstrap *how* has changed."""
        bootstrap = copy.deepcopy(self.bootstrap)
        how(bootstrap)
        return Config(bootstrap, self.files)

    def text(self):
        data = {"bootstrap.yaml": yaml.safe_dump(self.bootstrap), **self.files}
        config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shop-envoy"}}
        return yaml.safe_dump(config_map | {"data": data})


def rendered(listeners, concerns):
    """Return the ConfigMap of *listeners* with *concerns*."""
    built = build(listeners, ALWAYS | concerns)
    return Config(yaml.safe_load(built.text), built.files)


def rows_of(config, concern, folder):
    """Return the rows of the proof of *concern*."""
    found = subjects(parse(config.text(), "shop.yaml").documents, "prod")
    proved = prove(found, choose([concern]), folder, limits=Limits(2, 50))
    return [row for row in proved.rows if row.concern == concern]


def failed(rows):
    """Return what was tried (without the name of the way) and did not come out, with its cause."""
    return {_bare(row): row.cause for row in rows if row.verdict is Verdict.FAILED}


def open_(rows):
    """Return what is not proved, with the reason."""
    return {_bare(row): row.seen for row in rows if row.verdict is Verdict.UNPROVED}


def proved(rows):
    """Return what was tried and came out."""
    return [_bare(row) for row in rows if row.verdict is Verdict.PROVED]


def _bare(row):
    return row.tried.partition(": ")[2] or row.tried


def listener(bootstrap, name):
    (found,) = [each for each in bootstrap["static_resources"]["listeners"] if each["name"] == name]
    return found


def cluster(bootstrap, name):
    (found,) = [each for each in bootstrap["static_resources"]["clusters"] if each["name"] == name]
    return found


def chain(bootstrap, name):
    return listener(bootstrap, name)["filter_chains"][0]


def tls(bootstrap, name):
    return chain(bootstrap, name)["transport_socket"]["typed_config"]


def manager(bootstrap, name):
    return chain(bootstrap, name)["filters"][-1]["typed_config"]


def http_filter(bootstrap, name, kind):
    filters = manager(bootstrap, name)["http_filters"]
    (found,) = [each["typed_config"] for each in filters if each["name"].endswith(kind)]
    return found


def routes(bootstrap, name):
    return manager(bootstrap, name)["route_config"]["virtual_hosts"][0]["routes"]


def route(bootstrap, name, title):
    (found,) = [each for each in routes(bootstrap, name) if each["name"] == title]
    return found
