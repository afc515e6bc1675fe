"""What a client may say over a socket: a few kinds of short text. Everything else is refused before the library reads it.

A message is an engine.io packet of one digit, and in packets of kind 4 a socket.io packet. Nobody sends bytes here, so none
are taken: the library would keep announced attachments for as long as they come.
"""

import json
import re
from enum import Enum, auto
from typing import Any

from socketio.packet import CONNECT, DISCONNECT, EVENT, Packet

MAX_BYTES = 16_384  # clients say `job:cancel` and the like, nothing longer
_MAX_BRACKETS = 32  # an event has three; the JSON reader goes one call deeper for each
_MAX_ARGUMENTS = 1
# Names by which the library calls handlers of its own.
_RESERVED = frozenset({"connect", "disconnect", "connect_error", "*"})

_CONNECT = re.compile(r"40(?:/,)?(\{.*)?", re.DOTALL)
_EVENT = re.compile(r"42(?:/,)?[0-9]{0,10}(\[.*)", re.DOTALL)


class BadMessage(Exception):
    """Not a message that a client of this studio sends."""


class Kind(Enum):
    """What a message asks."""

    CONNECT = auto()
    DISCONNECT = auto()
    EVENT = auto()
    PONG = auto()
    CLOSE = auto()
    PROBE = auto()
    UPGRADE = auto()


_FIXED = {
    "41": Kind.DISCONNECT,
    "41/,": Kind.DISCONNECT,
    "3": Kind.PONG,
    "1": Kind.CLOSE,
    "2probe": Kind.PROBE,
    "5": Kind.UPGRADE,
}


def kind_of(text: str) -> Kind:
    """What a message is. Raises BadMessage for one that is too long, too deep, or none."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise BadMessage("too long")
    fixed = _FIXED.get(text)
    if fixed is not None:
        return fixed
    if text.count("[") + text.count("{") > _MAX_BRACKETS:
        raise BadMessage("too deep")
    asked = _CONNECT.fullmatch(text)
    if asked is not None:
        if asked[1] is not None:
            _json(asked[1])
        return Kind.CONNECT
    event = _EVENT.fullmatch(text)
    if event is None:
        raise BadMessage("no message")
    _check_event(_json(event[1]))
    return Kind.EVENT


def _check_event(said: Any) -> None:
    if not isinstance(said, list) or not 1 <= len(said) <= 1 + _MAX_ARGUMENTS:
        raise BadMessage("no event")
    if not isinstance(said[0], str) or said[0] in _RESERVED:
        raise BadMessage("no event's name")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise BadMessage("no JSON") from None


class TextPacket(Packet):  # type: ignore[misc]  # the library has no types
    """A packet without attachments, whichever way it goes."""

    uses_binary_events = False

    def decode(self, encoded_packet: Any) -> int:
        """Raises BadMessage for bytes, attachments, and kinds that clients do not send."""
        if not isinstance(encoded_packet, str):
            raise BadMessage("bytes")
        if super().decode(encoded_packet):
            raise BadMessage("attachments")
        if self.packet_type not in (CONNECT, DISCONNECT, EVENT):
            raise BadMessage("a kind that clients do not send")
        return 0
