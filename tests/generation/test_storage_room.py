"""A request for pictures needs room in its person's storage: for what is kept, for what is being made, and for itself."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from harness.catalog import make_model, make_parts
from harness.jobs import image_request
from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.gallery.storage_use import StorageExceeded
from pingvas.generation.requests.job_request import UpscaleRequest
from pingvas.generation.requests.storage_room import BYTES_BESIDE, BYTES_PER_PIXEL
from pingvas.generation.requests.submit import estimate
from tests.make.billing import balance_of, make_person
from tests.make.gallery import make_image
from tests.make.generation import claim_job, complete_job, submit_jobs, submit_request

SMALL: dict[str, Any] = {"width": 64, "height": 64, "steps": 1}


def bytes_of(width: int, height: int, format: str = "png") -> int:
    return round(width * height * BYTES_PER_PIXEL[format] + BYTES_BESIDE)


@pytest.fixture
async def actor(database: Database) -> Actor:
    """Somebody of the free plan, where the model `toy` and its parts are."""
    async with database.transaction() as session:
        await make_model(session)
        await make_parts(session)
        return await make_person(session)


async def _give_room(database: Database, size: int) -> None:
    async with database.transaction() as session:
        await session.execute(text("UPDATE subscription_plans SET storage_bytes = :size"), {"size": size})


async def _open_jobs(database: Database) -> int:
    async with database.read() as session:
        return int(await session.scalar(text("SELECT count(*) FROM generation_jobs")) or 0)


@pytest.mark.parametrize("format", ["png", "jpg", "webp"])
async def test_a_picture_is_taken_while_it_fits_and_refused_one_byte_later(
    database: Database, actor: Actor, format: str
) -> None:
    # given room that is one byte too small
    asked = image_request(format=format, **SMALL)
    need = bytes_of(64, 64, format)
    await _give_room(database, need - 1)

    # when
    with pytest.raises(StorageExceeded) as refused:
        await submit_request(database, actor, asked)

    # then nothing has changed
    assert refused.value.extra == {
        "required_bytes": need,
        "expected_bytes": 0,
        "used_bytes": 0,
        "quota_bytes": need - 1,
    }
    assert await _open_jobs(database) == 0
    async with database.read() as session:
        assert await balance_of(session, actor.user_id) == 500
        assert (await estimate(session, actor, asked)).credits > 0, "a price is told all the same"
    await _give_room(database, need)
    assert len((await submit_request(database, actor, asked)).jobs) == 1


async def test_what_is_kept_and_what_is_being_made_counts(database: Database, actor: Actor) -> None:
    # given a picture that is kept, one that is being made and one that waits
    one = bytes_of(64, 64)
    async with database.transaction() as session:
        await make_image(session, actor.user_id, file_size=1000)
    await submit_jobs(database, actor, **SMALL)
    job = await claim_job(database)
    await submit_jobs(database, actor, **SMALL)
    await _give_room(database, 1000 + 4 * one - 1)

    # when two more are asked for
    with pytest.raises(StorageExceeded) as refused:
        await submit_jobs(database, actor, count=2, **SMALL)

    # then
    told = refused.value.extra
    assert (told["required_bytes"], told["expected_bytes"], told["used_bytes"]) == (2 * one, 2 * one, 1000)
    await submit_jobs(database, actor, **SMALL)

    # and what has ended counts as large as it has become
    assert await complete_job(database, job)  # 1000 bytes, fewer than were expected
    assert one > 2000
    await submit_jobs(database, actor, **SMALL)


async def test_what_another_person_keeps_and_makes_does_not_count(database: Database, actor: Actor) -> None:
    async with database.transaction() as session:
        other = await make_person(session)
        await make_image(session, other.user_id, file_size=10**9)
    await submit_jobs(database, other, **SMALL)
    await _give_room(database, bytes_of(64, 64))

    assert len((await submit_jobs(database, actor, **SMALL)).jobs) == 1


async def test_an_enlarged_picture_counts_as_large_as_it_will_be(database: Database, actor: Actor) -> None:
    async with database.transaction() as session:
        source = await make_image(session, actor.user_id, width=64, height=64, file_size=1)
    await _give_room(database, 1 + bytes_of(256, 256) - 1)

    with pytest.raises(StorageExceeded):
        await submit_request(database, actor, UpscaleRequest(source.id, scale=4.0))

    await submit_request(database, actor, UpscaleRequest(source.id, scale=3.0))


async def test_a_picture_whose_masked_part_alone_is_made_counts_as_large_as_its_source(
    database: Database, actor: Actor
) -> None:
    async with database.transaction() as session:
        source = await make_image(session, actor.user_id, width=2000, height=1000, file_size=1)
    part = {"job_type": "inpaint", "source_image": source.id, "inpaint_area": "masked", **SMALL}
    await _give_room(database, bytes_of(2000, 1000))

    with pytest.raises(StorageExceeded):
        await submit_jobs(database, actor, **part)

    await _give_room(database, 1 + bytes_of(2000, 1000))
    await submit_jobs(database, actor, **part)


async def test_two_requests_at_once_do_not_both_take_the_last_room(database: Database, actor: Actor) -> None:
    await _give_room(database, bytes_of(64, 64))

    asked = (submit_jobs(database, actor, **SMALL) for _ in range(4))
    outcomes = await asyncio.gather(*asked, return_exceptions=True)

    assert sum(isinstance(outcome, StorageExceeded) for outcome in outcomes) == 3
    assert await _open_jobs(database) == 1


async def test_a_job_says_how_much_room_its_picture_will_about_take(database: Database, actor: Actor) -> None:
    await submit_jobs(database, actor, count=2, format="webp", **SMALL)

    async with database.read() as session:
        expected = await session.scalars(text("SELECT expected_bytes FROM generation_jobs"))
        assert set(expected) == {bytes_of(64, 64, "webp")}
