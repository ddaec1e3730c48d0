"""Throw-away certificates, and the TLS of who shows them."""

import datetime
import ssl
import tempfile
from collections.abc import Sequence
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct


class Leaf(Struct, frozen=True):
    """A certificate, its key, and the authority that its holder trusts; all PEM."""

    certificate: bytes
    key: bytes
    trusted: bytes
    names: tuple[str, ...]

    def content(self, role: str) -> bytes:
        """Return what belongs into a file of *role*: ``certificate``, ``key``, ``authority``, or
        ``bundle``, the key and its certificate in one file.
        """
        known = {"certificate": self.certificate, "key": self.key, "bundle": self.bundle}
        return known.get(role, self.trusted)

    @property
    def bundle(self) -> bytes:
        """Return key and certificate as the kubelet writes a pod certificate: the key first."""
        return self.key + self.certificate


class Authority:
    """A certificate authority that lives as long as the run."""

    def __init__(self, name: str = "sidecarctl prove") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        identifier = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        builder = (
            _builder(self._name, self._name, self._key, days=1)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(identifier, critical=False)
        )
        self.certificate = builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def leaf(
        self, names: Sequence[str] = (), *, days: float = 1.0, trusted: bytes | None = None
    ) -> Leaf:
        """Sign a certificate for *names* (URIs, addresses, host names).

        A negative number of *days* makes one that has expired; *trusted* is what its holder
        trusts, by default this authority.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = (
            _builder(_named("workload"), self._name, key, days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            .add_extension(issuer, critical=False)
        )
        if names:
            alternatives = x509.SubjectAlternativeName([_general(name) for name in names])
            builder = builder.add_extension(alternatives, critical=False)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        signed = builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)
        return Leaf(signed, private, trusted or self.certificate, tuple(names))


def client_context(
    leaf: Leaf | None,
    trusted: bytes | None,
    *,
    highest: ssl.TLSVersion | None = None,
    protocols: Sequence[str] = (),
) -> ssl.SSLContext:
    """Return the TLS of a client that shows *leaf* (or nothing) and checks the chain alone.

    Where there is nobody *trusted*, it checks nothing.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    if trusted:
        context.load_verify_locations(cadata=trusted.decode())
    else:
        context.verify_mode = ssl.CERT_NONE
    if leaf:
        _show(context, leaf)
    if highest:
        context.maximum_version = highest
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


def server_context(leaf: Leaf, protocols: Sequence[str]) -> ssl.SSLContext:
    """Return the TLS of a server that shows *leaf* and looks at the client's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_verify_locations(cadata=leaf.trusted.decode())
    context.verify_mode = ssl.CERT_OPTIONAL
    _show(context, leaf)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


def _show(context: ssl.SSLContext, leaf: Leaf) -> None:
    # The ssl module reads a key from a file only.
    with tempfile.NamedTemporaryFile(prefix="sidecarctl-") as file:
        file.write(leaf.certificate + leaf.key)
        file.flush()
        context.load_cert_chain(file.name)


def _general(name: str) -> x509.GeneralName:
    if "://" in name:
        return x509.UniformResourceIdentifier(name)
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: float
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    until = now + datetime.timedelta(days=days)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(now, until) - datetime.timedelta(minutes=5))
        .not_valid_after(until)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
