"""Images that were there before there was a search are made searchable, some at a time; triggers do it for all others."""

from sqlalchemy import text

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


async def make_old_images_searchable(database: Database) -> int:
    """Make all of them searchable, and say how many they were; may be cut off at any moment."""
    filled = 0
    while True:
        async with database.transaction() as session:
            here = len((await session.scalars(_FILL, {"page": PAGE})).all())
        filled += here
        if here < PAGE:
            return filled
