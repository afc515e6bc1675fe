"""`pingvas ledger verify`: proves that every credit is accounted for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pingvas.base.db import Database
    from pingvas.base.settings import Settings
    from pingvas.billing.verify_ledger import Verified

ledger = typer.Typer(help="Look at the ledger of credits.", no_args_is_help=True)


@ledger.callback()
def _ledger() -> None:
    pass


@ledger.command("verify")
def verify() -> None:
    """Add everything up and say in one line whether it is right: balances in their order, their sums, grants and jobs against the
    ledger. Exit code 1 when something is not; the first wrong row of each kind is named."""
    from pingvas.billing.verify_ledger import verify_ledger
    from pingvas.launch.with_database import run_with_database

    async def run(database: Database, _: Settings) -> Verified:
        async with database.read() as session:
            return await verify_ledger(session)

    verified = run_with_database(run)
    typer.echo(str(verified))
    raise typer.Exit(code=1 if verified.wrong else 0)
