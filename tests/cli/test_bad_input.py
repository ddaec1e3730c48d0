"""Bad input: one clear line with a place and what to do; exit 2, nothing printed or written."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "quickstart" / "deployment.yaml"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: x}]}\n"
PROFILE = "apiVersion: sidecarctl.dev/v1alpha1\nkind: Profile\nmetadata: {name: own}\nspec:\n"

# The content of the file that is injected into, and what is said of it.
MANIFESTS = {
    "missing file": (
        None,
        "error: there is no file 'input.yaml'\n  hint: check the name\n",
    ),
    "syntax error": (
        b"a: 1\n  b: [\n",
        "error: input.yaml:2:4: mapping values are not allowed in this context\n"
        "  hint: look at the indentation; a value with ': ' needs quotes\n",
    ),
    "tab": (
        b"a: b\n\tc: d\n",
        "error: input.yaml:2:1: found a tab character that violates indentation\n"
        "  hint: indent with spaces: YAML takes no tabs\n",
    ),
    "duplicate key": (
        b"apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  name: b\n",
        "error: input.yaml:5:3: the key 'name' occurs twice in this mapping, first at line 4\n"
        "  hint: kubectl would take the last one and drop the other without a word\n",
    ),
    "binary file": (
        b"\x7fELF\x02\x01\x01\0\0\0\xd0",
        "error: input.yaml:1:8: the file holds a NUL byte: this is a binary file\n"
        "  hint: leave it out\n",
    ),
    "not UTF-8": (
        "a: ä\n".encode("latin-1"),
        "error: input.yaml:1:4: the byte 0xE4 is not UTF-8\n  hint: save the file as UTF-8\n",
    ),
    "UTF-16": (
        "a: 1\n".encode("utf-16"),
        "error: input.yaml:1:1: the file is in UTF-16, not UTF-8\n"
        "  hint: save it as UTF-8: YAML of Kubernetes is read in no other encoding\n",
    ),
    "Helm template": (
        b"apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n",
        "error: input.yaml:4:9: this is a Helm template, not a manifest\n"
        "  hint: render it first: helm template … | sidecarctl inject -\n",
    ),
    "Helm control flow": (
        b"{{- if .Values.enabled }}\napiVersion: v1\nkind: Pod\n{{- end }}\n",
        "error: input.yaml:1:1: this is a Helm template, not a manifest\n"
        "  hint: render it first: helm template … | sidecarctl inject -\n",
    ),
}


@pytest.mark.parametrize("verb", ["inject", "eject"])
@pytest.mark.parametrize(("content", "message"), MANIFESTS.values(), ids=MANIFESTS.keys())
def test_a_manifest_that_cannot_be_read(run, folder, verb, content, message):
    if content is not None:
        Path("input.yaml").write_bytes(content)
    Path("good.yaml").write_bytes(EXAMPLE.read_bytes())
    done = run(verb, "good.yaml", "input.yaml", "-i")
    assert (done.code, done.out, done.err) == (2, "", message)
    assert Path("good.yaml").read_bytes() == EXAMPLE.read_bytes()
    if content is not None:
        assert Path("input.yaml").read_bytes() == content


def test_a_folder_without_yaml(run, folder):
    Path("docs").mkdir()
    Path("docs/page.txt").write_text("text", encoding="utf-8")
    done = run("inject", "docs")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: no YAML or JSON file in folder 'docs'\n"
        "  hint: a folder is searched for *.yaml, *.yml and *.json\n"
    )


def test_a_pattern_without_a_file(run, folder):
    done = run("inject", "*.yaml")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: '*.yaml' matches no file\n  hint: * stays within a folder, ** goes below it\n"
    )


def test_a_file_whose_name_is_nearly_right(run, folder):
    Path("shop.yaml").write_bytes(EXAMPLE.read_bytes())
    done = run("inject", "shp.yaml")
    assert (done.code, done.out) == (2, "")
    assert done.err == "error: there is no file 'shp.yaml'\n  hint: did you mean 'shop.yaml'?\n"


# What stands below `spec:` in the profile, and what is said of it.
PROFILES = {
    "unknown field": (
        "  concern: {}\n",
        "error: profile.yaml:5:3: there is no field 'concern'\n  hint: did you mean 'concerns'?\n",
    ),
    "wrong unit": (
        "  concerns:\n    timeouts: {request: 15x}\n",
        "error: profile.yaml:6:25: '15x' is no duration such as 500ms, 1.5s, 5m or 1h\n",
    ),
    "no unit": (
        "  concerns:\n    timeouts: {request: 15}\n",
        "error: profile.yaml:6:25: 15 is no duration such as 500ms, 1.5s, 5m or 1h\n"
        "  hint: write 15s\n",
    ),
    "unknown concern, and another fault": (
        "  concerns:\n    timeout: {}\n    retries: {atempts: 2}\n",
        "error: profile.yaml:6:5: there is no concern 'timeout'\n"
        "  hint: did you mean 'timeouts'?\n"
        "error: profile.yaml:7:15: there is no field 'atempts'\n"
        "  hint: did you mean 'attempts'?\n",
    ),
    "unknown sidecar": (
        "  sidecars:\n    envoi: {}\n",
        "error: profile.yaml:6:5: there is no sidecar 'envoi'\n  hint: did you mean 'envoy'?\n",
    ),
    "unknown proxy": (
        "  proxy: envoi\n",
        "error: profile.yaml:5:10: 'envoi' is none of 'envoy', 'istio', 'none'\n"
        "  hint: did you mean 'envoy'?\n",
    ),
    "planned proxy": (
        "  proxy: linkerd\n",
        "error: profile.yaml:5:10: the proxy 'linkerd' is planned, but not there yet\n"
        "  hint: there are envoy, istio, none\n",
    ),
    "unknown agent": (
        "  agents: [datadgo]\n",
        "error: profile.yaml:5:12: 'datadgo' is none of 'datadog'\n"
        "  hint: did you mean 'datadog'?\n",
    ),
    "unknown placeholder": (
        '  sidecars:\n    envoy: {certificates: {secret: "{wrkload}-mtls"}}\n',
        "error: profile.yaml:6:36: there is no placeholder '{wrkload}'\n"
        "  hint: did you mean '{workload}'?\n",
    ),
    "version as a number": (
        "  kubernetesVersion: 1.30\n",
        "error: profile.yaml:5:22: kubernetesVersion 1.3 is a number,"
        " and as a number 1.30 is 1.3\n"
        '  hint: write it in quotes: "1.30"\n',
    ),
}


@pytest.mark.parametrize(("spec", "message"), PROFILES.values(), ids=PROFILES.keys())
def test_a_profile_with_a_fault(run, folder, spec, message):
    Path("profile.yaml").write_text(PROFILE + spec, encoding="utf-8")
    done = run("inject", "-p", "profile.yaml", EXAMPLE)
    assert (done.code, done.out, done.err) == (2, "", message)


def test_a_profile_that_is_not_there(run):
    done = run("inject", "-p", "defualt", EXAMPLE)
    assert (done.code, done.out) == (2, "")
    assert done.err == "error: there is no profile 'defualt'\n  hint: did you mean 'default'?\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--set", "concerns.timeouts.request=15"],
            "error: --set concerns.timeouts.request=15: '15' is no duration such as 500ms, 1.5s,"
            " 5m or 1h\n  hint: write 15s\n",
        ),
        (
            ["--set", "concerns.timeouts"],
            "error: --set concerns.timeouts: this is no path=value\n"
            "  hint: for example --set concerns.timeouts.request=5s\n",
        ),
        (
            ["--proxy", "istoi"],
            "error: --proxy istoi: 'istoi' is none of 'envoy', 'istio', 'none'\n"
            "  hint: did you mean 'istio'?\n",
        ),
        (
            ["-n", "Prod"],
            "error: 'Prod' is no name of a namespace\n"
            "  hint: lower-case letters, digits and '-', 63 at most\n",
        ),
        (
            ["--kubernetes-version", "1.99"],
            "error: --kubernetes-version 1.99: '1.99' is no Kubernetes version from 1.28 to 1.37\n",
        ),
    ],
)
def test_an_option_with_a_fault(run, options, message):
    done = run("inject", *options, EXAMPLE)
    assert (done.code, done.out, done.err) == (2, "", message)


def test_a_cell_that_is_missing(run, folder):
    Path("profile.yaml").write_text(
        PROFILE + "  proxy: istio\n  concerns:\n"
        "    rateLimit: {perInstance: {requests: 1, per: 1s}}\n",
        encoding="utf-8",
    )
    done = run("inject", "-p", "profile.yaml", EXAMPLE)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: profile.yaml:7:5: istio has no 'rateLimit'; envoy has\n"
        "  hint: take the concern out, or set onUnsupported: warn to go on without it\n"
    )


CLASHES = {
    "container": (
        "- {name: envoy, image: x, ports: [{containerPort: 80}]}\n",
        "error: input.yaml:6:12: Pod/a: the sidecar 'envoy' adds a container 'envoy',"
        " which is here already [name-clash]\n",
    ),
    "volume": (
        "- {name: a, image: x, ports: [{containerPort: 80}]}\n"
        "  volumes: [{name: envoy-run, emptyDir: {}}]\n",
        "error: input.yaml:7:20: Pod/a: the sidecar 'envoy' adds a volume 'envoy-run',"
        " which is here already [name-clash]\n",
    ),
}


@pytest.mark.parametrize(("rest", "message"), CLASHES.values(), ids=CLASHES.keys())
def test_a_clash_names_both_sides(run, folder, rest, message):
    head = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  "
    Path("input.yaml").write_text(head + rest, encoding="utf-8")
    done = run("inject", "input.yaml")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"{message}"
        "  hint: rename one of them, or leave the workload out\n"
        "1 workload: 1 refused · nothing was written · target Kubernetes 1.33 · profile default\n"
    )


@pytest.mark.parametrize("verb", ["inject", "eject"])
def test_a_damaged_record(run, folder, verb):
    damaged = POD.replace(
        "{name: a}\nspec", "{name: a, annotations: {sidecarctl.dev/record: 'x'}}\nspec"
    )
    Path("input.yaml").write_text(damaged, encoding="utf-8")
    done = run(verb, "input.yaml")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: input.yaml:3:35: the record of Pod/a is damaged: cannot read 'x'\n"
        "  hint: restore the annotation 'sidecarctl.dev/record' as 'sidecarctl inject' wrote it\n"
    )


@pytest.mark.parametrize("verb", ["inject", "eject", "simulate", "advise"])
@pytest.mark.parametrize("text", ["", "# nothing here\n", "---\n---\n", "just text\n"])
def test_an_input_without_an_object(run, folder, verb, text):
    Path("input.yaml").write_text(text, encoding="utf-8")
    assert (run(verb, "input.yaml").code, run(verb, "-", stdin=text).code) == (2, 2)
    done = run(verb, "input.yaml")
    assert done.out == ""
    assert done.err == (
        "error: input.yaml:1:1: there is no object in the input\n"
        "  hint: it is empty, or holds comments or plain text alone\n"
    )


@pytest.mark.parametrize("verb", ["inject", "eject"])
def test_objects_that_are_no_workloads_pass_through(run, folder, verb):
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    Path("map.yaml").write_text(text, encoding="utf-8")
    Path("empty.yaml").write_text("", encoding="utf-8")  # beside others it is no fault
    done = run(verb, "map.yaml", "empty.yaml")
    assert (done.code, done.out) == (0, text)


def test_in_a_process_of_its_own(sidecarctl, folder):
    Path("input.yaml").write_bytes(b"a: 1\na: 2\n")
    done = sidecarctl("inject", "input.yaml", cwd=folder)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == (
        "error: input.yaml:2:1: the key 'a' occurs twice in this mapping, first at line 1\n"
        "  hint: kubectl would take the last one and drop the other without a word\n"
    )


def test_no_permission_to_write(sidecarctl, folder):
    Path("input.yaml").write_bytes(EXAMPLE.read_bytes())
    done = sidecarctl("inject", "input.yaml", "-o", "input.yaml", cwd=folder)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Traceback" not in done.stderr
