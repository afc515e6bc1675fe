"""Storage and database are proven to agree; what does not is told, and put right where that is asked for."""

from __future__ import annotations

import asyncio
import io
import os
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image as Picture
from sqlalchemy import text
from typer.testing import CliRunner

from harness.catalog import make_model
from pingvas.accounts.actor import Actor
from pingvas.adapters.storage import Storage, open_storage
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.base.settings import Settings
from pingvas.cli import app
from pingvas.gallery.tables import Image
from pingvas.gallery.trash import move_to_trash
from pingvas.worker.chores.verify_storage import verify_storage
from tests.make.billing import make_person
from tests.make.gallery import make_image
from tests.make.generation import claim_job, complete_job, submit_jobs

TWO_DAYS = 2 * 86_400.0


def png(size: tuple[int, int] = (640, 320)) -> bytes:
    buffer = io.BytesIO()
    Picture.new("RGB", size, "teal").save(buffer, "PNG")
    return buffer.getvalue()


PNG = png()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "stored"


@pytest.fixture
def storage(make_settings: Any, folder: Path) -> Storage:
    return open_storage(make_settings(storage_url=folder.as_uri()))


@pytest.fixture
async def user_id(database: Database) -> UUID:
    async with database.transaction() as session:
        await make_model(session)
        return (await make_person(session)).user_id


async def keep(database: Database, storage: Storage, user_id: UUID) -> Image:
    """A picture with its bytes and its thumbnail."""
    async with database.transaction() as session:
        image = await make_image(session, user_id, file_size=len(PNG))
    await storage.put(image.s3_key, PNG, "image/png", durable=False)
    await storage.put(str(image.thumbnail_url), b"RIFF", "image/webp", durable=False)
    return image


async def test_what_agrees_is_said_to_agree_the_trash_included(
    database: Database, storage: Storage, user_id: UUID
) -> None:
    # given
    images = [await keep(database, storage, user_id) for _ in range(3)]
    async with database.transaction() as session:
        await move_to_trash(session, Actor(user_id, "user", None), images[0].id)

    # when
    verified = await verify_storage(database, storage)

    # then
    assert (verified.images, verified.wrong) == (3, False)
    assert str(verified).startswith("Storage and database agree: 3 pictures")


async def test_all_that_does_not_agree_is_told_and_nothing_is_changed(
    database: Database, storage: Storage, folder: Path, user_id: UUID
) -> None:
    # given a picture that is gone, one cut off, one without its thumbnail, an object of nobody's, and a wrong sum
    _whole, gone, cut, bare = [await keep(database, storage, user_id) for _ in range(4)]
    (folder / gone.s3_key).unlink()
    (folder / cut.s3_key).write_bytes(PNG[:50])
    (folder / str(bare.thumbnail_url)).unlink()
    orphan = await _orphan(storage, folder, user_id)
    async with database.transaction() as session:
        await session.execute(text("UPDATE storage_use SET used_bytes = used_bytes + 7"))
    before = {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}

    # when
    verified = await verify_storage(database, storage)

    # then
    assert verified.wrong
    assert set(verified.lost.first) == {gone.s3_key, cut.s3_key}
    assert verified.thumbnails.first == [bare.thumbnail_url]
    assert verified.orphans.first == [orphan]
    assert verified.sums.count == 1
    assert "do not agree" in str(verified)
    assert {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()} == before


async def test_what_can_be_put_right_is_and_then_it_agrees(
    database: Database, storage: Storage, folder: Path, user_id: UUID
) -> None:
    # given all of that, the lost picture one that a job has made
    bare = await keep(database, storage, user_id)
    (folder / str(bare.thumbnail_url)).unlink()
    orphan = await _orphan(storage, folder, user_id)
    await submit_jobs(database, Actor(user_id, "user", None))
    await complete_job(database, await claim_job(database))
    async with database.transaction() as session:
        await session.execute(text("UPDATE storage_use SET used_bytes = 0"))

    # when
    fixed = await verify_storage(database, storage, fix=True)
    again = await verify_storage(database, storage)

    # then
    counts = [(kind.count, kind.fixed) for kind in (fixed.lost, fixed.thumbnails, fixed.orphans, fixed.sums)]
    assert counts == [(1, 1)] * 4
    assert not fixed.wrong
    assert not (folder / orphan).exists()
    with Picture.open(folder / str(bare.thumbnail_url)) as small:
        assert (small.format, small.size) == ("WEBP", (320, 160))
    assert not again.wrong
    assert again.paid_back.count == 1
    paid = text("SELECT count(*) FROM generation_jobs WHERE undelivered_at IS NOT NULL")
    async with database.read() as reading:
        assert await reading.scalar(paid) == 1


async def test_a_picture_that_was_sent_in_and_is_lost_stays_wrong(
    database: Database, storage: Storage, folder: Path, user_id: UUID
) -> None:
    # given
    gone, bare = [await keep(database, storage, user_id) for _ in range(2)]
    (folder / gone.s3_key).unlink()
    (folder / bare.s3_key).write_bytes(PNG[:40].ljust(len(PNG), b"x"))
    (folder / str(bare.thumbnail_url)).unlink()

    # when
    fixed = await verify_storage(database, storage, fix=True)

    # then nor can a thumbnail be made of what is no picture any more
    assert fixed.wrong
    assert (fixed.lost.count, fixed.lost.fixed) == (1, 0)
    assert (fixed.thumbnails.count, fixed.thumbnails.fixed) == (1, 0)


async def test_a_storage_of_nobodys_objects_is_not_emptied(
    database: Database, storage: Storage, folder: Path, user_id: UUID
) -> None:
    # given
    for _ in range(60):
        await _orphan(storage, folder, user_id)

    # when
    fixed = await verify_storage(database, storage, fix=True)

    # then
    assert fixed.wrong
    assert (fixed.orphans.count, fixed.orphans.fixed) == (60, 0)
    assert "none was deleted" in str(fixed)
    assert len(list(folder.rglob("*.png"))) == 60


async def test_the_command_says_it_and_ends_with_a_code(
    database: Database, storage: Storage, folder: Path, user_id: UUID, settings: Settings, tmp_path: Path
) -> None:
    assert settings.database_url is not None
    environment = {
        "PINGVAS_DATABASE_URL": settings.database_url,
        "PINGVAS_DATA_DIR": str(tmp_path / "data"),
        "PINGVAS_STORAGE_URL": folder.as_uri(),
    }

    async def verify(*more: str) -> tuple[int, str]:
        asked = ["storage", "verify", *more]
        done = await asyncio.to_thread(CliRunner().invoke, app, asked, env=environment)
        return done.exit_code, done.output

    image = await keep(database, storage, user_id)
    code, said = await verify()
    assert (code, said.count("\n")) == (0, 1)

    (folder / str(image.thumbnail_url)).unlink()
    code, said = await verify()
    assert (code, str(image.thumbnail_url) in said) == (1, True)
    code, said = await verify("--fix")
    assert (code, "1 put right" in said) == (0, True)


async def _orphan(storage: Storage, folder: Path, user_id: UUID) -> str:
    """An object that no row names, two days old."""
    key = f"images/{user_id}/{new_id()}.v2.png"
    await storage.put(key, PNG, "image/png", durable=False)
    then = time.time() - TWO_DAYS
    os.utime(folder / key, (then, then))
    return key
