"""`sidecarctl lint`: what goes where, and what the shell sees."""

import json

import pytest

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  containers:
    - name: shop
      env: [{name: DB_PASSWORD, value: tr0ub4dor}]
"""
BROKEN = POD + "      colour: red\n"


def test_clean_manifests_say_nothing_and_end_with_0(run, folder):
    (folder / "pod.yaml").write_text(POD.replace("tr0ub4dor", "$(SECRET)"))
    done = run("lint")
    assert (done.code, done.out) == (0, "")
    assert done.err == "nothing found · 1 document in 1 file · target Kubernetes 1.33\n"


@pytest.mark.parametrize(
    "case",
    [
        (BROKEN, "error", 1),
        (BROKEN, "never", 0),
        (POD, "error", 0),
        (POD, "warning", 1),
        (POD, "info", 1),
    ],
)
@pytest.mark.parametrize("form", ["text", "concise", "json", "sarif", "github"])
def test_the_code_tells_the_worst_finding_whatever_the_format(run, folder, case, form):
    text, fail_on, code = case
    (folder / "pod.yaml").write_text(text)
    assert run("lint", "pod.yaml", "--fail-on", fail_on, "--format", form).code == code


def test_several_reports_at_once(run, folder):
    (folder / "pod.yaml").write_text(BROKEN)
    done = run("lint", "--format", "concise", "--format", "sarif:out.sarif", "--format", "json:o")
    assert done.code == 1
    assert [line.split(":")[1] for line in done.out.splitlines()] == ["7", "8"]
    assert json.loads((folder / "out.sarif").read_text())["version"] == "2.1.0"
    assert json.loads((folder / "o").read_text())["summary"]["error"] == 1


def test_what_cannot_be_read_is_a_finding_and_ends_with_2(run, folder):
    (folder / "a.yaml").write_text("a: [\n")
    (folder / "b.yaml").write_text(BROKEN)
    done = run("lint", ".", "--format", "concise")
    assert done.code == 2
    assert [line.rpartition("[")[2] for line in done.out.splitlines()] == [
        "SC000 yaml-syntax-error]",
        "SC208 secret-in-plain-config]",
        "SC802 unknown-field]",
    ]


def test_rules_are_chosen_by_slug_code_and_family(run, folder):
    (folder / "pod.yaml").write_text(BROKEN)
    assert run("lint", "--select", "SC2,SC301").code == 0
    assert run("lint", "--ignore", "SC8").code == 0
    assert run("lint", "--select", "unknown-field").code == 1


def test_a_slip_in_a_rule_is_named(run, folder):
    (folder / "pod.yaml").write_text(POD)
    done = run("lint", "--select", "unknown-feild")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: there is no rule 'unknown-feild'\n  hint: did you mean 'unknown-field'?\n"
    )


def test_standard_input(run):
    done = run("lint", "-", "--format", "concise", stdin=BROKEN)
    assert done.code == 1
    assert done.out.startswith("stdin:7:")


def test_rules_are_listed_and_explained(run):
    listed = run("list", "rules")
    assert "SC101   non-native-sidecar " in listed.out
    for word in ("SC101", "non-native-sidecar"):
        page = run("explain", word)
        assert page.code == 0
        assert page.out.startswith("# SC101 non-native-sidecar\n\n*error, confidence high, ")
        assert "\nBad:\n\n    apiVersion: v1\n" in page.out
        assert "    - name: cloud-sql-proxy  # <-- here\n" in page.out


@pytest.mark.parametrize(
    ("word", "hint"),
    [("SC999", ""), ("non-native-sidcar", "  hint: did you mean 'non-native-sidecar'?\n")],
)
def test_a_slip_in_the_name_of_a_rule_is_named(run, word, hint):
    done = run("explain", word)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"error: there is no rule {word!r}\n{hint}"
