"""Who may ask for what: every operation of the OpenAPI document, asked for by everybody there can be.

What an operation needs is read from who is refused: a stranger never gets past 401, whoever is suspended past 403, whoever leaves past
`account_leaving` but for what they may still do, and what belongs to somebody else is not found.
"""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, update

from pingvas.accounts.tables import User
from pingvas.base.db import Database
from tests.api.auth_calls import ME
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.gallery import make_image

METHODS = {"get", "put", "post", "patch", "delete"}
# Open to everybody: signing in, what is public, and links that carry their own proof.
OPEN = {
    "register",
    "login",
    "sign_in_once",
    "refresh_tokens",
    "logout",
    "verify_email",
    "forgot_password",
    "reset_password",
    "confirm_email",
    "ask_for_passkey",
    "login_with_passkey",
    "login_with_code",
    "take_webhook",
    "list_providers",
    "sign_in_with_provider",
    "come_back_from_provider",
    "list_plans",
    "list_public_images",
    "list_models",
    "get_model",
    "get_image",
    "get_image_file",
    "get_image_thumbnail",
    "get_image_recipe",
    "get_collection",
    "list_collection_images",
    "healthz",
    "readyz",
    "get_queue",
}
# What somebody may still do whose account is deleted and not yet gone.
LEAVING = {"get_me", "undo_delete_me", "ask_for_export", "get_export", "list_announcements"}


def _operations(app: Any) -> list[tuple[str, str, str]]:
    return [
        (method.upper(), path, told["operationId"])
        for path, item in app.openapi()["paths"].items()
        for method, told in item.items()
        if method in METHODS
    ]


def _filled(path: str, image_id: str) -> str:
    """The address with an image of somebody's where one is named, and ids of nothing elsewhere."""
    while "{" in path:
        head, _, rest = path.partition("{")
        name, _, tail = rest.partition("}")
        known = {"image_id": image_id, "provider": "google"}
        path = head + known.get(name, str(uuid4())) + tail
    return path


async def _asked(
    client: httpx.AsyncClient, method: str, path: str, headers: dict[str, str]
) -> httpx.Response:
    body: dict[str, Any] = {} if method == "GET" else {"json": {}}
    return await client.request(method, path, headers=headers, **body)


@pytest.fixture
async def image_id(client: httpx.AsyncClient, database: Database) -> str:
    owner = await sign_up(client)
    async with database.transaction() as session:
        user_id = (await session.execute(User.__table__.select())).first()
        assert user_id is not None
        image = await make_image(session, user_id.id)
    assert owner.user["id"] == str(image.user_id)
    return str(image.id)


async def _as(client: httpx.AsyncClient, database: Database, **values: Any) -> SignedInPerson:
    person = await sign_up(client)
    async with database.transaction() as session:
        await session.execute(update(User).where(User.email == person.email).values(**values))
    return person


async def test_a_stranger_is_asked_to_sign_in_for_everything_but_what_is_open(
    client: httpx.AsyncClient, app: Any, image_id: str
) -> None:
    let_in = set()
    for method, path, name in _operations(app):
        answer = await _asked(client, method, _filled(path, image_id), {})
        if answer.status_code != 401:
            let_in.add(name)

    assert let_in - OPEN == set()


async def test_whoever_is_suspended_or_gone_does_nothing(
    client: httpx.AsyncClient, app: Any, database: Database, image_id: str
) -> None:
    suspended = await _as(client, database, status="suspended", suspended_reason="Spam")
    gone = await _as(client, database, status="deleted")

    for method, path, name in _operations(app):
        if name in OPEN:
            continue
        url = _filled(path, image_id)
        answer = await _asked(client, method, url, suspended.headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "account_suspended"), name
        answer = await _asked(client, method, url, gone.headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token"), name


async def test_whoever_leaves_may_come_back_and_take_everything_along_and_no_more(
    client: httpx.AsyncClient, app: Any, database: Database, image_id: str
) -> None:
    leaving = await _as(
        client, database, status="deleted", leaves_at=func.now() + func.make_interval(0, 0, 0, 1)
    )

    let_in = set()
    for method, path, name in _operations(app):
        if name in OPEN or name == "undo_delete_me":
            continue
        answer = await _asked(client, method, _filled(path, image_id), leaving.headers)
        if not (answer.status_code == 403 and answer.json()["code"] == "account_leaving"):
            let_in.add(name)

    assert let_in | {"undo_delete_me"} == LEAVING
    assert (await client.post(f"{ME}/delete/undo", headers=leaving.headers)).status_code == 204


async def test_what_is_somebody_elses_is_not_found_and_admins_alone_see_what_is_theirs(
    client: httpx.AsyncClient, app: Any, database: Database, image_id: str
) -> None:
    stranger = await sign_up(client)
    admin = await _as(client, database, role="admin")

    for method, path, name in _operations(app):
        url = _filled(path, image_id)
        answer = await _asked(client, method, url, stranger.headers)
        if "/admin/" in path:
            assert answer.status_code in (403, 422), name
            assert (await _asked(client, method, url, admin.headers)).status_code not in (401, 403), name
        elif "{image_id}" in path:
            # A body that is none is told first, whoever sends it: it says nothing of what is there.
            assert answer.status_code in (404, 422), (name, answer.text)
