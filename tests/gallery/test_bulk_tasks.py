"""Changes of many images: done to all or to none, gone on with after a crash, and taken back exactly."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.gallery import bulk_tasks
from pingvas.gallery.bulk_tasks import (
    MOST_KEPT,
    TaskFailed,
    TaskNotFound,
    TaskUnderWay,
    ask_for_change,
    change_and_record,
    forget_tasks,
    get_task,
    run_tasks,
    undo_task,
)
from pingvas.gallery.changes import (
    LastingChange,
    MoveToTrash,
    PutIntoCollection,
    PutTags,
    SetFavorite,
    SetRating,
    SetVisibility,
    TakeTags,
)
from pingvas.gallery.collections import CollectionNotFound, change_collection, create_collection
from pingvas.gallery.library import ImageChanges, ImageFilter, change_image, tags_of
from pingvas.gallery.tables import BulkTask, BulkTaskImage, CollectionImage, Image
from pingvas.gallery.tags import TooManyTags
from pingvas.gallery.trash import delete_for_good
from tests.make.accounts import make_user
from tests.make.collections import order_of
from tests.make.gallery import make_image

ALL = ImageFilter()
LET_GO = text("UPDATE bulk_tasks SET leased_until = now() - interval '1 second'")
State = Mapping[UUID, tuple[bool, str, list[str], int, bool]]


async def make_gallery(database: Database, count: int = 5) -> tuple[Actor, list[UUID]]:
    """Somebody with images: every other one a favorite, every third unlisted, tagged and with three stars."""
    async with database.transaction() as session:
        actor = Actor((await make_user(session)).id, "user", None)
        ids = []
        for n in range(count):
            visibility = "unlisted" if n % 3 == 0 else "private"
            image = await make_image(session, actor.user_id, is_favorite=n % 2 == 0, visibility=visibility)
            if n % 3 == 0:
                await change_image(session, actor, image.id, ImageChanges(tags=("night", "sea"), rating=3))
            ids.append(image.id)
    return actor, ids


async def state_of(database: Database, actor: Actor) -> State:
    """What is said of each of somebody's images."""
    async with database.read() as session:
        images = (await session.scalars(select(Image).where(Image.user_id == actor.user_id))).all()
        tags = await tags_of(session, [image.id for image in images])
    return {
        image.id: (
            image.is_favorite,
            image.visibility,
            tags[image.id],
            image.rating,
            image.trashed_at is not None,
        )
        for image in images
    }


async def ask(database: Database, actor: Actor, change: LastingChange, filter: ImageFilter = ALL) -> BulkTask:
    async with database.transaction() as session:
        return await ask_for_change(session, actor, filter, change)


async def undo(database: Database, actor: Actor, task: BulkTask) -> BulkTask:
    async with database.transaction() as session:
        return await undo_task(session, actor, task.id)


async def look(database: Database, actor: Actor, task: BulkTask) -> BulkTask:
    async with database.read() as session:
        return await get_task(session, actor, task.id)


@pytest.mark.parametrize(
    "change",
    [
        SetFavorite(True),
        SetFavorite(False),
        SetRating(0),
        SetRating(4),
        SetVisibility("public"),
        MoveToTrash(),
        PutTags(("sea", "shore")),
        TakeTags(("night", "unknown")),
    ],
)
async def test_what_is_done_to_all_that_match_is_taken_back_exactly(
    database: Database, change: LastingChange
) -> None:
    # given
    actor, ids = await make_gallery(database)
    _, of_another = await make_gallery(database)
    before = await state_of(database, actor)

    # when
    task = await ask(database, actor, change)
    await run_tasks(database, batch=2)

    # then
    done = await look(database, actor, task)
    assert (done.status, done.image_count, done.done_count) == ("done", 5, 5)
    after = await state_of(database, actor)
    assert after != before
    async with database.read() as session:
        named = select(BulkTaskImage.image_id).where(BulkTaskImage.task_id == task.id)
        assert set(await session.scalars(named)) == set(ids)
        assert set(ids).isdisjoint(of_another)

    # when
    await undo(database, actor, task)

    # then
    assert (await look(database, actor, task)).status == "undone"
    assert await state_of(database, actor) == before
    assert (await undo(database, actor, task)).status == "undone"


async def test_only_what_matched_when_it_was_asked_for_is_changed(database: Database) -> None:
    # given
    actor, ids = await make_gallery(database)

    # when a favorite more comes, and one is none any more, before anything was done
    task = await ask(database, actor, PutTags(("best",)), ImageFilter(favorite=True))
    async with database.transaction() as session:
        await make_image(session, actor.user_id, is_favorite=True)
        await change_image(session, actor, ids[0], ImageChanges(is_favorite=False))
    await run_tasks(database)

    # then
    state = await state_of(database, actor)
    assert {id for id, (_, _, tags, *_) in state.items() if "best" in tags} == {ids[0], ids[2], ids[4]}
    assert (await look(database, actor, task)).image_count == 3


async def test_images_go_into_a_collection_and_out_again(database: Database) -> None:
    # given a collection that has one of them
    actor, ids = await make_gallery(database)
    async with database.transaction() as session:
        collection = (await create_collection(session, actor, "Shore")).collection.id
        await change_and_record(session, actor, ids[3:4], PutIntoCollection(collection))

    # when
    task = await ask(database, actor, PutIntoCollection(collection))
    await run_tasks(database, batch=2)

    # then
    async with database.transaction() as session:
        assert await order_of(session, actor, collection) == [ids[3], *ids[:3], ids[4]]
        await change_collection(session, actor, collection, {"cover_image_id": ids[4]})

    # when
    await undo(database, actor, task)

    # then
    async with database.transaction() as session:
        assert await order_of(session, actor, collection) == [ids[3]]


async def test_a_task_that_fails_midway_has_changed_nothing(database: Database) -> None:
    # given images of which the last one can take no more tags
    actor, ids = await make_gallery(database)
    async with database.transaction() as session:
        full = tuple(f"tag {n}" for n in range(64))
        await change_image(session, actor, ids[-1], ImageChanges(tags=full))
    before = await state_of(database, actor)

    # when
    task = await ask(database, actor, PutTags(("shore",)))
    await run_tasks(database, batch=2)

    # then
    failed = await look(database, actor, task)
    assert (failed.status, failed.done_count, failed.failure_code) == ("failed", 0, TooManyTags.code)
    assert await state_of(database, actor) == before
    with pytest.raises(TaskFailed):
        await undo(database, actor, task)


@pytest.mark.parametrize("taken_back", [False, True])
async def test_a_task_whose_worker_dies_is_gone_on_with_by_another(
    database: Database, monkeypatch: pytest.MonkeyPatch, taken_back: bool
) -> None:
    # given a worker that dies in the middle of its third batch, before that is kept
    actor, _ = await make_gallery(database, 9)
    before = await state_of(database, actor)
    task = await ask(database, actor, PutTags(("shore",)))
    real, batches = bulk_tasks._do_batch, 0

    async def die(*given: Any) -> bool:
        nonlocal batches
        batches += 1
        further = await real(*given)
        if batches == 3:
            raise asyncio.CancelledError
        return further

    monkeypatch.setattr(bulk_tasks, "_do_batch", die)
    with pytest.raises(asyncio.CancelledError):
        await run_tasks(database, batch=2)
    monkeypatch.setattr(bulk_tasks, "_do_batch", real)
    left = await look(database, actor, task)
    assert (left.status, left.done_count) == ("running", 4)

    # then nobody takes it from one who may still be at it
    assert await run_tasks(database, batch=2) == 0

    # when its lease is over
    if taken_back:
        await undo(database, actor, task)
    async with database.transaction() as session:
        await session.execute(LET_GO)
    await run_tasks(database, batch=2)

    # then
    ended = await look(database, actor, task)
    tagged = [id for id, (_, _, tags, *_) in (await state_of(database, actor)).items() if "shore" in tags]
    assert (ended.status, len(tagged)) == (("undone", 0) if taken_back else ("done", 9))
    if not taken_back:
        await undo(database, actor, task)
        await run_tasks(database, batch=2)
    assert await state_of(database, actor) == before


async def test_what_was_changed_or_deleted_since_is_left_alone(database: Database) -> None:
    # given
    actor, ids = await make_gallery(database)
    before = await state_of(database, actor)
    shown = await ask(database, actor, SetVisibility("public"))
    await run_tasks(database)
    async with database.transaction() as session:
        await change_image(session, actor, ids[1], ImageChanges(visibility="unlisted"))
        await delete_for_good(session, actor, ids[2])

    # when
    await undo(database, actor, shown)

    # then
    after = await state_of(database, actor)
    assert ids[2] not in after
    assert after[ids[1]][1] == "unlisted"
    assert {id: after[id] for id in (ids[0], ids[3], ids[4])} == {
        id: before[id] for id in (ids[0], ids[3], ids[4])
    }


async def test_taking_tags_back_leaves_alone_what_has_no_room_for_them(database: Database) -> None:
    # given an image that was given others instead
    actor, ids = await make_gallery(database)
    task = await ask(database, actor, TakeTags(("night", "sea")))
    await run_tasks(database)
    full = tuple(sorted(f"tag {n}" for n in range(63)))
    async with database.transaction() as session:
        await change_image(session, actor, ids[0], ImageChanges(tags=full))

    # when
    await undo(database, actor, task)

    # then
    state = await state_of(database, actor)
    assert (state[ids[0]][2], state[ids[3]][2]) == (list(full), ["night", "sea"])


async def test_one_task_of_a_person_is_under_way_at_a_time(database: Database) -> None:
    # given
    actor, ids = await make_gallery(database)
    other, _ = await make_gallery(database)
    async with database.transaction() as session:
        earlier = await change_and_record(session, actor, ids, SetFavorite(True))

    # when two are asked for at once
    asked = [ask(database, actor, SetFavorite(False)) for _ in range(2)]
    first, second = sorted(
        await asyncio.gather(*asked, return_exceptions=True), key=lambda found: isinstance(found, Exception)
    )

    # then
    assert isinstance(first, BulkTask)
    assert isinstance(second, TaskUnderWay)
    with pytest.raises(TaskUnderWay):
        await undo(database, actor, earlier)
    with pytest.raises(TaskNotFound):
        await undo(database, other, first)
    assert await ask(database, other, SetFavorite(False)) is not None


async def test_tasks_of_many_and_single_changes_beside_them_end_without_a_deadlock(
    database: Database,
) -> None:
    # given people whose tasks meet in the same tags
    people = [await make_gallery(database, 12) for _ in range(4)]
    before = [await state_of(database, actor) for actor, _ in people]
    change = PutTags(("dusk", "night", "shore"))
    tasks = [await ask(database, actor, change) for actor, _ in people]

    async def meddle(actor: Actor, ids: list[UUID]) -> None:
        for id in ids[::-1]:
            async with database.transaction() as session:
                await change_image(session, actor, id, ImageChanges(tags=("shore", "night")))

    # when
    ends = [run_tasks(database, batch=3) for _ in range(3)]
    await asyncio.gather(*ends, *(meddle(*person) for person in people[:2]))

    # then
    assert {
        (await look(database, actor, task)).status for (actor, _), task in zip(people, tasks, strict=True)
    } == {"done"}

    # when all are taken back at once, each by two
    pairs = [(actor, task) for (actor, _), task in zip(people, tasks, strict=True)] * 2
    await asyncio.gather(*(undo(database, actor, task) for actor, task in pairs))

    # then those who changed nothing else have what they had
    for place in (2, 3):
        assert await state_of(database, people[place][0]) == before[place]


async def test_an_unknown_collection_is_told_before_anything_is_done(database: Database) -> None:
    actor, ids = await make_gallery(database)
    _, (of_another, *_) = await make_gallery(database)

    for change, filter in (
        (PutIntoCollection(of_another), ALL),
        (SetFavorite(True), ImageFilter(collection=of_another)),
    ):
        with pytest.raises(CollectionNotFound):
            await ask(database, actor, change, filter)
    with pytest.raises(CollectionNotFound):
        async with database.transaction() as session:
            await change_and_record(session, actor, ids, PutIntoCollection(of_another))


async def test_a_collection_that_is_gone_takes_nothing_and_keeps_nobody_from_undoing(
    database: Database,
) -> None:
    # given
    actor, _ = await make_gallery(database)
    async with database.transaction() as session:
        collection = (await create_collection(session, actor, "Shore")).collection.id
    done = await ask(database, actor, PutIntoCollection(collection))
    await run_tasks(database)

    # when
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM collections"))

    # then
    assert (await undo(database, actor, done)).status == "undone"
    async with database.read() as session:
        assert (await session.scalars(select(CollectionImage.image_id))).all() == []


async def test_what_can_no_longer_be_taken_back_is_forgotten(database: Database) -> None:
    # given
    actor, ids = await make_gallery(database)
    async with database.transaction() as session:
        old = await change_and_record(session, actor, ids, SetFavorite(True))
        await session.execute(update(BulkTask).values(ended_at=text("now() - interval '25 hours'")))

    # when
    async with database.transaction() as session:
        await forget_tasks(session)

    # then
    with pytest.raises(TaskNotFound):
        await look(database, actor, old)

    # when more come than are kept
    for n in range(MOST_KEPT + 3):
        async with database.transaction() as session:
            await change_and_record(session, actor, ids, SetFavorite(n % 2 == 0))

    # then
    async with database.read() as session:
        assert len((await session.scalars(select(BulkTask.id))).all()) == MOST_KEPT
