"""`pingvas storage verify`: proves that storage and database agree, and puts right what can be."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

storage = typer.Typer(help="Look at what is stored.", no_args_is_help=True)


@storage.callback()
def _storage() -> None:
    pass


@storage.command("verify")
def verify(
    fix: Annotated[
        bool,
        typer.Option(
            "--fix",
            help="Put right what can be: objects without a row are deleted, thumbnails made anew, sums corrected, jobs whose "
            "picture is lost paid back.",
        ),
    ] = False,
) -> None:
    """Compare every picture's row with what is stored, and what people fill with their pictures. Exit code 1 when something does
    not agree; the first of each kind are named."""
    from pingvas.adapters.storage import open_storage
    from pingvas.base.db import Database
    from pingvas.base.private_files import keep_files_private
    from pingvas.base.settings import Settings, load_settings
    from pingvas.launch.which_database import with_any_database
    from pingvas.worker.chores.verify_storage import VerifiedStorage, verify_storage

    async def run(settings: Settings) -> VerifiedStorage:
        assert settings.database_url is not None  # noqa: S101 - one was found
        database = Database(settings.database_url, pool_size=1)
        try:
            return await verify_storage(database, open_storage(settings), fix=fix)
        finally:
            await database.dispose()

    settings = load_settings()
    keep_files_private(settings)
    with with_any_database(settings) as found:
        verified = asyncio.run(run(found))
    typer.echo(str(verified))
    raise typer.Exit(code=1 if verified.wrong else 0)
