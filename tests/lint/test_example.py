"""The example of hand-written mistakes: each of them is found, where it stands."""

from pathlib import Path

from lint.docstrings import findings

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "lint" / "deployment.yaml"


def test_every_mistake_of_the_example_is_found():
    text = EXAMPLE.read_text(encoding="utf-8")
    lines = text.splitlines()
    found = {(one.slug, lines[one.location.line - 1].strip()) for one in findings(text)}
    assert found == {
        ("non-native-sidecar", "- name: envoy-proxy"),
        ("no-drain-on-shutdown", "- name: envoy-proxy"),
        ("sidecar-over-privileged", "- name: envoy-proxy"),
        ("sidecar-without-requests", "- name: envoy-proxy"),
        ("loopback-port-unserved", 'value: "postgresql://localhost:5432/db"'),
        ("declared-port-without-listener", "ports:"),
        ("declared-port-without-listener", "- containerPort: 15000"),
        ("declared-port-without-listener", "- containerPort: 15001"),
        ("declared-port-without-listener", "- containerPort: 9901"),
        ("config-checksum-missing", "name: envoy-config"),
        ("mtls-without-trusted-ca", "require_client_certificate: true"),
        ("local-rate-limit-inert", "- name: envoy.filters.http.local_ratelimit"),
    }
