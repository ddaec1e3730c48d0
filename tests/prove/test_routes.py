"""Several routes of one listener: each is exercised, or said not to be."""

from pathlib import Path

import pytest
import yaml
from prove.proving import Config, failed, manager, open_, words_of

from sidecarctl.manifest.document import parse
from sidecarctl.prove.client import Ask
from sidecarctl.prove.routes import fitting, route_of, title
from sidecarctl.prove.run import Limits, choose, prove
from sidecarctl.prove.subject import subjects
from sidecarctl.prove.ways import ways

_FOLDER = Path(__file__).with_name("bootstraps")


def _config(name):
    return Config(yaml.safe_load((_FOLDER / name).read_text()), {})


def _way(name):
    (subject,) = subjects(parse((_FOLDER / name).read_text(), name).documents, "prod")
    return subject, ways(subject.bootstrap)[0]


def test_limits_in_routes_are_counted_each_by_itself(short_folder):
    words = words_of(_config("limits.yaml"), "rateLimit", short_folder)
    assert failed(words) == {}
    assert open_(words) == {"the global limit": "a service counts that is elsewhere"}
    assert [word.tried for word in words[1:]] == [
        "edge pay: the burst, 27 requests at once",
        "edge cart: the burst, 27 requests at once",
        "edge pay: a request after a pause",
        "edge cart: a request after a pause",
    ]


def test_a_limit_that_no_filter_is_there_for_limits_nothing(short_folder):
    config = _config("limits.yaml").broken(_misnamed)
    found = failed(words_of(config, "rateLimit", short_folder))
    assert found["the burst, 27 requests at once"].startswith("no filter of http_filters is called")


def _misnamed(b):
    manager(b, "edge")["http_filters"][0]["name"] = "limits"


@pytest.mark.parametrize("name", ["limits.yaml", "traffic.yaml"])
def test_a_request_made_for_a_route_takes_it(name):
    _, way = _way(name)
    for route in way.chain.routes():
        fit = fitting(way, route)
        ask = Ask("GET", fit.path, fit.headers, fit.host)
        assert route_of(way, ask).path == route.path, title(route)


def test_what_no_request_takes_is_not_proved(short_folder):
    subject, _ = _way("traffic.yaml")
    run = prove([subject], choose(()), short_folder, limits=Limits(jobs=2, timeout_s=60))
    boot = [row.tried for row in run.rows if row.concern == "boot"]
    assert boot == ["edge: the route 'rest'"]
