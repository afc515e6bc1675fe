"""What everybody finds: public images, without signing in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from pingvas.api.http.contract import raises
from pingvas.api.http.deps import AddressDep, BudgetsDep, ReadSessionDep, StorageDep
from pingvas.api.http.wire import PageDep
from pingvas.api.routes.image_out import ImagePage, images_out, shown_to_others
from pingvas.base.budgets import BudgetUsedUp
from pingvas.gallery.explore import list_public_images
from pingvas.gallery.tag_names import TagName

router = APIRouter(prefix="/explore", tags=["gallery"])


@raises(BudgetUsedUp)
async def _within_budget(address: AddressDep, budgets: BudgetsDep) -> None:
    budgets.explore.take(address)


@router.get("", operation_id="list_public_images", dependencies=[Depends(_within_budget)])
async def explore(
    session: ReadSessionDep,
    storage: StorageDep,
    asked: PageDep,
    tag: Annotated[TagName | None, Query(description="Has it")] = None,
) -> ImagePage:
    """Everybody's public images, the newest first; nobody needs to sign in."""
    page = await list_public_images(session, tag, asked)
    items = await images_out(session, page.items, storage)
    shown = await shown_to_others(session, page.items, items, storage)
    return ImagePage(items=shown, next_cursor=page.next_cursor)
