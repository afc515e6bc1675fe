"""Saved searches in a real browser: kept, opened, changed, shown among collections; and what a phone shows before the first picture."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_duplicates import _drawn, _keep
from tests.browser.test_first_picture import _sign_up, browser, page
from tests.browser.test_kit import _violations

__all__ = ["browser", "page"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOST_BEFORE_PICTURES = 140


def _tiles(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Open picture"))


def test_a_search_is_kept_opened_changed_and_fills_a_collection(page: Page) -> None:
    # given
    email = _sign_up(page)
    _keep(page, email, _drawn(1, (64, 64)), "sea")
    _keep(page, email, _drawn(2, (64, 64)), "sky")
    page.goto("/gallery?tag=sea")
    expect(_tiles(page)).to_have_count(1)

    # when it is kept
    saved = page.get_by_role("button", name="Saved searches")
    saved.click()
    page.get_by_role("menuitem", name="Save this search").click()
    dialog = page.get_by_role("dialog", name="Save this search")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog.get_by_text("Give it a name.")).to_be_visible()
    dialog.get_by_role("textbox", name="Name").fill("By the sea")
    dialog.get_by_role("checkbox", name="Show it among my collections").check()
    assert _violations(page) == []
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Search “By the sea” saved")).to_be_visible()

    # then it is opened from anywhere in the gallery
    page.goto("/gallery")
    expect(_tiles(page)).to_have_count(2)
    saved.click()
    page.get_by_role("menuitem", name="By the sea").click()
    expect(_tiles(page)).to_have_count(1)
    expect(page.get_by_role("button", name="Take away Tags: sea")).to_be_visible()

    # and is a collection of what matches, now and later
    page.get_by_role("link", name="Collections", exact=True).click()
    tile = page.get_by_role("list", name="Smart collections").get_by_role("link", name="By the sea")
    expect(tile.locator("img")).to_be_visible()
    assert _violations(page) == []
    _keep(page, email, _drawn(3, (64, 64)), "sea")
    page.reload()
    tile.click()
    expect(page.get_by_role("heading", level=1, name="By the sea")).to_be_visible()
    expect(_tiles(page)).to_have_count(2)
    expect(page.get_by_text("All pictures that match: Tags: sea")).to_be_visible()

    # when its tag is gone, it opens and says so
    page.goto("/gallery/tags")
    page.get_by_role("button", name="More about the tag sea").click()
    page.get_by_role("menuitem", name="Rename").click()
    page.get_by_role("textbox", name="Name").fill("ocean")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="ocean", exact=True)).to_be_visible()
    page.goto("/gallery")
    saved.click()
    page.get_by_role("menuitem", name="By the sea").click()
    expect(page.get_by_text("Not there any more: Tags: sea")).to_be_visible()

    # and is changed, and deleted
    page.goto(page.url.replace("tag=sea", "tag=ocean"))
    expect(_tiles(page)).to_have_count(2)
    saved.click()
    page.get_by_role("menuitem", name="Save changes to “By the sea”").click()
    expect(page.get_by_text("Search “By the sea” saved")).to_be_visible()
    page.get_by_role("link", name="Collections", exact=True).click()
    tile.click()
    expect(_tiles(page)).to_have_count(2)
    page.get_by_role("button", name="Delete saved search").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete saved search").click()
    expect(page.get_by_role("heading", level=1, name="Collections")).to_be_visible()
    expect(tile).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_on_a_phone_pictures_begin_below_few_controls(page: Page, language: str) -> None:
    # given
    email = _sign_up(page)
    _keep(page, email, _drawn(1, (64, 64)))
    if language == "ko":
        page.evaluate("localStorage.setItem('pingvas.language', 'ko')")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/gallery")
    tile = page.get_by_role("button", name=re.compile("^(Open picture|그림 열기)")).first
    expect(tile).to_be_visible()
    assert page.locator("html").get_attribute("lang") == language

    # then
    whole, first = page.get_by_role("main").bounding_box(), tile.bounding_box()
    assert whole is not None
    assert first is not None
    assert first["y"] - whole["y"] < MOST_BEFORE_PICTURES
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert _violations(page) == []

    # and what is out of sight is within reach, by its name
    names = {
        "en": ("Search", "Filters", "Saved searches", "Upload", "More of the gallery", "Order"),
        "ko": ("검색", "필터", "저장한 검색", "올리기", "갤러리 더 보기", "순서"),
    }[language]
    search, filters, saved, upload, more, order = names
    expect(page.get_by_role("searchbox", name=search)).to_be_visible()
    for name in (filters, saved, upload, more):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()
    page.get_by_role("button", name=more, exact=True).click()
    expect(page.get_by_role("menuitemcheckbox")).to_have_count(3)
    expect(page.get_by_role("menuitem")).to_have_count(4)
    page.keyboard.press("Escape")
    page.get_by_role("button", name=filters, exact=True).click()
    expect(page.get_by_role("dialog", name=filters).get_by_role("combobox", name=order)).to_be_visible()
