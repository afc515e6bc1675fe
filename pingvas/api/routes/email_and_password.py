"""Proving and changing an address, and getting a new password: `/auth` with the links of mails, `/me` for who is signed in."""

from datetime import datetime

from fastapi import APIRouter, status
from pydantic import BaseModel, ConfigDict, Field

from pingvas.accounts.people.addresses import (
    AlreadyProven,
    NoChangeWaits,
    PendingChange,
    ask_to_change_email,
    ask_to_verify,
    confirm_change,
    forget_change,
    forgot_password,
    verify_email,
)
from pingvas.accounts.people.registration import EmailExists
from pingvas.accounts.refusals import AccountSuspended, InvalidToken, TokenExpired
from pingvas.accounts.sign_in.change_password import change_password, reset_password
from pingvas.accounts.sign_in.proof import prove_with_password
from pingvas.accounts.sign_in.with_password import InvalidCredentials
from pingvas.accounts.tables import User
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import (
    ActorBeforehandDep,
    ActorDep,
    AddressDep,
    BudgetsDep,
    DatabaseDep,
    FreshActorBeforehandDep,
    FreshActorDep,
    SessionDep,
    SettingsDep,
)
from pingvas.api.http.wire import Secret
from pingvas.api.routes.auth import EMAIL, MAX_INPUT, LanguageDep, NewPassword
from pingvas.base.budgets import BudgetUsedUp, StudioBusy, short_key
from pingvas.billing.open_account import give_due_bonus

auth = APIRouter(prefix="/auth", tags=["accounts"])
me = APIRouter(prefix="/me", tags=["accounts"])


class LinkBody(BaseModel):
    token: Secret = Field(max_length=MAX_INPUT, description="From the link in a mail; works once")


class ForgotBody(BaseModel):
    email: str = Field(max_length=MAX_INPUT, json_schema_extra=EMAIL)


class ResetBody(LinkBody):
    password: NewPassword


class ChangeEmailBody(BaseModel):
    email: str = Field(max_length=MAX_INPUT, json_schema_extra=EMAIL)


class ChangePasswordBody(BaseModel):
    password: NewPassword


class ProofBody(BaseModel):
    password: Secret = Field(max_length=MAX_INPUT)


class VerifiedOut(BaseModel):
    email: str
    bonus_credits: int = Field(description="The sign-up bonus, where it waited for this; else 0")


class EmailChangeOut(BaseModel):
    """A change of address that waits for the consent of both addresses."""

    model_config = ConfigDict(from_attributes=True)

    new_email: str
    old_confirmed: bool
    new_confirmed: bool
    expires_at: datetime


class ConfirmedOut(BaseModel):
    changed: bool = Field(description="Whether both have agreed now and the account has the new address")
    waiting: EmailChangeOut | None


@auth.post("/verify-email", operation_id="verify_email")
@raises(InvalidToken, TokenExpired, AccountSuspended, BudgetUsedUp)
async def verify(
    body: LinkBody, session: SessionDep, budgets: BudgetsDep, address: AddressDep
) -> VerifiedOut:
    """Take an address as proven, with the token that was sent to it."""
    with budgets.tokens.counting(address, InvalidToken):
        user = await verify_email(session, body.token.get_secret_value())
    bonus = await give_due_bonus(session, user.id)
    return VerifiedOut(email=user.email or "", bonus_credits=bonus)


@me.post("/verify-email", status_code=status.HTTP_202_ACCEPTED, operation_id="send_verification")
@raises(AlreadyProven, BudgetUsedUp)
async def send_verification(actor: ActorDep, session: SessionDep, budgets: BudgetsDep) -> None:
    """Write to this person's address again, with a new link that proves it."""
    budgets.mails.take(actor.user_id)
    await ask_to_verify(session, await session.get_one(User, actor.user_id))


@auth.post("/password/forgot", status_code=status.HTTP_202_ACCEPTED, operation_id="forgot_password")
@raises(BudgetUsedUp)
async def forgot(
    body: ForgotBody, session: SessionDep, budgets: BudgetsDep, address: AddressDep, language: LanguageDep
) -> None:
    """Write to the address with a link to set a new password. The answer is the same whether anybody has the address."""
    budgets.mails_of_address.take(address)
    budgets.mails.take(short_key(body.email.strip().lower()))
    await forgot_password(session, body.email, language=language)


@auth.post("/password/reset", status_code=status.HTTP_204_NO_CONTENT, operation_id="reset_password")
@raises(InvalidToken, TokenExpired, AccountSuspended, BudgetUsedUp, StudioBusy)
async def reset(
    body: ResetBody, database: DatabaseDep, settings: SettingsDep, budgets: BudgetsDep, address: AddressDep
) -> None:
    """Set a new password with the token of a mail. All devices are signed out."""
    with budgets.tokens.counting(address, InvalidToken):
        await reset_password(
            database,
            settings,
            token=body.token.get_secret_value(),
            password=body.password.get_secret_value(),
            who=address,
        )


@auth.post("/email/confirm", operation_id="confirm_email")
@raises(InvalidToken, TokenExpired, AccountSuspended, NoChangeWaits, EmailExists, BudgetUsedUp)
async def confirm(
    body: LinkBody, database: DatabaseDep, budgets: BudgetsDep, address: AddressDep
) -> ConfirmedOut:
    """Agree to a change of address, with the token that was sent to the old address or the new one.

    Where somebody else has the new address by now, the change has ended: 409 `email_exists`.
    """
    with budgets.tokens.counting(address, InvalidToken):
        waiting = await confirm_change(database, body.token.get_secret_value())
    return ConfirmedOut(
        changed=waiting is None,
        waiting=None if waiting is None else EmailChangeOut.model_validate(waiting),
    )


@me.post("/email", status_code=status.HTTP_202_ACCEPTED, operation_id="change_email")
@raises(BudgetUsedUp)
async def change_address(
    body: ChangeEmailBody, actor: FreshActorDep, session: SessionDep, budgets: BudgetsDep
) -> EmailChangeOut:
    """Ask for another address. Both the present one and the new one are written to, and must agree."""
    budgets.mails.take(actor.user_id)
    change: PendingChange = await ask_to_change_email(session, actor.user_id, body.email)
    return EmailChangeOut.model_validate(change)


@me.delete("/email", status_code=status.HTTP_204_NO_CONTENT, operation_id="forget_email_change")
async def forget_address_change(actor: ActorDep, session: SessionDep) -> None:
    """Take a change of address back that waits."""
    await forget_change(session, actor.user_id)


@me.post("/password", status_code=status.HTTP_204_NO_CONTENT, operation_id="change_password")
@raises(BudgetUsedUp, StudioBusy)
async def change(
    body: ChangePasswordBody,
    actor: FreshActorBeforehandDep,
    database: DatabaseDep,
    settings: SettingsDep,
    address: AddressDep,
) -> None:
    """Set another password, or a first one. All other devices are signed out."""
    assert actor.session_id is not None  # noqa: S101 - a fresh proof is a device's
    await change_password(
        database,
        settings,
        user_id=actor.user_id,
        session_id=actor.session_id,
        password=body.password.get_secret_value(),
        who=address,
    )


@me.post("/proof", status_code=status.HTTP_204_NO_CONTENT, operation_id="prove_identity")
@raises(InvalidCredentials, BudgetUsedUp, StudioBusy)
async def prove(
    body: ProofBody,
    actor: ActorBeforehandDep,
    database: DatabaseDep,
    settings: SettingsDep,
    budgets: BudgetsDep,
    address: AddressDep,
) -> None:
    """Prove again, on this device, who one is: for the next ten minutes what is dear may be done."""
    await prove_with_password(
        database,
        settings,
        budgets,
        actor,
        password=body.password.get_secret_value(),
        address=address,
    )
