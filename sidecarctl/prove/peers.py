"""Names in certificates: which ones a TLS context asks for, and some that fit."""

from sidecarctl.envoy.part import Part
from sidecarctl.envoy.read import Bootstrap
from sidecarctl.prove.matchers import fits, sample
from sidecarctl.prove.walk import texts_below

_SCHEME = "spiffe://"
_DEFAULT_DOMAIN = "cluster.local"


def name_matchers(tls: Part) -> tuple[Part, ...]:
    """Return the matchers of names (SubjectAltNameMatcher) of a TLS context."""
    common = tls.part("common_tls_context")
    contexts = (
        common.part("validation_context"),
        common.part("combined_validation_context", "default_validation_context"),
    )
    return tuple(
        each for context in contexts for each in context.parts("match_typed_subject_alt_names")
    )


def wanted_names(tls: Part) -> list[str]:
    """Return names that fit the matchers of *tls*, one for each that can be read."""
    found = [sample(each.part("matcher")) for each in name_matchers(tls)]
    return [name for name in found if name]


def lets_in(tls: Part, name: str) -> bool | None:
    """Say whether a certificate for *name* fits *tls*; None where that cannot be read."""
    matchers = name_matchers(tls)
    if not matchers:
        return True
    answers = [fits(each.part("matcher"), name) for each in matchers]
    return True if True in answers else None if None in answers else False


def server_names(tls: Part) -> list[str]:
    """Return names that a server must show to the client that *tls* configures."""
    names = wanted_names(tls)
    sni = tls.text("sni")
    if tls.part("common_tls_context").has("validation_context") and not names and sni:
        return [sni]
    return names[:1] + ([sni] if sni and sni not in names else [])


def trust_domain(bootstrap: Bootstrap) -> str:
    """Return the trust domain that *bootstrap* speaks of, else ``cluster.local``."""
    for text in texts_below(bootstrap.root.data):
        if text.startswith(_SCHEME):
            domain = text.removeprefix(_SCHEME).partition("/")[0]
            if domain:
                return domain
    return _DEFAULT_DOMAIN
