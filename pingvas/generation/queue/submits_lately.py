"""How often a person asked for pictures in the last minute, and the limit of their plan on that.

Counted by the jobs themselves, in the statement that makes them, under the lock of the person's subscription: so it is exact however
many processes take submits, costs no statement of its own, and nothing forgets it. A submit is one however many pictures it asks
for, and whatever becomes of them.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from pingvas.base import clock
from pingvas.base.ids import first_id_of
from pingvas.base.rate_limits import WINDOW_SECONDS, Allowance, RateUsedUp
from pingvas.base.read_session import ReadSession
from pingvas.base.statements import fetch_one

POLICY = "generations"

# A part of a statement: `lately`, of submits and since, is how many of the last `:per_minute` submits are younger than a minute,
# and when the first of these was; `:per_minute` of 0 asks nothing. By their ids, which sort by time, an index leads to them;
# hosts, whose clocks make the ids, agree with the database's within a few minutes.
LATELY = f"""
    lately AS MATERIALIZED (
        SELECT count(*) AS submits, min(created_at) AS since
          FROM (SELECT created_at FROM generation_jobs
                 WHERE user_id = :user_id AND id >= :recent_id AND batch_index = 0
                   AND created_at > now() - interval '{WINDOW_SECONDS} seconds'
                 ORDER BY id DESC LIMIT CAST(:per_minute AS bigint)) AS asked
    )
"""  # noqa: S608 - our own constants
_LATELY = text(f"WITH {LATELY} SELECT submits, since, clock_timestamp() AS now FROM lately")  # noqa: S608


class TooManyGenerations(RateUsedUp):
    """The plan allows no more submits in this minute."""

    def __init__(self, allowance: Allowance) -> None:
        super().__init__(
            allowance, f"Your plan allows {allowance.limit} calls a minute that ask for pictures."
        )


def values_of(per_minute: int | None) -> dict[str, Any]:
    """What the part has to know, beside the person. None: no limit."""
    recent_id: UUID = first_id_of(clock.now() - timedelta(seconds=WINDOW_SECONDS) - clock.TOLERANCE)
    return {"per_minute": per_minute or 0, "recent_id": recent_id}


async def refuse_if_too_often(session: ReadSession, user_id: UUID, values: Mapping[str, Any]) -> None:
    """Raises TooManyGenerations when the person has had what `values` allow."""
    row = await fetch_one(session, _LATELY, {"user_id": user_id, **values})
    limit = values["per_minute"]
    if row is not None and limit and row.submits >= limit:
        raise TooManyGenerations(Allowance(POLICY, limit, 0, _seconds_left(row.since, row.now)))


def allowance_after(
    per_minute: int | None, submits: int, since: datetime | None, now: datetime
) -> Allowance | None:
    """How the limit stands once one more submit was taken."""
    if per_minute is None:
        return None
    return Allowance(POLICY, per_minute, max(0, per_minute - submits - 1), _seconds_left(since or now, now))


def _seconds_left(since: datetime, now: datetime) -> float:
    return max(0.0, WINDOW_SECONDS - (now - since).total_seconds())
