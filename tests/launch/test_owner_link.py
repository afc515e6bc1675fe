"""`pingvas link`: how an operator gets in where nobody ran `pingvas up`."""

from typing import Any

import httpx
import pytest

from pingvas.base.db import Database
from pingvas.base.errors import Unavailable
from pingvas.base.settings import Settings
from pingvas.launch.owner_link import make_owner_link
from pingvas.launch.seed import OWNER_EMAIL, seed


async def test_the_link_signs_the_owner_in_once(
    database: Database, settings: Settings, client: httpx.AsyncClient
) -> None:
    # given
    await seed(database, settings)

    # when
    link = await make_owner_link(settings, minutes=5)
    address, _, token = link.partition("#token=")
    first = await client.post("/api/v1/auth/one-time", json={"token": token})
    second = await client.post("/api/v1/auth/one-time", json={"token": token})

    # then
    assert address == f"{settings.base_url}/sign-in/link"
    assert (first.status_code, second.status_code) == (200, 401)
    asked = {"Authorization": f"Bearer {first.json()['access_token']}"}
    assert (await client.get("/api/v1/me", headers=asked)).json()["user"]["email"] == OWNER_EMAIL


async def test_the_link_is_at_the_address_people_type(
    database: Database, settings: Settings, make_settings: Any
) -> None:
    await seed(database, settings)
    public = make_settings(database_url=settings.database_url, public_url="https://studio.example.org/")

    link = await make_owner_link(public, minutes=5)

    assert link.startswith("https://studio.example.org/sign-in/link#token=")


async def test_before_the_first_seeding_it_says_what_makes_an_owner(settings: Settings) -> None:
    with pytest.raises(Unavailable, match="pingvas migrate"):
        await make_owner_link(settings, minutes=5)
