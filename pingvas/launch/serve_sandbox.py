"""Serves the sandbox that sells, until a signal."""

from __future__ import annotations

import socket
from contextlib import suppress

import uvicorn

from pingvas.adapters.sellers.sandbox import keys
from pingvas.adapters.sellers.sandbox.app import create_app, open_sandbox
from pingvas.base.errors import Conflict
from pingvas.base.loops import BackgroundLoops
from pingvas.base.settings import Settings
from pingvas.launch.up import local_url


class NoSandboxHere(Conflict):
    default_detail = (
        "The sandbox gives plans and credits away, so it runs by itself only where the public address is this machine. "
        "Elsewhere set PINGVAS_BILLING_PROVIDER=sandbox."
    )


def serve_sandbox(settings: Settings, webhook: str | None) -> None:
    """On the port that is set, or any that is free. Raises NoSandboxHere."""
    if settings.seller != "sandbox":
        raise NoSandboxHere
    family = socket.AF_INET6 if ":" in settings.sandbox_host else socket.AF_INET
    with socket.create_server((settings.sandbox_host, settings.sandbox_port or 0), family=family) as listener:
        port = int(listener.getsockname()[1])
        own = keys.local_url(settings.model_copy(update={"sandbox_port": port}))
        to = webhook or f"{local_url(settings)}/api/v1/webhooks/sandbox"
        sandbox = open_sandbox(settings, settings.sandbox_url or own, to)
        keys.tell_address(settings, port)
        app = create_app(sandbox, loops=BackgroundLoops("sandbox"))
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level=settings.log_level,
            access_log=settings.log_level == "debug",
            server_header=False,
            limit_concurrency=200,
            timeout_graceful_shutdown=3,
        )
        try:
            with suppress(KeyboardInterrupt):  # which has stopped it in order
                uvicorn.Server(config).run(sockets=[listener])
        finally:
            sandbox.store.close()
