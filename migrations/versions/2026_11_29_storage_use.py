"""How much each person's pictures take is kept as a sum, by the database itself, instead of being added up at each look."""

from alembic import op

revision = "2026_11_29_storage_use"
down_revision = "2026_11_29_loop_failures"
branch_labels = None
depends_on = None

UPGRADE = [
    # Rows are updated all the time: room in the page lets them stay there (HOT).
    """
    CREATE TABLE storage_use (
        user_id    uuid NOT NULL CONSTRAINT pk_storage_use PRIMARY KEY
                   CONSTRAINT fk_storage_use_user_id REFERENCES users (id) ON DELETE CASCADE,
        used_bytes bigint NOT NULL DEFAULT '0' CONSTRAINT chk_storage_use_used_bytes CHECK (used_bytes >= 0)
    ) WITH (fillfactor = 70)
    """,
    # Sets, not rows: jobs that end together change each person's sum once. In the order of the people, so that two
    # statements about several people never wait for each other in a circle. What goes only lowers a sum that is there: with
    # a person all of it goes, in any order. A sum that somebody made wrong by hand stops nobody from deleting.
    """
    CREATE FUNCTION count_storage() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'TRUNCATE' THEN
            UPDATE storage_use SET used_bytes = 0 WHERE used_bytes <> 0;
        ELSIF TG_OP = 'INSERT' THEN
            INSERT INTO storage_use AS kept (user_id, used_bytes)
            SELECT user_id, SUM(file_size) FROM added GROUP BY user_id ORDER BY user_id
            ON CONFLICT (user_id) DO UPDATE SET used_bytes = kept.used_bytes + EXCLUDED.used_bytes;
        ELSIF TG_OP = 'DELETE' THEN
            PERFORM 1 FROM storage_use WHERE user_id IN (SELECT user_id FROM removed)
              ORDER BY user_id FOR NO KEY UPDATE;
            UPDATE storage_use SET used_bytes = GREATEST(0, used_bytes - gone.bytes)
              FROM (SELECT user_id, SUM(file_size) AS bytes FROM removed GROUP BY user_id) AS gone
             WHERE storage_use.user_id = gone.user_id;
        ELSIF EXISTS (SELECT id, user_id, file_size FROM removed EXCEPT SELECT id, user_id, file_size FROM added) THEN
            INSERT INTO storage_use (user_id)
            SELECT DISTINCT user_id FROM added ORDER BY user_id
            ON CONFLICT DO NOTHING;
            PERFORM 1 FROM storage_use
              WHERE user_id IN (SELECT user_id FROM removed UNION SELECT user_id FROM added)
              ORDER BY user_id FOR NO KEY UPDATE;
            UPDATE storage_use SET used_bytes = GREATEST(0, used_bytes + changed.bytes)
              FROM (SELECT user_id, SUM(bytes) AS bytes
                      FROM (SELECT user_id, file_size AS bytes FROM added
                            UNION ALL
                            SELECT user_id, -file_size FROM removed) AS signed
                     GROUP BY user_id) AS changed
             WHERE storage_use.user_id = changed.user_id AND changed.bytes <> 0;
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER storage_added AFTER INSERT ON images
        REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_storage()
    """,
    """
    CREATE TRIGGER storage_removed AFTER DELETE ON images
        REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_storage()
    """,
    """
    CREATE TRIGGER storage_changed AFTER UPDATE ON images
        REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_storage()
    """,
    """
    CREATE TRIGGER storage_truncated AFTER TRUNCATE ON images
        FOR EACH STATEMENT EXECUTE FUNCTION count_storage()
    """,
    # From the first trigger on nobody else writes images before this commits, so nothing is counted twice or forgotten.
    "INSERT INTO storage_use (user_id, used_bytes) SELECT user_id, SUM(file_size) FROM images GROUP BY user_id",
]

DOWNGRADE = [
    *(f"DROP TRIGGER storage_{name} ON images" for name in ("added", "removed", "changed", "truncated")),
    "DROP FUNCTION count_storage()",
    "DROP TABLE storage_use",
]


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
