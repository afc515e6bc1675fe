"""Google and Discord: signing in by them (`/auth/oauth`), and a person's linked accounts (`/me/oauth-accounts`)."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response, status
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field
from starlette.convertors import Convertor, register_url_convertor

from pingvas.accounts.actor import Actor
from pingvas.accounts.sessions.lifecycle import Tokens
from pingvas.accounts.sign_in.linked_providers import (
    link_while_signed_in,
    list_linked,
    prove_by_identity,
    unlink,
)
from pingvas.accounts.sign_in.relying_party import find_relying_party
from pingvas.accounts.sign_in.round_trips import MAX_NEXT, NEXT, Trip, come_back, depart
from pingvas.accounts.sign_in.ways_in import LastWayIn
from pingvas.accounts.tables import OAuthAccount
from pingvas.adapters.oauth.identity import NAMES, Identity, Provider, ProviderRefused, ProviderUnavailable
from pingvas.adapters.oauth.providers import Providers
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import (
    ActorBeforehandDep,
    ActorDep,
    AddressDep,
    BudgetsDep,
    DatabaseDep,
    FreshActorBeforehandDep,
    FreshActorDep,
    ProvidersDep,
    ReadSessionDep,
    SessionDep,
    SettingsDep,
)
from pingvas.api.http.landing import BrowserMark, BrowserMarkDep, OwnAddressDep, land, page, with_problem
from pingvas.api.http.refresh_cookie import WEB, RefreshTransport
from pingvas.api.routes.auth import CallerDep, LanguageDep
from pingvas.base.budgets import BudgetUsedUp
from pingvas.base.db import Database
from pingvas.base.errors import Forbidden, NotFound
from pingvas.billing.arrivals import arrive

auth = APIRouter(prefix="/auth", tags=["accounts"])
me = APIRouter(prefix="/me", tags=["accounts"])


class _ProviderName(Convertor[str]):
    """What is no name of a provider is no address: not one that another method takes, either."""

    regex = "|".join(NAMES)

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("provider", _ProviderName())

_TO_A_PAGE: dict[int | str, dict[str, Any]] = {
    302: {
        "description": "To the provider, or to a page of the studio; `problem` in its query is the code of what went wrong",
        "headers": {"Location": {"required": True, "schema": {"type": "string", "format": "uri-reference"}}},
    }
}
_CALLBACK = "/api/v1/auth/oauth/{provider}/callback"
_SIGN_IN, _DONE, _CODE, _METHODS = "/sign-in", "/sign-in/done", "/sign-in/second-factor", "/account/sign-in"

_NEXT_RULE = "A path of this studio: one slash at its start, and no backslash, blank or control character"
Next = Annotated[str, Query(max_length=MAX_NEXT, pattern=NEXT, description=_NEXT_RULE)]
# What a provider sends back: read as it is, and held against what is known.
Told = Annotated[str | None, Query(max_length=4096)]


class Canceled(Forbidden):
    """The person has said no at the provider."""

    code = "canceled"
    default_detail = "The sign-in was canceled."


class ProviderOut(BaseModel):
    provider: Provider


class ProvidersOut(BaseModel):
    """How one may sign in here besides a password."""

    items: list[ProviderOut]
    passkeys: bool = Field(description="Whether the studio's address allows passkeys")


class LinkedOut(BaseModel):
    """An account of another service that signs this person in. `name`: what it is known by there."""

    id: UUID
    provider: Literal["google", "discord"]
    name: str | None
    created_at: datetime


class LinkedPage(BaseModel):
    items: list[LinkedOut]


class ToProviderBody(BaseModel):
    next: str = Field(
        _METHODS, max_length=MAX_NEXT, pattern=NEXT, description=f"Where to come back to. {_NEXT_RULE}"
    )


class ToProviderOut(BaseModel):
    url: str = Field(description="Where the page sends the browser")


@auth.get("/providers", operation_id="list_providers")
async def list_providers(providers: ProvidersDep, settings: SettingsDep) -> ProvidersOut:
    """The services that one may sign in with here."""
    items = [ProviderOut(provider=provider) for provider in providers]
    return ProvidersOut(items=items, passkeys=find_relying_party(settings) is not None)


@auth.get(
    "/oauth/{provider:provider}",
    status_code=status.HTTP_302_FOUND,
    response_class=RedirectResponse,
    responses=_TO_A_PAGE,
    operation_id="sign_in_with_provider",
)
@raises(NotFound)
async def leave(
    provider: Provider,
    providers: ProvidersDep,
    database: DatabaseDep,
    budgets: BudgetsDep,
    address: AddressDep,
    mark: BrowserMarkDep,
    own: OwnAddressDep,
    response: Response,
    next_page: Annotated[Next, Query(alias="next")] = "/",
) -> Response:
    """To the provider, which asks who is there. It comes back to the callback, and from there to `next`."""
    known = _known(provider, providers)

    async def work() -> str:
        budgets.challenges.take(address)
        return await _depart(database, providers, known, mark.set(response), own=own, next_page=next_page)

    return await land(response, work(), trouble=lambda code: page(own, _SIGN_IN, problem=code))


@auth.get(
    "/oauth/{provider:provider}/callback",
    status_code=status.HTTP_302_FOUND,
    response_class=RedirectResponse,
    responses=_TO_A_PAGE,
    operation_id="come_back_from_provider",
)
@raises(NotFound)
async def callback(
    request: Request,
    provider: Provider,
    providers: ProvidersDep,
    database: DatabaseDep,
    settings: SettingsDep,
    budgets: BudgetsDep,
    address: AddressDep,
    caller: CallerDep,
    language: LanguageDep,
    mark: BrowserMarkDep,
    own: OwnAddressDep,
    response: Response,
    state: Told = None,
    code: Told = None,
    error: Told = None,
    iss: Told = None,
) -> Response:
    """Where the provider sends the browser: signs it in and on to `/sign-in/done?next=…`, asks for a code at
    `/sign-in/second-factor?next=…#challenge=…`, or says what went wrong at `/sign-in?problem=…`."""
    known = _known(provider, providers)
    back = _SIGN_IN

    async def work() -> str:
        nonlocal back
        async with database.transaction() as session:
            trip = await come_back(session, known, state=state, browser=mark.value)
        if trip.user_id is not None:
            back = trip.next if trip.proves else _METHODS
        identity = await _identify(providers, known, trip, code=code, error=error, issuer=iss)
        if trip.user_id is not None:
            await _for_who_is_signed_in(database, identity, trip, trip.user_id)
            return own + trip.next
        entered = await arrive(
            database,
            settings,
            budgets,
            identity,
            ip=caller.ip,
            user_agent=caller.user_agent,
            address=address,
            language=language,
        )
        if not isinstance(entered, Tokens):
            return page(own, _CODE, next=trip.next, fragment=f"challenge={entered.challenge}")
        RefreshTransport(settings, request.cookies, client=WEB, own_page=True).hand_over(
            response, entered.refresh_token
        )
        return page(own, _DONE, next=trip.next)

    return await land(response, work(), trouble=lambda what: with_problem(own, back, what))


@me.get("/oauth-accounts", operation_id="list_oauth_accounts")
async def list_mine(actor: ActorDep, session: ReadSessionDep) -> LinkedPage:
    """The accounts of other services that sign this person in, the newest first; there are ten at most."""
    return LinkedPage(items=[_linked_out(each) for each in await list_linked(session, actor.user_id)])


@me.post("/oauth-accounts/{provider:provider}", operation_id="link_oauth_account")
@raises(ProviderUnavailable, BudgetUsedUp)
async def link_mine(
    provider: Provider,
    actor: FreshActorBeforehandDep,
    providers: ProvidersDep,
    database: DatabaseDep,
    budgets: BudgetsDep,
    mark: BrowserMarkDep,
    own: OwnAddressDep,
    response: Response,
    body: ToProviderBody | None = None,
) -> ToProviderOut:
    """Begin to link an account of another service: the page sends the browser to `url`, which comes back to `next`, or to
    `/account/sign-in?problem=…`."""
    return await _for_actor(
        providers,
        database,
        budgets,
        provider,
        actor,
        mark,
        own,
        response,
        body or ToProviderBody(),
        proves=False,
    )


@me.delete(
    "/oauth-accounts/{account_id:uuid}",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="unlink_oauth_account",
)
@raises(LastWayIn)
async def unlink_mine(
    account_id: UUID, actor: FreshActorDep, session: SessionDep, settings: SettingsDep
) -> None:
    """Remove a linked account; it signs in no more. The last way into an account cannot be removed."""
    await unlink(session, settings, actor.user_id, account_id)


@me.post("/proof/oauth/{provider:provider}", operation_id="prove_with_provider")
@raises(ProviderUnavailable, BudgetUsedUp)
async def prove(
    provider: Provider,
    actor: ActorBeforehandDep,
    providers: ProvidersDep,
    database: DatabaseDep,
    budgets: BudgetsDep,
    mark: BrowserMarkDep,
    own: OwnAddressDep,
    response: Response,
    body: ToProviderBody | None = None,
) -> ToProviderOut:
    """Prove again, by an account of another service that is linked, who is there: the page sends the browser to `url`, which
    comes back to `next`, with `problem=…` in its query if it went wrong."""
    return await _for_actor(
        providers,
        database,
        budgets,
        provider,
        actor,
        mark,
        own,
        response,
        body or ToProviderBody(),
        proves=True,
    )


def _known(provider: Provider, providers: Providers) -> Provider:
    """One that is not set up does not exist."""
    if provider not in providers:
        raise NotFound
    return provider


async def _depart(
    database: Database,
    providers: Providers,
    provider: Provider,
    browser: str,
    *,
    own: str,
    next_page: str,
    actor: Actor | None = None,
    proves: bool = False,
) -> str:
    """The address at the provider. It is asked for what it offers after the row is kept, in no transaction."""
    redirect_uri = own + _CALLBACK.format(provider=provider)
    async with database.transaction() as session:
        departure = await depart(
            session,
            provider,
            browser=browser,
            callback=redirect_uri,
            next_page=next_page,
            actor=actor,
            proves=proves,
        )
    return await providers[provider].authorization_url(
        redirect_uri=redirect_uri,
        state=departure.state,
        nonce=departure.nonce,
        verifier=departure.verifier,
    )


async def _for_actor(
    providers: Providers,
    database: Database,
    budgets: BudgetsDep,
    provider: Provider,
    actor: Actor,
    mark: BrowserMark,
    own: str,
    response: Response,
    body: ToProviderBody,
    *,
    proves: bool,
) -> ToProviderOut:
    known = _known(provider, providers)
    budgets.changes.take(actor.user_id)
    browser = mark.set(response)
    url = await _depart(
        database, providers, known, browser, own=own, next_page=body.next, actor=actor, proves=proves
    )
    return ToProviderOut(url=url)


async def _identify(
    providers: Providers,
    provider: Provider,
    trip: Trip,
    *,
    code: str | None,
    error: str | None,
    issuer: str | None,
) -> Identity:
    if error is not None:
        raise Canceled if error == "access_denied" else ProviderRefused
    if not code:
        raise ProviderRefused
    return await providers[provider].identify(
        code=code, redirect_uri=trip.callback, nonce=trip.nonce, verifier=trip.verifier, issuer=issuer
    )


async def _for_who_is_signed_in(database: Database, identity: Identity, trip: Trip, user_id: UUID) -> None:
    async with database.transaction() as session:
        if trip.proves:
            await prove_by_identity(session, identity, user_id=user_id, session_id=trip.session_id)
        else:
            await link_while_signed_in(session, identity, user_id=user_id, session_id=trip.session_id)


def _linked_out(account: OAuthAccount) -> LinkedOut:
    kept = account.provider_data
    return LinkedOut(
        id=account.id,
        provider=account.provider,
        name=kept.get("email") or kept.get("username"),
        created_at=account.created_at,
    )
