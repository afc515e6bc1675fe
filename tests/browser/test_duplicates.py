"""Duplicates and tags in a real browser: what is there twice goes into the trash and back, and a word is renamed, merged, deleted."""

import re
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.test_first_picture import PASSWORD, _sign_up, browser, page
from tests.browser.test_kit import _violations

__all__ = ["browser", "page"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def _drawn(number: int, size: tuple[int, int]) -> bytes:
    """A picture of its own for each number: soft shapes."""
    coarse = Image.new("RGB", (9, 7))
    coarse.putdata([((number * 53 + place * 97) % 256, place * 41 % 256, 90) for place in range(63)])
    drawn = BytesIO()
    coarse.resize(size, Image.Resampling.BICUBIC).save(drawn, "PNG")
    return drawn.getvalue()


def _keep(page: Page, email: str, drawn: bytes, *tags: str) -> str:
    """Send a picture in, with these tags; its id."""
    api = page.context.request
    signed_in = api.post("/api/v1/auth/login", data={"email": email, "password": PASSWORD})
    headers = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}
    file: FilePayload = {"name": "a.png", "mimeType": "image/png", "buffer": drawn}
    kept = api.post("/api/v1/images", multipart={"file": file}, headers=headers)
    assert kept.ok, kept.text()
    image_id: str = kept.json()["id"]
    if tags:
        told = api.patch(f"/api/v1/images/{image_id}", data={"tags": list(tags)}, headers=headers)
        assert told.ok, told.text()
    return image_id


def _groups(page: Page) -> Locator:
    return page.get_by_role("group", name=re.compile("^Which one stays"))


def test_what_is_there_twice_goes_into_the_trash_and_comes_back(page: Page) -> None:
    # given three of the same, two of another, and a smaller copy of one
    email = _sign_up(page)
    for _ in range(3):
        _keep(page, email, _drawn(1, (320, 240)))
    for _ in range(2):
        _keep(page, email, _drawn(2, (320, 240)))
    _keep(page, email, _drawn(1, (240, 180)))

    # when they are looked at, by the gallery's menu
    page.get_by_role("link", name="Gallery", exact=True).click()
    page.get_by_role("button", name="More of the gallery").click()
    page.get_by_role("menuitem", name="Clean up duplicates").click()
    expect(page.get_by_role("heading", level=1, name="Duplicates")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^2 groups, 3 pictures too many"))).to_be_visible()
    expect(_groups(page)).to_have_count(2)
    assert _violations(page) == []

    # then the others of one group go, and it is another one that stays
    three = _groups(page).filter(has_text="3 pictures")
    three.get_by_role("radio", name=re.compile("^Picture 2,")).check()
    three.get_by_role("button", name="Move the others to the trash").click()
    expect(_groups(page)).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(_groups(page)).to_have_count(2)

    # and all of them at once, which is asked before and can be taken back
    page.get_by_role("button", name="Move all others to the trash").click()
    question = page.get_by_role("alertdialog")
    expect(question.get_by_text(re.compile("^3 pictures go into the trash"))).to_be_visible()
    question.get_by_role("button", name="Move all others to the trash").click()
    expect(page.get_by_role("heading", name="No duplicates")).to_be_visible()
    expect(page.get_by_text("3 pictures moved to the trash")).to_be_visible()

    # what looks alike is a kind of its own, at an address of its own
    page.get_by_role("tab", name="Look alike").click()
    expect(_groups(page)).to_have_count(1)
    assert page.url.endswith("/gallery/duplicates?kind=alike")
    first = _groups(page).get_by_role("radio", name=re.compile("^Picture 1, 320 × 240"))
    expect(first).to_be_checked()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("tab", name="The very same").click()
    expect(_groups(page)).to_have_count(2)


def test_a_tag_is_found_renamed_merged_and_deleted(page: Page) -> None:
    # given
    email = _sign_up(page)
    _keep(page, email, _drawn(1, (64, 64)), "고양이", "sea")
    _keep(page, email, _drawn(2, (64, 64)), "고양이", "ocean")
    page.get_by_role("link", name="Gallery", exact=True).click()
    page.get_by_role("button", name="More of the gallery").click()
    page.get_by_role("menuitem", name="Tags").click()
    tags = page.get_by_role("list", name="Your tags").get_by_role("listitem")
    expect(tags).to_have_count(3)
    expect(tags.first).to_contain_text("고양이2 pictures")
    assert _violations(page) == []

    def choose(tag: str, what: str) -> None:
        page.get_by_role("button", name=f"More about the tag {tag}").click()
        page.get_by_role("menuitem", name=what).click()

    # It is found by its initial consonants.
    search = page.get_by_role("searchbox", name="Search your tags")
    search.fill("ㄱㅇㅇ")
    expect(tags).to_have_count(1)
    expect(page.get_by_text("1 tag", exact=True)).to_be_visible()
    search.fill("")

    # Called otherwise.
    choose("고양이", "Rename")
    page.get_by_role("textbox", name="Name").fill("Cat")
    page.get_by_role("button", name="Save").click()
    expect(tags.first).to_contain_text("cat2 pictures")

    # Called like another one, which is asked first.
    choose("sea", "Rename")
    page.get_by_role("textbox", name="Name").fill("Ocean")
    page.get_by_role("button", name="Save").click()
    question = page.get_by_role("alertdialog")
    expect(question.get_by_role("heading", name="Merge “sea” into “ocean”?")).to_be_visible()
    question.get_by_role("button", name="Keep it").click()
    page.get_by_role("button", name="Cancel").click()
    expect(tags).to_have_count(3)

    # Merged into it.
    choose("sea", "Merge into another")
    page.get_by_role("combobox", name="Tag to merge into").fill("oce")
    page.get_by_role("option", name="ocean").click()
    page.get_by_role("dialog").get_by_role("button", name="Merge into another").click()
    question.get_by_role("button", name="Merge into another").click()
    expect(tags).to_have_count(2)
    expect(tags.filter(has_text="ocean")).to_contain_text("2 pictures")

    # Deleted; its pictures stay.
    choose("ocean", "Delete tag")
    expect(question.get_by_text(re.compile("^It is taken off 2 pictures"))).to_be_visible()
    question.get_by_role("button", name="Delete tag").click()
    expect(tags).to_have_count(1)
    page.get_by_role("link", name="cat", exact=True).click()
    expect(page.get_by_role("button", name=re.compile("^Open picture"))).to_have_count(2)
