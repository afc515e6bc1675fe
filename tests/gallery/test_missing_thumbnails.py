"""Pictures of earlier versions get their larger thumbnail and their hash."""

import io
from uuid import UUID

import pytest
from PIL import Image as Picture
from sqlalchemy import select, text

from pingvas.adapters.storage import ObjectMissing, Storage, open_storage
from pingvas.base.db import Database
from pingvas.base.outbox import drain_deletions
from pingvas.base.settings import Settings
from pingvas.engine.images.thumbhash import thumbhash
from pingvas.gallery.missing_thumbnails import FillCounts, fill_thumbnails
from pingvas.gallery.tables import Image
from tests.make.billing import make_person
from tests.make.gallery import make_image


@pytest.fixture
def storage(settings: Settings) -> Storage:
    return open_storage(settings)


@pytest.fixture
async def user_id(database: Database) -> UUID:
    async with database.transaction() as session:
        return (await make_person(session)).user_id


async def old_image(database: Database, storage: Storage, user_id: UUID, data: bytes | None) -> UUID:
    async with database.transaction() as session:
        image = await make_image(session, user_id)
    if data is not None:
        await storage.put(image.s3_key, data, "image/png")
    return image.id


def png(size: tuple[int, int], colour: str) -> bytes:
    buffer = io.BytesIO()
    Picture.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


async def test_each_is_filled_once_and_what_cannot_be_read_is_tried_once(
    database: Database, storage: Storage, user_id: UUID
) -> None:
    # given: two that can be read, one whose file is gone and one whose file is broken
    sound = [await old_image(database, storage, user_id, png((900, 450), "teal")) for _ in range(2)]
    lost = await old_image(database, storage, user_id, None)
    broken = await old_image(database, storage, user_id, png((900, 450), "teal")[:50])

    # when
    first = await fill_thumbnails(database, storage)
    second = await fill_thumbnails(database, storage)

    # then
    assert (first, second) == (FillCounts(2, 2), FillCounts(0, 0))
    async with database.read() as session:
        images = {image.id: image for image in await session.scalars(select(Image))}
    for id in sound:
        assert images[id].thumbhash == thumbhash(Picture.new("RGB", (320, 160), "teal"))
        large = Picture.open(io.BytesIO(await storage.get(str(images[id].thumbnail_large_url))))
        small = Picture.open(io.BytesIO(await storage.get(str(images[id].thumbnail_url))))
        assert (large.size, small.size) == ((640, 320), (320, 160))
    for id in (lost, broken):
        assert (images[id].thumbhash, images[id].thumbnail_large_url) == (b"", None)


async def test_a_turn_fills_no_more_than_it_is_given_and_the_newest_first(
    database: Database, storage: Storage, user_id: UUID
) -> None:
    ids = [await old_image(database, storage, user_id, png((40, 30), "red")) for _ in range(3)]

    counts = await fill_thumbnails(database, storage, most=2)

    assert counts == FillCounts(2, 0)
    async with database.read() as session:
        left = await session.scalars(select(Image.id).where(Image.thumbhash.is_(None)))
    assert list(left) == [min(ids)]


async def test_a_deleted_image_takes_its_larger_thumbnail_along(
    database: Database, storage: Storage, user_id: UUID
) -> None:
    id = await old_image(database, storage, user_id, png((900, 450), "teal"))
    await fill_thumbnails(database, storage)
    async with database.read() as session:
        key = str(await session.scalar(select(Image.thumbnail_large_url).where(Image.id == id)))

    async with database.transaction() as session:
        await session.execute(text("DELETE FROM images"))
    await drain_deletions(database, storage.delete)

    with pytest.raises(ObjectMissing):
        await storage.get(key)
