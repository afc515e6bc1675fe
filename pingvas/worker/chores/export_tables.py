"""What the studio holds on a person, table by table: what of it goes into their export, and what does not and why."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from pingvas.accounts.people.avatar import SIZES, avatar_object
from pingvas.base.db import Database

_PAGE = 500
_FIRST = UUID(int=0)
# The folder of pictures in the file.
_PICTURES = "images"


@dataclass(frozen=True)
class ExportedTable:
    """`path` in the file, one JSON object a line. `mine`: which rows are the person's. `without`: columns that are secrets or
    say nothing outside the studio; `with_more`: columns that are put together from other tables."""

    table: str
    path: str
    mine: str = "row.user_id = :user_id"
    without: tuple[str, ...] = ()
    with_more: str = "'{}'::jsonb"
    # Tables without an id of their own are small, and read at once.
    has_id: bool = True


EXPORTED = (
    ExportedTable("users", "account/account.jsonl", "row.id = :user_id", ("password_hash",)),
    ExportedTable(
        "user_profiles",
        "account/profile.jsonl",
        without=("user_id", "avatar_key"),
        with_more=f"""CASE WHEN row.avatar_key IS NULL THEN '{{}}' ELSE jsonb_build_object(
            's3_key', row.avatar_key || '{avatar_object("", SIZES[-1])}', 'file', 'account/avatar.webp') END""",
    ),
    ExportedTable(
        "user_sessions", "account/devices.jsonl", without=("refresh_token", "rotation", "rotated_at")
    ),
    ExportedTable("known_devices", "account/known_devices.jsonl", has_id=False),
    ExportedTable("oauth_accounts", "account/sign_in_providers.jsonl"),
    ExportedTable("passkeys", "account/passkeys.jsonl", without=("credential_id", "public_key")),
    ExportedTable("api_keys", "account/api_keys.jsonl", without=("key_hash",)),
    ExportedTable(
        "api_key_spending",
        "account/api_key_spending.jsonl",
        "row.api_key_id IN (SELECT id FROM api_keys WHERE user_id = :user_id)",
        has_id=False,
    ),
    ExportedTable("mails", "account/mails.jsonl", without=("next_attempt_at", "attempts")),
    ExportedTable(
        "audit_log",
        "account/what_admins_did.jsonl",
        "row.target_id = CAST(CAST(:user_id AS uuid) AS text)",
        ("actor_id", "actor_name", "ip_address"),
    ),
    ExportedTable("subscriptions", "credits/subscriptions.jsonl"),
    ExportedTable("credit_grants", "credits/grants.jsonl"),
    ExportedTable("credit_transactions", "credits/ledger.jsonl"),
    ExportedTable("sold_subscriptions", "credits/sold_subscriptions.jsonl"),
    ExportedTable("payments", "credits/payments.jsonl"),
    ExportedTable("billing_events", "credits/sellers_events.jsonl", without=("body_hash",)),
    ExportedTable("usage_days", "credits/usage.jsonl", has_id=False),
    ExportedTable(
        "generation_jobs", "jobs/jobs.jsonl", without=("turn", "batch_key", "passed_over", "traceparent")
    ),
    ExportedTable(
        "images",
        f"{_PICTURES}/images.jsonl",
        without=(
            "cdn_url",
            "thumbnail_url",
            "thumbnail_large_url",
            "thumbhash",
            "prompt_key",
            "content_hash",
            "look_hash",
        ),
        with_more=f"""jsonb_build_object(
            'file', '{_PICTURES}' || '/' || row.id || '.' || row.format,
            'made_from', (SELECT coalesce(jsonb_agg(jsonb_build_object('image', source_id, 'as', role)), '[]')
                            FROM image_sources WHERE image_id = row.id),
            'trashed_from', (SELECT coalesce(jsonb_agg(collection_id), '[]') FROM trashed_places WHERE image_id = row.id),
            'tags', (SELECT coalesce(jsonb_agg(tags.name ORDER BY tags.name), '[]') FROM image_tags
                       JOIN tags ON tags.id = image_tags.tag_id WHERE image_tags.image_id = row.id))""",  # noqa: S608 - our own constants
    ),
    ExportedTable("image_likes", f"{_PICTURES}/likes.jsonl", without=("user_id",), has_id=False),
    ExportedTable("image_reports", f"{_PICTURES}/reports.jsonl", without=("user_id",)),
    ExportedTable(
        "collections",
        f"{_PICTURES}/collections.jsonl",
        with_more="""jsonb_build_object('images', (
            SELECT coalesce(jsonb_agg(image_id ORDER BY sort_order, image_id), '[]') FROM collections_images
             WHERE collection_id = row.id))""",
    ),
    ExportedTable("saved_searches", f"{_PICTURES}/saved_searches.jsonl"),
    ExportedTable(
        "workflows",
        "workflows/workflows.jsonl",
        with_more="""jsonb_build_object('versions', (
            SELECT coalesce(jsonb_agg(to_jsonb(version) - 'workflow_id' ORDER BY version_number), '[]')
              FROM workflow_versions AS version WHERE workflow_id = row.id))""",
    ),
    ExportedTable("user_models", "models/models.jsonl"),
)

# Tables that name a person and are left out.
LEFT_OUT: Mapping[str, str] = {
    "one_time_tokens": "links that stop working within a day",
    "email_changes": "a change of address that waits; it is in the mails",
    "challenges": "a sign-in that is under way",
    "second_factors": "nothing but the secret",
    "recovery_codes": "nothing but hashes",
    "data_exports": "this file and those before it",
    "image_archives": "what was packed together of the images in the file",
    "imported_files": "sums of files whose pictures are in the file",
    "idempotency_keys": "answers kept for a day, of what is in the file itself",
    "queue_shares": "how far a share of the machines is used up at this moment",
    "image_tags": "they stand with the images in the file",
    "user_tags": "the tags of the images in the file, counted",
    "bulk_tasks": "changes of many images that can still be taken back; the images are in the file",
    "uploads": "pictures on their way in, which are gone or images within a day",
    "storage_use": "the sum of the images in the file",
    "announcements": "words to everybody",
    "checkouts": "pages of the seller; what was bought there is in the payments",
    "gift_codes": "codes for everybody, made by an admin; the credits they gave are in the grants",
}


async def rows_of(database: Database, table: ExportedTable, user_id: UUID) -> AsyncIterator[dict[str, Any]]:
    """The person's rows as JSON objects, those of the lowest id first; one short read for each page."""
    order = "row.id" if table.has_id else "1"
    page = f"""
        SELECT {"row.id" if table.has_id else "NULL::uuid"} AS id,
               (to_jsonb(row) - CAST(:without AS text[])) || {table.with_more} AS told
          FROM {table.table} AS row
         WHERE {table.mine} {"AND row.id > :after" if table.has_id else ""}
         ORDER BY {order} {"LIMIT :limit" if table.has_id else ""}
    """  # noqa: S608 - our own constants
    after = _FIRST
    while True:
        values: dict[str, Any] = {"user_id": user_id, "without": list(table.without)}
        if table.has_id:
            values |= {"after": after, "limit": _PAGE}
        async with database.read() as session:
            found = (await session.execute(text(page), values)).all()
        for row in found:
            yield row.told
        if not table.has_id or len(found) < _PAGE:
            return
        after = found[-1].id
