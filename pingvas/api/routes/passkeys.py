"""Passkeys: signing in with one (`/auth/passkeys`), a person's own (`/me/passkeys`), proving with one who is there."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response, status
from pydantic import BaseModel, ConfigDict, Field

from pingvas.accounts.refusals import AccountSuspended
from pingvas.accounts.sign_in.challenges import ChallengeOver
from pingvas.accounts.sign_in.passkey_answers import PasskeyRefused
from pingvas.accounts.sign_in.passkeys import (
    MAX_NAME,
    PasskeyExists,
    TooManyPasskeys,
    add_passkey,
    ask_for_new_passkey,
    list_passkeys,
    remove_passkey,
    rename_passkey,
)
from pingvas.accounts.sign_in.relying_party import PasskeysUnavailable
from pingvas.accounts.sign_in.ways_in import LastWayIn
from pingvas.accounts.sign_in.with_passkey import ask_for_passkey, prove_with_passkey, sign_in_with_passkey
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import (
    ActorBeforehandDep,
    ActorDep,
    AddressDep,
    BudgetsDep,
    DatabaseDep,
    FreshActorDep,
    ReadSessionDep,
    SessionDep,
    SettingsDep,
    within,
)
from pingvas.api.http.refresh_cookie import RefreshTransportDep
from pingvas.api.http.wire import SHOWN_NAME
from pingvas.api.routes.auth import CallerDep, TokenAnswer, token_answer
from pingvas.base.budgets import BudgetUsedUp

auth = APIRouter(prefix="/auth/passkeys", tags=["accounts"])
me = APIRouter(prefix="/me", tags=["accounts"])

Name = Annotated[
    str,
    Field(
        max_length=400,
        description=f"1 to {MAX_NAME} characters",
        json_schema_extra={**SHOWN_NAME, "maxLength": MAX_NAME},
    ),
]
Credential = Annotated[
    dict[str, Any],
    Field(description="`PublicKeyCredential.toJSON()` of what the browser gave, as WebAuthn writes it"),
]


class OptionsOut(BaseModel):
    """What the browser is asked with. Each works once, for five minutes."""

    public_key: dict[str, Any] = Field(
        description="For `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`"
    )


class PasskeyBody(BaseModel):
    credential: Credential


class NewPasskeyBody(PasskeyBody):
    name: Name


class RenameBody(BaseModel):
    name: Name


class PasskeyOut(BaseModel):
    """A passkey of this person's. `backed_up`: whether it is kept on more than one device."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    backed_up: bool
    created_at: datetime
    last_used_at: datetime | None


class PasskeysOut(BaseModel):
    items: list[PasskeyOut]


@auth.post("/options", operation_id="ask_for_passkey")
@raises(PasskeysUnavailable, BudgetUsedUp)
async def options(
    session: SessionDep, settings: SettingsDep, budgets: BudgetsDep, address: AddressDep, response: Response
) -> OptionsOut:
    """What to ask the browser for a passkey with. Nobody is named: the browser shows the passkeys that it has for this studio."""
    budgets.challenges.take(address)
    response.headers["Cache-Control"] = "no-store"
    return OptionsOut(public_key=await ask_for_passkey(session, settings))


@auth.post("/login", operation_id="login_with_passkey")
@raises(PasskeyRefused, ChallengeOver, PasskeysUnavailable, AccountSuspended, BudgetUsedUp)
async def login(
    body: PasskeyBody,
    database: DatabaseDep,
    settings: SettingsDep,
    budgets: BudgetsDep,
    caller: CallerDep,
    address: AddressDep,
    transport: RefreshTransportDep,
    response: Response,
) -> TokenAnswer:
    """Sign in on this device with a passkey, which counts as both factors."""
    signed_in = await sign_in_with_passkey(
        database,
        settings,
        budgets,
        credential=body.credential,
        ip=caller.ip,
        user_agent=caller.user_agent,
        address=address,
    )
    return token_answer(signed_in.user, signed_in.tokens, transport, response)


@me.post("/passkeys/options", operation_id="ask_for_new_passkey", dependencies=[within("changes")])
@raises(PasskeysUnavailable, TooManyPasskeys)
async def new_options(
    actor: FreshActorDep, session: SessionDep, settings: SettingsDep, response: Response
) -> OptionsOut:
    """What to have the browser make a passkey with."""
    response.headers["Cache-Control"] = "no-store"
    return OptionsOut(public_key=await ask_for_new_passkey(session, settings, actor.user_id))


@me.post(
    "/passkeys",
    status_code=status.HTTP_201_CREATED,
    operation_id="add_passkey",
    dependencies=[within("changes")],
)
@raises(PasskeyRefused, ChallengeOver, PasskeysUnavailable, PasskeyExists, TooManyPasskeys)
async def add(
    body: NewPasskeyBody, actor: FreshActorDep, session: SessionDep, settings: SettingsDep
) -> PasskeyOut:
    """Keep a passkey that the browser has just made. It signs in from now on."""
    made = await add_passkey(session, settings, actor.user_id, credential=body.credential, name=body.name)
    return PasskeyOut.model_validate(made)


@me.get("/passkeys", operation_id="list_passkeys")
async def list_mine(actor: ActorDep, session: ReadSessionDep) -> PasskeysOut:
    """This person's passkeys, the newest first; there are twenty at most."""
    return PasskeysOut(
        items=[PasskeyOut.model_validate(each) for each in await list_passkeys(session, actor.user_id)]
    )


@me.patch("/passkeys/{passkey_id:uuid}", operation_id="rename_passkey", dependencies=[within("changes")])
async def rename(passkey_id: UUID, body: RenameBody, actor: ActorDep, session: SessionDep) -> PasskeyOut:
    """Give a passkey another name."""
    return PasskeyOut.model_validate(await rename_passkey(session, actor.user_id, passkey_id, body.name))


@me.delete(
    "/passkeys/{passkey_id:uuid}", status_code=status.HTTP_204_NO_CONTENT, operation_id="remove_passkey"
)
@raises(LastWayIn)
async def remove(passkey_id: UUID, actor: FreshActorDep, session: SessionDep, settings: SettingsDep) -> None:
    """Remove a passkey; it signs in no more. The last way into an account cannot be removed."""
    await remove_passkey(session, settings, actor.user_id, passkey_id)


@me.post("/proof/passkey/options", operation_id="ask_for_passkey_as_proof", dependencies=[within("changes")])
@raises(PasskeysUnavailable)
async def proof_options(
    actor: ActorDep, session: SessionDep, settings: SettingsDep, response: Response
) -> OptionsOut:
    """What to ask the browser for one of this person's passkeys with."""
    response.headers["Cache-Control"] = "no-store"
    return OptionsOut(public_key=await ask_for_passkey(session, settings, of=actor.user_id))


@me.post("/proof/passkey", status_code=status.HTTP_204_NO_CONTENT, operation_id="prove_with_passkey")
@raises(PasskeyRefused, ChallengeOver, PasskeysUnavailable, BudgetUsedUp)
async def prove(
    body: PasskeyBody,
    actor: ActorBeforehandDep,
    database: DatabaseDep,
    settings: SettingsDep,
    budgets: BudgetsDep,
    address: AddressDep,
) -> None:
    """Prove again, with a passkey, who is there: for the next ten minutes what is dear may be done on this device."""
    await prove_with_passkey(database, settings, budgets, actor, credential=body.credential, address=address)
