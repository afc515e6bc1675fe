"""Who asks, by the bearer token of the request: a person on a device, or a program with a key that may call this route. Whoever
looks through somebody's eyes may only read."""

from fastapi import Request

from pingvas.accounts.actor import Actor
from pingvas.accounts.current import authenticate, refuse_if_viewing
from pingvas.api.http.key_uses import KeyUses
from pingvas.api.http.scopes import scope_needed
from pingvas.base.read_session import ReadSession
from pingvas.base.settings import Settings

_READING = ("GET", "HEAD")


async def who_asks(
    request: Request,
    session: ReadSession,
    bearer: str,
    *,
    leaving_too: bool = False,
    viewing_too: bool = False,
) -> Actor:
    """Raises what `authenticate` does and, unless that will do, ReadOnlyView."""
    settings: Settings = request.app.state.settings
    ip = None if request.client is None else request.client.host
    actor = await authenticate(
        session, settings, bearer, ip=ip, needs=scope_needed(request), leaving_too=leaving_too
    )
    if actor.key is not None and not actor.key.used_lately:
        uses: KeyUses = request.app.state.key_uses
        uses.note(actor.key.id, ip)
    if request.method not in _READING and not viewing_too:
        refuse_if_viewing(actor)
    return actor
