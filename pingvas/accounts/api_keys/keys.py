"""A person's API keys: made, listed, changed, revoked. What a key may do at most is bounded by what its owner may."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal_column, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.api_keys.addresses import accept_addresses
from pingvas.accounts.api_keys.key_text import make_key, shown_part, stored_form
from pingvas.accounts.api_keys.spending import TODAY
from pingvas.accounts.api_keys.use import SCOPES, Scope
from pingvas.accounts.mail.mails import write_to
from pingvas.accounts.tables import ApiKey, ApiKeySpending, User
from pingvas.base.errors import Conflict, Invalid, NotFound
from pingvas.base.ids import new_id
from pingvas.base.pages import Page, PageRequest, read_page
from pingvas.base.read_session import ReadSession
from pingvas.base.visible_text import accept_name

MAX_NAME = 80
MAX_LIVE_KEYS = 50
MAX_MODELS = 200


class TooManyKeys(Conflict):
    default_detail = f"You have {MAX_LIVE_KEYS} API keys that work; revoke one first."


class KeyRevoked(Conflict):
    default_detail = "This API key is revoked. Make a new one."


class KeyChanges(TypedDict, total=False):
    """What is to change; a key that is absent stays as it is, None takes a bound away."""

    name: str
    total_cap: int | None
    daily_cap: int | None
    models: Sequence[str] | None
    addresses: Sequence[str] | None
    requests_per_minute: int | None
    expires_at: datetime | None


@dataclass(frozen=True)
class KeyView:
    """A key and what it has spent, in all and today (UTC): credits that its jobs hold or have cost."""

    key: ApiKey
    spent_total: int
    spent_today: int


@dataclass(frozen=True)
class MadeKey:
    """A new key. `text` is told here and kept nowhere."""

    view: KeyView
    text: str


async def create_key(
    session: AsyncSession, user_id: UUID, name: str, scopes: Sequence[Scope], bounds: KeyChanges
) -> MadeKey:
    """A key for programs that act as this person, who is written to. Raises Invalid and TooManyKeys."""
    values = await _accepted(session, {**bounds, "name": name})
    # Under the person's lock, so that two made at once count each other.
    user = await session.get_one(User, user_id, with_for_update={"key_share": True})
    live = select(func.count()).where(ApiKey.user_id == user_id, _is_live())
    if (await session.scalar(live) or 0) >= MAX_LIVE_KEYS:
        raise TooManyKeys
    text = make_key()
    key = ApiKey(
        id=new_id(),
        user_id=user_id,
        prefix=shown_part(text),
        key_hash=stored_form(text),
        scopes=[scope for scope in SCOPES if scope in scopes],
        **values,
    )
    session.add(key)
    await session.flush()
    await session.refresh(key)
    await write_to(session, user, "api_key_created", {"key": key.name})
    return MadeKey(KeyView(key, 0, 0), text)


async def list_keys(session: ReadSession, user_id: UUID, asked: PageRequest) -> Page[KeyView]:
    """A person's keys, the newest first, those too that work no more. Raises BadCursor."""
    page = await read_page(
        session,
        _views().where(ApiKey.user_id == user_id),
        asked,
        order=(ApiKey.id,),
        belongs_to=("api_keys", user_id),
    )
    return page.of(_view)


async def get_key(session: ReadSession, user_id: UUID, key_id: UUID) -> KeyView:
    """One of a person's keys. Raises NotFound."""
    row = (
        await session.execute(_views().where(ApiKey.id == key_id, ApiKey.user_id == user_id))
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such API key here.")
    return _view(row)


async def change_key(session: AsyncSession, user_id: UUID, key_id: UUID, changes: KeyChanges) -> KeyView:
    """Change some of it; scopes stay as they are. Raises Invalid, NotFound and KeyRevoked."""
    view = await get_key(session, user_id, key_id)
    if view.key.revoked_at is not None:
        raise KeyRevoked
    values = await _accepted(session, changes)
    if values:
        mine = update(ApiKey).where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None)).values(**values)
        if await session.scalar(mine.returning(ApiKey.id)) is None:
            raise KeyRevoked
        await session.refresh(view.key)
    return view


async def revoke_key(session: AsyncSession, user_id: UUID, key_id: UUID) -> None:
    """Have a key stop working, with the next call. A second time changes nothing. Raises NotFound."""
    mine = (
        update(ApiKey)
        .where(ApiKey.id == key_id, ApiKey.user_id == user_id)
        .values(revoked_at=func.coalesce(ApiKey.revoked_at, func.now()))
    )
    if await session.scalar(mine.returning(ApiKey.id)) is None:
        raise NotFound("There is no such API key here.")


async def names_of_keys(session: ReadSession, key_ids: set[UUID]) -> dict[UUID, str]:
    """What their owner calls these keys. Asks nothing where there are none."""
    if not key_ids:
        return {}
    rows = await session.execute(select(ApiKey.id, ApiKey.name).where(ApiKey.id.in_(key_ids)))
    return {row.id: row.name for row in rows}


def _is_live() -> ColumnElement[bool]:
    return ApiKey.revoked_at.is_(None) & or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now())


def _views() -> Select[*tuple[Any, ...]]:
    today = ApiKeySpending.day == literal_column(TODAY)
    spent = (
        select(
            func.coalesce(func.sum(ApiKeySpending.credits), 0).label("total"),
            func.coalesce(func.sum(ApiKeySpending.credits).filter(today), 0).label("today"),
        )
        .where(ApiKeySpending.api_key_id == ApiKey.id)
        .lateral()
    )
    return select(ApiKey, spent.c.total, spent.c.today).join(spent, literal_column("true"))


def _view(row: Any) -> KeyView:
    key, total, today = row
    return KeyView(key, int(total), int(today))


async def _accepted(session: ReadSession, changes: KeyChanges) -> dict[str, Any]:
    values: dict[str, Any] = dict(changes)
    if "name" in values:
        values["name"] = accept_name(values["name"], field="name", longest=MAX_NAME)
    if "models" in values:
        values["models"] = _accepted_models(values["models"])
    if "addresses" in values:
        values["addresses"] = accept_addresses(values["addresses"])
    expires_at = values.get("expires_at")
    if expires_at is not None and expires_at <= (await session.execute(select(func.now()))).scalar_one():
        raise Invalid(
            "A key has to expire later than now.",
            field="expires_at",
            reason="must lie in the future",
            reason_code="has_passed",
        )
    return values


def _accepted_models(models: Sequence[str] | None) -> list[str] | None:
    if not models:
        return None
    if len(models) > MAX_MODELS:
        reason = f"has more than {MAX_MODELS} models"
        raise Invalid(f"The field models {reason}.", field="models", reason=reason)
    return list(dict.fromkeys(models))
