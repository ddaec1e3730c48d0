"""What the rendered Envoy costs: start, memory, latency, and each concern by itself.

    .venv/bin/python benchmarks/envoy.py

Every variant is injected into examples/quickstart and runs on loopback as `prove` runs it, with one
worker, before the same small server; the bare hop is a TCP proxy of the same Envoy. Requests go one
after another on a connection that stays. Client and server are Python and take most of each
request, the same in all rows, so the time that a variant *adds* to the bare hop is what to look at.
The variants take turns, round after round, and the medians of the rounds are printed: absolute
times drift on a shared machine. Nothing here is a test.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from msgspec import Struct

from sidecarctl.envoy.binary import find_envoy, running
from sidecarctl.envoy.bootstrap import dump
from sidecarctl.findings import JsonObject
from sidecarctl.inject.inject import inject
from sidecarctl.manifest.document import parse
from sidecarctl.profile.profile import load_profile
from sidecarctl.prove.callers import Nobody
from sidecarctl.prove.client import Ask, connection, exchange
from sidecarctl.prove.ports import free_port
from sidecarctl.prove.stand import Situation
from sidecarctl.prove.subject import subjects
from sidecarctl.prove.trial import Trial
from sidecarctl.prove.upstream import serving

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "examples" / "quickstart" / "deployment.yaml"
ROUNDS, REQUESTS, WARM = 5, 300, 100

VARIANTS: dict[str, tuple[str, Sequence[str]]] = {
    "default": ("default", ()),
    "default + rateLimit": (
        "default",
        ["concerns.rateLimit={perInstance: {requests: 1000000, per: 1s}}"],
    ),
    "default + retries": ("default", ["concerns.retries={}"]),
    "default + faults": ("default", ["concerns.faults={}"]),
    "default + mtls": ("default", ["concerns.mtls={mode: strict, external: plaintext}"]),
    "strict": ("strict", ()),
}


class Served(Struct, frozen=True):
    """An Envoy under load: its process, how long it took until it was ready, and a way in."""

    pid: int
    ready_s: float
    connected: object
    ask: Ask


def main() -> None:
    """Print a row for each variant."""
    if find_envoy() is None:
        sys.exit("there is no Envoy for this platform: pip install 'sidecarctl[envoy]'")
    rows: dict[str, list[tuple[float, float, float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        trial = Trial(Path(folder))
        standing = {"bare TCP hop": stack.enter_context(bare(Path(folder)))}
        for name, (profile, sets) in VARIANTS.items():
            standing[name] = stack.enter_context(variant(name, profile, sets, trial))
        idle = {name: resident(each.pid) for name, each in standing.items()}
        for _ in range(ROUNDS):
            for name, each in standing.items():
                took = sorted(timed(each) for _ in range(REQUESTS))
                row = (took[len(took) // 2], took[int(len(took) * 0.99)], sum(took))
                rows.setdefault(name, []).append((*row, resident(each.pid)))
        report(standing, idle, rows)


def report(
    standing: dict[str, Served],
    idle: dict[str, float],
    rows: dict[str, list[tuple[float, float, float, float]]],
) -> None:
    """Print what was measured, the bare hop first and the others against it."""
    print(f"{ROUNDS} rounds of {REQUESTS} requests, one worker")
    print(f"{'':22}{'ready':>8}{'idle':>9}{'loaded':>9}{'p50':>9}{'p99':>9}{'adds':>9}{'rate':>7}")
    bare_rows = rows["bare TCP hop"]
    for name, found in rows.items():
        p50, p99, _, memory = (statistics.median(column) for column in zip(*found, strict=True))
        added = statistics.median(a[0] - b[0] for a, b in zip(found, bare_rows, strict=True))
        rate = statistics.median(b[2] / a[2] for a, b in zip(found, bare_rows, strict=True))
        ready = standing[name].ready_s
        print(
            f"{name:22}{ready * 1e3:5.0f} ms{idle[name]:5.0f} MiB{memory:5.0f} MiB"
            f"{p50 * 1e6:6.0f} us{p99 * 1e6:6.0f} us{added * 1e6:6.0f} us{rate:6.2f}x"
        )


def timed(served: Served) -> float:
    """Return the seconds that one request takes."""
    began = time.perf_counter()
    reply = exchange(served.connected, served.ask)  # type: ignore[arg-type]
    took = time.perf_counter() - began
    if reply.status != 200:
        raise SystemExit(f"a request was answered {reply.status}")
    return took


@contextmanager
def variant(name: str, profile: str, sets: Sequence[str], trial: Trial) -> Iterator[Served]:
    """Run the Envoy that *profile* gives the example."""
    text = FILE.read_text(encoding="utf-8")
    manifest = parse(text, FILE.name)
    result = inject([manifest], [], load_profile(profile, sets=sets))
    documents = parse(result.texts[FILE.name][1], FILE.name).documents
    (subject,) = subjects(documents, "default")
    situation = Situation(subject, trial, name.replace(" ", ""))
    way = situation.ways[0]
    caller = situation.caller(way, "GET")
    if isinstance(caller, Nobody):
        raise SystemExit(f"{name}: {caller}")
    began = time.perf_counter()
    with situation.stand() as stand:
        ready = time.perf_counter() - began
        with connection(stand.port(way), caller.tls, caller.name) as connected:
            yield warmed(Served(stand.envoy.pid, ready, connected, caller.ask))


@contextmanager
def bare(folder: Path) -> Iterator[Served]:
    """Run the same Envoy as a TCP proxy and nothing else."""
    with ExitStack() as stack:
        upstream = stack.enter_context(serving("http", None))
        port = free_port()
        began = time.perf_counter()
        started = running(dump(hop(port, upstream.port)), {}, root=folder / "bare")
        envoy = stack.enter_context(started)
        ready = time.perf_counter() - began
        connected = stack.enter_context(connection(port))
        yield warmed(Served(envoy.pid, ready, connected, Ask("GET", "/")))


def warmed(served: Served) -> Served:
    """Send some requests first, so that pools are filled and code is paged in."""
    for _ in range(WARM):
        timed(served)
    return served


def hop(port: int, upstream: int) -> JsonObject:
    """Return the bootstrap of a TCP proxy from *port* to *upstream*, both on loopback."""
    tcp = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"

    def at(number: int) -> JsonObject:
        return {"socket_address": {"address": "127.0.0.1", "port_value": number}}

    proxy: JsonObject = {"@type": tcp, "stat_prefix": "hop", "cluster": "app"}
    ends: JsonObject = {"lb_endpoints": [{"endpoint": {"address": at(upstream)}}]}
    return {
        "node": {"id": "hop", "cluster": "hop"},
        "admin": {"address": {"pipe": {"path": "/run/envoy/admin.sock"}}},
        "static_resources": {
            "listeners": [
                {
                    "name": "hop",
                    "address": at(port),
                    "filter_chains": [{"filters": [{"name": "tcp", "typed_config": proxy}]}],
                }
            ],
            "clusters": [
                {
                    "name": "app",
                    "type": "STATIC",
                    "connect_timeout": "1s",
                    "load_assignment": {"cluster_name": "app", "endpoints": [ends]},
                }
            ],
        },
    }


def resident(pid: int) -> float:
    """Return the resident memory of a process in MiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
