"""Collections: what is in them, their covers, and who sees what."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import func, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.db import Database
from pingvas.base.errors import Invalid
from pingvas.base.ids import new_id
from pingvas.base.pages import PageRequest
from pingvas.gallery import collection_order, collections
from pingvas.gallery.collection_order import CollectionFull
from pingvas.gallery.collections import (
    CollectionChanges,
    CollectionNotFound,
    NotInCollection,
    TooManyCollections,
    add_images,
    change_collection,
    create_collection,
    delete_collection,
    get_collection,
    list_collections,
    list_images_of,
    move_images,
    put_in_order,
    remove_image,
)
from pingvas.gallery.library import ImageFilter, list_images
from pingvas.gallery.tables import Collection
from pingvas.gallery.trash import delete_for_good
from tests.make.collections import KEY, make_actor, make_filled, make_images, order_of
from tests.make.gallery import make_image


async def test_a_collection_is_made_with_a_name_that_shows(session: AsyncSession) -> None:
    actor = await make_actor(session)

    view = await create_collection(session, actor, "  Harbors \n at  night ", "  With boats ", "public")

    assert (view.collection.name, view.collection.description) == ("Harbors at night", "With boats")
    assert (view.collection.visibility, view.image_count, view.cover) == ("public", 0, None)
    for name in ("", " ", "x" * 121, "a\u200bb"):
        with pytest.raises(Invalid) as refused:
            await create_collection(session, actor, name)
        assert refused.value.errors[0].name == "name"
    with pytest.raises(Invalid):
        await create_collection(session, actor, "Long", "x" * 1001)


async def test_there_is_an_end_to_collections_and_to_what_one_holds(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collections, "MAX_COLLECTIONS", 2)
    monkeypatch.setattr(collection_order, "MAX_IMAGES", 3)
    actor = await make_actor(session)
    id, images = await make_filled(session, actor, 3)
    await create_collection(session, actor, "Second")

    with pytest.raises(TooManyCollections):
        await create_collection(session, actor, "Third")
    more = await make_images(session, actor, 1)
    with pytest.raises(CollectionFull):
        await add_images(session, actor, id, more)
    # what is in it already takes no room
    assert (await add_images(session, actor, id, images)).image_count == 3


async def test_images_of_somebody_else_are_not_put_into_a_collection_and_then_none_is(
    session: AsyncSession,
) -> None:
    actor, other = await make_actor(session), await make_actor(session)
    id, images = await make_filled(session, actor, 1)
    (mine,), (theirs,) = await make_images(session, actor, 1), await make_images(session, other, 1, "public")

    for named in ([mine, theirs], [mine, new_id()]):
        with pytest.raises(Invalid) as refused:
            await add_images(session, actor, id, named)
        assert [error.name for error in refused.value.errors] == ["image_ids.1"]

    assert await order_of(session, actor, id) == images


async def test_the_cover_is_the_chosen_image_while_it_is_there_and_the_first_one_otherwise(
    session: AsyncSession,
) -> None:
    actor = await make_actor(session)
    id, images = await make_filled(session, actor, 4)
    (outside,) = await make_images(session, actor, 1)

    async def cover() -> UUID | None:
        found = (await get_collection(session, actor, id)).cover
        return None if found is None else found.id

    async def choose(image_id: UUID | None) -> None:
        await change_collection(session, actor, id, CollectionChanges(cover_image_id=image_id))

    assert await cover() == images[0]
    await choose(images[2])
    assert await cover() == images[2]
    with pytest.raises(Invalid):
        await choose(outside)

    # taken out and put back it is an image like any other
    await remove_image(session, actor, id, images[2])
    assert await cover() == images[0]
    await add_images(session, actor, id, [images[2]])
    assert await cover() == images[0]

    await choose(images[3])
    await delete_for_good(session, actor, images[3])
    assert await cover() == images[0]
    await choose(images[1])
    await choose(None)
    assert await cover() == images[0]


async def test_an_image_in_several_collections_leaves_all_of_them_when_it_is_deleted(
    session: AsyncSession,
) -> None:
    actor = await make_actor(session)
    first, images = await make_filled(session, actor, 2)
    second = (await create_collection(session, actor, "Also")).collection.id
    await add_images(session, actor, second, images)

    holding = await list_collections(session, actor, PageRequest(KEY), holding=images[0])
    assert {view.collection.id for view in holding.items} == {first, second}

    await delete_for_good(session, actor, images[0])

    for id in (first, second):
        assert await order_of(session, actor, id) == [images[1]]
        assert (await get_collection(session, actor, id)).image_count == 1


async def test_deleting_a_collection_deletes_no_image(session: AsyncSession) -> None:
    actor = await make_actor(session)
    id, images = await make_filled(session, actor, 2)

    await delete_collection(session, actor, id)

    page = await list_images(session, actor, ImageFilter(), PageRequest(KEY))
    assert {image.id for image in page.items} == set(images)
    with pytest.raises(CollectionNotFound):
        await get_collection(session, actor, id)
    with pytest.raises(CollectionNotFound):
        await delete_collection(session, actor, id)


async def test_a_private_collection_does_not_exist_for_anybody_else(session: AsyncSession) -> None:
    actor, stranger = await make_actor(session), await make_actor(session)
    id, images = await make_filled(session, actor, 1)

    for who in (stranger, None):
        with pytest.raises(CollectionNotFound):
            await get_collection(session, who, id)
        with pytest.raises(CollectionNotFound):
            await list_images_of(session, who, id, PageRequest(KEY))
    for deed in (
        change_collection(session, stranger, id, CollectionChanges(name="Mine now")),
        delete_collection(session, stranger, id),
        add_images(session, stranger, id, images),
        remove_image(session, stranger, id, images[0]),
        move_images(session, stranger, id, images, after=images[0]),
        put_in_order(session, stranger, id, images),
        list_images(session, stranger, ImageFilter(collection=id), PageRequest(KEY)),
    ):
        with pytest.raises(CollectionNotFound):
            await deed
    assert (await list_collections(session, stranger, PageRequest(KEY))).items == []


async def test_others_see_of_a_public_collection_the_public_images_alone(session: AsyncSession) -> None:
    actor, stranger = await make_actor(session), await make_actor(session)
    private = await make_images(session, actor, 1)
    unlisted = await make_images(session, actor, 1, "unlisted")
    public = await make_images(session, actor, 2, "public")
    id = (await create_collection(session, actor, "Shown", None, "public")).collection.id
    await add_images(session, actor, id, [*private, *unlisted, *public])
    await change_collection(session, actor, id, CollectionChanges(cover_image_id=private[0]))

    for who in (stranger, None):
        view = await get_collection(session, who, id)
        assert (view.image_count, view.cover and view.cover.id, view.is_mine) == (2, public[0], False)
        assert await order_of(session, who, id) == public
        # and it stays its owner's to change
        with pytest.raises(CollectionNotFound):
            await remove_image(session, stranger, id, public[0])

    mine = await get_collection(session, actor, id)
    assert (mine.image_count, mine.cover and mine.cover.id) == (4, private[0])
    await change_collection(session, actor, id, CollectionChanges(cover_image_id=public[1]))
    shown = (await get_collection(session, None, id)).cover
    assert shown is not None
    assert shown.id == public[1]


async def test_an_image_whose_file_names_others_is_not_shown_to_others_yet(session: AsyncSession) -> None:
    actor = await make_actor(session)
    old = await make_image(
        session,
        actor.user_id,
        visibility="public",
        s3_key=f"images/{new_id()}.png",
        generation_params={"source_image": str(new_id())},
    )
    id = (await create_collection(session, actor, "Shown", None, "public")).collection.id
    await add_images(session, actor, id, [old.id])

    assert await order_of(session, None, id) == []
    assert (await get_collection(session, None, id)).cover is None
    assert await order_of(session, actor, id) == [old.id]


async def test_what_was_changed_last_is_listed_first(session: AsyncSession) -> None:
    actor = await make_actor(session)
    made = [(await create_collection(session, actor, f"No. {n}")).collection.id for n in range(3)]
    # the moments of one transaction are one; a later one is told apart by hand
    await session.execute(text("ALTER TABLE collections DISABLE TRIGGER touch_updated_at"))
    for n, id in enumerate((made[1], made[0], made[2])):
        moment = func.now() + func.make_interval(0, 0, 0, 0, n)
        await session.execute(update(Collection).where(Collection.id == id).values(updated_at=moment))

    seen: list[UUID] = []
    cursor = None
    while True:
        page = await list_collections(session, actor, PageRequest(KEY, 2, cursor))
        seen += [view.collection.id for view in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break

    assert seen == [made[2], made[0], made[1]]


async def test_two_that_make_the_last_collection_at_once_make_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collections, "MAX_COLLECTIONS", 3)
    async with database.transaction() as session:
        actor = await make_actor(session)

    async def make(n: int) -> None:
        async with database.transaction() as session:
            await create_collection(session, actor, f"No. {n}")

    made = await asyncio.gather(*(make(n) for n in range(8)), return_exceptions=True)

    assert sum(isinstance(each, TooManyCollections) for each in made) == 5
    assert made.count(None) == 3


async def test_an_image_that_is_not_in_a_collection_is_not_taken_out_of_it(session: AsyncSession) -> None:
    actor = await make_actor(session)
    id, _ = await make_filled(session, actor, 1)

    with pytest.raises(NotInCollection):
        await remove_image(session, actor, id, new_id())
