"""`pingvas storage verify`: proves that storage and database agree, and puts right what can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pingvas.base.db import Database
    from pingvas.base.settings import Settings
    from pingvas.worker.chores.verify_storage import VerifiedStorage

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
    from pingvas.launch.with_database import run_with_database
    from pingvas.worker.chores.verify_storage import verify_storage

    async def run(database: Database, settings: Settings) -> VerifiedStorage:
        return await verify_storage(database, open_storage(settings), fix=fix)

    verified = run_with_database(run)
    typer.echo(str(verified))
    raise typer.Exit(code=1 if verified.wrong else 0)
