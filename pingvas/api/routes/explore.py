"""What everybody finds: public images, without signing in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from pingvas.api.http.contract import raises
from pingvas.api.http.deps import AddressDep, BudgetsDep, MaybeActorDep, ReadSessionDep, StorageDep
from pingvas.api.http.wire import PageDep
from pingvas.api.routes.image_out import PublicImagePage, public_images_out
from pingvas.base.budgets import BudgetUsedUp
from pingvas.gallery.explore import ExploreSort, list_public_images
from pingvas.gallery.tag_names import TagName

router = APIRouter(prefix="/explore", tags=["gallery"])


@raises(BudgetUsedUp)
async def _within_budget(address: AddressDep, budgets: BudgetsDep) -> None:
    budgets.explore.take(address)


@router.get("", operation_id="list_public_images", dependencies=[Depends(_within_budget)])
async def explore(
    actor: MaybeActorDep,
    session: ReadSessionDep,
    storage: StorageDep,
    asked: PageDep,
    tag: Annotated[TagName | None, Query(description="Has it")] = None,
    sort: Annotated[
        ExploreSort,
        Query(description="`most_liked`: of those that somebody likes, what most people like first"),
    ] = "newest",
) -> PublicImagePage:
    """Everybody's public images, the newest first unless asked otherwise; nobody needs to sign in."""
    page = await list_public_images(session, tag, sort, asked)
    items = await public_images_out(session, actor, page.items, storage)
    return PublicImagePage(items=items, next_cursor=page.next_cursor)
