"""What images were made from and what was made of them: written when they are kept, found for old ones, told to their owner alone."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.billing.plans import seed_plans
from pingvas.gallery import lineage
from pingvas.gallery.library import ImageNotFound
from pingvas.gallery.lineage import Lineage, Link, read_lineage, trace_old_images
from pingvas.gallery.tables import Image, ImageSource
from pingvas.gallery.trash import delete_for_good, move_to_trash
from tests.make.accounts import make_user, sign_up
from tests.make.gallery import make_image


async def make_actor(session: AsyncSession) -> Actor:
    return Actor((await make_user(session)).id, "user", None)


async def made(session: AsyncSession, actor: Actor, **told: Any) -> Image:
    """An image that says how it was made."""
    return await make_image(session, actor.user_id, generation_params=told)


def family(found: Lineage) -> tuple[list[tuple[UUID, int]], list[tuple[UUID, int]]]:
    back, on = found.ancestors, found.descendants
    return (
        [(one.image.id, one.generation) for one in back],
        [(one.image.id, one.generation) for one in on],
    )


async def test_several_generations_are_found_each_way_with_what_each_was_used_as(
    session: AsyncSession,
) -> None:
    # given a chain of four, the third of which also had a mask and an edge to follow
    actor = await make_actor(session)
    first, mask, edges = [await made(session, actor) for _ in range(3)]
    second = await made(session, actor, source_image=str(first.id))
    control = [{"model": "edges", "image": str(edges.id)}, {"model": "depth", "image": str(edges.id)}]
    third = await made(
        session, actor, source_image=str(second.id), mask_image=str(mask.id), controlnet=control
    )
    fourth = await made(session, actor, source_image=str(third.id))

    # when
    found = await read_lineage(session, actor, third.id)

    # then
    back, on = family(found)
    assert sorted(back) == sorted([(second.id, -1), (mask.id, -1), (edges.id, -1), (first.id, -2)])
    assert back[-1] == (first.id, -2)
    assert on == [(fourth.id, 1)]
    assert set(found.links) == {
        Link(second.id, first.id, "source"),
        Link(third.id, second.id, "source"),
        Link(third.id, mask.id, "mask"),
        Link(third.id, edges.id, "control"),
        Link(fourth.id, third.id, "source"),
    }
    assert not found.more


async def test_it_ends_at_the_depth_and_the_number_that_are_allowed_and_says_so(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    actor = await make_actor(session)
    chain = [await made(session, actor)]
    for _ in range(3):
        chain.append(await made(session, actor, source_image=str(chain[-1].id)))
    children = [await made(session, actor, source_image=str(chain[3].id)) for _ in range(5)]

    # when
    near = await read_lineage(session, actor, chain[3].id, depth=1)
    monkeypatch.setattr(lineage, "MAX_IMAGES", 2)
    few = await read_lineage(session, actor, chain[3].id)

    # then
    assert family(near)[0] == [(chain[2].id, -1)]
    assert near.more
    assert family(few)[1] == [(children[4].id, 1), (children[3].id, 1)]
    assert few.more


async def test_only_ones_own_images_are_told_and_only_to_their_owner(session: AsyncSession) -> None:
    # given an image that names one of its owner's and one of somebody else's, and says nonsense besides
    actor, other = await make_actor(session), await make_actor(session)
    mine = await made(session, actor)
    theirs = await make_image(session, other.user_id, visibility="public")
    image = await made(
        session,
        actor,
        source_image=str(theirs.id),
        mask_image=str(mine.id),
        controlnet=[{"image": 7}, "edges", {"image": "not-an-id"}],
    )
    public = await make_image(session, actor.user_id, visibility="public")

    # then
    assert family(await read_lineage(session, actor, image.id))[0] == [(mine.id, -1)]
    assert family(await read_lineage(session, other, theirs.id)) == ([], [])
    with pytest.raises(ImageNotFound):
        await read_lineage(session, other, public.id)


async def test_what_is_in_the_trash_is_left_out_and_what_is_gone_leaves_nothing(
    session: AsyncSession,
) -> None:
    # given
    actor = await make_actor(session)
    source = await made(session, actor, prompt="a boat")
    image = await made(session, actor, prompt="a boat", source_image=str(source.id))

    # when
    await move_to_trash(session, actor, source.id)
    hidden = await read_lineage(session, actor, image.id)
    await delete_for_good(session, actor, source.id)

    # then
    assert (family(hidden), hidden.of_prompt) == (([], []), [])
    assert await session.scalar(select(func.count()).select_from(ImageSource)) == 0


async def test_others_of_the_same_words_are_found_whatever_their_seed_and_blanks(
    session: AsyncSession,
) -> None:
    # given
    actor, other = await make_actor(session), await make_actor(session)
    image = await made(session, actor, prompt="a boat  at sea", negative_prompt="fog", seed=1)
    same = await made(session, actor, prompt=" a boat at\nsea", negative_prompt="fog", seed=2)
    await made(session, actor, prompt="a boat at sea", negative_prompt="", seed=1)
    await made(session, other, prompt="a boat at sea", negative_prompt="fog")
    wordless = [await made(session, actor) for _ in range(2)]

    # then
    assert [one.id for one in (await read_lineage(session, actor, image.id)).of_prompt] == [same.id]
    assert (await read_lineage(session, actor, wordless[0].id)).of_prompt == []


async def test_images_of_earlier_versions_are_traced_in_batches(database: Database) -> None:
    # given five made from one another, as a version wrote them that had no lineage
    async with database.transaction() as session:
        actor = await make_actor(session)
        chain = [await made(session, actor, prompt="a boat")]
        for _ in range(4):
            chain.append(await made(session, actor, prompt="a boat", source_image=str(chain[-1].id)))
        await session.execute(text("DELETE FROM image_sources"))
        await session.execute(text("UPDATE images SET prompt_key = NULL"))

    # when
    traced = await trace_old_images(database, at_once=2)

    # then
    assert traced == 5
    assert await trace_old_images(database) == 0
    async with database.read() as reading:
        found = await read_lineage(reading, actor, chain[2].id)
    assert family(found) == (
        [(chain[1].id, -1), (chain[0].id, -2)],
        [(chain[3].id, 1), (chain[4].id, 2)],
    )
    assert len(found.of_prompt) == 4


async def test_it_is_told_over_http_with_the_job_that_made_each(
    client: httpx.AsyncClient, database: Database
) -> None:
    # given
    async with database.transaction() as session:
        await seed_plans(session)
    person = await sign_up(client)
    actor = Actor(UUID(person.user["id"]), "user", None)
    async with database.transaction() as session:
        source = await made(session, actor, prompt="a boat")
        image = await made(session, actor, prompt="a boat", source_image=str(source.id))

    # when
    path = f"/api/v1/images/{image.id}/lineage"
    answer = (await client.get(path, headers=person.headers)).json()
    too_deep = await client.get(f"{path}?depth=6", headers=person.headers)

    # then
    (parent,) = answer["made_from"]
    assert (parent["generation"], parent["image"]["id"]) == (-1, str(source.id))
    assert parent["image"]["thumbnail_url"]
    assert "job_id" in parent["image"]
    assert answer["links"] == [{"image_id": str(image.id), "source_id": str(source.id), "role": "source"}]
    assert [one["id"] for one in answer["same_prompt"]] == [str(source.id)]
    assert (answer["made_of_it"], answer["more"], too_deep.status_code) == ([], False, 422)
