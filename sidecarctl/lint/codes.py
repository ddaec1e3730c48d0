"""The catalogue: which code a rule bears. A rule's module bears its slug's name.

The hundred of a code is its family: SC0 the tool itself, SC1 start and stop, SC2 security, SC3
traffic, SC4 Envoy's configuration, SC5 telemetry, SC6 meshes, SC7 resources, SC8 validity of the
manifest. A code or slug that is given up is never used again: it moves to RETIRED.
"""

from collections.abc import Mapping

FAMILIES: Mapping[str, str] = {
    "SC0": "the lint itself",
    "SC1": "start and stop",
    "SC2": "security",
    "SC3": "traffic",
    "SC4": "Envoy's configuration",
    "SC5": "telemetry",
    "SC6": "meshes",
    "SC7": "resources",
    "SC8": "validity of the manifest",
}

CODES: Mapping[str, str] = {
    "yaml-syntax-error": "SC000",
    "rule-crashed": "SC001",
    "unused-suppression": "SC002",
    "unknown-rule-in-suppression": "SC003",
    "non-native-sidecar": "SC101",
    "native-sidecar-without-startup-probe": "SC102",
    "init-waits-for-regular-sidecar": "SC103",
    "init-before-native-sidecar": "SC104",
    "job-with-regular-sidecar": "SC105",
    "post-start-ordering-hack": "SC106",
    "grace-period-shorter-than-drain": "SC108",
    "no-drain-on-shutdown": "SC109",
    "lifecycle-on-plain-init-container": "SC110",
    "container-restart-policy-misplaced": "SC111",
    "sidecar-dependency-cycle": "SC114",
    "agent-gates-app": "SC115",
    "slow-startup-gate": "SC116",
    "startup-budget-exceeds-deadline": "SC117",
    "hook-never-works": "SC118",
    "envoy-admin-exposed": "SC201",
    "mtls-without-trusted-ca": "SC203",
    "upstream-tls-unverified": "SC204",
    "secret-in-plain-config": "SC208",
    "sidecar-image-unpinned": "SC209",
    "sidecar-over-privileged": "SC210",
    "service-bypasses-proxy": "SC214",
    "duplicate-listening-port": "SC301",
    "declared-port-without-listener": "SC303",
    "loopback-port-unserved": "SC304",
    "http-probe-through-mtls": "SC307",
    "probe-on-loopback-admin": "SC310",
    "probe-never-passes": "SC316",
    "liveness-depends-on-neighbour": "SC317",
    "local-rate-limit-inert": "SC401",
    "retry-without-per-try-timeout": "SC403",
    "outlier-can-eject-all": "SC407",
    "outlier-on-loopback-upstream": "SC408",
    "route-to-unknown-cluster": "SC409",
    "router-filter-missing": "SC410",
    "unknown-envoy-field": "SC411",
    "fault-without-header": "SC418",
    "envoy-schema-violation": "SC419",
    "envoy-field-deprecated": "SC420",
    "dd-agent-host-mismatch": "SC502",
    "multiple-injection-labels": "SC601",
    "injection-toggle-misplaced": "SC602",
    "inject-annotation-deprecated": "SC603",
    "invalid-injection-value": "SC604",
    "sidecar-without-requests": "SC701",
    "hpa-averages-over-sidecar": "SC702",
    "schema-violation": "SC801",
    "unknown-field": "SC802",
    "duplicate-key": "SC803",
    "volume-mount-undefined": "SC806",
    "config-path-not-mounted": "SC808",
    "config-checksum-missing": "SC809",
    "duplicate-name-in-pod": "SC811",
    "pod-refused-by-api-server": "SC818",
    "field-unsupported-by-target": "SC819",
}

RETIRED: frozenset[str] = frozenset()
