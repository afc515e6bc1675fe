"""`pingvas billing …`: what whoever runs the machine does about money."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pingvas.base.db import Database
    from pingvas.base.settings import Settings
    from pingvas.billing.sold.reconcile import Reconciled

billing = typer.Typer(help="Look after what is sold: compare with the seller.", no_args_is_help=True)


@billing.callback()
def _group() -> None:
    """One command alone would be taken for the group itself."""


@billing.command("reconcile")
def reconcile_now() -> None:
    """Compare everything with the seller now, and repair what differs. It is done each hour by itself."""
    from pingvas.launch.with_database import run_with_database

    outcome = run_with_database(_reconcile)
    for difference in outcome.differences:
        typer.echo(difference)
    typer.echo(f"{outcome.seen} seen, {outcome.changed} changed here, {outcome.nobody} of nobody known here")


async def _reconcile(database: Database, settings: Settings) -> Reconciled:
    from pingvas.adapters.sellers.chosen import open_seller
    from pingvas.adapters.sellers.seller import NotSold
    from pingvas.billing.sold.reconcile import reconcile

    seller = open_seller(settings)
    if seller is None:
        raise NotSold("Nobody sells anything here, so there is nothing to compare with.")
    return await reconcile(database, seller)
