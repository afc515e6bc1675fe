"""What lists by tags and lists of tags cost: indexes alone, however many images and words there are."""

from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from pingvas.base.db import Database
from pingvas.gallery.library import ImageFilter, images_of
from pingvas.gallery.tables import Image, UserTag
from pingvas.gallery.tag_list import own_tags
from tests.make.accounts import make_user

_MANY = text("""
    INSERT INTO images (id, user_id, s3_key, width, height, format, file_size)
    SELECT gen_random_uuid(), :user_id, gen_random_uuid(), 64, 64, 'png', 1 FROM generate_series(1, 3000)
""")
_MANY_TAGS = text("""
    INSERT INTO tags (id, name) SELECT gen_random_uuid(), 'word ' || place FROM generate_series(1, 2000) AS place
""")
_TAG_THEM = text("""
    INSERT INTO image_tags (image_id, tag_id, user_id)
    SELECT image.id, tag.id, image.user_id
      FROM (SELECT id, user_id, row_number() OVER (ORDER BY id) AS place FROM images) AS image
      JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM tags) AS tag
        ON tag.place IN (1 + image.place % 2000, 1 + image.place * 7 % 2000)
    ON CONFLICT DO NOTHING
""")


async def test_lists_by_tags_and_of_tags_read_indexes_alone(database: Database) -> None:
    # given two people with thousands of images, each with a few of thousands of words
    async with database.transaction() as session:
        people = [await make_user(session) for _ in range(2)]
        for person in people:
            await session.execute(_MANY, {"user_id": person.id})
        await session.execute(_MANY_TAGS)
        await session.execute(_TAG_THEM)
        for table in ("images", "tags", "image_tags", "user_tags"):
            await session.execute(text(f"ANALYZE {table}"))

    # when
    by_tags = images_of(people[0].id, ImageFilter(tags=("word 7", "word 9"))).order_by(
        Image.created_at.desc(), Image.id.desc()
    )
    order = (UserTag.usage_count.desc(), UserTag.created_at.desc(), UserTag.id.desc())
    of_tags = own_tags(people[0].id, "").order_by(*order)
    plans = []
    async with database.read() as reading:
        for query in (by_tags.limit(51), of_tags.limit(51)):
            sql = str(
                query.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})  # type: ignore[no-untyped-call]
            )
            plans.append("\n".join((await reading.scalars(text(f"EXPLAIN {sql}"))).all()))

    # then
    assert "ix_image_tags_user_tag" in plans[0]
    assert "uq_tags_name" in plans[0]
    assert "ix_user_tags_most_used" in plans[1]
    assert all("Seq Scan" not in plan for plan in plans), plans
