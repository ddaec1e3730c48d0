"""Throw-away certificates with SPIFFE ids: those of `prove`, in the terms of tests."""

from pathlib import Path

from sidecarctl.envoy import mounts
from sidecarctl.prove import certificates


class Authority(certificates.Authority):
    """A certificate authority that lives as long as the test."""

    def leaf(self, uri=None, *, dns=("localhost",), days=1.0, trusted=None):
        """Sign a certificate for *uri*; a negative number of *days* makes one that has expired.

        *trusted* (PEM) is what its holder trusts, by default this authority.
        """
        names = [uri, *dns] if uri else [*dns]
        return super().leaf(names, days=days, trusted=trusted)


def secret(leaf):
    """Return the data of the Secret of *leaf*, as cert-manager writes it."""
    return {"tls.crt": leaf.certificate, "tls.key": leaf.key, "ca.crt": leaf.trusted}


def spiffe(account, namespace="default", domain="cluster.local"):
    """Return the SPIFFE id of a service account."""
    return f"spiffe://{domain}/ns/{namespace}/sa/{account}"


def publish(mount, files):
    """Put *files* (name: bytes) into *mount* as the kubelet does; again is a rotation."""
    mounts.publish(Path(mount), files)


def client_context(leaf=None, *, trusted=None, alpn=None, at_most=None):
    """Return a client's TLS: it shows *leaf* (or nothing) and checks the chain, not the name."""
    trusted = trusted or (leaf and leaf.trusted)
    return certificates.client_context(leaf, trusted, highest=at_most, protocols=alpn or ())
