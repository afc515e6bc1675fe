"""Content credentials (C2PA): a signed manifest in a picture's file that says an AI made it, and what a file's manifest says.

It names the program and its version, and nobody: no words, no person, no time. Whatever changes the file afterwards breaks the
signature, so this comes last. Needs no torch.
"""

from __future__ import annotations

import io
import json
import logging
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from PIL import Image

from pingvas.base.clock import now
from pingvas.engine.images.labels import MADE, VOCABULARY

if TYPE_CHECKING:
    import c2pa

log = logging.getLogger(__name__)

GENERATOR = "Pingvas Studio"
CONTENT_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
MAX_READ = 64 * 1024 * 1024
"""Bytes of a file whose manifest is read."""

_EC = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
# Nothing is fetched, no thumbnail is put in, and no action is made up beside those that we say.
_HOW: dict[str, Any] = {
    "verify": {"verify_after_sign": False, "remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {
        "thumbnail": {"enabled": False},
        "actions": {
            "auto_created_action": {"enabled": False},
            "auto_opened_action": {"enabled": False},
            "auto_placed_action": {"enabled": False},
        },
    },
}


class CannotSign(ValueError):
    """What is wrong with a certificate or its key, as a sentence."""


@dataclass(frozen=True)
class Credentials:
    """What manifests are signed with: certificates (PEM), the one that signs first, and its key (PEM, PKCS #8)."""

    chain: bytes
    key: bytes
    algorithm: str
    subject: str
    expires_at: datetime


@dataclass(frozen=True)
class Manifest:
    """What a file's manifest says. `problems` are codes of C2PA; those of trust alone leave `intact` true."""

    generator: str
    issuer: str
    actions: tuple[tuple[str, str], ...]
    intact: bool
    trusted: bool
    problems: tuple[str, ...]


def read_credentials(chain: bytes, key: bytes) -> Credentials:
    """A certificate with those that vouch for it, and its private key, tried by signing a picture. Raises CannotSign."""
    try:
        certificates = x509.load_pem_x509_certificates(chain)
    except ValueError as error:
        raise CannotSign("the certificate is no PEM text that can be read") from error
    try:
        private = load_pem_private_key(key, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CannotSign("the private key is no PEM text without a password") from error
    first = certificates[0]
    if _public(private) != first.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo):
        raise CannotSign(
            "the private key is not that of the first certificate: begin the file with the one that signs"
        )
    if not first.not_valid_before_utc <= now() <= first.not_valid_after_utc:
        raise CannotSign(
            f"the certificate is good from {first.not_valid_before_utc:%Y-%m-%d} to {first.not_valid_after_utc:%Y-%m-%d} alone"
        )
    if first.subject == first.issuer:
        raise CannotSign("the certificate vouches for itself: C2PA wants one that another has issued")
    plain = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    # Certificates alone: the file may hold the key too.
    chain = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)
    found = Credentials(
        chain, plain, _algorithm(private), first.subject.rfc4514_string(), first.not_valid_after_utc
    )
    _try(found)
    return found


def sign(data: bytes, credentials: Credentials, *, label: str, version: str) -> bytes:
    """The file with a signed manifest. Raises CannotSign."""
    import c2pa  # a library of its own, which most studios do without

    with Image.open(io.BytesIO(data)) as image:
        kind = CONTENT_TYPES[str(image.format)]
    signed = io.BytesIO()
    try:
        with (
            c2pa.Context.from_dict(_HOW) as context,
            _signer(credentials) as signer,
            c2pa.Builder(_manifest(label, version), context) as builder,
        ):
            builder.sign(signer, kind, io.BytesIO(data), signed)
    except c2pa.C2paError as error:
        raise CannotSign(f"no manifest can be signed with it ({_short(error)})") from error
    return signed.getvalue()


def read_manifest(data: bytes) -> Manifest | None:
    """What the manifest of a file says; None when it has none, or none that can be read."""
    import c2pa

    with Image.open(io.BytesIO(data)) as image:
        kind = CONTENT_TYPES.get(str(image.format))
    if kind is None or len(data) > MAX_READ:
        return None
    try:
        with (
            c2pa.Context.from_dict(_HOW) as context,
            c2pa.Reader(kind, io.BytesIO(data), context=context) as reader,
        ):
            return _told(json.loads(reader.json()))
    except (c2pa.C2paError, ValueError, KeyError) as error:
        log.debug("no manifest: %s", _short(error))
        return None


def _manifest(label: str, version: str) -> dict[str, Any]:
    agent = {"name": GENERATOR, "version": version}
    source_type = VOCABULARY + label
    if label == MADE:
        actions = [{"action": "c2pa.created", "softwareAgent": agent, "digitalSourceType": source_type}]
        ingredients = []
    else:
        # Which picture it was is nobody's business: it is named as what it was, without its bytes.
        actions = [
            {"action": "c2pa.opened", "softwareAgent": agent, "parameters": {"ingredientIds": ["source"]}},
            {"action": "c2pa.edited", "softwareAgent": agent, "digitalSourceType": source_type},
        ]
        ingredients = [
            {"title": "A picture that was there before", "relationship": "parentOf", "label": "source"}
        ]
    return {
        "claim_generator_info": [agent],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}],
        "ingredients": ingredients,
    }


def _signer(credentials: Credentials) -> c2pa.Signer:
    import c2pa

    return c2pa.Signer.from_info(
        c2pa.C2paSignerInfo(
            alg=c2pa.C2paSigningAlg[credentials.algorithm],
            sign_cert=credentials.chain,
            private_key=credentials.key,
            ta_url=None,
        )
    )


def _told(store: dict[str, Any]) -> Manifest:
    active = store["manifests"][store["active_manifest"]]
    agent = (active.get("claim_generator_info") or [{}])[0]
    actions = [
        (str(action.get("action", "")), str(action.get("digitalSourceType", "")).removeprefix(VOCABULARY))
        for assertion in active.get("assertions", [])
        if str(assertion.get("label", "")).startswith("c2pa.actions")
        for action in assertion["data"].get("actions", [])
    ]
    problems = tuple(str(status.get("code")) for status in store.get("validation_status", []))
    return Manifest(
        generator=" ".join(str(agent[name]) for name in ("name", "version") if name in agent),
        issuer=str((active.get("signature_info") or {}).get("issuer", "")),
        actions=tuple(actions),
        intact=all(code == _UNTRUSTED for code in problems),
        trusted=store.get("validation_state") == "Trusted",
        problems=problems,
    )


_UNTRUSTED = "signingCredential.untrusted"


def _try(credentials: Credentials) -> None:
    """What is taken can be used: a picture is signed, and read back."""
    read = read_manifest(sign(_small_picture(), credentials, label=MADE, version="0"))
    if read is None or not read.intact:
        codes = "nothing is read" if read is None else ", ".join(read.problems)
        raise CannotSign(f"what it signs is refused by C2PA ({codes})")


@cache
def _small_picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(buffer, "PNG")
    return buffer.getvalue()


def _public(private: PrivateKeyTypes) -> bytes:
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _algorithm(private: PrivateKeyTypes) -> str:
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name in _EC:
        return _EC[private.curve.name]
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return "ED25519"
    if isinstance(private, rsa.RSAPrivateKey):
        return "PS256"
    raise CannotSign("the key is of no kind that C2PA knows: take P-256, P-384, P-521, Ed25519 or RSA")


def _short(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
