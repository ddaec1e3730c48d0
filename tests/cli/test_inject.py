"""inject and eject on the command line: what goes where, and what the exit code says."""

import json
import os
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
QUICKSTART = ROOT / "examples" / "quickstart"
EXAMPLE = QUICKSTART / "deployment.yaml"
GOLDEN = QUICKSTART / "deployment.injected.yaml"
# Clashes with what every profile brings: the container is called as the proxy is.
CLASH = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: clash}
spec:
  selector: {matchLabels: {app: clash}}
  template:
    metadata: {labels: {app: clash}}
    spec:
      containers:
        - {name: envoy, image: example.com/app:1, ports: [{containerPort: 80}]}
"""


@pytest.fixture
def shop(folder):
    """The quickstart in the working directory, as ``shop.yaml``."""
    file = folder / "shop.yaml"
    file.write_bytes(EXAMPLE.read_bytes())
    return file


def test_the_example_is_what_the_tool_makes_of_it(run):
    done = run("inject", EXAMPLE)
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(done.out, encoding="utf-8", newline="")
    assert done.code == 0
    assert done.out == GOLDEN.read_text(encoding="utf-8")


def test_the_report_goes_to_standard_error(run, shop):
    done = run("inject", "shop.yaml")
    assert done.err.splitlines()[0] == "✓ injected  Deployment/shop  envoy"
    assert done.err.splitlines()[-1] == (
        "1 workload: 1 injected · target Kubernetes 1.33 · profile default"
    )


def test_standard_input_gives_the_same(run):
    done = run("inject", "-", stdin=EXAMPLE.read_bytes())
    assert (done.code, done.out) == (0, GOLDEN.read_text(encoding="utf-8"))


def test_bytes_on_standard_output_are_those_of_the_file(sidecarctl, folder):
    crlf = GOLDEN.read_bytes().replace(b"\n", b"\r\n")
    original = EXAMPLE.read_bytes().replace(b"\n", b"\r\n")
    (folder / "crlf.yaml").write_bytes(original)
    injected = sidecarctl("inject", "crlf.yaml", cwd=folder)
    assert injected.stdout.replace(b"\r\n", b"").count(b"\n") == 0
    assert injected.stdout.count(b"\r\n") == crlf.count(b"\r\n")
    ejected = sidecarctl("eject", "-", cwd=folder, input=injected.stdout)
    assert (ejected.returncode, ejected.stdout) == (0, original)


def test_several_files_make_one_stream(run, shop):
    Path("map.yaml").write_text("apiVersion: v1\nkind: ConfigMap", encoding="utf-8")
    done = run("inject", "shop.yaml", "map.yaml")
    golden = GOLDEN.read_text(encoding="utf-8")
    assert done.out == f"{golden}---\napiVersion: v1\nkind: ConfigMap\n"


def test_check_tells_by_its_code(run, shop):
    done = run("inject", "--check", "shop.yaml")
    assert (done.code, done.out) == (1, "")
    assert shop.read_bytes() == EXAMPLE.read_bytes()
    shop.write_bytes(GOLDEN.read_bytes())
    done = run("inject", "--check", "shop.yaml")
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith("= unchanged  Deployment/shop  ")


def test_diff_shows_and_tells(run, shop):
    done = run("inject", "--diff", "shop.yaml")
    assert done.code == 1
    assert done.out.startswith("--- a/shop.yaml\n+++ b/shop.yaml\n@@ ")
    shop.write_bytes(GOLDEN.read_bytes())
    assert run("inject", "--diff", "--check", "shop.yaml").code == 0


def test_a_diff_in_colour(run, shop, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    done = run("inject", "--diff", "shop.yaml")
    assert done.out.startswith("\x1b[1m--- a/shop.yaml\x1b[0m\n")
    assert done.err.startswith("\x1b[32m✓ injected\x1b[0m  Deployment/shop  envoy\n")


def test_in_place_there_and_back(run, shop):
    done = run("inject", "-i", "shop.yaml")
    assert (done.code, done.out) == (0, "")
    assert shop.read_bytes() == GOLDEN.read_bytes()
    assert "1 workload: 1 injected · 1 file changed ·" in done.err
    done = run("inject", "-i", "shop.yaml")
    assert "1 workload: 1 unchanged · 0 files changed ·" in done.err
    done = run("eject", "-i", "shop.yaml")
    assert (done.code, done.out) == (0, "")
    assert shop.read_bytes() == EXAMPLE.read_bytes()
    assert done.err.splitlines()[-1] == "1 workload: 1 ejected · 1 file changed"


def test_a_folder_of_its_own_there_and_back(run, folder):
    (folder / "k8s" / "more").mkdir(parents=True)
    (folder / "k8s" / "shop.yaml").write_bytes(EXAMPLE.read_bytes())
    (folder / "k8s" / "more" / "map.yaml").write_text("kind: ConfigMap\n", encoding="utf-8")
    done = run("inject", "k8s", "-o", "out")
    assert (done.code, done.out) == (0, "")
    written = sorted(str(file.relative_to("out")) for file in Path("out").rglob("*.yaml"))
    assert written == ["more/map.yaml", "shop-envoy.yaml", "shop.yaml"]
    assert "· 3 files written to out ·" in done.err
    assert "kind: ConfigMap" not in Path("out/shop.yaml").read_text(encoding="utf-8")
    done = run("eject", "-i", "out")
    assert done.code == 0
    assert not Path("out/shop-envoy.yaml").exists()
    assert Path("out/shop.yaml").read_bytes() == EXAMPLE.read_bytes()


@pytest.fixture
def two_namespaces(folder):
    """The quickstart in the namespaces ``a`` and ``b``, injected into the folder ``out``."""
    for name in "ab":
        (folder / "k8s" / name).mkdir(parents=True)
        text = EXAMPLE.read_text(encoding="utf-8").replace(
            "\n  name: shop\n", f"\n  name: shop\n  namespace: {name}\n"
        )
        (folder / "k8s" / name / "shop.yaml").write_text(text, encoding="utf-8")
    return folder


def contents(folder):
    files = sorted(file for file in Path(folder).rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_text(encoding="utf-8") for file in files}


def test_no_document_takes_the_file_of_another(run, two_namespaces):
    run("inject", "k8s", "-o", "out")
    written = contents("out")
    assert [*written] == ["a/shop.yaml", "b/shop.yaml", "b-shop-envoy.yaml", "shop-envoy.yaml"]
    assert "namespace: a" in written["shop-envoy.yaml"]
    assert "namespace: b" in written["b-shop-envoy.yaml"]


def test_a_folder_that_was_injected_is_so_already(run, two_namespaces):
    run("inject", "k8s", "-o", "out")
    assert run("inject", "--check", "out").code == 0
    before = contents("out")
    run("inject", "-i", "out")
    assert contents("out") == before


def test_another_proxy_leaves_no_file_of_the_first_behind(run, two_namespaces):
    run("inject", "k8s", "-o", "out")
    done = run("inject", "-i", "-p", "istio", "out")
    assert done.code == 0
    assert [*contents("out")] == ["a/shop.yaml", "b/shop.yaml"]
    run("eject", "-i", "out")
    assert contents("out") == contents("k8s")


def test_a_file_whose_owner_is_not_there_is_left_alone(run, two_namespaces):
    run("inject", "k8s", "-o", "out")
    done = run("inject", "out/a/shop.yaml", "out/b-shop-envoy.yaml", "--diff")
    assert "b-shop-envoy.yaml" not in done.out


def test_an_input_file_called_as_a_new_one(run, shop):
    Path("in").mkdir()
    shop.rename("in/shop-envoy.yaml")
    done = run("inject", "in", "-o", "out")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: a new document and an input file would both become 'out/shop-envoy.yaml'\n"
        "  hint: rename the input file\n"
    )
    assert not Path("out").exists()


def test_input_is_not_overwritten_by_output(run, shop):
    done = run("inject", "shop.yaml", "-o", ".")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: 'shop.yaml' is input and would be overwritten\n"
        "  hint: name another folder, or replace the files with --in-place\n"
    )
    assert shop.read_bytes() == EXAMPLE.read_bytes()
    assert [file.name for file in Path().iterdir()] == ["shop.yaml"]


@pytest.mark.parametrize("way", [["-i"], ["-o", "out"], ["--diff"], ["--check"], []])
def test_a_refusal_of_one_stops_all(run, shop, way):
    Path("clash.yaml").write_text(CLASH, encoding="utf-8")
    done = run("inject", "shop.yaml", "clash.yaml", *way)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: clash.yaml:10:18: Deployment/clash: the sidecar 'envoy' adds a container 'envoy',"
        " which is here already [name-clash]\n"
        "  hint: rename one of them, or leave the workload out\n"
        "2 workloads: 1 refused · nothing was written · target Kubernetes 1.33 · profile default\n"
    )
    assert shop.read_bytes() == EXAMPLE.read_bytes()
    assert {file.name for file in Path().iterdir()} == {"clash.yaml", "shop.yaml"}


def test_the_report_as_json(run, shop):
    done = run("inject", "--report", "json", "shop.yaml")
    assert (done.code, done.out) == (0, GOLDEN.read_text(encoding="utf-8"))
    report = json.loads(done.err)
    assert report["summary"] == {
        "workloads": 1,
        "injected": 1,
        "ejected": 0,
        "unchanged": 0,
        "skipped": 0,
        "refused": 0,
    }
    assert [outcome["name"] for outcome in report["outcomes"]] == ["shop"]


def test_each_step_gives_out_its_own_documents(run, folder):
    text = EXAMPLE.read_text(encoding="utf-8").replace("targetPort: http", "targetPort: 8080")
    (folder / "shop.yaml").write_text(text, encoding="utf-8")
    whole = documents(run("inject", "shop.yaml").out)
    first = documents(run("inject", "--only", "workloads", "shop.yaml").out)
    second = documents(run("inject", "--only", "services", "shop.yaml").out)
    assert [each["kind"] for each in first] == ["Deployment", "ConfigMap"]
    assert [each["kind"] for each in second] == ["Service"]
    assert [*first, *second] == whole
    assert second[0]["spec"]["ports"][0]["targetPort"] == 10000


def documents(text):
    return [each for each in yaml.safe_load_all(text) if each is not None]


def test_a_step_is_no_way_to_change_files(run, shop):
    done = run("inject", "--only", "services", "-i", "shop.yaml")
    assert (done.code, done.out) == (2, "")
    assert done.err == "error: --only is for what is printed, or written with --output\n"


def test_context_is_looked_at_and_not_printed(run, folder):
    deployment, service = EXAMPLE.read_text(encoding="utf-8").split("---\n")
    (folder / "deployment.yaml").write_text(deployment, encoding="utf-8")
    (folder / "service.yaml").write_text(service, encoding="utf-8")
    alone = run("inject", "deployment.yaml")
    assert "[no-service]" in alone.err
    done = run("inject", "deployment.yaml", "--context", "service.yaml")
    assert "kind: Service" not in done.out
    assert "[no-service]" not in done.err


def test_the_profile_of_the_nearest_configuration_is_taken_unless_one_is_named(run, shop, folder):
    config = "apiVersion: sidecarctl.dev/v1alpha1\nkind: Config\nprofile: own.yaml\n"
    (folder / ".sidecarctl.yaml").write_text(config, encoding="utf-8")
    own = "apiVersion: sidecarctl.dev/v1alpha1\nkind: Profile\nmetadata: {name: own}\n"
    own += "spec: {proxy: none, agents: [datadog]}\n"
    (folder / "own.yaml").write_text(own, encoding="utf-8")
    assert run("inject", shop).err.endswith("profile own\n")
    assert run("inject", shop, "-p", "default").err.endswith("profile default\n")
