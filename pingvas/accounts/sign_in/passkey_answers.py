"""What browsers answer for passkeys: read, and verified with the library `webauthn`. Knows no database.

User verification is required throughout (a finger, a face, a PIN), so a passkey counts as both factors.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from webauthn import verify_authentication_response, verify_registration_response
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import (
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.structs import AuthenticationCredential, RegistrationCredential
from webauthn.registration.verify_registration_response import VerifiedRegistration

from pingvas.accounts.sign_in.relying_party import RelyingParty
from pingvas.base.errors import Invalid

# What WebAuthn allows, and what a key of the largest kind that is taken (RSA) needs.
_LONGEST_CREDENTIAL_ID = 1023
_LONGEST_PUBLIC_KEY = 2048

T = TypeVar("T")


class PasskeyRefused(Invalid):
    """Not one of ours, not for this studio, or not genuine: which of these is not told."""

    code = "passkey_refused"
    default_detail = "This passkey was not accepted."

    def __init__(self) -> None:
        super().__init__(field="credential", reason="was not accepted")


@dataclass(frozen=True)
class NewPasskeyAnswer:
    """`challenge` is what the browser says that it was asked."""

    challenge: bytes
    credential: RegistrationCredential

    def verify(self, party: RelyingParty) -> VerifiedRegistration:
        """The new passkey. Raises PasskeyRefused."""
        verified = _or_refused(
            lambda: verify_registration_response(
                credential=self.credential,
                expected_challenge=self.challenge,
                expected_rp_id=party.id,
                expected_origin=party.origin,
                require_user_verification=True,
            )
        )
        if (
            not 0 < len(verified.credential_id) <= _LONGEST_CREDENTIAL_ID
            or verified.credential_id != self.credential.raw_id
            or len(verified.credential_public_key) > _LONGEST_PUBLIC_KEY
        ):
            raise PasskeyRefused
        return verified

    @property
    def transports(self) -> list[str]:
        """How the browser reaches the authenticator, for the next time it asks for it."""
        return [each.value for each in self.credential.response.transports or ()]


@dataclass(frozen=True)
class PasskeyAnswer:
    """The same of a passkey that is used. `user_handle`: whose it says it is, where it says so."""

    challenge: bytes
    credential: AuthenticationCredential

    @property
    def credential_id(self) -> bytes:
        return self.credential.raw_id

    @property
    def user_handle(self) -> bytes | None:
        return self.credential.response.user_handle

    def verify(self, party: RelyingParty, *, public_key: bytes) -> VerifiedAuthentication:
        """What the authenticator says besides. How often it was used is for the caller to compare, with the row at hand.
        Raises PasskeyRefused."""
        return _or_refused(
            lambda: verify_authentication_response(
                credential=self.credential,
                expected_challenge=self.challenge,
                expected_rp_id=party.id,
                expected_origin=party.origin,
                credential_public_key=public_key,
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        )


def read_new_passkey(answer: Mapping[str, Any]) -> NewPasskeyAnswer:
    """From the JSON of `navigator.credentials.create()`. Raises PasskeyRefused."""
    credential = _or_refused(lambda: parse_registration_credential_json(dict(answer)))
    return NewPasskeyAnswer(_challenge_in(credential.response.client_data_json), credential)


def read_passkey(answer: Mapping[str, Any]) -> PasskeyAnswer:
    """From the JSON of `navigator.credentials.get()`. Raises PasskeyRefused."""
    credential = _or_refused(lambda: parse_authentication_credential_json(dict(answer)))
    return PasskeyAnswer(_challenge_in(credential.response.client_data_json), credential)


def _challenge_in(client_data_json: bytes) -> bytes:
    client_data = _or_refused(lambda: parse_client_data_json(client_data_json))
    if client_data.cross_origin:  # asked for by a page that another one has framed
        raise PasskeyRefused
    return client_data.challenge


def _or_refused(read: Callable[[], T]) -> T:
    try:
        return read()
    except Exception:  # noqa: BLE001 - bytes of a stranger's: the library raises whatever reading them raises
        raise PasskeyRefused from None
