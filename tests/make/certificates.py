"""Certificates for tests, good ones and those that are refused."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.now(UTC)


def make_key(kind: str = "P-256") -> CertificateIssuerPrivateKeyTypes:
    if kind == "Ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "RSA":
        return rsa.generate_private_key(65_537, 2048)
    return ec.generate_private_key({"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}[kind])


def pem_of(key: CertificateIssuerPrivateKeyTypes) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def issue(
    key: CertificateIssuerPrivateKeyTypes,
    *,
    until: datetime = NOW + timedelta(days=90),
    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.EMAIL_PROTECTION,
    by_itself: bool = False,
) -> bytes:
    """PEM: a certificate of "Example Press", and that of who issued it."""
    issuer_key = key if by_itself else make_key()
    name, issuer = _name("Example Press"), _name("Example Press" if by_itself else "Example Authority")
    usage = {"digital_signature": True, "key_cert_sign": False, "crl_sign": False}
    leaf = (
        _begun(name, issuer, key, until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(**usage), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    # Ed25519 has its hash within.
    hashed = None if isinstance(issuer_key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    chain = leaf.sign(issuer_key, hashed).public_bytes(Encoding.PEM)
    if by_itself:
        return chain
    usage = {"digital_signature": False, "key_cert_sign": True, "crl_sign": True}
    root = (
        _begun(issuer, issuer, issuer_key, NOW + timedelta(days=900))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(**usage), critical=True)
    )
    return chain + root.sign(issuer_key, hashed).public_bytes(Encoding.PEM)


def _begun(
    name: x509.Name, issuer: x509.Name, key: CertificateIssuerPrivateKeyTypes, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(NOW, until) - timedelta(days=30))
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(organization: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, organization),
        ]
    )


def _usage(*, digital_signature: bool, key_cert_sign: bool, crl_sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
