"""Creating, watching, looking, using again, deleting and taking that back, in a real browser against a real studio."""

import base64
import re
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.test_first_picture import PICTURE_MS, PROMPT, _create, _finished, _sign_up, browser, page

__all__ = ["browser", "page"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.slow]

#: Adds up what moves on the page without the person's doing, as the browser itself measures it.
_WATCH_SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: false });
"""


def _prompt(page: Page) -> Locator:
    return page.get_by_label("Prompt", exact=True)


def _news(page: Page) -> Locator:
    """What is said to those who do not see the page."""
    return page.get_by_role("log", name="What became of your jobs")


def _tiles(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Open picture"))


def test_from_an_example_to_a_picture_that_is_used_again_deleted_and_taken_back(page: Page) -> None:
    _sign_up(page)

    # An empty studio offers examples; one press fills the form, and sends nothing.
    examples = page.get_by_role("list", name="Examples").get_by_role("button")
    expect(examples).to_have_count(3)
    examples.first.click()
    expect(_prompt(page)).to_have_value("a red boat on the sea at sunset")
    expect(_prompt(page)).to_be_focused()
    expect(page.get_by_role("log")).to_be_empty()

    # Created, it is watched where it will stand, and nothing on the page moves when it arrives.
    page.get_by_label("Steps").fill("12")
    page.get_by_role("button", name=re.compile("^Create picture")).click()
    # A worker may have it before the page has shown it in the queue.
    expect(_news(page)).to_contain_text(re.compile("1 picture is in the queue|Started: a red boat"))
    expect(page.get_by_role("img", name="Preview of the unfinished picture")).to_be_visible(
        timeout=PICTURE_MS
    )
    page.evaluate(_WATCH_SHIFTS)
    expect(_finished(page)).to_be_visible(timeout=PICTURE_MS)
    expect(_news(page)).to_contain_text("Finished: a red boat on the sea at sunset")
    assert page.evaluate("window.shifted") == 0

    # Viewed, and its settings used again.
    _finished(page).click()
    viewer = page.get_by_role("dialog", name="Picture", exact=True)
    expect(viewer.get_by_role("img", name="a red boat on the sea at sunset")).to_be_visible()
    page.keyboard.press("r")
    expect(page).to_have_url(re.compile("/create$"))
    expect(page.get_by_label("Steps")).to_have_value("12")

    # Deleted by key in the gallery, and taken back.
    page.get_by_role("link", name="Gallery").click()
    expect(_tiles(page)).to_have_count(1)
    _tiles(page).focus()
    page.keyboard.press("Delete")
    expect(_tiles(page)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(_tiles(page)).to_have_count(1)

    # Deleted once more, it stays in the trash when the page goes.
    _tiles(page).focus()
    page.keyboard.press("Delete")
    expect(_tiles(page)).to_have_count(0)
    page.reload()
    expect(page.get_by_role("heading", name="No pictures yet")).to_be_visible()


def test_a_deleted_picture_can_be_taken_back_from_the_viewer(page: Page) -> None:
    _sign_up(page)
    _create(page)
    expect(_finished(page)).to_be_visible(timeout=PICTURE_MS)
    _finished(page).click()
    viewer = page.get_by_role("dialog", name="Picture", exact=True)

    viewer.get_by_role("button", name="Delete picture").click()
    expect(viewer).to_be_hidden()
    page.get_by_role("button", name="Undo").click()

    expect(_tiles(page)).to_have_count(1)


def test_a_picture_is_shared_by_its_link_and_private_again(page: Page) -> None:
    _sign_up(page)
    _create(page)
    expect(_finished(page)).to_be_visible(timeout=PICTURE_MS)
    page.get_by_role("link", name="Gallery").click()

    _tiles(page).click(button="right")
    page.get_by_role("menuitem", name="Visible to").hover()
    page.get_by_role("menuitemcheckbox", name="Anyone with the link").click()
    expect(page.get_by_role("menuitemcheckbox", name="Anyone with the link")).to_be_checked()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    _tiles(page).focus()
    page.keyboard.press("l")
    expect(page.get_by_text("Link copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")

    assert re.search("/i/[0-9a-f-]{36}$", link)
    assert 'property="og:image"' in page.context.request.get(link).text()
    file = link.replace("/i/", "/api/v1/images/") + "/file"
    shown = page.context.request.get(file, headers={"Authorization": ""})
    assert shown.headers["content-type"] == "image/png"
    _tiles(page).click()
    viewer = page.get_by_role("dialog", name="Picture", exact=True)
    viewer.get_by_role("button", name="Share").click()
    page.get_by_role("radio", name=re.compile("^Only you")).click()
    expect(page.get_by_role("button", name="Copy link")).to_be_hidden()
    assert page.context.request.get(file, headers={"Authorization": ""}).status == 404
    assert "og:image" not in page.context.request.get(link).text()


def test_a_pasted_picture_is_the_one_to_start_from(page: Page) -> None:
    _sign_up(page)
    drawn = BytesIO()
    Image.new("RGB", (192, 128), "skyblue").save(drawn, "PNG")

    page.evaluate(
        """(encoded) => {
          const bytes = Uint8Array.from(atob(encoded), (sign) => sign.charCodeAt(0));
          const data = new DataTransfer();
          data.items.add(new File([bytes], "sky.png", { type: "image/png" }));
          const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
          document.activeElement.dispatchEvent(event);
        }""",
        base64.b64encode(drawn.getvalue()).decode(),
    )

    source = page.get_by_role("group", name="Start from a picture")
    expect(source.get_by_role("img", name="The picture to start from")).to_be_visible()
    expect(page.get_by_label("Width")).to_have_value("192")


def test_the_draft_and_the_folded_settings_are_there_after_a_reload(page: Page) -> None:
    _sign_up(page)
    _prompt(page).fill(PROMPT)
    page.get_by_label("Guidance").fill("3")
    page.get_by_text("Settings", exact=True).click()
    expect(page.get_by_label("Guidance")).to_be_hidden()

    page.reload()

    expect(_prompt(page)).to_have_value(PROMPT)
    expect(page.get_by_label("Guidance")).to_be_hidden()
    page.get_by_text("Settings", exact=True).click()
    expect(page.get_by_label("Guidance")).to_have_value("3")


def test_a_broken_draft_of_an_older_page_breaks_nothing(page: Page) -> None:
    _sign_up(page)
    page.evaluate(
        """() => {
          const key = Object.keys(localStorage).find((name) => name.startsWith("pingvas.draft."));
          localStorage.setItem(key, '{"prompt": 7, "loras": "pencil", "steps": {}, "source": "x", "count": 1e9}');
        }"""
    )

    page.reload()

    expect(_prompt(page)).to_have_value("")
    expect(page.get_by_role("button", name=re.compile(r"^Create picture.*costs \d+ credit"))).to_be_visible()


@pytest.mark.parametrize("last", ["models", "jobs"])
def test_on_a_phone_nothing_moves_when_what_teaches_a_new_person_comes(page: Page, last: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    _sign_up(page)
    page.add_init_script(_WATCH_SHIFTS)
    # given that one of the two answers comes late, whichever
    page.route(re.compile(rf"/api/v1/{last}(\?|$)"), _late)

    page.reload()

    examples = page.get_by_role("list", name="Examples")
    expect(examples.get_by_role("button")).to_have_count(3)
    expect(_prompt(page)).to_be_visible()
    above, below = examples.bounding_box(), _prompt(page).bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] < below["y"]
    assert page.evaluate("window.shifted") < 0.02


def _late(route: Route) -> None:
    route.request.frame.page.wait_for_timeout(700)
    route.continue_()


def test_one_writes_on_undisturbed_while_jobs_report_progress(page: Page) -> None:
    _sign_up(page)
    page.get_by_label("Steps").fill("16")
    page.get_by_label("Pictures").fill("4")
    _prompt(page).fill(PROMPT)
    page.get_by_role("button", name=re.compile("^Create 4 pictures")).click()
    expect(page.get_by_role("img", name="Preview of the unfinished picture").first).to_be_visible(
        timeout=PICTURE_MS
    )

    words = " and a long road that leads over the hills to a small town by the sea"
    _prompt(page).press("End")
    _prompt(page).press_sequentially(words, delay=20)

    expect(_prompt(page)).to_have_value(PROMPT + words)
    expect(_prompt(page)).to_be_focused()
    expect(_finished(page)).to_have_count(4, timeout=4 * PICTURE_MS)


def test_arrows_lead_from_picture_to_picture_and_escape_back_to_the_one_that_was_open(page: Page) -> None:
    _sign_up(page)
    page.get_by_label("Steps").fill("2")
    page.get_by_label("Pictures").fill("3")
    _prompt(page).fill(PROMPT)
    page.get_by_role("button", name=re.compile("^Create 3 pictures")).click()
    expect(_finished(page)).to_have_count(3, timeout=3 * PICTURE_MS)
    page.get_by_role("link", name="Gallery").click()
    expect(_tiles(page)).to_have_count(3)

    _tiles(page).first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(_tiles(page).nth(2)).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Picture", exact=True)).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog", name="Picture", exact=True)).to_be_hidden()
    expect(_tiles(page).nth(1)).to_be_focused()
    page.keyboard.press("Delete")
    expect(_tiles(page)).to_have_count(2)
    expect(_tiles(page).nth(1)).to_be_focused()
