"""Requests and generations a minute: who is counted, by what, and how it is told."""

import asyncio
import re
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from harness.catalog import make_model
from pingvas.accounts.api_keys.key_text import make_key
from pingvas.api.app import create_app
from pingvas.api.http import callers, request_limits
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.generation.lifecycle.sweeps import sweep_deadlines
from tests.lifespan import running_app
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.api_keys import HeldKey, make_api_key

ME = "/api/v1/me"
JOBS = "/api/v1/jobs"
BODY: dict[str, Any] = {"job_type": "txt2img", "model": "toy", "prompt": "a red house at sunset"}
PAGE = {"X-Pingvas-Client": "web"}


@pytest.fixture
def settings(make_settings: Any, database_url: str) -> Settings:
    """Limits as they are out of the box."""
    made: Settings = make_settings(database_url=database_url, rate_limits="on")
    assert Settings.model_fields["rate_limits"].default == "on"
    return made


@pytest.fixture
async def person(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    async with database.transaction() as session:
        await make_model(session)
    return await sign_up(client)


async def _statuses(client: httpx.AsyncClient, count: int, path: str = ME, **options: Any) -> list[int]:
    return [(await client.get(path, **options)).status_code for _ in range(count)]


async def _allow(database: Database, **limits: int | None) -> None:
    """What every plan allows in a minute."""
    changes = ", ".join(f"{name} = {'NULL' if value is None else value}" for name, value in limits.items())
    async with database.transaction() as session:
        await session.execute(text(f"UPDATE subscription_plans SET {changes}"))


async def _rows(database: Database) -> list[str]:
    async with database.read() as session:
        return list(await session.scalars(text("SELECT key FROM rate_limits ORDER BY key")))


async def test_the_plans_allow_what_the_contract_says(client: httpx.AsyncClient, database: Database) -> None:
    async with database.read() as session:
        rows = await session.execute(
            text("SELECT name, requests_per_minute, generations_per_minute FROM subscription_plans")
        )
        allowed = {row.name: (row.requests_per_minute, row.generations_per_minute) for row in rows}

    assert allowed == {
        "free": (30, 2),
        "starter": (60, 5),
        "pro": (120, 10),
        "studio": (240, 20),
        "enterprise": (None, None),
    }


@pytest.mark.parametrize("with_key", [True, False])
async def test_a_program_makes_as_many_requests_a_minute_as_its_plan_allows(
    client: httpx.AsyncClient, person: SignedInPerson, with_key: bool
) -> None:
    # given
    key = await make_api_key(client, person) if with_key else None
    headers = person.headers if key is None else key.headers
    used = 0 if key is None else 1  # making the key was a request of a program

    # when
    first = await client.get(ME, headers=headers)
    others = await _statuses(client, 30 - used - 1, headers=headers)
    refused = await client.get(ME, headers=headers)

    # then each answer tells how it stands
    assert first.headers["RateLimit-Policy"] == '"requests";q=30;w=60'
    told = re.fullmatch(r'"requests";r=(\d+);t=(\d+)', first.headers["RateLimit"])
    assert told is not None
    assert int(told[1]) == 29 - used
    assert 0 < int(told[2]) <= 60
    assert first.headers["X-RateLimit-Limit"] == "30"
    assert first.headers["X-RateLimit-Remaining"] == str(29 - used)
    assert first.headers["X-RateLimit-Reset"] == told[2]
    assert others == [200] * len(others)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert (refused.json()["policy"], refused.json()["limit"]) == ("requests", 30)
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert re.fullmatch(r'"requests";r=0;t=\d+', refused.headers["RateLimit"])


async def test_all_programs_of_a_person_count_together_and_others_do_not(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given
    one, other = await make_api_key(client, person), await make_api_key(client, person)
    stranger = await sign_up(client)
    await _allow(database, requests_per_minute=5)
    client.cookies.clear()

    # when the limit, which was read a moment ago, is read anew
    await _expire_callers(client)
    await _statuses(client, 3, headers=one.headers)
    statuses = await _statuses(client, 3, headers=other.headers)

    # then
    assert statuses == [200, 200, 429]
    assert await _statuses(client, 1, headers=person.headers) == [429]
    assert await _statuses(client, 1, headers=stranger.headers) == [200]


async def _expire_callers(client: httpx.AsyncClient) -> None:
    transport: Any = client._transport
    transport.app.state.callers._known.clear()


async def test_a_key_may_have_a_lower_limit_of_its_own(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    # given
    slow = await make_api_key(client, person, requests_per_minute=2)
    quick = await make_api_key(client, person)

    # when
    first = await client.get(ME, headers=slow.headers)
    statuses = await _statuses(client, 2, headers=slow.headers)

    # then both limits are told, and the older headers tell of the nearer one
    assert first.headers["RateLimit-Policy"] == '"key";q=2;w=60, "requests";q=30;w=60'
    assert first.headers["X-RateLimit-Limit"] == "2"
    assert statuses == [200, 429]
    assert await _statuses(client, 3, headers=quick.headers) == [200] * 3


async def test_the_page_is_not_counted(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    before = await _rows(database)

    answers = [await client.get(ME, headers=person.headers | PAGE) for _ in range(35)]

    assert {answer.status_code for answer in answers} == {200}
    assert all("RateLimit" not in answer.headers for answer in answers)
    assert await _rows(database) == before


async def test_a_key_that_says_it_is_the_page_is_counted(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    key = await make_api_key(client, person, requests_per_minute=1)

    assert await _statuses(client, 2, headers=key.headers | PAGE) == [200, 429]


async def test_before_somebody_signs_in_their_address_is_counted(
    app: Any, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(request_limits, "PER_ADDRESS", 3)

    def from_(host: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, client=(host, 1)), base_url="http://studio.test"
        )

    async with from_("203.0.113.9") as here, from_("203.0.113.10") as there:
        # when, whatever they say of themselves, and with credentials that are nobody's
        statuses = [
            (await here.get("/api/v1/plans")).status_code,
            (await here.post("/api/v1/auth/refresh", headers=PAGE)).status_code,
            (await here.get(ME, headers={"Authorization": f"Bearer {make_key()}"})).status_code,
            (await here.get(ME, headers={"Authorization": "Bearer nonsense"} | PAGE)).status_code,
            (
                await here.post("/api/v1/auth/login", json={"email": "a@example.com", "password": "x"})
            ).status_code,
        ]
        elsewhere = (await there.get("/api/v1/plans")).status_code
        # what is no call of the API is nobody's business
        page = [(await here.get(path)).status_code for path in ("/", "/healthz", "/files/nothing")]

    # then
    assert statuses == [200, 401, 401, 429, 429]
    assert elsewhere == 200
    assert page == [200, 200, 403]


async def test_counts_outlive_the_process_and_are_shared_by_all(
    settings: Settings, client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given
    key = await make_api_key(client, person, requests_per_minute=2)
    await _statuses(client, 2, headers=key.headers)

    # when another process is asked
    async with running_app(create_app(settings)) as another:
        transport = httpx.ASGITransport(app=another)
        async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as asking:
            statuses = await _statuses(asking, 1, headers=key.headers)

    # then
    assert statuses == [429]


async def test_a_submit_counts_whoever_asks_and_however_many_pictures(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    # when
    first = await client.post(JOBS, json=BODY | {"count": 4}, headers=person.headers | PAGE)
    second = await client.post(JOBS, json=BODY, headers=person.headers | PAGE)
    refused = await client.post(JOBS, json=BODY, headers=person.headers | PAGE)

    # then
    assert [answer.status_code for answer in (first, second, refused)] == [202, 202, 429]
    assert first.headers["RateLimit-Policy"] == '"generations";q=2;w=60'
    assert re.fullmatch(r'"generations";r=1;t=(60|5\d)', first.headers["RateLimit"])
    assert re.fullmatch(r'"generations";r=0;t=\d+', second.headers["RateLimit"])
    assert (refused.json()["code"], refused.json()["policy"], refused.json()["limit"]) == (
        "rate_limited",
        "generations",
        2,
    )
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    me = (await client.get(ME, headers=person.headers | PAGE)).json()
    assert me["credits"]["held"] == first.json()["estimated_credits"] + second.json()["estimated_credits"]


async def test_a_programs_submit_is_told_both_limits(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    key = await make_api_key(client, person)

    answer = await client.post(JOBS, json=BODY, headers=key.headers)

    policies = answer.headers.get_list("RateLimit-Policy", split_commas=True)
    assert sorted(policies) == ['"generations";q=2;w=60', '"requests";q=30;w=60']
    assert answer.headers["X-RateLimit-Limit"] == "2"


async def test_taking_jobs_back_gives_no_submit_back_and_a_minute_later_there_is_room(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given two, both taken back
    headers = person.headers | PAGE
    for _ in range(2):
        await client.post(JOBS, json=BODY, headers=headers)
    await client.post(f"{JOBS}/cancel", headers=headers)
    assert (await client.post(JOBS, json=BODY, headers=headers)).status_code == 429

    # when the first is a minute old
    async with database.transaction() as session:
        await session.execute(
            text("""UPDATE generation_jobs SET created_at = created_at - interval '60 seconds'
                     WHERE id = (SELECT min(id::text)::uuid FROM generation_jobs)""")
        )

    # then one more goes through, and no second
    statuses = [(await client.post(JOBS, json=BODY, headers=headers)).status_code for _ in range(2)]
    assert statuses == [202, 429]


async def test_of_submits_at_once_only_so_many_come_through(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    answers = await asyncio.gather(
        *(client.post(JOBS, json=BODY, headers=person.headers | PAGE) for _ in range(6))
    )

    assert sorted(answer.status_code for answer in answers) == [202, 202, 429, 429, 429, 429]


async def test_what_was_refused_or_is_told_again_counts_for_nothing(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    # given a call that was answered, and some that were refused
    headers = person.headers | PAGE
    once = headers | {"Idempotency-Key": "once"}
    await client.post(JOBS, json=BODY, headers=once)
    for wrong in (BODY | {"model": "none"}, BODY | {"steps": 0}):
        assert (await client.post(JOBS, json=wrong, headers=headers)).status_code == 422

    # when
    again = [await client.post(JOBS, json=BODY, headers=once) for _ in range(3)]

    # then
    assert [answer.headers["Idempotent-Replayed"] for answer in again] == ["true"] * 3
    assert all("RateLimit" not in answer.headers for answer in again)
    assert (await client.post(JOBS, json=BODY, headers=headers)).status_code == 202


async def test_trying_a_job_again_is_a_submit(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given
    headers = person.headers | PAGE
    (job,) = (await client.post(JOBS, json=BODY, headers=headers)).json()["jobs"]
    async with database.transaction() as session:
        await session.execute(text("UPDATE generation_jobs SET deadline_at = now() - interval '1 hour'"))
    await sweep_deadlines(database, run_seconds=3600)

    # when
    statuses = [
        (await client.post(f"{JOBS}/{job['id']}/retry", headers=headers)).status_code for _ in range(2)
    ]

    # then
    assert statuses == [202, 429]


async def test_a_full_queue_is_told_as_that(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    async with database.transaction() as session:
        await session.execute(text("UPDATE subscription_plans SET max_open_jobs = 1"))
    headers = person.headers | PAGE

    answers = [await client.post(JOBS, json=BODY | {"count": 2}, headers=headers) for _ in range(3)]

    assert [answer.json()["code"] for answer in answers] == ["queue_full"] * 3


async def test_a_plan_without_limits_costs_no_count(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given the plan of who owns the studio
    await _allow(database, requests_per_minute=None, generations_per_minute=None)
    await _expire_callers(client)
    before = await _rows(database)

    # when
    submits = [await client.post(JOBS, json=BODY, headers=person.headers) for _ in range(5)]
    looks = await _statuses(client, 40, headers=person.headers)

    # then
    assert {answer.status_code for answer in submits} == {202}
    assert set(looks) == {200}
    assert all("RateLimit" not in answer.headers for answer in submits)
    assert await _rows(database) == before


async def test_a_change_of_plan_counts_within_a_minute(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    await _statuses(client, 1, headers=person.headers)
    await _allow(database, requests_per_minute=60)

    # when
    transport: Any = client._transport
    state = transport.app.state
    early = await client.get(ME, headers=person.headers)
    clock = state.callers._clock
    monkeypatch.setattr(state.callers, "_clock", lambda: clock() + callers.FRESH_SECONDS)
    late = await client.get(ME, headers=person.headers)

    # then
    assert early.headers["RateLimit-Policy"] == '"requests";q=30;w=60'
    assert late.headers["RateLimit-Policy"] == '"requests";q=60;w=60'


class TestOnATrustedNetwork:
    """PINGVAS_RATE_LIMITS=off."""

    @pytest.fixture
    def settings(self, make_settings: Any, database_url: str) -> Settings:
        made: Settings = make_settings(database_url=database_url, rate_limits="off")
        return made

    @pytest.fixture
    async def key(self, client: httpx.AsyncClient, person: SignedInPerson) -> HeldKey:
        return await make_api_key(client, person, requests_per_minute=1)

    async def test_nobody_is_limited(
        self, client: httpx.AsyncClient, person: SignedInPerson, key: HeldKey, database: Database
    ) -> None:
        submits = [await client.post(JOBS, json=BODY, headers=key.headers) for _ in range(4)]
        looks = await _statuses(client, 40, headers=key.headers)

        assert {answer.status_code for answer in submits} == {202}
        assert set(looks) == {200}
        assert all("RateLimit" not in answer.headers for answer in submits)
        assert await _rows(database) == []
