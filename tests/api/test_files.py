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
