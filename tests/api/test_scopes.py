"""What a key may do: every route says what it asks for, and a key that lacks it is told what is missing."""

from typing import Any, get_args
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from pingvas.api.http.scopes import NEEDS, Access, scope_needed, tell_scopes
from pingvas.api.openapi import openapi_document
from pingvas.base.db import Database
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.api_keys import ALL_SCOPES, make_api_key

DOCUMENT = openapi_document()
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
SCOPES = ("read", "generate", "manage")


def _address(path: str, operation: dict[str, Any]) -> str:
    """Some address of a route: ids are of nothing."""
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            words = parameter["schema"].get("enum", [f"{uuid4()}"])
            path = path.replace(f"{{{parameter['name']}}}", words[0])
    return path


@pytest.fixture
async def person(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


def test_every_route_says_what_it_asks_for_and_nothing_else_does() -> None:
    assert set(NEEDS) == set(OPERATIONS)


def test_the_document_shows_it() -> None:
    for name, (_, _, operation) in OPERATIONS.items():
        needed = operation["x-required-scope"]
        assert needed in get_args(Access)
        schemes = [scheme for each in operation.get("security", []) for scheme in each.items()]
        if needed == "everybody":
            assert all(scheme != "ApiKey" for scheme, _ in schemes), name
        elif needed == "person":
            assert schemes == [("HTTPBearer", [])], name
        else:
            assert schemes == [("HTTPBearer", []), ("ApiKey", [needed])], name


def test_a_route_that_says_nothing_cannot_be_published() -> None:
    document: dict[str, Any] = {"components": {}, "paths": {"/x": {"get": {"operationId": "forgotten"}}}}

    with pytest.raises(KeyError):
        tell_scopes(document)


def test_and_takes_no_key() -> None:
    class Route:
        operation_id = "forgotten"

    class Request:
        scope = {"route": Route()}  # noqa: RUF012 - as of a request

    assert scope_needed(Request()) is None  # type: ignore[arg-type]  # all that is read of one


def test_looking_needs_read_and_what_is_dear_takes_a_person() -> None:
    for name, (method, path, operation) in OPERATIONS.items():
        needed = operation["x-required-scope"]
        if method == "GET":
            assert needed in ("read", "person", "everybody"), name
        if needed in ("generate", "manage"):
            assert method != "GET", name
        dear = (
            "/admin",
            "/me/api-keys",
            "/me/password",
            "/me/email",
            "/me/passkeys",
            "/me/export",
            "/me/sessions",
        )
        if any(part in path for part in dear):
            assert needed == "person", name


@pytest.mark.parametrize("held", [*SCOPES, "all"])
async def test_a_key_calls_what_its_scopes_say_and_is_told_what_it_lacks(
    client: httpx.AsyncClient, person: SignedInPerson, held: str
) -> None:
    # given
    scopes = ALL_SCOPES if held == "all" else [held]
    key = await make_api_key(client, person, scopes=scopes)

    for name, (method, path, operation) in OPERATIONS.items():
        needed = operation["x-required-scope"]
        if needed == "everybody":
            continue
        # when
        answer = await client.request(method, _address(path, operation), headers=key.headers)

        # then
        told = answer.json() if answer.content and "json" in answer.headers["content-type"] else {}
        if needed in scopes:
            assert (answer.status_code, told.get("code")) not in [
                (401, "invalid_token"),
                (403, "forbidden"),
            ], name
        else:
            assert (answer.status_code, told["code"]) == (403, "forbidden"), (name, answer.text)
            assert told["scope"] == (None if needed == "person" else needed), name


async def test_a_key_with_all_scopes_of_an_admin_is_no_admin(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    key = await make_api_key(client, person)
    async with database.transaction() as session:
        await session.execute(text("UPDATE users SET role = 'admin'"))

    for name, (method, path, operation) in OPERATIONS.items():
        if "/admin" in path:
            answer = await client.request(method, _address(path, operation), headers=key.headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), name
