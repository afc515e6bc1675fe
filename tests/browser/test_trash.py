"""The trash in a real browser: what is deleted waits there, comes back, or goes for good."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_first_picture import PICTURE_MS, _create, _finished, _sign_up, browser, page

__all__ = ["browser", "page"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def _tiles(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Open picture"))


def _trashed(page: Page) -> Locator:
    return page.get_by_role("list", name="Trash").get_by_role("figure")


def _to_trash(page: Page) -> None:
    page.get_by_role("link", name="Gallery", exact=True).click()
    page.get_by_role("link", name="Trash").click()
    expect(page.get_by_role("heading", level=1, name="Trash")).to_be_visible()


def test_a_deleted_picture_is_restored_from_the_trash_and_deleted_for_good(page: Page) -> None:
    _sign_up(page)
    _create(page)
    expect(_finished(page)).to_be_visible(timeout=PICTURE_MS)
    page.get_by_role("link", name="Gallery", exact=True).click()
    expect(_tiles(page)).to_have_count(1)

    # Deleted, and taken back at once, though the page is left meanwhile.
    _tiles(page).focus()
    page.keyboard.press("Delete")
    expect(_tiles(page)).to_have_count(0)
    page.get_by_role("link", name="Trash").click()
    expect(_trashed(page)).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="The trash is empty")).to_be_visible()
    page.get_by_role("link", name="Gallery", exact=True).click()
    expect(_tiles(page)).to_have_count(1)

    # Deleted again, it says how long it stays and what it fills, and is restored by its key.
    _tiles(page).focus()
    page.keyboard.press("Delete")
    expect(_tiles(page)).to_have_count(0)
    page.reload()
    _to_trash(page)
    expect(_trashed(page).get_by_text("30 days left")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^1 picture fills .* of your storage"))).to_be_visible()
    page.get_by_role("button", name="Restore").focus()
    page.keyboard.press("u")
    expect(page.get_by_text("Picture restored")).to_be_visible()
    page.get_by_role("link", name="Gallery", exact=True).click()
    expect(_tiles(page)).to_have_count(1)

    # And deleted for good after a question.
    _tiles(page).focus()
    page.keyboard.press("Delete")
    expect(_tiles(page)).to_have_count(0)
    _to_trash(page)
    page.get_by_role("button", name="Empty trash").click()
    question = page.get_by_role("alertdialog")
    expect(question.get_by_text("The picture in it cannot be brought back.")).to_be_visible()
    question.get_by_role("button", name="Empty trash").click()
    expect(page.get_by_role("heading", name="The trash is empty")).to_be_visible()
    page.get_by_role("link", name="Create", exact=True).click()
    expect(page.get_by_text("This picture was deleted.").first).to_be_visible()
