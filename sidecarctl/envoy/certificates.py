"""The files of SDS by which Envoy finds its certificates: one secret a file, all in the ConfigMap.

Only what is referenced in this way is read again when the Secret changes: certificates named in the
bootstrap itself never are, and of two secrets in one file Envoy takes none.
"""

from collections.abc import Iterator

from sidecarctl.envoy.mounts import CERTIFICATES, CONFIG
from sidecarctl.findings import Json, JsonObject

# Where the images of Envoy have the public authorities.
_SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


def certificate_files(bootstrap: JsonObject) -> dict[str, JsonObject]:
    """Return the SDS files that *bootstrap* refers to, by name; {} where it uses no TLS."""
    named = set(_strings(bootstrap))
    return {name: data for name, data in _files().items() if f"{CONFIG}/{name}" in named}


def needs_secret(bootstrap: JsonObject) -> bool:
    """Tell whether Envoy needs the workload's Secret to be mounted."""
    return any(name != "sds-system-ca.yaml" for name in certificate_files(bootstrap))


def _files() -> dict[str, JsonObject]:
    pair: JsonObject = {
        "certificate_chain": {"filename": f"{CERTIFICATES}/tls.crt"},
        "private_key": {"filename": f"{CERTIFICATES}/tls.key"},
        "watched_directory": {"path": CERTIFICATES},
    }
    mesh: JsonObject = {
        "trusted_ca": {"filename": f"{CERTIFICATES}/ca.crt"},
        "watched_directory": {"path": CERTIFICATES},
    }
    public: JsonObject = {"trusted_ca": {"filename": _SYSTEM_BUNDLE}}
    return {
        "sds-cert.yaml": _secret("workload_cert", {"tls_certificate": pair}),
        "sds-ca.yaml": _secret("trust_bundle", {"validation_context": mesh}),
        "sds-system-ca.yaml": _secret("system_bundle", {"validation_context": public}),
    }


def _secret(name: str, content: JsonObject) -> JsonObject:
    kind = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
    return {"resources": [{"@type": kind, "name": name, **content}]}


def _strings(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for below in value.values() if isinstance(value, dict) else value:
            yield from _strings(below)
