"""The trash: when a picture went into it, and what it has to have again when it comes back. And what pictures were made from,
and what they look like."""

from alembic import op

revision = "2026_12_04_trash"
down_revision = "2026_12_03_search"
branch_labels = None
depends_on = None

UPGRADE = [
    "ALTER TABLE images ADD COLUMN trashed_at timestamptz",
    "CREATE INDEX ix_images_trashed ON images (user_id, trashed_at DESC, id DESC) WHERE trashed_at IS NOT NULL",
    "CREATE INDEX ix_images_trashed_at ON images (trashed_at) WHERE trashed_at IS NOT NULL",
    "ALTER TABLE image_tags ADD COLUMN is_trashed boolean NOT NULL DEFAULT false",
    """
    CREATE TABLE trashed_places (
        image_id      uuid NOT NULL CONSTRAINT fk_trashed_places_image_id REFERENCES images (id) ON DELETE CASCADE,
        collection_id uuid NOT NULL
                      CONSTRAINT fk_trashed_places_collection_id REFERENCES collections (id) ON DELETE CASCADE,
        sort_order    integer NOT NULL,
        added_at      timestamptz NOT NULL,
        CONSTRAINT pk_trashed_places PRIMARY KEY (image_id, collection_id)
    )
    """,
    "CREATE INDEX ix_trashed_places_collection_id ON trashed_places (collection_id)",
]

LINEAGE = [
    # NULL: a chore has yet to look what it was made from.
    "ALTER TABLE images ADD COLUMN prompt_key uuid",
    "CREATE INDEX ix_images_prompt_key ON images (user_id, prompt_key, id) WHERE prompt_key IS NOT NULL",
    "CREATE INDEX ix_images_untraced ON images (user_id) WHERE prompt_key IS NULL",
    """
    CREATE TABLE image_sources (
        image_id  uuid NOT NULL CONSTRAINT fk_image_sources_image_id REFERENCES images (id) ON DELETE CASCADE,
        source_id uuid NOT NULL CONSTRAINT fk_image_sources_source_id REFERENCES images (id) ON DELETE CASCADE,
        role      text NOT NULL
                  CONSTRAINT chk_image_sources_role CHECK (role IN ('source', 'mask', 'control', 'reference')),
        CONSTRAINT pk_image_sources PRIMARY KEY (image_id, source_id, role)
    )
    """,
    "CREATE INDEX ix_image_sources_source_id ON image_sources (source_id, image_id)",
    # The same prompt and negative prompt, whatever the blanks around them and between their words; nil: no words.
    """
    CREATE FUNCTION key_of_prompt(told jsonb) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
        SELECT CASE WHEN asked.prompt = '' THEN '00000000-0000-0000-0000-000000000000'::uuid
                    ELSE encode(substr(sha256(convert_to(asked.prompt || E'\n' || asked.negative, 'UTF8')), 1, 16), 'hex')::uuid END
          FROM (SELECT btrim(regexp_replace(COALESCE(told ->> 'prompt', ''), '\\s+', ' ', 'g')) AS prompt,
                       btrim(regexp_replace(COALESCE(told ->> 'negative_prompt', ''), '\\s+', ' ', 'g')) AS negative) AS asked
    $$
    """,
    # A foreign file may say anything under these names.
    """
    CREATE FUNCTION sources_named(told jsonb) RETURNS TABLE (source_id uuid, role text) LANGUAGE sql IMMUTABLE AS $$
        SELECT DISTINCT named.id::uuid, named.role
          FROM (SELECT told ->> 'source_image' AS id, 'source' AS role
                 UNION ALL SELECT told ->> 'mask_image', 'mask'
                 UNION ALL SELECT control #>> '{}', 'control' FROM jsonb_path_query(told, '$.controlnet[*].image') AS control
               ) AS named
         WHERE named.id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
    $$
    """,
    """
    CREATE FUNCTION set_prompt_key() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.prompt_key = key_of_prompt(NEW.generation_params);
        RETURN NEW;
    END
    $$
    """,
    "CREATE TRIGGER set_prompt_key BEFORE INSERT ON images FOR EACH ROW EXECUTE FUNCTION set_prompt_key()",
    # After `storage_added`, by their names: it waits for whoever deletes images of the same person.
    """
    CREATE FUNCTION trace_sources() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO image_sources (image_id, source_id, role)
        SELECT made.id, source.id, named.role
          FROM added AS made
         CROSS JOIN LATERAL sources_named(made.generation_params) AS named
         -- one by one, by the key: whatever the planner knows of the table, it is never read through
         CROSS JOIN LATERAL (SELECT id FROM images
                              WHERE id = named.source_id AND user_id = made.user_id AND id <> made.id OFFSET 0) AS source
        ON CONFLICT DO NOTHING;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER trace_sources AFTER INSERT ON images
        REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION trace_sources()
    """,
]

LOOKS = [
    # NULL: a chore has yet to read it. A content hash of nothing: it could not be read.
    "ALTER TABLE images ADD COLUMN content_hash bytea, ADD COLUMN look_hash bit(256)",
    "CREATE INDEX ix_images_content_hash ON images (user_id, content_hash) WHERE content_hash IS NOT NULL",
    "CREATE INDEX ix_images_unread ON images (id) WHERE content_hash IS NULL",
]

# What all people use counts images in the trash too: a word that is on one of them is not forgotten. A person's own counts do not.
COUNT_WITHOUT_TRASH = """
    CREATE OR REPLACE FUNCTION count_tag_uses() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        gained uuid[] = '{}';
        lost uuid[] = '{}';
        shown uuid[] = '{}';
        shown_by uuid[] = '{}';
        hidden uuid[] = '{}';
        hidden_by uuid[] = '{}';
    BEGIN
        IF TG_OP = 'TRUNCATE' THEN
            UPDATE tags SET usage_count = 0 WHERE usage_count <> 0;
            DELETE FROM user_tags;
            RETURN NULL;
        END IF;
        IF TG_OP IN ('INSERT', 'UPDATE') THEN
            SELECT coalesce(array_agg(tag_id), '{}'), coalesce(array_agg(tag_id) FILTER (WHERE NOT is_trashed), '{}'),
                   coalesce(array_agg(user_id) FILTER (WHERE NOT is_trashed), '{}')
              INTO gained, shown, shown_by FROM added;
        END IF;
        IF TG_OP IN ('DELETE', 'UPDATE') THEN
            SELECT coalesce(array_agg(tag_id), '{}'), coalesce(array_agg(tag_id) FILTER (WHERE NOT is_trashed), '{}'),
                   coalesce(array_agg(user_id) FILTER (WHERE NOT is_trashed), '{}')
              INTO lost, hidden, hidden_by FROM removed;
        END IF;
        PERFORM 1 FROM tags WHERE id = ANY (gained || lost) ORDER BY id FOR NO KEY UPDATE;
        UPDATE tags
           SET usage_count = usage_count + uses.change
          FROM (SELECT tag_id, sum(sign)::integer AS change
                  FROM (SELECT unnest(gained) AS tag_id, 1 AS sign
                        UNION ALL
                        SELECT unnest(lost), -1) AS signed
                 GROUP BY tag_id) AS uses
         WHERE tags.id = uses.tag_id AND uses.change <> 0;
        INSERT INTO user_tags AS kept (user_id, tag_id, usage_count)
        SELECT user_id, tag_id, count(*) FROM unnest(shown, shown_by) AS use (tag_id, user_id)
         GROUP BY user_id, tag_id ORDER BY user_id, tag_id
        ON CONFLICT (user_id, tag_id) DO UPDATE SET usage_count = kept.usage_count + EXCLUDED.usage_count;
        UPDATE user_tags AS kept SET usage_count = kept.usage_count - uses.change
          FROM (SELECT user_id, tag_id, count(*) AS change
                  FROM unnest(hidden, hidden_by) AS use (tag_id, user_id) GROUP BY user_id, tag_id) AS uses
         WHERE kept.user_id = uses.user_id AND kept.tag_id = uses.tag_id;
        DELETE FROM user_tags AS kept USING unnest(hidden, hidden_by) AS use (tag_id, user_id)
         WHERE kept.user_id = use.user_id AND kept.tag_id = use.tag_id AND kept.usage_count = 0;
        RETURN NULL;
    END
    $$
"""

COUNT_BOTH = """
    CREATE OR REPLACE FUNCTION count_tag_uses() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        gained uuid[] = '{}';
        gained_by uuid[] = '{}';
        lost uuid[] = '{}';
        lost_by uuid[] = '{}';
    BEGIN
        IF TG_OP = 'TRUNCATE' THEN
            UPDATE tags SET usage_count = 0 WHERE usage_count <> 0;
            DELETE FROM user_tags;
            RETURN NULL;
        END IF;
        IF TG_OP IN ('INSERT', 'UPDATE') THEN
            SELECT coalesce(array_agg(tag_id), '{}'), coalesce(array_agg(user_id), '{}')
              INTO gained, gained_by FROM added;
        END IF;
        IF TG_OP IN ('DELETE', 'UPDATE') THEN
            SELECT coalesce(array_agg(tag_id), '{}'), coalesce(array_agg(user_id), '{}')
              INTO lost, lost_by FROM removed;
        END IF;
        PERFORM 1 FROM tags WHERE id = ANY (gained || lost) ORDER BY id FOR NO KEY UPDATE;
        UPDATE tags
           SET usage_count = usage_count + uses.change
          FROM (SELECT tag_id, sum(sign)::integer AS change
                  FROM (SELECT unnest(gained) AS tag_id, 1 AS sign
                        UNION ALL
                        SELECT unnest(lost), -1) AS signed
                 GROUP BY tag_id) AS uses
         WHERE tags.id = uses.tag_id AND uses.change <> 0;
        INSERT INTO user_tags AS kept (user_id, tag_id, usage_count)
        SELECT user_id, tag_id, count(*) FROM unnest(gained, gained_by) AS use (tag_id, user_id)
         GROUP BY user_id, tag_id ORDER BY user_id, tag_id
        ON CONFLICT (user_id, tag_id) DO UPDATE SET usage_count = kept.usage_count + EXCLUDED.usage_count;
        UPDATE user_tags AS kept SET usage_count = kept.usage_count - uses.change
          FROM (SELECT user_id, tag_id, count(*) AS change
                  FROM unnest(lost, lost_by) AS use (tag_id, user_id) GROUP BY user_id, tag_id) AS uses
         WHERE kept.user_id = uses.user_id AND kept.tag_id = uses.tag_id;
        DELETE FROM user_tags AS kept USING unnest(lost, lost_by) AS use (tag_id, user_id)
         WHERE kept.user_id = use.user_id AND kept.tag_id = use.tag_id AND kept.usage_count = 0;
        RETURN NULL;
    END
    $$
"""

DOWNGRADE = [
    "DROP TRIGGER trace_sources ON images",
    "DROP TRIGGER set_prompt_key ON images",
    "DROP FUNCTION trace_sources()",
    "DROP FUNCTION set_prompt_key()",
    "DROP FUNCTION sources_named(jsonb)",
    "DROP FUNCTION key_of_prompt(jsonb)",
    "DROP TABLE image_sources",
    "ALTER TABLE images DROP COLUMN prompt_key, DROP COLUMN content_hash, DROP COLUMN look_hash",
    # An older version knows no trash: what is in it comes back, with its places and tags.
    """
    INSERT INTO collections_images (collection_id, image_id, sort_order, added_at)
    SELECT collection_id, image_id, sort_order, added_at FROM trashed_places
    """,
    "DROP TABLE trashed_places",
    "UPDATE image_tags SET is_trashed = false WHERE is_trashed",
    COUNT_BOTH,
    "ALTER TABLE image_tags DROP COLUMN is_trashed",
    "ALTER TABLE images DROP COLUMN trashed_at",
]


def upgrade() -> None:
    for statement in (*UPGRADE, COUNT_WITHOUT_TRASH, *LINEAGE, *LOOKS):
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
