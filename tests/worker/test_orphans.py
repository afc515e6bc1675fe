"""Objects without a row are deleted; nothing else in the storage is, and nothing whose row may still come."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from harness.catalog import make_model
from harness.jobs import finished_image_of
from pingvas.accounts.actor import Actor
from pingvas.adapters.storage import Storage, open_storage
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.base.settings import Settings
from pingvas.gallery.storage_keys import large_thumbnail_key, part_key
from pingvas.gallery.tables import Image
from pingvas.generation.lifecycle.claims import ClaimedJob
from pingvas.worker.chores import orphans
from pingvas.worker.chores.orphans import TooManyOrphans, delete_orphans
from tests.make.billing import make_person
from tests.make.generation import claim_job, complete_job, submit_jobs

DAY = 86_400.0


class Shelf:
    """Storage on disk whose objects can be made older."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.storage: Storage = open_storage(settings)
        self._folder = folder

    async def put(self, *keys: str, age: float = 2 * DAY) -> None:
        for key in keys:
            await self.storage.put(key, b"bytes", "image/png", durable=False)
            then = time.time() - age
            os.utime(self._folder / key, (then, then))

    def keys(self) -> set[str]:
        return {
            path.relative_to(self._folder).as_posix() for path in self._folder.rglob("*") if path.is_file()
        }


@pytest.fixture
def shelf(make_settings: Any, tmp_path: Path) -> Shelf:
    return Shelf(make_settings(storage_url=(tmp_path / "stored").as_uri()), tmp_path / "stored")


@pytest.fixture
async def user_id(database: Database) -> UUID:
    async with database.transaction() as session:
        await make_model(session)
        return (await make_person(session)).user_id


async def make_image(database: Database, user_id: UUID) -> tuple[str, str]:
    """A picture's row; the keys that it names."""
    image_id = new_id()
    keys = f"images/{user_id}/{image_id}.png", f"thumbnails/{user_id}/{image_id}.webp"
    async with database.transaction() as session:
        image = Image(
            id=image_id,
            user_id=user_id,
            s3_key=keys[0],
            thumbnail_url=keys[1],
            width=8,
            height=8,
            format="png",
            file_size=5,
        )
        session.add(image)
    return keys


async def run_job(database: Database, user_id: UUID, *, preview: str = "") -> ClaimedJob:
    """A job that runs, with a step if a preview is to be named; `{job}` in the key stands for the job."""
    await submit_jobs(database, Actor(user_id=user_id, role="user", session_id=None))
    job = await claim_job(database)
    if preview:
        insert = text("""
            INSERT INTO generation_steps (id, job_id, attempt, step_number, total_steps, step_name, progress_percent,
                                          preview_url)
            VALUES (:id, :job_id, 1, 1, 20, 'Denoising', 5, :key)
        """)
        async with database.transaction() as session:
            await session.execute(
                insert, {"id": new_id(), "job_id": job.id, "key": preview.format(job=job.id)}
            )
    return job


async def test_old_objects_without_a_row_go_and_those_with_one_stay(
    database: Database, shelf: Shelf, user_id: UUID
) -> None:
    # given
    kept: tuple[str, ...] = await make_image(database, user_id)
    job = await run_job(database, user_id, preview="previews/{job}/aa.webp")
    await complete_job(database, job)
    kept = (*kept, f"previews/{job.id}/aa.webp")
    lost = (
        f"images/{user_id}/{new_id()}.png",
        f"thumbnails/{user_id}/{new_id()}.webp",
        f"previews/{job.id}/bb.webp",
        f"previews/{new_id()}/aa.webp",
    )
    await shelf.put(*kept, *lost)

    # when
    looked = await delete_orphans(database, shelf.storage)

    # then
    assert (looked.looked_at, looked.deleted) == (7, 4)
    assert shelf.keys() == set(kept)


async def test_an_object_under_another_name_than_its_row_gives_is_nobodys(
    database: Database, shelf: Shelf, user_id: UUID
) -> None:
    # given
    key, _ = await make_image(database, user_id)
    other = key.replace(".png", ".jpg")
    await shelf.put(key, other)

    # when
    await delete_orphans(database, shelf.storage)

    # then
    assert shelf.keys() == {key}


async def test_young_objects_stay_because_their_row_may_be_about_to_be_written(
    database: Database, shelf: Shelf, user_id: UUID
) -> None:
    # given
    young = f"images/{user_id}/{new_id()}.png"
    await shelf.put(young, age=0.9 * DAY)

    # when
    looked = await delete_orphans(database, shelf.storage)

    # then
    assert looked.deleted == 0
    assert shelf.keys() == {young}


async def test_a_picture_whose_worker_has_waited_for_days_to_write_its_row_is_kept(
    database: Database, shelf: Shelf, user_id: UUID
) -> None:
    # given a job that has been running for three days, and stored its picture two days ago
    job = await run_job(database, user_id)
    async with database.transaction() as session:
        await session.execute(text("UPDATE generation_jobs SET started_at = now() - interval '3 days'"))
    picture = finished_image_of(job)
    await shelf.put(picture.s3_key, picture.thumbnail_key)
    stray = f"images/{user_id}/{new_id()}.png"
    await shelf.put(stray, age=5 * DAY)

    # when
    await delete_orphans(database, shelf.storage)

    # then
    assert shelf.keys() == {picture.s3_key, picture.thumbnail_key}


async def test_what_the_house_did_not_make_is_left_alone(
    database: Database, shelf: Shelf, user_id: UUID
) -> None:
    # given
    foreign = {
        "images/readme.png",
        f"images/{user_id}/holiday.png",
        f"models/{new_id()}/weights.safetensors",
        f"previews/{new_id()}/notes.txt",
    }
    await shelf.put(*foreign)

    # when
    looked = await delete_orphans(database, shelf.storage)

    # then
    assert (looked.looked_at, looked.deleted) == (0, 0)
    assert shelf.keys() == foreign


async def test_nothing_is_deleted_when_the_database_seems_to_be_another_ones(
    database: Database, shelf: Shelf, user_id: UUID
) -> None:
    # given
    everything = {f"images/{user_id}/{new_id()}.png" for _ in range(5)}
    await shelf.put(*everything)

    # when
    with pytest.raises(TooManyOrphans, match="5 of 5 stored objects have no row"):
        await delete_orphans(database, shelf.storage, suspicious=4)

    # then
    assert shelf.keys() == everything


async def test_many_objects_are_compared_a_page_at_a_time(
    database: Database, shelf: Shelf, user_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(orphans, "PAGE", 2)
    kept = [key for _ in range(3) for key in await make_image(database, user_id)]
    await shelf.put(*kept, *(f"images/{user_id}/{new_id()}.png" for _ in range(3)))

    # when
    looked = await delete_orphans(database, shelf.storage, old_enough=timedelta(hours=1))

    # then
    assert (looked.looked_at, looked.deleted) == (9, 3)
    assert shelf.keys() == set(kept)


async def test_parts_of_an_upload_stay_while_it_names_them_and_its_larger_thumbnail_with_an_image(
    database: Database, shelf: Shelf, user_id: UUID
) -> None:
    # given
    upload_id, named, lost = new_id(), new_id(), new_id()
    parts = [part_key(user_id, upload_id, part) for part in (named, lost)]
    keys = await make_image(database, user_id)
    larger = keys[1].replace(".webp", ".large.webp")
    async with database.transaction() as session:
        await session.execute(text("UPDATE images SET thumbnail_large_url = :key"), {"key": larger})
        await session.execute(
            text(
                "INSERT INTO uploads (id, user_id, length, received, parts, expires_at) "
                "VALUES (:id, :user_id, 9, 5, ARRAY[:part], now() + interval '1 day')"
            ),
            {"id": upload_id, "user_id": user_id, "part": parts[0]},
        )
    await shelf.put(*parts, *keys, larger, large_thumbnail_key(user_id, new_id()))

    # when
    counts = await delete_orphans(database, shelf.storage)

    # then
    assert counts.deleted == 2
    assert shelf.keys() == {parts[0], *keys, larger}
