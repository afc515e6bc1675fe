"""A large gallery as rows, made by SQL: pictures of many people, many of them one person's, with tags and collections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg

# Common ones first: how often a word is drawn falls with its number.
KOREAN = "고양이 바다 하늘 토끼 강아지 겨울 여름밤 숲속 호수 도시"
WORDS = ("portrait", "light", *(f"word{number}" for number in range(2, 400)), *KOREAN.split())
_PEOPLE = """
    INSERT INTO users (id, email, display_name) SELECT id, id || '@example.com', 'Bench' FROM unnest($1::uuid[]) AS id
"""
_IMAGES = """
    INSERT INTO images (id, user_id, s3_key, thumbnail_url, width, height, format, file_size, visibility, is_favorite, rating,
                        api_key_id, origin, model, job_type, seed, generation_params, created_at)
    SELECT id, user_id, 'images/' || id, 'thumbnails/' || id, 512 + 64 * (n % 17), 512 + 64 * (n / 17 % 17), 'png',
           100000 + (n * 7919) % 900001,
           CASE WHEN n % 50 = 0 THEN 'public' ELSE 'private' END, n % 20 = 1, CASE WHEN n % 5 = 0 THEN 1 + n % 5 + n % 4 ELSE 0 END,
           CASE WHEN n % 100 = 3 THEN $4::uuid END, CASE WHEN n % 10 = 7 THEN 'uploaded' ELSE 'made' END,
           model, job_type, n % 1000000,
           jsonb_build_object('prompt', prompt, 'negative_prompt', 'blurry, lowres, watermark', 'model', model,
               'job_type', job_type, 'seed', n % 1000000, 'steps', 20, 'cfg_scale', 7, 'sampler', 'euler',
               'loras', CASE WHEN n % 3 = 0 THEN jsonb_build_array(jsonb_build_object('name', 'lora-' || floor(40 * power(random(), 2)), 'weight', 1))
                             ELSE '[]' END),
           now() - n * interval '20 seconds'
      FROM (SELECT n, gen_random_uuid() AS id,
                   CASE WHEN n % $6::bigint = 0 THEN ($1::uuid[])[1]
                        ELSE ($1::uuid[])[2 + (n * 7 % (cardinality($1::uuid[]) - 1))] END AS user_id,
                   'model-' || floor(30 * power(random(), 3)) AS model,
                   CASE WHEN random() < 0.01 THEN 'inpaint' WHEN random() < 0.2 THEN 'img2img' ELSE 'txt2img' END AS job_type,
                   (SELECT string_agg(($2::text[])[1 + floor(cardinality($2::text[]) * power(random(), 2))::integer], ' ')
                      FROM generate_series(1, 25 + 0 * n)) AS prompt
              FROM generate_series($3::bigint, $3::bigint + $5::bigint - 1) AS n) AS drawn
"""
_TAGS = "INSERT INTO tags (id, name) SELECT gen_random_uuid(), name FROM unnest($1::text[]) AS name"
_TAGGED = """
    INSERT INTO image_tags (image_id, tag_id, user_id)
    SELECT image.id, tag.id, image.user_id
      FROM (SELECT id, user_id, 1 + (row_number() OVER (ORDER BY id) * 7) % $1::integer AS place FROM images WHERE seed % 2 = 0) AS image
      JOIN (SELECT id, row_number() OVER (ORDER BY name) AS place FROM tags) AS tag USING (place)
"""
_USED = """
    INSERT INTO user_tags (user_id, tag_id, usage_count)
    SELECT user_id, tag_id, count(*) FROM image_tags GROUP BY user_id, tag_id
"""
_COLLECTED = """
    INSERT INTO collections_images (collection_id, image_id, sort_order)
    SELECT $2, id, row_number() OVER (ORDER BY id) FROM images WHERE user_id = $1 LIMIT 10000
"""
_STEP = 100_000


@dataclass(frozen=True)
class Made:
    """Whose gallery is the largest, how large it is, and what lists ask for."""

    largest: UUID
    of_largest: int
    others: Sequence[UUID]
    tag: str
    collection: UUID
    api_key: UUID


async def fill(bare: asyncpg.Connection, images: int, people: int, largest: int) -> Made:
    """As many pictures of as many people, one of whom has `largest`, with their documents, and the planner's figures. Triggers rest meanwhile."""
    ids = [uuid4() for _ in range(people)]
    collection, api_key = uuid4(), uuid4()
    tags = ["태그 고래", *(f"tag {number}" for number in range(499))]
    await bare.execute("SET session_replication_role = replica")
    await bare.execute(_PEOPLE, ids)
    for first in range(0, images, _STEP):
        await bare.execute(
            _IMAGES, ids, list(WORDS), first, api_key, min(_STEP, images - first), images // largest
        )
    await bare.execute(_TAGS, tags)
    await bare.execute(_TAGGED, len(tags))
    await bare.execute(_USED)
    await bare.execute(
        "INSERT INTO collections (id, user_id, name) VALUES ($1, $2, 'Bench')", collection, ids[0]
    )
    await bare.execute(_COLLECTED, ids[0], collection)
    index = await bare.fetchval("SELECT pg_get_indexdef('ix_image_search_document'::regclass)")
    await bare.execute("DROP INDEX ix_image_search_document")
    await bare.execute(
        "INSERT INTO image_search (image_id, document) SELECT id, document FROM images"
        " CROSS JOIN LATERAL search_document(id, user_id, generation_params)"
    )
    await bare.execute(index)
    await bare.execute("VACUUM ANALYZE")
    of_largest = await bare.fetchval("SELECT count(*) FROM images WHERE user_id = $1", ids[0])
    return Made(ids[0], of_largest, ids[1:], "tag 1", collection, api_key)
