"""Images whose files may still name the images they were made from are found by an index, which is empty once all were cleaned."""

from alembic import op

revision = "2026_11_29_naming_files"
down_revision = "2026_11_29_expected_bytes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE INDEX ix_images_naming_files ON images (id)
         WHERE s3_key NOT LIKE '%.v2.%' AND (generation_params ? 'source_image' OR generation_params ? 'mask_image'
            OR jsonb_path_exists(generation_params, '$.controlnet[*].image'))
    """)


def downgrade() -> None:
    op.execute("DROP INDEX ix_images_naming_files")
