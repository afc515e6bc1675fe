"""The gallery's own queries: what a list holds, who sees what, and what deleting leaves to the outbox."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.base.errors import Invalid
from pingvas.base.ids import new_id
from pingvas.base.pages import PageRequest
from pingvas.gallery.library import (
    ImageChanges,
    ImageFilter,
    ImageNotFound,
    change_image,
    get_visible_image,
    list_images,
    tags_of,
)
from pingvas.gallery.storage_use import used_bytes
from pingvas.gallery.trash import delete_for_good
from tests.make.accounts import make_user
from tests.make.gallery import make_image, make_tag, tag_image

KEY = b"k" * 32
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


async def make_actor(session: AsyncSession, role: str = "user") -> Actor:
    user = await make_user(session, role=role)
    return Actor(user.id, role, None)


async def ids(session: AsyncSession, actor: Actor, filter: ImageFilter | None = None) -> list[UUID]:
    page = await list_images(session, actor, filter or ImageFilter(), PageRequest(KEY, 100))
    return [image.id for image in page.items]


async def test_a_list_holds_ones_own_images_newest_first(session: AsyncSession) -> None:
    actor, other = await make_actor(session), await make_actor(session)
    old = await make_image(session, actor.user_id, created_at=NOON)
    new = await make_image(session, actor.user_id, created_at=NOON + timedelta(hours=1))
    await make_image(session, other.user_id, visibility="public")

    assert await ids(session, actor) == [new.id, old.id]
    assert await ids(session, actor, ImageFilter(sort="oldest")) == [old.id, new.id]


@pytest.mark.parametrize("sort", ["newest", "oldest"])
async def test_pages_hold_every_image_once_though_many_share_a_moment(
    session: AsyncSession, sort: str
) -> None:
    actor = await make_actor(session)
    made = {
        (await make_image(session, actor.user_id, created_at=NOON + timedelta(seconds=n // 3))).id
        for n in range(11)
    }
    filter = ImageFilter(sort=sort)  # type: ignore[arg-type]

    seen: list[UUID] = []
    cursor = None
    for _ in range(20):
        page = await list_images(session, actor, filter, PageRequest(KEY, 2, cursor))
        seen += [image.id for image in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break

    assert len(seen) == len(made)
    assert set(seen) == made


async def test_a_cursor_that_was_forged_is_refused(session: AsyncSession) -> None:
    actor = await make_actor(session)

    with pytest.raises(Invalid):
        await list_images(session, actor, ImageFilter(), PageRequest(KEY, 2, "Zm9yZ2Vk"))


async def test_each_filter_keeps_what_it_names(session: AsyncSession) -> None:
    actor = await make_actor(session)
    plain = await make_image(
        session,
        actor.user_id,
        created_at=NOON,
        generation_params={"model": "pingvas-mini", "job_type": "txt2img"},
    )
    other = await make_image(
        session,
        actor.user_id,
        created_at=NOON + timedelta(days=1),
        is_favorite=True,
        visibility="public",
        generation_params={"model": "flux-dev", "job_type": "upscale"},
    )

    for filter, expected in (
        (ImageFilter(favorite=True), other),
        (ImageFilter(favorite=False), plain),
        (ImageFilter(visibility="private"), plain),
        (ImageFilter(visibility="public"), other),
        (ImageFilter(model="flux-dev"), other),
        (ImageFilter(job_type="txt2img"), plain),
        (ImageFilter(created_from=NOON + timedelta(seconds=1)), other),
        (ImageFilter(created_to=NOON + timedelta(seconds=1)), plain),
        (ImageFilter(created_from=NOON, created_to=NOON + timedelta(days=1)), plain),
    ):
        assert await ids(session, actor, filter) == [expected.id], filter
    assert await ids(session, actor, ImageFilter(favorite=True, visibility="private")) == []


@pytest.mark.parametrize("visibility", ["public", "unlisted"])
async def test_a_shared_image_is_seen_by_anybody_with_its_id(session: AsyncSession, visibility: str) -> None:
    owner, stranger = await make_actor(session), await make_actor(session)
    image = await make_image(session, owner.user_id, visibility=visibility)

    assert (await get_visible_image(session, stranger, image.id)).id == image.id
    assert (await get_visible_image(session, None, image.id)).id == image.id


async def test_a_private_image_is_seen_by_its_owner_alone(session: AsyncSession) -> None:
    owner, stranger, admin = (
        await make_actor(session),
        await make_actor(session),
        await make_actor(session, "admin"),
    )
    image = await make_image(session, owner.user_id)

    assert (await get_visible_image(session, owner, image.id)).id == image.id
    for who in (stranger, admin, None):
        with pytest.raises(ImageNotFound):
            await get_visible_image(session, who, image.id)
    with pytest.raises(ImageNotFound):
        await get_visible_image(session, owner, new_id())


async def test_changing_an_image_changes_only_what_was_said(session: AsyncSession) -> None:
    actor = await make_actor(session)
    image = await make_image(session, actor.user_id)

    changed = await change_image(session, actor, image.id, ImageChanges(is_favorite=True))
    assert (changed.is_favorite, changed.visibility) == (True, "private")

    changed = await change_image(session, actor, image.id, ImageChanges(visibility="unlisted"))
    assert (changed.is_favorite, changed.visibility) == (True, "unlisted")

    changed = await change_image(session, actor, image.id, ImageChanges())
    assert (changed.is_favorite, changed.visibility) == (True, "unlisted")


async def test_nobody_changes_or_deletes_anothers_image_even_a_public_one(session: AsyncSession) -> None:
    owner, stranger = await make_actor(session), await make_actor(session)
    image = await make_image(session, owner.user_id, visibility="public")

    with pytest.raises(ImageNotFound):
        await change_image(session, stranger, image.id, ImageChanges(visibility="private"))
    with pytest.raises(ImageNotFound):
        await change_image(session, stranger, image.id, ImageChanges())
    with pytest.raises(ImageNotFound):
        await delete_for_good(session, stranger, image.id)

    assert await ids(session, owner) == [image.id]


async def test_deleting_an_image_puts_its_objects_into_the_outbox(session: AsyncSession) -> None:
    actor = await make_actor(session)
    image = await make_image(session, actor.user_id)

    await delete_for_good(session, actor, image.id)

    assert await ids(session, actor) == []
    keys = set(await session.scalars(text("SELECT key FROM storage_deletions")))
    assert {image.s3_key, image.thumbnail_url} <= keys
    with pytest.raises(ImageNotFound):
        await delete_for_good(session, actor, image.id)


async def test_tags_come_by_image_in_order_of_their_names(session: AsyncSession) -> None:
    actor = await make_actor(session)
    tagged, bare = await make_image(session, actor.user_id), await make_image(session, actor.user_id)
    names = [f"b-{new_id()}", f"a-{new_id()}"]
    await tag_image(session, tagged, *[await make_tag(session, name) for name in names])

    tags = await tags_of(session, [tagged.id, bare.id])

    assert tags == {tagged.id: sorted(names), bare.id: []}


async def test_storage_used_is_the_sum_of_ones_own_pictures(session: AsyncSession) -> None:
    actor, other = await make_actor(session), await make_actor(session)
    for size in (1000, 234):
        await make_image(session, actor.user_id, file_size=size)

    assert await used_bytes(session, actor.user_id) == 1234
    assert await used_bytes(session, other.user_id) == 0
