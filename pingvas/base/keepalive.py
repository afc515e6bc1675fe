"""Connections that notice when the other end is gone without a word: a host that lost its power, a pulled cable.

Without this the kernel goes on trying for a quarter of an hour, and so does every statement that waits for an answer.
"""

import socket
from typing import Any

QUIET_SECONDS = 10
PROBE_SECONDS = 5
PROBES = 3
GONE_SECONDS = QUIET_SECONDS + PROBE_SECONDS * PROBES
"""How long a peer may say nothing, neither answer nor acknowledge, before the connection is broken."""

# By name: not every system has each of them.
_OPTIONS = {
    "TCP_KEEPIDLE": QUIET_SECONDS,
    "TCP_KEEPINTVL": PROBE_SECONDS,
    "TCP_KEEPCNT": PROBES,
    "TCP_USER_TIMEOUT": GONE_SECONDS * 1000,
}


def notice_silence(connection: Any) -> None:
    """Set it for an asyncpg connection; one over a Unix socket needs nothing."""
    connected: socket.socket | None = connection._transport.get_extra_info("socket")
    if connected is None or connected.family not in (socket.AF_INET, socket.AF_INET6):
        return
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OPTIONS.items():
        if hasattr(socket, name):
            connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
