"""A cursor is of one list, of one person, with its filters and in its order; anywhere else it is refused by its name."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
import pytest

from harness.catalog import make_model
from pingvas.base.db import Database
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.gallery import make_image

JOB = {"job_type": "txt2img", "model": "toy", "prompt": "a red house", "width": 64, "height": 64, "steps": 1}

LISTS: dict[str, tuple[str, dict[str, str]]] = {
    "jobs": ("/jobs", {}),
    "pending jobs": ("/jobs", {"status": "pending"}),
    "text jobs": ("/jobs", {"job_type": "txt2img"}),
    "images": ("/images", {}),
    "oldest images": ("/images", {"sort": "oldest"}),
    "private images": ("/images", {"visibility": "private"}),
    "images of a time": ("/images", {"created_from": "2026-01-01T00:00:00Z"}),
    "credits": ("/me/credits", {}),
    "credits spent": ("/me/credits", {"type": "consume"}),
    "sessions": ("/me/sessions", {}),
}


@pytest.fixture
async def person(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    """Somebody who has three of everything."""
    made = await sign_up(client)
    login = {"email": made.email, "password": "a long and quiet river"}
    for _ in range(2):
        assert (await client.post("/api/v1/auth/login", json=login)).status_code == 200
    async with database.transaction() as session:
        await make_model(session)
        for _ in range(3):
            await make_image(session, made.user["id"])
    for _ in range(4):
        assert (await client.post("/api/v1/jobs", json=JOB, headers=made.headers)).status_code == 202
    return made


async def _page(
    client: httpx.AsyncClient, person: SignedInPerson, name: str, more: Mapping[str, str]
) -> httpx.Response:
    path, query = LISTS[name]
    return await client.get(f"/api/v1{path}", params={**query, "limit": "1", **more}, headers=person.headers)


async def test_a_cursor_leads_on_in_its_own_list_and_nowhere_else(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    cursors = {name: (await _page(client, person, name, {})).json()["next_cursor"] for name in LISTS}
    assert all(cursors.values())

    for origin, cursor in cursors.items():
        for name in LISTS:
            answer = await _page(client, person, name, {"cursor": cursor})
            if name == origin:
                assert answer.status_code == 200, name
                continue
            assert answer.status_code == 422, f"{origin} in {name}"
            problem = answer.json()
            assert problem["code"] == "validation_error"
            assert [error["loc"] for error in problem["errors"]] == [["query", "cursor"]]


async def test_a_cursor_of_another_person_is_refused(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    cursor = (await _page(client, person, "images", {})).json()["next_cursor"]
    stranger = await sign_up(client)

    assert (await _page(client, stranger, "images", {"cursor": cursor})).status_code == 422


async def test_the_length_of_a_page_may_change_on_the_way(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    first = (await _page(client, person, "images", {})).json()
    rest = (await _page(client, person, "images", {"cursor": first["next_cursor"], "limit": "50"})).json()

    assert len(rest["items"]) == 2
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1],
        lambda text: text + "A",
        lambda text: ("C" if text[0] == "B" else "B") + text[1:],
    ],
)
async def test_a_cursor_with_another_sign_is_refused(
    client: httpx.AsyncClient, person: SignedInPerson, change: object
) -> None:
    assert callable(change)
    cursor = (await _page(client, person, "images", {})).json()["next_cursor"]

    assert (await _page(client, person, "images", {"cursor": change(cursor)})).status_code == 422
