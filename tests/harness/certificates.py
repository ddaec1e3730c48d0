"""Throw-away certificates with SPIFFE ids, published as the kubelet publishes a Secret."""

import datetime
import shutil
import ssl
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True)
class Leaf:
    """A workload's certificate, its key, and the authority it trusts; all PEM."""

    certificate: bytes
    key: bytes
    trusted: bytes

    def files(self):
        """Return the data of the Secret."""
        return {"tls.crt": self.certificate, "tls.key": self.key, "ca.crt": self.trusted}


class Authority:
    """A certificate authority that lives as long as the test."""

    def __init__(self, name="test authority"):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        identifier = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        builder = (
            _builder(self._name, self._name, self._key, days=30)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(identifier, critical=False)
        )
        self.certificate = _pem(builder.sign(self._key, hashes.SHA256()))

    def leaf(self, uri=None, *, dns=("localhost",), days=1.0, trusted=None):
        """Sign a certificate for *uri*; a negative number of *days* makes one that has expired.

        *trusted* (PEM) is what its holder trusts, by default this authority.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.UniformResourceIdentifier(uri)] if uri else []
        names += [x509.DNSName(name) for name in dns]
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = (
            _builder(_named("workload"), self._name, key, days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(issuer, critical=False)
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        certificate = _pem(builder.sign(self._key, hashes.SHA256()))
        return Leaf(certificate, private, trusted or self.certificate)


def spiffe(account, namespace="default", domain="cluster.local"):
    """Return the SPIFFE id of a service account."""
    return f"spiffe://{domain}/ns/{namespace}/sa/{account}"


def publish(mount, files):
    """Put *files* (name: bytes) into the folder *mount* as the kubelet's atomic writer does.

    A fresh folder is filled, ``..data`` is renamed onto it in one step, the files are links through
    ``..data``, and the old folder goes. Doing it again is a rotation.
    """
    mount = Path(mount)
    mount.mkdir(parents=True, exist_ok=True)
    fresh = mount / f"..{time.time_ns()}"
    fresh.mkdir()
    for name, content in files.items():
        (fresh / name).write_bytes(content)
    data = mount / "..data"
    old = mount / data.readlink() if data.is_symlink() else None
    (mount / "..data_tmp").symlink_to(fresh.name)
    (mount / "..data_tmp").rename(data)
    for name in files:
        if not (mount / name).is_symlink():
            (mount / name).symlink_to(Path("..data") / name)
    if old:
        shutil.rmtree(old)


def client_context(leaf=None, *, trusted=None, alpn=None, at_most=None):
    """Return a client's TLS: it shows *leaf* (or nothing) and checks the chain, not the name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    trusted = trusted or (leaf and leaf.trusted)
    if trusted:
        context.load_verify_locations(cadata=trusted.decode())
    else:
        context.verify_mode = ssl.CERT_NONE
    if leaf:
        with _on_disk(leaf) as folder:
            context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    if alpn:
        context.set_alpn_protocols(alpn)
    if at_most:
        context.maximum_version = at_most
    return context


@contextmanager
def _on_disk(leaf):
    # The ssl module reads a key from a file only.
    with tempfile.TemporaryDirectory() as name:
        for file, content in leaf.files().items():
            (Path(name) / file).write_bytes(content)
        yield Path(name)


def _builder(subject, issuer, key, days):
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


def _named(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage(*, signs_certificates):
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


def _pem(certificate):
    return certificate.public_bytes(Encoding.PEM)
