"""What stands around every page: places, running jobs, notices, commands, keys, titles, and what is told when something is away."""

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from harness.running_studio import RunningStudio, an_address_of_ones_own
from tests.browser.test_first_picture import (
    PASSWORD,
    PICTURE_MS,
    PROMPT,
    _create,
    _finished,
    _sign_up,
    browser,
    page,
)
from tests.browser.test_kit import _violations

__all__ = ["browser", "page"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LATE_FRAMES = "requestAnimationFrame = (f) => setTimeout(f, 500, 0); cancelAnimationFrame = clearTimeout; 0"
WIDE: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


def _speak_korean(page: Page) -> None:
    page.evaluate("localStorage.setItem('pingvas.language', 'ko')")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "ko")


def _ask_for(page: Page, count: int, steps: int = 12) -> None:
    page.get_by_label("Steps").fill(str(steps))
    page.get_by_label("Pictures").fill(str(count))
    page.get_by_label("Prompt", exact=True).fill(PROMPT)
    page.get_by_role("button", name=re.compile(f"^Create ({count} )?picture")).click()


def test_the_places_are_beside_the_page_on_a_wide_screen_and_below_it_on_a_phone(page: Page) -> None:
    page.set_viewport_size(WIDE)
    _sign_up(page)
    rail = page.get_by_role("navigation")

    beside = rail.bounding_box()
    page.set_viewport_size(PHONE)
    expect(rail.get_by_role("link")).to_have_text(["Create", "Gallery", "Collections", "Explore", "Credits"])
    below = rail.bounding_box()

    assert beside is not None
    assert below is not None
    assert beside["x"] == 0
    assert beside["width"] < 120
    assert beside["height"] > 600
    assert below["width"] == PHONE["width"]
    assert round(below["y"] + below["height"]) == PHONE["height"]
    expect(rail.get_by_role("link", name="Create")).to_have_attribute("aria-current", "page")


def test_the_tray_shows_running_jobs_on_another_page_and_cancels_them(page: Page) -> None:
    _sign_up(page)
    _ask_for(page, 3, steps=100)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Credits").click()

    page.get_by_role("button", name="Jobs in progress: 3").click()
    tray = page.get_by_role("dialog", name="In progress")
    rows = tray.get_by_role("listitem", name=PROMPT)
    expect(rows).to_have_count(3)
    expect(tray.get_by_text("Waits for your other pictures").first).to_be_visible()
    expect(
        tray.get_by_text(re.compile(r"^Step \d+ of 100$|^Starting$|^Loading the model$")).first
    ).to_be_visible()
    rows.last.get_by_role("button", name="Cancel").click()
    expect(rows).to_have_count(2)
    tray.get_by_role("button", name="Cancel all").click()
    question = page.get_by_role("alertdialog", name="Cancel 2 jobs?")
    question.get_by_role("button", name="Cancel all").click()

    expect(question).to_be_hidden()
    expect(page.get_by_role("button", name="Jobs in progress", exact=True)).to_be_visible(timeout=PICTURE_MS)
    page.get_by_role("button", name="Jobs in progress", exact=True).click()
    expect(page.get_by_role("heading", name="Nothing in progress")).to_be_visible()


def test_a_panel_opened_as_a_page_arrives_stays_open(page: Page) -> None:
    _sign_up(page)
    page.evaluate(LATE_FRAMES)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Credits").click()
    expect(page.get_by_role("heading", level=1, name="Credits")).to_be_focused()

    page.get_by_role("button", name="Jobs in progress", exact=True).click()
    page.wait_for_timeout(1_000)  # longer than the frame that the page waits for

    expect(page.get_by_role("dialog", name="In progress")).to_be_visible()


def test_what_ended_elsewhere_is_told_until_it_is_read(page: Page) -> None:
    _sign_up(page)
    _create(page)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Credits").click()

    page.get_by_role("button", name="Notices: 1 new").click(timeout=PICTURE_MS)
    panel = page.get_by_role("dialog", name="Notices")
    expect(panel.get_by_text("A picture is ready")).to_be_visible()
    expect(page.get_by_role("button", name="Notices", exact=True)).to_be_visible()
    panel.get_by_role("link", name=f"Open picture: {PROMPT}").click()

    expect(
        page.get_by_role("dialog", name="Picture", exact=True).get_by_role("img", name=PROMPT)
    ).to_be_visible()
    expect(page).to_have_title(f"{PROMPT} · Pingvas Studio")


def test_the_palette_goes_to_a_place_by_keyboard_alone_in_korean(page: Page) -> None:
    _sign_up(page)
    _speak_korean(page)
    expect(page.get_by_role("navigation")).to_be_visible()

    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="검색과 명령")
    expect(palette.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("개")  # on its way to 갤
    expect(palette.get_by_role("option").first).to_have_text(re.compile("^갤러리"))
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("/gallery$"))
    expect(page).to_have_title("갤러리 · Pingvas Studio")
    expect(page.get_by_role("heading", level=1, name="갤러리")).to_be_focused()
    expect(palette).to_be_hidden()


def test_the_palette_does_things_to_the_picture_that_is_open(page: Page) -> None:
    _sign_up(page)
    _create(page)
    _finished(page).click(timeout=PICTURE_MS)
    viewer = page.get_by_role("dialog", name="Picture", exact=True)
    expect(viewer.get_by_role("img", name=PROMPT)).to_be_visible()

    palette = page.get_by_role("dialog", name="Search and commands")
    page.keyboard.press("Control+k")
    expect(palette.get_by_role("combobox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    expect(viewer).to_be_visible()
    page.keyboard.press("Control+k")
    expect(palette.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("favorite")
    page.keyboard.press("Enter")

    expect(viewer.get_by_role("button", name="Favorite")).to_have_attribute("aria-pressed", "true")


def test_the_sheet_tells_the_keys_and_the_keys_do_what_it_tells(page: Page) -> None:
    _sign_up(page)
    page.get_by_label("Prompt", exact=True).fill("")
    page.keyboard.type("?gg")
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("?gg")
    page.get_by_role("heading", level=1).focus()
    page.get_by_role("link", name="Gallery").focus()

    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet.get_by_text("Everywhere")).to_be_visible()
    for words in ("Gallery", "Search and commands", "Newer picture", "Favorite"):
        expect(sheet.get_by_text(words, exact=True).first).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("b")
    expect(page).to_have_url(re.compile("/credits$"))
    page.keyboard.press("g")
    page.keyboard.press("j")

    expect(page.get_by_role("dialog", name="In progress")).to_be_visible()


def test_being_offline_is_told_in_a_line_and_so_is_being_back(page: Page) -> None:
    _sign_up(page)
    for name in ("Credits", "Gallery"):
        page.get_by_role("navigation").get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()

    page.context.set_offline(True)
    expect(page.get_by_text(re.compile("^You are offline"))).to_be_visible()
    page.get_by_role("navigation").get_by_role("link", name="Create").click()
    expect(page.get_by_label("Prompt", exact=True)).to_be_visible()
    page.context.set_offline(False)

    expect(page.get_by_text(re.compile("^Connected again"))).to_be_visible()
    expect(page.get_by_text(re.compile("^You are offline"))).to_be_hidden()
    expect(page.get_by_text(re.compile("^Connected again"))).to_be_hidden()


def test_a_page_that_breaks_leaves_the_rest_where_it_is(browser: Browser, studio: RunningStudio) -> None:
    # Not the fixture's page, which does not forgive what breaks here.
    context = browser.new_context(
        base_url=studio.url, locale="en-US", extra_http_headers=an_address_of_ones_own()
    )
    page = context.new_page()
    _sign_up(page)
    page.route("**/api/v1/me/credits*", lambda route: route.fulfill(json={"balance": 1, "next_cursor": None}))

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Credits").click()

    expect(page.get_by_role("heading", level=1, name="This page broke")).to_be_visible()
    expect(page.get_by_role("button", name="Reload")).to_be_visible()
    page.get_by_role("link", name="Gallery").click()
    expect(page.get_by_role("heading", name="Gallery", exact=True)).to_be_visible()
    page.go_back()
    page.unroute("**/api/v1/me/credits*")
    page.get_by_role("button", name="Reload").click()
    expect(page.get_by_role("heading", name="Credits", exact=True)).to_be_visible()
    context.close()


def test_a_part_that_is_gone_after_an_upgrade_is_asked_for_once_more_and_then_told(
    browser: Browser, studio: RunningStudio
) -> None:
    context = browser.new_context(
        base_url=studio.url, locale="en-US", extra_http_headers=an_address_of_ones_own()
    )
    context.route(re.compile(r"/assets/GalleryPages?-.*\.js"), lambda route: route.fulfill(status=404))
    page = context.new_page()
    loads: list[str] = []
    page.on("load", lambda loaded: loads.append(loaded.url))
    _sign_up(page)
    before = len(loads)

    page.get_by_role("link", name="Gallery").click()

    expect(page.get_by_role("heading", level=1, name="There is a newer version")).to_be_visible()
    expect(page.get_by_role("navigation")).to_be_visible()
    assert len(loads) == before + 1
    context.close()


# A job that has just ended leaves the page shorter, and the browser moves what is read with it.
STANDS_STILL = """async () => {
    let y = window.scrollY, since = performance.now();
    while (performance.now() - since < 1000) {
        await new Promise(requestAnimationFrame);
        if (window.scrollY !== y) [y, since] = [window.scrollY, performance.now()];
    }
    return y;
}"""


def test_going_back_comes_back_to_where_one_was(page: Page, studio: RunningStudio) -> None:
    page.set_viewport_size(PHONE)
    _sign_up(page)
    _create(page)
    expect(_finished(page)).to_be_visible(timeout=PICTURE_MS)
    _finished(page).focus()
    page.evaluate("window.scrollTo(0, 300)")
    at = page.evaluate(STANDS_STILL)
    assert at > 0

    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Picture", exact=True)).to_be_visible()
    page.go_back()

    expect(_finished(page)).to_be_focused()
    page.wait_for_function("at => Math.abs(window.scrollY - at) < 3", arg=at)
    page.get_by_role("navigation").get_by_role("link", name="Gallery").click()
    expect(page.get_by_role("heading", level=1, name="Gallery")).to_be_focused()
    assert page.evaluate("window.scrollY") == 0


def test_leaving_the_viewer_by_going_back_returns_to_its_picture(page: Page) -> None:
    _sign_up(page)
    _create(page)
    expect(_finished(page)).to_be_visible(timeout=PICTURE_MS)
    page.goto("/gallery")
    tile = page.get_by_role("button", name=f"Open picture: {PROMPT}")
    tile.focus()
    page.keyboard.press("Enter")
    viewer = page.get_by_role("dialog", name="Picture", exact=True)
    viewer.get_by_role("link", name="Use these again").click()
    expect(page).to_have_title("Create · Pingvas Studio")

    page.go_back()
    expect(viewer).to_be_visible()
    page.go_back()

    expect(viewer).to_be_hidden()
    expect(tile).to_be_focused()


def test_the_skip_link_goes_past_the_places(page: Page) -> None:
    _sign_up(page)
    page.goto("/gallery")
    expect(page.get_by_role("heading", name="Gallery", exact=True)).to_be_visible()

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("main")).to_be_focused()
    expect(page).to_have_url(re.compile("/gallery$"))


def test_every_address_has_a_title_in_the_language_of_the_page(page: Page) -> None:
    page.goto("/sign-in")
    expect(page).to_have_title("Sign in · Pingvas Studio")
    page.get_by_role("link", name="Sign up").click()
    expect(page).to_have_title("Sign up · Pingvas Studio")
    _sign_up(page)
    titles = {}
    for address in ("/create", "/gallery", "/credits", "/nowhere"):
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_attached()
        titles[address] = page.title()

    assert titles == {
        "/create": "Create · Pingvas Studio",
        "/gallery": "Gallery · Pingvas Studio",
        "/credits": "Credits · Pingvas Studio",
        "/nowhere": "Nothing is here · Pingvas Studio",
    }
    _speak_korean(page)
    expect(page).to_have_title("여기에는 아무것도 없습니다 · Pingvas Studio")


def test_whoever_starts_without_the_bonus_is_told_so(page: Page, studio: RunningStudio) -> None:
    crowd = an_address_of_ones_own()
    for number in range(12):
        body = {"email": f"crowd{number}@example.com", "password": PASSWORD, "display_name": "Crowd"}
        answer = httpx.post(f"{studio.url}/api/v1/auth/register", json=body, headers=crowd, timeout=60)
        assert answer.status_code == 201, answer.text
        if answer.json()["bonus_withheld"]:
            break
    else:
        pytest.fail("every account was given the bonus")
    page.context.set_extra_http_headers(crowd)

    _sign_up(page)

    expect(page.get_by_text(re.compile("^Your account starts without the sign-up credits"))).to_be_visible()
    page.goto("/credits")
    expect(page.get_by_text(re.compile("^This account has been given no credits so far"))).to_be_visible()


def _as_chosen(context: BrowserContext, theme: str, language: str = "en") -> None:
    context.add_init_script(
        f"localStorage.setItem('pingvas.theme', '{theme}'); localStorage.setItem('pingvas.language', '{language}')"
    )


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_on_any_page(page: Page, theme: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    _as_chosen(page.context, theme)
    found: dict[str, list[str]] = {}
    for address in ("/sign-in", "/sign-up", "/sign-in/link#token=nothing"):
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        found[address] = _violations(page)
    _sign_up(page)
    _ask_for(page, 2)
    for address in ("/create", "/gallery", "/credits", "/nowhere"):
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_attached()
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        found[address] = _violations(page)
    opened = page.locator("[role=dialog]:not([aria-modal=false])")  # a toast is one as well, beside the page
    for name, keys in (
        ("palette", ["Control+k"]),
        ("sheet", ["?"]),
        ("tray", ["g", "j"]),
        ("notices", ["g", "n"]),
    ):
        for key in keys:
            page.keyboard.press(key)
        expect(opened).to_be_visible()
        found[name] = _violations(page)
        page.keyboard.press("Escape")
        expect(opened).to_be_hidden()

    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize("size", ["wide", "phone"])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_no_page_scrolls_sideways(page: Page, size: str, language: str) -> None:
    page.set_viewport_size({"wide": WIDE, "phone": PHONE}[size])
    _sign_up(page)
    if language == "ko":
        _speak_korean(page)
    wide: dict[str, Any] = {}
    for address in ("/create", "/gallery", "/credits", "/nowhere"):
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_attached()
        wide[address] = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")

    assert not any(wide.values())
