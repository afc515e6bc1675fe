"""Discord, by OAuth 2: it signs nothing, so who somebody is is asked of it with the token that the code was traded for."""

import re
from collections.abc import Mapping
from typing import Any

from pingvas.adapters.oauth.exchange import get_object, speaking, text_in
from pingvas.adapters.oauth.identity import Identity, Provider
from pingvas.base.settings import Settings

_SCOPE = "identify email"
_AVATARS = "https://cdn.discordapp.com/avatars"


class Discord:
    """As the settings name it."""

    name: Provider = "discord"

    def __init__(self, settings: Settings) -> None:
        self._id = settings.discord_client_id or ""
        self._secret = settings.discord_client_secret or ""
        self._url = settings.discord_url.rstrip("/")

    async def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        async with self._speaking() as client:
            url, _ = client.create_authorization_url(
                f"{self._url}/oauth2/authorize",
                redirect_uri=redirect_uri,
                state=state,
                code_verifier=verifier,
            )
            return str(url)

    async def identify(
        self, *, code: str, redirect_uri: str, nonce: str, verifier: str, issuer: str | None
    ) -> Identity:
        async with self._speaking() as client:
            await client.fetch_token(
                f"{self._url}/api/oauth2/token", code=code, redirect_uri=redirect_uri, code_verifier=verifier
            )
            told, _ = await get_object(client, f"{self._url}/api/v10/users/@me")
            return _identity(told)

    def _speaking(self) -> Any:
        return speaking("discord", client_id=self._id, client_secret=self._secret, scope=_SCOPE)


def _identity(told: Mapping[str, Any]) -> Identity:
    subject = text_in(told, "id", longest=20)
    if subject is None or not subject.isdecimal():
        raise ValueError("no id")
    email, verified = text_in(told, "email", longest=254), told.get("verified") is True
    username, avatar = text_in(told, "username"), text_in(told, "avatar", longest=100)
    if avatar is not None and re.fullmatch(r"[0-9A-Za-z_]+", avatar) is None:
        avatar = None
    return Identity(
        provider="discord",
        subject=subject,
        email=email,
        email_is_theirs=email is not None and verified,
        name=text_in(told, "global_name") or username,
        avatar_url=None if avatar is None else f"{_AVATARS}/{subject}/{avatar}.png",
        data={"email": email, "verified": verified, "username": username},
    )
