"""The way to a provider and back: what a browser takes along, and what it must bring again.

The state stands in one row and works once. The row also holds a hash of a cookie of the browser that left, so that nobody
else comes back in its place; one browser may have many on their way, in as many tabs.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.accounts.sign_in.challenges import ChallengeOver, as_text, ask, from_text, take
from pingvas.adapters.oauth.identity import Provider
from pingvas.base.errors import Conflict

# Same-origin paths: one slash, then no second one, and nothing that browsers read as one or drop.
NEXT = r"^/([^/\\\x00-\x20\x7f][^\\\x00-\x20\x7f]*)?$"
MAX_NEXT = 500
_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")


class StateLost(Conflict):
    """The browser came back with a state that is used, over or another browser's, or without its cookie."""

    code = "state_lost"
    default_detail = "This sign-in took too long or was begun in another browser. Begin again."


@dataclass(frozen=True)
class Departure:
    """What the provider is told on the way out."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Trip:
    """What was noted when the browser left. `user_id` and `session_id`: who was signed in, where somebody links a provider or
    proves with one who they are (`proves`)."""

    next: str
    nonce: str
    verifier: str
    callback: str
    user_id: UUID | None
    session_id: UUID | None
    proves: bool


def make_browser_secret(known: str | None) -> str:
    """What the cookie of a browser holds; the same again for one that has a good one already."""
    if known is not None and _COOKIE.fullmatch(known):
        return known
    return secrets.token_urlsafe(32)


async def depart(
    session: AsyncSession,
    provider: Provider,
    *,
    browser: str,
    callback: str,
    next_page: str,
    actor: Actor | None = None,
    proves: bool = False,
) -> Departure:
    """Note that a browser leaves for a provider: to sign somebody in, or for an actor who is signed in already."""
    nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    data = {
        "provider": provider,
        "browser": _stored_form(browser),
        "nonce": nonce,
        "verifier": verifier,
        "callback": callback,
        "next": next_page,
        "session_id": None if actor is None or actor.session_id is None else str(actor.session_id),
        "proves": proves,
    }
    if actor is None:
        state = await ask(session, "oauth", data=data)
    else:
        state = await ask(session, "oauth_link", user_id=actor.user_id, data=data)
    return Departure(as_text(state), nonce, verifier)


async def come_back(
    session: AsyncSession, provider: Provider, *, state: str | None, browser: str | None
) -> Trip:
    """Of two who come back with one state, one does. Raises StateLost."""
    try:
        asked = await take(session, from_text(state or ""), "oauth", "oauth_link")
    except ChallengeOver:
        raise StateLost from None
    data = asked.data
    same_browser = hmac.compare_digest(_stored_form(browser or ""), str(data["browser"]))
    if data["provider"] != provider or not same_browser:
        raise StateLost
    return Trip(
        next=data["next"],
        nonce=data["nonce"],
        verifier=data["verifier"],
        callback=data["callback"],
        user_id=asked.user_id,
        session_id=None if data["session_id"] is None else UUID(data["session_id"]),
        proves=data["proves"],
    )


def _stored_form(browser: str) -> str:
    return base64.b64encode(hashlib.sha256(browser.encode("utf-8", "surrogatepass")).digest()).decode()
