"""Starting from a picture and enlarging one, in a real browser against a real studio."""

import re
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_first_picture import (
    PICTURE_MS,
    PROMPT,
    _balance,
    _create,
    _finished,
    _shown,
    _sign_up,
    browser,
    page,
)

__all__ = ["browser", "page"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def drawing(tmp_path: Path) -> Path:
    """A house of 192 × 128 pixels, as a person may have drawn it."""
    picture = Image.new("RGB", (192, 128), "skyblue")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 90, 192, 128), fill="seagreen")
    pen.rectangle((70, 50, 120, 100), fill="firebrick")
    path = tmp_path / "house.png"
    picture.save(path)
    return path


def _choose(page: Page, path: Path) -> None:
    page.get_by_label("Choose a picture or drop it here").set_input_files(path)


def _source(page: Page) -> Locator:
    return page.get_by_role("group", name="Start from a picture")


def _few_steps(page: Page) -> None:
    page.get_by_label("Steps").fill("4")


def test_a_picture_of_ones_own_is_sent_in_changed_and_enlarged(page: Page, drawing: Path) -> None:
    _sign_up(page)
    _few_steps(page)

    _choose(page, drawing)
    expect(_source(page).get_by_role("img", name="The picture to start from")).to_be_visible()
    expect(page.get_by_label("Width")).to_have_value("192")
    expect(page.get_by_label("Height")).to_have_value("128")
    page.get_by_label("Strength").fill("0.5")
    expect(page.get_by_role("button", name=re.compile(r"costs \d+ credits?"))).to_be_visible()
    _create(page)
    expect(_finished(page)).to_be_visible(timeout=PICTURE_MS)
    expect(page.get_by_text("strength 0.5")).to_be_visible()

    _finished(page).click()
    viewer = page.get_by_role("dialog", name="Picture", exact=True)
    expect(viewer.get_by_role("link", name="Made from this picture")).to_be_visible()
    viewer.get_by_role("button", name="Enlarge").click()
    twice = viewer.get_by_role("button", name=re.compile(r"^×2.*384 × 256.*costs \d+ credits?$"))
    expect(twice).to_be_visible()
    before = _balance(page)
    twice.click()
    expect(viewer.get_by_text(re.compile("^Enlarging ×2"))).to_be_visible()
    viewer.get_by_role("link", name="Watch it").click()

    larger = page.get_by_role("link", name="Open picture: Enlarged ×2")
    expect(larger).to_be_visible(timeout=PICTURE_MS)
    assert _balance(page) < before
    larger.click()
    picture = viewer.get_by_role("img", name="Enlarged ×2")
    assert _shown(picture)
    assert picture.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [384, 256]


def test_what_is_no_picture_is_refused_in_words_and_leaves_the_form_as_it_was(
    page: Page, tmp_path: Path
) -> None:
    _sign_up(page)
    text = tmp_path / "notes.png"
    text.write_text("no picture at all")

    _choose(page, text)

    expect(_source(page).get_by_role("alert")).to_have_text(re.compile("^This is not a picture"))
    expect(page.get_by_label("Strength")).to_be_hidden()


def test_a_picture_of_the_gallery_starts_another_and_its_settings_come_back(
    page: Page, drawing: Path
) -> None:
    _sign_up(page)
    _choose(page, drawing)
    expect(page.get_by_label("Strength")).to_be_visible()
    _source(page).get_by_role("button", name="Remove the picture").click()
    expect(page.get_by_label("Strength")).to_be_hidden()

    page.get_by_role("link", name="Gallery").click()
    page.get_by_role("button", name="Open picture: Uploaded picture").click()
    page.get_by_role("link", name="Start from this picture").click()
    expect(_source(page).get_by_role("img", name="The picture to start from")).to_be_visible()
    expect(page).to_have_url(re.compile("/create$"))
    _few_steps(page)
    page.get_by_label("Strength").fill("0.4")
    _create(page)
    expect(_finished(page)).to_be_visible(timeout=PICTURE_MS)
    _source(page).get_by_role("button", name="Remove the picture").click()
    page.get_by_label("Prompt", exact=True).fill("something else")
    page.get_by_role("link", name="Use again").click()

    expect(page.get_by_label("Prompt", exact=True)).to_have_value(PROMPT)
    expect(page.get_by_label("Strength")).to_have_value("0.4")
    expect(_source(page).get_by_role("img", name="The picture to start from")).to_be_visible()
