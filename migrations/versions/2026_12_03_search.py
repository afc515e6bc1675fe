"""Images found by what they were made with and by words: columns that triggers fill, and one text-search document for each image."""

from alembic import op

revision = "2026_12_03_search"
down_revision = "2026_12_02_collections"
branch_labels = None
depends_on = None

# No column has a value for the rows that are there, so none of them is written anew under the lock. A chore fills them.
COLUMNS = [
    """
    ALTER TABLE images
        ADD COLUMN origin text,
        ADD COLUMN model text,
        ADD COLUMN job_type text,
        ADD COLUMN seed numeric(20, 0),
        ADD COLUMN rating smallint NOT NULL DEFAULT 0,
        ADD CONSTRAINT chk_images_origin CHECK (origin IN ('made', 'uploaded')) NOT VALID,
        ADD CONSTRAINT chk_images_rating CHECK (rating BETWEEN 0 AND 5) NOT VALID
    """,
    "ALTER TABLE images VALIDATE CONSTRAINT chk_images_origin",
    "ALTER TABLE images VALIDATE CONSTRAINT chk_images_rating",
    """
    CREATE TABLE image_search (
        image_id uuid NOT NULL CONSTRAINT pk_image_search PRIMARY KEY
                 CONSTRAINT fk_image_search_image_id REFERENCES images (id) ON DELETE CASCADE,
        document tsvector NOT NULL
    )
    """,
    # Words wait in the list for a while and are sorted in together; a search reads the list too, so it is a short one.
    "CREATE INDEX ix_image_search_document ON image_search USING gin (document) WITH (gin_pending_list_limit = 512)",
    "CREATE INDEX ix_images_not_searchable ON images (id) WHERE origin IS NULL",
    "CREATE INDEX ix_images_user_origin ON images (user_id, origin, created_at DESC) WHERE origin IS NOT NULL",
    "CREATE INDEX ix_images_user_model ON images (user_id, model, created_at DESC) WHERE model IS NOT NULL",
    "CREATE INDEX ix_images_user_job_type ON images (user_id, job_type, created_at DESC) WHERE job_type IS NOT NULL",
    "CREATE INDEX ix_images_user_seed ON images (user_id, seed) WHERE seed IS NOT NULL",
    "CREATE INDEX ix_images_user_api_key ON images (user_id, api_key_id, created_at DESC) WHERE api_key_id IS NOT NULL",
    "CREATE INDEX ix_images_user_rating ON images (user_id, rating DESC, created_at DESC)",
    "CREATE INDEX ix_images_user_favorite ON images (user_id, created_at DESC) WHERE is_favorite",
    """
    CREATE INDEX ix_images_user_shared ON images (user_id, visibility, created_at DESC)
     WHERE visibility IN ('public', 'unlisted')
    """,
    "CREATE INDEX ix_images_user_size ON images (user_id, width, height)",
    "CREATE INDEX ix_images_user_file_size ON images (user_id, file_size)",
]

# Between words stand blanks, ASCII and general punctuation, and symbols.
_BETWEEN = (
    r"\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7"
    r"\u2000-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3030\u303d\ufe00-\ufe6f\uff00-\uff0f"
)
# Scripts that are written without blanks, or whose words end in many ways: Thai to Khmer, Hangul, kana, ideographs; emoji too.
_WITHOUT_BLANKS = (
    r"\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fff\u3005-\u3007\u3040-\u30ff\u3130-\u318f"
    r"\u31f0-\u31ff\u3400-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f\U0001f000-\U0001faff"
    r"\U00020000-\U0003ffff"
)

FUNCTIONS = [
    # The words of a text with their places. Of a run without blanks: every two signs that follow each other, and the last one.
    # PostgreSQL's own parser depends on the locale and knows no such runs.
    rf"""
    CREATE FUNCTION search_words(said text)
    RETURNS TABLE (word text, place integer, is_part boolean, is_last boolean)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT piece.word, CAST(row_number() OVER (ORDER BY run.place, piece.place) AS integer),
               run.found[1] IS NOT NULL, piece.place = length(coalesce(run.found[1], '.'))
          FROM regexp_matches(lower(normalize(left(said, 20000), NFKC)),
                              '([{_WITHOUT_BLANKS}]+)|([^{_BETWEEN}{_WITHOUT_BLANKS}]+)', 'g')
               WITH ORDINALITY AS run (found, place)
         CROSS JOIN LATERAL (
               SELECT left(run.found[2], 64), 1 WHERE run.found[2] IS NOT NULL
               UNION ALL
               SELECT substr(run.found[1], sign, 2), sign
                 FROM generate_series(1, length(run.found[1])) AS sign) AS piece (word, place)
    $$
    """,
    # What a person's words begin with in the index: so they lie apart from everybody else's, however many these are.
    """
    CREATE FUNCTION search_scope(user_id uuid) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT left(md5(CAST(user_id AS text)), 6)
    $$
    """,
    """
    CREATE FUNCTION search_lora(user_id uuid, name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT search_scope(user_id) || '#' || md5(lower(normalize(name, NFC)))
    $$
    """,
    # A tag by the person's own row, which stays when the tag is called something else; so does a collection's.
    """
    CREATE FUNCTION search_mark(marked uuid) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT '#' || replace(CAST(marked AS text), '-', '')
    $$
    """,
    """
    CREATE FUNCTION search_text(user_id uuid, said text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT CAST(coalesce(string_agg(
                   '''' || search_scope(user_id) || word || ''':' || least(place, 16383), ' '), '') AS tsvector)
          FROM search_words(said)
    $$
    """,
    # One word, or words that follow each other. `partial`: the last one may go on.
    """
    CREATE FUNCTION search_query(user_id uuid, said text, partial boolean) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT CAST(coalesce(string_agg(
                   coalesce('<' || (place - before) || '>', '') || '''' || search_scope(user_id) || word || ''''
                   || CASE WHEN is_part AND length(word) = 1 OR partial AND place = last AND NOT is_part
                           THEN ':*' ELSE '' END, '' ORDER BY place), '') AS tsquery)
          FROM (SELECT *, lag(place) OVER (ORDER BY place) AS before, max(place) OVER () AS last
                  FROM (SELECT *, lag(is_part AND NOT is_last, 1, false) OVER (ORDER BY place) AS goes_on
                          FROM search_words(said)) AS found
                 WHERE NOT (is_part AND is_last AND goes_on)) AS asked
    $$
    """,
    """
    CREATE FUNCTION search_document(image images) RETURNS tsvector LANGUAGE sql STABLE AS $$
        SELECT search_text(image.user_id, concat_ws(E' \\ue000 ', image.generation_params ->> 'prompt',
                   image.generation_params ->> 'resolved_prompt', image.generation_params ->> 'negative_prompt'))
            || array_to_tsvector(ARRAY(
                   SELECT search_scope(image.user_id) || '#'
                   UNION
                   SELECT search_lora(image.user_id, left(lora #>> '{}', 200))
                     FROM (SELECT jsonb_path_query(image.generation_params, '$.loras[*].name')
                           UNION ALL
                           SELECT jsonb_path_query(image.generation_params, '$.metadata.loras[*].name')) AS named (lora)
                    WHERE jsonb_typeof(lora) = 'string'
                   UNION
                   SELECT search_mark(user_tags.id) FROM image_tags JOIN user_tags USING (user_id, tag_id)
                    WHERE image_tags.image_id = image.id
                   UNION
                   SELECT search_mark(collection_id) FROM collections_images WHERE image_id = image.id))
    $$
    """,
]

TRIGGERS = [
    """
    CREATE FUNCTION describe_image() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        said jsonb = NEW.generation_params;
        seed numeric = CASE WHEN jsonb_typeof(said -> 'seed') = 'number' THEN CAST(said ->> 'seed' AS numeric) END;
    BEGIN
        NEW.origin = coalesce(NEW.origin, CASE WHEN NEW.job_id IS NULL THEN 'uploaded' ELSE 'made' END);
        NEW.model = CASE WHEN jsonb_typeof(said -> 'model') = 'string' THEN left(said ->> 'model', 200) END;
        NEW.job_type = CASE WHEN jsonb_typeof(said -> 'job_type') = 'string' THEN left(said ->> 'job_type', 40) END;
        NEW.seed = CASE WHEN seed >= 0 AND seed < 1e20 AND seed = trunc(seed) THEN seed END;
        RETURN NEW;
    END
    $$
    """,
    """
    CREATE FUNCTION make_image_searchable() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO image_search (image_id, document) VALUES (NEW.id, search_document(NEW))
        ON CONFLICT (image_id) DO UPDATE SET document = EXCLUDED.document;
        RETURN NULL;
    END
    $$
    """,
    # What is on an image already is not put on again, nor is one that is being deleted touched. Rows are locked in the order
    # of their ids, so that two who change the same images wait in one direction.
    """
    CREATE FUNCTION change_marks(ids uuid[], marks text[], are_on boolean[]) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM 1 FROM image_search
          WHERE image_id IN (
                SELECT change.image_id FROM unnest(ids, marks, are_on) AS change (image_id, mark, is_on)
                  JOIN image_search AS kept USING (image_id) JOIN images ON images.id = image_id
                 WHERE (kept.document @@ CAST(quote_literal(mark) AS tsquery)) <> is_on)
          ORDER BY image_id FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            RETURN;
        END IF;
        UPDATE image_search
           SET document = ts_delete(document, change.off) || array_to_tsvector(change.put_on)
          FROM (SELECT image_id,
                       coalesce(array_agg(mark) FILTER (WHERE NOT is_on), '{}') AS off,
                       coalesce(array_agg(mark) FILTER (WHERE is_on), '{}') AS put_on
                  FROM unnest(ids, marks, are_on) AS each (image_id, mark, is_on)
                 WHERE EXISTS (SELECT FROM images WHERE images.id = each.image_id)
                 GROUP BY image_id) AS change
         WHERE image_search.image_id = change.image_id;
    END
    $$
    """,
    # After `count_tag_uses`, which makes and forgets the person's own rows. The mark of a row that is gone stays on the images:
    # nobody asks for it any more.
    """
    CREATE FUNCTION mark_tagged() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        gained image_tags[] = '{}';
        lost image_tags[] = '{}';
    BEGIN
        IF TG_OP IN ('INSERT', 'UPDATE') THEN
            gained = ARRAY(SELECT added FROM added);
        END IF;
        IF TG_OP IN ('DELETE', 'UPDATE') THEN
            lost = ARRAY(SELECT removed FROM removed);
        END IF;
        PERFORM change_marks(array_agg(image_id), array_agg(search_mark(user_tags.id)), array_agg(is_on))
           FROM (SELECT image_id, tag_id, user_id, true AS is_on FROM unnest(gained)
                 UNION ALL
                 SELECT image_id, tag_id, user_id, false FROM unnest(lost)) AS use
           JOIN user_tags USING (user_id, tag_id);
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE FUNCTION mark_collected() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            PERFORM change_marks(array_agg(image_id), array_agg(search_mark(collection_id)), array_agg(true)) FROM added;
        ELSE
            PERFORM change_marks(array_agg(image_id), array_agg(search_mark(collection_id)), array_agg(false))
               FROM removed JOIN collections ON collections.id = collection_id;
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER describe BEFORE INSERT OR UPDATE OF generation_params ON images
       FOR EACH ROW EXECUTE FUNCTION describe_image()
    """,
    """
    CREATE TRIGGER make_searchable AFTER INSERT OR UPDATE OF generation_params ON images
       FOR EACH ROW EXECUTE FUNCTION make_image_searchable()
    """,
    """
    CREATE TRIGGER mark_added AFTER INSERT ON image_tags REFERENCING NEW TABLE AS added
       FOR EACH STATEMENT EXECUTE FUNCTION mark_tagged()
    """,
    """
    CREATE TRIGGER mark_removed AFTER DELETE ON image_tags REFERENCING OLD TABLE AS removed
       FOR EACH STATEMENT EXECUTE FUNCTION mark_tagged()
    """,
    """
    CREATE TRIGGER mark_changed AFTER UPDATE ON image_tags REFERENCING OLD TABLE AS removed NEW TABLE AS added
       FOR EACH STATEMENT EXECUTE FUNCTION mark_tagged()
    """,
    """
    CREATE TRIGGER mark_added AFTER INSERT ON collections_images REFERENCING NEW TABLE AS added
       FOR EACH STATEMENT EXECUTE FUNCTION mark_collected()
    """,
    """
    CREATE TRIGGER mark_removed AFTER DELETE ON collections_images REFERENCING OLD TABLE AS removed
       FOR EACH STATEMENT EXECUTE FUNCTION mark_collected()
    """,
]

DOWNGRADE = [
    "DROP TRIGGER mark_removed ON collections_images",
    "DROP TRIGGER mark_added ON collections_images",
    "DROP TRIGGER mark_changed ON image_tags",
    "DROP TRIGGER mark_removed ON image_tags",
    "DROP TRIGGER mark_added ON image_tags",
    "DROP TRIGGER make_searchable ON images",
    "DROP TRIGGER describe ON images",
    "DROP FUNCTION mark_collected(), mark_tagged(), change_marks(uuid[], text[], boolean[]), make_image_searchable(), describe_image()",
    "DROP FUNCTION search_document(images), search_query(uuid, text, boolean), search_text(uuid, text)",
    "DROP FUNCTION search_mark(uuid), search_lora(uuid, text), search_scope(uuid), search_words(text)",
    "DROP TABLE image_search",
    "DROP INDEX ix_images_user_file_size, ix_images_user_size, ix_images_user_shared, ix_images_user_favorite, ix_images_user_api_key",
    """
    ALTER TABLE images DROP COLUMN rating, DROP COLUMN seed, DROP COLUMN job_type, DROP COLUMN model, DROP COLUMN origin
    """,
]


def upgrade() -> None:
    for statement in (*COLUMNS, *FUNCTIONS, *TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
