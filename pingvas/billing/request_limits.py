"""How many requests a minute a person's programs may make, by their plan, and a key of theirs, by its owner."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from pingvas.base.read_session import ReadSession
from pingvas.base.statements import Row, fetch_one
from pingvas.billing.entitlements import PLAN_THAT_COUNTS

_PLAN = f"""
      LEFT JOIN subscriptions AS s ON s.user_id = {{user_id}} AND s.status <> 'expired'
      LEFT JOIN subscription_plans AS plan ON plan.id = {PLAN_THAT_COUNTS}
"""
_OF_KEY = text(f"""
    SELECT key.user_id, key.id AS key_id, key.requests_per_minute AS of_key, plan.requests_per_minute AS of_plan
      FROM api_keys AS key {_PLAN.format(user_id="key.user_id")}
     WHERE key.key_hash = :key_hash AND key.revoked_at IS NULL
""")  # noqa: S608 - our own constants
_OF_PERSON = text(f"""
    SELECT person.id AS user_id, NULL::uuid AS key_id, NULL::integer AS of_key, plan.requests_per_minute AS of_plan
      FROM users AS person {_PLAN.format(user_id="person.id")}
     WHERE person.id = :user_id
""")  # noqa: S608 - our own constants


@dataclass(frozen=True)
class ProgramLimits:
    """Requests a minute; None: no limit. All programs of a person together have `of_plan`, this key alone `of_key`."""

    user_id: UUID
    key_id: UUID | None
    of_plan: int | None
    of_key: int | None


async def find_limits_of_key(session: ReadSession, key_hash: str) -> ProgramLimits | None:
    """Those of an API key, by what the database keeps of it. None: there is no such key, or it is revoked."""
    return _limits(await fetch_one(session, _OF_KEY, {"key_hash": key_hash}))


async def find_limits_of_person(session: ReadSession, user_id: UUID) -> ProgramLimits | None:
    """Those of a person's programs that come without a key. None: there is no such person."""
    return _limits(await fetch_one(session, _OF_PERSON, {"user_id": user_id}))


def _limits(row: Row | None) -> ProgramLimits | None:
    return None if row is None else ProgramLimits(row.user_id, row.key_id, row.of_plan, row.of_key)
