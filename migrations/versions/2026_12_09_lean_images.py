"""Jobs end as quickly as before there was a search: what they make waits for a chore to index it, and indexes hold what is looked
for in them.

A function that returns a value is set up anew for each image, which cost more than all it did; one that returns rows becomes a part of
the statement.
"""

from alembic import op

revision = "2026_12_09_lean_images"
down_revision = "2026_12_08_stalled_tasks"
branch_labels = None
depends_on = None

_LORAS = """
    SELECT search_lora({owner}, left(lora #>> '{{}}', 200))
      FROM (SELECT jsonb_path_query({told}, '$.loras[*].name')
            UNION ALL
            SELECT jsonb_path_query({told}, '$.metadata.loras[*].name')) AS named (lora)
     WHERE jsonb_typeof(lora) = 'string'
    UNION
    SELECT search_mark(user_tags.id) FROM image_tags JOIN user_tags USING (user_id, tag_id)
     WHERE image_tags.image_id = {id}
    UNION
    SELECT search_mark(collection_id) FROM collections_images WHERE collections_images.image_id = {id}
"""
_SAID = """
    concat_ws(E' \\ue000 ', {told} ->> 'prompt', {told} ->> 'resolved_prompt', {told} ->> 'negative_prompt')
"""

_BEFORE_INSERT = """
    CREATE OR REPLACE FUNCTION describe_image() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        said jsonb = NEW.generation_params;
        seed numeric = CASE WHEN jsonb_typeof(said -> 'seed') = 'number' THEN CAST(said ->> 'seed' AS numeric) END;
    BEGIN
        NEW.origin = coalesce(NEW.origin, CASE WHEN NEW.job_id IS NULL THEN 'uploaded' ELSE 'made' END);
        NEW.model = CASE WHEN jsonb_typeof(said -> 'model') = 'string' THEN left(said ->> 'model', 200) END;
        NEW.job_type = CASE WHEN jsonb_typeof(said -> 'job_type') = 'string' THEN left(said ->> 'job_type', 40) END;
        NEW.seed = CASE WHEN seed >= 0 AND seed < 1e20 AND seed = trunc(seed) THEN seed END;
        {prompt_key}RETURN NEW;
    END
    $$
"""
_PROMPT_KEY = """IF TG_OP = 'INSERT' THEN
            NEW.prompt_key = key_of_prompt(said);
        END IF;
        """

UPGRADE = [
    "DROP TRIGGER make_searchable ON images",
    "DROP FUNCTION make_image_searchable(), search_document(images), search_text(uuid, text)",
    "DROP TRIGGER set_prompt_key ON images",
    "DROP FUNCTION set_prompt_key()",
    # The same words have the same key as before. Most have single blanks between them, which is seen more quickly than mended.
    r"""
    CREATE OR REPLACE FUNCTION key_of_prompt(told jsonb) RETURNS uuid LANGUAGE plpgsql IMMUTABLE AS $$
    DECLARE
        prompt text = coalesce(told ->> 'prompt', '');
        negative text = coalesce(told ->> 'negative_prompt', '');
    BEGIN
        IF prompt ~ '\s\s|[^\S ]' THEN
            prompt = regexp_replace(prompt, '\s+', ' ', 'g');
        END IF;
        IF negative ~ '\s\s|[^\S ]' THEN
            negative = regexp_replace(negative, '\s+', ' ', 'g');
        END IF;
        prompt = btrim(prompt);
        RETURN CASE WHEN prompt = '' THEN '00000000-0000-0000-0000-000000000000'
                    ELSE encode(substr(sha256(convert_to(prompt || E'\n' || btrim(negative), 'UTF8')), 1, 16), 'hex') END;
    END
    $$
    """,
    _BEFORE_INSERT.format(prompt_key=_PROMPT_KEY),
    # Of the parameters' names none is a column's, which would be meant instead.
    f"""
    CREATE FUNCTION search_document(of_image uuid, owner uuid, told jsonb) RETURNS TABLE (document tsvector)
    LANGUAGE sql STABLE AS $$
        SELECT CAST(coalesce((SELECT string_agg('''' || mine.scope || word || ''':' || least(place, 16383), ' ')
                                FROM search_words(mine.said)), '') AS tsvector)
            || array_to_tsvector(ARRAY(SELECT mine.scope || '#' UNION {_LORAS.format(id="of_image", owner="owner", told="told")}))
          FROM (SELECT search_scope(owner) AS scope, {_SAID.format(told="told")} AS said OFFSET 0) AS mine
    $$
    """,
    # No reference to images: whoever indexes it finds that one is gone.
    "CREATE TABLE unindexed_images (image_id uuid NOT NULL CONSTRAINT pk_unindexed_images PRIMARY KEY)",
    # What people send in is found at once; what jobs make, a moment later.
    """
    CREATE FUNCTION make_images_searchable() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO unindexed_images (image_id) SELECT id FROM added WHERE job_id IS NOT NULL;
        INSERT INTO image_search (image_id, document)
        SELECT added.id, made.document
          FROM added CROSS JOIN LATERAL search_document(added.id, added.user_id, added.generation_params) AS made
         WHERE added.job_id IS NULL;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE FUNCTION make_image_searchable_again() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO image_search (image_id, document)
        SELECT NEW.id, made.document FROM search_document(NEW.id, NEW.user_id, NEW.generation_params) AS made
        ON CONFLICT (image_id) DO UPDATE SET document = EXCLUDED.document;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER make_searchable AFTER INSERT ON images
        REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION make_images_searchable()
    """,
    """
    CREATE TRIGGER make_searchable_again AFTER UPDATE OF generation_params ON images
        FOR EACH ROW EXECUTE FUNCTION make_image_searchable_again()
    """,
    # What nearly every image has is found by going through the newest; an index of its own is for the others.
    "DROP INDEX ix_images_user_size, ix_images_user_origin, ix_images_user_job_type",
    "CREATE INDEX ix_images_user_uploaded ON images (user_id, created_at DESC) WHERE origin = 'uploaded'",
    "CREATE INDEX ix_images_user_job_type ON images (user_id, job_type, created_at DESC) WHERE job_type <> 'txt2img'",
]

DOWNGRADE = [
    "DROP TRIGGER make_searchable_again ON images",
    "DROP TRIGGER make_searchable ON images",
    """
    INSERT INTO image_search (image_id, document)
    SELECT images.id, made.document
      FROM unindexed_images JOIN images ON images.id = image_id
     CROSS JOIN LATERAL search_document(images.id, images.user_id, images.generation_params) AS made
        ON CONFLICT DO NOTHING
    """,
    "DROP TABLE unindexed_images",
    "DROP FUNCTION make_image_searchable_again(), make_images_searchable(), search_document(uuid, uuid, jsonb)",
    "DROP INDEX ix_images_user_job_type, ix_images_user_uploaded",
    "CREATE INDEX ix_images_user_job_type ON images (user_id, job_type, created_at DESC) WHERE job_type IS NOT NULL",
    "CREATE INDEX ix_images_user_origin ON images (user_id, origin, created_at DESC) WHERE origin IS NOT NULL",
    "CREATE INDEX ix_images_user_size ON images (user_id, width, height)",
    _BEFORE_INSERT.format(prompt_key=""),
    r"""
    CREATE OR REPLACE FUNCTION key_of_prompt(told jsonb) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
        SELECT CASE WHEN asked.prompt = '' THEN '00000000-0000-0000-0000-000000000000'::uuid
                    ELSE encode(substr(sha256(convert_to(asked.prompt || E'\n' || asked.negative, 'UTF8')), 1, 16), 'hex')::uuid END
          FROM (SELECT btrim(regexp_replace(COALESCE(told ->> 'prompt', ''), '\s+', ' ', 'g')) AS prompt,
                       btrim(regexp_replace(COALESCE(told ->> 'negative_prompt', ''), '\s+', ' ', 'g')) AS negative) AS asked
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
    """
    CREATE FUNCTION search_text(user_id uuid, said text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT CAST(coalesce(string_agg(
                   '''' || search_scope(user_id) || word || ''':' || least(place, 16383), ' '), '') AS tsvector)
          FROM search_words(said)
    $$
    """,
    f"""
    CREATE FUNCTION search_document(image images) RETURNS tsvector LANGUAGE sql STABLE AS $$
        SELECT search_text(image.user_id, {_SAID.format(told="image.generation_params")})
            || array_to_tsvector(ARRAY(
                   SELECT search_scope(image.user_id) || '#' UNION
                   {_LORAS.format(id="image.id", owner="image.user_id", told="image.generation_params")}))
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
    """
    CREATE TRIGGER make_searchable AFTER INSERT OR UPDATE OF generation_params ON images
       FOR EACH ROW EXECUTE FUNCTION make_image_searchable()
    """,
]


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
