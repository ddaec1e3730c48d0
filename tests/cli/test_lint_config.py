"""`.sidecarctl.yaml`: what lint is told, and by whom."""

import json

import pytest

HEAD = "apiVersion: sidecarctl.dev/v1alpha1\nkind: Config\n"
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  containers:
    - name: shop
      colour: red
    - name: legacy-db
      colour: red
"""


@pytest.fixture
def project(folder):
    """A folder with a configuration above it, and a manifest in it."""

    def write(config, manifest=POD):
        (folder / ".sidecarctl.yaml").write_text(HEAD + config)
        (folder / "deploy").mkdir()
        (folder / "deploy" / "pod.yaml").write_text(manifest)

    return write


def codes(done):
    return [line.rpartition("[")[2][:5] for line in done.out.splitlines()]


@pytest.mark.parametrize(
    ("lint", "found", "code"),
    [
        ("{}", ["SC802", "SC802"], 1),
        ("{ignore: [SC8]}", [], 0),
        ("{select: [SC1]}", [], 0),
        ("{severity: {unknown-field: warning}}", ["SC802", "SC802"], 0),
        ("{severity: {SC802: warning}, failOn: warning}", ["SC802", "SC802"], 1),
        ("{except: [{rules: [SC802], containers: ['legacy-*'], reason: old}]}", ["SC802"], 1),
        ("{except: [{rules: [SC802], kinds: [Pod], names: [shop], reason: old}]}", [], 0),
        ("{except: [{rules: [SC802], kinds: [Job], reason: old}]}", ["SC802", "SC802"], 1),
        ("{except: [{rules: [SC802], files: [deploy/], reason: old}]}", [], 0),
        ("{except: [{rules: [SC802], files: ['**/pod.yaml'], reason: old}]}", [], 0),
        ("{except: [{rules: [SC802], files: ['*/po?.yaml'], reason: old}]}", [], 0),
        ("{except: [{rules: [SC802], files: ['other/*'], reason: x}]}", ["SC802", "SC802"], 1),
    ],
)
def test_the_configuration_is_obeyed(run, project, lint, found, code):
    project(f"lint: {lint}\n")
    done = run("lint", "deploy", "--format", "concise")
    assert (codes(done), done.code) == (found, code)


def test_options_have_the_last_word(run, project):
    project("lint: {ignore: [SC8], failOn: warning}\n")
    assert run("lint", "deploy", "--ignore", "SC1").code == 1
    assert run("lint", "deploy", "--no-config").code == 1
    assert run("lint", "deploy", "--ignore", "SC1", "--fail-on", "never").code == 0


def test_show_config_says_where_each_setting_comes_from(run, project):
    project("profile: default\nlint:\n  ignore: [SC2]\n  severity: {SC802: warning}\n")
    done = run("lint", "deploy", "--show-config", "--fail-on", "info")
    lines = [line.split() for line in done.out.splitlines()]
    assert lines[1:] == [
        ["kubernetesVersion", "1.33", "profile", "default"],
        ["select", "all", "default"],
        ["ignore", "SC2", ".sidecarctl.yaml:5:11"],
        ["failOn", "info", "--fail-on"],
        ["severity", "of", "unknown-field", "warning", ".sidecarctl.yaml"],
    ]


@pytest.mark.parametrize(
    ("config", "message", "hint"),
    [
        (
            "lint: {igno: [SC2]}\n",
            ".sidecarctl.yaml:3:8: there is no field 'igno'",
            "did you mean 'ignore'?",
        ),
        (
            "lint: {ignore: [unknown-feild]}\n",
            ".sidecarctl.yaml:3:17: there is no rule 'unknown-feild'",
            "did you mean 'unknown-field'?",
        ),
        (
            "lint: {severity: {SC802: eror}}\n",
            ".sidecarctl.yaml:3:26: 'eror' is none of 'error', 'warning', 'info'",
            "did you mean 'error'?",
        ),
        (
            "lint: {except: [{rules: [SC802]}]}\n",
            ".sidecarctl.yaml:3:17: the field 'reason' is missing",
            None,
        ),
    ],
)
def test_a_fault_is_named_with_its_place(run, project, config, message, hint):
    project(config)
    done = run("lint", "deploy")
    assert (done.code, done.out) == (2, "")
    first, *rest = done.err.splitlines()
    assert first == f"error: {message}"
    assert rest == ([f"  hint: {hint}"] if hint else [])


def test_editors_get_its_schema(run):
    schema = json.loads(run("schema", "config").out)
    assert schema["properties"]["kind"]["const"] == "Config"
