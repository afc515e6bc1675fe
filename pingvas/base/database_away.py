"""The one definition of "the database is away": it cannot be reached, is going down, is full, or has cut the connection.

Whatever else the driver says is a mistake of ours, and must not be taken for an outage that passes by itself.
"""

from __future__ import annotations

import errno
import re
import socket
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError, EmulatedDBAPIException
from sqlalchemy.exc import TimeoutError as PoolTimeout

# SQLSTATE classes that mean "the server is going, gone, full or out of connections", not "the query is wrong".
_STATES = ("08", "53", "57P", "58")
# How a connection fails when not the server but the way to it is gone.
_NO_WAY_THERE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EADDRNOTAVAIL}
# Of asyncpg's errors about how it is used, those that a connection raises because it has been closed.
_CLOSED = "connection is closed"
# What asyncpg says of a connection that received the server's last words while nobody was asking and is about to be
# closed: of its protocol's states, 1 is failed, 2 waits for the end of an error, 4 is terminating.
_CUT = re.compile(
    r"cannot process message .*: protocol is in an unexpected state|protocol is in the \"failed\" state"
    r"|cannot switch to state \d+; another operation \([124]\) is in progress"
)


class CannotConnect(ConnectionError):
    """No connection could be opened: what the system says of it may otherwise look like an error about a file."""


async def connect(*arguments: Any, **options: Any) -> asyncpg.Connection:
    """`asyncpg.connect`. Raises CannotConnect for whatever the system has against it, a missing socket file too."""
    try:
        return await asyncpg.connect(*arguments, **options)
    except (ConnectionError, TimeoutError):
        raise
    except OSError as error:
        raise CannotConnect(str(error)) from error


def is_unavailable(error: BaseException) -> bool:
    """Whether an error says that the database is away, rather than that what we asked was wrong."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    # Of what SQLAlchemy says, the driver's own error.
    while isinstance(error, DBAPIError | EmulatedDBAPIException) and error.orig is not None:
        error = error.orig
    match error:
        case PoolTimeout() | ConnectionError() | TimeoutError() | asyncpg.TargetServerAttributeNotMatched():
            return True
        case asyncpg.InterfaceError():
            return _CLOSED in str(error)
        case asyncpg.InternalClientError():
            return _CUT.search(str(error)) is not None
        case OSError():
            return isinstance(error, socket.gaierror) or error.errno in _NO_WAY_THERE
    return str(getattr(error, "sqlstate", None)).startswith(_STATES)
