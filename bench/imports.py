"""How many files a second does `pingvas import` take in, next to Pillow alone, and does its memory stay flat?

A folder of COUNT pictures with infotext, half of them of 512 × 512 and half of 256 × 256 pixels, each one different, is imported into an empty studio with
one decoder and with two, and then once more, when all are there. The peer opens each file with Pillow, decodes it, encodes it again as it is, makes
the thumbnail, and writes both to the same disk, in one process.

Run alone: `COUNT=10000 python -m bench.imports`.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import psutil
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sqlalchemy.ext.asyncio import AsyncSession

from bench._figures import report
from bench._server import run_with_server
from pingvas.accounts.actor import Actor
from pingvas.adapters.storage import open_storage
from pingvas.base import migrate
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.billing.open_account import open_account
from pingvas.billing.plans import seed_plans
from pingvas.engine.images.thumbnails import make_thumbnails
from pingvas.gallery.import_folder import find_pictures
from pingvas.gallery.import_pictures import Importer
from pingvas.launch import embedded_postgres

COUNT = int(os.environ.get("COUNT", "10000"))
MIB = 1024 * 1024


def _make_pictures(folder: Path) -> None:
    folder.mkdir()
    rng = np.random.default_rng(1)
    # Smooth as pictures are: noise would make files of another size.
    coarse = rng.integers(0, 256, (COUNT, 8, 8, 3), dtype=np.uint8)
    for number in range(COUNT):
        side = 512 if number % 2 else 256
        notes = PngInfo()
        notes.add_text("parameters", f"a house\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: {number}")
        image = Image.fromarray(coarse[number]).resize((side, side), Image.Resampling.BICUBIC)
        image.save(folder / f"{number:06}.png", pnginfo=notes, compress_level=1)


def _with_pillow(folder: Path, into: Path) -> float:
    into.mkdir()
    began = time.perf_counter()
    for path in sorted(folder.iterdir()):
        with Image.open(path) as image:
            image.load()
            image.save(into / path.name, "PNG", compress_level=4)
            made = make_thumbnails(image)
            (into / f"{path.stem}.webp").write_bytes(made.small)
            (into / f"{path.stem}.large.webp").write_bytes(made.large)
    return COUNT / (time.perf_counter() - began)


async def _import(
    database: Database, settings: Settings, actor: Actor, folder: Path, decoders: int
) -> tuple[float, list[int]]:
    """Files a second, and the bytes that this process and its children had resident after each tenth of the files."""

    async def quota(session: AsyncSession) -> int:
        return 2**50

    importer = Importer(database, open_storage(settings), settings, actor, quota, decoders)
    process, resident, done = psutil.Process(), list[int](), 0
    began = time.perf_counter()
    async for _ in importer.run(find_pictures(folder)):
        done += 1
        if done % max(1, COUNT // 10) == 0:
            together = [process, *process.children()]
            resident.append(sum(each.memory_info().rss for each in together if each.name() != "postgres"))
    return COUNT / (time.perf_counter() - began), resident


async def _ours(settings: Settings, folder: Path) -> list[tuple[str, str]]:
    assert settings.database_url is not None
    database = Database(settings.database_url, pool_size=8)
    rows = []
    try:
        async with database.transaction() as session:
            await seed_plans(session)
        for decoders in (1, 2):
            async with database.transaction() as session:
                user = await open_account(
                    session,
                    settings,
                    email=f"bench{decoders}@example.com",
                    password=None,
                    display_name="bench",
                )
            actor = Actor(user.id, "user", None)
            rate, resident = await _import(database, settings, actor, folder, decoders)
            flat = ", ".join(f"{each / MIB:,.0f}" for each in resident)
            rows.append((f"imported, {decoders} decoder(s)", f"{rate:,.0f} a second"))
            rows.append(("MiB resident after each tenth, with the decoders", flat))
        rate, _ = await _import(database, settings, actor, folder, 2)
        rows.append(("when all are there", f"{rate:,.0f} a second"))
    finally:
        await database.dispose()
    return rows


async def _run(place: Path, server: embedded_postgres.EmbeddedPostgres) -> None:
    settings = Settings(data_dir=place / "data", database_url=server.url())
    await migrate.upgrade(server.url())
    folder = place / "pictures"
    _make_pictures(folder)
    before = _with_pillow(folder, place / "peer1")
    rows = await _ours(settings, folder)
    after = _with_pillow(folder, place / "peer2")
    one = float(rows[0][1].split()[0].replace(",", ""))
    rows.append(("Pillow alone, one process", f"{before:,.0f} and {after:,.0f} a second"))
    rows.append(("ours with one decoder ÷ Pillow alone", f"{2 * one / (before + after):.2f}"))
    report(f"Taking in {COUNT:,} files", rows)


def main() -> None:
    run_with_server(_run)


if __name__ == "__main__":
    main()
