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
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from round_trip import round_trip

from sidecarctl.errors import SidecarctlError
from sidecarctl.inject.inject import inject
from sidecarctl.manifest.document import parse
from sidecarctl.profile.profile import Profile, load_profile

ROOT = Path(__file__).resolve().parents[1]

ONE_FILE = ROOT / "examples" / "quickstart" / "deployment.yaml"
START_UP_PAIRS = 15
PAIRS = 3

# Not ru_maxrss: a child inherits that of its parent.
_PROBE = """
import sys
from sidecarctl.cli.main import main
try:
    main()
finally:
    with open("/proc/self/status") as status:
        peak = next(line for line in status if line.startswith("VmHWM:"))
    sys.stderr.write(peak.split()[1])
"""


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
    """Measure injection over all files, and compare the edits with those of a ruamel round trip."""
    profile = load_profile("default")
    texts = [file.read_text(encoding="utf-8") for file in _readable(corpus)]
    edited = [(text, after) for text in texts if (after := _inject(text, profile)) != text]
    print("\nthroughput in-process, file by file")
    whole_s = [_elapsed_s(lambda: [_inject(each, profile) for each in texts]) for _ in range(PAIRS)]
    _say_speed(f"inject, {len(texts)} files", texts, statistics.median(whole_s))
    pairs = [
        (
            _elapsed_s(lambda: [_inject(before, profile) for before, _ in edited]),
            _elapsed_s(lambda: [round_trip(before, after) for before, after in edited]),
        )
        for _ in range(PAIRS)
    ]
    changing = [before for before, _ in edited]
    _say_speed(f"inject, the {len(edited)} that change", changing, _median(pairs, 0))
    _say_speed("ruamel round trip of the same edits", changing, _median(pairs, 1))
    ratio = statistics.median(other / own for own, other in pairs)
    print(f"  inject takes 1/{ratio:.1f} of ruamel's time, which decides and renders nothing")
    ours = sum(_lines_lost(before, after) for before, after in edited)
    theirs = sum(_lines_lost(before, round_trip(before, after)) for before, after in edited)
    print(f"  lines of the input that are changed or gone: inject {ours}, ruamel {theirs}")


def _median(pairs: Sequence[tuple[float, float]], side: int) -> float:
    return statistics.median(pair[side] for pair in pairs)


def _say_speed(what: str, texts: Sequence[str], elapsed_s: float) -> None:
    size_kb = sum(len(text.encode()) for text in texts) / 1000
    print(f"  {what:<40} {size_kb:5.0f} kB   {size_kb / elapsed_s:6.0f} kB/s")


def _readable(corpus: Path) -> list[Path]:
    """Return the files of *corpus* that are manifests: templates and broken files are left out."""
    return [file for file in sorted(corpus.rglob("*.yaml")) if _is_manifest(file)]


def _is_manifest(file: Path) -> bool:
    try:
        return bool(parse(file.read_text(encoding="utf-8"), str(file)).documents)
    except (SidecarctlError, UnicodeDecodeError):
        return False


def _inject(text: str, profile: Profile) -> str:
    return inject([parse(text, "file.yaml")], [], profile).texts["file.yaml"][1]


def _lines_lost(before: str, after: str) -> int:
    return (Counter(before.splitlines()) - Counter(after.splitlines())).total()


def _elapsed_s(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


# --- memory ---------------------------------------------------------------------------------------


def _memory(corpus: Path) -> None:
    """Print the largest resident size of whole processes."""
    print("\npeak memory of whole processes (resident)")
    files = [str(file) for file in _readable(corpus)]
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder) / "large.yaml"
        block = ONE_FILE.read_text(encoding="utf-8")
        fleet = [block.replace("shop", f"shop{number}") for number in range(500)]
        large.write_text("---\n".join(fleet), encoding="utf-8")
        size_mb = large.stat().st_size / 1e6
        for name, arguments in (
            ("one file", [str(ONE_FILE)]),
            (f"{len(files)} files of the corpus", files),
            (f"one file of {size_mb:.1f} MB, 1,000 documents", ["--check", str(large)]),
        ):
            print(f"  {name:<40} {_peak_mib(arguments):6.0f} MiB")


def _peak_mib(arguments: Sequence[str]) -> float:
    """Return the peak of a process of its own, as Linux keeps it; elsewhere there is none."""
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, "inject", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    last = done.stderr.split()[-1:]
    return int(last[0]) / 1024 if last and last[0].isdigit() else float("nan")


if __name__ == "__main__":
    main()
