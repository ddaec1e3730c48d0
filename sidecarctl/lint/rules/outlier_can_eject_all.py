"""Outlier detection may take more than half of the hosts away.

A bad release or a slow database makes all hosts look ill at once: with the limit raised, Envoy
ejects them all, and then either sends to everybody again (panic) or, with a panic threshold of 0,
answers 503 to everyone.

Bad:

    static_resources:
      clusters:
        - name: orders
          type: STRICT_DNS
          outlier_detection:
            consecutive_5xx: 5
            max_ejection_percent: 100  # expect: outlier-can-eject-all

Good:

    static_resources:
      clusters:
        - name: orders
          type: STRICT_DNS
          outlier_detection:
            consecutive_5xx: 5
            max_ejection_percent: 30
"""

from collections.abc import Iterator

from sidecarctl.envoy.part import Part
from sidecarctl.envoy.read import Bootstrap
from sidecarctl.findings import Severity
from sidecarctl.lint.rule import Hit, bootstrap_rule
from sidecarctl.lint.run import Run


@bootstrap_rule(
    "outlier-can-eject-all",
    Severity.WARNING,
    help="set max_ejection_percent to 50 or less",
    source="https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/panic_threshold",
)
def check(bootstrap: Bootstrap, _run: Run) -> Iterator[Hit]:
    """Report limits over one half; an error where there is no panic mode to fall back on."""
    for cluster in bootstrap.clusters:
        detection = cluster.part.part("outlier_detection")
        percent = _value(detection, "max_ejection_percent")
        panic = _value(cluster.part.part("common_lb_config"), "healthy_panic_threshold")
        if percent is not None and percent > 50 and not cluster.is_loopback:
            yield Hit(
                detection.at("max_ejection_percent"),
                f"cluster {cluster.name!r} may lose {percent} % of its hosts",
                severity=Severity.ERROR if panic == 0 else None,
            )


def _value(holder: Part, name: str) -> int | float | None:
    """Return a number that may stand in a wrapper: ``{value: 0}``."""
    value = holder.get(name)
    if isinstance(value, dict):
        value = value.get("value", 0)
    return value if isinstance(value, int | float) else None
