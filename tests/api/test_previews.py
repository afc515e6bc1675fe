"""What other sites show of a link to a picture or a collection: tags in the page's head, of what strangers may see alone."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import update

from pingvas.accounts.tables import User
from pingvas.api.http.previews import find_preview
from pingvas.api.http.site import page_route
from pingvas.base.clock import now
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.gallery import make_collection, make_image

PAGE = '<!doctype html><html><head><meta name="base-path" content="" /><script src="/theme.js"></script></head><body></body></html>'
HOSTILE = """"><script>alert(1)</script>' onload="x" </head> href="/&#0;\u202e\n</title>&amp;"""


@pytest.fixture
def lay_page(app: Any, tmp_path: Path) -> Callable[..., None]:
    """Put a built page in the place of whichever there is."""
    (tmp_path / "index.html").write_text(PAGE)

    def lay(public_path: str = "") -> None:
        app.router.routes.pop()
        app.router.routes.append(
            page_route(
                pictures_are_local=True, dist=tmp_path, public_path=public_path, find_tags=find_preview
            )
        )

    lay()
    return lay


@pytest.fixture
async def owner(client: httpx.AsyncClient) -> SignedInPerson:
    return await sign_up(client)


async def shared(database: Database, owner: SignedInPerson, **facts: Any) -> str:
    async with database.transaction() as session:
        image = await make_image(session, UUID(owner.user["id"]), **({"visibility": "public"} | facts))
        return str(image.id)


def tags_in(page: str) -> dict[str, str]:
    found = re.findall(r'<meta (?:name|property)="([^"]*)" content="([^"]*)" />', page)
    return {name: unescape(value) for name, value in found if name != "base-path"}


async def test_a_public_picture_has_a_preview(
    client: httpx.AsyncClient, database: Database, lay_page: Any, owner: SignedInPerson, settings: Settings
) -> None:
    image = await shared(
        database, owner, width=640, height=480, generation_params={"prompt": "a red\n house"}
    )

    answer = await client.get(f"/i/{image}")

    assert answer.status_code == 200
    tags = tags_in(answer.text)
    assert tags["og:title"] == "a red house"
    assert tags["og:description"] == "640 × 480"
    assert tags["og:url"] == f"{settings.base_url}/i/{image}"
    assert tags["og:image"] == f"{settings.base_url}/api/v1/images/{image}/file"
    assert (tags["og:image:width"], tags["og:image:height"]) == ("640", "480")
    assert tags["og:image:type"] == "image/png"
    assert tags["twitter:card"] == "summary_large_image"
    assert "robots" not in tags
    assert "script-src 'self';" in answer.headers["content-security-policy"]
    picture = await client.get(tags["og:image"].removeprefix(settings.base_url))
    assert picture.status_code == 302


async def test_search_engines_are_kept_from_an_unlisted_picture(
    client: httpx.AsyncClient, database: Database, lay_page: Any, owner: SignedInPerson
) -> None:
    image = await shared(database, owner, visibility="unlisted")

    tags = tags_in((await client.get(f"/i/{image}")).text)

    assert tags["robots"] == "noindex"
    assert tags["og:title"] == "Pingvas Studio"


async def test_what_strangers_may_not_see_has_no_preview_whoever_asks(
    client: httpx.AsyncClient, database: Database, lay_page: Any, owner: SignedInPerson
) -> None:
    prompt = {"prompt": "a secret"}
    private = await shared(database, owner, visibility="private", generation_params=prompt)
    trashed = await shared(database, owner, trashed_at=now(), generation_params=prompt)
    async with database.transaction() as session:
        collection = str((await make_collection(session, UUID(owner.user["id"]), name="secret")).id)

    for path in (
        f"i/{private}",
        f"i/{trashed}",
        f"c/{collection}",
        f"i/{uuid4()}",
        "i/nothing",
        "i/",
        "gallery",
    ):
        for headers in ({}, owner.headers):
            answer = await client.get(f"/{path}", headers=headers)
            assert (answer.status_code, answer.text) == (200, PAGE), path


async def test_hostile_words_stay_words(
    client: httpx.AsyncClient, database: Database, lay_page: Any, owner: SignedInPerson
) -> None:
    image = await shared(database, owner, generation_params={"prompt": HOSTILE})
    async with database.transaction() as session:
        held = await make_collection(
            session, UUID(owner.user["id"]), name=HOSTILE, description=HOSTILE, visibility="public"
        )

    for path in (f"/i/{image}", f"/c/{held.id}"):
        page = (await client.get(path)).text
        assert (page.count("<script"), page.count("</head>"), page.count("</title>")) == (1, 1, 0)
        assert re.sub(r'<meta (name|property)="[^"]*" content="[^"<>]*" />', "", page).endswith(
            '<script src="/theme.js"></script></head><body></body></html>'
        )
        assert tags_in(page)["og:title"].startswith('"><script>alert(1)</script>')


@pytest.mark.parametrize("prompt", [None, 7, ["a"], {"b": 1}, "", " \n\u200b", "x" * 5000])
async def test_a_prompt_may_be_anything(
    client: httpx.AsyncClient, database: Database, lay_page: Any, owner: SignedInPerson, prompt: Any
) -> None:
    image = await shared(database, owner, generation_params={"prompt": prompt})

    tags = tags_in((await client.get(f"/i/{image}")).text)

    assert 0 < len(tags["og:title"]) <= 90
    assert 0 < len(tags["og:description"]) <= 300


async def test_a_public_collection_has_a_preview_with_a_picture_that_everybody_sees(
    client: httpx.AsyncClient, database: Database, lay_page: Any, owner: SignedInPerson
) -> None:
    async with database.transaction() as session:
        user_id = UUID(owner.user["id"])
        private = await make_image(session, user_id)
        public = await make_image(session, user_id, visibility="public")
        shown = await make_collection(
            session, user_id, private, public, name="Harbors", description="By night", visibility="public"
        )
        empty = await make_collection(session, user_id, private, name="Nothing", visibility="public")

    tags = tags_in((await client.get(f"/c/{shown.id}")).text)
    without = tags_in((await client.get(f"/c/{empty.id}")).text)

    assert (tags["og:title"], tags["og:description"]) == ("Harbors", "By night")
    assert str(public.id) in tags["og:image"]
    assert "og:image" not in without
    assert without["twitter:card"] == "summary"


async def test_below_a_path_the_page_and_its_tags_stand_together(
    client: httpx.AsyncClient, database: Database, lay_page: Any, owner: SignedInPerson
) -> None:
    image = await shared(database, owner, generation_params={"prompt": 'a "red" href="/house'})
    lay_page("/studio")

    page = (await client.get(f"/i/{image}")).text

    assert '<meta name="base-path" content="/studio" />' in page
    assert '<script src="/studio/theme.js">' in page
    assert tags_in(page)["og:title"] == 'a "red" href="/house'


async def test_the_browser_s_copy_is_right_until_the_picture_is_private(
    client: httpx.AsyncClient, database: Database, lay_page: Any, owner: SignedInPerson
) -> None:
    image = await shared(database, owner)
    tag = {"If-None-Match": (await client.get(f"/i/{image}")).headers["etag"]}

    again = await client.get(f"/i/{image}", headers=tag)
    head = await client.head(f"/i/{image}")
    body = {"visibility": "private"}
    await client.patch(f"/api/v1/images/{image}", json=body, headers=owner.headers)
    private = await client.get(f"/i/{image}", headers=tag)

    assert (again.status_code, again.content) == (304, b"")
    assert (head.status_code, head.content) == (200, b"")
    assert (private.status_code, private.text) == (200, PAGE)


async def test_strangers_are_told_the_handle_of_who_made_a_picture(
    client: httpx.AsyncClient, database: Database, owner: SignedInPerson
) -> None:
    image = await shared(database, owner)
    url = f"/api/v1/images/{image}"
    assert (await client.get(url)).json()["made_by"] is None

    await client.patch("/api/v1/me", json={"handle": "ada_l"}, headers=owner.headers)
    assert (await client.get(url)).json()["made_by"] == "ada_l"

    async with database.transaction() as session:
        who = User.id == UUID(owner.user["id"])
        await session.execute(update(User).where(who).values(status="suspended"))
    assert (await client.get(url)).status_code == 404
