"""The page of `advise`, from the docstrings that decide and the numbers that it computes with."""

import inspect
from collections.abc import Iterator

from sidecarctl.advise.figures import (
    AGENT_SOURCE,
    DAEMON_SOURCE,
    LIBRARY_SOURCE,
    MEANINGS,
    MEASURED,
    NODE_PROXY,
    NODE_PROXY_SOURCE,
    PERFORMANCE_SOURCE,
    SIDECAR_SOURCE,
    VOLUME_SOURCE,
    Thresholds,
    break_even,
    request,
)
from sidecarctl.advise.judge import ANSWERS
from sidecarctl.advise.remarks import REMARKS
from sidecarctl.lifecycle.quantities import format_cpu, format_memory

_ISTIO = request("100m", "128Mi")  # what istiod's chart gives a sidecar
_SOURCES = (
    AGENT_SOURCE, DAEMON_SOURCE, LIBRARY_SOURCE, NODE_PROXY_SOURCE, PERFORMANCE_SOURCE,
    SIDECAR_SOURCE, VOLUME_SOURCE,
)  # fmt: skip


def advise_page() -> str:
    """Return the page of `advise` as Markdown."""
    parts = [
        "# advise",
        "For each sidecar: should it be one, or should a library, an agent or a proxy on the node, "
        "a volume, or nothing at all do its work? Every answer has reasons with sources, what the "
        "fleet pays for it (pods times requests), and what would change the answer.",
        "## Answers",
        "The first that fits wins.",
        _table(("answer", "when"), _answers()),
        "## Thresholds",
        "Engineering values but for what is computed from requests. Each is an option.",
        _table(("option", "default", ""), _thresholds()),
        "## Numbers",
        _break_even(),
        f"Measured by Istio: {MEASURED} ({PERFORMANCE_SOURCE}).",
        "## Remarks",
        "What weighs against the sidecars of a workload, whatever they are for:",
        "\n".join(f"- {text}" for text in REMARKS.values()),
        "What is not in the manifests is not guessed: traffic, prices, how the code is written. "
        "`--languages`, `--pods-per-node` and `--assume work.run=90s` tell it.",
        "## Sources",
        "\n".join(f"- <{source}>" for source in dict.fromkeys(_SOURCES)),
    ]
    return "\n\n".join(parts) + "\n"


def _answers() -> Iterator[tuple[str, ...]]:
    for instead, decide in ANSWERS:
        yield instead.value, " ".join(inspect.cleandoc(decide.__doc__ or "").split())


def _thresholds() -> Iterator[tuple[str, ...]]:
    limits = Thresholds()
    for field, (option, meaning) in MEANINGS.items():
        value = getattr(limits, field)
        shown = ("yes" if value else "no") if isinstance(value, bool) else f"{value:g}"
        yield f"`{option}`", shown, meaning


def _break_even() -> str:
    node = f"{format_cpu(NODE_PROXY.cpu)} cpu and {format_memory(NODE_PROXY.memory)} memory"
    pod = f"{format_cpu(_ISTIO.cpu)} and {format_memory(_ISTIO.memory)}"
    return (
        f"ztunnel and istio-cni ask {node} of each node ({NODE_PROXY_SOURCE}). Against sidecars "
        f"that ask {pod} they are the cheaper ones from {break_even(NODE_PROXY, _ISTIO)} such pods "
        "a node on; the same sum is made with what your sidecars ask."
    )


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)
