"""What routes ask for: the request's transaction, who is asking, settings, storage."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import Depends, Request, params
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.accounts.api_keys.addresses import AddressNotAllowed
from pingvas.accounts.api_keys.use import ScopeMissing
from pingvas.accounts.current import refuse_unless_admin, refuse_unless_fresh
from pingvas.accounts.refusals import (
    AccountLeaving,
    AccountSuspended,
    InvalidToken,
    ProofNeeded,
    ReadOnlyView,
    SecondFactorRequired,
    TokenExpired,
)
from pingvas.adapters.oauth.providers import Providers
from pingvas.adapters.places import Places
from pingvas.adapters.sellers.seller import Seller
from pingvas.adapters.storage import Storage, StorageUnavailable
from pingvas.api.http.contract import raises
from pingvas.api.http.who_asks import who_asks
from pingvas.base.budgets import Budgets, BudgetUsedUp, Rates, StudioBusy, address_key
from pingvas.base.db import Database, DatabaseFull, DatabaseUnavailable, OutcomeUnknown
from pingvas.base.errors import Forbidden, Unauthorized
from pingvas.base.fair_queue import FairQueue
from pingvas.base.read_session import ReadSession
from pingvas.base.settings import Settings
from pingvas.gallery.decoder import REFUSALS, Decoder, DecoderAway

_bearer = HTTPBearer(auto_error=False, description="An access token from `/auth/login`")
_REFUSALS = (
    Unauthorized,
    InvalidToken,
    TokenExpired,
    AccountSuspended,
    AccountLeaving,
    ReadOnlyView,
    AddressNotAllowed,
    ScopeMissing,
)

# All of these are async: FastAPI would send a plain function to a thread and wait for it.


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


@raises(DatabaseUnavailable)
async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


@raises(StorageUnavailable)
async def _storage(request: Request) -> Storage:
    storage: Storage = request.app.state.storage
    return storage


async def _budgets(request: Request) -> Budgets:
    budgets: Budgets = request.app.state.budgets
    return budgets


@raises(*REFUSALS, DecoderAway, BudgetUsedUp, StudioBusy)
async def _decoder(request: Request) -> Decoder:
    decoder: Decoder = request.app.state.decoder
    return decoder


async def _providers(request: Request) -> Providers:
    providers: Providers = request.app.state.providers
    return providers


async def _places(request: Request) -> Places:
    places: Places = request.app.state.places
    return places


async def _seller_if_any(request: Request) -> Seller | None:
    seller: Seller | None = request.app.state.seller
    return seller


async def _address(request: Request) -> str:
    return address_key(None if request.client is None else request.client.host)


DecoderDep = Annotated[Decoder, Depends(_decoder)]
BudgetsDep = Annotated[Budgets, Depends(_budgets)]
# The client's address as a key of budgets; what a proxy says counts where uvicorn trusts the proxy.
AddressDep = Annotated[str, Depends(_address)]
SettingsDep = Annotated[Settings, Depends(_settings)]
DatabaseDep = Annotated[Database, Depends(_database)]
StorageDep = Annotated[Storage, Depends(_storage)]
ProvidersDep = Annotated[Providers, Depends(_providers)]
PlacesDep = Annotated[Places, Depends(_places)]
SellerIfAnyDep = Annotated[Seller | None, Depends(_seller_if_any)]


@raises(DatabaseUnavailable, DatabaseFull, OutcomeUnknown, StudioBusy)
async def _session(
    request: Request, database: DatabaseDep, address: AddressDep
) -> AsyncIterator[ReadSession]:
    """A request is one transaction: read-only for GET and HEAD, else committed before the answer is sent. Nobody's calls take
    all connections: of one address so many run at a time."""
    turns: FairQueue = request.app.state.transactions
    async with turns.turn(address):
        if request.method in ("GET", "HEAD"):
            async with database.read() as reading:
                yield reading
        else:
            async with database.transaction() as session:
                yield session


# scope="function": the default would end the transaction only after the answer has left. One session for a request, by two
# names: routes that answer GET ask for the one that only reads, and a test sees to it that they do.
SessionDep = Annotated[AsyncSession, Depends(_session, scope="function")]
ReadSessionDep = Annotated[ReadSession, Depends(_session, scope="function")]


@raises(*_REFUSALS)
async def _actor(
    request: Request,
    session: ReadSessionDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Actor:
    if credentials is None:
        raise Unauthorized
    return await who_asks(request, session, credentials.credentials)


@raises(*_REFUSALS)
async def _actor_if_any(
    request: Request,
    session: ReadSessionDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Actor | None:
    return None if credentials is None else await who_asks(request, session, credentials.credentials)


@raises(*_REFUSALS)
async def _actor_beforehand(
    request: Request,
    database: DatabaseDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Actor:
    if credentials is None:
        raise Unauthorized
    async with database.read() as session:
        return await who_asks(request, session, credentials.credentials)


@raises(Unauthorized, InvalidToken, TokenExpired, AccountSuspended, ReadOnlyView, ScopeMissing)
async def _actor_even_leaving(
    request: Request,
    session: ReadSessionDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Actor:
    if credentials is None:
        raise Unauthorized
    return await who_asks(request, session, credentials.credentials, leaving_too=True)


ActorDep = Annotated[Actor, Depends(_actor)]
# For what somebody may still do whose account is deleted and not yet gone.
EvenLeavingActorDep = Annotated[Actor, Depends(_actor_even_leaving)]


@raises(ProofNeeded)
async def _fresh_actor(actor: ActorDep) -> Actor:
    refuse_unless_fresh(actor)
    return actor


@raises(Forbidden, SecondFactorRequired)
async def _admin(actor: ActorDep, settings: SettingsDep) -> Actor:
    refuse_unless_admin(settings, actor)
    return actor


# For what is dear: address, password, keys, deleting.
FreshActorDep = Annotated[Actor, Depends(_fresh_actor)]
AdminDep = Annotated[Actor, Depends(_admin)]


@raises(ProofNeeded)
async def _fresh_admin(admin: AdminDep) -> Actor:
    refuse_unless_fresh(admin)
    return admin


FreshAdminDep = Annotated[Actor, Depends(_fresh_admin)]
MaybeActorDep = Annotated[Actor | None, Depends(_actor_if_any)]


def within(budget: Literal["estimates", "lists", "changes"]) -> params.Depends:
    """For `dependencies` of a route: who asks uses up one of that budget. Raises BudgetUsedUp."""

    @raises(BudgetUsedUp)
    async def _take(actor: ActorDep, budgets: BudgetsDep) -> None:
        rates: Rates = getattr(budgets, budget)
        rates.take(actor.user_id)

    depends: params.Depends = Depends(_take)
    return depends


# For routes that work long before they write: who asks is known, and no transaction is open.
ActorBeforehandDep = Annotated[Actor, Depends(_actor_beforehand)]


@raises(ProofNeeded)
async def _fresh_actor_beforehand(actor: ActorBeforehandDep) -> Actor:
    refuse_unless_fresh(actor)
    return actor


FreshActorBeforehandDep = Annotated[Actor, Depends(_fresh_actor_beforehand)]


@raises(Forbidden, SecondFactorRequired)
async def _fresh_admin_beforehand(actor: FreshActorBeforehandDep, settings: SettingsDep) -> Actor:
    refuse_unless_admin(settings, actor)
    return actor


FreshAdminBeforehandDep = Annotated[Actor, Depends(_fresh_admin_beforehand)]
