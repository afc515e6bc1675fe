"""Jobs over HTTP: the shapes of the contract, replays, and the strangers' view."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from harness.catalog import make_model
from pingvas.accounts.tables import OAuthAccount, Passkey
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.billing.plans import seed_plans
from pingvas.billing.sold.tables import Checkout
from pingvas.gallery.tables import CollectionImage
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.api_keys import make_api_key
from tests.make.gallery import make_collection
from tests.make.generation import claim_job, complete_job

BODY: dict[str, Any] = {"job_type": "txt2img", "model": "toy", "prompt": "노을 지는 바다 위의 빨간 배"}
# What a call of an upload says besides.
OF_A_PART = {
    "Tus-Resumable": "1.0.0",
    "Upload-Offset": "0",
    "Content-Type": "application/offset+octet-stream",
}


@pytest.fixture
async def person(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    async with database.transaction() as session:
        await seed_plans(session)
        await make_model(session)
    return await sign_up(client)


async def _count(database: Database, table: str) -> int:
    async with database.read() as session:
        return int(await session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


async def test_a_job_from_request_to_receipt(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given
    quoted = (await client.post("/api/v1/jobs/estimate", json=BODY, headers=person.headers)).json()

    # when it is asked for
    answer = await client.post("/api/v1/jobs", json=BODY | {"count": 2}, headers=person.headers)

    # then it is accepted, and costs what was quoted
    assert answer.status_code == 202, answer.text
    accepted = answer.json()
    assert accepted["estimated_credits"] == 2 * quoted["estimated_credits"]
    assert [job["status"] for job in accepted["jobs"]] == ["queued", "pending"]
    assert [job["waiting_for"] for job in accepted["jobs"]] == ["worker", "slot"]
    assert accepted["jobs"][0]["position"] == 1
    assert accepted["jobs"][0]["receipt"] is None
    me = (await client.get("/api/v1/me", headers=person.headers)).json()
    assert me["credits"] == {
        "balance": 500 - accepted["estimated_credits"],
        "held": accepted["estimated_credits"],
    }

    # when a worker makes the first picture
    await complete_job(database, await claim_job(database), gpu_seconds=1.4)

    # then it is in the list with its receipt and its picture
    listed = (await client.get("/api/v1/jobs?status=completed", headers=person.headers)).json()
    (job,) = listed["items"]
    assert job["receipt"] == {
        "quoted": 3,
        "held": 3,
        "charged": 2,
        "returned": 1,
        "reason": "completed",
        "gpu_seconds": 1.4,
    }
    assert job["actual_credits"] == 2
    assert job["image"]["generation_params"]["prompt"] == BODY["prompt"]
    assert job["image"]["file_url"].startswith("/files/") or "://" in job["image"]["file_url"]
    gallery = (await client.get("/api/v1/images", headers=person.headers)).json()
    assert [image["id"] for image in gallery["items"]] == [job["image"]["id"]]
    queue = (await client.get("/api/v1/queue", headers=person.headers)).json()
    assert (queue["waiting"], queue["position"], queue["workers"]) == (1, 1, 0)


async def test_the_same_key_and_body_gets_the_first_answer_and_spends_once(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given
    headers = {**person.headers, "Idempotency-Key": '"a-click"'}

    # when the same click is sent again and again, twice of them at once
    first = await client.post("/api/v1/jobs", json=BODY, headers=headers)
    again = await asyncio.gather(*(client.post("/api/v1/jobs", json=BODY, headers=headers) for _ in range(2)))

    # then
    assert [answer.status_code for answer in (first, *again)] == [202, 202, 202]
    assert all(answer.json() == first.json() for answer in again)
    assert all(answer.headers["idempotent-replayed"] == "true" for answer in again)
    assert await _count(database, "generation_jobs") == 1


async def test_eight_at_once_with_one_key_make_one_job(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # when
    headers = {**person.headers, "Idempotency-Key": "one"}
    answers = await asyncio.gather(
        *(client.post("/api/v1/jobs", json=BODY, headers=headers) for _ in range(8))
    )

    # then: those that came while the first ran are told so; nobody makes a second job
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert 202 in {answer.status_code for answer in answers}
    assert await _count(database, "generation_jobs") == 1


async def test_the_same_key_with_another_body_is_a_conflict(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given
    headers = {**person.headers, "Idempotency-Key": "a-click"}
    await client.post("/api/v1/jobs", json=BODY, headers=headers)

    # when
    other = await client.post("/api/v1/jobs", json=BODY | {"steps": 5}, headers=headers)

    # then
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict")
    assert await _count(database, "generation_jobs") == 1


async def test_keys_are_a_persons_own(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given
    other = await sign_up(client)

    # when
    for one in (person, other):
        answer = await client.post(
            "/api/v1/jobs", json=BODY, headers={**one.headers, "Idempotency-Key": "same"}
        )
        assert answer.status_code == 202

    # then
    assert await _count(database, "generation_jobs") == 2


async def test_a_refused_request_leaves_its_key_free(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    # given
    headers = {**person.headers, "Idempotency-Key": "a-click"}
    refused = await client.post("/api/v1/jobs", json=BODY | {"model": "unknown"}, headers=headers)

    # when
    accepted = await client.post("/api/v1/jobs", json=BODY, headers=headers)

    # then
    assert (refused.status_code, accepted.status_code) == (422, 202)


async def test_jobs_come_in_pages(client: httpx.AsyncClient, person: SignedInPerson) -> None:
    # given
    made = (await client.post("/api/v1/jobs", json=BODY | {"count": 5}, headers=person.headers)).json()[
        "jobs"
    ]

    # when
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/api/v1/jobs", params=query, headers=person.headers)).json()
        seen += [job["id"] for job in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    # then
    assert seen == [job["id"] for job in reversed(made)]


async def test_a_forged_cursor_is_refused(client: httpx.AsyncClient, person: SignedInPerson) -> None:
    answer = await client.get("/api/v1/jobs?cursor=eyJhIjoxfQ", headers=person.headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")


async def test_every_route_with_an_id_is_not_found_to_a_stranger(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database, app: Any
) -> None:
    # given something of everything that has an id, all of it the person's
    job = (await client.post("/api/v1/jobs", json=BODY, headers=person.headers)).json()["jobs"][0]
    await complete_job(database, await claim_job(database))
    image = (await client.get("/api/v1/images", headers=person.headers)).json()["items"][0]
    device = (await client.get("/api/v1/me/sessions", headers=person.headers)).json()["items"][0]
    key = await make_api_key(client, person)
    async with database.transaction() as session:
        user_id = UUID(person.user["id"])
        passkey = Passkey(id=new_id(), user_id=user_id, credential_id=b"x", public_key=b"x", name="Laptop")
        account = OAuthAccount(id=new_id(), user_id=user_id, provider="google", provider_user_id="1")
        checkout = Checkout(id=new_id(), user_id=user_id, token_hash="x", variant="pack_small")
        session.add_all([passkey, account, checkout])
        collection = await make_collection(session, user_id)
        session.add(CollectionImage(collection_id=collection.id, image_id=UUID(image["id"])))
    ids = {"job_id": job["id"], "image_id": image["id"], "session_id": device["id"]}
    ids |= {"key_id": key.id, "passkey_id": str(passkey.id), "account_id": str(account.id)}
    ids |= {"checkout_id": str(checkout.id), "collection_id": str(collection.id)}
    await client.patch(f"/api/v1/images/{image['id']}", json={"tags": ["sea"]}, headers=person.headers)
    tag = (await client.get("/api/v1/tags", headers=person.headers)).json()["items"][0]
    many = {"ids": [image["id"]], "action": "favorite"}
    task = (await client.post("/api/v1/images/bulk", json=many, headers=person.headers)).json()
    sent_in = await client.post(
        "/api/v1/uploads", headers=person.headers | {"Tus-Resumable": "1.0.0", "Upload-Length": "9"}
    )
    upload_id = sent_in.headers["Location"].rpartition("/")[2]
    kept = {"name": "Sea", "filter": {"q": "sea"}}
    search = (await client.post("/api/v1/searches", json=kept, headers=person.headers)).json()
    ids |= {
        "search_id": search["id"],
        "tag_id": tag["id"],
        "task_id": task["task_id"],
        "upload_id": upload_id,
    }
    bodies = {
        "image_id": {"is_favorite": True},
        "key_id": {"name": "x"},
        "passkey_id": {"name": "x"},
        "tag_id": {"name": "x"},
        "collection_id": {"name": "x"},
        "search_id": {"name": "x"},
        "upload_id": None,
    }
    inside = "/api/v1/collections/{collection_id}/images"
    bodies_there: dict[tuple[str, str], Any] = {
        ("post", inside): {"image_ids": [image["id"]]},
        ("patch", inside): {"order": [image["id"]]},
        ("post", "/api/v1/images/{image_id}/reports"): {"reason": "spam"},
    }
    stranger = await sign_up(client)

    # when each is asked for by somebody else, and by the same person with an id that is nobody's
    answers = {}
    for path, methods in app.openapi()["paths"].items():
        names = [name for name in ids if f"{{{name}}}" in path]
        if not names or "/admin/" in path:
            continue
        for method in methods:
            body = bodies_there.get((method, path), bodies[names[0]] if method == "patch" else None)
            for who, known in ((stranger, ids), (person, {name: str(uuid4()) for name in ids})):
                url = path.format(**known)
                headers = who.headers | (OF_A_PART if "upload_id" in names else {})
                answer = await client.request(method, url, json=body, headers=headers)
                answers[method, path, who.email] = (answer.status_code, answer.json()["code"])

    # then
    assert len(answers) >= 30
    assert set(answers.values()) == {(404, "not_found")}, answers
    assert (await client.get(f"/api/v1/images/{image['id']}", headers=person.headers)).status_code == 200


async def test_routes_with_an_id_are_all_covered_by_that_test(app: Any) -> None:
    """A new kind of id has to be added to the walk above."""
    known = {
        "job_id",
        "image_id",
        "session_id",
        "key_id",
        "passkey_id",
        "account_id",
        "checkout_id",
        "tag_id",
        "collection_id",
        "task_id",
        "upload_id",
        "search_id",
    }
    nobodys = {"name", "provider"}
    of_admins = {"user_id", "announcement_id", "code_id", "event_id"}  # see test_who_may_what.py
    found = {
        part.strip("{}")
        for path in app.openapi()["paths"]
        for part in path.split("/")
        if part.startswith("{")
    }

    assert found <= known | nobodys | of_admins
