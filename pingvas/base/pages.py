"""Keyset pages: a cursor is the sort values of the last row, opaque to clients, and signed together with the list that it
belongs to: that of one person, with its filters and in its order. Anywhere else it is refused."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Row, Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from pingvas.base.errors import Invalid
from pingvas.base.read_session import ReadSession

MAX_LIMIT = 100
DEFAULT_LIMIT = 50
_MAC_BYTES = 12

# Given what puts a query in order, from the page's beginning on: a query of the same rows in the same order, among those that come
# next only. Where many rows match, a page is full after few of them, and nobody looks for all.
Near = Callable[[Callable[[Select[*tuple[Any, ...]]], Select[*tuple[Any, ...]]]], Select[*tuple[Any, ...]]]

T = TypeVar("T")
Other = TypeVar("Other")


class BadCursor(Invalid):
    default_detail = (
        "This cursor belongs to no page of this list, or to one with other filters or another order."
    )

    def __init__(self) -> None:
        super().__init__(
            field="cursor", reason="is not of this list as it is asked for; begin at its first page"
        )


@dataclass(frozen=True)
class PageRequest:
    """Which page is asked for: `cursor` is the `next_cursor` of the one before. `key` signs cursors, and those that were signed
    with one of `older_keys` are taken too."""

    key: bytes
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    older_keys: Sequence[bytes] = ()


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows and where the next ones start; `next_cursor` is None on the last page."""

    items: list[T]
    next_cursor: str | None

    def of(self, make: Callable[[T], Other]) -> "Page[Other]":
        """The same page, of what is made of its rows."""
        return Page([make(item) for item in self.items], self.next_cursor)


async def read_page(
    session: ReadSession,
    query: Select[*tuple[Any, ...]],
    asked: PageRequest,
    *,
    order: Sequence[InstrumentedAttribute[Any]],
    belongs_to: Sequence[Any],
    descending: bool = True,
    near: "Near | None" = None,
) -> Page[Row[*tuple[Any, ...]]]:
    """The asked page of a query, sorted by `order`: columns of what it selects first, which together are unique.

    `belongs_to` is whatever the rows depend on, as plain values: the list's name, the person, the filters. `near` is asked first, and
    the query only where that does not fill the page. Raises BadCursor.
    """
    seal = _Seal((asked.key, *asked.older_keys), [*belongs_to, *(column.key for column in order), descending])
    last = None
    if asked.cursor is not None:
        last = [_read(column, value) for column, value in zip(order, seal.open(asked.cursor), strict=True)]
    rows: list[Row[*tuple[Any, ...]]] = []
    if near is not None:
        query_near = near(lambda every: _placed(every, order, last, descending))
        rows = list((await session.execute(query_near.limit(asked.limit + 1))).all())
    if len(rows) <= asked.limit:
        query = _placed(query, order, last, descending)
        rows = list((await session.execute(query.limit(asked.limit + 1))).all())
    if len(rows) <= asked.limit:
        return Page(rows, None)
    end = rows[asked.limit - 1][0]
    return Page(rows[: asked.limit], seal.close([_written(getattr(end, column.key)) for column in order]))


def open_position(asked: PageRequest, belongs_to: Sequence[Any]) -> list[Any] | None:
    """For lists that no query puts in order: where the page before ended, as `close_position` was told; None: the first page is asked
    for. Raises BadCursor."""
    if asked.cursor is None:
        return None
    return _Seal((asked.key, *asked.older_keys), belongs_to).open(asked.cursor)


def close_position(asked: PageRequest, belongs_to: Sequence[Any], position: Sequence[str | int]) -> str:
    """The cursor of the page behind this position."""
    return _Seal((asked.key,), belongs_to).close(position)


def _placed(
    query: Select[*tuple[Any, ...]],
    order: Sequence[InstrumentedAttribute[Any]],
    last: Sequence[Any] | None,
    descending: bool,
) -> Select[*tuple[Any, ...]]:
    """A query in its order, from behind the last row of the page before."""
    if last is not None:
        place = tuple_(*order)
        query = query.where(place < tuple_(*last) if descending else place > tuple_(*last))
    return query.order_by(*(column.desc() if descending else column.asc() for column in order))


class _Seal:
    """Signs the sort values of one list, so that nobody forges them or takes them elsewhere."""

    def __init__(self, keys: Sequence[bytes], belongs_to: Sequence[Any]) -> None:
        of_list = json.dumps(belongs_to, default=str, sort_keys=True).encode()
        self._keys = [hmac.digest(key, of_list, "sha256") for key in keys]

    def close(self, values: Sequence[str | int]) -> str:
        body = json.dumps(values, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(_mac(self._keys[0], body) + body).decode().rstrip("=")

    def open(self, cursor: str) -> list[Any]:
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except (binascii.Error, ValueError):
            raise BadCursor from None
        mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not any(hmac.compare_digest(mac, _mac(key, body)) for key in self._keys):
            raise BadCursor
        values: list[Any] = json.loads(body)
        return values


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).digest()[:_MAC_BYTES]


def _written(value: Any) -> str | int:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, int) else str(value)


def _read(column: InstrumentedAttribute[Any], value: Any) -> Any:
    kind = column.type.python_type
    if kind is datetime:
        return datetime.fromisoformat(value)
    return UUID(value) if kind is UUID else value
