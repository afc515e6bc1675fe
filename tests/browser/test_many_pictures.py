"""Many pictures in a real browser: chosen by hand, by range and by a rectangle, changed and taken back; gone through one by one."""

import re
import zipfile
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.test_first_picture import PASSWORD, _sign_up, browser, page
from tests.browser.test_kit import _violations

__all__ = ["browser", "page"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHAPES = ((96, 64), (64, 96), (64, 64), (128, 64), (64, 80), (96, 64))


def _tiles(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Open picture"))


def _headers(page: Page, email: str) -> dict[str, str]:
    body = {"email": email, "password": PASSWORD}
    signed_in = page.context.request.post("/api/v1/auth/login", data=body)
    return {"Authorization": f"Bearer {signed_in.json()['access_token']}"}


def _keep(page: Page, email: str) -> dict[str, str]:
    """Send pictures of several shapes in; the headers with which they can be asked for."""
    headers = _headers(page, email)
    for n, shape in enumerate(SHAPES):
        drawn = BytesIO()
        Image.new("RGB", shape, ["skyblue", "tomato", "gold", "olive", "orchid", "teal"][n]).save(
            drawn, "PNG"
        )
        file: FilePayload = {"name": "sky.png", "mimeType": "image/png", "buffer": drawn.getvalue()}
        kept = page.context.request.post("/api/v1/images", multipart={"file": file}, headers=headers)
        assert kept.ok, kept.text()
    page.goto("/gallery")
    expect(_tiles(page)).to_have_count(len(SHAPES))
    return headers


def _tagged(page: Page, headers: dict[str, str], tag: str) -> int:
    listed = page.context.request.get("/api/v1/images", params={"tag": tag}, headers=headers)
    return len(listed.json()["items"])


def _tag(page: Page, name: str) -> None:
    bar = page.get_by_role("region", name="Selected pictures")
    bar.get_by_role("button", name="Add tags").click()
    panel = page.get_by_role("dialog", name="Add tags")
    panel.get_by_role("combobox", name="Tags").fill(f"{name},")
    # Its list is closed first, then the words and the buttons can be reached.
    page.keyboard.press("Escape")
    expect(panel.get_by_role("button", name=f"Remove tag {name}")).to_be_visible()
    panel.get_by_role("button", name="Add tags").click()


def test_a_range_is_chosen_tagged_and_taken_back(page: Page) -> None:
    headers = _keep(page, _sign_up(page))
    tiles = _tiles(page)
    bar = page.get_by_role("region", name="Selected pictures")

    # The mark of one, and with Shift another further on.
    tiles.nth(1).hover()
    page.get_by_role("button", name="Select", exact=True).last.click()
    expect(bar.get_by_text("1 selected")).to_be_visible()
    tiles.nth(4).click(modifiers=["Shift"])
    expect(bar.get_by_text("4 selected")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Open picture"), pressed=True)).to_have_count(4)
    assert _violations(page) == []

    _tag(page, "shore")
    notice = page.get_by_text("4 pictures changed")
    expect(notice).to_be_visible()
    assert _tagged(page, headers, "shore") == 4

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Everything is as it was")).to_be_visible()
    assert _tagged(page, headers, "shore") == 0

    # Escape chooses nothing any more.
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()


def test_all_that_match_are_changed_in_the_background(page: Page) -> None:
    headers = _keep(page, _sign_up(page))
    bar = page.get_by_role("region", name="Selected pictures")

    _tiles(page).first.focus()
    page.keyboard.press("Space")
    bar.get_by_role("button", name="Select all 6 that match").click()
    expect(bar.get_by_text("6 selected")).to_be_visible()
    bar.get_by_role("button", name="Make favorites").click()

    expect(page.get_by_text("6 pictures changed")).to_be_visible(timeout=30_000)
    favorites = page.context.request.get("/api/v1/images", params={"favorite": "true"}, headers=headers)
    assert len(favorites.json()["items"]) == 6
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Everything is as it was")).to_be_visible(timeout=30_000)


def test_keys_and_a_rectangle_choose(page: Page) -> None:
    _keep(page, _sign_up(page))
    tiles = _tiles(page)
    bar = page.get_by_role("region", name="Selected pictures")

    # By keys: from the first to the third.
    tiles.first.focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(bar.get_by_text("3 selected")).to_be_visible()
    expect(tiles.nth(2)).to_be_focused()
    page.keyboard.press("Escape")

    # By the mouse: from within the first one into the second, and nothing is opened.
    first, second = tiles.nth(0).bounding_box(), tiles.nth(1).bounding_box()
    assert first is not None
    assert second is not None
    page.mouse.move(first["x"] + 70, first["y"] + 90)
    page.mouse.down()
    page.mouse.move(second["x"] + 40, second["y"] + 120, steps=5)
    page.mouse.up()
    expect(bar.get_by_text("2 selected")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)

    # Two are few enough to be seen side by side.
    bar.get_by_role("button", name="Compare side by side").click()
    compared = page.get_by_role("dialog", name="Compare side by side")
    expect(compared.locator("img")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(compared).to_be_hidden()


def test_a_finger_that_stays_chooses_and_taps_go_on(page: Page) -> None:
    _keep(page, _sign_up(page))
    page.set_viewport_size({"width": 390, "height": 844})
    tiles = _tiles(page)
    place = tiles.nth(2).bounding_box()
    assert place is not None
    chosen = page.get_by_role("button", name=re.compile("^Open picture"), pressed=True)
    fingers = page.context.new_cdp_session(page)
    fingers.send("Emulation.setTouchEmulationEnabled", {"enabled": True})

    def touch(kind: str, *points: dict[str, float]) -> None:
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    # Where the mark appears under it, the end of the press is no press of that.
    touch("touchStart", {"x": place["x"] + 25, "y": place["y"] + 25})
    expect(chosen).to_have_count(1)
    touch("touchEnd")
    place = tiles.nth(0).bounding_box()
    assert place is not None
    touch("touchStart", {"x": place["x"] + 60, "y": place["y"] + 60})
    touch("touchEnd")
    expect(chosen).to_have_count(2)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_pictures_are_gone_through_and_what_was_rejected_is_deleted_after_one_question(page: Page) -> None:
    _keep(page, _sign_up(page))
    page.get_by_role("button", name="Review").click()
    review = page.get_by_role("dialog", name="Review")
    expect(review.get_by_text("Picture 1 of 6")).to_be_visible()
    assert _violations(page) == []

    for key in ("x", "k", "x", "ArrowRight", "k", "k"):
        page.keyboard.press(key)
    expect(review.get_by_text("3 kept, 2 rejected")).to_be_visible()
    review.get_by_role("button", name="Do not reject").first.click()
    review.get_by_role("button", name="Delete 1 picture").click()

    expect(review).to_be_hidden()
    expect(_tiles(page)).to_have_count(5)
    page.get_by_role("button", name="Undo").click()
    expect(_tiles(page)).to_have_count(6)


def test_stars_are_given_while_going_through_and_to_many(page: Page) -> None:
    headers = _keep(page, _sign_up(page))

    def rated(stars: int) -> int:
        asked: dict[str, str | float | bool] = {"rating_from": stars, "rating_to": stars}
        listed = page.context.request.get("/api/v1/images", params=asked, headers=headers)
        return len(listed.json()["items"])

    # By a key in the review.
    page.get_by_role("button", name="Review").click()
    review = page.get_by_role("dialog", name="Review")
    expect(review.get_by_text("Picture 1 of 6")).to_be_visible()
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        page.keyboard.press("4")
    expect(review.get_by_text("4 stars")).to_be_visible()
    assert rated(4) == 1
    page.keyboard.press("Escape")

    # To all of them, and back to what each had.
    bar = page.get_by_role("region", name="Selected pictures")
    _tiles(page).first.focus()
    page.keyboard.press("Space")
    bar.get_by_role("button", name="Select all 6 that match").click()
    bar.get_by_role("button", name="Rating").click()
    page.get_by_role("dialog", name="Rating").get_by_role("button", name="2 stars").click()
    expect(page.get_by_text("6 pictures changed")).to_be_visible(timeout=30_000)
    assert rated(2) == 6
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Everything is as it was")).to_be_visible(timeout=30_000)
    assert (rated(4), rated(0)) == (1, 5)


def test_those_that_are_chosen_are_downloaded_and_moved_into_the_trash(page: Page) -> None:
    headers = _keep(page, _sign_up(page))
    bar = page.get_by_role("region", name="Selected pictures")

    def in_trash() -> int:
        listed = page.context.request.get("/api/v1/images", params={"trashed": "true"}, headers=headers)
        return len(listed.json()["items"])

    def files_of_download() -> int:
        bar.get_by_role("button", name="Download").click()
        with page.expect_download() as downloading:
            page.get_by_role("menuitem", name="Download with settings").click()
        return len(zipfile.ZipFile(downloading.value.path()).namelist())

    # Two by hand: nothing is asked.
    _tiles(page).first.focus()
    page.keyboard.press("Shift+ArrowRight")
    assert files_of_download() == 3
    bar.get_by_role("button", name="Delete pictures").click()
    expect(page.get_by_text("2 pictures moved to the trash")).to_be_visible()
    expect(_tiles(page)).to_have_count(4)
    expect(bar).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(_tiles(page)).to_have_count(6)
    assert in_trash() == 0

    # All that match: after one question, which says for how long they can come back.
    _tiles(page).first.focus()
    page.keyboard.press("Space")
    bar.get_by_role("button", name="Select all 6 that match").click()
    assert files_of_download() == 7
    bar.get_by_role("button", name="Delete pictures").click()
    question = page.get_by_role("alertdialog", name="Delete 6 pictures?")
    expect(question.get_by_text("They stay in the trash for 30 days and can be restored.")).to_be_visible()
    assert _violations(page) == []
    question.get_by_role("button", name="Delete pictures").click()
    expect(page.get_by_text("6 pictures moved to the trash")).to_be_visible(timeout=30_000)
    assert in_trash() == 6
    page.get_by_role("button", name="Undo").click()
    expect(_tiles(page)).to_have_count(6, timeout=30_000)


def test_the_viewer_comes_closer_and_steps_back(page: Page) -> None:
    _keep(page, _sign_up(page))
    _tiles(page).first.click()
    viewer = page.get_by_role("dialog", name="Picture", exact=True)
    picture = viewer.locator("[data-picture]")
    before = picture.bounding_box()
    assert before is not None

    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(picture).to_have_attribute("style", re.compile(r"scale\(1\.8"))
    page.keyboard.press("z")
    expect(picture).not_to_have_attribute("style", re.compile("scale"))
    assert picture.bounding_box() == before

    # The strip leads to another one, and so do the arrows.
    strip = viewer.get_by_role("navigation", name="Pictures before and after")
    expect(strip.get_by_role("button")).to_have_count(6)
    strip.get_by_role("button").nth(3).click()
    expect(strip.get_by_role("button").nth(3)).to_have_attribute("aria-current", "true")
    page.keyboard.press("ArrowRight")
    expect(strip.get_by_role("button").nth(4)).to_have_attribute("aria-current", "true")
