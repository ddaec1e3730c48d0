"""A profile is loaded whole, or every fault of it is told with its place and what to write."""

import re
from pathlib import Path

import pytest

from sidecarctl.errors import ManifestError, ProfileError
from sidecarctl.profile.check import profile_faults
from sidecarctl.profile.profile import built_in_profiles, load_profile

HEAD = "apiVersion: sidecarctl.dev/v1alpha1\nkind: Profile\nmetadata: {name: test}\n"


def told(error):
    """Return each fault of *error* as (line:column, message, hint)."""
    return [
        (f"{e.at.line}:{e.at.column}" if e.at else None, e.message, e.hint)
        for e in (error, *error.others)
    ]


def faults_of(tmp_path, spec, **options):
    """Return what is told of a profile whose lines from the fifth on are *spec*."""
    file = tmp_path / "prod.yaml"
    file.write_text(f"{HEAD}spec:\n{spec}", encoding="utf-8")
    with pytest.raises(ProfileError) as caught:
        load_profile(str(file), **options)
    return told(caught.value)


@pytest.mark.parametrize("name", ["default", "strict", "datadog", "istio"])
def test_a_built_in_profile_has_no_fault(name):
    profile = load_profile(name)
    assert (profile.name, profile.source) == (name, "built-in")
    assert profile.kubernetes_version == "1.33"
    assert profile.trust_domain == profile.cluster_domain == "cluster.local"


def test_the_built_in_profiles_are_those_of_the_folder():
    assert set(built_in_profiles()) >= {"default", "strict", "datadog", "istio"}


def test_every_field_is_read(tmp_path):
    file = tmp_path / "prod.yaml"
    file.write_text(
        HEAD
        + """\
spec:
  kubernetesVersion: "1.29"
  proxy: none
  agents: [datadog]
  selector: {kinds: [Deployment, Job], matchLabels: {team: shop}}
  onUnsupported: warn
  locked: [mtls, accessLog.redact]
  trustDomain: prod.example
  clusterDomain: k8s.example
  nativeSidecars: false
  concerns: {timeouts: {request: 5s}, retries: false}
  sidecars: {datadog: {site: datadoghq.eu}}
  overrides:
  - selector: {kinds: [Job], names: [a*], namespaces: [shop], matchLabels: {tier: web}}
    proxy: istio
    agents: []
    concerns: {timeouts: {request: 6s}}
    sidecars: {istio: {revision: canary}}
""",
        encoding="utf-8",
    )
    profile = load_profile(str(file))
    assert (profile.name, profile.source) == ("test", str(file))
    assert (profile.kubernetes_version, profile.proxy, profile.agents) == (
        "1.29",
        "none",
        ("datadog",),
    )
    assert profile.kinds == {"Deployment", "Job"}
    assert profile.match_labels == {"team": "shop"}
    assert (profile.on_unsupported, profile.locked) == ("warn", {"mtls", "accessLog.redact"})
    assert (profile.trust_domain, profile.cluster_domain) == ("prod.example", "k8s.example")
    assert profile.native_sidecars is False
    assert profile.concerns == {"timeouts": {"request": "5s"}, "retries": False}
    assert profile.sidecars == {"datadog": {"site": "datadoghq.eu"}}
    (override,) = profile.overrides
    assert (override.kinds, override.names, override.namespaces) == ({"Job"}, ("a*",), ("shop",))
    assert (override.match_labels, override.proxy, override.agents) == (
        {"tier": "web"},
        "istio",
        (),
    )
    assert override.concerns == {"timeouts": {"request": "6s"}}
    assert override.sidecars == {"istio": {"revision": "canary"}}


def test_what_is_left_empty_is_left_out(tmp_path):
    file = tmp_path / "prod.yaml"
    file.write_text(
        "apiVersion: sidecarctl.dev/v1alpha1\nkind: Profile\nspec:\n  concerns:\n  sidecars:\n",
        encoding="utf-8",
    )
    profile = load_profile(str(file))
    assert (profile.name, profile.proxy, profile.concerns) == ("prod", "envoy", {})


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("  proxi: none\n", [("5:3", "there is no field 'proxi'", "did you mean 'proxy'?")]),
        (
            "  concerns: {rateLimits: {}}\n",
            [("5:14", "there is no concern 'rateLimits'", "did you mean 'rateLimit'?")],
        ),
        (
            "  concerns:\n    timeouts: {idel: 5m}\n",
            [("6:16", "there is no field 'idel'", "did you mean 'idle'?")],
        ),
        (
            "  concerns:\n    timeouts: {request: 5 minutes}\n",
            [("6:25", "'5 minutes' is no duration such as 500ms, 1.5s, 5m or 1h", "write 5m")],
        ),
        (
            "  concerns:\n    timeouts: {request: 15}\n",
            [("6:25", "15 is no duration such as 500ms, 1.5s, 5m or 1h", "write 15s")],
        ),
        (
            "  concerns:\n    retries: {budget: 20}\n",
            [("6:23", "20 is no percentage such as 10% or 0.5%", "write 20%")],
        ),
        (
            "  concerns:\n    rateLimit: {perInstance: {requests: 5}}\n",
            [("6:17", "the field 'per' is missing", None)],
        ),
        (
            "  concerns:\n    mtls: {allow: ['cluster.local/ns/a/sa/b']}\n",
            [
                (
                    "6:20",
                    "'cluster.local/ns/a/sa/b' is no identity such as spiffe://cluster.local/ns/shop"
                    "/sa/web or spiffe://cluster.local/ns/shop/sa/*",
                    None,
                )
            ],
        ),
        (
            '  concerns:\n    tracing: {serviceName: "{worklod}"}\n',
            [("6:28", "there is no placeholder '{worklod}'", "did you mean '{workload}'?")],
        ),
        (
            "  sidecars:\n    envoy: {certificates: {secret: {workload}}}\n",
            [
                (
                    "6:36",
                    "{workload} without quotes is a mapping",
                    'write it in quotes: "{workload}"',
                )
            ],
        ),
        (
            "  sidecars:\n    envoy: {resources: {limits: {memory: 128MB}}}\n",
            [("6:42", "'128MB' is no quantity such as 100m or 128Mi", "write 128M")],
        ),
        (
            "  kubernetesVersion: 1.30\n",
            [
                (
                    "5:22",
                    "kubernetesVersion 1.3 is a number, and as a number 1.30 is 1.3",
                    'write it in quotes: "1.30"',
                )
            ],
        ),
        (
            "  kubernetesVersion: 1.33\n",
            [
                (
                    "5:22",
                    "kubernetesVersion 1.33 is a number, and as a number 1.30 is 1.3",
                    'write it in quotes: "1.33"',
                )
            ],
        ),
        (
            '  kubernetesVersion: "1.27"\n',
            [("5:22", "'1.27' is no Kubernetes version from 1.28 to 1.37", None)],
        ),
        (
            "  proxy: linkerd\n",
            [
                (
                    "5:10",
                    "the proxy 'linkerd' is planned, but not there yet",
                    "there are envoy, istio, none",
                )
            ],
        ),
        (
            "  proxy: enovy\n",
            [("5:10", "'enovy' is none of 'envoy', 'istio', 'none'", "did you mean 'envoy'?")],
        ),
        (
            "  agents: [datadg]\n",
            [("5:12", "'datadg' is none of 'datadog'", "did you mean 'datadog'?")],
        ),
        (
            "  sidecars: {linkerd: {}}\n",
            [
                (
                    "5:14",
                    "the sidecar 'linkerd' is planned, but not there yet",
                    "there are datadog, envoy, istio",
                )
            ],
        ),
        (
            "  locked: [mtl, accessLog.redct]\n",
            [
                ("5:12", "there is no concern 'mtl'", "did you mean 'mtls'?"),
                ("5:17", "there is no field 'accessLog.redct'", "see sidecarctl explain accessLog"),
            ],
        ),
        (
            "  concerns: {hardening: false}\n",
            [("5:25", "'hardening' is always on", "leave it out for its defaults")],
        ),
        (
            "  concerns: {timeouts: 5s}\n",
            [("5:24", "must be a mapping, but is '5s'", None)],
        ),
        (
            "  overrides:\n  - concerns: {timeouts: {}}\n",
            [("6:5", "the field 'selector' is missing", None)],
        ),
        (
            "  overrides:\n  - selector: {}\n    concerns: {timeouts: {reqest: 5s}}\n",
            [
                ("6:15", "must have at least 1 field, but has 0", None),
                ("7:27", "there is no field 'reqest'", "did you mean 'request'?"),
            ],
        ),
        (
            "  selector: {kinds: [Deploymnt]}\n",
            [
                (
                    "5:22",
                    "'Deploymnt' is none of 'Pod', 'Deployment', 'ReplicaSet', "
                    "'ReplicationController', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', "
                    "'PodTemplate', 'Rollout', 'DeploymentConfig'",
                    "did you mean 'Deployment'?",
                )
            ],
        ),
        (
            "  sidecars: {datadog: {extraEnv: {DD_API_KEY: abc}}}\n",
            [
                (
                    "5:35",
                    "the key 'DD_API_KEY' is no variable that may be set here: API keys come from "
                    "apiKeySecret",
                    None,
                )
            ],
        ),
    ],
)
def test_a_fault_has_a_place_and_says_what_to_write(tmp_path, spec, expected):
    assert faults_of(tmp_path, spec) == expected


def test_all_faults_are_told_in_the_order_of_the_file(tmp_path):
    spec = """\
  proxy: enovy
  concerns:
    timeouts: {request: 5 s, idel: 5m}
    retries: {budget: 20}
"""
    assert [(place, hint) for place, _, hint in faults_of(tmp_path, spec)] == [
        ("5:10", "did you mean 'envoy'?"),
        ("7:25", "write 5s"),
        ("7:30", "did you mean 'idle'?"),
        ("8:23", "write 20%"),
    ]


def test_a_fault_of_the_profile_is_not_told_again_of_its_overrides(tmp_path):
    spec = """\
  concerns: {timeouts: {request: 5 s}}
  overrides:
  - {selector: {names: [a]}, concerns: {timeouts: {idle: 6 s}}}
"""
    assert [place for place, _, _ in faults_of(tmp_path, spec)] == ["5:34", "7:58"]


@pytest.mark.parametrize(
    ("option", "message", "hint"),
    [
        (
            "concerns.timeots.request=5s",
            "there is no concern 'timeots'",
            "did you mean 'timeouts'?",
        ),
        ("concerns.timeouts.reqest=5s", "there is no field 'reqest'", "did you mean 'request'?"),
        ("proxi=envoy", "there is no field 'proxi'", "did you mean 'proxy'?"),
        (
            "concerns.timeouts.request=5 min",
            "'5 min' is no duration such as 500ms, 1.5s, 5m or 1h",
            "write 5m",
        ),
        ("concerns.rateLimit.perInstance.requests=5", "the field 'per' is missing", None),
        (
            "spec.proxy=none",
            "paths count from 'spec'",
            "for example --set concerns.timeouts.request=5s",
        ),
        ("proxy", "this is no path=value", "for example --set concerns.timeouts.request=5s"),
        (
            "concerns..x=1",
            "this is no path=value",
            "for example --set concerns.timeouts.request=5s",
        ),
        (
            "concerns.accessLog.redact=[a",
            "'[a' is no YAML value: did not find expected ',' or ']'",
            None,
        ),
        ("agents=1\nproxy: none", "'1\\nproxy: none' is no single YAML value", None),
    ],
)
def test_a_wrong_option_is_named(option, message, hint):
    with pytest.raises(ProfileError) as caught:
        load_profile("default", sets=[option])
    assert told(caught.value) == [(None, f"--set {option}: {message}", hint)]


def test_an_option_has_the_last_word_and_keeps_text_as_it_is():
    profile = load_profile(
        "default",
        sets=["kubernetesVersion=1.30", "agents=[datadog]", "concerns.timeouts.request=7s",
              "concerns.retries=true", "concerns.metrics=false"],
    )  # fmt: skip
    assert profile.kubernetes_version == "1.30"
    assert profile.agents == ("datadog",)
    assert profile.concerns["timeouts"] == {"request": "7s"}
    assert (profile.concerns["retries"], profile.concerns["metrics"]) == (True, False)


def test_options_of_their_own():
    profile = load_profile(
        "default", sets=["proxy=envoy"], proxy="istio", kubernetes_version="v1.29.4"
    )
    assert (profile.proxy, profile.kubernetes_version) == ("istio", "1.29")
    with pytest.raises(ProfileError) as caught:
        load_profile("default", proxy="enovy", kubernetes_version="1.99")
    assert told(caught.value) == [
        (
            None,
            "--kubernetes-version 1.99: '1.99' is no Kubernetes version from 1.28 to 1.37",
            None,
        ),
        (
            None,
            "--proxy enovy: 'enovy' is none of 'envoy', 'istio', 'none'",
            "did you mean 'envoy'?",
        ),
    ]


def test_the_file_is_to_blame_for_what_it_says_and_the_option_for_what_it_sets(tmp_path):
    spec = "  concerns:\n    timeouts: {reqest: 5s}\n"
    assert faults_of(tmp_path, spec, sets=["concerns.timeouts.idle=5 m"]) == [
        (
            None,
            "--set concerns.timeouts.idle=5 m: '5 m' is no duration such as 500ms, 1.5s, 5m or 1h",
            "write 5m",
        ),
        ("6:16", "there is no field 'reqest'", "did you mean 'request'?"),
    ]


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("strickt", "there is no profile 'strickt'", "did you mean 'strict'?"),
        (
            "no/such.yaml",
            "the profile no/such.yaml cannot be read: no such file or directory",
            None,
        ),
        ("tests", "the profile tests cannot be read: is a directory", None),
    ],
)
def test_no_such_profile(monkeypatch, name, message, hint):
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
    with pytest.raises(ProfileError) as caught:
        load_profile(name)
    assert told(caught.value) == [(None, message, hint)]


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ProfileError) as caught:
        load_profile("xyz")
    assert re.fullmatch(r"known here: .*\bdefault\b.*\bstrict\b.*", caught.value.hint)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", None, "holds no document, a profile is one"),
        (f"{HEAD}spec: {{}}\n---\n{HEAD}spec: {{}}\n", None, "holds 2 documents, a profile is one"),
        ("kind: Deployment\n", "1:7", "this is a Deployment, not a Profile"),
    ],
)
def test_what_is_no_profile(tmp_path, text, place, message):
    file = tmp_path / "prod.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError) as caught:
        load_profile(str(file))
    ((where, said, _),) = told(caught.value)
    assert (where, said.removeprefix(f"{file} ")) == (place, message)


def test_a_file_that_is_no_text(tmp_path):
    file = tmp_path / "prod.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProfileError, match=r"is no UTF-8 text$"):
        load_profile(str(file))


def test_a_syntax_error_has_its_place(tmp_path):
    file = tmp_path / "prod.yaml"
    file.write_text(f"{HEAD}spec: {{proxy: [}}\n", encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        load_profile(str(file))
    assert caught.value.at.line == 4


@pytest.mark.parametrize("name", built_in_profiles())
def test_a_built_in_profile_would_pass_the_check(name):
    """Loading one does not look."""
    assert profile_faults(load_profile(name).document.data) == []
