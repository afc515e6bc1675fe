"""The same pictures and those that look alike are found, among one's own."""

import io
from typing import Any
from uuid import UUID

import httpx
import numpy as np
import pytest
from PIL import Image as Picture
from PIL import ImageEnhance, ImageFilter
from sqlalchemy import text

from pingvas.accounts.actor import Actor
from pingvas.adapters.storage import Storage, open_storage
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.billing.plans import seed_plans
from pingvas.engine.images.look_hash import BITS, look_hash
from pingvas.engine.images.thumbnails import make_thumbnails
from pingvas.gallery.library import ImageNotFound
from pingvas.gallery.looks import MAX_DISTANCE, Similar, find_similar, read_looks
from pingvas.gallery.tables import Image
from pingvas.gallery.trash import move_to_trash
from tests.make.accounts import make_user, sign_up
from tests.make.gallery import make_image


def scene(seed: int, size: tuple[int, int] = (320, 240)) -> Picture.Image:
    """A picture of its own for each seed: soft shapes."""
    coarse = np.random.default_rng(seed).integers(0, 255, (9, 12, 3), dtype=np.uint8)
    return Picture.fromarray(coarse).resize(size, Picture.Resampling.BICUBIC)


def png(picture: Picture.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def distance(one: Picture.Image, other: Picture.Image) -> int:
    return sum(a != b for a, b in zip(look_hash(one), look_hash(other), strict=True))


@pytest.fixture
def storage(settings: Settings) -> Storage:
    return open_storage(settings)


async def keep(
    database: Database,
    storage: Storage,
    user_id: UUID,
    picture: Picture.Image,
    *,
    small: bool = True,
    **facts: Any,
) -> Image:
    """An image with its bytes, and its thumbnail unless that is to be missing."""
    async with database.transaction() as session:
        image = await make_image(session, user_id, **facts)
    await storage.put(image.s3_key, png(picture), "image/png", durable=False)
    if small:
        await storage.put(
            str(image.thumbnail_url), make_thumbnails(picture).small, "image/webp", durable=False
        )
    return image


async def make_actor(database: Database) -> Actor:
    async with database.transaction() as session:
        return Actor((await make_user(session)).id, "user", None)


async def similar(database: Database, actor: Actor, image: Image) -> Similar:
    async with database.read() as session:
        return await find_similar(session, actor, image.id)


def test_what_looks_alike_differs_in_few_bits_and_what_does_not_in_many() -> None:
    picture = scene(1)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=40)

    assert len(look_hash(picture)) == BITS
    assert distance(picture, picture.resize((200, 150))) <= 16
    assert distance(picture, Picture.open(buffer)) <= 16
    assert distance(picture, ImageEnhance.Brightness(picture).enhance(0.7)) <= 16
    for other in range(2, 12):
        assert distance(picture, scene(other)) > MAX_DISTANCE


def test_a_picture_of_one_colour_and_one_that_is_clear_have_a_look_too() -> None:
    assert look_hash(Picture.new("RGB", (8, 8), "red")) == "0" * BITS
    assert len(look_hash(Picture.new("RGBA", (1, 1), (0, 0, 0, 0)))) == BITS


async def test_the_same_come_first_and_then_those_that_look_alike_the_nearest_first(
    database: Database, storage: Storage
) -> None:
    # given
    actor, other = await make_actor(database), await make_actor(database)
    picture = scene(1)
    asked = await keep(database, storage, actor.user_id, picture)
    twin = await keep(database, storage, actor.user_id, picture, small=False)
    near = await keep(database, storage, actor.user_id, picture.resize((200, 150)))
    blurred = picture.filter(ImageFilter.GaussianBlur(12))
    further = await keep(database, storage, actor.user_id, blurred)
    for seed in range(2, 6):
        await keep(database, storage, actor.user_id, scene(seed))
    trashed = await keep(database, storage, actor.user_id, picture)
    await keep(database, storage, other.user_id, picture)
    async with database.transaction() as session:
        await move_to_trash(session, actor, trashed.id)

    # when
    counts = await read_looks(database, storage, at_once=3)
    found = await similar(database, actor, asked)

    # then
    assert (counts.read, counts.unreadable) == (10, 0)
    assert [image.id for image in found.same] == [twin.id]
    assert [one.image.id for one in found.alike] == [near.id, further.id]
    assert found.is_known
    distances = [one.distance for one in found.alike]
    assert distances == sorted(distances)


async def test_what_nobody_has_read_yet_or_can_read_is_like_nothing(
    database: Database, storage: Storage
) -> None:
    # given two whose bytes are gone or no picture, and one that comes later
    actor = await make_actor(database)
    async with database.transaction() as session:
        gone, damaged = [await make_image(session, actor.user_id) for _ in range(2)]
    await storage.put(damaged.s3_key, b"no picture", "image/png", durable=False)
    counts = await read_looks(database, storage)
    fresh = await keep(database, storage, actor.user_id, scene(1))

    # then
    assert (counts.read, counts.unreadable) == (0, 2)
    for image, is_known in ((gone, True), (damaged, True), (fresh, False)):
        found = await similar(database, actor, image)
        assert (found.same, found.alike, found.is_known) == ([], [], is_known)
    assert (await read_looks(database, storage)).read == 1
    assert (await read_looks(database, storage)).read == 0


async def test_nobody_asks_for_anothers(database: Database, storage: Storage) -> None:
    actor, other = await make_actor(database), await make_actor(database)
    image = await keep(database, storage, actor.user_id, scene(1), visibility="public")

    with pytest.raises(ImageNotFound):
        await similar(database, other, image)


async def test_the_same_are_found_by_the_index(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        asked = "SELECT id FROM images WHERE user_id = gen_random_uuid() AND content_hash = '\\x00'"
        plan = (await session.scalars(text(f"EXPLAIN {asked}"))).all()

    assert "ix_images_content_hash" in "\n".join(plan)


async def test_it_is_told_over_http(client: httpx.AsyncClient, database: Database, storage: Storage) -> None:
    # given
    async with database.transaction() as session:
        await seed_plans(session)
    person = await sign_up(client)
    user_id = UUID(person.user["id"])
    asked = await keep(database, storage, user_id, scene(1))
    twin = await keep(database, storage, user_id, scene(1))
    near = await keep(database, storage, user_id, scene(1).resize((200, 150)))
    await read_looks(database, storage)

    # when
    answer = (await client.get(f"/api/v1/images/{asked.id}/similar", headers=person.headers)).json()

    # then
    assert [image["id"] for image in answer["same"]] == [str(twin.id)]
    assert [one["image"]["id"] for one in answer["alike"]] == [str(near.id)]
    assert answer["is_known"] is True


async def test_what_is_sent_in_is_compared_at_once(client: httpx.AsyncClient, database: Database) -> None:
    # given
    async with database.transaction() as session:
        await seed_plans(session)
    person = await sign_up(client)
    sent = []

    # when the same picture comes twice, and smaller once more
    for picture in (scene(1), scene(1), scene(1).resize((200, 150))):
        answer = await client.post(
            "/api/v1/images", headers=person.headers, files={"file": ("a.png", png(picture), "image/png")}
        )
        assert answer.status_code == 201, answer.text
        sent.append(answer.json()["id"])

    # then
    answer = (await client.get(f"/api/v1/images/{sent[0]}/similar", headers=person.headers)).json()
    assert [image["id"] for image in answer["same"]] == [sent[1]]
    assert [one["image"]["id"] for one in answer["alike"]] == [sent[2]]
    assert answer["is_known"] is True
