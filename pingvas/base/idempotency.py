"""Idempotency-Key: the same key and body gets the first answer again; the effect happens once.

The key is kept in the transaction of the effect, so both are there or neither. Keys are a person's own and
belong to one route; a chore forgets them after a day.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.errors import Conflict, Invalid
from pingvas.base.read_session import ReadSession

MAX_KEY_LENGTH = 255

# Two statements, because the second must see what the holder of the lock committed before letting go of it.
_HOLD = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:lock, 0))")
_FIND = text("""
    SELECT fingerprint, status_code, response
      FROM idempotency_keys
     WHERE user_id = :user_id AND route = :route AND key = :key
""")
_REMEMBER = text("""
    INSERT INTO idempotency_keys (user_id, route, key, fingerprint, status_code, response)
    VALUES (:user_id, :route, :key, :fingerprint, :status_code, CAST(:response AS jsonb))
""")


class StillRunning(Conflict):
    default_detail = "The first call with this Idempotency-Key is still running."


class IdempotencyConflict(Invalid):
    code = "idempotency_conflict"
    default_detail = "This Idempotency-Key was used before with another body."


@dataclass(frozen=True)
class IdempotentCall:
    """One call that carries a key. `fingerprint` is the SHA-256 of its body."""

    user_id: UUID
    route: str
    key: str
    fingerprint: str


def idempotent_call(user_id: UUID, route: str, key: str, body: Any) -> IdempotentCall:
    """A call and what identifies its body. The key may come quoted, as the draft standard writes it, or bare."""
    key = key.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not key.strip(' "') or len(key) > MAX_KEY_LENGTH or not (key.isascii() and key.isprintable()):
        raise Invalid(
            f"An Idempotency-Key has 1 to {MAX_KEY_LENGTH} printable characters of ASCII.",
            field="Idempotency-Key",
            reason=f"must have 1 to {MAX_KEY_LENGTH} printable characters of ASCII",
        )
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return IdempotentCall(user_id, route, key, hashlib.sha256(canonical.encode()).hexdigest())


async def find_first_answer(session: ReadSession, call: IdempotentCall) -> tuple[int, Any] | None:
    """The stored (status, body) of the first call, or None when this is the first.

    Holds the key until the transaction ends. Raises StillRunning while another transaction holds it, and
    IdempotencyConflict when the first call had another body.
    """
    held = await session.scalar(_HOLD, {"lock": f"{call.user_id}:{call.route}:{call.key}"})
    found = await session.execute(_FIND, {"user_id": call.user_id, "route": call.route, "key": call.key})
    stored = found.one_or_none()
    if stored is None:
        if not held:
            raise StillRunning
        return None
    if stored.fingerprint != call.fingerprint:
        raise IdempotencyConflict
    return stored.status_code, stored.response


async def remember_answer(
    session: AsyncSession, call: IdempotentCall, status_code: int, response_json: str
) -> None:
    """Keep the answer (JSON text) for replays, in the caller's transaction."""
    await session.execute(
        _REMEMBER,
        {
            "user_id": call.user_id,
            "route": call.route,
            "key": call.key,
            "fingerprint": call.fingerprint,
            "status_code": status_code,
            "response": response_json,
        },
    )
