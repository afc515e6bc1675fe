"""The list of devices says what each is and where, and all others can be signed out at once."""

from pathlib import Path
from typing import Any

import httpx

from pingvas.adapters.places import Places
from tests.adapters.test_places import make_file
from tests.api.auth_calls import AUTH, ME, acts
from tests.make.accounts import PASSWORD, sign_up

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:149.0) Gecko/20100101 Firefox/149.0"


async def test_a_device_says_what_it_is_and_how_it_was_signed_in(client: httpx.AsyncClient) -> None:
    # given
    person = await sign_up(client)
    login = {"email": person.email, "password": PASSWORD}
    await client.post(f"{AUTH}/login", json=login, headers={"User-Agent": FIREFOX})

    # when
    newest, oldest = (await client.get(f"{ME}/sessions", headers=person.headers)).json()["items"]

    # then
    assert (newest["device"], newest["place"], newest["ip_address"]) == ("Firefox · Linux", None, "127.0.0.1")
    assert (newest["method"], newest["second_factor"], newest["current"]) == ("password", False, False)
    assert oldest["current"] is True


async def test_where_the_operator_has_a_file_a_device_says_where_it_is(
    app: Any, plans: None, tmp_path: Path
) -> None:
    app.state.places = Places(
        make_file(tmp_path, {"203.0.113.0/24": {"country": {"names": {"en": "Iceland"}}}})
    )
    transport = httpx.ASGITransport(app=app, client=("203.0.113.9", 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as client:
        person = await sign_up(client)

        (device,) = (await client.get(f"{ME}/sessions", headers=person.headers)).json()["items"]

    assert device["place"] == "Iceland"


async def test_all_other_devices_are_signed_out_at_once(client: httpx.AsyncClient) -> None:
    # given
    person, other = await sign_up(client), await sign_up(client)
    login = {"email": person.email, "password": PASSWORD}
    tokens = [(await client.post(f"{AUTH}/login", json=login)).json()["access_token"] for _ in range(2)]

    # when
    answer = await client.delete(f"{ME}/sessions", headers=person.headers)

    # then
    assert (answer.status_code, answer.json()) == (200, {"ended": 2})
    assert [await acts(client, token) for token in tokens] == [False, False]
    assert await acts(client, person.access_token)
    assert await acts(client, other.access_token)
