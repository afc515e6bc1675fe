"""The ports of a studio on this machine: free before anything is started, or a sentence that says what to do."""

from __future__ import annotations

import errno
import socket

from pingvas.base.errors import Conflict
from pingvas.base.settings import Settings


class PortTaken(Conflict):
    """Another program listens where the studio should."""


def page_port(settings: Settings) -> int:
    """The port of the page and the API if nobody listens there; 0 asks for any free one. Raises PortTaken."""
    return _free_port(settings.host, settings.port, "PINGVAS_PORT")


def metrics_port(settings: Settings) -> int:
    """The port of the API's metrics: the one that is set, or else the usual one or any other that is free; 0: none.

    Raises PortTaken for one that is set: whoever reads metrics there would read another program's.
    """
    usual = settings.api_metrics_port
    if usual == 0:
        return 0
    if settings.metrics_port is None:
        host = settings.metrics_host
        mine = usual != settings.port and why_taken(host, usual) is None
        return usual if mine else _free_port(host, 0, "PINGVAS_METRICS_PORT")
    if usual == settings.port:
        raise PortTaken(f"PINGVAS_PORT and PINGVAS_METRICS_PORT are both {usual}. Choose two.")
    return _free_port(settings.metrics_host, usual, "PINGVAS_METRICS_PORT")


def sandbox_port(settings: Settings) -> int | None:
    """The port of the sandbox that sells: the one that is set, or any that is free; None: it does not sell here, or is elsewhere.

    Raises PortTaken for one that is set.
    """
    if settings.seller != "sandbox" or settings.lemon_squeezy_api_url is not None:
        return None
    return _free_port(settings.sandbox_host, settings.sandbox_port or 0, "PINGVAS_SANDBOX_PORT")


def why_taken(host: str, port: int) -> OSError | None:
    """Why nobody can listen there now, or None when somebody can."""
    try:
        _bind(host, port)
    except OSError as error:
        return error
    return None


def _free_port(host: str, port: int, setting: str) -> int:
    try:
        return _bind(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            another = port + 1 if port < 65535 else 8401
            raise PortTaken(
                f"Port {port} is taken by another program. Choose another: {setting}={another} ./studio up"
            ) from None
        raise PortTaken(f"Cannot listen on {host}:{port} ({setting}): {error.strerror}.") from None


def _bind(host: str, port: int) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        return int(probe.getsockname()[1])
