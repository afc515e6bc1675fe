"""Collections in a real browser: made, filled from the viewer, put in order by keys and by drag, shown to everybody, deleted."""

import re
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from harness.running_studio import RunningStudio
from tests.browser.test_first_picture import PASSWORD, PICTURE_MS, _finished, _sign_up, browser, page
from tests.browser.test_kit import _violations

__all__ = ["browser", "page"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COLORS = ("crimson", "seagreen", "royalblue")


def _bearer(page: Page, email: str) -> dict[str, str]:
    answer = page.request.post("/api/v1/auth/login", data={"email": email, "password": PASSWORD})
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def _upload(page: Page, headers: dict[str, str], color: str) -> str:
    """A picture of one colour in the gallery of who is signed in; its id."""
    file = BytesIO()
    Image.new("RGB", (96, 96), color).save(file, "PNG")
    sent: dict[str, Any] = {
        "file": {"name": f"{color}.png", "mimeType": "image/png", "buffer": file.getvalue()}
    }
    answer = page.request.post("/api/v1/images", headers=headers, multipart=sent)
    assert answer.ok, answer.text()
    id: str = answer.json()["id"]
    return id


def _tiles(page: Page) -> Locator:
    grid = page.get_by_role("list", name="Pictures of this collection")
    return grid.get_by_role("button", name=re.compile("^Open picture"))


def _order(page: Page, headers: dict[str, str], collection: str) -> list[str]:
    """As the studio has it."""
    answer = page.request.get(f"/api/v1/collections/{collection}/images", headers=headers)
    return [each["id"] for each in answer.json()["items"]]


def _in_order(page: Page, headers: dict[str, str], collection: str, expected: list[str]) -> None:
    """Until the studio has this order too: what is moved shows before it is told."""
    asked = """async ([url, headers, expected]) => {
        const answer = await fetch(url, { headers });
        const ids = (await answer.json()).items.map((one) => one.id);
        return JSON.stringify(ids) === JSON.stringify(expected);
    }"""
    url = f"/api/v1/collections/{collection}/images"
    page.wait_for_function(asked, arg=[url, headers, expected], polling=300)
    assert _order(page, headers, collection) == expected


def _make_in_viewer(page: Page, image: str, name: str) -> None:
    page.goto(f"/gallery?view={image}")
    page.get_by_role("button", name="Add to collection").click()
    panel = page.get_by_role("dialog", name="Add to collection")
    expect(panel.get_by_text("You have no collections yet")).to_be_visible()
    panel.get_by_label("New collection").fill(name)
    panel.get_by_role("button", name="Create and add").click()
    expect(panel.get_by_role("checkbox", name=name)).to_be_checked()


def _tick_in_viewer(page: Page, image: str, name: str) -> None:
    page.goto(f"/gallery?view={image}")
    page.get_by_role("button", name="Add to collection").click()
    box = page.get_by_role("dialog", name="Add to collection").get_by_role("checkbox", name=name)
    expect(box).not_to_be_checked()
    box.click()
    expect(box).to_be_checked()


def test_a_collection_is_filled_from_the_viewer_put_in_order_and_deleted(page: Page) -> None:
    # given three pictures
    headers = _bearer(page, _sign_up(page))
    first, second, third = (_upload(page, headers, color) for color in COLORS)

    # Who has none is told what they are for.
    page.goto("/collections")
    expect(page.get_by_role("heading", name="No collections yet")).to_be_visible()

    # Made in the viewer, with that picture in it; another two are ticked into it.
    _make_in_viewer(page, first, "Harbors")
    _tick_in_viewer(page, second, "Harbors")
    _tick_in_viewer(page, third, "Harbors")
    page.goto("/collections")
    page.get_by_role("link", name=re.compile("^Harbors")).click()
    expect(page.get_by_role("heading", name="Harbors")).to_be_visible()
    expect(_tiles(page)).to_have_count(3)
    collection = page.url.rsplit("/", 1)[1]
    _in_order(page, headers, collection, [first, second, third])

    # In order by keys: the picture keeps the focus, and moves on with the next press.
    _tiles(page).first.focus()
    page.keyboard.press("]")
    _in_order(page, headers, collection, [second, first, third])
    expect(_tiles(page).nth(1)).to_be_focused()
    page.keyboard.press("]")
    _in_order(page, headers, collection, [second, third, first])
    expect(_tiles(page).nth(2)).to_be_focused()
    expect(page.get_by_text("Moved to place 3 of 3")).to_be_attached()

    # By drag: the last one before the first.
    _tiles(page).nth(2).drag_to(_tiles(page).nth(0), target_position={"x": 10, "y": 40})
    _in_order(page, headers, collection, [first, second, third])

    # A cover, by the menu of a picture.
    _tiles(page).nth(2).hover()
    page.get_by_role("button", name="More actions").last.click()
    page.get_by_role("menuitem", name="Use as cover").click()
    expect(page.get_by_text("This picture is the cover now")).to_be_visible()
    shown = page.request.get(f"/api/v1/collections/{collection}", headers=headers).json()
    assert shown["cover_image_id"] == third

    # Taken out by a key and put back where it was.
    _tiles(page).nth(1).focus()
    page.keyboard.press("Delete")
    expect(_tiles(page)).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(_tiles(page)).to_have_count(3)
    _in_order(page, headers, collection, [first, second, third])

    # Opened here, a picture has its neighbours of the collection.
    _tiles(page).first.click()
    viewer = page.get_by_role("dialog", name="Picture", exact=True)
    viewer.get_by_role("button", name="Older picture").click()
    expect(page).to_have_url(re.compile(f"view={second}$"))
    page.keyboard.press("Escape")

    # Renamed, and deleted after a question; its pictures stay.
    page.get_by_role("button", name="Change", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Harbors at night")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Harbors at night")).to_be_visible()
    page.get_by_role("button", name="Delete collection").click()
    question = page.get_by_role("alertdialog")
    expect(question.get_by_text("The 3 pictures in it stay in your gallery.")).to_be_visible()
    question.get_by_role("button", name="Delete collection").click()
    expect(page.get_by_role("heading", name="No collections yet")).to_be_visible()
    page.goto("/gallery")
    expect(page.get_by_role("button", name=re.compile("^Open picture"))).to_have_count(3)


def test_a_public_collection_is_seen_without_signing_in_and_a_private_one_is_not(
    page: Page, browser: Browser, studio: RunningStudio
) -> None:
    headers = _bearer(page, _sign_up(page))
    public, private = (_upload(page, headers, color) for color in COLORS[:2])
    page.request.patch(f"/api/v1/images/{public}", headers=headers, data={"visibility": "public"})
    body = {"name": "For all", "description": "Boats, mostly", "visibility": "public"}
    id = page.request.post("/api/v1/collections", headers=headers, data=body).json()["id"]
    ids = {"image_ids": [private, public]}
    page.request.post(f"/api/v1/collections/{id}/images", headers=headers, data=ids)

    context = browser.new_context(base_url=studio.url, locale="en-US")
    stranger = context.new_page()
    stranger.goto(f"/c/{id}")
    expect(stranger.get_by_role("heading", name="For all")).to_be_visible()
    expect(stranger.get_by_text("Boats, mostly")).to_be_visible()
    links = stranger.get_by_role("list", name="Pictures of this collection").get_by_role("link")
    expect(links).to_have_count(1)
    expect(links).to_have_attribute("href", f"/api/v1/images/{public}/file")

    page.request.patch(f"/api/v1/collections/{id}", headers=headers, data={"visibility": "private"})
    stranger.reload()
    expect(stranger.get_by_role("heading", name="There is no public collection here")).to_be_visible()
    context.close()


def test_the_form_puts_new_pictures_into_a_collection(page: Page) -> None:
    headers = _bearer(page, _sign_up(page))
    id = page.request.post("/api/v1/collections", headers=headers, data={"name": "New ones"}).json()["id"]
    page.reload()

    page.get_by_label("Prompt", exact=True).fill("a red boat")
    page.get_by_label("Put into collection").click()
    page.get_by_role("option", name="New ones").click()
    page.get_by_role("button", name=re.compile("^Create picture")).click()
    expect(_finished(page)).to_be_visible(timeout=PICTURE_MS)

    page.goto(f"/collections/{id}")
    expect(_tiles(page)).to_have_count(1)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_on_the_pages_of_collections(page: Page, theme: str) -> None:
    headers = _bearer(page, _sign_up(page))
    image = _upload(page, headers, COLORS[0])
    page.emulate_media(reduced_motion="reduce")
    page.evaluate("(theme) => localStorage.setItem('pingvas.theme', theme)", theme)
    page.goto("/collections")
    expect(page.get_by_role("heading", name="No collections yet")).to_be_visible()
    assert _violations(page) == []

    body = {"name": "For all", "description": "Boats", "visibility": "public"}
    id = page.request.post("/api/v1/collections", headers=headers, data=body).json()["id"]
    page.goto(f"/collections/{id}")
    expect(page.get_by_role("heading", name="Nothing in here yet")).to_be_visible()
    assert _violations(page) == []
    page.request.patch(f"/api/v1/images/{image}", headers=headers, data={"visibility": "public"})
    page.request.post(f"/api/v1/collections/{id}/images", headers=headers, data={"image_ids": [image]})
    for path, there in (
        ("/collections", page.get_by_role("link", name=re.compile("^For all"))),
        (f"/collections/{id}", _tiles(page)),
        (f"/c/{id}", page.get_by_role("list", name="Pictures of this collection").get_by_role("link")),
    ):
        page.goto(path)
        expect(there).to_have_count(1)
        assert _violations(page) == [], path

    page.goto("/collections")
    page.get_by_role("button", name="New collection").click()
    expect(page.get_by_label("Name", exact=True)).to_be_visible()
    assert _violations(page) == []
