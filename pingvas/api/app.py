"""Puts the API together: one FastAPI app with the routers, the page, and socket.io at `/ws`."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, nullcontext
from functools import cache, partial
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from pingvas import __version__
from pingvas.adapters.oauth.providers import open_providers
from pingvas.adapters.places import Places
from pingvas.adapters.sellers.chosen import open_seller
from pingvas.adapters.storage import open_storage
from pingvas.api.http import errors
from pingvas.api.http.addresses import SocketRoute
from pingvas.api.http.bodies import Bodies
from pingvas.api.http.callers import Callers
from pingvas.api.http.contract import StudioAPI
from pingvas.api.http.head import HeadAsGet
from pingvas.api.http.key_uses import KeyUses
from pingvas.api.http.metrics import Measure, Metrics
from pingvas.api.http.metrics_listener import metrics_listener
from pingvas.api.http.other_sites import OtherSites
from pingvas.api.http.pace import Pace
from pingvas.api.http.plain_text import require_plain_text
from pingvas.api.http.previews import find_preview
from pingvas.api.http.public_path import PublicPath
from pingvas.api.http.request_id import RequestId
from pingvas.api.http.request_limits import RequestLimits
from pingvas.api.http.security_headers import SecurityHeaders
from pingvas.api.http.site import docs_headers, page_route
from pingvas.api.http.trace_requests import TraceRequests
from pingvas.api.routes import (
    admin,
    admin_billing,
    admin_images,
    admin_money,
    admin_records,
    api_keys,
    archives,
    auth,
    avatar,
    bulk,
    buying,
    collections,
    credits,
    duplicates,
    email_and_password,
    explore,
    files,
    health,
    held_subscription,
    image_dates,
    images,
    jobs,
    leaving,
    likes,
    lineage,
    me,
    models,
    oauth,
    parts,
    passkeys,
    plans,
    queue,
    reports,
    searches,
    second_factor,
    similar,
    tags,
    trash,
    uploads,
    webhooks,
)
from pingvas.api.routes.open_jobs import OpenJobs
from pingvas.base import shared_counts
from pingvas.base.budgets import Budgets
from pingvas.base.db import Database
from pingvas.base.fair_queue import FairQueue
from pingvas.base.loops import BackgroundLoops
from pingvas.base.metrics import REGISTRY
from pingvas.base.rate_limit_store import close_store, open_store
from pingvas.base.rate_limits import RateLimits
from pingvas.base.settings import Settings
from pingvas.base.tracing import tracing
from pingvas.gallery.decoder import Decoder
from pingvas.realtime.publisher import open_publisher
from pingvas.realtime.sockets import Realtime

PREFIX = "/api/v1"
_DOCS_ASSETS = "/api-docs"  # swagger-ui, copied into the built page so that nothing comes from elsewhere
_ASKED_OF_ALL = (Depends(require_plain_text),)
_ANSWERED_BY_ALL: dict[int | str, dict[str, Any]] = {
    "default": {"description": "A problem document", "model": errors.Problem}
}


def create_app(
    settings: Settings, loops: BackgroundLoops | None = None, *, listen_for_metrics: bool = False
) -> FastAPI:
    """The API of one process. `settings.database_url` must be set; the lifespan opens and closes everything.

    With `listen_for_metrics` that is the port of the metrics too.
    """
    if settings.database_url is None:
        raise ValueError("The API needs a database URL; `pingvas up` passes the embedded server's.")
    loops = loops or BackgroundLoops("api", settings.database_url)
    publisher = open_publisher(settings, loops)
    database = Database(settings.database_url, pool_size=settings.database_pool_size, publisher=publisher)
    budgets = Budgets()
    realtime = Realtime(settings, database, loops, budgets)
    callers = Callers(settings, database)
    key_uses = KeyUses(database)
    store = open_store(settings, database)

    metrics = Metrics()
    listening = (
        metrics_listener(settings, partial(metrics.page, database)) if listen_for_metrics else nullcontext()
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with tracing(settings, "api"), shared_counts.writing([metrics.registry, REGISTRY]):
            await publisher.start()
            await realtime.start()
            try:
                async with listening, loops.running("uses of keys", key_uses.write):
                    yield
            finally:
                await key_uses.close()
                await close_store(store)
                await app.state.decoder.close()
                await realtime.close()
                await publisher.close()
                await database.dispose()

    app = StudioAPI(
        title="Pingvas Studio",
        version=__version__,
        description="Ask for pictures, watch them form, keep them. Errors are RFC 9457 problem documents. Text is Unicode "
        "without the NUL character, wherever it stands.",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        dependencies=_ASKED_OF_ALL,
        servers=[{"url": settings.public_path}] if settings.public_path else None,
        redirect_slashes=False,  # an address with a slash too many is none
        lifespan=lifespan,
        responses=_ANSWERED_BY_ALL,
    )
    app.state.budgets = budgets
    app.state.decoder = Decoder(large_memory=settings.decoder_memory_bytes)
    app.state.settings = settings
    app.state.database = database
    most = settings.database_pool_size
    app.state.transactions = FairQueue("transactions", running=most, of_one=max(1, most // 2))
    app.state.storage = open_storage(settings)
    app.state.providers = open_providers(settings)
    app.state.seller = open_seller(settings)
    app.state.places = Places(settings.geoip_file)
    app.state.metrics = metrics
    app.state.open_jobs = OpenJobs(database)
    app.state.looks = health.Looks()
    app.state.realtime = realtime
    app.state.callers = callers
    app.state.key_uses = key_uses
    errors.install(app)
    app.add_middleware(HeadAsGet)
    app.add_middleware(Measure, metrics=metrics)
    app.add_middleware(
        Bodies,
        prefix=f"{PREFIX}/",
        open_to_all=(f"{PREFIX}/auth/", f"{PREFIX}/webhooks/"),
        special={
            f"{PREFIX}/images": (uploads.most_bytes(settings), uploads.admit),
            f"{PREFIX}/uploads/": (settings.upload_max_bytes, parts.admit),
            f"{PREFIX}/me/avatar": (avatar.MAX_FORM_BYTES, avatar.admit),
        },
    )
    app.add_middleware(TraceRequests, prefix=f"{PREFIX}/")
    if settings.rate_limits == "on":
        app.add_middleware(
            RequestLimits,
            limits=RateLimits(store),
            callers=callers,
            prefix=f"{PREFIX}/",
            uncounted=(f"{PREFIX}/webhooks/",),
        )
    app.add_middleware(Pace, callers=callers)
    app.add_middleware(RequestId)
    app.around = partial(_around, settings)
    app.router.routes.extend(_routes())
    app.add_api_route("/api/docs", _docs, include_in_schema=False)
    app.router.routes.append(SocketRoute("/ws", realtime.asgi))
    app.router.routes.append(
        page_route(
            pictures_are_local=app.state.storage.is_local,
            public_path=settings.public_path,
            find_tags=find_preview,
        )
    )
    return app


def _around(settings: Settings, app: ASGIApp) -> ASGIApp:
    """What stands between browsers and all of the app."""
    opened = OtherSites(app, settings.cors_origins) if settings.cors_origins else app
    told = SecurityHeaders(opened, over_tls=settings.is_https)
    return PublicPath(told, settings.public_path) if settings.public_path else told


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """The routes, which know nothing of an app: built once in a process, as that takes longer than all else of its start."""
    together = APIRouter(dependencies=_ASKED_OF_ALL, responses=_ANSWERED_BY_ALL)
    for router in _routers():
        together.include_router(router, prefix=PREFIX)
    together.include_router(archives.files)  # before the route that takes any key
    together.include_router(files.router)
    together.include_router(health.router)
    return tuple(together.routes)


def _routers() -> Iterator[APIRouter]:
    """Those of the API, one beside the other: of routers within routers FastAPI counts all at each request. A request is held against
    one route after another: those that are asked most come first."""
    for room in (
        jobs,
        images,
        image_dates,
        explore,
        bulk,
        archives,
        trash,
        likes,
        reports,
        lineage,
        similar,
        duplicates,
        tags,
        collections,
        searches,
        queue,
        uploads,
        parts,
        me,
        credits,
        models,
        plans,
        held_subscription,
        buying,
        webhooks,
        auth,
        avatar,
        api_keys,
        leaving,
        admin,
        admin_records,
        admin_money,
        admin_billing,
        admin_images,
    ):
        yield room.router
    for of_two in (email_and_password, passkeys, second_factor, oauth):
        yield of_two.auth
        yield of_two.me


async def _docs(request: Request) -> HTMLResponse:
    settings: Settings = request.app.state.settings
    path = settings.public_path
    answer = get_swagger_ui_html(
        openapi_url=f"{path}{PREFIX}/openapi.json",
        title="Pingvas Studio API",
        swagger_js_url=f"{path}{_DOCS_ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{path}{_DOCS_ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{path}/mark.svg",
        # All calls at once are more than it can draw: it stops in the middle and shows a few.
        swagger_ui_parameters={"docExpansion": "none"},
    )
    answer.headers.update(docs_headers(answer.body))
    return answer
