"""What somebody, or everybody, has made and spent: the days that are counted, and the jobs that have ended since."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import text

from pingvas.base import clock
from pingvas.base.errors import Invalid
from pingvas.base.read_session import ReadSession
from pingvas.generation.usage.roll_up import NO_KEY

MOST_DAYS = 366
USUAL_DAYS = 30

_BEGIN = text("SELECT from_id FROM usage_rolled_up")


def _statement(whose: str, key: str) -> Any:
    """Both kinds of rows as one statement sees them: what is being counted meanwhile is in one of them."""
    return text(f"""
        WITH figures AS (
            SELECT day, model_id, job_type, {key} AS api_key_id, completed, failed, canceled, credits, gpu_seconds
              FROM usage_days WHERE {whose} AND day BETWEEN :first AND :last
             UNION ALL
            SELECT CAST(completed_at AT TIME ZONE 'UTC' AS date), model_id, job_type, COALESCE({key}, :no_key),
                   CAST(status = 'completed' AS integer), CAST(status = 'failed' AS integer),
                   CAST(status = 'canceled' AS integer), actual_credits, COALESCE(gpu_seconds, 0)
              FROM generation_jobs
             WHERE {whose} AND id >= :from_id AND completed_at >= (SELECT until FROM usage_rolled_up)
               AND completed_at >= :begins AND completed_at < :ends
        ), summed AS (
            SELECT day, model_id, job_type, api_key_id, SUM(completed) AS completed, SUM(failed) AS failed,
                   SUM(canceled) AS canceled, SUM(credits) AS credits, SUM(gpu_seconds) AS gpu_seconds
              FROM figures GROUP BY day, model_id, job_type, api_key_id
        )
        SELECT summed.*, model.name AS model, key.name AS key_name
          FROM summed JOIN ai_models AS model ON model.id = summed.model_id
          LEFT JOIN api_keys AS key ON key.id = summed.api_key_id
         ORDER BY day, model.name, job_type, key.name NULLS FIRST, api_key_id
    """)  # noqa: S608 - our own words


_OF_PERSON = _statement("user_id = :user_id", "api_key_id")
# Of all people together nobody asks by which of their keys.
_OF_ALL = _statement("user_id IS NOT NULL", "CAST(:no_key AS uuid)")

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True)
class Figures:
    """Jobs by their end, credits that were charged, and seconds that were measured."""

    completed: int = 0
    failed: int = 0
    canceled: int = 0
    credits: int = 0
    gpu_seconds: float = 0.0


@dataclass(frozen=True)
class UsageRow(Figures):
    """Jobs of one kind that ended on one day. `key_id=None`: no key asked for them; `key_name=None`: none, or it is gone."""

    day: date = date.min
    model: str = ""
    job_type: str = ""
    key_id: UUID | None = None
    key_name: str | None = None


@dataclass(frozen=True)
class Usage:
    """Days are whole ones of UTC, both included; each stands in `days`."""

    first: date
    last: date
    rows: Sequence[UsageRow]

    @property
    def totals(self) -> Figures:
        return _sum(self.rows)

    @property
    def days(self) -> list[tuple[date, Figures]]:
        found = dict(_by(self.rows, lambda row: row.day))
        count = (self.last - self.first).days + 1
        each = (self.first + timedelta(days=number) for number in range(count))
        return [(day, found.get(day, Figures())) for day in each]

    @property
    def models(self) -> list[tuple[str, Figures]]:
        return _dearest(_by(self.rows, lambda row: row.model))

    @property
    def kinds(self) -> list[tuple[str, Figures]]:
        return _dearest(_by(self.rows, lambda row: row.job_type))

    @property
    def keys(self) -> list[tuple[tuple[UUID | None, str | None], Figures]]:
        return _dearest(_by(self.rows, lambda row: (row.key_id, row.key_name)))


async def read_usage(
    session: ReadSession,
    user_id: UUID | None,
    first: date | None = None,
    last: date | None = None,
    *,
    most_days: int = MOST_DAYS,
) -> Usage:
    """Of one person, or of everybody; the last thirty days where no days are named. Raises Invalid for days that are no span, or a
    longer one than `most_days`."""
    first, last = span_of_days(first, last, most=most_days)
    begins = datetime.combine(first, datetime.min.time(), UTC)
    values = {
        "first": first,
        "last": last,
        "begins": begins,
        "ends": begins + timedelta(days=(last - first).days + 1),
        "from_id": await session.scalar(_BEGIN),
        "no_key": NO_KEY,
    }
    if user_id is not None:
        values["user_id"] = user_id
    found = await session.execute(_OF_ALL if user_id is None else _OF_PERSON, values)
    rows = [
        UsageRow(
            int(row.completed),
            int(row.failed),
            int(row.canceled),
            int(row.credits),
            float(row.gpu_seconds),
            row.day,
            row.model,
            row.job_type,
            None if row.api_key_id == NO_KEY else row.api_key_id,
            row.key_name,
        )
        for row in found
    ]
    return Usage(first, last, rows)


def span_of_days(
    first: date | None, last: date | None, *, usual: int = USUAL_DAYS, most: int = MOST_DAYS
) -> tuple[date, date]:
    """The days that are asked for. Raises Invalid where they are no span, or a longer one than `most`."""
    last = last or clock.now().date()
    if first is None:
        first = max(last, date.min + timedelta(days=usual)) - timedelta(days=usual - 1)
    if first > last:
        raise Invalid("The first day comes after the last.", field="from", reason="must not come after `to`")
    if (last - first).days >= most:
        raise Invalid(
            f"At most {most} days are told at a time.",
            field="from",
            reason=f"is {most} days or more before `to`",
        )
    if last.year == date.max.year:
        raise Invalid("There is no such day yet.", field="to", reason="lies too far ahead")
    return first, last


def _by(rows: Iterable[UsageRow], key: Callable[[UsageRow], T]) -> list[tuple[T, Figures]]:
    groups: dict[T, list[UsageRow]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return [(each, _sum(group)) for each, group in groups.items()]


def _dearest(groups: list[tuple[T, Figures]]) -> list[tuple[T, Figures]]:
    return sorted(groups, key=lambda group: (-group[1].credits, str(group[0])))


def _sum(rows: Sequence[Figures]) -> Figures:
    return Figures(
        sum(row.completed for row in rows),
        sum(row.failed for row in rows),
        sum(row.canceled for row in rows),
        sum(row.credits for row in rows),
        sum(row.gpu_seconds for row in rows),
    )
