"""A workload's annotations win over overrides, these over the profile, that over the defaults."""

import json

import pytest

from sidecarctl.errors import ProfileError
from sidecarctl.manifest.document import parse
from sidecarctl.manifest.workload import workload
from sidecarctl.profile.choice import choose, selected, unsupported
from sidecarctl.profile.concern import concerns
from sidecarctl.profile.profile import load_profile
from sidecarctl.profile.sidecar import sidecars

TEXT = """\
apiVersion: apps/v1
kind: {kind}
metadata:
  name: {name}
  labels: {labels}
  annotations: {own}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata:
      labels: {{app: web}}
      annotations: {template}
    spec:
      serviceAccountName: web-account
      containers:
      - {{name: app, image: app:1}}
      - {{name: helper, image: helper:1}}
"""


def a_workload(*, own=(), template=(), name="web", kind="Deployment", labels=()):
    """Return a workload; *own* and *template* are annotations, on lines 6 and 12."""
    fields = {"own": own, "template": template, "labels": labels}
    texts = {key: json.dumps(dict(value)) for key, value in fields.items()}
    text = TEXT.format(name=name, kind=kind, **texts)
    found = workload(parse(text, "web.yaml").documents[0])
    assert found is not None
    return found


def profile_of(tmp_path, spec, **options):
    """Return the profile whose lines from the fifth on are *spec*."""
    head = "apiVersion: sidecarctl.dev/v1alpha1\nkind: Profile\nmetadata: {name: test}\nspec:\n"
    file = tmp_path / "prod.yaml"
    file.write_text(head + spec, encoding="utf-8")
    return load_profile(str(file), **options)


def chosen(profile, *, namespace="shop", **fields):
    return choose(profile, a_workload(**fields), namespace)


def told(error):
    """Return each fault of *error* as (file:line:column, message, hint)."""
    return [
        (f"{e.at.file.rpartition('/')[2]}:{e.at.line}:{e.at.column}", e.message, e.hint)
        for e in (error, *error.others)
    ]


ALWAYS = {name for name, concern in concerns().items() if concern.always}


def test_a_concern_that_is_on_is_complete_and_the_others_are_not_there(tmp_path):
    choice = chosen(profile_of(tmp_path, "  concerns: {timeouts: {request: 5s}}\n"))
    assert choice.concerns.keys() == {"timeouts", *ALWAYS}
    assert choice.concerns["timeouts"] == {**concerns()["timeouts"].defaults, "request": "5s"}
    assert choice.asked.keys() == {"timeouts"}
    assert (choice.proxy, choice.agents) == ("envoy", ())


def test_every_sidecar_has_complete_values(tmp_path):
    choice = chosen(profile_of(tmp_path, "  sidecars: {datadog: {site: datadoghq.eu}}\n"))
    assert choice.sidecars.keys() == sidecars().keys()
    defaults = sidecars()["datadog"].defaults
    assert choice.sidecars["datadog"] == {**defaults, "site": "datadoghq.eu", "service": "web"}


@pytest.mark.parametrize(
    ("own", "template", "request_timeout"),
    [
        ({}, {}, "2s"),
        ({"sidecarctl.dev/timeouts.request": "3s"}, {}, "3s"),
        ({}, {"sidecarctl.dev/timeouts.request": "4s"}, "4s"),
        (
            {"sidecarctl.dev/timeouts.request": "3s"},
            {"sidecarctl.dev/timeouts.request": "4s"},
            "4s",
        ),
        ({"sidecarctl.dev/timeouts": "{request: 5s}"}, {}, "5s"),
    ],
)
def test_who_wins(tmp_path, own, template, request_timeout):
    profile = profile_of(
        tmp_path,
        """\
  concerns: {timeouts: {request: 1s, idle: 1m}}
  overrides:
  - {selector: {names: [w*]}, concerns: {timeouts: {request: 9s}}}
  - {selector: {names: [web]}, concerns: {timeouts: {request: 2s}}}
  - {selector: {names: [api]}, concerns: {timeouts: {request: 8s}}}
""",
    )
    values = chosen(profile, own=own, template=template).concerns["timeouts"]
    assert (values["request"], values["idle"]) == (request_timeout, "1m")


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("names: [web]", True),
        ("names: [w*]", True),
        ("names: [api]", False),
        ("kinds: [Deployment]", True),
        ("kinds: [Job]", False),
        ("namespaces: [shop]", True),
        ("namespaces: [bank]", False),
        ("matchLabels: {app: web}", True),
        ("matchLabels: {team: a}", True),
        ("matchLabels: {team: b}", False),
        ("names: [web], namespaces: [bank]", False),
    ],
)
def test_an_override_matches_by_all_that_it_names(tmp_path, selector, matches):
    spec = f"  overrides:\n  - selector: {{{selector}}}\n    proxy: none\n    agents: [datadog]\n"
    choice = chosen(profile_of(tmp_path, spec), labels={"team": "a"})
    assert (choice.proxy, choice.agents) == (("none", ("datadog",)) if matches else ("envoy", ()))


@pytest.mark.parametrize(
    ("spec", "annotation", "is_on"),
    [
        ("retries: {}", None, True),
        ("retries: true", None, True),
        ("retries: false", None, False),
        ("retries:", None, False),
        ("retries: {}", ("sidecarctl.dev/retries", "false"), False),
        ("retries: false", ("sidecarctl.dev/retries", "true"), True),
        ("retries: false", ("sidecarctl.dev/retries.attempts", "3"), True),
    ],
)
def test_a_concern_is_switched(tmp_path, spec, annotation, is_on):
    profile = profile_of(tmp_path, f"  concerns:\n    {spec}\n")
    choice = chosen(profile, own=[annotation] if annotation else ())
    assert ("retries" in choice.concerns) is is_on
    assert ("retries" in choice.asked) is is_on


def test_a_value_of_an_annotation_is_read_as_its_field_wants_it(tmp_path):
    profile = profile_of(tmp_path, "  concerns: {retries: {}, mtls: {}, timeouts: {}}\n")
    choice = chosen(
        profile,
        template={
            "sidecarctl.dev/retries.attempts": "3",
            "sidecarctl.dev/mtls.minVersion": '"1.3"',
            "sidecarctl.dev/mtls.allow": '["spiffe://a.example/ns/shop/sa/x"]',
            "sidecarctl.dev/timeouts.request": "1h",
        },
    )
    assert choice.concerns["retries"]["attempts"] == 3
    assert choice.concerns["mtls"]["minVersion"] == "1.3"
    assert choice.concerns["mtls"]["allow"] == ["spiffe://a.example/ns/shop/sa/x"]
    assert choice.concerns["timeouts"]["request"] == "1h"


@pytest.mark.parametrize(
    ("annotation", "place", "message", "hint"),
    [
        (
            ("timeout.request", "5s"),
            "web.yaml:12:21",
            "there is no concern 'timeout'",
            "did you mean 'timeouts'?",
        ),
        (
            ("injekt", "true"),
            "web.yaml:12:21",
            "there is no concern 'injekt'",
            "did you mean 'inject'?",
        ),
        (
            ("timeouts.reqest", "5s"),
            "web.yaml:12:55",
            "there is no field 'reqest'",
            "did you mean 'request'?",
        ),
        (
            ("timeouts.request", "5 s"),
            "web.yaml:12:56",
            "'5 s' is no duration such as 500ms, 1.5s, 5m or 1h",
            "write 5s",
        ),
        (
            ("retries.attempts", "[1"),
            "web.yaml:12:56",
            "'[1' is no YAML value: did not find expected ',' or ']'",
            None,
        ),
        (
            ("tracing.serviceName", "{workloads}"),
            "web.yaml:12:59",
            "there is no placeholder '{workloads}'",
            "did you mean '{workload}'?",
        ),
        (
            ("envoy.image", "evil:1"),
            "web.yaml:12:21",
            "annotations set concerns, and 'envoy' is a sidecar",
            "use an override",
        ),
        (
            ("hardening", "false"),
            "web.yaml:12:49",
            "'hardening' is always on",
            "leave it out for its defaults",
        ),
    ],
)
def test_a_wrong_annotation_is_told_at_its_place(tmp_path, annotation, place, message, hint):
    key, value = annotation
    with pytest.raises(ProfileError) as caught:
        chosen(load_profile("default"), template={f"sidecarctl.dev/{key}": value})
    assert told(caught.value) == [(place, f"sidecarctl.dev/{key}: {message}", hint)]


def test_the_tools_own_annotations_set_nothing():
    own = {f"sidecarctl.dev/{name}": "x" for name in ("record", "profile", "version", "owner")}
    template = {
        "sidecarctl.dev/inject": "true",
        "sidecarctl.dev/config-checksum": "x",
        "a/b.c": "d",
    }
    plain = chosen(load_profile("default"))
    assert chosen(load_profile("default"), own=own, template={**template, "a/b.c": "d"}) == plain


@pytest.mark.parametrize(
    ("locked", "key", "is_locked"),
    [
        ("timeouts", "timeouts.request", True),
        ("timeouts", "timeouts", True),
        ("timeouts.request", "timeouts.request", True),
        ("timeouts.request", "timeouts", True),
        ("timeouts.request", "timeouts.idle", False),
        ("retries", "timeouts.idle", False),
    ],
)
def test_what_is_locked_stays(tmp_path, locked, key, is_locked):
    profile = profile_of(tmp_path, f"  locked: [{locked}]\n  concerns: {{timeouts: {{}}}}\n")
    value = "5s" if "." in key else "{idle: 5s}"
    annotation = {f"sidecarctl.dev/{key}": value}
    if not is_locked:
        assert chosen(profile, own=annotation).concerns["timeouts"]["idle"] == "5s"
        return
    with pytest.raises(ProfileError) as caught:
        chosen(profile, own=annotation)
    assert told(caught.value) == [
        (
            "web.yaml:6:17",
            f"sidecarctl.dev/{key}: the profile 'test' locks {locked!r}",
            "take the annotation away, or ask the keeper of the profile for an override",
        )
    ]


def test_placeholders_are_filled(tmp_path):
    profile = profile_of(
        tmp_path,
        """\
  trustDomain: prod.example
  agents: [datadog]
  concerns:
    mtls: {allow: ["spiffe://{trustDomain}/ns/{namespace}/sa/{serviceAccount}"]}
    tracing: {serviceName: "{{{workload}.{container}}}"}
""",
    )
    choice = chosen(profile)
    assert choice.concerns["mtls"]["allow"] == ["spiffe://prod.example/ns/shop/sa/web-account"]
    assert choice.concerns["tracing"]["serviceName"] == "{web.app}"
    assert choice.sidecars["envoy"]["certificates"]["secret"] == "web-mtls"
    marked = chosen(profile, template={"kubectl.kubernetes.io/default-container": "helper"})
    assert marked.concerns["tracing"]["serviceName"] == "{web.helper}"


def test_a_filled_placeholder_must_fit():
    with pytest.raises(ProfileError) as caught:
        chosen(load_profile("datadog"), name="w" * 64)
    assert told(caught.value) == [
        (
            "web.yaml:4:9",
            f"datadog.service: '{'w' * 58}… is no value of a label: letters, digits, '.', '-' and "
            f"'_', at most 63, in Deployment/{'w' * 64}",
            None,
        )
    ]


def test_overrides_that_do_not_fit_together_are_told_at_their_place(tmp_path):
    profile = profile_of(
        tmp_path,
        """\
  concerns: {metrics: {}}
  overrides:
  - selector: {names: [web]}
    concerns: {metrics: {statsd: {format: plain, host: 10.0.0.1, port: 1}}}
  - selector: {kinds: [Deployment]}
    sidecars: {envoy: {certificates: {secret: "{workload}{workload}"}}}
""",
    )
    assert chosen(profile).concerns["metrics"]["statsd"]["host"] == "10.0.0.1"
    with pytest.raises(ProfileError) as caught:
        chosen(profile, name="Web.")
    ((place, message, _),) = told(caught.value)
    assert place == "prod.yaml:10:47"
    assert message.startswith("envoy.certificates.secret: 'Web.Web.' is no name of a Secret")


@pytest.mark.parametrize(
    ("spec", "options", "annotations", "place"),
    [
        ("concerns:\n    retries: {}", (), {}, "prod.yaml:6:5"),
        (
            "overrides:\n  - {selector: {names: [web]}, concerns: {retries: {}}}",
            (),
            {},
            "prod.yaml:6:43",
        ),
        ("concerns: {}", ("concerns.retries=true",), {}, None),
        ("concerns: {retries: {}}", (), {"sidecarctl.dev/retries.attempts": "1"}, "web.yaml:12:56"),
    ],
)
def test_who_asked_for_a_concern(tmp_path, spec, options, annotations, place):
    profile = profile_of(tmp_path, f"  {spec}\n", sets=options)
    (found,) = chosen(profile, template=annotations).asked.values()
    assert (found and str(found).rpartition("/")[2]) == place


@pytest.mark.parametrize(
    ("proxy", "expected"),
    [
        ("envoy", ()),
        (
            "istio",
            (
                ("rateLimit", "istio has no 'rateLimit'; envoy has"),
                ("timeouts", "istio has no 'timeouts'; envoy has"),
            ),
        ),
        (
            "none",
            (
                ("mtls", "without a proxy there is no 'mtls'; envoy and istio have"),
                ("rateLimit", "without a proxy there is no 'rateLimit'; envoy has"),
                ("timeouts", "without a proxy there is no 'timeouts'; envoy has"),
            ),
        ),
    ],
)
def test_a_missing_cell_is_named_with_who_has_it(tmp_path, proxy, expected):
    profile = profile_of(
        tmp_path,
        "  concerns: {mtls: {}, timeouts: {}, rateLimit: {perInstance: {requests: 1, per: 1s}}}\n",
        proxy=proxy,
    )
    assert unsupported(chosen(profile)) == expected


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            "allow: ['spiffe://a.example/ns/*/sa/web']",
            "mtls.allow[0]: 'spiffe://a.example/ns/*/sa/web' cannot be done by istio, which knows "
            "'*' only as the last character, in Deployment/web",
        ),
        (
            "minVersion: '1.3'",
            "mtls.minVersion: '1.3' cannot be done by istio for one workload: set "
            "meshMTLS.minProtocolVersion in the mesh, in Deployment/web",
        ),
    ],
)
def test_what_the_proxy_cannot_do_is_refused_not_left_out(tmp_path, values, message):
    spec = f"  concerns:\n    mtls: {{{values}}}\n"
    assert chosen(profile_of(tmp_path, spec)).proxy == "envoy"
    with pytest.raises(ProfileError) as caught:
        chosen(profile_of(tmp_path, spec, proxy="istio"))
    ((place, said, _),) = told(caught.value)
    assert (place.partition(":")[0], said) == ("prod.yaml", message)


@pytest.mark.parametrize(
    ("selector", "reason"),
    [
        ("{}", None),
        ("{kinds: [Deployment]}", None),
        ("{kinds: [StatefulSet, Job]}", "the profile selects only Job, StatefulSet"),
        ("{matchLabels: {app: web}}", None),
        ("{matchLabels: {team: a}}", None),
        (
            "{matchLabels: {team: b}}",
            "the profile selects only workloads with the label team=b",
        ),
    ],
)
def test_selected(tmp_path, selector, reason):
    profile = profile_of(tmp_path, f"  selector: {selector}\n")
    assert selected(profile, a_workload(labels={"team": "a"})) == reason


@pytest.mark.parametrize("name", ["default", "strict", "datadog", "istio"])
def test_every_built_in_profile_can_be_had(name):
    choice = choose(load_profile(name), a_workload(), "shop")
    assert unsupported(choice) == ()
