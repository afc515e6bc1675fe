"""Jobs that are asked for with a collection: their images go to its end, or are kept without it."""

import pytest
from sqlalchemy import func, select

from harness.catalog import make_model
from pingvas.base.db import Database
from pingvas.base.errors import Invalid
from pingvas.base.ids import new_id
from pingvas.base.pages import PageRequest
from pingvas.gallery import collection_order
from pingvas.gallery.collections import (
    create_collection,
    delete_collection,
)
from pingvas.gallery.library import ImageFilter, list_images
from pingvas.gallery.tables import Image
from pingvas.generation.lifecycle import cancel
from pingvas.generation.requests.job_request import ImageRequest
from pingvas.generation.requests.retry import request_again
from pingvas.generation.requests.submit import submit
from pingvas.generation.tables import GenerationJob
from tests.make.billing import make_person
from tests.make.collections import KEY, make_filled, order_of
from tests.make.generation import claim_job, complete_job


async def test_the_images_of_jobs_go_into_the_collection_that_was_asked_for(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
        id, images = await make_filled(session, actor, 1)
        asked = ImageRequest(model="toy", prompt="a boat", count=2, collection_id=id)
        await submit(session, actor, asked)

    # when
    made = []
    for _ in range(2):
        made.append(await claim_job(database))
        assert await complete_job(database, made[-1])

    # then behind what was there, the first one first
    async with database.transaction() as session:
        order = await order_of(session, actor, id)
        of_jobs = [await session.scalar(select(Image.id).where(Image.job_id == job.id)) for job in made]
    assert order == [*images, *of_jobs]


async def test_an_image_is_kept_without_its_collection_when_that_is_gone_or_full(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(collection_order, "MAX_IMAGES", 1)
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
        full, images = await make_filled(session, actor, 1)
        gone = (await create_collection(session, actor, "Gone")).collection.id
        for id in (full, gone):
            await submit(session, actor, ImageRequest(model="toy", prompt="a boat", collection_id=id))
    async with database.transaction() as session:
        await delete_collection(session, actor, gone)

    # when
    for _ in range(2):
        assert await complete_job(database, await claim_job(database))

    # then
    async with database.transaction() as session:
        assert await order_of(session, actor, full) == images
        assert len((await list_images(session, actor, ImageFilter(), PageRequest(KEY))).items) == 3


async def test_a_job_that_ends_while_its_collection_is_deleted_does_not_wait_for_that(
    database: Database,
) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
        id = (await create_collection(session, actor, "Going")).collection.id
        await submit(session, actor, ImageRequest(model="toy", prompt="a boat", collection_id=id))
    job = await claim_job(database)

    # when the collection goes, and the job ends before that is over
    async with database.transaction() as session:
        await delete_collection(session, actor, id)
        ended = await complete_job(database, job)

    # then
    assert ended
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Image)) == 1


async def test_a_collection_of_somebody_else_is_refused_when_a_job_is_asked_for(database: Database) -> None:
    async with database.transaction() as session:
        await make_model(session)
        actor, other = await make_person(session, credits=500), await make_person(session, credits=500)
        theirs = (await create_collection(session, other, "Theirs", None, "public")).collection.id

    for id in (theirs, new_id()):
        with pytest.raises(Invalid) as refused:
            async with database.transaction() as session:
                await submit(session, actor, ImageRequest(model="toy", prompt="a boat", collection_id=id))
        assert [error.name for error in refused.value.errors] == ["collection_id"]


async def test_a_job_that_is_tried_again_goes_where_it_was_to_go_or_without_that(database: Database) -> None:
    # given a canceled job for each of two collections, one of which goes
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session, credits=500)
        kept = (await create_collection(session, actor, "Kept")).collection.id
        gone = (await create_collection(session, actor, "Gone")).collection.id
        for id in (kept, gone):
            await submit(session, actor, ImageRequest(model="toy", prompt="a boat", collection_id=id))
        await cancel.cancel_all(session, actor)
        await delete_collection(session, actor, gone)

    # when
    async with database.transaction() as session:
        jobs = (await session.scalars(select(GenerationJob).order_by(GenerationJob.id))).all()
        again = [await submit(session, actor, request_again(job), retry_of=job.id) for job in jobs]

    # then
    assert [one.jobs[0].job.collection_id for one in again] == [kept, None]
