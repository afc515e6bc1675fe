"""The rows of pictures that jobs have made: the gallery's part of the statement that ends jobs, in one with the rest of it."""

# What the statement has to be told of each picture, as columns of its `ending`; `image_id` is NULL where there is none.
COLUMNS = """image_id uuid, s3_key text, thumbnail_key text, width integer, height integer, format text,
             file_size bigint, generation_params jsonb, visibility text, thumbnail_large_key text, thumbhash text,
             content_hash text, look_hash text"""
# `ending`, of id and COLUMNS, says which picture each job brings; `ended`, of id, user_id and api_key_id, which jobs have ended.
# Triggers count what is kept.
KEEP = """
    kept AS (
        INSERT INTO images (id, user_id, job_id, s3_key, thumbnail_url, width, height, format, file_size,
                            generation_params, visibility, api_key_id, thumbnail_large_url, thumbhash, content_hash,
                            look_hash)
        SELECT image_id, user_id, id, s3_key, thumbnail_key, width, height, format, file_size, generation_params,
               visibility, api_key_id, thumbnail_large_key, decode(thumbhash, 'base64'),
               decode(content_hash, 'hex'), CAST(look_hash AS bit(256))
          FROM ending JOIN ended USING (id) WHERE image_id IS NOT NULL
        RETURNING job_id AS id, created_at
    )
"""
