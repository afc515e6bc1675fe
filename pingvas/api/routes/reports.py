"""Reports: what I find wrong with an image that I see."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, status
from pydantic import BaseModel, ConfigDict, Field

from pingvas.api.http.contract import raises
from pingvas.api.http.deps import ActorDep, BudgetsDep, SessionDep
from pingvas.api.http.wire import Text
from pingvas.base.budgets import BudgetUsedUp
from pingvas.gallery.sharing.likes import ImageNotPublic
from pingvas.gallery.sharing.reasons import MAX_WORDS, Reason
from pingvas.gallery.sharing.reports import report_image

router = APIRouter(prefix="/images", tags=["gallery"])

Words = Annotated[Text, Field(max_length=MAX_WORDS)]


class ReportBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason
    words: Words | None = Field(None, description="What there is to say beside it")


@raises(BudgetUsedUp)
async def _within_budget(actor: ActorDep, budgets: BudgetsDep) -> None:
    budgets.reports.take(actor.user_id)


@router.post(
    "/{image_id:uuid}/reports",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="report_image",
    dependencies=[Depends(_within_budget)],
)
@raises(ImageNotPublic)
async def report(image_id: UUID, body: ReportBody, actor: ActorDep, session: SessionDep) -> None:
    """Tell the admins what is wrong with a public or unlisted image. Said again, it replaces what I said before."""
    await report_image(session, actor, image_id, body.reason, body.words)
