"""Images are made searchable, some at a time: what jobs have just made, and what was there before there was a search.

What people send in is searchable at once, by triggers.
"""

from sqlalchemy import ARRAY, Uuid, bindparam, text

from pingvas.base.db import Database

PAGE = 500
# Nobody puts one of them into a collection meanwhile, or a tag on it: both lock the image's row. The triggers do the rest.
_FILL = text("""
    WITH old AS (
        SELECT id FROM images WHERE origin IS NULL ORDER BY id LIMIT :page FOR UPDATE SKIP LOCKED
    )
    UPDATE images SET generation_params = generation_params FROM old WHERE images.id = old.id
    RETURNING images.id
""")

# Of what waits. One of them whose row somebody has locked is left for the next time, as above.
_LOCK = text("""
    WITH waiting AS (
        SELECT image_id FROM unindexed_images ORDER BY image_id LIMIT :page FOR UPDATE SKIP LOCKED
    ), locked AS MATERIALIZED (
        SELECT id FROM images WHERE id IN (SELECT image_id FROM waiting) ORDER BY id FOR UPDATE SKIP LOCKED
    )
    SELECT image_id FROM waiting
     WHERE image_id IN (SELECT id FROM locked) OR NOT EXISTS (SELECT FROM images WHERE id = image_id)
""")
_INDEX = text("""
    WITH indexed AS (
        DELETE FROM unindexed_images WHERE image_id = ANY(:ids)
    )
    INSERT INTO image_search (image_id, document)
    SELECT images.id, made.document
      FROM images CROSS JOIN LATERAL search_document(images.id, images.user_id, images.generation_params) AS made
     WHERE images.id = ANY(:ids)
        ON CONFLICT DO NOTHING
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))


async def index_new_images(database: Database) -> int:
    """Index all that jobs have made, and say how many that were; may be cut off at any moment."""
    indexed = 0
    while True:
        # In a statement of its own, which sees all tags and collections that were given before the lock.
        async with database.transaction() as session:
            here = list((await session.scalars(_LOCK, {"page": PAGE})).all())
            if here:
                await session.execute(_INDEX, {"ids": here})
        indexed += len(here)
        if len(here) < PAGE:
            return indexed


async def make_old_images_searchable(database: Database) -> int:
    """Make all of them searchable, and say how many they were; may be cut off at any moment."""
    filled = 0
    while True:
        async with database.transaction() as session:
            here = len((await session.scalars(_FILL, {"page": PAGE})).all())
        filled += here
        if here < PAGE:
            return filled
