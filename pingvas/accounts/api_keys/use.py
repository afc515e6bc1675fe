"""Who asks with an API key: from the key to an Actor, in one statement."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, any_, bindparam, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor, KeyInUse
from pingvas.accounts.api_keys.addresses import refuse_unless_allowed
from pingvas.accounts.api_keys.key_text import is_key, stored_form
from pingvas.accounts.refusals import InvalidToken, TokenExpired, refuse_unless_standing
from pingvas.accounts.tables import ApiKey, User
from pingvas.base.errors import Forbidden
from pingvas.base.read_session import ReadSession
from pingvas.base.statements import fetch_one

Scope = Literal["read", "generate", "manage"]
SCOPES: tuple[Scope, ...] = ("read", "generate", "manage")

# Its latest use is noted once in so long.
NOTED_EVERY = timedelta(minutes=1)

_IS_LIVE = ApiKey.revoked_at.is_(None) & or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now())
# Put together once: it runs before everything else, in every request that comes with a key.
_OF_KEY = (
    select(
        ApiKey.id,
        ApiKey.name,
        ApiKey.scopes,
        ApiKey.models,
        ApiKey.addresses,
        (ApiKey.expires_at - func.now()).label("expires_in"),
        (ApiKey.last_used_at > func.now() - NOTED_EVERY).label("used_lately"),
        User.id.label("user_id"),
        User.role,
        User.status,
        User.suspended_reason,
        User.leaves_at,
    )
    .join(User, User.id == ApiKey.user_id)
    .where(ApiKey.key_hash == bindparam("key_hash"), ApiKey.revoked_at.is_(None))
)
_LIVE = (
    select(ApiKey.id)
    .join(User, User.id == ApiKey.user_id)
    .where(ApiKey.id == any_(bindparam("key_ids", type_=ARRAY(Uuid))), _IS_LIVE, User.status == "active")
)
_NOTE = text("""
    UPDATE api_keys SET last_used_at = now(), last_used_ip = noted.ip
      FROM unnest(:key_ids, :ips) AS noted (id, ip)
     WHERE api_keys.id = noted.id
""").bindparams(bindparam("key_ids", type_=ARRAY(Uuid)), bindparam("ips", type_=ARRAY(Text)))


class KeyExpired(TokenExpired):
    default_detail = "This API key has expired."


class ScopeMissing(Forbidden):
    """What a key may not do. `scope` names what it would need; null: no key may, only somebody who has signed in."""

    default_detail = "This API key may not do that."


async def authenticate_key(
    session: ReadSession, key: str, *, ip: str | None, needs: Scope | None
) -> tuple[Actor, timedelta | None]:
    """Its owner, and for how much longer the key is good; None: until it is revoked.

    `needs` is the scope of what is to be done; None: what only somebody does who has signed in.
    Raises InvalidToken, KeyExpired, AccountSuspended, AccountLeaving, AddressNotAllowed and ScopeMissing.
    """
    if not is_key(key):
        raise InvalidToken
    row = await fetch_one(session, _OF_KEY, {"key_hash": stored_form(key)})
    if row is None:
        raise InvalidToken
    if row.expires_in is not None and row.expires_in <= timedelta():
        raise KeyExpired
    refuse_unless_standing(row.status, reason=row.suspended_reason, leaves_at=row.leaves_at)
    refuse_unless_allowed(row.addresses, ip)
    in_use = KeyInUse(
        id=row.id,
        name=row.name,
        scopes=frozenset(row.scopes),
        models=None if row.models is None else frozenset(row.models),
        used_lately=bool(row.used_lately),
    )
    refuse_without_scope(in_use, needs)
    return Actor(user_id=row.user_id, role=row.role, session_id=None, key=in_use), row.expires_in


def refuse_without_scope(key: KeyInUse | None, needs: Scope | None) -> None:
    """Raises ScopeMissing when somebody asks with a key that lacks it."""
    if key is None or needs in key.scopes:
        return
    if needs is None:
        raise ScopeMissing("No API key may do that: sign in.", extra={"scope": None})
    raise ScopeMissing(f"This API key lacks the scope {needs}.", extra={"scope": needs})


async def which_live(session: ReadSession, key_ids: list[UUID]) -> set[UUID]:
    """Those of these keys that still work."""
    return set(await session.scalars(_LIVE, {"key_ids": key_ids}))


async def note_uses(session: AsyncSession, uses: Mapping[UUID, str | None]) -> None:
    """Note of each key that it was used just now, and from where."""
    await session.execute(_NOTE, {"key_ids": list(uses), "ips": list(uses.values())})
