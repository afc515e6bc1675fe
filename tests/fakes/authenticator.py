"""An authenticator for passkeys and the browser around it, in software: what `navigator.credentials` gives a page."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_PRESENT, _VERIFIED, _WITH_CREDENTIAL = 0x01, 0x04, 0x40


def to_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def to_bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")


@dataclass
class Passkey:
    """One that was made here. `count`: how often it was used, as the authenticator tells it; None: it never counts."""

    rp_id: str
    user_handle: bytes
    count: int | None = 0
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def public_key(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        x, y = (value.to_bytes(32, "big") for value in (numbers.x, numbers.y))
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})


@dataclass
class Browser:
    """A browser with an authenticator, on a page at `origin`."""

    origin: str
    passkeys: list[Passkey] = field(default_factory=list)
    counts: bool = True

    def create(self, options: Mapping[str, Any], *, verifies: bool = True, **lies: Any) -> dict[str, Any]:
        """`navigator.credentials.create()`, as JSON. `lies` go into the client data."""
        made = Passkey(options["rp"]["id"], to_bytes(options["user"]["id"]), count=0 if self.counts else None)
        self.passkeys.append(made)
        flags = _PRESENT | _WITH_CREDENTIAL | (_VERIFIED if verifies else 0)
        data = _authenticator_data(made, flags) + bytes(16) + len(made.id).to_bytes(2, "big") + made.id
        attestation = {"fmt": "none", "attStmt": {}, "authData": data + made.public_key}
        return self._credential(
            made,
            clientDataJSON=self._client_data("webauthn.create", options["challenge"], lies),
            attestationObject=cbor2.dumps(attestation),
            transports=["internal", "hybrid"],
        )

    def get(
        self,
        options: Mapping[str, Any],
        *,
        passkey: Passkey | None = None,
        verifies: bool = True,
        **lies: Any,
    ) -> dict[str, Any]:
        """`navigator.credentials.get()`, as JSON, with the newest passkey unless one is named."""
        used = passkey or self.passkeys[-1]
        if used.count is not None:
            used.count += 1
        data = _authenticator_data(used, _PRESENT | (_VERIFIED if verifies else 0))
        client_data = self._client_data("webauthn.get", options["challenge"], lies)
        signed = data + hashlib.sha256(client_data).digest()
        return self._credential(
            used,
            clientDataJSON=client_data,
            authenticatorData=data,
            signature=used.key.sign(signed, ec.ECDSA(hashes.SHA256())),
            userHandle=used.user_handle,
        )

    def _client_data(self, kind: str, challenge: str, lies: Mapping[str, Any]) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False, **lies}
        return json.dumps(told).encode()

    def _credential(self, passkey: Passkey, **response: Any) -> dict[str, Any]:
        return {
            "id": to_text(passkey.id),
            "rawId": to_text(passkey.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                name: to_text(value) if isinstance(value, bytes) else value
                for name, value in response.items()
            },
        }


def _authenticator_data(passkey: Passkey, flags: int) -> bytes:
    count = (passkey.count or 0).to_bytes(4, "big")
    return hashlib.sha256(passkey.rp_id.encode()).digest() + bytes([flags]) + count
