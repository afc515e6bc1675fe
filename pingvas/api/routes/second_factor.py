"""The second factor: setting an app up, its codes at sign-in and as proof, and recovery codes."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Response, status
from pydantic import BaseModel, Field

from pingvas.accounts.refusals import AccountSuspended
from pingvas.accounts.sign_in.challenges import ChallengeOver
from pingvas.accounts.sign_in.first_factor import sign_in_with_code
from pingvas.accounts.sign_in.proof import note_proof, prove_with_code
from pingvas.accounts.sign_in.relying_party import find_relying_party
from pingvas.accounts.sign_in.second_factor import (
    NoSecondFactor,
    SecondFactorExists,
    WrongCode,
    begin,
    confirm,
    counting,
    remove,
    renew_recovery_codes,
)
from pingvas.accounts.sign_in.ways_in import find_ways_in
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
from pingvas.api.http.wire import Secret
from pingvas.api.routes.auth import CallerDep, TokenAnswer, token_answer
from pingvas.base.budgets import BudgetUsedUp

auth = APIRouter(prefix="/auth", tags=["accounts"])
me = APIRouter(prefix="/me", tags=["accounts"])

Code = Annotated[Secret, Field(max_length=100, description="Six digits of the app, or a recovery code")]


class CodeBody(BaseModel):
    code: Code


class SecondFactorBody(CodeBody):
    challenge_token: Secret = Field(
        max_length=200, description="`challenge` of the answer `second_factor_needed`, or of the address"
    )


class BegunOut(BaseModel):
    """For an authenticator app. Counts once a first code was shown."""

    secret: str = Field(description="To be typed, base32")
    uri: str = Field(description="The same as `otpauth://…`, for a QR code")


class RecoveryCodesOut(BaseModel):
    """Shown this once. Each stands in for the app once."""

    recovery_codes: list[str]


class SecondFactorState(BaseModel):
    on: bool
    since: datetime | None
    recovery_codes_left: int


class SignInMethodsOut(BaseModel):
    """The ways into this account, and what this studio offers."""

    has_password: bool
    passkeys: int
    passkeys_available: bool = Field(description="Whether the studio's address allows passkeys")
    providers: list[Literal["google", "discord"]] = Field(description="Those that are linked")
    second_factor: SecondFactorState
    session_has_second_factor: bool = Field(description="Whether this device has shown two factors")


@me.get("/sign-in-methods", operation_id="get_sign_in_methods")
async def get_methods(actor: ActorDep, session: ReadSessionDep, settings: SettingsDep) -> SignInMethodsOut:
    """How this person can sign in."""
    ways = await find_ways_in(session, settings, actor.user_id)
    return SignInMethodsOut(
        has_password=ways.has_password,
        passkeys=ways.passkeys,
        passkeys_available=find_relying_party(settings) is not None,
        providers=list(ways.providers),
        second_factor=SecondFactorState(
            on=ways.second_factor_since is not None,
            since=ways.second_factor_since,
            recovery_codes_left=ways.recovery_codes_left,
        ),
        session_has_second_factor=actor.second_factor,
    )


@me.post("/second-factor", operation_id="begin_second_factor", dependencies=[within("changes")])
@raises(SecondFactorExists)
async def set_up(
    actor: FreshActorDep, session: SessionDep, settings: SettingsDep, response: Response
) -> BegunOut:
    """Make the secret for an authenticator app. Asked again before it is confirmed, it makes another."""
    response.headers["Cache-Control"] = "no-store"
    begun = await begin(session, settings, actor.user_id)
    return BegunOut(secret=begun.secret, uri=begun.uri)


@me.post("/second-factor/confirm", operation_id="confirm_second_factor")
@raises(NoSecondFactor, SecondFactorExists, WrongCode, BudgetUsedUp)
async def confirm_it(
    body: CodeBody,
    actor: ActorDep,
    session: SessionDep,
    settings: SettingsDep,
    budgets: BudgetsDep,
    address: AddressDep,
    response: Response,
) -> RecoveryCodesOut:
    """Show that the app makes the right codes. From now on signing in asks for one."""
    response.headers["Cache-Control"] = "no-store"
    code = body.code.get_secret_value()
    with counting(budgets, actor.user_id, code, address=address):
        codes = await confirm(session, settings, actor.user_id, code)
    await note_proof(session, actor, second_factor=True)
    return RecoveryCodesOut(recovery_codes=codes)


@me.delete("/second-factor", status_code=status.HTTP_204_NO_CONTENT, operation_id="remove_second_factor")
@raises(NoSecondFactor)
async def take_away(actor: FreshActorDep, session: SessionDep) -> None:
    """Take the app and its recovery codes away. Signing in asks for no code any more."""
    await remove(session, actor.user_id)


@me.post(
    "/second-factor/recovery-codes", operation_id="renew_recovery_codes", dependencies=[within("changes")]
)
@raises(NoSecondFactor)
async def renew(actor: FreshActorDep, session: SessionDep, response: Response) -> RecoveryCodesOut:
    """Make ten new recovery codes; the old ones work no more."""
    response.headers["Cache-Control"] = "no-store"
    return RecoveryCodesOut(recovery_codes=await renew_recovery_codes(session, actor.user_id))


@auth.post("/second-factor", operation_id="login_with_code")
@raises(ChallengeOver, WrongCode, AccountSuspended, BudgetUsedUp)
async def login(
    body: SecondFactorBody,
    database: DatabaseDep,
    settings: SettingsDep,
    budgets: BudgetsDep,
    caller: CallerDep,
    address: AddressDep,
    transport: RefreshTransportDep,
    response: Response,
) -> TokenAnswer:
    """End a sign-in that waits for a code. Five may be tried; then one begins again."""
    signed_in = await sign_in_with_code(
        database,
        settings,
        budgets,
        challenge=body.challenge_token.get_secret_value(),
        code=body.code.get_secret_value(),
        ip=caller.ip,
        user_agent=caller.user_agent,
        address=address,
    )
    return token_answer(signed_in.user, signed_in.tokens, transport, response)


@me.post("/proof/code", status_code=status.HTTP_204_NO_CONTENT, operation_id="prove_with_code")
@raises(WrongCode, BudgetUsedUp)
async def prove(
    body: CodeBody,
    actor: ActorBeforehandDep,
    database: DatabaseDep,
    settings: SettingsDep,
    budgets: BudgetsDep,
    address: AddressDep,
) -> None:
    """Prove again, with a code, who is there: for the next ten minutes what is dear may be done on this device."""
    await prove_with_code(
        database, settings, budgets, actor, code=body.code.get_secret_value(), address=address
    )
