"""How fast lint is: one file, a corpus, 5,000 documents, one file of 10 MB.

    .venv/bin/python benchmarks/lint.py [FOLDER]

Where kubeconform is on the PATH it runs in turn (A B A B) on the same files, offline, with strict
schemas made of our own pack; the ratio is taken pair by pair, for absolute times drift on a shared
machine. kubeconform checks the schema alone: `--select SC8` is what it can be compared with, all
rules are what users get. Nothing here is a test.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from sidecarctl.kubernetes import kubernetes_versions

ROOT = Path(__file__).resolve().parents[1]
PAIRS = 3
VERSION = "1.33"
PACK = ROOT / "schemas" / "kubernetes" / "definitions.jsonl"
DOCUMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: shop-{n}, labels: {{app: shop-{n}}}}}
spec:
  replicas: 2
  selector:
    matchLabels: {{app: shop-{n}}}
  template:
    metadata:
      labels: {{app: shop-{n}}}
    spec:
      initContainers:
        - name: envoy
          image: envoyproxy/envoy:v1.34.0
          restartPolicy: Always
          startupProbe:
            httpGet: {{path: /ready, port: 9902}}
            periodSeconds: 1
      containers:
        - name: shop
          image: registry.example/shop:{n}
          env:
            - name: ORDERS_URL
              value: http://orders-{n}.prod.svc:8080
          ports:
            - {{name: http, containerPort: 8080}}
          resources:
            requests: {{cpu: 100m, memory: 64Mi}}
---
"""


def main() -> None:
    """Print a line for each input and each way."""
    corpus = Path(sys.argv[1]) if sys.argv[1:] else ROOT.parent / "shared" / "corpus"
    other = shutil.which("kubeconform")
    print(f"{os.cpu_count()} cores, median of {PAIRS} runs; kubeconform: {other or 'not on PATH'}")
    with tempfile.TemporaryDirectory() as folder:
        schemas = Path(folder, "schemas")
        _write_schemas(schemas)
        for name, path in _inputs(corpus, Path(folder)):
            _compare(name, path, other, schemas)


def _inputs(corpus: Path, folder: Path) -> Iterable[tuple[str, Path]]:
    many, big = folder / "many", folder / "big.yaml"
    many.mkdir()
    for n in range(500):
        text = "".join(DOCUMENT.format(n=10 * n + i) for i in range(10))
        (many / f"{n}.yaml").write_text(text, encoding="utf-8")
    count = 10_000_000 // len(DOCUMENT.format(n=10_000))
    big.write_text("".join(DOCUMENT.format(n=n) for n in range(count)), encoding="utf-8")
    yield "one file", ROOT / "examples" / "lint" / "deployment.yaml"
    if corpus.is_dir():
        yield "the corpus", corpus
    yield "5,000 documents in 500 files", many
    yield f"one file of 10 MB, {count} documents", big


def _compare(name: str, path: Path, other: str | None, schemas: Path) -> None:
    lint = [sys.executable, "-m", "sidecarctl", "lint", str(path), "--format", "concise"]
    location = f"{schemas}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    theirs = [other or "", "-strict", "-ignore-missing-schemas", "-schema-location", location, path]
    ways = {"all rules": lint, "schema alone": [*lint, "--select", "SC8"]}
    if other:
        ways["kubeconform"] = list(map(str, theirs))
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(PAIRS):
        for way, command in ways.items():
            times[way].append(_seconds(command))
    print(f"\n{name}")
    for way, taken in times.items():
        line = f"  {way:<14}{statistics.median(taken):8.2f} s"
        if other and way != "kubeconform":
            pairs = zip(taken, times["kubeconform"], strict=True)
            line += f"   {statistics.median(a / b for a, b in pairs):6.2f} x kubeconform"
        print(line)


def _seconds(command: Sequence[str]) -> float:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
    start = time.perf_counter()
    subprocess.run(command, env=environment, capture_output=True, check=False)
    return time.perf_counter() - start


def _write_schemas(folder: Path) -> None:
    """Write one strict JSON Schema a kind, with all that it refers to, as kubeconform wants it."""
    assert VERSION in kubernetes_versions()
    folder.mkdir()
    head, *lines = PACK.read_text(encoding="utf-8").splitlines()
    nodes = {}
    for line in lines:
        name, spans = json.loads(line)
        for first, last, node in spans:
            if first <= VERSION <= last:
                nodes[name] = _strict(node)
    for key, name in json.loads(head)[1].items():
        if name in nodes:
            version, _, kind = key.rpartition("/")
            group, _, number = version.rpartition("/")
            suffix = "-".join(filter(None, (group.partition(".")[0], number)))
            schema = {"$ref": f"#/definitions/{name}", "definitions": _reached(name, nodes)}
            (folder / f"{kind.lower()}-{suffix}.json").write_text(json.dumps(schema))


def _reached(name: str, nodes: dict[str, object]) -> dict[str, object]:
    """Return the definitions that *name* needs, itself included."""
    reached: dict[str, object] = {}
    waiting = [name]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached[name] = nodes[name]
            found = json.dumps(nodes[name]).split('"#/definitions/')[1:]
            waiting += [text.partition('"')[0] for text in found]
    return reached


def _strict(node: object, *, named: bool = False) -> object:
    if isinstance(node, list):
        return [_strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: _strict(item, named=key == "properties") for key, item in node.items()}
    if named:
        return made
    if "$ref" in made:
        made["$ref"] = f"#/definitions/{made['$ref']}"
    if "properties" in made:
        made["additionalProperties"] = False
    made.pop("format", None)
    return made


if __name__ == "__main__":
    main()
