"""How fast lint is: one file, a corpus, 5,000 documents, one file of 10 MB.

    .venv/bin/python benchmarks/lint.py [FOLDER]

Where kubeconform is on the PATH it runs in turn (A B A B) on the same files, offline and strict;
the ratio is taken pair by pair, for absolute times drift on a shared machine. kubeconform checks
the schema alone: `--select SC8` is what it can be compared with, all rules are what users get.
Its time depends on the form of its schemas, so it runs with two: the usual one, as its default
location serves them (every reference written out, with descriptions), and the smallest that says
the same (each definition once, without descriptions). To install it:

    go install github.com/yannh/kubeconform/cmd/kubeconform@latest

Nothing here is a test.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import cycle
from pathlib import Path

import kubernetes_validate

from sidecarctl.kubernetes import kubernetes_versions

ROOT = Path(__file__).resolve().parents[1]
PAIRS = 3
VERSION = "1.33"
# A line that parts documents, an object of Kubernetes, its name or an image.
_SEPARATOR = re.compile(r"^---.*$", re.MULTILINE)
_OBJECT = re.compile(r"^apiVersion:", re.MULTILINE)
_NAME = re.compile(r"^(?:  name: |.*image: )[^\s'\"{\[|>&*]+$", re.MULTILINE)
PACK = ROOT / "schemas" / "kubernetes" / "definitions.jsonl"


def main() -> None:
    """Print a line for each input and each way."""
    corpus = Path(sys.argv[1]) if sys.argv[1:] else ROOT.parent / "shared" / "corpus"
    if not corpus.is_dir():
        corpus = ROOT / "examples"
    other = shutil.which("kubeconform")
    print(f"{os.cpu_count()} cores, median of {PAIRS} runs; kubeconform: {other or 'not on PATH'}")
    with tempfile.TemporaryDirectory() as folder:
        forms = {"usual": Path(folder, "usual"), "smallest": Path(folder, "smallest")}
        _write_usual(forms["usual"])
        _write_smallest(forms["smallest"])
        for name, path in _inputs(corpus, Path(folder)):
            _compare(name, path, other, forms)


def _inputs(corpus: Path, folder: Path) -> Iterable[tuple[str, Path]]:
    """Yield a name and a path of each input; the large ones repeat the documents of *corpus*."""
    many, big = folder / "many", folder / "big.yaml"
    many.mkdir()
    documents = _distinct(corpus)
    for n in range(500):
        text = "---\n".join(next(documents) for _ in range(10))
        (many / f"{n}.yaml").write_text(text, encoding="utf-8")
    parts: list[str] = []
    size = 0
    while size < 10_000_000:
        parts.append(next(documents))
        size += len(parts[-1])
    big.write_text("---\n".join(parts), encoding="utf-8")
    yield "one file", ROOT / "examples" / "lint" / "deployment.yaml"
    yield "the corpus", corpus
    yield "5,000 documents in 500 files", many
    yield f"one file of 10 MB, {len(parts)} documents", big


def _distinct(corpus: Path) -> Iterator[str]:
    """Yield the documents of *corpus* over and over, each with a name and images of its own."""
    documents = [
        f"{part.strip()}\n"
        for file in sorted(corpus.rglob("*.yaml"))
        if "{{" not in (text := file.read_text(encoding="utf-8"))
        for part in _SEPARATOR.split(text)
        if _OBJECT.search(part)
    ]
    for number, document in enumerate(cycle(documents)):
        yield _NAME.sub(rf"\g<0>-{number}", document)


def _compare(name: str, path: Path, other: str | None, forms: Mapping[str, Path]) -> None:
    lint = [sys.executable, "-m", "sidecarctl", "lint", str(path), "--format", "concise"]
    ways = {"all rules": lint, "schema alone": [*lint, "--select", "SC8"]}
    theirs = {}
    if other:
        for form, schemas in forms.items():
            location = f"{schemas}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
            way = f"kubeconform, {form} schemas"
            command = [other, "-strict", "-ignore-missing-schemas", "-schema-location", location]
            theirs[way] = [*command, str(path)]
    times: dict[str, list[float]] = {way: [] for way in (*ways, *theirs)}
    for _ in range(PAIRS):
        for way, command in (*ways.items(), *theirs.items()):
            times[way].append(_seconds(command))
    print(f"\n{name}")
    for way, taken in times.items():
        print(f"  {way:<30}{statistics.median(taken):8.2f} s")
    for way in ways:
        for rival in theirs:
            pairs = zip(times[way], times[rival], strict=True)
            print(f"  {way} takes {statistics.median(a / b for a, b in pairs):.2f} x {rival}")


def _seconds(command: Sequence[str]) -> float:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    taken = time.perf_counter() - start
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)}: {done.stderr.decode()}")
    return taken


def _write_usual(folder: Path) -> None:
    """Write one strict JSON Schema a kind with every reference written out."""
    package = Path(kubernetes_validate.__file__).parent
    source = package / "kubernetes-json-schema" / f"v{VERSION}.0-local-strict"
    definitions = json.loads((source / "_definitions.json").read_text())["$defs"]
    folder.mkdir()
    for file in source.glob("*.json"):
        schema = json.loads(file.read_text())
        if "apiVersion" in schema.get("properties", {}):
            (folder / file.name).write_text(json.dumps(_written_out(schema, definitions, ())))


def _written_out(node: object, definitions: Mapping[str, object], above: Sequence[str]) -> object:
    if isinstance(node, list):
        return [_written_out(item, definitions, above) for item in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if isinstance(reference, str):
        name = reference.rpartition("/")[2]
        return {} if name in above else _written_out(definitions[name], definitions, (*above, name))
    return {key: _written_out(item, definitions, above) for key, item in node.items()}


def _write_smallest(folder: Path) -> None:
    """Write one strict JSON Schema a kind, made of our own pack, with all that it refers to."""
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
