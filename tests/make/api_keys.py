"""API keys, for tests: made through the API by somebody who has just signed up."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.make.accounts import SignedInPerson

KEYS = "/api/v1/me/api-keys"
ALL_SCOPES = ["read", "generate", "manage"]


@dataclass(frozen=True)
class HeldKey:
    """A key as its holder has it, and what was told of it when it was made."""

    told: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.told["id"])

    @property
    def text(self) -> str:
        return str(self.told["key"])

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.text}"}


async def make_api_key(client: httpx.AsyncClient, person: SignedInPerson, **body: Any) -> HeldKey:
    """A key with all scopes and no bounds, unless others are named."""
    asked = {"name": "a script", "scopes": ALL_SCOPES} | body
    answer = await client.post(KEYS, json=asked, headers=person.headers)
    assert answer.status_code == 201, answer.text
    return HeldKey(answer.json())


async def key_facts(client: httpx.AsyncClient, person: SignedInPerson, key: HeldKey) -> dict[str, Any]:
    """What its owner is told of a key now."""
    listed = (await client.get(KEYS, headers=person.headers)).json()["items"]
    return next(item for item in listed if item["id"] == key.id)
