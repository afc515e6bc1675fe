"""Whose credentials a request brings, as far as it matters for counting it and for reading its body. Nobody acts by this: that
asks the database each time (`who_asks`). What was read is believed for a minute."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from uuid import UUID

from fastapi.security.utils import get_authorization_scheme_param
from starlette.datastructures import Headers

from pingvas.accounts.api_keys.key_text import is_key, looks_like_key, stored_form
from pingvas.accounts.refusals import InvalidToken, TokenExpired
from pingvas.accounts.sessions import access_tokens
from pingvas.base.db import Database
from pingvas.base.read_session import ReadSession
from pingvas.base.settings import Settings
from pingvas.billing.request_limits import ProgramLimits, find_limits_of_key, find_limits_of_person

FRESH_SECONDS = 60.0
_MOST = 10_000
_LONGEST_TOKEN = 2_000


def bearer_in(headers: Headers) -> str | None:
    """The bearer token of a request, where it brings one that is no longer than any of ours."""
    scheme, token = get_authorization_scheme_param(headers.get("authorization"))
    return token if scheme.lower() == "bearer" and 0 < len(token) <= _LONGEST_TOKEN else None


class Callers:
    """One for each app."""

    def __init__(
        self, settings: Settings, database: Database, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._known: OrderedDict[str | UUID, tuple[float, ProgramLimits]] = OrderedDict()

    def person_of(self, bearer: str) -> UUID | None:
        """Whose these credentials are, where that can be told without asking anybody."""
        if looks_like_key(bearer):
            seen = self._seen(stored_form(bearer))
            return None if seen is None else seen.user_id
        try:
            return access_tokens.verify(self._settings, bearer).user_id
        except (InvalidToken, TokenExpired):
            return None

    def is_unlimited(self, bearer: str) -> bool:
        """Whether it is known already that who brings these credentials has no limits."""
        seen = self.known(bearer)
        return seen is not None and seen.of_plan is None and seen.of_key is None

    def known(self, bearer: str) -> ProgramLimits | None:
        """The limits of who brings these credentials, where they were read lately."""
        name = stored_form(bearer) if looks_like_key(bearer) else self.person_of(bearer)
        return None if name is None else self._seen(name)

    async def find(self, bearer: str) -> ProgramLimits | None:
        """The limits of who brings these credentials; None: they are nobody's. Raises DatabaseUnavailable."""
        if looks_like_key(bearer):
            if not is_key(bearer):
                return None
            key_hash = stored_form(bearer)
            return await self._find(key_hash, lambda session: find_limits_of_key(session, key_hash))
        user_id = self.person_of(bearer)
        if user_id is None:
            return None
        return await self._find(user_id, lambda session: find_limits_of_person(session, user_id))

    async def require_known(self, bearer: str) -> None:
        """Raises InvalidToken or TokenExpired for credentials that cannot be anybody's. Whether their device is still signed in is
        read together with the rest of the call."""
        if not looks_like_key(bearer):
            access_tokens.verify(self._settings, bearer)
        elif await self.find(bearer) is None:
            raise InvalidToken

    def _seen(self, name: str | UUID) -> ProgramLimits | None:
        until, limits = self._known.get(name, (0.0, None))
        return limits if until > self._clock() else None

    async def _find(
        self, name: str | UUID, read: Callable[[ReadSession], Awaitable[ProgramLimits | None]]
    ) -> ProgramLimits | None:
        seen = self._seen(name)
        if seen is not None:
            return seen
        async with self._database.autocommit() as session:
            found = await read(session)
        if found is not None:
            self._known[name] = self._clock() + FRESH_SECONDS, found
            self._known.move_to_end(name)
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        return found
