"""Throw-away JSON Web Tokens, and the key that they are signed with.

Source: https://www.rfc-editor.org/rfc/rfc7515 and https://www.rfc-editor.org/rfc/rfc7517
"""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from sidecarctl.findings import Json

_SIZE = 32  # bytes of a number on P-256
_VALID_S = 3600


class Signer:
    """Whoever issues the tokens of a run: an ES256 key that lives as long as that."""

    def __init__(self, name: str = "prove") -> None:
        self._key, self._name = ec.generate_private_key(ec.SECP256R1()), name

    def key_set(self) -> str:
        """Return the JSON Web Key Set of its public key."""
        numbers = self._key.public_key().public_numbers()
        x, y = (_base64(each.to_bytes(_SIZE, "big")) for each in (numbers.x, numbers.y))
        key = {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self._name}
        return json.dumps({"keys": [{**key, "x": x, "y": y}]})

    def token(self, claims: Mapping[str, Json]) -> str:
        """Return a token with *claims*, signed; ``exp`` is an hour from now unless it is given.

        A claim that is None is left out.
        """
        content = _content({"alg": "ES256", "kid": self._name, "typ": "JWT"}, claims)
        signature = self._key.sign(content.encode(), ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(signature)
        return f"{content}.{_base64(r.to_bytes(_SIZE, 'big') + s.to_bytes(_SIZE, 'big'))}"


def unsigned(claims: Mapping[str, Json]) -> str:
    """Return a token with *claims* that says itself that nobody signed it (``alg: none``)."""
    return f"{_content({'alg': 'none', 'typ': 'JWT'}, claims)}."


def _content(head: Mapping[str, Json], claims: Mapping[str, Json]) -> str:
    whole = {"exp": int(time.time()) + _VALID_S, **claims}
    kept = {name: value for name, value in whole.items() if value is not None}
    return ".".join(_base64(json.dumps(each).encode()) for each in (head, kept))


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
