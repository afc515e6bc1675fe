"""Reports over HTTP, what admins do about them, and what is seen of an image that is hidden."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select

from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.gallery.sharing.reasons import REASONS
from pingvas.gallery.sharing.tables import ImageReport
from tests.api.auth_calls import problem
from tests.api.test_admin import _audit, admin
from tests.api.test_explore import found, shared
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.gallery import make_collection, make_image
from tests.make.mail import sent_mail, text_of

__all__ = ["admin"]  # a fixture

ADMIN = "/api/v1/admin"


@pytest.fixture
async def owner(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


async def _report(
    client: httpx.AsyncClient, person: SignedInPerson, image: str, reason: str = "spam", **more: Any
) -> httpx.Response:
    url = f"/api/v1/images/{image}/reports"
    return await client.post(url, json={"reason": reason} | more, headers=person.headers)


async def _reported(client: httpx.AsyncClient, admin: SignedInPerson) -> list[dict[str, Any]]:
    answer = await client.get(f"{ADMIN}/reports", headers=admin.headers)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["total"] == len(told["items"])
    items: list[dict[str, Any]] = told["items"]
    return items


async def _do(
    client: httpx.AsyncClient, admin: SignedInPerson, image: str, deed: str, **body: Any
) -> httpx.Response:
    return await client.post(f"{ADMIN}/images/{image}/{deed}", json=body, headers=admin.headers)


async def test_an_admin_reads_what_is_reported_by_image_the_most_reported_first(
    client: httpx.AsyncClient, database: Database, admin: SignedInPerson, owner: SignedInPerson
) -> None:
    # given
    once = await shared(database, owner)
    twice = await shared(database, owner, visibility="unlisted", generation_params={"prompt": "a boat"})
    ada, grace = await sign_up(client), await sign_up(client)

    # when
    assert (await _report(client, ada, once)).status_code == 204
    assert (await _report(client, ada, twice, "hate", words="  Look at the sail ")).status_code == 204
    assert (await _report(client, grace, twice, "copyright", words=" ")).status_code == 204

    # then
    first, second = await _reported(client, admin)
    assert (first["image"]["id"], first["count"]) == (twice, 2)
    assert (first["image"]["prompt"], first["image"]["visibility"]) == ("a boat", "unlisted")
    assert first["image"]["owner"]["id"] == owner.user["id"]
    assert first["reasons"] == [{"reason": "copyright", "count": 1}, {"reason": "hate", "count": 1}]
    said = [(each["reporter"]["id"], each["reason"], each["words"]) for each in first["reports"]]
    assert said == [(grace.user["id"], "copyright", None), (ada.user["id"], "hate", "Look at the sail")]
    assert (second["image"]["id"], second["count"]) == (once, 1)


async def test_a_person_has_one_open_report_of_an_image_which_they_change_by_saying_it_again(
    client: httpx.AsyncClient, database: Database, admin: SignedInPerson, owner: SignedInPerson
) -> None:
    image, ada = await shared(database, owner), await sign_up(client)

    answers = await asyncio.gather(*(_report(client, ada, image, reason) for reason in REASONS))
    await _report(client, ada, image, "violence", words="The axe")

    assert {answer.status_code for answer in answers} == {204}
    (one,) = await _reported(client, admin)
    assert [(each["reason"], each["words"]) for each in one["reports"]] == [("violence", "The axe")]


async def test_what_cannot_be_seen_cannot_be_reported(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    image, stranger = await shared(database, owner, visibility="private"), await sign_up(client)

    problem(await _report(client, stranger, image), 404, "not_found")
    problem(await _report(client, owner, image), 409, "image_not_public")
    problem(
        await client.post(f"/api/v1/images/{image}/reports", json={"reason": "spam"}), 401, "unauthorized"
    )


@pytest.mark.parametrize("body", [{}, {"reason": "ugly"}, {"reason": "spam", "words": "x" * 1001}])
async def test_a_report_names_a_reason_of_the_list_and_is_short(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson, body: dict[str, Any]
) -> None:
    image = await shared(database, owner)

    answer = await client.post(f"/api/v1/images/{image}/reports", json=body, headers=owner.headers)

    problem(answer, 422, "validation_error")


async def test_a_person_reports_so_much_at_once(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson, app: Any
) -> None:
    image, ada = await shared(database, owner), await sign_up(client)
    app.state.budgets.reports.add(UUID(ada.user["id"]), app.state.budgets.reports.figure.at_once)

    answer = await _report(client, ada, image)

    assert (answer.status_code, answer.json()["budget"]) == (429, "reports")


async def test_dismissed_reports_are_closed_on_record_and_the_image_stays(
    client: httpx.AsyncClient, database: Database, admin: SignedInPerson, owner: SignedInPerson
) -> None:
    # given
    image, ada = await shared(database, owner), await sign_up(client)
    await _report(client, ada, image)

    # when
    dismissed = await _do(client, admin, image, "reports/dismiss", words="It is a boat")
    again = await _do(client, admin, image, "reports/dismiss")

    # then
    assert (dismissed.json(), again.json()) == ({"count": 1}, {"count": 0})
    assert await _reported(client, admin) == []
    assert await found(client) == [image]
    (entry,) = await _audit(client, admin, action="image.dismiss_reports")
    assert (entry["target_id"], entry["after"], entry["reason"]) == (image, {"reports": 1}, "It is a boat")

    # and what is found wrong later is a report of its own
    await _report(client, ada, image, "hate")
    assert len(await _reported(client, admin)) == 1


async def test_a_hidden_image_is_seen_by_its_owner_alone_who_is_told_why(
    client: httpx.AsyncClient,
    database: Database,
    admin: SignedInPerson,
    owner: SignedInPerson,
    settings: Settings,
) -> None:
    # given
    image, ada = await shared(database, owner), await sign_up(client)
    async with database.transaction() as session:
        user_id = UUID(owner.user["id"])
        open_one = await make_image(session, user_id, visibility="public")
        collection = await make_collection(session, user_id, open_one, visibility="public")
        collection_id = str(collection.id)
    inside = f"/api/v1/collections/{collection_id}/images"
    await client.post(inside, json={"image_ids": [image]}, headers=owner.headers)
    await _report(client, ada, image, "copyright")
    await client.put(f"/api/v1/images/{image}/like", headers=ada.headers)

    # when
    hidden = await _do(client, admin, image, "hide", reason="copyright", words="See your mail")

    # then
    assert (hidden.status_code, hidden.json()["visibility_before"]) == (200, "public")
    assert await _reported(client, admin) == []
    for who in ({}, ada.headers, admin.headers):
        for place in ("", "/file", "/thumbnail", "/recipe"):
            problem(await client.get(f"/api/v1/images/{image}{place}", headers=who), 404, "not_found")
    assert image not in await found(client)
    assert await found(client, sort="most_liked") == []
    assert [each["id"] for each in (await client.get(inside)).json()["items"]] == [str(open_one.id)]
    mine = (await client.get(f"/api/v1/images/{image}", headers=owner.headers)).json()
    assert (mine["visibility"], mine["hidden"]["reason"], mine["hidden"]["words"]) == (
        "private",
        "copyright",
        "See your mail",
    )
    listed = (await client.get(f"{ADMIN}/hidden-images", headers=admin.headers)).json()["items"]
    assert [(each["image"]["id"], each["reason"]) for each in listed] == [(image, "copyright")]
    (entry,) = await _audit(client, admin, action="image.hide")
    assert (entry["target_id"], entry["before"]) == (image, {"visibility": "public"})
    assert entry["after"] == {"reason": "copyright", "reports": 1}
    letters = [text_of(letter) for letter in await sent_mail(database, settings)]
    assert any("infringes somebody's rights. See your mail" in letter for letter in letters), letters
    assert any(f"/gallery?view={image}" in letter for letter in letters), letters


async def test_its_owner_cannot_share_a_hidden_image_by_any_way_until_it_is_shown_again(
    client: httpx.AsyncClient, database: Database, admin: SignedInPerson, owner: SignedInPerson
) -> None:
    # given
    image = await shared(database, owner, visibility="unlisted")
    await _do(client, admin, image, "hide", reason="hate")
    url = f"/api/v1/images/{image}"

    # when
    for visibility in ("public", "unlisted"):
        answer = await client.patch(url, json={"visibility": visibility}, headers=owner.headers)
        problem(answer, 409, "image_hidden")
        many = {"ids": [image], "action": "set_visibility", "visibility": visibility}
        await client.post("/api/v1/images/bulk", json=many, headers=owner.headers)
    await client.delete(url, headers=owner.headers)
    await client.post(f"{url}/restore", headers=owner.headers)
    named = await client.patch(url, json={"rating": 3, "visibility": "private"}, headers=owner.headers)

    # then
    assert (named.status_code, named.json()["visibility"]) == (200, "private")
    assert named.json()["hidden"]["reason"] == "hate"
    problem(await client.get(url), 404, "not_found")

    shown = await _do(client, admin, image, "show", reason="A misunderstanding")
    assert shown.status_code == 204
    assert (await client.get(url)).json()["visibility"] == "unlisted"
    problem(await _do(client, admin, image, "show", reason="Again"), 409, "conflict")
    (entry,) = await _audit(client, admin, action="image.show")
    assert (entry["reason"], entry["after"]) == ("A misunderstanding", {"visibility": "unlisted"})
    public = await client.patch(url, json={"visibility": "public"}, headers=owner.headers)
    assert (public.status_code, public.json()["hidden"]) == (200, None)


async def test_taking_a_change_of_many_images_back_shows_none_that_was_hidden_since(
    client: httpx.AsyncClient, database: Database, admin: SignedInPerson, owner: SignedInPerson
) -> None:
    # given
    images = [await shared(database, owner) for _ in range(2)]
    many = {"ids": images, "action": "set_visibility", "visibility": "private"}
    task = (await client.post("/api/v1/images/bulk", json=many, headers=owner.headers)).json()
    await _do(client, admin, images[0], "hide", reason="hate")

    # when
    undone = await client.post(f"/api/v1/tasks/{task['task_id']}/undo", headers=owner.headers)

    # then
    assert undone.status_code in (200, 202), undone.text
    assert await found(client) == [images[1]]


async def test_whoever_shares_an_image_while_it_is_hidden_does_not_win(
    client: httpx.AsyncClient, database: Database, admin: SignedInPerson, owner: SignedInPerson
) -> None:
    images = [await shared(database, owner, visibility="private") for _ in range(6)]

    async def share(image: str) -> None:
        for _ in range(3):
            body = {"visibility": "public"}
            await client.patch(f"/api/v1/images/{image}", json=body, headers=owner.headers)

    hiding = (_do(client, admin, image, "hide", reason="spam") for image in images)
    await asyncio.gather(*(share(image) for image in images), *hiding)

    assert await found(client) == []


async def test_hiding_again_changes_the_reason_and_writes_no_second_mail(
    client: httpx.AsyncClient,
    database: Database,
    admin: SignedInPerson,
    owner: SignedInPerson,
    settings: Settings,
) -> None:
    image = await shared(database, owner)
    await _do(client, admin, image, "hide", reason="spam")
    before = len(await sent_mail(database, settings))

    again = await _do(client, admin, image, "hide", reason="minors")

    assert (again.json()["reason"], again.json()["visibility_before"]) == ("minors", "public")
    assert len(await sent_mail(database, settings)) == before


async def test_reports_are_closed_and_kept_with_what_became_of_them(
    client: httpx.AsyncClient, database: Database, admin: SignedInPerson, owner: SignedInPerson
) -> None:
    image, ada = await shared(database, owner), await sign_up(client)
    await _report(client, ada, image)
    await _do(client, admin, image, "hide", reason="spam")

    async with database.read() as reading:
        kept = select(ImageReport.outcome, ImageReport.closed_at <= func.now())
        assert (await reading.execute(kept)).one() == ("hidden", True)


@pytest.mark.parametrize("deed", ["hide", "show", "reports/dismiss"])
async def test_an_image_that_is_not_there_is_not_found(
    client: httpx.AsyncClient, admin: SignedInPerson, owner: SignedInPerson, deed: str
) -> None:
    body = {"hide": {"reason": "spam"}, "show": {"reason": "A slip"}}.get(deed, {})

    answer = await _do(client, admin, owner.user["id"], deed, **body)

    problem(answer, 404, "not_found")
    refused = await client.post(f"{ADMIN}/images/{owner.user['id']}/{deed}", json=body, headers=owner.headers)
    problem(refused, 403, "forbidden")
