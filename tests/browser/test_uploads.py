"""Pictures of one's own, many at once, in a real browser against a real studio."""

import random
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.browser.test_first_picture import PICTURE_MS, _sign_up, browser, page

__all__ = ["browser", "page"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PART = 4 * 1024 * 1024


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Four that are pictures, and one that says so and is none."""
    paths = []
    for number, colour in enumerate(("teal", "tomato", "gold", "navy")):
        path = tmp_path / f"picture-{number}.{('png', 'jpg', 'webp', 'avif')[number]}"
        Image.new("RGB", (300, 200), colour).save(path)
        paths.append(path)
    bad = tmp_path / "no picture.png"
    bad.write_bytes(b"these are words")
    return [*paths, bad]


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Eleven megabytes."""
    size = (2048, 1800)
    path = tmp_path / "large.png"
    noise = random.Random(5).randbytes(3 * size[0] * size[1])
    Image.frombytes("RGB", size, noise).save(path, compress_level=0)
    assert path.stat().st_size > 2.5 * PART
    return path


def _choose(page: Page, *paths: Path) -> None:
    page.get_by_label("Choose pictures").set_input_files(paths)


def _tray(page: Page) -> Locator:
    return page.get_by_role("region", name="Uploads")


def _go(page: Page, name: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()


def test_several_pictures_are_sent_in_while_one_looks_elsewhere(page: Page, pictures: list[Path]) -> None:
    _sign_up(page)
    _go(page, "Gallery")

    _choose(page, *pictures)
    _go(page, "Collections")

    # then: one is refused with its reason, and stays in the list on whichever page one is
    expect(_tray(page).get_by_role("status")).to_have_text("4 of 5 uploaded, 1 failed", timeout=PICTURE_MS)
    bad = _tray(page).get_by_role("listitem", name="no picture.png")
    expect(bad).to_contain_text("This is not a picture that can be read here.")
    bad.get_by_role("button", name="Try no picture.png again").click()
    expect(_tray(page).get_by_role("status")).to_have_text("4 of 5 uploaded, 1 failed", timeout=PICTURE_MS)
    _tray(page).get_by_role("link", name="picture-3.avif").click()
    expect(page.get_by_role("dialog", name="Picture", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("main").locator("img")).to_have_count(4)
    _tray(page).get_by_role("button", name="Close the list").click()
    expect(_tray(page)).to_have_count(0)


def test_a_picture_is_dropped_on_any_page(page: Page) -> None:
    _sign_up(page)
    _go(page, "Collections")

    page.evaluate("""async () => {
        const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 30 });
        canvas.getContext("2d").fillRect(0, 0, 20, 30);
        const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([blob], "dropped.png", { type: "image/png" }));
        for (const kind of ["dragover", "drop"]) {
            document.body.dispatchEvent(
                new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
    }""")

    expect(_tray(page).get_by_role("listitem", name="dropped.png")).to_contain_text("In your gallery")


def test_a_large_picture_goes_on_where_it_was_cut_off(page: Page, large: Path) -> None:
    # given: its line breaks after the first part, for good
    _sign_up(page)
    _go(page, "Gallery")
    page.on("dialog", lambda dialog: dialog.accept())
    offsets: list[int] = []
    cut = True

    def part(route: Route, request: Request) -> None:
        if request.method != "PATCH":
            route.continue_()
            return
        offsets.append(int(request.headers["upload-offset"]))
        if cut and offsets[-1] > 0:
            route.abort()
        else:
            route.continue_()

    page.route(re.compile("/api/v1/uploads/"), part)
    with page.expect_request(lambda asked: asked.headers.get("upload-offset") == str(PART)):
        _choose(page, large)

    # when: the page is loaded anew, and the same file chosen again
    page.reload()
    cut = False
    offsets.clear()
    expect(page.get_by_role("button", name="Upload")).to_be_visible()
    _choose(page, large)

    # then
    line = _tray(page).get_by_role("listitem", name="large.png")
    expect(line).to_contain_text("In your gallery", timeout=PICTURE_MS)
    assert offsets[0] == PART
    assert sorted(set(offsets)) == offsets
