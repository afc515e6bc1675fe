"""Google, by OpenID Connect: where it is asked is discovered, and what it answers is signed.

Google is the authority for an address at gmail.com, and for one of an organisation that it hosts (`hd`); any other it has
verified once, and it may be somebody else's today.
"""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from pingvas.adapters.oauth.exchange import get_object, speaking, text_in
from pingvas.adapters.oauth.identity import Identity, Provider, ProviderUnavailable
from pingvas.base.clock import TOLERANCE
from pingvas.base.settings import Settings

_SCOPE = "openid email profile"
# Never `none`, and nothing that is signed with a shared secret, whatever a header says.
_ALGORITHMS = ["RS256", "ES256", "PS256", "EdDSA"]
_LEAST_KEPT, _LONGEST_KEPT = 300.0, 86_400.0
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Google:
    """As the settings name it. What was discovered is kept for as long as Google says."""

    name: Provider = "google"

    def __init__(self, settings: Settings) -> None:
        self._id = settings.google_client_id or ""
        self._secret = settings.google_client_secret or ""
        self._issuer = settings.google_issuer.rstrip("/")
        self._found: dict[str, Any] = {}
        self._found_until = 0.0
        self._keys: dict[str, Any] = {}
        self._keys_until = 0.0

    async def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        async with self._speaking() as client:
            found = await self._discover(client)
            url, _ = client.create_authorization_url(
                found["authorization_endpoint"],
                redirect_uri=redirect_uri,
                state=state,
                nonce=nonce,
                code_verifier=verifier,
            )
            return str(url)

    async def identify(
        self, *, code: str, redirect_uri: str, nonce: str, verifier: str, issuer: str | None
    ) -> Identity:
        async with self._speaking() as client:
            if issuer is not None and issuer not in self._names:
                raise ProviderUnavailable  # another provider's answer
            found = await self._discover(client)
            token = await client.fetch_token(
                found["token_endpoint"], code=code, redirect_uri=redirect_uri, code_verifier=verifier
            )
            claims = await self._claims(client, token, nonce)
            return _identity(claims)

    def _speaking(self) -> Any:
        return speaking("google", client_id=self._id, client_secret=self._secret, scope=_SCOPE)

    @property
    def _names(self) -> list[str]:
        """Google's tokens may carry the bare host."""
        return [self._issuer, self._issuer.removeprefix("https://")]

    async def _discover(self, client: AsyncOAuth2Client) -> dict[str, Any]:
        if time.monotonic() < self._found_until:
            return self._found
        address = f"{self._issuer}/.well-known/openid-configuration"
        found, headers = await get_object(client, address, withhold_token=True)
        if found.get("issuer") not in self._names:
            raise ValueError("another issuer")
        for name in _ENDPOINTS:
            if urlsplit(text_in(found, name) or "").scheme not in ("https", urlsplit(self._issuer).scheme):
                raise ValueError(f"no {name}")
        self._found, self._found_until = found, time.monotonic() + _kept(headers)
        return found

    async def _key_set(self, client: AsyncOAuth2Client, *, anew: bool = False) -> KeySet:
        if anew or time.monotonic() >= self._keys_until:
            keys, headers = await get_object(client, self._found["jwks_uri"], withhold_token=True)
            self._keys, self._keys_until = keys, time.monotonic() + _kept(headers)
        return KeySet.import_key_set(self._keys)  # type: ignore[arg-type]  # what is no key set raises

    async def _claims(self, client: AsyncOAuth2Client, token: Mapping[str, Any], nonce: str) -> CodeIDToken:
        """What the ID token says, once its signature, its times, for whom it is and its nonce were checked."""
        id_token = token["id_token"]
        try:
            try:
                signed = jwt.decode(id_token, await self._key_set(client), registry=_registry())
            except InvalidKeyIdError:  # keys change
                signed = jwt.decode(id_token, await self._key_set(client, anew=True), registry=_registry())
            claims = CodeIDToken(
                signed.claims,
                signed.header,
                {
                    "iss": {"essential": True, "values": self._names},
                    "aud": {"essential": True, "value": self._id},
                },
                {"nonce": nonce, "client_id": self._id, "access_token": token.get("access_token")},
            )
            claims.validate(leeway=round(TOLERANCE.total_seconds()))
        except JoseError as error:
            raise ValueError(type(error).__name__) from error
        return claims


def _identity(claims: Mapping[str, Any]) -> Identity:
    subject = text_in(claims, "sub", longest=255)
    if subject is None:
        raise ValueError("no subject")
    email = text_in(claims, "email", longest=254)
    verified, hosted = claims.get("email_verified") is True, text_in(claims, "hd")
    of_google = (email or "").lower().endswith("@gmail.com") and claims.get("email_verified") is not False
    return Identity(
        provider="google",
        subject=subject,
        email=email,
        email_is_theirs=of_google or (email is not None and verified and hosted is not None),
        name=text_in(claims, "name"),
        avatar_url=text_in(claims, "picture", longest=2000),
        data={"email": email, "email_verified": verified, "hd": hosted},
    )


def _registry() -> JWSRegistry:
    return JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False)


def _kept(headers: Mapping[str, str]) -> float:
    """Seconds that an answer may be kept, by its Cache-Control."""
    for part in headers.get("cache-control", "").split(","):
        name, _, value = part.strip().partition("=")
        if name.lower() == "max-age" and value.isdecimal():
            return min(max(float(value), _LEAST_KEPT), _LONGEST_KEPT)
    return _LEAST_KEPT
