"""`pingvas import DIR`: a folder of pictures into somebody's gallery."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from pingvas.accounts.tables import User
    from pingvas.base.db import Database
    from pingvas.base.settings import Settings

# How many files go by between two lines that say how far it is.
_TELL_EVERY = 100


def import_pictures(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="Pictures; InvokeAI's root folder; or an unpacked archive of this studio.",
            show_default=False,
        ),
    ],
    to: Annotated[
        str | None,
        typer.Option("--for", metavar="EMAIL", help="Whose gallery; the studio's owner when left out."),
    ] = None,
    folders_as_collections: Annotated[
        bool, typer.Option("--collections", help="Make a collection of each folder inside.")
    ] = False,
    decoders: Annotated[
        int,
        typer.Option("--jobs", "-j", min=1, max=64, help="How many pictures are read at a time."),
    ] = min(4, os.cpu_count() or 1),
) -> None:
    """Take a folder of pictures into a gallery, with what they say about how they were made, and with their dates.

    Reads what A1111, ComfyUI, InvokeAI, Fooocus, SwarmUI and others write. What is there already is skipped: it can be
    stopped and started again. Exit code 1 when a file was refused.
    """
    from pingvas.launch.with_database import run_with_database

    counts: Counter[str] = Counter()

    async def run(database: Database, settings: Settings) -> None:
        await _import(database, settings, folder, to, folders_as_collections, decoders, counts)

    try:
        run_with_database(run, connections=decoders + 1)
    except KeyboardInterrupt:
        typer.echo("Stopped. The same command goes on from here.", err=True)
        raise
    finally:
        typer.echo(_sentence(counts))
    raise typer.Exit(code=1 if counts["refused"] else 0)


async def _import(
    database: Database,
    settings: Settings,
    folder: Path,
    to: str | None,
    folders_as_collections: bool,
    decoders: int,
    counts: Counter[str],
) -> None:
    from pingvas.accounts.actor import Actor
    from pingvas.adapters.storage import open_storage
    from pingvas.billing.entitlements import entitlements_of
    from pingvas.billing.subscriptions import lock_current_subscription
    from pingvas.gallery.import_folder import find_pictures
    from pingvas.gallery.import_pictures import Importer, Outcome

    user = await _person(database, to)

    async def lock_quota(session: AsyncSession) -> int:
        return entitlements_of(await lock_current_subscription(session, user.id)).storage_bytes

    actor = Actor(user.id, user.role, None)
    importer = Importer(database, open_storage(settings), settings, actor, lock_quota, decoders)
    found = find_pictures(
        folder, folders_as_collections=folders_as_collections, without=_own_folders(settings)
    )
    async with aclosing(importer.run(found)) as imported:
        async for each in imported:
            counts[each.outcome] += 1
            if each.reason is not None:
                said = "refused" if each.outcome is Outcome.REFUSED else "kept, but"
                typer.echo(f"{each.path}: {said}: {each.reason}", err=True)
            if counts.total() % _TELL_EVERY == 0:
                typer.echo(_sentence(counts))


def _own_folders(settings: Settings) -> list[Path]:
    from pingvas.adapters.storage_location import DiskLocation, read_location

    location = read_location(settings.storage_location)
    kept = [location.folder] if isinstance(location, DiskLocation) else []
    return [settings.data_dir, *kept]


async def _person(database: Database, to: str | None) -> User:
    from pingvas.accounts.tables import User
    from pingvas.base.errors import NotFound
    from pingvas.launch.find_person import find_person
    from pingvas.launch.seed import get_owner_id

    async with database.read() as session:
        if to is not None:
            return await find_person(session, to)
        owner_id = await get_owner_id(session)
        owner = None if owner_id is None else await session.get(User, owner_id)
        if owner is None:
            raise NotFound("This studio has no owner account; name somebody with --for.")
        return owner


def _sentence(counts: Counter[str]) -> str:
    return f"{counts['kept']:,} imported, {counts['there']:,} there already, {counts['refused']:,} refused"
