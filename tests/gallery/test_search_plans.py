"""What lists and searches cost: whatever is asked for, indexes alone are read, however many people and images there are."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.base.pages import PageRequest
from pingvas.gallery.library import ImageFilter, list_images
from tests.make.accounts import make_user
from tests.make.plans import heard, plans_of

KEY = b"k" * 32
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
API_KEY = UUID(int=7)
PEOPLE, IMAGES = 40, 300

_IMAGES = text(f"""
    INSERT INTO images (id, user_id, s3_key, width, height, format, file_size, visibility, is_favorite, rating, api_key_id,
                        generation_params, created_at)
    SELECT gen_random_uuid(), person, gen_random_uuid(), 512 + 8 * (n % 64), 512 + 8 * (n % 48), 'png', 1000 + n * 37 % 9001,
           CASE n % 20 WHEN 0 THEN 'public' ELSE 'private' END, n % 20 = 1, CASE WHEN n % 4 = 0 THEN n % 6 ELSE 0 END,
           CASE n % 50 WHEN 2 THEN CAST('{API_KEY}' AS uuid) END,
           jsonb_build_object('prompt', 'a house of number ' || n, 'seed', n * 1000, 'model', 'model-' || n % 30,
               'job_type', CASE n % 30 WHEN 3 THEN 'upscale' ELSE 'txt2img' END,
               'loras', CASE WHEN n % 40 = 5 THEN '[{{"name": "ink"}}]'::jsonb ELSE '[]'::jsonb END),
           CAST(:noon AS timestamptz) + n * interval '1 minute'
      FROM unnest(CAST(:people AS uuid[])) AS person, generate_series(1, {IMAGES}) AS n
""")
_TAGS = text(
    "INSERT INTO tags (id, name) SELECT gen_random_uuid(), 'word ' || n FROM generate_series(1, 10000) AS n"
)
_TAGGED = text("""
    INSERT INTO image_tags (image_id, tag_id, user_id)
    SELECT image.id, tag.id, image.user_id
      FROM (SELECT id, user_id, 200 * dense_rank() OVER (ORDER BY user_id) + row_number() OVER (ORDER BY id) % 30 AS place
              FROM images) AS image
      JOIN (SELECT id, row_number() OVER (ORDER BY name) AS place FROM tags) AS tag USING (place)
""")
_COLLECTED = text("""
    WITH made AS (
        INSERT INTO collections (id, user_id, name)
        SELECT gen_random_uuid(), person, 'collection ' || n FROM unnest(CAST(:people AS uuid[])) AS person, generate_series(1, 25) AS n
        RETURNING id, user_id
    )
    INSERT INTO collections_images (collection_id, image_id)
    SELECT DISTINCT ON (images.id) made.id, images.id FROM made JOIN images USING (user_id) ORDER BY images.id, random()
""")

FILTERS: Mapping[str, dict[str, Any]] = {
    "nothing": {},
    "favorites": {"favorite": True},
    "shared": {"visibility": "public"},
    "private": {"visibility": "private"},
    "model": {"model": "model-7"},
    "no such model": {"model": "unknown"},
    "job type": {"job_type": "upscale"},
    "seed": {"seed": 7000},
    "uploaded": {"origin": "uploaded"},
    "made": {"origin": "made"},
    "API key": {"api_key": API_KEY},
    "rating": {"rating_from": 4},
    "size": {"width_from": 1000, "height_to": 600},
    "days": {"created_from": NOON + timedelta(hours=1), "created_to": NOON + timedelta(hours=2)},
    "LoRA": {"loras": ("ink",)},
    "a common word": {"q": "house"},
    "a rare word": {"q": "17"},
    "an unknown word": {"q": "boat"},
    "a beginning": {"q": "hou"},
    "a phrase": {"q": '"number 17"'},
    "all but": {"q": "-house"},
    "a tag's word": {"q": "word"},
    "words and more": {"q": "house 17", "model": "model-17", "favorite": False, "rating_to": 3},
}


@pytest.fixture
async def people(database: Database) -> list[UUID]:
    """Many people with hundreds of images each, and the planner's figures about them."""
    async with database.transaction() as session:
        ids = [(await make_user(session)).id for _ in range(PEOPLE)]
        for statement in (_IMAGES, _TAGS, _TAGGED, _COLLECTED):
            await session.execute(
                statement, {"people": ids, "noon": NOON} if ":people" in str(statement) else {}
            )
        for table in (
            "images",
            "image_search",
            "tags",
            "user_tags",
            "image_tags",
            "collections",
            "collections_images",
        ):
            await session.execute(text(f"ANALYZE {table}"))
    return ids


async def test_no_list_and_no_search_reads_a_table_through(database: Database, people: list[UUID]) -> None:
    # given
    actor = Actor(people[3], "user", None)
    async with database.read() as reading:
        held = text("SELECT id FROM collections WHERE user_id = :id LIMIT 1")
        collection = await reading.scalar(held, {"id": actor.user_id})
        used = text("SELECT name FROM user_tags JOIN tags ON tags.id = tag_id WHERE user_id = :id LIMIT 2")
        tags = tuple((await reading.scalars(used, {"id": actor.user_id})).all())
    lists: dict[Any, dict[str, Any]] = {
        **{(name, "newest"): filter for name, filter in FILTERS.items()},
        **{("nothing", sort): {"sort": sort} for sort in ("oldest", "rating", "largest", "smallest")},
        **{
            ("a rare word", sort): {"q": "17", "sort": sort}
            for sort in ("oldest", "rating", "largest", "smallest")
        },
        ("a tag", "newest"): {"tags": tags[:1]},
        ("two tags", "newest"): {"tags": tags},
        ("collection", None): {"collection": collection},
        ("collection", "newest"): {"collection": collection, "sort": "newest"},
        ("collection", "with words"): {"collection": collection, "q": "house"},
    }

    # when
    asked: dict[Any, list[tuple[str, Any]]] = {}
    for name, filter in lists.items():
        async with database.read() as reading:
            with heard(database, asked.setdefault(name, [])):
                await list_images(reading, actor, ImageFilter(**filter), PageRequest(KEY, 5))
    plans = await plans_of(database, asked)

    # then
    assert len(plans) >= len(lists)
    read_through = "\n\n".join(f"{name}\n{plan}" for name, plan in plans if "Seq Scan" in plan)
    assert not read_through, read_through
    # Of a collection each image is looked up by its id: however many it has, no plan joins all of them with all images.
    of_collections = [plan for (list_, sort), plan in plans if list_ == "collection" and sort != "newest"]
    looked_up = [plan for plan in of_collections if "pk_images" in plan]
    assert looked_up
    assert not [plan for plan in looked_up if "Hash Join" in plan or "Merge Join" in plan]
