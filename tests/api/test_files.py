"""Files on disk over HTTP: only with a good signature, and with headers that keep browsers safe and fast."""

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 5_000
KEY = "images/0190a/one.png"


@pytest.fixture
async def url(app: Any) -> str:
    """The signed address of a picture."""
    await app.state.storage.put(KEY, PNG, "image/png")
    signed: str = await app.state.storage.sign(KEY)
    return signed


async def test_a_signed_address_gives_the_picture(client: httpx.AsyncClient, url: str) -> None:
    answer = await client.get(url)

    assert answer.status_code == 200
    assert answer.content == PNG
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-length"] == str(len(PNG))
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    kind, age, lasting = answer.headers["cache-control"].split(", ")
    assert (kind, lasting) == ("private", "immutable")
    assert 3600 - 5 <= int(age.removeprefix("max-age=")) <= 5400


async def test_head_gives_the_headers_alone(client: httpx.AsyncClient, url: str) -> None:
    answer = await client.head(url)

    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["content-length"] == str(len(PNG))
    assert answer.headers["content-type"] == "image/png"


async def test_what_the_browser_has_already_is_not_sent_again(client: httpx.AsyncClient, url: str) -> None:
    tag = (await client.get(url)).headers["etag"]

    for header in (tag, f"W/{tag}", f'"other", {tag}'):
        answer = await client.get(url, headers={"If-None-Match": header})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == tag

    assert (await client.get(url, headers={"If-None-Match": '"other"'})).status_code == 200


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=100-", 100, len(PNG)),
        (f"bytes=5-{10**17}", 5, len(PNG)),
        ("bytes=7-7", 7, 8),
    ],
)
async def test_a_part_is_sent_when_one_is_asked_for(
    client: httpx.AsyncClient, url: str, asked: str, first: int, end: int
) -> None:
    answer = await client.get(url, headers={"Range": asked})
    head = await client.head(url, headers={"Range": asked})

    assert (answer.status_code, answer.content) == (206, PNG[first:end])
    assert (head.status_code, head.content) == (206, b"")
    for each in (answer, head):
        assert each.headers["content-range"] == f"bytes {first}-{end - 1}/{len(PNG)}"
        assert each.headers["content-length"] == str(end - first)
        assert each.headers["content-type"] == "image/png"
        assert each.headers["x-content-type-options"] == "nosniff"


async def test_a_part_behind_the_end_is_refused(client: httpx.AsyncClient, url: str) -> None:
    for ask in (client.get, client.head):
        answer = await ask(url, headers={"Range": f"bytes={len(PNG)}-"})
        assert (answer.status_code, answer.content) == (416, b"")
        assert answer.headers["content-range"] == f"bytes */{len(PNG)}"


@pytest.mark.parametrize(
    "asked", ["bytes=9-3", "bytes=0-1,5-6", "bytes=-5", "lines=0-9", "bytes=١-٢", "bytes=0-" + "9" * 40]
)
async def test_what_is_no_single_range_gets_everything(
    client: httpx.AsyncClient, url: str, asked: str
) -> None:
    answer = await client.get(url, headers={b"Range": asked.encode()})

    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["accept-ranges"] == "bytes"


async def test_a_part_of_another_state_of_the_file_is_none(client: httpx.AsyncClient, url: str) -> None:
    tag = (await client.head(url)).headers["etag"]

    same = await client.get(url, headers={"Range": "bytes=0-9", "If-Range": tag})
    other = await client.get(url, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    weak = await client.get(url, headers={"Range": "bytes=0-9", "If-Range": f"W/{tag}"})

    assert (same.status_code, same.content) == (206, PNG[:10])
    assert (other.status_code, other.content) == (200, PNG)
    assert weak.status_code == 200


async def test_without_a_good_signature_there_is_nothing(client: httpx.AsyncClient, url: str) -> None:
    query = urlsplit(url).query

    for tampered in (
        f"/files/{KEY}",
        f"/files/{KEY}?{query[:-1]}",
        f"/files/{KEY}?{query.replace('e=', 'e=1')}",
        f"/files/{KEY}?{query}&p=1",
        f"/files/images/0190a/two.png?{query}",
        f"/files/images/0190a/%2e%2e/0190a/one.png?{query}",
        f"/files/..%2f..%2fetc/passwd?{query}",
        f"/files/%2fetc/passwd?{query}",
        f"/files/a%00b?{query}",
        f"/files/?{query}",
    ):
        answer = await client.get(tampered)
        assert answer.status_code in (403, 404), tampered
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_signed_address_of_what_is_gone_is_not_found(
    app: Any, client: httpx.AsyncClient, url: str
) -> None:
    await app.state.storage.delete([KEY])

    answer = await client.get(url)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_other_kinds_of_files_are_downloads(app: Any, client: httpx.AsyncClient) -> None:
    await app.state.storage.put("exports/page.html", b"<script>", "text/html")

    answer = await client.get(await app.state.storage.sign("exports/page.html"))

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment"
