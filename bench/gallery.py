"""Does a gallery stay quick at the size of a service? Its pages at any depth, its filters, its search by words.

Many people's pictures in one database, a good part of them one person's; rows are made by SQL, and their documents by the function that the triggers
call. Lists are asked for as the API does, without HTTP: the page of 50 and what it takes to know which. The peer of a deep page is the first one.
`python -m bench.gallery 1000000 2000 100000` says how many pictures of how many people, and how many the first one has.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text

from bench._figures import milliseconds, percentile, report
from bench._gallery_rows import fill
from pingvas.accounts.actor import Actor
from pingvas.base import migrate
from pingvas.base.database_url import for_asyncpg
from pingvas.base.db import Database
from pingvas.base.pages import PageRequest
from pingvas.gallery.library import ImageFilter, list_images
from pingvas.launch import embedded_postgres

IMAGES, PEOPLE, LARGEST = 1_000_000, 2_000, 100_000
TURNS = 200
GOAL_DEPTH, GOAL_MS = 1.2, 100.0
KEY = b"k" * 32
# Enough for a machine of a few GiB, as an operator would give it.
SERVER = ("shared_buffers=512MB", "work_mem=16MB", "maintenance_work_mem=512MB", "max_wal_size=4GB")


@dataclass(frozen=True)
class Asked:
    """A list, by what it is called in the report."""

    name: str
    filter: ImageFilter


def _lists(tag: str, collection: UUID, api_key: UUID) -> list[Asked]:
    filters: dict[str, dict[str, Any]] = {
        "newest": {},
        "oldest": {"sort": "oldest"},
        "by rating": {"sort": "rating"},
        "largest": {"sort": "largest"},
        "favorites": {"favorite": True},
        "public": {"visibility": "public"},
        "model, common": {"model": "model-0"},
        "model, rare": {"model": "model-29"},
        "job type, rare": {"job_type": "inpaint"},
        "seed": {"seed": 12_345},
        "uploaded": {"origin": "uploaded"},
        "API key": {"api_key": api_key},
        "rating 5": {"rating_from": 5},
        "width and height": {"width_from": 1500, "height_to": 600},
        "tag": {"tags": (tag,)},
        "collection": {"collection": collection},
        "LoRA, rare": {"loras": ("lora-39",)},
        "favorites of a model by rating": {"favorite": True, "model": "model-3", "sort": "rating"},
    }
    words = {
        "common word": "portrait",
        "rare word": "word399",
        "word nobody has": "unheardof",
        "beginning, common": "por",
        "beginning, one letter": "w",
        "Korean": "고양이",
        "Korean, in part": "양이",
        "initial consonants": "ㅌㄱ",
        "three words": "portrait word12 word250",
        "phrase": '"portrait word12"',
        "with one left out": "word200 -portrait",
        "all but": "-portrait",
    }
    return [
        *(Asked(name, ImageFilter(**filter)) for name, filter in filters.items()),
        *(Asked(f"“{q}”, {name}", ImageFilter(q=q)) for name, q in words.items()),
        Asked("“word399” by rating", ImageFilter(q="word399", sort="rating")),
        Asked("“portrait” of a rare model", ImageFilter(q="portrait", model="model-29")),
    ]


async def _time(read: Callable[[], Awaitable[Any]], turns: int = TURNS) -> list[float]:
    took = []
    for _ in range(turns):
        began = time.perf_counter()
        await read()
        took.append(time.perf_counter() - began)
    return took


async def _page(database: Database, who: UUID, filter: ImageFilter, cursor: str | None = None) -> Any:
    async with database.read() as session:
        return await list_images(session, Actor(who, "user", None), filter, PageRequest(KEY, 50, cursor))


async def _depth(database: Database, who: UUID) -> list[tuple[str, str]]:
    """The first page next to the last full one."""
    cursors: list[str | None] = [None]
    while (page := await _page(database, who, ImageFilter(), cursors[-1])).next_cursor is not None:
        cursors.append(page.next_cursor)
    deep = cursors[-1]
    first_took, deep_took = [], []
    for _ in range(TURNS):
        first_took += await _time(lambda: _page(database, who, ImageFilter()), 1)
        deep_took += await _time(lambda: _page(database, who, ImageFilter(), deep), 1)
    ratio = percentile(deep_took, 0.5) / percentile(first_took, 0.5)
    return [
        ("first page", milliseconds(first_took)),
        (f"page at depth {50 * (len(cursors) - 1):,}", milliseconds(deep_took)),
        (f"÷ first page, medians (goal ≤ {GOAL_DEPTH})", f"{ratio:.2f}"),
    ]


async def _seen_through(database: Database, who: UUID, asked: Sequence[Asked]) -> list[str]:
    """Which lists read a table of pictures from its beginning to its end, by the counters of the server."""
    through = []
    counted = text("""
        SELECT sum(seq_scan) FROM pg_stat_xact_user_tables
         WHERE relname IN ('images', 'image_search', 'image_tags', 'collections_images')
    """)
    for one in asked:
        async with database.read() as session:
            actor = Actor(who, "user", None)
            before = await session.scalar(counted)
            await list_images(session, actor, one.filter, PageRequest(KEY, 50))
            if await session.scalar(counted) != before:
                through.append(one.name)
    return through


async def _run(server: embedded_postgres.EmbeddedPostgres, images: int, people: int, largest: int) -> None:
    await migrate.upgrade(server.url())
    bare = await asyncpg.connect(for_asyncpg(server.url()))
    began = time.perf_counter()
    made = await fill(bare, images, people, largest)
    rows = [("rows, documents and indexes made", f"{time.perf_counter() - began:.0f} s")]
    for table in ("images", "image_search"):
        size = await bare.fetchval("SELECT pg_size_pretty(pg_total_relation_size($1::text::regclass))", table)
        rows.append((f"`{table}` with its indexes", size))
    await bare.close()
    database = Database(server.url(), pool_size=2)
    lists = _lists(made.tag, made.collection, made.api_key)
    rows += await _depth(database, made.largest)
    slowest = 0.0
    for one in lists:

        async def of_largest(filter: ImageFilter = one.filter) -> None:
            await _page(database, made.largest, filter)

        async def of_anybody(filter: ImageFilter = one.filter) -> None:
            if filter.collection is None:
                await _page(database, random.choice(made.others), filter)

        of_one, of_all = await _time(of_largest), await _time(of_anybody)
        slowest = max(slowest, percentile(of_one, 0.99), percentile(of_all, 0.99))
        others = "" if one.filter.collection else f"; of anybody {milliseconds(of_all)}"
        rows.append((one.name, f"{milliseconds(of_one)}{others}"))
    rows.append((f"slowest p99 (goal < {GOAL_MS:.0f} ms)", f"{slowest * 1e3:.1f} ms"))
    through = await _seen_through(database, made.largest, lists)
    rows.append(("lists that read a table of pictures from end to end", ", ".join(through) or "none"))
    await database.dispose()
    report(
        f"A gallery of {images:,} pictures of {people:,} people, one of whom has {made.of_largest:,}", rows
    )


def main() -> None:
    sizes = [int(said) for said in sys.argv[1:4]] or [IMAGES, PEOPLE, LARGEST]
    with tempfile.TemporaryDirectory(prefix="pingvas-bench-") as name:
        server = embedded_postgres.start(Path(name), SERVER)
        try:
            asyncio.run(_run(server, *sizes))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
