"""What the house does by itself, and when: each chore in a few lines over the room that knows how.

Each may run in any process and be cut off at any moment; the next turn does what is left. What a chore returns are
counts of what it did, kept on record by `process.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta

from sqlalchemy import text

from pingvas.accounts.cleanup import forget_expired
from pingvas.accounts.leaving.exports import forget_exports
from pingvas.accounts.mail.sending import send_due_mail
from pingvas.adapters.mail import Post
from pingvas.adapters.sellers.seller import Seller
from pingvas.adapters.storage import Storage
from pingvas.base.db import Database
from pingvas.base.loop_failures import forget_loop_failures
from pingvas.base.outbox import drain_deletions
from pingvas.base.planner_figures import refresh_planner_figures
from pingvas.base.rate_limit_store import FORGET as FORGET_RATE_LIMITS
from pingvas.base.settings import Settings
from pingvas.billing.grants import expire_due, tell_expiring
from pingvas.billing.ledger import find_disagreements
from pingvas.billing.sold.apply import apply_events
from pingvas.billing.sold.checkouts import forget_checkouts
from pingvas.billing.sold.due import settle_due
from pingvas.billing.sold.reconcile import reconcile
from pingvas.billing.verify_ledger import verify_ledger
from pingvas.gallery.archives import forget_archives
from pingvas.gallery.bulk_tasks import forget_tasks, run_tasks
from pingvas.gallery.fill_search import index_new_images, make_old_images_searchable
from pingvas.gallery.lineage import trace_old_images
from pingvas.gallery.looks import read_looks
from pingvas.gallery.missing_thumbnails import fill_thumbnails
from pingvas.gallery.old_files import clean_old_files
from pingvas.gallery.parts import forget_uploads
from pingvas.gallery.tags import forget_unused_tags
from pingvas.gallery.trash import purge_trash
from pingvas.generation.lifecycle.slots import promote_overlooked
from pingvas.generation.lifecycle.sweeps import lift_stragglers, sweep_deadlines, sweep_leases
from pingvas.generation.queue.workers import forget_silent_workers
from pingvas.generation.steps.retention import drop_previews, forget_jobs, forget_steps
from pingvas.generation.usage.roll_up import roll_up
from pingvas.worker.chores.export_file import make_exports
from pingvas.worker.chores.leaving import erase_leaving
from pingvas.worker.chores.orphans import delete_orphans
from pingvas.worker.chores.undelivered import pay_back_undelivered

log = logging.getLogger(__name__)

Counts = Mapping[str, int]

_FORGET_IDEMPOTENCY_KEYS = text("DELETE FROM idempotency_keys WHERE created_at < now() - interval '24 hours'")


@dataclass(frozen=True)
class ChoreContext:
    """What a chore works with."""

    database: Database
    storage: Storage
    settings: Settings
    post: Post
    # None: nobody sells here.
    seller: Seller | None = None


@dataclass(frozen=True)
class Chore:
    """`when` is a cron line; a sixth field counts seconds. `often` says the same to people.

    A turn that takes longer than `at_most` seconds is given up. `is_trouble`: counts other than 0 are bad news.
    """

    name: str
    when: str
    often: str
    do: Callable[[ChoreContext], Awaitable[Counts]]
    at_most: float = 600.0
    is_trouble: bool = False


async def _sweep_leases(context: ChoreContext) -> Counts:
    return asdict(await sweep_leases(context.database, max_attempts=context.settings.max_attempts))


async def _sweep_deadlines(context: ChoreContext) -> Counts:
    return {"failed": await sweep_deadlines(context.database, run_seconds=context.settings.job_run_seconds)}


async def _promote_overlooked(context: ChoreContext) -> Counts:
    return {"promoted": await promote_overlooked(context.database)}


async def _lift_stragglers(context: ChoreContext) -> Counts:
    return {"lifted": await lift_stragglers(context.database)}


async def _refresh_planner_figures(context: ChoreContext) -> Counts:
    return {"refreshed": await refresh_planner_figures(context.database)}


async def _delete_objects(context: ChoreContext) -> Counts:
    return {"deleted": await drain_deletions(context.database, context.storage.delete)}


async def _clean_old_files(context: ChoreContext) -> Counts:
    return asdict(await clean_old_files(context.database, context.storage))


async def _index_new_images(context: ChoreContext) -> Counts:
    return {"indexed": await index_new_images(context.database)}


async def _make_old_images_searchable(context: ChoreContext) -> Counts:
    return {"filled": await make_old_images_searchable(context.database)}


async def _fill_thumbnails(context: ChoreContext) -> Counts:
    return asdict(await fill_thumbnails(context.database, context.storage))


async def _forget_silent_workers(context: ChoreContext) -> Counts:
    async with context.database.transaction() as session:
        return {"forgotten": await forget_silent_workers(session)}


async def _send_mail(context: ChoreContext) -> Counts:
    return asdict(await send_due_mail(context.database, context.settings, context.post))


async def _make_exports(context: ChoreContext) -> Counts:
    return {"made": await make_exports(context.database, context.storage, context.settings)}


async def _erase_leaving(context: ChoreContext) -> Counts:
    return {"erased": await erase_leaving(context.database, context.seller)}


async def _forget_expired(context: ChoreContext) -> Counts:
    async with context.database.transaction() as session:
        await forget_expired(session)
        await session.execute(_FORGET_IDEMPOTENCY_KEYS)
        await forget_loop_failures(session)
        await forget_exports(session)
        await forget_checkouts(session)
        await forget_unused_tags(session)
        await forget_archives(session)
        await forget_tasks(session)
        await forget_uploads(session)
    return {}


async def _change_many_images(context: ChoreContext) -> Counts:
    return {"turns": await run_tasks(context.database)}


async def _forget_rate_limits(context: ChoreContext) -> Counts:
    async with context.database.transaction(durable=False) as session:
        await session.execute(FORGET_RATE_LIMITS)
    return {}


async def _expire_credits(context: ChoreContext) -> Counts:
    return {"people": await expire_due(context.database)}


async def _tell_expiring(context: ChoreContext) -> Counts:
    return {"people": await tell_expiring(context.database)}


async def _apply_billing_events(context: ChoreContext) -> Counts:
    return {} if context.seller is None else asdict(await apply_events(context.database, context.seller))


async def _settle_due(context: ChoreContext) -> Counts:
    return {"people": await settle_due(context.database)}


async def _reconcile_billing(context: ChoreContext) -> Counts:
    if context.seller is None:
        return {}
    found = await reconcile(context.database, context.seller)
    return {"seen": found.seen, "changed": found.changed, "nobody": found.nobody}


async def _check_ledger(context: ChoreContext) -> Counts:
    async with context.database.read() as session:
        wrong = await find_disagreements(session)
    for disagreement in wrong:
        log.error("the ledger does not add up: %s", disagreement)
    return {"disagreements": len(wrong)}


async def _verify_ledger(context: ChoreContext) -> Counts:
    async with context.database.read() as session:
        verified = await verify_ledger(session)
    if verified.wrong:
        log.error("%s", verified)
    return {"wrong_rows": len(verified.wrong)}


async def _roll_up_usage(context: ChoreContext) -> Counts:
    return {"jobs": await roll_up(context.database)}


async def _pay_back_undelivered(context: ChoreContext) -> Counts:
    return {"paid_back": (await pay_back_undelivered(context.database, context.storage)).paid_back}


async def _drop_previews(context: ChoreContext) -> Counts:
    keep = timedelta(hours=context.settings.previews_keep_hours)
    return {"dropped": await drop_previews(context.database, keep)}


async def _purge_trash(context: ChoreContext) -> Counts:
    keep = timedelta(days=context.settings.trash_keep_days)
    return {"deleted": await purge_trash(context.database, keep)}


async def _trace_old_images(context: ChoreContext) -> Counts:
    return {"traced": await trace_old_images(context.database)}


async def _read_looks(context: ChoreContext) -> Counts:
    return asdict(await read_looks(context.database, context.storage))


async def _forget_steps(context: ChoreContext) -> Counts:
    keep = timedelta(days=context.settings.steps_keep_days)
    return {"forgotten": await forget_steps(context.database, keep)}


async def _forget_jobs(context: ChoreContext) -> Counts:
    keep = timedelta(days=context.settings.jobs_keep_days)
    return {"forgotten": await forget_jobs(context.database, keep)}


async def _delete_orphans(context: ChoreContext) -> Counts:
    return asdict(await delete_orphans(context.database, context.storage))


async def _tidy_storage(context: ChoreContext) -> Counts:
    return {"tidied": await context.storage.tidy()}


CHORES = (
    Chore("sweep_leases", "* * * * * */5", "every 5 seconds", _sweep_leases, is_trouble=True),
    Chore("sweep_deadlines", "* * * * * */10", "every 10 seconds", _sweep_deadlines, is_trouble=True),
    Chore("promote_overlooked", "* * * * * */10", "every 10 seconds", _promote_overlooked),
    Chore("lift_stragglers", "* * * * * */10", "every 10 seconds", _lift_stragglers),
    Chore("refresh_planner_figures", "* * * * * */5", "every 5 seconds", _refresh_planner_figures),
    Chore("send_mail", "* * * * * */2", "every 2 seconds", _send_mail),
    Chore("make_exports", "* * * * * */5", "every 5 seconds", _make_exports, at_most=2 * 3600.0),
    Chore("change_many_images", "* * * * * */2", "every 2 seconds", _change_many_images, at_most=3600.0),
    Chore("index_new_images", "* * * * * */2", "every 2 seconds", _index_new_images, at_most=3600.0),
    Chore("erase_leaving", "*/5 * * * *", "every 5 minutes", _erase_leaving),
    Chore("delete_objects", "* * * * * */10", "every 10 seconds", _delete_objects),
    Chore("clean_old_files", "*/5 * * * *", "every 5 minutes", _clean_old_files, at_most=3000.0),
    Chore(
        "make_old_images_searchable",
        "* * * * *",
        "every minute",
        _make_old_images_searchable,
        at_most=3 * 3600.0,
    ),
    Chore("fill_thumbnails", "*/5 * * * *", "every 5 minutes", _fill_thumbnails, at_most=3000.0),
    Chore("trace_old_images", "*/5 * * * *", "every 5 minutes", _trace_old_images, at_most=3000.0),
    Chore("read_looks", "* * * * *", "every minute", _read_looks, at_most=3000.0),
    Chore("forget_silent_workers", "* * * * *", "every minute", _forget_silent_workers),
    Chore("expire_credits", "* * * * *", "every minute", _expire_credits),
    Chore("roll_up_usage", "* * * * *", "every minute", _roll_up_usage),
    Chore("apply_billing_events", "* * * * * */2", "every 2 seconds", _apply_billing_events),
    Chore("settle_due", "* * * * * */10", "every 10 seconds", _settle_due),
    Chore("reconcile_billing", "53 * * * *", "every hour", _reconcile_billing, at_most=3000.0),
    Chore("forget_rate_limits", "*/5 * * * *", "every 5 minutes", _forget_rate_limits),
    Chore("forget_expired", "7 * * * *", "every hour", _forget_expired),
    Chore("tell_expiring", "17 * * * *", "every hour", _tell_expiring),
    Chore("drop_previews", "11 * * * *", "every hour", _drop_previews, at_most=3000.0),
    Chore("purge_trash", "31 * * * *", "every hour", _purge_trash, at_most=3000.0),
    Chore("check_ledger", "23 * * * *", "every hour", _check_ledger, at_most=3000.0, is_trouble=True),
    Chore("forget_steps", "37 * * * *", "every hour", _forget_steps, at_most=3000.0),
    Chore("forget_jobs", "47 2 * * *", "every night", _forget_jobs, at_most=3 * 3600.0),
    Chore("verify_ledger", "53 1 * * *", "every night", _verify_ledger, at_most=3 * 3600.0, is_trouble=True),
    Chore(
        "pay_back_undelivered",
        "29 4 * * *",
        "every night",
        _pay_back_undelivered,
        at_most=12 * 3600.0,
        is_trouble=True,
    ),
    Chore("tidy_storage", "41 3 * * *", "every night", _tidy_storage, at_most=3 * 3600.0),
    Chore("delete_orphans", "11 4 * * *", "every night", _delete_orphans, at_most=12 * 3600.0),
)
