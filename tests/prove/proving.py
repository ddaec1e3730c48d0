"""Runs one proof on a bootstrap as `inject` renders it, whole or broken in the way of a test."""

import copy
from dataclasses import dataclass

import yaml
from harness.proxy import build

from sidecarctl.manifest.document import parse
from sidecarctl.prove.row import Shown, Unproved
from sidecarctl.prove.run import proofs
from sidecarctl.prove.stand import Situation
from sidecarctl.prove.subject import subjects
from sidecarctl.prove.trial import Trial

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


def rendered(listeners, concerns, **options):
    """Return the ConfigMap of *listeners* with *concerns*; *options* are those of ``build``."""
    built = build(listeners, ALWAYS | concerns, **options)
    return Config(yaml.safe_load(built.text), built.files)


def words_of(config, concern, folder, *, until=()):
    """Return what the proof of *concern* says, up to where all of *until* have failed."""
    (subject,) = subjects(parse(config.text(), "shop.yaml").documents, "prod")
    trial = Trial(folder)
    try:
        said = []
        for word in proofs()[concern](Situation(subject, trial, "0")):
            said.append(word)
            if until and set(until) <= set(failed(said)):
                break
        return said
    finally:
        trial.stop()


def failed(words):
    """Return what was tried (without the name of the way) and did not come out, with its cause."""
    return {_bare(word.tried): word.cause for word in words if _is(word, ok=False)}


def open_(words):
    """Return what is not proved, with the reason."""
    return {_bare(word.what): word.why for word in words if isinstance(word, Unproved)}


def proved(words):
    """Return what was tried and came out."""
    return [_bare(word.tried) for word in words if _is(word, ok=True)]


def _is(word, *, ok):
    return isinstance(word, Shown) and word.ok is ok


def _bare(tried):
    return tried.partition(": ")[2] or tried


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
