"""What keys spend and may use: caps that nothing gets past, models, and that whatever was made with a key says so."""

import asyncio
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import text

from harness.catalog import CONFIG, make_model, make_parts
from pingvas.accounts.api_keys.spending import spend
from pingvas.accounts.refusals import InvalidToken
from pingvas.base.db import Database
from pingvas.generation.lifecycle import signals
from pingvas.generation.lifecycle.ends import End, end
from pingvas.generation.lifecycle.sweeps import sweep_deadlines
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.api_keys import HeldKey, key_facts, make_api_key
from tests.make.generation import WORKER, claim_job, complete_job
from tests.make.picture_files import saved

JOBS = "/api/v1/jobs"
PICTURE = saved(Image.new("RGB", (64, 64), "red"), "PNG")
BODY: dict[str, Any] = {"job_type": "txt2img", "model": "toy", "prompt": "a red house at sunset"}


@pytest.fixture
async def person(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    async with database.transaction() as session:
        await make_model(session)
        await make_parts(session)
        await make_model(session, name="other", config=CONFIG)
    return await sign_up(client)


@pytest.fixture
async def price(client: httpx.AsyncClient, person: SignedInPerson) -> int:
    """Credits of one picture."""
    answer = await client.post(f"{JOBS}/estimate", json=BODY, headers=person.headers)
    return int(answer.json()["estimated_credits"])


async def spent(client: httpx.AsyncClient, person: SignedInPerson, key: HeldKey) -> tuple[int, int]:
    """In all, and today."""
    facts = await key_facts(client, person, key)
    return facts["spent_total"], facts["spent_today"]


async def _balance(client: httpx.AsyncClient, person: SignedInPerson) -> int:
    me = (await client.get("/api/v1/me", headers=person.headers)).json()
    return int(me["credits"]["balance"])


async def test_a_key_spends_what_its_jobs_hold_and_gets_back_what_they_do_not_cost(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database, price: int
) -> None:
    # given
    key = await make_api_key(client, person)
    another = await make_api_key(client, person)

    # when
    asked = await client.post(JOBS, json=BODY | {"count": 3}, headers=key.headers)

    # then all is held
    assert asked.status_code == 202, asked.text
    assert await spent(client, person, key) == (3 * price, 3 * price)

    # when one is made for less, one fails, and one is taken back
    await complete_job(database, await claim_job(database), gpu_seconds=1.4)
    job = await claim_job(database)
    async with database.transaction() as session:
        await end(session, WORKER, End(job, "failed", 1.0, code="internal_error", message="It broke."))
    await client.post(f"{JOBS}/{asked.json()['jobs'][2]['id']}/cancel", headers=key.headers)

    # then only what the picture cost is spent
    assert await spent(client, person, key) == (2, 2)
    assert await spent(client, person, another) == (0, 0)
    assert await _balance(client, person) == 500 - 2


@pytest.mark.parametrize("period", ["total", "day"])
async def test_a_cap_is_never_passed(
    client: httpx.AsyncClient, person: SignedInPerson, price: int, period: str
) -> None:
    # given room for three pictures
    cap = {"total": "total_cap", "day": "daily_cap"}[period]
    key = await make_api_key(client, person, **{cap: 3 * price + 1})
    await client.post(JOBS, json=BODY | {"count": 2}, headers=key.headers)

    # when
    refused = await client.post(JOBS, json=BODY | {"count": 2}, headers=key.headers)

    # then nothing has changed
    assert (refused.status_code, refused.json()["code"]) == (402, "key_cap_reached")
    told = {name: refused.json()[name] for name in ("period", "cap", "spent", "required")}
    assert told == {"period": period, "cap": 3 * price + 1, "spent": 2 * price, "required": 2 * price}
    assert await spent(client, person, key) == (2 * price, 2 * price)
    assert await _balance(client, person) == 500 - 2 * price

    # and one more picture goes through, and what its owner asks for by themselves
    for headers in (key.headers, person.headers):
        assert (await client.post(JOBS, json=BODY, headers=headers)).status_code == 202


async def test_submits_at_once_do_not_pass_a_cap_together(
    client: httpx.AsyncClient, person: SignedInPerson, price: int
) -> None:
    key = await make_api_key(client, person, daily_cap=3 * price, total_cap=10 * price)

    answers = await asyncio.gather(*(client.post(JOBS, json=BODY, headers=key.headers) for _ in range(8)))

    assert sorted(answer.status_code for answer in answers) == [202] * 3 + [402] * 5
    assert await spent(client, person, key) == (3 * price, 3 * price)


async def test_a_day_counts_the_submits_of_that_day(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database, price: int
) -> None:
    # given a key that had spent all of a day, yesterday, with a job that still runs
    key = await make_api_key(client, person, daily_cap=price)
    asked = await client.post(JOBS, json=BODY, headers=key.headers)
    async with database.transaction() as session:
        await session.execute(text("UPDATE api_key_spending SET day = day - 1"))
        await session.execute(text("UPDATE generation_jobs SET created_at = created_at - interval '1 day'"))
    assert await spent(client, person, key) == (price, 0)

    # when it asks again today, and the job of yesterday ends for less
    today = await client.post(JOBS, json=BODY, headers=key.headers)
    assert (asked.status_code, today.status_code) == (202, 202)
    await complete_job(database, await claim_job(database), gpu_seconds=1.0)

    # then what comes back is yesterday's, and today is as full as before
    assert await spent(client, person, key) == (1 + price, price)
    refused = await client.post(JOBS, json=BODY, headers=key.headers)
    assert refused.json()["code"] == "key_cap_reached"


async def test_what_a_sweep_ends_is_given_back_too(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database, price: int
) -> None:
    # given
    key = await make_api_key(client, person)
    await client.post(JOBS, json=BODY | {"count": 2}, headers=key.headers)
    async with database.transaction() as session:
        await session.execute(text("UPDATE generation_jobs SET deadline_at = now() - interval '1 hour'"))

    # when
    assert await sweep_deadlines(database, run_seconds=3600) == 2

    # then
    assert await spent(client, person, key) == (0, 0)


async def test_a_cap_that_is_lowered_below_what_was_spent_lets_nothing_more_through(
    client: httpx.AsyncClient, person: SignedInPerson, price: int
) -> None:
    key = await make_api_key(client, person)
    await client.post(JOBS, json=BODY, headers=key.headers)

    await client.patch(f"/api/v1/me/api-keys/{key.id}", json={"total_cap": 0}, headers=person.headers)
    refused = await client.post(JOBS, json=BODY, headers=key.headers)

    assert (refused.json()["cap"], refused.json()["spent"]) == (0, price)
    quoted = await client.post(f"{JOBS}/estimate", json=BODY, headers=key.headers)
    assert quoted.status_code == 200, "a price costs nothing"


LOCKED = [
    BODY | {"model": "other"},
    BODY | {"loras": [{"name": "sketchy"}]},
    BODY | {"prompt": "a red house <lora:sketchy:0.5>"},
    BODY | {"vae": "bright"},
]


@pytest.mark.parametrize("body", LOCKED)
@pytest.mark.parametrize("path", [JOBS, f"{JOBS}/estimate"])
async def test_a_key_uses_the_models_it_names_alone(
    client: httpx.AsyncClient, person: SignedInPerson, body: dict[str, Any], path: str
) -> None:
    # given
    key = await make_api_key(client, person, models=["toy"])
    free = await make_api_key(client, person)

    # when
    refused = await client.post(path, json=body, headers=key.headers)

    # then
    assert (refused.status_code, refused.json()["code"]) == (403, "model_locked"), refused.text
    assert refused.json()["models"] == ["toy"]
    for headers in (free.headers, person.headers):
        assert (await client.post(path, json=body, headers=headers)).status_code in (200, 202)
    assert (await client.post(path, json=BODY, headers=key.headers)).status_code in (200, 202)


async def test_an_upscaler_is_chosen_among_those_of_the_key(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    # given
    sent = await client.post("/api/v1/images", files={"file": ("a.png", PICTURE)}, headers=person.headers)
    assert sent.status_code == 201, sent.text
    without = await make_api_key(client, person, models=["toy"])
    with_one = await make_api_key(client, person, models=["toy", "four"])
    body = {"job_type": "upscale", "source_image": sent.json()["id"], "scale": 2}

    # when
    refused = await client.post(JOBS, json=body, headers=without.headers)
    taken = await client.post(JOBS, json=body, headers=with_one.headers)

    # then
    assert (refused.status_code, refused.json()["code"]) == (403, "model_locked")
    assert taken.status_code == 202, taken.text


async def test_the_catalog_says_what_a_key_may_use(client: httpx.AsyncClient, person: SignedInPerson) -> None:
    key = await make_api_key(client, person, models=["toy"], scopes=["read"])

    listed = (await client.get("/api/v1/models", headers=key.headers)).json()["items"]

    assert {model["name"] for model in listed if model["available"]} == {"toy"}
    assert len(listed) > 1
    one = (await client.get("/api/v1/models/other", headers=key.headers)).json()
    assert one["available"] is False


async def test_whatever_is_made_with_a_key_says_so(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given
    key = await make_api_key(client, person, name="night shift")
    named = {"id": key.id, "name": "night shift"}

    # when
    (job,) = (await client.post(JOBS, json=BODY, headers=key.headers)).json()["jobs"]
    (own,) = (await client.post(JOBS, json=BODY, headers=person.headers)).json()["jobs"]
    await complete_job(database, await claim_job(database))
    sent = await client.post("/api/v1/images", files={"file": ("a.png", PICTURE)}, headers=key.headers)

    # then, to its owner, even when the key is revoked
    assert (job["api_key"], own["api_key"], sent.json()["api_key"]) == (named, None, named)
    await client.delete(f"/api/v1/me/api-keys/{key.id}", headers=person.headers)
    made = (await client.get(f"{JOBS}/{job['id']}", headers=person.headers)).json()
    assert (made["api_key"], made["image"]["api_key"]) == (named, named)
    listed = (await client.get(JOBS, headers=person.headers)).json()["items"]
    assert [one["api_key"] for one in listed] == [None, named]
    images = (await client.get("/api/v1/images", headers=person.headers)).json()["items"]
    assert [image["api_key"] for image in images] == [named, named]
    one = await client.patch(
        f"/api/v1/images/{images[0]['id']}", json={"visibility": "public"}, headers=person.headers
    )
    assert one.json()["api_key"] == named

    # and to nobody else
    stranger = await sign_up(client)
    shown = await client.get(f"/api/v1/images/{images[0]['id']}", headers=stranger.headers)
    assert (shown.status_code, shown.json()["api_key"]) == (200, None)


async def test_the_event_of_a_finished_picture_names_the_key(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    told: list[Any] = []
    completed = signals.completed

    def hear(*given: Any, **more: Any) -> Any:
        told.append(more["image"])
        return completed(*given, **more)

    monkeypatch.setattr(signals, "completed", hear)
    key = await make_api_key(client, person, name="night shift")
    for headers in (key.headers, person.headers):
        await client.post(JOBS, json=BODY, headers=headers)

        # when
        await complete_job(database, await claim_job(database))

    # then
    assert [image.api_key and (str(image.api_key.id), image.api_key.name) for image in told] == [
        (key.id, "night shift"),
        None,
    ]


async def test_a_job_tried_again_with_a_key_counts_for_that_key(
    client: httpx.AsyncClient, person: SignedInPerson, price: int
) -> None:
    # given
    (job,) = (await client.post(JOBS, json=BODY, headers=person.headers)).json()["jobs"]
    await client.post(f"{JOBS}/{job['id']}/cancel", headers=person.headers)
    key = await make_api_key(client, person)

    # when
    again = await client.post(f"{JOBS}/{job['id']}/retry", headers=key.headers)

    # then
    assert again.status_code == 202, again.text
    assert again.json()["jobs"][0]["api_key"]["id"] == key.id
    assert await spent(client, person, key) == (price, price)


async def test_a_key_revoked_while_it_asks_spends_nothing(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    key = await make_api_key(client, person)
    async with database.transaction() as session:
        await session.execute(text("UPDATE api_keys SET revoked_at = now()"))

    with pytest.raises(InvalidToken):
        async with database.transaction() as session:
            await spend(session, key.told["id"], 1)

    assert await spent(client, person, key) == (0, 0)
