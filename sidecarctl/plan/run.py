"""What the user should know of the run as a whole: said once, not for every workload."""

from collections.abc import Iterable, Iterator, Sequence

from sidecarctl.findings import Severity
from sidecarctl.manifest.narrow import mapping, text
from sidecarctl.plan.injection import Injection
from sidecarctl.plan.outcome import Note
from sidecarctl.topology.fleet import Fleet


def run_notes(injections: Sequence[Injection], joined: Fleet) -> Iterator[Note]:
    """Yield the notes that concern all of *injections* together."""
    yield from _repointed(injections)
    encrypted = [each for each in injections if _shows_certificate(each)]
    yield from _secrets(encrypted, joined)
    yield from _namespaces(encrypted)


def _shows_certificate(injection: Injection) -> bool:
    listeners = injection.proxy.listeners if injection.proxy else ()
    return any(each.tls in {"strict", "permissive", "mutual"} for each in listeners)


def _repointed(injections: Sequence[Injection]) -> Iterator[Note]:
    services = {
        change.document.name: change
        for each in injections
        for change in each.changes
        if change.document.is_a("", "Service")
    }
    if services:
        first = next(iter(services.values()))
        count = len(services)
        what = "a Service aims" if count == 1 else f"{count} Services aim"
        yield Note(
            "service-repointed",
            f"{what} at the proxy now, where pods of the old revision do not listen: "
            f"{_list(services)}",
            Severity.WARNING,
            first.document.locate(first.path),
            "apply in two steps: --only workloads, wait for the roll-out, then --only services",
        )


def _secrets(injections: Sequence[Injection], joined: Fleet) -> Iterator[Note]:
    present = {
        (joined.namespace_of(each), each.name)
        for each in (*joined.documents, *joined.context)
        if each.is_a("", "Secret")
    }
    missing = []
    for each in injections:
        given = mapping(each.candidate.proxy_values, "certificates")
        secret = text(given.get("secret")) if given.get("from") == "secret" else ""
        if secret and (each.candidate.namespace, secret) not in present:
            missing.append(secret)
    if missing:
        yield Note(
            "secret-needed",
            f"the proxies mount Secrets that are not in the input: {_list(dict.fromkeys(missing))}",
            hint="each holds tls.crt, tls.key and ca.crt, as cert-manager writes them",
        )


def _namespaces(injections: Sequence[Injection]) -> Iterator[Note]:
    assumed = {
        each.candidate.namespace
        for each in injections
        if each.candidate.workload.document.namespace is None
    }
    for namespace in sorted(assumed):
        yield Note(
            "namespace-assumed",
            f"documents without a namespace are taken to live in {namespace!r}: their identities "
            "say so",
            hint="name another with --namespace",
        )


def _list(names: Iterable[str], most: int = 4) -> str:
    """Return *names* in one line, the first few and how many more there are."""
    every = list(names)
    more = len(every) - most
    return ", ".join(every[:most]) + (f" and {more} more" if more > 0 else "")
