"""What one may do with a session that only reads. A session that also writes can do it too, so it is taken wherever this is.

Who calls `database.read()` gets one of these: a function that writes takes an `AsyncSession`, and passing it this one fails
the type check. (What a text does no type can tell: PostgreSQL refuses to write in such a transaction.)
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar, TypeVarTuple, overload

from sqlalchemy import Result, ScalarResult, Select, TextClause
from sqlalchemy.sql.selectable import CompoundSelect

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class ReadSession(Protocol):
    """The reading part of SQLAlchemy's AsyncSession. `bind` tells one database from another."""

    @property
    def bind(self) -> Any: ...

    @overload
    async def execute(self, statement: Select[*Ts], params: Any = None) -> Result[*Ts]: ...
    @overload
    async def execute(
        self, statement: TextClause | CompoundSelect[*tuple[Any, ...]], params: Any = None
    ) -> Result[*tuple[Any, ...]]: ...

    @overload
    async def scalar(self, statement: Select[T], params: Any = None) -> T | None: ...
    @overload
    async def scalar(self, statement: Select[*tuple[Any, ...]] | TextClause, params: Any = None) -> Any: ...

    @overload
    async def scalars(self, statement: Select[T], params: Any = None) -> ScalarResult[T]: ...
    @overload
    async def scalars(
        self, statement: Select[*tuple[Any, ...]] | TextClause, params: Any = None
    ) -> ScalarResult[Any]: ...

    async def get(self, entity: type[T], ident: Any) -> T | None: ...
