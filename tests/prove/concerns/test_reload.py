"""What is read from files is swapped while it serves, and refused where it is wrong."""

import pytest
import yaml
from harness.proxy import inbound, outbound
from prove.proving import Config, failed, open_, proved, rendered, words_of

from sidecarctl.envoy.reload import split

_SWAP, _WRONG = "a swap of the files, with requests on their way", "files with a wrong route"


def _from_files(config):
    head, parts = split(config.bootstrap)
    texts = {name: yaml.safe_dump(part) for name, part in parts.items()}
    return Config(head, {**config.files, **texts})


@pytest.mark.parametrize("tls", ["none", "strict"])
def test_a_swap_is_served_and_a_wrong_one_is_refused(tls, short_folder):
    concerns = {"mtls": {}, "accessLog": {}} if tls == "strict" else {"accessLog": {}}
    config = _from_files(rendered([inbound(8080, tls=tls)], concerns))
    words = words_of(config, "reload", short_folder)
    assert failed(words) == {}
    assert proved(words) == [_SWAP, _WRONG]


def test_files_that_nobody_watches_are_not_served(short_folder):
    config = _from_files(rendered([inbound(8080)], {}))
    _drop(config.bootstrap, "watched_directory")
    words = words_of(config, "reload", short_folder)
    assert failed(words)[_SWAP].startswith("a folder of the files must be watched")


def _drop(value, key):
    if isinstance(value, dict):
        value.pop(key, None)
    for below in value.values() if isinstance(value, dict) else value:
        if isinstance(below, dict | list):
            _drop(below, key)


def test_without_a_listener_of_http_it_is_open(short_folder):
    words = words_of(_from_files(rendered([outbound(5432, "tcp")], {})), "reload", short_folder)
    assert list(open_(words)) == ["a swap of the files"]


def test_of_a_static_bootstrap_nothing_is_said(short_folder):
    assert words_of(rendered([inbound(8080)], {}), "reload", short_folder) == []
