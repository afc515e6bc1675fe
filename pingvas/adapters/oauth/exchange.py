"""Speaking with a provider: within a time, up to a size, and with whatever goes wrong told in two words."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from ssl import SSLContext
from typing import Any, Protocol

import httpx2
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError

from pingvas.adapters.oauth.identity import NAMES, Identity, Provider, ProviderRefused, ProviderUnavailable

log = logging.getLogger(__name__)

# For all that one sign-in asks of a provider.
SECONDS = 10.0
MAX_BYTES = 1024 * 1024
# What a provider says of a code that it does not know (RFC 6749, 5.2). All else it says is ours or its own to put right.
_OF_THE_CODE = {"invalid_grant", "access_denied"}
_LONGEST_SAID = 100
# What reading an answer raises that is none, in this file and in the libraries.
_NONSENSE = (
    httpx2.HTTPError,
    httpx2.InvalidURL,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


class OAuthProvider(Protocol):
    """One of the providers, as the operator has set it up."""

    name: Provider

    async def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Where a browser goes to be asked who is there. Raises ProviderUnavailable."""
        ...

    async def identify(
        self, *, code: str, redirect_uri: str, nonce: str, verifier: str, issuer: str | None
    ) -> Identity:
        """Who came back with a code; `issuer` as the answer named it (RFC 9207). Raises ProviderUnavailable and
        ProviderRefused."""
        ...


@asynccontextmanager
async def speaking(
    provider: Provider, *, client_id: str, client_secret: str, scope: str
) -> AsyncIterator[AsyncOAuth2Client]:
    """A client of a provider's. Raises ProviderUnavailable and ProviderRefused in place of whatever goes wrong inside."""
    try:
        async with asyncio.timeout(SECONDS), _client(client_id, client_secret, scope) as client:
            yield client
    except OAuthError as error:
        said = str(error.error)[:_LONGEST_SAID]
        log.warning("%s refused a sign-in: %s", NAMES[provider], said)
        raise (ProviderRefused if said in _OF_THE_CODE else ProviderUnavailable) from error
    except _NONSENSE as error:
        log.warning("%s does not answer as it should: %s", NAMES[provider], type(error).__name__)
        raise ProviderUnavailable from error


async def get_object(
    client: AsyncOAuth2Client, url: str, **more: Any
) -> tuple[dict[str, Any], Mapping[str, str]]:
    """A JSON object at an address, and the headers it came with. Raises httpx2.HTTPError and ValueError."""
    answer = await client.request("GET", url, **more)
    answer.raise_for_status()
    told = answer.json()
    if answer.status_code != 200 or not isinstance(told, dict):
        raise ValueError("no JSON object")
    return told, answer.headers


def text_in(told: Mapping[str, Any], name: str, *, longest: int = 1000) -> str | None:
    """A text among what was told; None for what is none, is empty or too long."""
    value = told.get(name)
    return value if isinstance(value, str) and 0 < len(value) <= longest else None


def _client(client_id: str, client_secret: str, scope: str) -> AsyncOAuth2Client:
    return AsyncOAuth2Client(
        client_id,
        client_secret,
        scope=scope,
        code_challenge_method="S256",
        timeout=SECONDS,
        verify=_certificates(),
        event_hooks={"response": [_bound]},
    )


@cache
def _certificates() -> SSLContext:
    """Read once: it takes tens of milliseconds."""
    return httpx2.create_ssl_context()


async def _bound(answer: httpx2.Response) -> None:
    answer.stream = _Bounded(answer.stream)


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MAX_BYTES
        async for part in self._stream:
            left -= len(part)
            if left < 0:
                raise ValueError("too long an answer")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()
