"""A person's own words: which tags somebody uses and on how many images, kept by the triggers that count all uses."""

from alembic import op

revision = "2026_12_01_tags"
down_revision = "2026_11_30_money"
branch_labels = None
depends_on = None

TABLES = [
    """
    CREATE TABLE user_tags (
        id          uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT pk_user_tags PRIMARY KEY,
        user_id     uuid NOT NULL CONSTRAINT fk_user_tags_user_id REFERENCES users (id) ON DELETE CASCADE,
        tag_id      uuid NOT NULL CONSTRAINT fk_user_tags_tag_id REFERENCES tags (id) ON DELETE CASCADE,
        usage_count integer NOT NULL DEFAULT 0,
        created_at  timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT uq_user_tags_tag UNIQUE (user_id, tag_id),
        CONSTRAINT chk_user_tags_usage_count CHECK (usage_count >= 0)
    )
    """,
    "CREATE INDEX ix_user_tags_most_used ON user_tags (user_id, usage_count DESC, created_at DESC, id DESC)",
    "CREATE INDEX ix_user_tags_tag_id ON user_tags (tag_id)",
    # Once an image is gone nobody can ask it whose it was.
    "ALTER TABLE image_tags ADD COLUMN user_id uuid",
    "UPDATE image_tags SET user_id = images.user_id FROM images WHERE images.id = image_tags.image_id",
    """
    ALTER TABLE image_tags ALTER COLUMN user_id SET NOT NULL,
        ADD CONSTRAINT fk_image_tags_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
    """,
    "CREATE INDEX ix_image_tags_user_tag ON image_tags (user_id, tag_id, image_id)",
    """
    INSERT INTO user_tags (user_id, tag_id, usage_count)
    SELECT user_id, tag_id, count(*) FROM image_tags GROUP BY user_id, tag_id
    """,
]

# The tags are locked in the order of their ids before either count is touched: so two that change the same counts of
# one person wait for each other there, and never in a circle.
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

COUNT_TAGS_ALONE = """
    CREATE OR REPLACE FUNCTION count_tag_uses() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        gained uuid[] = '{}';
        lost uuid[] = '{}';
    BEGIN
        IF TG_OP = 'TRUNCATE' THEN
            UPDATE tags SET usage_count = 0 WHERE usage_count <> 0;
            RETURN NULL;
        END IF;
        IF TG_OP IN ('INSERT', 'UPDATE') THEN
            gained = ARRAY(SELECT tag_id FROM added);
        END IF;
        IF TG_OP IN ('DELETE', 'UPDATE') THEN
            lost = ARRAY(SELECT tag_id FROM removed);
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
        RETURN NULL;
    END
    $$
"""

DOWNGRADE = [
    COUNT_TAGS_ALONE,
    "ALTER TABLE image_tags DROP COLUMN user_id",
    "DROP TABLE user_tags",
]


def upgrade() -> None:
    for statement in (*TABLES, COUNT_BOTH):
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
