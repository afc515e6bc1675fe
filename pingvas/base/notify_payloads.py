"""How messages fit into NOTIFY payloads, which PostgreSQL limits to less than 8000 bytes: batched, and cut in pieces."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

PAYLOAD_BYTES = 7_900  # the rest is our header


def to_json(message: Any) -> str:
    """Compact JSON text that PostgreSQL can carry: UTF-8, no lone surrogates, control characters escaped."""
    text = json.dumps(message, default=_plain, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode()


def pack(number: str, text: str) -> list[str]:
    """A text as payloads `number/index/count:piece`, cut between characters, each below the limit of NOTIFY."""
    raw = text.encode()
    pieces: list[str] = []
    start = 0
    while start < len(raw):
        end = min(start + PAYLOAD_BYTES, len(raw))
        while end < len(raw) and raw[end] & 0xC0 == 0x80:  # the middle of a character
            end -= 1
        pieces.append(raw[start:end].decode())
        start = end
    return [f"{number}/{index}/{len(pieces)}:{piece}" for index, piece in enumerate(pieces)]


def unpack(payload: str) -> tuple[str, int, int, str]:
    """The number, index, count and piece of a payload; of one that is not ours, the whole as its own piece."""
    header, colon, piece = payload.partition(":")
    parts = header.split("/")
    if not colon or len(parts) != 3 or not (parts[1].isdecimal() and parts[2].isdecimal()):
        return "", 0, 1, payload
    return parts[0], int(parts[1]), int(parts[2]), piece


def in_batches(texts: Sequence[str]) -> list[list[str]]:
    """Neighbours gathered while they fit one payload; what is too long stands alone."""
    batches: list[list[str]] = [[]]
    size = 2
    for text in texts:
        length = len(text.encode()) + 1
        if batches[-1] and size + length > PAYLOAD_BYTES:
            batches.append([])
            size = 2
        batches[-1].append(text)
        size += length
    return batches


class Assembly:
    """Puts payloads together again; the pieces of one sender (`pid`) come in order."""

    def __init__(self) -> None:
        self._begun: dict[int, tuple[str, list[str]]] = {}

    def add(self, pid: int, payload: str) -> str | None:
        """The text that this payload completes, or None while more is to come or its beginning was missed."""
        number, index, count, piece = unpack(payload)
        if count == 1:
            return piece
        begun, pieces = self._begun.pop(pid, ("", []))
        if index == 0:
            pieces = []
        elif begun != number or len(pieces) != index:
            return None
        pieces.append(piece)
        if index + 1 == count:
            return "".join(pieces)
        self._begun[pid] = (number, pieces)
        return None


def _plain(value: Any) -> str:
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")
