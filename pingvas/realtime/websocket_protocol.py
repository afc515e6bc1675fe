"""The web server's side of a WebSocket, with the bounds that uvicorn leaves out.

A client that pings and does not read, one that sends fragments without an end and one that sends no UTF-8 are cut off.
"""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

# A callable in the ASGI scope that closes the connection without waiting for what the client has not read.
ABORT = "pingvas.abort"

_MAX_FRAGMENTS = 64


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """uvicorn takes this class as its `ws`."""

    async def run_asgi(self) -> None:
        """Give the app a way to cut the connection off."""
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope[ABORT] = self.transport.abort
        await super().run_asgi()

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
