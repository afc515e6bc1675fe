"""The web server's side of a WebSocket, with the bounds that uvicorn leaves out.

A client that pings and does not read, one that sends fragments without an end, one that speaks before it was let in and one
that sends no UTF-8 are cut off. None of them leaves a line in the log.
"""

import logging
from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

# A callable in the ASGI scope that closes the connection without waiting for what the client has not read.
ABORT = "pingvas.abort"

_MAX_FRAGMENTS = 64
# uvicorn and its library write several lines for each socket, refused ones too.
_log = logging.getLogger("uvicorn.sockets")


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """uvicorn takes this class as its `ws`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.logger = self.conn.logger = _log

    async def run_asgi(self) -> None:
        """Give the app a way to cut the connection off."""
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope[ABORT] = self.transport.abort
        await super().run_asgi()

    async def send(self, message: ASGISendEvent) -> None:
        """A handshake that was answered with a status has been dealt with, which uvicorn takes for a fault of the app."""
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True

    def handle_parser_exception(self) -> None:
        """The library says farewell to those alone who were let in before."""
        if self.conn.close_sent is None:
            self.transport.abort()
        else:
            super().handle_parser_exception()

    def handle_ping(self) -> None:
        """Answer, unless the client reads no answers: they would pile up."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.transport.abort()

    def handle_cont(self, event: Any) -> None:
        """Fragments may be empty, so their size alone does not end them."""
        if len(self.frames) >= _MAX_FRAGMENTS:
            self.transport.abort()
        else:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """Whoever sends no UTF-8 is cut off without a traceback in the log."""
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = []
                self.conn.send_close(1007)
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()
