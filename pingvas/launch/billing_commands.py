"""`pingvas billing …`: what whoever runs the machine does about money."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pingvas.base.settings import Settings
    from pingvas.billing.sold.reconcile import Reconciled

billing = typer.Typer(help="Look after what is sold: compare with the seller.", no_args_is_help=True)


@billing.callback()
def _group() -> None:
    """One command alone would be taken for the group itself."""


@billing.command("reconcile")
def reconcile_now() -> None:
    """Compare everything with the seller now, and repair what differs. It is done each hour by itself."""
    from pingvas.base.private_files import keep_files_private
    from pingvas.base.settings import load_settings
    from pingvas.launch.which_database import with_any_database

    settings = load_settings()
    keep_files_private(settings)
    with with_any_database(settings) as found:
        outcome = asyncio.run(_reconcile(found))
    for difference in outcome.differences:
        typer.echo(difference)
    typer.echo(f"{outcome.seen} seen, {outcome.changed} changed here, {outcome.nobody} of nobody known here")


async def _reconcile(settings: Settings) -> Reconciled:
    from pingvas.adapters.sellers.chosen import open_seller
    from pingvas.adapters.sellers.seller import NotSold
    from pingvas.base.db import Database
    from pingvas.billing.sold.reconcile import reconcile

    assert settings.database_url is not None  # noqa: S101 - one was found
    seller = open_seller(settings)
    if seller is None:
        raise NotSold("Nobody sells anything here, so there is nothing to compare with.")
    database = Database(settings.database_url, pool_size=1)
    try:
        return await reconcile(database, seller)
    finally:
        await database.dispose()
