"""Tags in a real browser against a real studio: put on, suggested, looked for, taken along by what will be made."""

import re
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.test_first_picture import PASSWORD, _sign_up, browser, page
from tests.browser.test_kit import _violations

__all__ = ["browser", "page"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def _tiles(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Open picture"))


def _keep(page: Page, email: str, *tags: str) -> str:
    """Send a picture in, with these tags; its id."""
    drawn = BytesIO()
    Image.new("RGB", (64, 64), "skyblue").save(drawn, "PNG")
    api = page.context.request
    signed_in = api.post("/api/v1/auth/login", data={"email": email, "password": PASSWORD})
    headers = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}
    file: FilePayload = {"name": "sky.png", "mimeType": "image/png", "buffer": drawn.getvalue()}
    kept = api.post("/api/v1/images", multipart={"file": file}, headers=headers)
    assert kept.ok, kept.text()
    image_id: str = kept.json()["id"]
    tagged = api.patch(f"/api/v1/images/{image_id}", data={"tags": list(tags)}, headers=headers)
    assert tagged.ok, tagged.text()
    return image_id


def test_a_picture_is_tagged_in_the_viewer_and_found_by_initial_consonants(page: Page) -> None:
    email = _sign_up(page)
    _keep(page, email, "고양이", "sea")
    image = _keep(page, email)
    page.goto(f"/gallery?view={image}")
    viewer = page.get_by_role("dialog", name="Picture", exact=True)
    field = viewer.get_by_role("combobox", name="Tags")

    # A word that is in use is offered by its initial consonants, and taken by Enter.
    field.fill("ㄱㅇㅇ")
    expect(page.get_by_role("option", name=re.compile("^고양이"))).to_be_visible()
    page.keyboard.press("Enter")
    expect(viewer.get_by_role("button", name="Remove tag 고양이")).to_be_visible()

    # A new one is made; letters and Delete are the field's, not the viewer's.
    field.fill("Far  Shore")
    expect(page.get_by_role("option", name="New tag “far shore”")).to_be_visible()
    page.keyboard.press("Enter")
    expect(viewer.get_by_role("button", name="Remove tag far shore")).to_be_visible()
    assert _violations(page) == []

    # Taken out, and kept so.
    viewer.get_by_role("button", name="Remove tag 고양이").click()
    expect(viewer.get_by_role("button", name="Remove tag 고양이")).to_be_hidden()
    page.reload()
    expect(viewer.get_by_role("button", name="Remove tag far shore")).to_be_visible()
    expect(viewer.get_by_role("button", name="Remove tag 고양이")).to_be_hidden()


def test_the_gallery_shows_what_has_all_chosen_tags_and_the_address_says_which(page: Page) -> None:
    email = _sign_up(page)
    for tags in (("sea", "night"), ("sea",), ("night",)):
        _keep(page, email, *tags)
    page.goto("/gallery")
    expect(_tiles(page)).to_have_count(3)
    page.get_by_role("button", name="Filters", exact=True).click()
    field = page.get_by_role("combobox", name="Tagged with")

    # Two are chosen one after the other.
    for typed, left in (("se", 2), ("nig", 1)):
        field.fill(typed)
        expect(page.get_by_role("option")).to_have_count(1)
        page.keyboard.press("Enter")
        expect(_tiles(page)).to_have_count(left)
    expect(page).to_have_url(re.compile(r"\?tag=sea&tag=night$"))

    # The address alone leads to the same; back leads to one tag, and none.
    page.reload()
    expect(_tiles(page)).to_have_count(1)
    page.go_back()
    expect(_tiles(page)).to_have_count(2)
    assert _violations(page) == []
    page.get_by_role("button", name="Take away Tags: sea").click()
    expect(_tiles(page)).to_have_count(3)

    # What nothing has, says so.
    page.goto("/gallery?tag=unknown")
    expect(page.get_by_role("heading", name="No picture has these tags")).to_be_visible()


def test_what_will_be_made_gets_the_tags_of_the_form(page: Page) -> None:
    _sign_up(page)
    page.get_by_label("Prompt", exact=True).fill("a red house")
    field = page.get_by_role("combobox", name="Tags")
    field.fill("houses,")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Remove tag houses")).to_be_visible()

    with page.expect_response(lambda told: told.url.endswith("/jobs") and told.status == 202) as accepted:
        page.get_by_role("button", name=re.compile("^Create picture")).click()

    (job,) = accepted.value.json()["jobs"]
    assert job["parameters"]["tags"] == ["houses"]
