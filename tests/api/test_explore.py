"""What everybody finds: over HTTP, without signing in, and from an index."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text, update
from sqlalchemy.dialects import postgresql

from pingvas.accounts.actor import Actor
from pingvas.accounts.tables import User
from pingvas.base.clock import now
from pingvas.base.db import Database
from pingvas.gallery.explore import public_images
from pingvas.gallery.library import get_visible_image
from pingvas.gallery.tables import Image
from tests.make.accounts import SignedInPerson, make_user, sign_up
from tests.make.gallery import make_collection, make_image, make_tag, tag_image

URL = "/api/v1/explore"


async def shared(database: Database, person: SignedInPerson, **facts: Any) -> str:
    async with database.transaction() as session:
        image = await make_image(session, UUID(person.user["id"]), **({"visibility": "public"} | facts))
        return str(image.id)


async def found(client: httpx.AsyncClient, **asked: Any) -> list[str]:
    answer = await client.get(URL, params=asked)
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["items"]]


async def test_everybody_finds_public_images_the_newest_first(
    client: httpx.AsyncClient, database: Database
) -> None:
    ada, grace = await sign_up(client), await sign_up(client)
    older = await shared(database, ada, created_at=now() - timedelta(days=1))
    newer = await shared(database, grace)

    assert await found(client) == [newer, older]
    signed_in = await client.get(URL, headers=ada.headers)
    assert [each["id"] for each in signed_in.json()["items"]] == [newer, older]


async def test_nobody_finds_what_is_private_unlisted_or_in_the_trash(
    client: httpx.AsyncClient, database: Database
) -> None:
    owner = await sign_up(client)
    await shared(database, owner, visibility="private")
    await shared(database, owner, visibility="unlisted")
    await shared(database, owner, trashed_at=now())

    assert await found(client) == []
    assert (await client.get(URL, headers=owner.headers)).json()["items"] == []


async def test_a_file_that_names_other_images_is_not_found(
    client: httpx.AsyncClient, database: Database
) -> None:
    owner = await sign_up(client)
    other = await shared(database, owner, visibility="private")
    key = f"images/{owner.user['id']}/{other}.png"
    await shared(database, owner, s3_key=key, generation_params={"source_image": other})

    assert await found(client) == []


@pytest.mark.parametrize("status", ["suspended", "deleted"])
async def test_whoever_is_suspended_or_leaves_is_not_found(
    client: httpx.AsyncClient, database: Database, status: str
) -> None:
    owner = await sign_up(client)
    image = await shared(database, owner)
    assert await found(client) == [image]

    async with database.transaction() as session:
        await session.execute(
            update(User).where(User.id == UUID(owner.user["id"])).values(status=status, suspended_reason=None)
        )

    assert await found(client) == []


@pytest.mark.parametrize("status", ["suspended", "deleted"])
async def test_nothing_of_theirs_is_shown_elsewhere_either_but_to_themselves(
    client: httpx.AsyncClient, database: Database, status: str
) -> None:
    # given
    owner = await sign_up(client)
    user_id = UUID(owner.user["id"])
    async with database.transaction() as session:
        image = await make_image(session, user_id, visibility="public")
        unlisted = await make_image(session, user_id, visibility="unlisted")
        collection = await make_collection(session, user_id, image, visibility="public")
    places = [
        f"/api/v1/{place}"
        for place in (
            *(f"images/{image.id}{what}" for what in ("", "/file", "/thumbnail", "/recipe")),
            f"images/{unlisted.id}",
            f"collections/{collection.id}",
            f"collections/{collection.id}/images",
        )
    ]
    assert {(await client.get(place)).status_code for place in places} <= {200, 302, 404}
    assert (await client.get(places[0])).status_code == 200

    # when
    async with database.transaction() as session:
        gone = update(User).where(User.id == user_id).values(status=status, suspended_reason=None)
        await session.execute(gone)

    # then
    for place in places:
        assert (await client.get(place)).status_code == 404, place
    async with database.read() as reading:
        own = await get_visible_image(reading, Actor(user_id, "user", None), image.id)
    assert own.id == image.id


async def test_a_tag_finds_the_images_that_have_it_however_it_is_typed(
    client: httpx.AsyncClient, database: Database
) -> None:
    owner = await sign_up(client)
    await shared(database, owner)
    async with database.transaction() as session:
        boat = await make_tag(session, "boat")
        public = await make_image(session, UUID(owner.user["id"]), visibility="public")
        private = await make_image(session, UUID(owner.user["id"]))
        for image in (public, private):
            await tag_image(session, image, boat)

    assert await found(client, tag="boat") == [str(public.id)]
    assert await found(client, tag=" BOAT ") == [str(public.id)]
    assert await found(client, tag="ship") == []
    assert (await client.get(URL, params={"tag": "a,b"})).status_code == 422


async def test_what_is_the_owner_s_alone_is_not_told(client: httpx.AsyncClient, database: Database) -> None:
    owner = await sign_up(client)
    other = await shared(database, owner, visibility="private")
    told = {"prompt": "a boat", "source_image": other}
    await shared(database, owner, is_favorite=True, rating=5, generation_params=told)

    (shown,) = (await client.get(URL)).json()["items"]

    assert shown["generation_params"] == {"prompt": "a boat"}
    assert (shown["is_favorite"], shown["rating"], shown["job_id"], shown["api_key"]) == (
        False,
        0,
        None,
        None,
    )


async def test_a_cursor_belongs_to_the_list_with_its_tag(
    client: httpx.AsyncClient, database: Database
) -> None:
    owner = await sign_up(client)
    images = [await shared(database, owner, created_at=now() - timedelta(hours=n)) for n in range(5)]

    first = (await client.get(URL, params={"limit": 2})).json()
    second = (await client.get(URL, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    third = (await client.get(URL, params={"limit": 2, "cursor": second["next_cursor"]})).json()

    pages = (first, second, third)
    assert [each["id"] for page in pages for each in page["items"]] == images
    assert third["next_cursor"] is None
    elsewhere = await client.get(URL, params={"cursor": first["next_cursor"], "tag": "boat"})
    assert elsewhere.status_code == 422
    mine = await client.get("/api/v1/images", params={"cursor": first["next_cursor"]}, headers=owner.headers)
    assert mine.status_code == 422


async def test_an_address_asks_for_so_many_pages_at_once(client: httpx.AsyncClient, app: Any) -> None:
    app.state.budgets.explore.add("127.0.0.1", app.state.budgets.explore.figure.at_once)

    answer = await client.get(URL)

    assert (answer.status_code, answer.json()["budget"]) == (429, "explore")


_MANY = text("""
    INSERT INTO images (id, user_id, s3_key, width, height, format, file_size, visibility, created_at)
    SELECT gen_random_uuid(), :user_id, gen_random_uuid() || '.v2.png', 64, 64, 'png', 1,
           CASE place % 10 WHEN 0 THEN 'public' ELSE 'private' END, now() - place * interval '1 minute'
      FROM generate_series(1, 5000) AS place
""")
_TAG_SOME = text("""
    INSERT INTO image_tags (image_id, tag_id, user_id)
    SELECT images.id, :tag_id, user_id FROM images ORDER BY images.id LIMIT :most
""")


@pytest.mark.parametrize("tag", [None, "boat"])
async def test_no_list_reads_all_images(database: Database, tag: str | None) -> None:
    async with database.transaction() as session:
        person = await make_user(session)
        await session.execute(_MANY, {"user_id": person.id})
        boat = await make_tag(session, "boat")
        sea = await make_tag(session, "sea")
        await session.execute(_TAG_SOME, {"tag_id": sea.id, "most": 4000})
        await session.execute(_TAG_SOME, {"tag_id": boat.id, "most": 20})
        for table in ("images", "tags", "image_tags", "users"):
            await session.execute(text(f"ANALYZE {table}"))

    query = public_images(tag).order_by(Image.created_at.desc(), Image.id.desc()).limit(51)
    sql = str(query.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))  # type: ignore[no-untyped-call]
    async with database.read() as session:
        plan = "\n".join((await session.scalars(text(f"EXPLAIN {sql}"))).all())

    assert "Seq Scan on images" not in plan, plan
    assert "Seq Scan on image_tags" not in plan, plan
    if tag is None:
        assert "ix_images_public" in plan, plan
