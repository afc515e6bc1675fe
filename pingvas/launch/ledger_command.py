"""`pingvas ledger verify`: proves that every credit is accounted for."""

from __future__ import annotations

import asyncio

import typer

ledger = typer.Typer(help="Look at the ledger of credits.", no_args_is_help=True)


@ledger.callback()
def _ledger() -> None:
    pass


@ledger.command("verify")
def verify() -> None:
    """Add everything up and say in one line whether it is right: balances in their order, their sums, grants and jobs against the
    ledger. Exit code 1 when something is not; the first wrong row of each kind is named."""
    from pingvas.base.db import Database
    from pingvas.base.private_files import keep_files_private
    from pingvas.base.settings import Settings, load_settings
    from pingvas.billing.verify_ledger import Verified, verify_ledger
    from pingvas.launch.which_database import with_any_database

    async def run(settings: Settings) -> Verified:
        assert settings.database_url is not None  # noqa: S101 - one was found
        database = Database(settings.database_url, pool_size=1)
        try:
            async with database.read() as session:
                return await verify_ledger(session)
        finally:
            await database.dispose()

    settings = load_settings()
    keep_files_private(settings)
    with with_any_database(settings) as found:
        verified = asyncio.run(run(found))
    typer.echo(str(verified))
    raise typer.Exit(code=1 if verified.wrong else 0)
