"""Sending a picture in in parts: what tus says, what survives, and that nobody gets more room than they have."""

import asyncio
import base64
import io
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import text
from starlette.requests import ClientDisconnect

from pingvas.api.app import create_app
from pingvas.base.db import Database
from pingvas.base.outbox import drain_deletions
from pingvas.base.settings import Settings
from pingvas.gallery.parts import MOST_OPEN, forget_uploads
from tests.lifespan import running_app
from tests.make.accounts import SignedInPerson, sign_up

URL = "/api/v1/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
PART = TUS | {"Content-Type": "application/offset+octet-stream"}


def noise(side: int = 120) -> bytes:
    buffer = io.BytesIO()
    Image.frombytes("RGB", (side, side), random.Random(3).randbytes(3 * side * side)).save(buffer, "PNG")
    return buffer.getvalue()


PNG = noise()


@pytest.fixture
def settings(make_settings: Callable[..., Settings], database_url: str) -> Settings:
    """A studio that takes small pictures."""
    return make_settings(database_url=database_url, upload_max_bytes=200_000)


@pytest.fixture
async def person(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


def metadata(**values: str) -> dict[str, str]:
    pairs = (f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in values.items())
    return {"Upload-Metadata": ",".join(pairs)}


async def begin(
    client: httpx.AsyncClient, person: SignedInPerson, length: int = len(PNG), **values: str
) -> httpx.Response:
    headers = person.headers | TUS | {"Upload-Length": str(length)}
    return await client.post(URL, headers=headers | (metadata(**values) if values else {}))


async def begun(client: httpx.AsyncClient, person: SignedInPerson, length: int = len(PNG)) -> str:
    answer = await begin(client, person, length)
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


async def send(
    client: httpx.AsyncClient, person: SignedInPerson, path: str, data: Any, offset: int
) -> httpx.Response:
    headers = person.headers | PART | {"Upload-Offset": str(offset)}
    return await client.patch(path, content=data, headers=headers)


async def offset_of(client: httpx.AsyncClient, person: SignedInPerson, path: str) -> int:
    answer = await client.head(path, headers=person.headers | TUS)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return int(answer.headers["Upload-Offset"])


async def counted(database: Database, what: str) -> int:
    async with database.read() as session:
        return int(await session.scalar(text(f"SELECT {what}")) or 0)


async def test_what_is_spoken_here_is_told_to_whoever_asks(client: httpx.AsyncClient) -> None:
    answer = await client.options(URL)

    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == answer.headers["Tus-Resumable"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,expiration,termination"
    assert answer.headers["Tus-Max-Size"] == "200000"


async def test_a_picture_in_three_parts_is_an_image_of_mine(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    # given
    answer = await begin(client, person, filename="바다.png", visibility="unlisted")
    path = answer.headers["Location"]
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "0")
    assert answer.headers["Upload-Expires"].endswith("GMT")

    # when
    for start, end in ((0, 20_000), (20_000, 20_001), (20_001, len(PNG))):
        assert await offset_of(client, person, path) == start
        sent = await send(client, person, path, PNG[start:end], start)
        assert (sent.status_code, sent.headers["Upload-Offset"]) == (204, str(end)), sent.text

    # then
    told = (await client.get(path, headers=person.headers)).json()
    assert (told["status"], told["offset"], told["filename"]) == ("kept", len(PNG), "바다.png")
    image = told["image"]
    assert (image["width"], image["format"], image["visibility"]) == (120, "png", "unlisted")
    assert (await client.get(f"/api/v1/images/{image['id']}", headers=person.headers)).json() == image
    again = await send(client, person, path, b"", len(PNG))
    assert again.status_code == 204


async def test_nothing_of_the_parts_stays_once_the_picture_is_kept(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database, app: Any
) -> None:
    path = await begun(client, person)
    await send(client, person, path, PNG[:5000], 0)
    await send(client, person, path, PNG[5000:], 5000)

    await drain_deletions(database, app.state.storage.delete)

    assert [each.key async for each in app.state.storage.list("uploads")] == []
    assert await counted(database, "sum(cardinality(parts)) FROM uploads") == 0


async def hang_up_after(app: Any, person: SignedInPerson, path: str, data: bytes) -> None:
    """A part whose sender goes away in the middle."""
    headers = person.headers | PART | {"Upload-Offset": "0", "Content-Length": str(len(PNG))}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "PATCH",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("studio.test", 80),
    }
    messages = iter(({"type": "http.request", "body": data, "more_body": True}, {"type": "http.disconnect"}))

    async def receive() -> Any:
        return next(messages, {"type": "http.disconnect"})

    async def nobody_listens(message: Any) -> None:
        assert message["type"].startswith("http.response")

    with suppress(ClientDisconnect):
        await app(scope, receive, nobody_listens)


async def test_what_came_before_the_line_broke_is_kept(
    client: httpx.AsyncClient, person: SignedInPerson, app: Any
) -> None:
    path = await begun(client, person)

    await hang_up_after(app, person, path, PNG[:7000])

    assert await offset_of(client, person, path) == 7000
    assert (await send(client, person, path, PNG[7000:], 7000)).status_code == 204


async def test_an_upload_goes_on_in_another_process_after_a_restart(
    client: httpx.AsyncClient, person: SignedInPerson, settings: Settings
) -> None:
    path = await begun(client, person)
    await send(client, person, path, PNG[:9000], 0)

    async with running_app(create_app(settings)) as app:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as other:
            assert await offset_of(other, person, path) == 9000
            sent = await send(other, person, path, PNG[9000:], 9000)

    assert sent.status_code == 204
    told = (await client.get(path, headers=person.headers)).json()
    assert told["status"] == "kept"


async def test_of_two_parts_that_begin_at_the_same_byte_one_counts(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    path = await begun(client, person)

    answers = await asyncio.gather(*(send(client, person, path, PNG[:4000], 0) for _ in range(4)))

    assert sorted(answer.status_code for answer in answers) == [204, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"offset_mismatch"}
    assert await offset_of(client, person, path) == 4000
    assert await counted(database, "cardinality(parts) FROM uploads") == 1


async def test_of_two_last_parts_one_picture_is_kept(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given: all of it is there, and nobody has looked at it
    path = await begun(client, person)
    await send(client, person, path, PNG[:-1], 0)

    await asyncio.gather(*(send(client, person, path, PNG[-1:], len(PNG) - 1) for _ in range(3)))
    await asyncio.gather(*(send(client, person, path, b"", len(PNG)) for _ in range(3)))

    assert await counted(database, "count(*) FROM images") == 1


async def test_what_is_no_picture_is_refused_and_stays_refused(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    path = await begun(client, person, 500)

    refused = await send(client, person, path, b"x" * 500, 0)

    assert (refused.status_code, refused.json()["code"]) == (415, "unsupported_media_type")
    told = (await client.get(path, headers=person.headers)).json()
    assert (told["status"], told["image"]) == ("refused", None)
    assert told["refusal"]["code"] == "unsupported_media_type"
    assert (await send(client, person, path, b"", 500)).status_code == 204
    assert await counted(database, "count(*) FROM images") == 0
    assert await counted(database, "cardinality(parts) FROM uploads") == 0


async def test_what_is_said_wrongly_is_refused_by_name(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    path = await begun(client, person)
    mine, right = person.headers, str(len(PNG))

    async def post(**headers: str) -> httpx.Response:
        return await client.post(
            URL, headers=mine | {name.replace("_", "-"): v for name, v in headers.items()}
        )

    for answer, status, code in (
        (await post(Upload_Length=right), 412, "precondition_failed"),
        (await post(Upload_Length=right, Tus_Resumable="0.2.2"), 412, "precondition_failed"),
        (await post(**TUS), 422, "validation_error"),
        (await begin(client, person, 0), 422, "validation_error"),
        (await begin(client, person, 200_001), 413, "payload_too_large"),
        (await begin(client, person, visibility="secret"), 422, "validation_error"),
        (
            await client.post(
                URL, headers=mine | TUS | {"Upload-Length": right, "Upload-Metadata": "filename %"}
            ),
            422,
            "validation_error",
        ),
        (await send(client, person, path, PNG, 1), 409, "offset_mismatch"),
        (await send(client, person, path, PNG + b"more", 0), 413, "payload_too_large"),
        (await send(client, person, path, b"x" * 300_000, 0), 413, "payload_too_large"),
        (
            await client.patch(path, content=PNG, headers=mine | TUS | {"Upload-Offset": "0"}),
            415,
            "unsupported_media_type",
        ),
        (await client.patch(path, content=PNG, headers=mine | PART), 422, "validation_error"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_an_upload_is_nobodys_but_its_persons(
    client: httpx.AsyncClient, person: SignedInPerson
) -> None:
    path, stranger = await begun(client, person), await sign_up(client)

    for answer in (
        await client.get(path, headers=stranger.headers),
        await send(client, stranger, path, PNG, 0),
        await client.delete(path, headers=stranger.headers | TUS),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert await offset_of(client, person, path) == 0


async def test_an_upload_can_be_taken_back_and_is_forgotten_when_it_is_over(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database, app: Any
) -> None:
    # given: one that is taken back, one that nobody goes on with, and one that is under way
    paths = [await begun(client, person) for _ in range(3)]
    for path in paths:
        await send(client, person, path, PNG[:1000], 0)
    assert (await client.delete(paths[0], headers=person.headers | TUS)).status_code == 204
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE uploads SET expires_at = now() - interval '1 second' WHERE id = :id"),
            {"id": paths[1].rpartition("/")[2]},
        )

    # when
    gone = await send(client, person, paths[1], PNG[1000:], 1000)
    async with database.transaction() as session:
        await forget_uploads(session)
    await drain_deletions(database, app.state.storage.delete)

    # then
    assert gone.status_code == 404
    assert [(await client.head(path, headers=person.headers)).status_code for path in paths] == [
        404,
        404,
        200,
    ]
    assert len([each async for each in app.state.storage.list("uploads")]) == 1


async def _give_room(database: Database, room: int) -> None:
    async with database.transaction() as session:
        await session.execute(text("UPDATE subscription_plans SET storage_bytes = :room"), {"room": room})


async def test_of_twenty_uploads_at_once_only_as_many_begin_as_there_is_room_for(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    await _give_room(database, 7 * len(PNG) + 10)

    answers = await asyncio.gather(*(begin(client, person) for _ in range(20)))

    assert sorted({answer.status_code for answer in answers}) == [201, 402]
    assert sum(answer.status_code == 201 for answer in answers) == 7
    assert {answer.json()["code"] for answer in answers if answer.status_code == 402} == {"storage_exceeded"}


async def test_the_room_is_never_exceeded_by_twenty_that_end_at_once(
    client: httpx.AsyncClient, person: SignedInPerson, database: Database
) -> None:
    # given: twenty that are whole but for a byte, and then less room than they need
    data = noise(40)
    paths = [await begun(client, person, len(data)) for _ in range(MOST_OPEN)]
    for path in paths:
        await send(client, person, path, data[:-1], 0)
    kept = (
        await client.post("/api/v1/images", files={"file": ("a.png", data)}, headers=person.headers)
    ).json()
    room = 6 * kept["file_size"] + 10
    await _give_room(database, room)

    # when: as many at once as the budget of uploads lets through, until each has its answer
    async def end(path: str) -> int:
        while True:
            answer = await send(client, person, path, data[-1:], len(data) - 1)
            if answer.status_code == 409:
                answer = await send(client, person, path, b"", len(data))
            if answer.status_code not in (429, 503):
                return answer.status_code
            await asyncio.sleep(0.05)

    statuses = await asyncio.gather(*(end(path) for path in paths))

    # then
    assert sorted(statuses) == [204] * 5 + [402] * 15
    assert await counted(database, "used_bytes FROM storage_use") == 6 * kept["file_size"] <= room


async def test_only_so_many_are_open_at_once(client: httpx.AsyncClient, person: SignedInPerson) -> None:
    for _ in range(MOST_OPEN):
        await begun(client, person, 100)

    one_more = await begin(client, person, 100)

    assert (one_more.status_code, one_more.json()["code"]) == (429, "rate_limited")
