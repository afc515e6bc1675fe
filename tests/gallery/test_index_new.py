"""What jobs make is found a moment after it is kept: a chore indexes it, whatever happens to it meanwhile."""

from hashlib import sha256
from uuid import UUID

import pytest
from sqlalchemy import text

from harness.catalog import make_model
from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.base.pages import PageRequest
from pingvas.gallery import fill_search
from pingvas.gallery.collections import add_images, create_collection
from pingvas.gallery.fill_search import index_new_images
from pingvas.gallery.library import ImageChanges, ImageFilter, change_image, list_images
from pingvas.gallery.trash import delete_for_good, move_to_trash
from tests.make.billing import make_person
from tests.make.generation import claim_job, complete_job, submit_jobs


async def person(database: Database) -> Actor:
    async with database.transaction() as session:
        await make_model(session)
        return await make_person(session, plan="studio")


async def made_by_a_job(database: Database, actor: Actor, prompt: str) -> UUID:
    await submit_jobs(database, actor, prompt=prompt)
    job = await claim_job(database)
    assert await complete_job(database, job)
    (image,) = await found(database, actor, limit=1)
    return image


async def found(
    database: Database, actor: Actor, q: str = "", limit: int = 100, **filter: object
) -> list[UUID]:
    async with database.read() as reading:
        page = await list_images(
            reading,
            actor,
            ImageFilter(q=q, **filter),  # type: ignore[arg-type]
            PageRequest(b"k" * 32, limit),
        )
    return [image.id for image in page.items]


async def waiting(database: Database) -> int:
    async with database.read() as reading:
        return int(await reading.scalar(text("SELECT count(*) FROM unindexed_images")) or 0)


async def test_what_a_job_made_is_listed_at_once_and_found_by_words_once_it_is_indexed(
    database: Database,
) -> None:
    # given
    actor = await person(database)
    image = await made_by_a_job(database, actor, "a red house")
    assert await found(database, actor, origin="made", job_type="txt2img", seed=7) == [image]
    assert await found(database, actor, "house") == []

    # when
    indexed = await index_new_images(database)

    # then
    assert indexed == 1
    assert await found(database, actor, "house") == [image]
    assert await waiting(database) == 0
    assert await index_new_images(database) == 0


async def test_tags_and_collections_that_were_given_before_it_was_indexed_are_found_too(
    database: Database,
) -> None:
    # given
    actor = await person(database)
    image = await made_by_a_job(database, actor, "a red house")
    async with database.transaction() as session:
        await change_image(session, actor, image, ImageChanges(tags=["winter"]))
        collection = await create_collection(session, actor, "Northern towns")
        await add_images(session, actor, collection.collection.id, [image])

    # when
    await index_new_images(database)

    # then
    assert await found(database, actor, "winter") == [image]
    assert await found(database, actor, "northern house") == [image]


async def test_one_that_somebody_is_changing_is_indexed_the_next_time(database: Database) -> None:
    # given one whose tags are being written, and another
    actor = await person(database)
    busy = await made_by_a_job(database, actor, "a red house")
    free = await made_by_a_job(database, actor, "a blue house")
    async with database.transaction() as session:
        await change_image(session, actor, busy, ImageChanges(tags=["winter"]))

        # when
        indexed = await index_new_images(database)

        # then
        assert indexed == 1
        assert await found(database, actor, "house") == [free]
        assert await waiting(database) == 1
    assert await index_new_images(database) == 1
    assert await found(database, actor, "winter") == [busy]


async def test_one_that_is_gone_meanwhile_is_forgotten(database: Database) -> None:
    # given
    actor = await person(database)
    image = await made_by_a_job(database, actor, "a red house")
    async with database.transaction() as session:
        await move_to_trash(session, actor, image)
        await delete_for_good(session, actor, image)

    # when
    await index_new_images(database)

    # then
    assert await waiting(database) == 0
    assert await found(database, actor, "house") == []


async def test_many_are_indexed_some_at_a_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    monkeypatch.setattr(fill_search, "PAGE", 2)
    actor = await person(database)
    images = [await made_by_a_job(database, actor, f"a red house {number}") for number in range(5)]

    # when
    indexed = await index_new_images(database)

    # then
    assert indexed == len(images)
    assert set(await found(database, actor, "house")) == set(images)


async def test_the_key_of_a_prompt_is_the_same_whatever_its_blanks_are(database: Database) -> None:
    # given
    ask = text(
        "SELECT key_of_prompt(jsonb_build_object('prompt', CAST(:said AS text), 'negative_prompt', CAST(:no AS text)))"
    )
    said = [
        ("a red house", "dull"),
        ("  a  red\thouse\n", " dull "),
        ("a\u3000red house", "dull"),
        ("a red  house", "\ndull"),
    ]

    # when
    async with database.read() as reading:
        keys = [await reading.scalar(ask, {"said": prompt, "no": no}) for prompt, no in said]

    # then what versions before gave to these words
    assert set(keys) == {UUID(bytes=sha256(b"a red house\ndull").digest()[:16])}
