"""Calls that give or make something, done once for each `Idempotency-Key`: the same call again gets the first answer again.

For calls with a JSON body. Those that put jobs into the queue or bytes into the storage say more themselves (`routes/accepted.py`,
`routes/uploads.py`).
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.api.http.contract import raises
from pingvas.api.http.wire import KEY_SCHEMA
from pingvas.base.db import Database
from pingvas.base.idempotency import (
    IdempotencyConflict,
    IdempotentCall,
    StillRunning,
    find_first_answer,
    idempotent_call,
    remember_answer,
)

Act = Callable[[], Awaitable[BaseModel]]
# What the document says of an answer's headers, by its status.
REPLAYED: dict[str, Any] = {
    "headers": {
        "Idempotent-Replayed": {
            "description": "This is the first answer to this key again",
            "schema": {"type": "string", "const": "true"},
        }
    }
}


@dataclass(frozen=True)
class Once:
    """One call, by its key; without a key it is done each time."""

    route: str
    key: str | None
    status_code: int

    async def answer(self, session: AsyncSession, actor: Actor, body: BaseModel, act: Act) -> Response:
        """What `act` makes in this transaction, or what the first call made."""
        call = self._call(actor, body)
        if call is None:
            return self._new((await act()).model_dump_json())
        first = await find_first_answer(session, call)
        if first is not None:
            return self._again(first)
        made = (await act()).model_dump_json()
        await remember_answer(session, call, self.status_code, made)
        return self._new(made)

    async def answer_beside(self, database: Database, actor: Actor, body: BaseModel, act: Act) -> Response:
        """The same where `act` asks somebody else and has transactions of its own. Of two at the same moment both ask, and the
        answer of the first who is back is both's."""
        call = self._call(actor, body)
        if call is None:
            return self._new((await act()).model_dump_json())
        async with database.read() as reading:
            first = await find_first_answer(reading, call)
        if first is not None:
            return self._again(first)
        made = (await act()).model_dump_json()
        async with database.transaction() as session:
            first = await find_first_answer(session, call)
            if first is not None:
                return self._again(first)
            await remember_answer(session, call, self.status_code, made)
        return self._new(made)

    def _call(self, actor: Actor, body: BaseModel) -> IdempotentCall | None:
        if self.key is None:
            return None
        return idempotent_call(actor.user_id, self.route, self.key, body.model_dump(mode="json"))

    def _new(self, made: str) -> Response:
        return Response(made, self.status_code, media_type="application/json")

    def _again(self, first: tuple[int, Any]) -> Response:
        status_code, answer = first
        headers = {"Idempotent-Replayed": "true"}
        return Response(json.dumps(answer), status_code, headers=headers, media_type="application/json")


@raises(StillRunning, IdempotencyConflict)
async def _once(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            json_schema_extra=KEY_SCHEMA,
            description="Same key and body: the first answer again, and nothing is done twice",
        ),
    ] = None,
) -> Once:
    status_code = request.scope["route"].status_code or 200
    # With the ids that are in it: a key belongs to one of them.
    return Once(f"{request.method} {request.url.path}", idempotency_key, status_code)


OnceDep = Annotated[Once, Depends(_once)]
