"""Looking for pictures in a real browser: words, filters in the field, in the panel and as chips, and the way back."""

import re
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.test_first_picture import PASSWORD, _sign_up, browser, page
from tests.browser.test_kit import _violations

__all__ = ["browser", "page"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def _tiles(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Open picture"))


def _keep(page: Page, email: str, prompt: str, model: str, **changes: Any) -> str:
    """Send in a picture that another program made of this prompt; its id."""
    said = PngInfo()
    said.add_text("parameters", f"{prompt}\nSteps: 20, Sampler: Euler, Seed: 7, Size: 64x64, Model: {model}")
    drawn = BytesIO()
    Image.new("RGB", (64, 64), "skyblue").save(drawn, "PNG", pnginfo=said)
    api = page.context.request
    signed_in = api.post("/api/v1/auth/login", data={"email": email, "password": PASSWORD})
    headers = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}
    file: FilePayload = {"name": "sky.png", "mimeType": "image/png", "buffer": drawn.getvalue()}
    kept = api.post("/api/v1/images", multipart={"file": file}, headers=headers)
    assert kept.ok, kept.text()
    image_id: str = kept.json()["id"]
    changed = api.patch(f"/api/v1/images/{image_id}", data=changes, headers=headers)
    assert changed.ok, changed.text()
    return image_id


def test_words_and_filters_find_pictures_and_back_takes_them_away(page: Page) -> None:
    email = _sign_up(page)
    _keep(page, email, "a red house by the sea", "dreamy", rating=4)
    _keep(page, email, "a red boat", "dreamy", tags=["고양이"])
    _keep(page, email, "파란 고양이", "flat")
    page.goto("/gallery")
    expect(_tiles(page)).to_have_count(3)
    field = page.get_by_role("searchbox", name="Search")

    # Words are looked for while they are typed, in both languages, and tags among them.
    field.fill("hou")
    expect(_tiles(page)).to_have_count(1)
    expect(page.get_by_text("1 picture found")).to_be_visible()
    field.fill("고양이")
    expect(_tiles(page)).to_have_count(2)

    # What stands for a filter becomes a chip, and leaves the field.
    field.fill("red model:dreamy rating:4+")
    field.press("Enter")
    expect(field).to_have_value("red")
    expect(_tiles(page)).to_have_count(1)
    chips = page.get_by_role("list", name="Filters")
    expect(chips.get_by_role("listitem")).to_have_text(["Model: dreamy", "Rating: 4 stars or more"])
    assert _violations(page) == []

    # A chip is taken away; going back brings it again, and the address alone too.
    chips.get_by_role("button", name="Take away Rating").click()
    expect(_tiles(page)).to_have_count(2)
    page.go_back()
    expect(_tiles(page)).to_have_count(1)
    page.reload()
    expect(field).to_have_value("red")
    expect(chips.get_by_role("listitem")).to_have_count(2)

    # What nothing has, says so and leads out of it.
    field.fill("unheard of")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    page.get_by_role("button", name="Show all pictures").click()
    expect(_tiles(page)).to_have_count(3)
    expect(field).to_have_value("")


def test_the_panel_filters_and_stars_are_given_in_the_viewer(page: Page) -> None:
    email = _sign_up(page)
    _keep(page, email, "a red house", "dreamy")
    image = _keep(page, email, "a blue boat", "flat")
    page.goto(f"/gallery?view={image}")
    viewer = page.get_by_role("dialog", name="Picture", exact=True)
    viewer.get_by_role("radiogroup", name="Rating").get_by_text("5★").click()
    expect(viewer.get_by_role("radio", name="5★")).to_be_checked()
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Filters", exact=True).click()
    panel = page.get_by_role("region", name="Filters")
    panel.get_by_role("combobox", name="Rating").click()
    page.get_by_role("option", name="5 stars").click()
    expect(_tiles(page)).to_have_count(1)
    assert _violations(page) == []

    # Another order, and nothing that narrows it.
    page.get_by_role("button", name="Clear filters").click()
    page.get_by_role("combobox", name="Order").click()
    page.get_by_role("option", name="Best rated first").click()
    expect(page).to_have_url(re.compile("sort=rating$"))
    expect(_tiles(page).first).to_have_accessible_name("Open picture: a blue boat")


def test_on_a_phone_the_filters_are_a_sheet(page: Page) -> None:
    email = _sign_up(page)
    page.set_viewport_size({"width": 390, "height": 844})
    _keep(page, email, "a red house", "dreamy")
    _keep(page, email, "a blue boat", "flat")
    page.goto("/gallery")
    expect(_tiles(page)).to_have_count(2)

    page.get_by_role("button", name="Filters", exact=True).click()
    sheet = page.get_by_role("dialog", name="Filters")
    sheet.get_by_label("Seed").fill("8")
    sheet.get_by_label("Seed").press("Enter")
    page.keyboard.press("Escape")

    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    page.get_by_role("button", name="Take away Seed").click()
    expect(_tiles(page)).to_have_count(2)
    assert _violations(page) == []
