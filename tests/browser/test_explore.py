"""What everybody sees of a gallery in a real browser: public pictures, one picture, and the way from it to one's own."""

import re
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, PngImagePlugin
from playwright.sync_api import Browser, Page, expect

from harness.running_studio import RunningStudio
from tests.browser.test_collections import _bearer
from tests.browser.test_create_and_gallery import _tiles
from tests.browser.test_first_picture import PASSWORD, _sign_up, browser, page
from tests.browser.test_kit import _violations

__all__ = ["browser", "page"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PROMPT = "a red lighthouse by the sea"


def _share(page: Page, headers: dict[str, str], prompt: str, visibility: str, *tags: str) -> str:
    """A picture that says how it was made, in the gallery of who is signed in; its id."""
    said = PngImagePlugin.PngInfo()
    said.add_text("parameters", f"{prompt}\nSteps: 12, Sampler: Euler a, CFG scale: 5, Seed: 7, Size: 96x64")
    file = BytesIO()
    Image.new("RGB", (96, 64), "crimson").save(file, "PNG", pnginfo=said)
    sent: dict[str, Any] = {
        "file": {"name": "picture.png", "mimeType": "image/png", "buffer": file.getvalue()}
    }
    made = page.request.post("/api/v1/images", headers=headers, multipart=sent)
    assert made.ok, made.text()
    id: str = made.json()["id"]
    changes = {"visibility": visibility, "tags": list(tags)}
    changed = page.request.patch(f"/api/v1/images/{id}", headers=headers, data=changes)
    assert changed.ok, changed.text()
    return id


def test_a_stranger_finds_a_picture_and_signs_in_to_make_one_like_it(
    page: Page, browser: Browser, studio: RunningStudio
) -> None:
    # given pictures of somebody who has a handle
    email = _sign_up(page)
    headers = _bearer(page, email)
    assert page.request.patch("/api/v1/me", headers=headers, data={"handle": "lampkeeper"}).ok
    public = _share(page, headers, PROMPT, "public", "sea", "tower")
    other = _share(page, headers, "a harbor", "public", "harbor")
    unlisted = _share(page, headers, "a hidden cove", "unlisted")
    private = _share(page, headers, "a secret", "private")

    # when a stranger looks around, by tags
    stranger = browser.new_page(base_url=studio.url, locale="en-US")
    stranger.goto("/explore")
    pictures = stranger.get_by_role("list", name="Public pictures")
    expect(pictures.get_by_role("link", name=PROMPT)).to_be_visible()
    expect(pictures.get_by_role("link", name="a harbor")).to_be_visible()
    for hidden in (unlisted, private):
        expect(stranger.locator(f'a[href="/i/{hidden}"]')).to_have_count(0)
    assert _violations(stranger) == []
    stranger.get_by_role("navigation", name="Tags").get_by_role("link", name="sea").click()
    expect(stranger.locator(f'a[href="/i/{other}"]')).to_have_count(0)

    # and opens one
    pictures.get_by_role("link", name=PROMPT).click()
    expect(stranger).to_have_url(f"{studio.url}/i/{public}")
    expect(stranger.get_by_role("heading", name=PROMPT)).to_be_visible()
    expect(stranger.get_by_text("Made by @lampkeeper")).to_be_visible()
    expect(stranger.get_by_text("96 × 64")).to_be_visible()
    expect(stranger.get_by_role("link", name="Download")).to_have_attribute("href", re.compile("^/files/"))
    assert _violations(stranger) == []

    # then what others may not see, and what is not there, say the same
    for id in (private, public[:-4] + "0000", "nothing"):
        stranger.goto(f"/i/{id}")
        expect(stranger.get_by_role("heading", name="There is no picture here")).to_be_visible()
    stranger.goto(f"/i/{unlisted}")
    expect(stranger.get_by_role("heading", name="a hidden cove")).to_be_visible()
    robots = stranger.locator('meta[name="robots"]')
    expect(robots).to_have_attribute("content", "noindex")

    # and to make one like it, the stranger signs in first
    stranger.goto(f"/i/{public}")
    stranger.get_by_role("link", name="Make one like this").click()
    stranger.get_by_label("Email").fill(email)
    stranger.get_by_label("Password", exact=True).fill(PASSWORD)
    stranger.get_by_role("button", name="Sign in", exact=True).click()
    expect(stranger.get_by_label("Prompt", exact=True)).to_have_value(PROMPT)
    stranger.close()

    # Who is signed in finds the same in the rail, and both languages have words for it.
    page.goto("/gallery")
    page.get_by_role("link", name="Explore").click()
    expect(page.get_by_role("heading", name="Explore")).to_be_visible()
    expect(page.locator(f'a[href="/i/{public}"]')).to_be_visible()
    korean = browser.new_page(base_url=studio.url, locale="ko-KR")
    korean.goto("/explore")
    expect(korean.get_by_role("heading", name="둘러보기")).to_be_visible()
    korean.close()


def test_one_who_does_not_tell_how_shows_the_picture_alone(
    page: Page, browser: Browser, studio: RunningStudio
) -> None:
    # given a shared picture, and its owner's choice
    email = _sign_up(page)
    headers = _bearer(page, email)
    shared = _share(page, headers, PROMPT, "public")
    page.goto("/account/preferences")
    page.get_by_role("switch", name="Tell others how they were made: prompt and settings").click()
    expect(page.get_by_role("switch", name="Tell others how they were made")).not_to_be_checked()
    assert _violations(page) == []

    # when a stranger opens it
    page.wait_for_function(
        """async (id) => !(await (await fetch(`/api/v1/images/${id}`)).text()).includes("lighthouse")""",
        arg=shared,
    )
    stranger = browser.new_page(base_url=studio.url, locale="en-US")
    stranger.goto(f"/i/{shared}")

    # then there is the picture, and no word of how it was made
    link = stranger.get_by_role("link", name="Download")
    expect(link).to_have_attribute("href", re.compile("^/files/plain/"))
    expect(stranger.get_by_text("lighthouse")).to_have_count(0)
    expect(stranger.get_by_role("heading", level=1)).to_be_visible()
    expect(stranger.get_by_role("link", name="Make one like this")).to_have_count(0)
    assert _violations(stranger) == []

    # and its owner saves it with them, or without
    page.goto("/gallery")
    _tiles(page).click(button="right")
    with page.expect_download() as saving:
        page.get_by_role("menuitem", name="Download without settings").click()
    assert "lighthouse" not in saving.value.suggested_filename
    assert b"lighthouse" not in saving.value.path().read_bytes()
