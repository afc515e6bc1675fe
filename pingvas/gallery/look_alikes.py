"""A person's images that look alike, in groups around the one that is suggested to be kept, which is chosen as in `duplicates.py`.

Among their newest images alone, and one computation after the other: so neither the memory nor more than one processor goes into it. Of
images of the same bytes one stands for all.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.base.pages import Page, PageRequest, close_position, open_position
from pingvas.engine.images.look_groups import look_groups
from pingvas.gallery.duplicates import (
    IS_CARED_FOR,
    MAX_SHOWN,
    PIXELS,
    Duplicates,
    Group,
    Totals,
    images_by_id,
)
from pingvas.gallery.looks import COMPARED

# Of 256 bits: as many as another size, a harder compression or a little less light change.
MAX_DISTANCE = 16

_ONE_AT_A_TIME = ThreadPoolExecutor(1, "look-groups")
_NEWEST = text(f"""
    SELECT image.id, image.content_hash, image.look_hash, image.file_size, image.created_at,
           {PIXELS} AS pixels, {IS_CARED_FOR} AS is_cared_for
      FROM images AS image WHERE image.user_id = :user_id AND image.trashed_at IS NULL
     ORDER BY image.created_at DESC LIMIT :most
""")  # noqa: S608 - our own text

_Found = Row[tuple[Any, ...]]
# What images are put in order by, the best first.
_Rank = tuple[int, int, datetime, UUID]


@dataclass(frozen=True)
class LookAlikes:
    """A page of groups. `compared`: so many of the newest images alone were compared; None: all of them were."""

    found: Duplicates
    compared: int | None


async def list_alike(
    database: Database, actor: Actor, asked: PageRequest, *, most: int = COMPARED
) -> LookAlikes:
    """A page of the actor's images that look alike, in groups. No transaction is open while they are compared. Raises BadCursor."""
    belongs_to = ("alike", actor.user_id)
    position = open_position(asked, belongs_to)
    async with database.read() as session:
        rows = (await session.execute(_NEWEST, {"user_id": actor.user_id, "most": most + 1})).all()
    newest = rows[:most]
    groups = await asyncio.get_running_loop().run_in_executor(_ONE_AT_A_TIME, _grouped, newest)
    left = groups if position is None else [one for one in groups if _rank(one[0]) > _read(position)]
    shown, more = left[: asked.limit], left[asked.limit :]
    async with database.read() as session:
        ids = [row.id for group in shown for row in group[:MAX_SHOWN]]
        images = await images_by_id(session, ids)
    items = [
        Group(
            [images[row.id] for row in group[:MAX_SHOWN] if row.id in images],
            len(group),
            sum(row.file_size for row in group[1:]),
        )
        for group in shown
    ]
    cursor = close_position(asked, belongs_to, _written(_rank(shown[-1][0]))) if more else None
    totals = None if position is not None else _totals(groups)
    return LookAlikes(Duplicates(Page(items, cursor), totals), most if len(rows) > most else None)


def _grouped(rows: Sequence[_Found]) -> list[list[_Found]]:
    seen: set[bytes] = set()
    compared: list[_Found] = []
    for row in sorted(rows, key=_rank):
        if row.look_hash is None or row.content_hash in seen:
            continue
        seen.add(row.content_hash)
        compared.append(row)
    groups = look_groups([row.look_hash.bytes for row in compared], MAX_DISTANCE)
    return [[compared[place] for place in group] for group in groups]


def _totals(groups: Sequence[Sequence[_Found]]) -> Totals:
    superfluous = [row for group in groups for row in group[1:]]
    return Totals(len(groups), len(superfluous), sum(row.file_size for row in superfluous))


def _rank(row: _Found) -> _Rank:
    return (-row.pixels, -row.is_cared_for, row.created_at, row.id)


def _written(rank: _Rank) -> list[str | int]:
    return [rank[0], rank[1], rank[2].isoformat(), str(rank[3])]


def _read(position: Sequence[Any]) -> _Rank:
    return (position[0], position[1], datetime.fromisoformat(position[2]), UUID(position[3]))
