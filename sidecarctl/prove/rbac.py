"""What the policies of an RBAC filter say about a request, read from the bootstrap.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/rbac/v3/rbac.proto
"""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network

from msgspec import Struct, field

from sidecarctl.envoy.part import Part
from sidecarctl.findings import Json, JsonObject
from sidecarctl.prove.matchers import fits, fits_header, sample, sample_header
from sidecarctl.prove.values import fits_metadata, metadata_matcher, sample_claim

MESSAGE = "RBAC"
_SOURCE = "127.0.0.1"


class Request(Struct, frozen=True):
    """A request as a policy looks at it; *identities* are the names of a verified certificate.

    *claims* are those of its token, *metadata* what of them the filter of tokens left behind.
    """

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    identities: tuple[str, ...] = ()
    verified: bool = False
    claims: JsonObject = field(default_factory=dict)
    metadata: JsonObject = field(default_factory=dict)

    def fields(self) -> dict[str, str]:
        return {**self.headers, ":method": self.method, ":path": self.path}


def allows(rules: Part, request: Request) -> bool | None:
    """Say whether *rules* let *request* through; None where they cannot be read."""
    hits = [_applies(policy, request) for policy in policies(rules)]
    hit: bool | None = True if True in hits else None if None in hits else False
    action = rules.text("action") or "ALLOW"
    if action == "LOG":
        return True
    return hit if action == "ALLOW" or hit is None else not hit


def policies(rules: Part) -> Iterator[Part]:
    """Yield the policies of *rules*; their names are the last steps of their paths."""
    table = rules.part("policies")
    for name in table.data:
        value = table.data[name]
        yield Part((*table.path, name), value if isinstance(value, dict) else {})


def _applies(policy: Part, request: Request) -> bool | None:
    if policy.has("condition") or policy.has("checked_condition"):
        return None
    permitted = _any(_permission(each, request) for each in policy.parts("permissions"))
    who = _any(_principal(each, request) for each in policy.parts("principals"))
    return _all([permitted, who])


def _permission(part: Part, request: Request) -> bool | None:
    if part.has("and_rules"):
        return _all(_permission(each, request) for each in part.part("and_rules").parts("rules"))
    if part.has("or_rules"):
        return _any(_permission(each, request) for each in part.part("or_rules").parts("rules"))
    if part.has("not_rule"):
        return _not(_permission(part.part("not_rule"), request))
    return _common(part, request)


def _principal(part: Part, request: Request) -> bool | None:
    if part.has("and_ids"):
        return _all(_principal(each, request) for each in part.part("and_ids").parts("ids"))
    if part.has("or_ids"):
        return _any(_principal(each, request) for each in part.part("or_ids").parts("ids"))
    if part.has("not_id"):
        return _not(_principal(part.part("not_id"), request))
    matcher = identity_matcher(part)
    if matcher is not None:
        named = _any(fits(matcher, name) for name in request.identities) if matcher else True
        return request.verified and named
    where = [name for name in ("remote_ip", "direct_remote_ip", "source_ip") if part.has(name)]
    return _within(part.part(where[0])) if where else _common(part, request)


def identity_matcher(principal: Part) -> Part | None:
    """Return what a principal asks of the caller's certificate: an empty part for any, or None."""
    if principal.has("authenticated"):
        return principal.part("authenticated", "principal_name")
    config = principal.part("custom", "typed_config")
    if config.text("@type").endswith("mtls_authenticated.v3.Config"):
        return config.part("san_matcher", "matcher")
    return None


def _common(part: Part, request: Request) -> bool | None:
    if part.get("any") is True:
        return True
    if part.has("header"):
        return fits_header(part.part("header"), request.fields())
    if part.has("url_path"):
        path = request.path.partition("?")[0]
        return fits(part.part("url_path", "path"), path)
    token = metadata_matcher(part)
    return fits_metadata(token, request.metadata) if token else None


def _within(range_: Part) -> bool | None:
    length = range_.number("prefix_len")
    try:
        network = ip_network(f"{range_.text('address_prefix')}/{length or 0}", strict=False)
    except ValueError:
        return None
    return ip_address(_SOURCE) in network


def _all(values: Iterable[bool | None]) -> bool | None:
    found = list(values)
    return False if False in found else None if None in found else True


def _any(values: Iterable[bool | None]) -> bool | None:
    found = list(values)
    return True if True in found else None if None in found else False


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def samples(rules: Part) -> "Samples":
    """Return what the policies of *rules* speak of: paths, methods, headers, identities."""
    found = Samples()
    for policy in policies(rules):
        for part in _leaves(policy.data, policy.path):
            _collect(part, found)
    return found


class Samples(Struct):
    """Texts that fit the matchers of policies, and claims of a token."""

    paths: list[str] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    identities: list[str] = field(default_factory=list)
    claims: JsonObject = field(default_factory=dict)


def _collect(part: Part, found: Samples) -> None:
    if part.has("url_path"):
        text = sample(part.part("url_path", "path"))
        found.paths += [text] if text else []
    header = sample_header(part.part("header")) if part.has("header") else None
    if header and header[0] == ":method":
        found.methods.append(header[1])
    elif header and header[0] == ":path":
        found.paths.append(header[1])
    elif header and not header[0].startswith(":"):
        found.headers[header[0]] = header[1]
    token = metadata_matcher(part)
    if token:
        found.claims = joined(sample_claim(token), found.claims)
    matcher = identity_matcher(part)
    if matcher:
        text = sample(matcher)
        found.identities += [text] if text else []


def joined(under: JsonObject, over: JsonObject) -> JsonObject:
    """Return the claims of both, deeply; *over* has the last word."""
    result = dict(under)
    for name, value in over.items():
        below = result.get(name)
        deeper = isinstance(value, dict) and isinstance(below, dict)
        result[name] = joined(below, value) if deeper else value  # type: ignore[arg-type]
    return result


def _leaves(value: Json, path: tuple[str | int, ...]) -> Iterator[Part]:
    if isinstance(value, dict):
        yield Part(path, value)
        for key, below in value.items():
            yield from _leaves(below, (*path, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _leaves(below, (*path, index))
