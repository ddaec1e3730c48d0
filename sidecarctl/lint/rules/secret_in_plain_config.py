"""A key, token or password stands in the manifest in plain text.

Whoever may read the repository, the ConfigMap or the pod has it; a Secret can at least be kept from
readers, encrypted at rest and replaced. The value itself is never shown here.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: datadog-agent
          env:
            - name: DD_API_KEY
              value: 0123456789abcdef0123456789abcdef  # expect: secret-in-plain-config
            - name: DATABASE_URL
              value: postgres://shop:s3cr3t-9@db:5432/shop  # expect: secret-in-plain-config

Good:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: datadog-agent
          env:
            - name: DD_API_KEY
              valueFrom:
                secretKeyRef: {name: datadog, key: api-key}
            - name: DB_PASSWORD
              valueFrom:
                secretKeyRef: {name: db, key: password}
            - name: DATABASE_URL
              value: postgres://shop:$(DB_PASSWORD)@db:5432/shop
"""

import re
from collections.abc import Iterator

from sidecarctl.findings import Confidence, FieldPath, Severity
from sidecarctl.lint.rule import Hit, document_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.narrow import mapping, strings
from sidecarctl.manifest.workload import workload

_SHAPES = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----"),
    "a GitHub token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}\b"),
    "a Slack token": re.compile(r"\bxox[baprs]-[A-Za-z0-9-]{10,}"),
    "a Stripe key": re.compile(r"\bsk_live_[A-Za-z0-9]{16,}"),
    "a Google API key": re.compile(r"\bAIza[A-Za-z0-9_-]{35}\b"),
}
_HEX = re.compile(r"[0-9a-fA-F]{32,64}")
_HEX_NAME = re.compile(r"(?:^|_)(?:API|APP|LICENSE|ACCOUNT|ACCESS)_?KEY$", re.I)
_NAME = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|API_?KEY|SECRET|SECRET_?KEY|SECRET_ACCESS_KEY|PRIVATE_?KEY"
    r"|(?:ACCESS|AUTH|API|BEARER)_?TOKEN)$",
    re.I,
)
_PASSWORD_IN_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@]+:(?P<word>[^\s/@]+)@", re.I)
_PLACEHOLDER = re.compile(
    r"^$|\$[({]|[<{]|^/|://|^file:|^\*+$|^(?:true|false|none|null|\d{1,3})$"
    r"|change.?me|example|placeholder|dummy|replace|redacted|xxx|^your|todo",
    re.I,
)


@document_rule(
    "secret-in-plain-config",
    Severity.ERROR,
    help="move it to a Secret and name that with secretKeyRef; then replace it, for it is known",
    source="https://kubernetes.io/docs/concepts/configuration/configmap/",
)
def check(document: Document, run: Run) -> Iterator[Hit]:
    """Report values that look like keys, and literals of variables that are named as secrets."""
    if document.is_a("", "ConfigMap"):
        for key, value in strings(mapping(document.data, "data")).items():
            yield from _shaped(("data", key), f"the key {key!r}", value)
        return
    holder = workload(document)
    for container in run.containers(holder) if holder else ():
        for variable in container.env():
            if variable.value is not None:
                path = (*variable.path, "value")
                yield from _of_variable(path, variable.name, variable.value)


def _shaped(path: FieldPath, where: str, value: str) -> Iterator[Hit]:
    for what, shape in _SHAPES.items():
        if shape.search(value):
            yield Hit(path, f"{where} holds {what}", is_secret=True)


def _of_variable(path: FieldPath, name: str, value: str) -> Iterator[Hit]:
    where = f"the variable {name!r}"
    shaped = list(_shaped(path, where, value))
    in_url = _PASSWORD_IN_URL.search(value)
    if shaped:
        yield from shaped
    elif _HEX_NAME.search(name) and _HEX.fullmatch(value):
        yield Hit(path, f"{where} holds a key", is_secret=True)
    elif in_url and not _PLACEHOLDER.search(in_url["word"]):
        yield _guess(path, f"{where} holds a URL with a password")
    elif _NAME.search(name) and not _PLACEHOLDER.search(value):
        yield _guess(path, f"{where} has its value in plain text")


def _guess(path: FieldPath, message: str) -> Hit:
    """Return a hit that goes by a name alone; the value may be one that nobody keeps secret."""
    return Hit(
        path,
        message,
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        is_secret=True,
    )
