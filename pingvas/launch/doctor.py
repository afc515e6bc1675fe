"""`pingvas doctor`: looks at every part, changes nothing, and says what to do about what is wrong."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from pingvas.accounts.mail.sending import mail_state
from pingvas.adapters.mail import outbox_folder
from pingvas.adapters.model_files import ModelFiles, open_model_files
from pingvas.adapters.model_source import is_remote, read_source
from pingvas.adapters.places import open_file
from pingvas.adapters.storage import open_storage
from pingvas.base import migrate
from pingvas.base.chore_runs import ChoreState, read_chores
from pingvas.base.db import Database
from pingvas.base.errors import Invalid, Unavailable
from pingvas.base.loop_failures import LoopState, read_loop_failures
from pingvas.base.read_session import ReadSession
from pingvas.base.settings import REPOSITORY, Settings
from pingvas.billing.ledger import find_disagreements
from pingvas.catalog.models import kind_of
from pingvas.catalog.tables import AiModel
from pingvas.engine.checkpoints.safetensors_header import is_safetensors
from pingvas.gallery.storage_use import find_miscounts
from pingvas.generation.status.gauges import QueueGauges, read_gauges
from pingvas.launch.look_at_labels import look_at_labels
from pingvas.launch.look_at_seller import look_at_seller
from pingvas.launch.model_trial import Place, find_hosts, is_a_part, place_here, why_it_cannot_be_opened
from pingvas.launch.state_file import RunningStudio, find_studio
from pingvas.launch.which_database import with_any_database
from pingvas.worker.chores.schedule import CHORES, Chore

OLDEST_POSTGRES = 150000
LOW_DISK_GIB = 2.0
LATE_MAIL_SECONDS = 600
LOW_FILES = 10_000
# Importing torch takes a slow machine a while; until then a worker that has not reported is no finding.
STARTING_SECONDS = 90.0

# Some process does the chores while one of them, the quickest come every few seconds, was touched so lately.
ALIVE_SECONDS = 120.0
# A loop that has not recovered since is failing still; one that has been quiet for longer ended with its process.
FAILING_SECONDS = 600.0
# What was got over is shown for so long.
SHOWN_SECONDS = 86_400.0
START_CHORES = "read the lines of the chores where they run, or start them: pingvas chores"


@dataclass(frozen=True)
class Finding:
    """`well`: True, False, or None for what cannot be said now. `remedy` is what to do."""

    part: str
    well: bool | None
    says: str
    remedy: str = ""


def examine(settings: Settings) -> list[Finding]:
    """One finding for each part; the embedded database is started for the while where none runs."""
    running = find_studio(settings.data_dir)
    findings = [*_disk(settings), _page(), *_places(settings)]
    try:
        with with_any_database(settings) as found:
            findings += asyncio.run(_examine_database(found, running))
    except (Unavailable, OSError, DBAPIError) as error:
        findings.append(
            Finding(
                "database",
                False,
                error.detail if isinstance(error, Unavailable) else str(error).partition("\n")[0],
                "check PINGVAS_DATABASE_URL, or the disk and the log it names",
            )
        )
    findings.append(asyncio.run(_storage(settings)))
    findings.append(Finding("labels", *look_at_labels(settings)))
    findings.append(Finding("seller", *asyncio.run(look_at_seller(settings, is_running=running is not None))))
    return findings


def _disk(settings: Settings) -> Iterator[Finding]:
    """The room on each disk that the studio writes to, named once, with what lies there."""
    places = {"data": settings.data_dir, "fetched models": settings.model_cache}
    if settings.storage_folder is not None:
        places["pictures"] = settings.storage_folder
    places["temporary files"] = Path(tempfile.gettempdir())
    disks: dict[int, tuple[Path, list[str]]] = {}
    for what, place in places.items():
        folder = place.resolve()
        while not folder.exists():
            folder = folder.parent
        disks.setdefault(folder.stat().st_dev, (folder, []))[1].append(what)
    for folder, kept in disks.values():
        yield _room(folder, kept)


def _room(folder: Path, kept: Sequence[str]) -> Finding:
    room, names = shutil.disk_usage(folder), os.statvfs(folder)
    says = f"{room.free / 2**30:.1f} of {room.total / 2**30:.1f} GiB free in {folder}: {', '.join(kept)}"
    # Some file systems make room for files as they come, and tell of none.
    if names.f_files and names.f_favail < LOW_FILES:
        return Finding("disk", False, f"{says}; it takes {names.f_favail} more files", "remove small files")
    if room.free < LOW_DISK_GIB * 2**30:
        return Finding("disk", False, says, "make room: with none, nothing is taken or made until there is")
    return Finding("disk", True, says)


def _page() -> Finding:
    built = (REPOSITORY / "web" / "dist" / "index.html").is_file()
    return Finding("page", built, "built" if built else "not built", "" if built else "./studio up builds it")


def _places(settings: Settings) -> Iterator[Finding]:
    """The file that tells where devices are, where one is named."""
    if settings.geoip_file is None:
        return
    try:
        open_file(settings.geoip_file)
    except Invalid as error:
        yield Finding(
            "places",
            False,
            error.detail,
            "check PINGVAS_GEOIP_FILE; until then devices show their address alone",
        )
    else:
        yield Finding("places", True, f"{settings.geoip_file} is read")


async def _storage(settings: Settings) -> Finding:
    where = settings.storage_location.partition("?")[0]
    try:
        await open_storage(settings).check()
    except Unavailable as error:
        return Finding(
            "storage", False, f"{where}: {error.detail}", "check PINGVAS_STORAGE_URL, its keys, and the disk"
        )
    except ValueError as error:
        return Finding(
            "storage", False, str(error), "PINGVAS_STORAGE_URL is file:///… or s3://bucket/prefix?…"
        )
    return Finding("storage", True, f"writes, reads and deletes in {where}")


async def _examine_database(settings: Settings, running: RunningStudio | None) -> list[Finding]:
    assert settings.database_url is not None  # noqa: S101 - the caller found one
    findings: list[Finding] = []
    async with _opened(settings.database_url) as database:
        async with database.read() as session:
            version = int(await session.scalar(text("SHOW server_version_num")) or 0)
            name = await session.scalar(text("SHOW server_version"))
        new_enough = version >= OLDEST_POSTGRES
        findings.append(
            Finding("database", new_enough, f"PostgreSQL {name}", "" if new_enough else "use 15 or newer")
        )
        at, newest = await migrate.current(settings.database_url), migrate.head()
        if at != newest:
            findings.append(
                Finding(
                    "schema", False, f"at {at or 'nothing'}, this version wants {newest}", "pingvas migrate"
                )
            )
            return findings
        findings.append(Finding("schema", True, f"at {at}"))
        findings += await _models(database, settings)
        async with database.read() as session:
            figures = await read_gauges(session)
            findings.append(_queue(figures, running))
            findings.append(_workers(figures, running))
            findings += _chores(await read_chores(session), running)
            findings += _loops(await read_loop_failures(session))
            findings.append(await _mail(session, settings))
            findings.append(await _ledger(session))
            findings.append(await _storage_use(session))
    return findings


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Database]:
    database = Database(url, pool_size=2)
    try:
        yield database
    finally:
        await database.dispose()


async def _models(database: Database, settings: Settings) -> list[Finding]:
    files = open_model_files(settings)
    async with database.read() as session:
        models = list(await session.scalars(select(AiModel).where(AiModel.is_active).order_by(AiModel.name)))
        hosts = {
            model.id: await find_hosts(session, files, model.config) for model in models if is_a_part(model)
        }
    if not models:
        return [
            Finding(
                "models",
                False,
                "none in the catalog",
                "put one into the models folder, then: pingvas migrate",
            )
        ]
    # With no transaction open: on a busy machine a trial takes longer than the server lets one be idle.
    return [await asyncio.to_thread(_model, files, model, hosts.get(model.id, [])) for model in models]


def _model(files: ModelFiles, model: AiModel, hosts: Sequence[Place]) -> Finding:
    """Whether a model that is on this machine can be opened, header and all, as a worker would open it."""
    source = read_source(model.s3_path, model.config)
    place = place_here(files, model)
    if place is None and is_remote(source.address):
        return Finding("model", None, f"{model.name} {model.version}: fetched when a job first needs it")
    again = f"restore its files, then: pingvas migrate; or take it away: pingvas models remove {model.name}"
    if place is None:
        return Finding("model", False, f"{model.name}: there is nothing at {source.address}", again)
    path, config = place
    why = why_it_cannot_be_opened(path, config, kind_of(model), hosts)
    if why is not None:
        return Finding("model", False, f"{model.name} cannot be opened: {why}", again)
    weights = [path] if path.is_file() else [file for file in path.rglob("*") if is_safetensors(file)]
    size = sum(file.stat().st_size for file in weights) / 2**20
    says = f"{model.name} {model.version}: {len(weights)} weight files, {size:.0f} MiB, opened for trial"
    return Finding("model", True, says)


def _is_starting(studio: RunningStudio | None) -> bool:
    return studio is not None and time.time() - studio.started_at < STARTING_SECONDS


def _queue(figures: QueueGauges, running: RunningStudio | None) -> Finding:
    waiting, oldest = figures.jobs("queued"), figures.oldest_wait()
    says = f"{waiting} waiting, {figures.jobs('processing')} being made"
    if figures.jobs("pending"):
        says += f", {figures.jobs('pending')} more wait for a slot of their plan"
    if oldest is not None:
        says += f"; the first has waited {_time(oldest)}"
    if figures.lapsed_leases:
        says += f"; {figures.lapsed_leases} jobs of workers that fell silent"
    if waiting and not figures.workers and not _is_starting(running):
        return Finding("queue", False if running else None, says, "start a worker: nobody takes these jobs")
    return Finding("queue", True, says)


def _workers(figures: QueueGauges, running: RunningStudio | None) -> Finding:
    if figures.workers:
        devices = ", ".join(
            f"{worker.id} on {worker.device}{' (stopping)' if worker.stopping else ''}"
            for worker in figures.workers
        )
        return Finding("worker", True, devices)
    if _is_starting(running):
        return Finding("worker", None, "still starting")
    if running:
        return Finding(
            "worker", False, "none has reported for 30 seconds", "read its lines where `pingvas up` runs"
        )
    return Finding("worker", None, "none runs", "./studio up starts one")


def _chores(known: Sequence[ChoreState], running: RunningStudio | None) -> Iterator[Finding]:
    """Each chore: when it is done, when it was, and whether it is late. Nobody expects them where nothing runs."""
    alive = any(state.seconds_silent < ALIVE_SECONDS for state in known)
    expected = (running is not None and not _is_starting(running)) or alive
    by_name = {state.name: state for state in known}
    each = [
        _chore(chore, by_name.get(chore.name), expected)
        for chore in CHORES
        if expected or chore.name in by_name
    ]
    wrong = sum(finding.well is False for finding in each)
    if not expected:
        why = "still starting" if running else "no process does them"
        yield Finding("chores", None, why, "" if running else "./studio up starts one")
    else:
        yield Finding("chores", not wrong, f"{wrong} late or failed" if wrong else "all on time")
    yield from each


def _chore(chore: Chore, state: ChoreState | None, expected: bool) -> Finding:
    says = f"{chore.name} {chore.often}: "
    if state is None:
        return Finding("chore", False if expected else None, says + "never done", START_CHORES)
    if state.last_at is None:
        says += f"not done yet, {'now' if state.running else f'next {state.next_at:%Y-%m-%d %H:%M} UTC'}"
    else:
        says += f"last {state.last_at:%Y-%m-%d %H:%M:%S} UTC"
    if state.seconds is not None:
        says += f" in {_time(state.seconds)}"
    done = ", ".join(f"{what.replace('_', ' ')} {count}" for what, count in state.result.items() if count)
    says += f" ({done})" if done else ""
    if state.error is not None:
        failed = f"{says}; it failed: {state.error}"
        return Finding("chore", False, failed, "read the lines of the chores for more")
    if state.is_late:
        late = f"{says}; {_time(state.seconds_late)} late"
        return Finding("chore", False if expected else None, late, START_CHORES if expected else "")
    return Finding("chore", True if expected else None, says)


def _loops(failed: Sequence[LoopState]) -> Iterator[Finding]:
    """Whether the background loops of all processes live, and each one that has failed in the last day."""
    each = [_loop(state) for state in failed if state.seconds_ago < SHOWN_SECONDS]
    wrong = sum(finding.well is False for finding in each)
    says = f"{wrong} failing" if wrong else "none is failing"
    yield Finding("loops", not wrong, says, "read the lines of these processes for more" if wrong else "")
    yield from each


def _loop(state: LoopState) -> Finding:
    says = (
        f"{state.loop} of {state.process} on {state.host}: failed {state.failures} times, "
        f"{_time(state.seconds_ago)} ago by {state.error}"
    )
    if state.recovered_at is not None:
        return Finding("loop", True, f"{says}; well since {state.recovered_at:%Y-%m-%d %H:%M:%S} UTC")
    if state.seconds_ago > FAILING_SECONDS:
        return Finding("loop", None, f"{says}; not since")
    if state.gave_up:
        return Finding("loop", False, f"{says}; the process ended for want of it", "see why it cannot live")
    return Finding("loop", False, f"{says}; it is started again and again", "see why it fails")


def _time(seconds: float) -> str:
    """A time for people: `0.2 s`, `12 s`, `3 min`, `5 h`, `2 days`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


async def _mail(session: ReadSession, settings: Settings) -> Finding:
    state = await mail_state(session)
    if settings.smtp_url is None:
        where = outbox_folder(settings)
        return Finding("mail", True, f"no server: letters lie in {where}; `pingvas mail` shows them")
    if state.given_up or state.oldest_seconds > LATE_MAIL_SECONDS:
        says = f"{state.waiting} wait, {state.given_up} were given up within a day: {state.error}"
        return Finding("mail", False, says, "check PINGVAS_SMTP_URL and the log of the chores")
    return Finding("mail", True, f"{state.waiting} wait to be sent")


async def _ledger(session: ReadSession) -> Finding:
    wrong = await find_disagreements(session)
    if not wrong:
        return Finding("ledger", True, "adds up for every subscription")
    first = wrong[0]
    return Finding(
        "ledger",
        False,
        f"{len(wrong)} subscriptions disagree with their postings; {first.subscription_id} holds "
        f"{first.remaining_credits}, its postings say {first.posted}",
        "somebody changed the database by hand; compare credit_transactions and put the difference right",
    )


async def _storage_use(session: ReadSession) -> Finding:
    wrong = await find_miscounts(session)
    if not wrong:
        return Finding("storage use", True, "adds up for everybody")
    first = wrong[0]
    return Finding(
        "storage use",
        False,
        f"the sums of {len(wrong)} people disagree with their pictures; {first.user_id} is said to fill "
        f"{first.counted} bytes, and the pictures take {first.stored}",
        "somebody changed the database by hand; pingvas storage verify --fix puts the sums right",
    )
