"""Signing up, in, on and out: `/auth`. Answers carry tokens and are never cached."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response, status
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from pingvas.accounts.api_keys.use import ScopeMissing
from pingvas.accounts.mail.compose import Language
from pingvas.accounts.one_time import redeem_token
from pingvas.accounts.passwords.rules import MAX_LENGTH, MIN_LENGTH
from pingvas.accounts.people.addresses import ask_to_verify
from pingvas.accounts.people.registration import (
    MAX_DISPLAY_NAME,
    EmailExists,
    RegistrationClosed,
    refuse_if_closed,
)
from pingvas.accounts.refusals import AccountSuspended, InvalidToken, TokenExpired
from pingvas.accounts.sessions.lifecycle import (
    ReusedToken,
    Tokens,
    end_session,
    end_session_of_token,
    refresh,
    start_session,
)
from pingvas.accounts.sign_in.first_factor import SecondFactorNeeded
from pingvas.accounts.sign_in.with_password import InvalidCredentials, sign_in
from pingvas.accounts.tables import User
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import AddressDep, BudgetsDep, DatabaseDep, SessionDep, SettingsDep
from pingvas.api.http.refresh_cookie import CrossSiteRequest, RefreshTransportDep
from pingvas.api.http.who_asks import who_asks
from pingvas.api.http.wire import SHOWN_NAME, Secret
from pingvas.base.budgets import BudgetUsedUp, StudioBusy
from pingvas.base.errors import Unauthorized
from pingvas.billing.open_account import open_account

router = APIRouter(prefix="/auth", tags=["accounts"])

# Longer than any password that is accepted, so that typing too much is told as that, and a megabyte is not read.
MAX_INPUT = 1024
EMAIL: JsonDict = {"format": "email", "maxLength": 254}


NewPassword = Annotated[
    Secret,
    Field(
        max_length=MAX_INPUT,
        description=f"{MIN_LENGTH} to {MAX_LENGTH} characters of any kind; not one of the very common ones",
        json_schema_extra={"minLength": MIN_LENGTH, "maxLength": MAX_LENGTH},
    ),
]


class UserOut(BaseModel):
    """A person, as they see themselves."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str | None = Field(description="null: somebody from elsewhere who has told none yet")
    email_verified_at: datetime | None
    handle: str | None
    display_name: str
    role: Literal["user", "admin"]
    status: Literal["active", "suspended", "deleted"]
    created_at: datetime


class TokenAnswer(BaseModel):
    """Tokens of the device that signed in. `refresh_token` is null for web pages: they have it in a cookie."""

    access_token: str
    refresh_token: str | None
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - a kind of token, not one
    expires_in: int = Field(description="Seconds until the access token expires")
    user: UserOut


class RegisteredAnswer(TokenAnswer):
    """The same of a new account, and the credits it starts with."""

    bonus_credits: int = Field(
        description="The sign-up bonus; 0 where it is withheld, or the studio gives none"
    )
    bonus_due: int = Field(description="Credits that come when the address is proven")
    bonus_withheld: bool = Field(
        description="Whether others get a bonus and this account none, for too many were made at this address lately"
    )


class RegisterBody(BaseModel):
    email: str = Field(max_length=MAX_INPUT, json_schema_extra=EMAIL, examples=["me@example.com"])
    password: NewPassword
    display_name: str = Field(
        max_length=MAX_INPUT, description=f"1 to {MAX_DISPLAY_NAME} characters", json_schema_extra=SHOWN_NAME
    )


class LoginBody(BaseModel):
    email: str = Field(max_length=MAX_INPUT, json_schema_extra=EMAIL)
    password: Secret = Field(max_length=MAX_INPUT)


class RefreshBody(BaseModel):
    refresh_token: Secret | None = Field(None, max_length=MAX_INPUT, description="Left out by web pages")


class OneTimeBody(BaseModel):
    token: Secret = Field(max_length=MAX_INPUT, description="From a sign-in link; works once")


async def _language(
    accept_language: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Language:
    """The language that the caller reads, for mail to somebody who has chosen none yet."""
    return "ko" if (accept_language or "").lower().startswith("ko") else "en"


LanguageDep = Annotated[Language, Depends(_language)]


@dataclass(frozen=True)
class Caller:
    """Where a request comes from, for the list of devices."""

    ip: str | None
    user_agent: str | None


# `async`, as all dependencies are: others, and classes, FastAPI calls in a thread.
async def _caller(
    request: Request, user_agent: Annotated[str | None, Header(include_in_schema=False)] = None
) -> Caller:
    return Caller(None if request.client is None else request.client.host, user_agent)


CallerDep = Annotated[Caller, Depends(_caller)]


@router.post("/register", status_code=status.HTTP_201_CREATED, operation_id="register")
@raises(RegistrationClosed, EmailExists, BudgetUsedUp, StudioBusy)
async def register_account(
    body: RegisterBody,
    session: SessionDep,
    settings: SettingsDep,
    caller: CallerDep,
    transport: RefreshTransportDep,
    response: Response,
    budgets: BudgetsDep,
    address: AddressDep,
    language: LanguageDep,
) -> RegisteredAnswer:
    """Make an account with the free plan and the sign-up bonus, sign it in, and write to the address to have it proven.

    Of the accounts that are made at one address in a short time, only the first get the bonus; the others start without,
    and `bonus_withheld` says so.
    """
    refuse_if_closed(settings)
    budgets.sign_ups.take(address)
    with budgets.sign_up_bonuses.one_if_left(address) as left:
        bonus = settings.signup_bonus_credits if left else 0
        later = bonus if settings.bonus_after_verification else 0
        user = await open_account(
            session,
            settings,
            email=body.email,
            password=body.password.get_secret_value(),
            display_name=body.display_name,
            credits=bonus - later,
            due_later=later,
            who=address,
        )
    await ask_to_verify(session, user, language=language)
    tokens = await start_session(
        session, settings, user, ip=caller.ip, user_agent=caller.user_agent, method="password"
    )
    told = token_answer(user, tokens, transport, response)
    withheld = bonus < settings.signup_bonus_credits
    return RegisteredAnswer(
        **dict(told), bonus_credits=bonus - later, bonus_due=later, bonus_withheld=withheld
    )


@router.post("/login", operation_id="login")
@raises(InvalidCredentials, AccountSuspended, SecondFactorNeeded, BudgetUsedUp, StudioBusy)
async def login(
    body: LoginBody,
    database: DatabaseDep,
    settings: SettingsDep,
    budgets: BudgetsDep,
    caller: CallerDep,
    transport: RefreshTransportDep,
    response: Response,
) -> TokenAnswer:
    """Sign in on this device with e-mail and password.

    Where the account wants a code as well, the answer is 403 `second_factor_needed`: its `challenge` goes to
    `/auth/second-factor` with the code.
    """
    signed_in = await sign_in(
        database,
        settings,
        budgets,
        email=body.email,
        password=body.password.get_secret_value(),
        ip=caller.ip,
        user_agent=caller.user_agent,
    )
    return token_answer(signed_in.user, signed_in.tokens, transport, response)


@router.post("/one-time", operation_id="sign_in_once")
@raises(InvalidToken, TokenExpired, AccountSuspended)
async def sign_in_once(
    body: OneTimeBody,
    session: SessionDep,
    settings: SettingsDep,
    caller: CallerDep,
    transport: RefreshTransportDep,
    response: Response,
    budgets: BudgetsDep,
    address: AddressDep,
) -> TokenAnswer:
    """Sign in on this device with the token of a sign-in link."""
    with budgets.tokens.counting(address, InvalidToken):
        user, _ = await redeem_token(session, body.token.get_secret_value(), "sign_in")
    tokens = await start_session(
        session, settings, user, ip=caller.ip, user_agent=caller.user_agent, method="link"
    )
    return token_answer(user, tokens, transport, response)


@router.post("/refresh", operation_id="refresh_tokens")
@raises(Unauthorized, InvalidToken, ReusedToken, TokenExpired, AccountSuspended, CrossSiteRequest)
async def refresh_tokens(
    database: DatabaseDep,
    settings: SettingsDep,
    caller: CallerDep,
    transport: RefreshTransportDep,
    response: Response,
    budgets: BudgetsDep,
    body: RefreshBody | None = None,
) -> TokenAnswer:
    """Trade the refresh token (in the body, or a web page's cookie) for new tokens. Each works once.

    Using an old one again signs that device out, because somebody else must have a copy.
    """
    token = _token_in(body) or transport.cookie_token()
    if token is None:
        raise Unauthorized("There is no refresh token in this request.")
    refreshed = await refresh(database, settings, budgets, token, ip=caller.ip, user_agent=caller.user_agent)
    return token_answer(refreshed.user, refreshed.tokens, transport, response)


@router.post("/logout", status_code=status.HTTP_204_NO_CONTENT, operation_id="logout")
@raises(Unauthorized, InvalidToken, TokenExpired, AccountSuspended, CrossSiteRequest, ScopeMissing)
async def logout(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    transport: RefreshTransportDep,
    response: Response,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))],
    body: RefreshBody | None = None,
) -> None:
    """Sign this device out; its access token stops working at once.

    The device is the one of the refresh token (in the body, or a web page's cookie), else of the access token.
    """
    token = _token_in(body) or (None if bearer and not transport.web else transport.cookie_token())
    transport.take_back(response)
    if token is not None:
        await end_session_of_token(session, settings, token)
        return
    if bearer is None:
        raise Unauthorized
    actor = await who_asks(request, session, bearer.credentials, viewing_too=True)
    if actor.session_id is not None:
        await end_session(session, actor.user_id, actor.session_id)


def token_answer(
    user: User, tokens: Tokens, transport: RefreshTransportDep, response: Response
) -> TokenAnswer:
    """What a device that has just signed in is told; a web page has its refresh token in a cookie."""
    return TokenAnswer(
        access_token=tokens.access_token,
        refresh_token=transport.hand_over(response, tokens.refresh_token),
        expires_in=tokens.expires_in,
        user=UserOut.model_validate(user),
    )


def _token_in(body: RefreshBody | None) -> str | None:
    return body.refresh_token.get_secret_value() or None if body is not None and body.refresh_token else None
