"""The gallery over HTTP: lists, single images, their files, and who gets a 404."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest

from harness.catalog import make_model
from pingvas.api.routes.image_out import ImageOut
from pingvas.base.db import Database
from pingvas.base.events import Event
from pingvas.billing.plans import seed_plans
from pingvas.gallery.tables import Image
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.billing import make_person
from tests.make.gallery import make_image
from tests.make.generation import claim_job, complete_job, submit_jobs

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 10
WEBP = b"RIFF\0\0\0\0WEBPVP8 "


@pytest.fixture
async def owner(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    async with database.transaction() as session:
        await seed_plans(session)
    return await sign_up(client)


@pytest.fixture
async def stranger(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


async def keep(app: Any, database: Database, person: SignedInPerson, **changes: Any) -> Image:
    """A picture of this person, with its bytes in storage."""
    async with database.transaction() as session:
        image = await make_image(session, UUID(person.user["id"]), **changes)
        await session.refresh(image)
    await app.state.storage.put(image.s3_key, PNG, "image/png")
    await app.state.storage.put(image.thumbnail_url, WEBP, "image/webp")
    return image


async def test_my_images_are_listed_with_addresses_that_work_without_a_token(
    app: Any, client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    image = await keep(app, database, owner, generation_params={"prompt": "달빛"})

    listed = (await client.get("/api/v1/images", headers=owner.headers)).json()

    assert listed["next_cursor"] is None
    (shown,) = listed["items"]
    assert shown["id"] == str(image.id)
    assert shown["generation_params"] == {"prompt": "달빛"}
    assert set(shown) == {
        "id", "job_id", "width", "height", "format", "file_size", "visibility", "is_favorite", "rating", "tags",
        "generation_params", "thumbnail_url", "thumbnail_large_url", "thumbhash", "file_url", "api_key", "created_at",
        "trashed_at",
    }  # fmt: skip
    file = await client.get(shown["file_url"])
    thumbnail = await client.get(shown["thumbnail_url"])
    assert (file.content, file.headers["content-type"]) == (PNG, "image/png")
    assert (thumbnail.content, thumbnail.headers["content-type"]) == (WEBP, "image/webp")


async def test_pages_follow_the_cursor(
    app: Any, client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    made = [str((await keep(app, database, owner)).id) for _ in range(3)]

    first = (await client.get("/api/v1/images?limit=2", headers=owner.headers)).json()
    rest = await client.get(
        "/api/v1/images", params={"limit": 2, "cursor": first["next_cursor"]}, headers=owner.headers
    )

    seen = [item["id"] for item in first["items"] + rest.json()["items"]]
    assert seen == made[::-1]
    assert rest.json()["next_cursor"] is None


async def test_bad_list_parameters_are_told(client: httpx.AsyncClient, owner: SignedInPerson) -> None:
    for query in (
        "limit=0",
        "limit=101",
        "cursor=x",
        "visibility=secret",
        "favorite=perhaps",
        "created_from=noon",
        "created_from=2026-11-01T12:00:00",
        "sort=random",
        "model=a%00b",
        "job_type=dream",
    ):
        answer = await client.get(f"/api/v1/images?{query}", headers=owner.headers)

        assert (answer.status_code, answer.json()["code"]) == (422, "validation_error"), query
        assert answer.json()["errors"][0]["loc"][0] == "query"


async def test_a_list_needs_somebody_signed_in(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/images")

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


async def test_a_private_image_does_not_exist_for_strangers(
    app: Any, client: httpx.AsyncClient, database: Database, owner: SignedInPerson, stranger: SignedInPerson
) -> None:
    image = await keep(app, database, owner)

    for headers in (stranger.headers, {}):
        for path in ("", "/file", "/thumbnail"):
            answer = await client.get(f"/api/v1/images/{image.id}{path}", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    for answer in (
        await client.patch(
            f"/api/v1/images/{image.id}", json={"is_favorite": True}, headers=stranger.headers
        ),
        await client.delete(f"/api/v1/images/{image.id}", headers=stranger.headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("visibility", ["public", "unlisted"])
async def test_a_shared_image_works_for_whoever_has_the_id(
    app: Any, client: httpx.AsyncClient, database: Database, owner: SignedInPerson, visibility: str
) -> None:
    image = await keep(app, database, owner, visibility=visibility, is_favorite=True, rating=4)

    shown = await client.get(f"/api/v1/images/{image.id}")
    file = await client.get(f"/api/v1/images/{image.id}/file", follow_redirects=True)

    assert shown.json()["id"] == str(image.id)
    assert shown.json()["is_favorite"] is False  # what its owner thinks of it stays with the owner
    assert shown.json()["rating"] == 0
    assert file.content == PNG
    shared_caches = "public" if visibility == "public" else "private"
    assert file.headers["cache-control"].startswith(f"{shared_caches}, max-age=")


async def test_the_file_and_the_thumbnail_are_redirects_to_expiring_addresses(
    app: Any, client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    image = await keep(app, database, owner)

    file = await client.get(f"/api/v1/images/{image.id}/file", headers=owner.headers)
    thumbnail = await client.get(f"/api/v1/images/{image.id}/thumbnail", headers=owner.headers)

    for answer, key in ((file, image.s3_key), (thumbnail, image.thumbnail_url)):
        assert answer.status_code == 302
        assert answer.headers["cache-control"] == "no-store"
        assert urlsplit(answer.headers["location"]).path == f"/files/{key}"


async def test_an_image_without_a_thumbnail_has_none(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    async with database.transaction() as session:
        image = await make_image(session, UUID(owner.user["id"]), thumbnail_url=None)

    shown = await client.get(f"/api/v1/images/{image.id}", headers=owner.headers)
    thumbnail = await client.get(f"/api/v1/images/{image.id}/thumbnail", headers=owner.headers)

    assert shown.json()["thumbnail_url"] is None
    assert thumbnail.status_code == 404


async def test_an_image_is_changed_and_deleted_by_its_owner(
    app: Any, client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    image = await keep(app, database, owner)
    path = f"/api/v1/images/{image.id}"

    changed = await client.patch(path, json={"visibility": "public"}, headers=owner.headers)
    favorite = await client.patch(path, json={"is_favorite": True}, headers=owner.headers)
    deleted = await client.delete(f"{path}?for_good=true", headers=owner.headers)
    again = await client.get(path, headers=owner.headers)

    assert (changed.json()["visibility"], changed.json()["is_favorite"]) == ("public", False)
    assert (favorite.json()["visibility"], favorite.json()["is_favorite"]) == ("public", True)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert again.status_code == 404


async def test_a_bad_change_changes_nothing(
    app: Any, client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    image = await keep(app, database, owner)
    path = f"/api/v1/images/{image.id}"

    bodies: tuple[Any, ...] = (
        {"visibility": "secret"},
        {"visibility": None},
        {"is_favorite": None},
        {"user_id": "x"},
        [],
    )
    for body in bodies:
        answer = await client.patch(path, json=body, headers=owner.headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_error"), body

    assert (await client.get(path, headers=owner.headers)).json()["visibility"] == "private"


class Told:
    """A publisher that only writes down."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def publish(self, events: Sequence[Event], *, wake_workers: bool) -> None:
        self.events.extend(events)


async def test_the_event_of_a_finished_job_shows_the_image_as_the_gallery_does(database: Database) -> None:
    database.publisher = told = Told()
    async with database.transaction() as session:
        actor = await make_person(session)
        await make_model(session, name="toy")
    await submit_jobs(database, actor)

    await complete_job(database, await claim_job(database))

    (event,) = [event for event in told.events if event.name == "job:completed"]
    assert set(event.payload["image"]) == set(ImageOut.model_fields)
