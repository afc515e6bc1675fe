"""In which months a person's pictures were made: what a long list is wandered through by."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, DateTime, bindparam, func, select

from pingvas.accounts.actor import Actor
from pingvas.base.read_session import ReadSession
from pingvas.gallery.collections import require_own
from pingvas.gallery.library import ImageFilter, matching
from pingvas.gallery.tables import Image


@dataclass(frozen=True)
class Month:
    """A month that has pictures: from `starts_at` to before `ends_at`."""

    starts_at: datetime
    ends_at: datetime
    count: int


async def list_months(session: ReadSession, actor: Actor, filter: ImageFilter, zone: ZoneInfo) -> list[Month]:
    """The months of a zone in which the pictures of a filter were made, the newest first. Raises CollectionNotFound."""
    if filter.collection is not None:
        await require_own(session, actor.user_id, filter.collection)
    edges = await _edges(session, actor.user_id, zone)
    if not edges:
        return []
    # The database counts, and knows no zones: which day it is somewhere is for one side alone to say.
    starts = bindparam("starts", edges, type_=ARRAY(DateTime(timezone=True)))
    place = func.width_bucket(Image.created_at, starts).label("place")
    found = await matching(session, actor.user_id, replace(filter, sort=None))
    counted = found.with_only_columns(place).subquery()
    query = select(counted.c.place, func.count()).group_by(counted.c.place).order_by(counted.c.place.desc())
    return [Month(edges[n - 1], edges[n], count) for n, count in await session.execute(query)]


async def _edges(session: ReadSession, user_id: UUID, zone: ZoneInfo) -> list[datetime]:
    """The beginnings of all months from a person's first picture to behind their last."""
    ends = select(func.min(Image.created_at), func.max(Image.created_at)).where(Image.user_id == user_id)
    # Of no pictures there is neither.
    both: Any = (await session.execute(ends)).one()
    first, last = both
    if first is None:
        return []
    edges = [_month_of(first, zone)]
    while edges[-1] <= last:
        edges.append(_next(edges[-1], zone))
    return edges


def _month_of(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)


def _next(month: datetime, zone: ZoneInfo) -> datetime:
    there = month.astimezone(zone)
    year, months = divmod(there.month, 12)
    return there.replace(year=there.year + year, month=months + 1)
