"""How fast sidecarctl is, printed in one run: start-up, throughput, memory.

    make bench                                # or: .venv/bin/python benchmarks/run.py [FOLDER]

FOLDER holds manifests; without it ``SIDECARCTL_CORPUS``, or ``shared/corpus`` beside the checkout,
or else ``examples/`` is taken. Pairs are run in turn (A B A B) and the ratio is taken pair by pair:
on a shared machine absolute times drift, ratios hardly do. Nothing here is a test.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from round_trip import round_trip

from sidecarctl.errors import SidecarctlError
from sidecarctl.inject.inject import inject
from sidecarctl.manifest.document import parse
from sidecarctl.profile.profile import load_profile

ROOT = Path(__file__).resolve().parents[1]

ONE_FILE = ROOT / "examples" / "quickstart" / "deployment.yaml"
START_UP_PAIRS = 15
THROUGHPUT_PAIRS = 3


def main() -> None:
    """Print all figures."""
    corpus = _corpus()
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores; corpus {corpus}")
    _start_up()
    _throughput(corpus)
    _memory(corpus)


def _corpus() -> Path:
    given = sys.argv[1:] or [os.environ.get("SIDECARCTL_CORPUS", "")]
    beside = ROOT.parent / "shared" / "corpus"
    if given[0]:
        return Path(given[0])
    return beside if beside.is_dir() else ROOT / "examples"


# --- start-up -------------------------------------------------------------------------------------


def _start_up() -> None:
    """Compare whole processes with an interpreter that does nothing."""
    bare = [sys.executable, "-c", "pass"]
    sidecarctl = [sys.executable, "-m", "sidecarctl"]
    # Without compiled modules every run would compile the package anew, which no user sees.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
    print(f"\nstart-up, median of {START_UP_PAIRS} pairs        wall      against `python -c pass`")
    for name, command in (
        ("--version", [*sidecarctl, "--version"]),
        ("inject, one file", [*sidecarctl, "inject", str(ONE_FILE)]),
        ("inject --diff, one file", [*sidecarctl, "inject", "--diff", str(ONE_FILE)]),
        ("eject, one file", [*sidecarctl, "eject", str(ONE_FILE)]),
    ):
        _process_s(command, environment)  # compiles the modules and warms the page cache
        pairs = [
            (_process_s(bare, environment), _process_s(command, environment))
            for _ in range(START_UP_PAIRS)
        ]
        wall = statistics.median(own for _, own in pairs)
        ratio = statistics.median(own / floor for floor, own in pairs)
        print(f"  {name:<32} {wall * 1000:7.0f} ms   {ratio:5.1f} x")


def _process_s(command: Sequence[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    elapsed = time.perf_counter() - start
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr.decode())
    return elapsed


# --- throughput -----------------------------------------------------------------------------------


def _throughput(corpus: Path) -> None:
    """Compare injection with a ruamel round trip of the same edit, file by file."""
    texts = _injectable(corpus)
    size_kb = sum(len(before.encode()) for before, _ in texts) / 1000
    print(f"\nthroughput in-process, {len(texts)} files that change, {size_kb:.0f} kB")
    pairs = []
    for _ in range(THROUGHPUT_PAIRS):
        own = _elapsed_s(lambda: [_inject(before) for before, _ in texts])
        other = _elapsed_s(lambda: [round_trip(before, after) for before, after in texts])
        pairs.append((own, other))
    own_s = statistics.median(own for own, _ in pairs)
    other_s = statistics.median(other for _, other in pairs)
    ratio = statistics.median(other / own for own, other in pairs)
    print(f"  inject (decide, render, splice, check)   {size_kb / own_s:6.0f} kB/s")
    print(
        f"  ruamel round trip of the same edit       {size_kb / other_s:6.0f} kB/s   {ratio:.2f} x"
    )
    kept = sum(_keeps_lines(before, after) for before, after in texts)
    lost = [_keeps_lines(before, round_trip(before, after)) for before, after in texts]
    print(f"  files that keep every line: inject {kept}, ruamel {sum(lost)} of {len(texts)}")


def _injectable(corpus: Path) -> list[tuple[str, str]]:
    """Return the text before and after of each file of *corpus* that injection changes."""
    found = []
    for file in sorted(corpus.rglob("*.yaml")):
        try:
            before = file.read_text(encoding="utf-8")
            after = _inject(before)
        except (SidecarctlError, UnicodeDecodeError):
            continue
        if after != before:
            found.append((before, after))
    return found


def _inject(text: str) -> str:
    result = inject([parse(text, "file.yaml")], [], load_profile("default"))
    return result.texts["file.yaml"][1]


def _keeps_lines(before: str, after: str) -> bool:
    """Tell whether every line of *before* stands in *after*, in order."""
    following = iter(after.splitlines())
    return all(line in following for line in before.splitlines())


def _elapsed_s(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


# --- memory ---------------------------------------------------------------------------------------


def _memory(corpus: Path) -> None:
    """Print the largest resident size of whole processes."""
    print("\npeak memory (maximum resident size)")
    files = sorted(str(file) for file in corpus.rglob("*.yaml") if _is_whole(file))
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder) / "large.yaml"
        block = ONE_FILE.read_text(encoding="utf-8").removesuffix("\n")
        large.write_text("\n---\n".join([block] * 1000) + "\n", encoding="utf-8")
        size_mb = large.stat().st_size / 1e6
        for name, arguments in (
            ("one file", [str(ONE_FILE)]),
            (f"{len(files)} files of the corpus", files),
            (f"one file of {size_mb:.1f} MB, 2,000 documents", ["--check", str(large)]),
        ):
            print(f"  {name:<40} {_peak_mib(arguments):6.0f} MiB")


def _is_whole(file: Path) -> bool:
    return b"{{" not in file.read_bytes()


def _peak_mib(arguments: Sequence[str]) -> float:
    command = [sys.executable, "-m", "sidecarctl", "inject", *arguments]
    child = subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, _, usage = os.wait4(child.pid, 0)
    child.returncode = 0  # waited for above; Popen must not wait again
    return usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
