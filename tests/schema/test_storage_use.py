"""`storage_use.used_bytes` is what a person's images take, whatever happened to them."""

from __future__ import annotations

import asyncio
from uuid import UUID

from sqlalchemy import delete, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from harness.catalog import make_model
from pingvas.accounts.tables import User
from pingvas.base import migrate
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.base.read_session import ReadSession
from pingvas.gallery.storage_use import find_miscounts, used_bytes
from pingvas.gallery.tables import Image
from pingvas.generation.tables import GenerationJob
from tests.make.accounts import make_user
from tests.make.billing import make_person
from tests.make.gallery import make_image
from tests.make.generation import claim_job, complete_job, submit_jobs


async def _used(session: ReadSession, *people: UUID) -> list[int]:
    return [await used_bytes(session, person) for person in people]


async def test_what_is_kept_and_deleted_is_counted_for_its_person(session: AsyncSession) -> None:
    # given
    ada, bob = (await make_user(session)).id, (await make_user(session)).id
    assert await _used(session, ada, bob) == [0, 0]

    # when
    first = await make_image(session, ada, file_size=100)
    await make_image(session, ada, file_size=20)
    await make_image(session, bob, file_size=3)

    # then
    assert await _used(session, ada, bob) == [120, 3]
    await session.execute(delete(Image).where(Image.id == first.id))
    assert await _used(session, ada, bob) == [20, 3]
    assert await find_miscounts(session) == []


async def test_many_images_of_many_people_in_one_statement_are_counted(session: AsyncSession) -> None:
    people = [(await make_user(session)).id for _ in range(3)]
    insert = text("""
        INSERT INTO images (id, user_id, s3_key, width, height, format, file_size)
        SELECT gen_random_uuid(), person, gen_random_uuid()::text, 1, 1, 'png', number
          FROM unnest(CAST(:people AS uuid[])) AS person, generate_series(1, 4) AS number
    """)

    await session.execute(insert, {"people": people})
    assert await _used(session, *people) == [10, 10, 10]

    await session.execute(delete(Image).where(Image.file_size > 2))
    assert await _used(session, *people) == [3, 3, 3]


async def test_a_size_or_an_owner_that_changes_is_counted_and_other_changes_are_not(
    session: AsyncSession,
) -> None:
    ada, bob = (await make_user(session)).id, (await make_user(session)).id
    image = await make_image(session, ada, file_size=100)

    await session.execute(update(Image).where(Image.id == image.id).values(is_favorite=True))
    assert await _used(session, ada, bob) == [100, 0]
    await session.execute(update(Image).where(Image.id == image.id).values(file_size=70))
    assert await _used(session, ada, bob) == [70, 0]
    await session.execute(update(Image).where(Image.id == image.id).values(user_id=bob))
    assert await _used(session, ada, bob) == [0, 70]


async def test_what_goes_with_a_person_or_with_everything_is_counted(session: AsyncSession) -> None:
    ada, bob = (await make_user(session)).id, (await make_user(session)).id
    await make_image(session, ada)
    await make_image(session, bob)

    await session.execute(delete(User).where(User.id == ada))
    assert await find_miscounts(session) == []
    await session.execute(text("TRUNCATE images CASCADE"))
    assert await _used(session, ada, bob) == [0, 0]
    assert await find_miscounts(session) == []


async def test_an_undone_transaction_counts_nothing(session: AsyncSession) -> None:
    ada = (await make_user(session)).id
    undone = await session.begin_nested()
    await make_image(session, ada)
    await undone.rollback()

    assert await _used(session, ada) == [0]


async def test_a_job_that_ends_counts_its_picture_and_one_that_is_forgotten_keeps_it(
    database: Database,
) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session)
    await submit_jobs(database, actor, count=1)
    job = await claim_job(database)

    # when
    assert await complete_job(database, job)
    async with database.transaction() as session:
        await session.execute(delete(GenerationJob).where(GenerationJob.id == job.id))

    # then
    async with database.read() as session:
        assert await _used(session, actor.user_id) == [1000]
        assert await find_miscounts(session) == []


async def test_many_at_once_for_the_same_people_lose_no_byte_and_never_wait_in_a_circle(
    database: Database,
) -> None:
    async with database.transaction() as session:
        people = [(await make_user(session)).id for _ in range(4)]
    insert = text("""
        INSERT INTO images (id, user_id, s3_key, width, height, format, file_size)
        SELECT gen_random_uuid(), person, gen_random_uuid()::text, 1, 1, 'png', 5
          FROM unnest(CAST(:people AS uuid[])) AS person
    """)

    async def keep(turn: int) -> None:
        order = people if turn % 2 else people[::-1]
        async with database.transaction() as session:
            await session.execute(insert, {"people": order})
            if turn % 4 == 0:
                await session.execute(delete(Image).where(Image.user_id.in_(order[:1]), Image.file_size == 5))

    await asyncio.gather(*(keep(turn) for turn in range(24)))

    async with database.read() as reading:
        assert await find_miscounts(reading) == []


async def test_a_sum_that_was_made_wrong_by_hand_is_found_and_stops_nobody(session: AsyncSession) -> None:
    ada = (await make_user(session)).id
    image = await make_image(session, ada, file_size=100)
    await session.execute(text("UPDATE storage_use SET used_bytes = 1"))

    (wrong,) = await find_miscounts(session)
    assert (wrong.user_id, wrong.counted, wrong.stored) == (ada, 1, 100)
    await session.execute(delete(Image).where(Image.id == image.id))
    assert await find_miscounts(session) == []


async def _make_person_of_before(session: AsyncSession) -> UUID:
    """A bare row, for today's classes know columns that an older schema does not have."""
    made = text(
        "INSERT INTO users (id, email, display_name) VALUES (:id, 'ada@example.com', 'Ada') RETURNING id"
    )
    return UUID(str(await session.scalar(made, {"id": new_id()})))


async def _make_image_of_before(session: AsyncSession, user_id: UUID, file_size: int) -> None:
    made = text(
        "INSERT INTO images (id, user_id, s3_key, width, height, format, file_size)"
        " VALUES (:id, :user_id, :key, 64, 64, 'png', :file_size)"
    )
    image_id = new_id()
    values = {"id": image_id, "user_id": user_id, "key": f"images/{image_id}.png", "file_size": file_size}
    await session.execute(made, values)


async def test_pictures_from_before_the_sums_are_counted_by_the_migration(empty_database_url: str) -> None:
    # given a database of the revision before, with pictures in it
    await migrate.upgrade(empty_database_url, "2026_11_23_fair_queue")
    database = Database(empty_database_url)
    async with database.transaction() as session:
        ada = await _make_person_of_before(session)
        await _make_image_of_before(session, ada, 100)
        await _make_image_of_before(session, ada, 20)

    # when
    await migrate.upgrade(empty_database_url, "2026_11_29_storage_use")

    # then
    async with database.read() as session:
        assert await _used(session, ada) == [120]
    await migrate.downgrade(empty_database_url, "2026_11_23_fair_queue")
    async with database.transaction() as session:
        await _make_image_of_before(session, ada, 1)
    await database.dispose()
