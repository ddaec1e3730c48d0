"""What is known of an image, and what a text dials."""

import pytest

from sidecarctl.errors import ProfileError
from sidecarctl.lifecycle.assumptions import (
    Assumption,
    Case,
    assume,
    parse_assumption,
    said_of,
    sleep_s,
)
from sidecarctl.lifecycle.images import known
from sidecarctl.lifecycle.needs import dials
from sidecarctl.lifecycle.pod import Handler
from sidecarctl.lifecycle.reading import read


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("http://localhost:8080/x", [8080]),
        ("localhost:5432", [5432]),
        ("127.0.0.1:1", [1]),
        ("http://[::1]:9000", [9000]),
        ("postgres://user:secret@localhost:6432/db", [6432]),
        ("postgresql+asyncpg://localhost/db", [5432]),
        ("jdbc:mysql://localhost/db", [3306]),
        ("https://localhost/health", [443]),
        ("until nc -z localhost 5432; do sleep 1; done", [5432]),
        ("pg_isready -h localhost -p 5433", [5433]),
        ("redis-cli -h 127.0.0.1 -p 6379 ping", [6379]),
        ("echo > /dev/tcp/localhost/6379", [6379]),
        ("curl localhost:1 localhost:2", [1, 2]),
        ("a.localhost:80", []),
        ("mylocalhost:80", []),
        ("10.127.0.0.1:80", []),
        ("localhost", []),
        ("http://orders:8080", []),
        ("https://localhost.example.com", []),
        ("https://localhost-db:80", []),
    ],
)
def test_dials(text, ports):
    assert list(dials(text)) == ports


@pytest.mark.parametrize(
    ("image", "name", "expected"),
    [
        ("envoyproxy/envoy:v1.40.0", "x", "envoy"),
        ("docker.io/envoyproxy/envoy:distroless-v1.40.0@sha256:00", "x", "envoy-distroless"),
        ("gcr.io/istio-release/proxyv2:1.27", "x", "istio-proxy"),
        ("localhost:5000/linkerd/proxy", "x", "linkerd-proxy"),
        ("public.ecr.aws/datadog/agent:7", "x", "datadog-agent"),
        ("auto", "istio-proxy", "istio-proxy"),
        ("example.com/notenvoy:1", "shop", None),
        ("", "", None),
    ],
)
def test_known_images(image, name, expected):
    row = known(image, name)
    assert (row.name if row else None) == expected


@pytest.mark.parametrize(
    ("command", "seconds"),
    [(("sleep", "5"), 5), (("sh", "-c", "sleep 5; sleep 2m"), 125), (("sh", "-c", "drain"), 0),
     (("sh", "-c", "while nc -z localhost 80; do sleep 1; done"), 0)],
)  # fmt: skip
def test_what_a_hook_sleeps(command, seconds):
    assert sleep_s(Handler((), "exec", command=command)) == seconds


def test_an_assumption_is_read():
    assert parse_assumption("app.start=8s") == Assumption("app", "start", 8.0)
    assert parse_assumption("side.car.preStop=1.5m") == Assumption("side.car", "pre_stop", 90.0)


@pytest.mark.parametrize("text", ["app.start", "app.hook=1", ".start=1", "app.start=8 s"])
def test_a_wrong_assumption_is_refused(text):
    with pytest.raises(ProfileError) as caught:
        parse_assumption(text)
    assert caught.value.message == f"{text!r} is no assumption such as 'app.start=8s'"
    assert caught.value.hint == (
        "write CONTAINER.FIELD=SECONDS; fields: pull, start, run, postStart, preStop, exit"
    )


def test_the_last_word_on_a_container_counts():
    pod = read({"containers": [{"name": "app"}, {"name": "side.car"}]})
    words = ("*.pull=0s", "app.start=8s", "side.car.pull=500ms", "web.start=1s")
    assert said_of(pod, map(parse_assumption, words)) == {
        "app": {"pull": 0.0, "start": 8.0},
        "side.car": {"pull": 0.5},
    }


def test_what_is_measured_replaces_what_is_assumed():
    pod = read({"containers": [{"name": "envoy", "image": "envoyproxy/envoy:v1"}, {"name": "app"}]})
    paces = assume(pod, Case.EXPECTED, {"app": {"start": 8.0}}).paces
    assert (paces["envoy"].start, paces["envoy"].exit, paces["app"].start) == (0.5, 0.05, 8.0)
