"""The trash: when a picture went into it, and what it has to have again when it comes back."""

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
    for statement in (*UPGRADE, COUNT_WITHOUT_TRASH):
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
