"""Whatever a deleted row owned in storage is in `storage_deletions` from the same moment."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.tables import User
from pingvas.base.db import Database
from pingvas.base.read_session import ReadSession
from pingvas.base.tables import StorageDeletion
from pingvas.catalog.tables import UserModel
from pingvas.gallery.tables import Image
from pingvas.generation.tables import GenerationJob
from tests.make.accounts import make_user
from tests.make.gallery import make_collection, make_image, make_tag, tag_image
from tests.schema.rows import add_job, add_step, add_user_model


async def _to_delete(session: ReadSession) -> list[tuple[str, str]]:
    rows = await session.execute(select(StorageDeletion.key, StorageDeletion.reason))
    return sorted((row.key, row.reason) for row in rows)


async def test_deleting_an_image_remembers_its_picture_and_its_thumbnail(session: AsyncSession) -> None:
    # given
    user = await make_user(session)
    await make_image(session, user.id, s3_key="kept.png", thumbnail_url="kept.webp")
    gone = await make_image(session, user.id, s3_key="a.png", thumbnail_url="a.webp")
    bare = await make_image(session, user.id, s3_key="b.png", thumbnail_url=None)

    # when
    await session.execute(delete(Image).where(Image.id.in_([gone.id, bare.id])))

    # then
    reason = "images deleted"
    assert await _to_delete(session) == [("a.png", reason), ("a.webp", reason), ("b.png", reason)]


async def test_deleting_a_job_remembers_its_previews_and_leaves_its_image(session: AsyncSession) -> None:
    # given
    user = await make_user(session)
    job = await add_job(session, user.id)
    await add_step(session, job, 1)
    await add_step(session, job, 2, preview_url="previews/2.webp")
    image = await make_image(session, user.id, job_id=job.id)

    # when
    await session.execute(delete(GenerationJob).where(GenerationJob.id == job.id))

    # then
    assert await _to_delete(session) == [("previews/2.webp", "generation_steps deleted")]
    assert await session.scalar(select(Image.job_id).where(Image.id == image.id)) is None


async def test_deleting_a_model_of_ones_own_remembers_its_file(session: AsyncSession) -> None:
    # given
    user = await make_user(session)
    ready = await add_user_model(session, user.id, s3_path="mine.safetensors")
    waiting = await add_user_model(session, user.id, s3_path=None, size_bytes=None, status="pending")

    # when
    await session.execute(delete(UserModel).where(UserModel.id.in_([ready.id, waiting.id])))

    # then
    assert await _to_delete(session) == [("mine.safetensors", "user_models deleted")]


async def test_deleting_a_person_remembers_everything_they_had(database: Database) -> None:
    # given
    async with database.transaction() as session:
        user, other = await make_user(session), await make_user(session)
        images = [await make_image(session, user.id, s3_key=f"{n}.png", thumbnail_url=None) for n in range(3)]
        await make_image(session, other.id)
        await tag_image(session, images[0], await make_tag(session))
        await make_collection(session, user.id, *images)
        await add_user_model(session, user.id, s3_path="mine.safetensors")

    # when
    async with database.transaction() as session:
        await session.execute(delete(User).where(User.id == user.id))

    # then
    async with database.read() as session:
        keys = [key for key, _ in await _to_delete(session)]
    assert keys == ["0.png", "1.png", "2.png", "mine.safetensors"]


async def test_a_deletion_that_is_rolled_back_remembers_nothing(session: AsyncSession) -> None:
    # given
    image = await make_image(session, (await make_user(session)).id)

    # when
    async with session.begin_nested() as savepoint:
        await session.execute(delete(Image).where(Image.id == image.id))
        await savepoint.rollback()

    # then
    assert await _to_delete(session) == []
