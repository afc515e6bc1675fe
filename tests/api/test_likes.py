"""Likes over HTTP: once a person, of what everybody sees, counted exactly, and a list by them that reads indexes alone."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

from pingvas.accounts.tables import User
from pingvas.base.clock import now
from pingvas.base.db import Database
from pingvas.gallery.explore import liked_images
from pingvas.gallery.sharing.tables import ImageLike, ImageLikeCount
from pingvas.gallery.tables import Image
from tests.api.auth_calls import problem
from tests.api.test_explore import URL, found, shared
from tests.make.accounts import SignedInPerson, make_user, sign_up
from tests.make.gallery import make_image, make_tag, tag_image


@pytest.fixture
async def owner(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


async def _like(client: httpx.AsyncClient, person: SignedInPerson, image: str) -> httpx.Response:
    return await client.put(f"/api/v1/images/{image}/like", headers=person.headers)


async def _unlike(client: httpx.AsyncClient, person: SignedInPerson, image: str) -> httpx.Response:
    return await client.delete(f"/api/v1/images/{image}/like", headers=person.headers)


async def _told(client: httpx.AsyncClient, image: str, person: SignedInPerson | None) -> tuple[int, bool]:
    headers = {} if person is None else person.headers
    one = (await client.get(f"/api/v1/images/{image}", headers=headers)).json()
    listed = (await client.get(URL, headers=headers)).json()["items"]
    (same,) = [each for each in listed if each["id"] == image]
    assert (one["likes"], one["liked"]) == (same["likes"], same["liked"])
    return one["likes"], one["liked"]


async def test_a_like_counts_once_however_often_it_is_said_and_is_taken_back(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given
    image, ada = await shared(database, owner), await sign_up(client)

    # when
    first, again = await _like(client, ada, image), await _like(client, ada, image)
    of_the_owner = await _like(client, owner, image)

    # then
    assert (first.status_code, first.json()) == (200, {"likes": 1, "liked": True})
    assert again.json() == first.json()
    assert of_the_owner.json() == {"likes": 2, "liked": True}
    assert await _told(client, image, ada) == (2, True)
    assert await _told(client, image, None) == (2, False)

    taken, once_more = await _unlike(client, ada, image), await _unlike(client, ada, image)
    assert (taken.status_code, taken.json()) == (200, {"likes": 1, "liked": False})
    assert once_more.json() == taken.json()
    assert await _told(client, image, ada) == (1, False)


@pytest.mark.parametrize("facts", [{"visibility": "private"}, {"visibility": "public", "trashed_at": now()}])
async def test_what_one_does_not_see_is_not_there_to_be_liked(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson, facts: dict[str, Any]
) -> None:
    image, stranger = await shared(database, owner, **facts), await sign_up(client)

    problem(await _like(client, stranger, image), 404, "not_found")
    problem(await _unlike(client, stranger, image), 404, "not_found")
    problem(await _like(client, owner, image), 409, "image_not_public")


async def test_an_unlisted_image_is_not_liked(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    image, stranger = await shared(database, owner, visibility="unlisted"), await sign_up(client)

    problem(await _like(client, stranger, image), 409, "image_not_public")
    problem(await _like(client, owner, str(uuid4())), 404, "not_found")


async def test_whoever_is_not_signed_in_likes_nothing(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    image = await shared(database, owner)

    problem(await client.put(f"/api/v1/images/{image}/like"), 401, "unauthorized")


async def test_a_like_can_be_taken_back_of_what_is_not_public_any_more(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    image, ada = await shared(database, owner), await sign_up(client)
    await _like(client, ada, image)
    await client.patch(f"/api/v1/images/{image}", json={"visibility": "private"}, headers=owner.headers)

    taken = await _unlike(client, ada, image)

    assert (taken.status_code, taken.json()["liked"]) == (200, False)
    problem(await _unlike(client, ada, image), 404, "not_found")


async def test_the_count_is_exact_when_many_like_and_think_again_at_once(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given
    images = [await shared(database, owner) for _ in range(3)]
    people = [await sign_up(client) for _ in range(6)]

    async def like_and_think_again(place: int, person: SignedInPerson) -> None:
        for image in images if place % 2 else images[::-1]:
            for _ in range(3):
                assert (await _like(client, person, image)).status_code == 200
                assert (await _unlike(client, person, image)).status_code == 200
            await asyncio.gather(*(_like(client, person, image) for _ in range(2)))

    # when
    await asyncio.gather(*(like_and_think_again(place, person) for place, person in enumerate(people)))

    # then
    for image in images:
        assert await _told(client, image, people[0]) == (6, True)


async def test_likes_go_with_whoever_liked_and_with_the_image(database: Database) -> None:
    # given
    async with database.transaction() as session:
        owner, ada, grace = [await make_user(session) for _ in range(3)]
        images = [await make_image(session, owner.id, visibility="public") for _ in range(3)]
        for person in (owner, ada, grace):
            session.add_all(ImageLike(image_id=image.id, user_id=person.id) for image in images)
        await session.flush()

    # when two of them leave at once, and an image is deleted
    async def leave(user_id: UUID) -> None:
        async with database.transaction() as session:
            await session.execute(delete(User).where(User.id == user_id))

    await asyncio.gather(leave(ada.id), leave(grace.id))
    async with database.transaction() as session:
        await session.execute(delete(Image).where(Image.id == images[0].id))

    # then
    async with database.read() as reading:
        counts = await reading.execute(select(ImageLikeCount.image_id, ImageLikeCount.likes))
        assert {row.image_id: row.likes for row in counts} == {images[1].id: 1, images[2].id: 1}


async def test_no_count_falls_below_nothing_and_emptying_the_table_ends_them_all(database: Database) -> None:
    async with database.transaction() as session:
        owner = await make_user(session)
        image = await make_image(session, owner.id, visibility="public")
        session.add(ImageLike(image_id=image.id, user_id=owner.id))
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await session.execute(update(ImageLikeCount).values(likes=-1))

    async with database.transaction() as session:
        await session.execute(text("TRUNCATE image_likes"))

    async with database.read() as reading:
        assert (await reading.scalars(select(ImageLikeCount))).all() == []


async def test_what_most_people_like_comes_first_also_of_those_with_a_tag(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    # given
    images = [await shared(database, owner) for _ in range(4)]
    people = [await sign_up(client) for _ in range(3)]
    for place, image in enumerate(images):
        for person in people[:place]:
            await _like(client, person, image)
    async with database.transaction() as session:
        boat = await make_tag(session, "boat")
        for id in (images[1], images[3]):
            await tag_image(session, await session.get_one(Image, UUID(id)), boat)

    # when and then: what nobody likes is in the other list
    assert await found(client, sort="most_liked") == [images[3], images[2], images[1]]
    assert await found(client, sort="most_liked", tag="boat") == [images[3], images[1]]
    assert set(await found(client, sort="newest")) == set(images)
    assert (await client.get(URL, params={"sort": "loudest"})).status_code == 422

    first = (await client.get(URL, params={"sort": "most_liked", "limit": 1})).json()
    rest = await found(client, sort="most_liked", cursor=first["next_cursor"])
    assert rest == [images[2], images[1]]
    elsewhere = await client.get(URL, params={"cursor": first["next_cursor"]})
    assert elsewhere.status_code == 422

    await client.patch(f"/api/v1/images/{images[3]}", json={"visibility": "unlisted"}, headers=owner.headers)
    assert await found(client, sort="most_liked") == [images[2], images[1]]


_MANY = text("""
    INSERT INTO images (id, user_id, s3_key, width, height, format, file_size, visibility, created_at)
    SELECT gen_random_uuid(), :user_id, gen_random_uuid() || '.v2.png', 64, 64, 'png', 1,
           CASE place % 5 WHEN 0 THEN 'private' ELSE 'public' END, now() - place * interval '1 minute'
      FROM generate_series(1, 5000) AS place
""")
_LIKE_SOME = text("""
    INSERT INTO image_likes (image_id, user_id)
    SELECT images.id, person FROM images CROSS JOIN unnest(CAST(:people AS uuid[])) WITH ORDINALITY AS liking (person, place)
     WHERE hashtext(CAST(images.id AS text)) % 7 < place
""")
_TAG_SOME = text("""
    INSERT INTO image_tags (image_id, tag_id, user_id)
    SELECT images.id, :tag_id, user_id FROM images ORDER BY images.id LIMIT :most
""")


@pytest.mark.parametrize("tag", [None, "boat"])
async def test_the_list_of_what_is_liked_reads_no_table_through(database: Database, tag: str | None) -> None:
    # given
    async with database.transaction() as session:
        people = [(await make_user(session)).id for _ in range(4)]
        await session.execute(_MANY, {"user_id": people[0]})
        await session.execute(_LIKE_SOME, {"people": people})
        for name, most in (("boat", 20), ("sea", 4000)):
            await session.execute(_TAG_SOME, {"tag_id": (await make_tag(session, name)).id, "most": most})
        for table in ("images", "tags", "image_tags", "users", "image_likes", "image_like_counts"):
            await session.execute(text(f"ANALYZE {table}"))

    # when
    by_likes = (ImageLikeCount.likes.desc(), ImageLikeCount.image_id.desc())
    query = liked_images(tag).order_by(*by_likes).limit(51)
    sql = str(query.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))  # type: ignore[no-untyped-call]
    async with database.read() as session:
        plan = "\n".join((await session.scalars(text(f"EXPLAIN {sql}"))).all())

    # then
    for table in ("images", "image_tags", "image_likes", "image_like_counts"):
        assert f"Seq Scan on {table}" not in plan, plan
    if tag is None:
        assert "ix_image_like_counts_most" in plan, plan
