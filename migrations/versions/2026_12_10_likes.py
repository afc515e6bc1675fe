"""Likes of public images, and how many each has.

The counts have a table of their own: a row of `images` stands in many indexes, and would be written into each of them anew.
"""

from alembic import op

revision = "2026_12_10_likes"
down_revision = "2026_12_09_lean_images"
branch_labels = None
depends_on = None

UPGRADE = [
    """
    CREATE TABLE image_like_counts (
        image_id uuid    NOT NULL CONSTRAINT pk_image_like_counts PRIMARY KEY
                         CONSTRAINT fk_image_like_counts_image_id REFERENCES images (id) ON DELETE CASCADE,
        likes    integer NOT NULL,
        CONSTRAINT chk_image_like_counts_likes CHECK (likes >= 0)
    )
    """,
    "CREATE INDEX ix_image_like_counts_most ON image_like_counts (likes, image_id)",
    """
    CREATE TABLE image_likes (
        image_id   uuid        NOT NULL CONSTRAINT fk_image_likes_image_id REFERENCES images (id) ON DELETE CASCADE,
        user_id    uuid        NOT NULL CONSTRAINT fk_image_likes_user_id REFERENCES users (id) ON DELETE CASCADE,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_image_likes PRIMARY KEY (image_id, user_id)
    )
    """,
    "CREATE INDEX ix_image_likes_user_id ON image_likes (user_id)",
    # Counts are locked in the order of their images, so that two who leave at once wait for each other, and never in a circle.
    """
    CREATE FUNCTION count_likes() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'TRUNCATE' THEN
            DELETE FROM image_like_counts;
        ELSIF TG_OP = 'INSERT' THEN
            INSERT INTO image_like_counts AS kept (image_id, likes)
            SELECT image_id, count(*) FROM added GROUP BY image_id ORDER BY image_id
            ON CONFLICT (image_id) DO UPDATE SET likes = kept.likes + EXCLUDED.likes;
        ELSE
            PERFORM 1 FROM image_like_counts WHERE image_id IN (SELECT image_id FROM removed)
              ORDER BY image_id FOR NO KEY UPDATE;
            UPDATE image_like_counts AS kept SET likes = kept.likes - gone.likes
              FROM (SELECT image_id, count(*) AS likes FROM removed GROUP BY image_id) AS gone
             WHERE kept.image_id = gone.image_id;
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER count_added AFTER INSERT ON image_likes
        REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_likes()
    """,
    """
    CREATE TRIGGER count_removed AFTER DELETE ON image_likes
        REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_likes()
    """,
    "CREATE TRIGGER count_truncated AFTER TRUNCATE ON image_likes FOR EACH STATEMENT EXECUTE FUNCTION count_likes()",
]

DOWNGRADE = [
    "DROP TABLE image_likes",
    "DROP FUNCTION count_likes()",
    "DROP TABLE image_like_counts",
]


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
