"""Every primitive of the page, in every state, both themes and both languages: how it looks, and that nobody is shut out.

A changed look fails here until the new pictures are kept: `KEEP_LOOKS=1 ./studio test tests/browser/test_kit.py`.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from harness.looks import difference
from harness.page_kit import WEB, build_kit, served_kit
from harness.running_studio import ROOT
from tests.browser.test_first_picture import browser

__all__ = ["browser"]  # a fixture

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOOKS = Path(__file__).parent / "looks"
KEEP = os.environ.get("KEEP_LOOKS") == "1"
THEMES = ("dark", "light")
LANGUAGES = ("en", "ko")
#: What opens, and how it is opened where the address alone does not.
OPENED = {
    "dialog": "dialog",
    "dialog-full": "dialog",
    "confirm": "alertdialog",
    "drawer-right": "dialog",
    "drawer-left": "dialog",
    "drawer-bottom": "dialog",
    "popover": "dialog",
    "panel": "dialog",
    "menu": "menu",
    "context-menu": "menu",
    "select": "listbox",
    "combobox": "listbox",
    "tooltip": "",
    "toasts": "",
    "palette": "dialog",
}
_AXE = "web/node_modules/axe-core/axe.min.js"
# The library's own: they take the focus to hand it on, and are hidden from those who read the page.
_AXE_CONTEXT = {"exclude": [["[data-base-ui-focus-guard]"]]}
# What opens above a page is outside of its landmarks, and hides the page's heading while it is open.
_NOT_OF_WHAT_OPENS = ("region", "page-has-heading-one")


@pytest.fixture(scope="module")
def kit() -> Iterator[str]:
    with served_kit(build_kit()) as address:
        yield address


@pytest.fixture
def page(browser: Browser, kit: str) -> Iterator[Page]:
    """A page that fails the test when a script fails or the content security policy is broken."""
    context = browser.new_context(
        base_url=kit, viewport={"width": 1120, "height": 800}, reduced_motion="reduce", locale="en-US"
    )
    page = context.new_page()
    page.set_default_timeout(30_000)
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("console", lambda message: broken.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert not broken


def _show(page: Page, *, language: str = "en", theme: str = "dark", opened: str | None = None) -> None:
    also = "" if opened is None else f"&open={opened}"
    page.goto(f"/kit/?language={language}&theme={theme}{also}")
    expect(page.locator("h1")).to_be_visible()
    if opened == "context-menu":
        page.get_by_test_id("stage").locator("> *").first.click(button="right")
    if opened in ("select", "combobox"):
        page.get_by_role("combobox").click()
    if opened == "toasts":
        expect(page.get_by_role("button", name=re.compile("Undo|되돌리기"))).to_be_visible()
    elif opened == "tooltip":
        expect(page.get_by_text("Ctrl")).to_be_visible()
    elif opened is not None:
        expect(page.get_by_role(OPENED[opened])).to_be_visible()  # type: ignore[arg-type]
    page.evaluate("document.fonts.ready")
    # What is animated stands still: at its end, or at its beginning where it goes on for ever. What is taken away meanwhile does, too.
    page.evaluate(
        "Promise.all(document.getAnimations().map(animation =>"
        " animation.effect.getComputedTiming().iterations === Infinity ? animation.cancel() : animation.finished.catch(() => null)))"
    )


def _violations(page: Page, *, without: tuple[str, ...] = ("region",)) -> list[str]:
    page.evaluate((ROOT / _AXE).read_text())
    run = "([context, options]) => axe.run(context, options)"
    options = {"resultTypes": ["violations"], "rules": {rule: {"enabled": False} for rule in without}}
    found: list[dict[str, Any]] = page.evaluate(run, [_AXE_CONTEXT, options])["violations"]
    return [
        f"{violation['id']}: {violation['help']} — {node['html'][:160]} {node['failureSummary'][:300]}"
        for violation in found
        for node in violation["nodes"]
    ]


def _compare(name: str, shot: bytes) -> str:
    """What is different from the stored picture, in a line; nothing when it looks the same or is to be kept."""
    stored = LOOKS / f"{name}.png"
    if KEEP or not stored.exists():
        if not KEEP:
            return f"{name}: there is no picture of it yet"
        if not stored.exists() or difference(stored, shot).text:
            stored.parent.mkdir(parents=True, exist_ok=True)
            stored.write_bytes(shot)
        return ""
    found = difference(stored, shot)
    if not found.text:
        return ""
    marked = ROOT / "build" / "looks" / f"{name}.png"
    marked.parent.mkdir(parents=True, exist_ok=True)
    assert found.picture is not None
    found.picture.save(marked)
    return f"{name}: {found.text}; see {marked.relative_to(ROOT)}"


def _shot(place: Locator | Page) -> bytes:
    return place.screenshot(animations="disabled", caret="hide", scale="css")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_primitive_looks_as_it_was_meant_to(page: Page, language: str, theme: str) -> None:
    _show(page, language=language, theme=theme)
    sections = page.locator("[data-section]").all()

    differences = [
        _compare(f"{section.get_attribute('data-section')}-{theme}-{language}", _shot(section))
        for section in sections
    ]

    assert len(sections) > 10
    assert [text for text in differences if text] == []


@pytest.mark.parametrize("theme", THEMES)
def test_what_opens_above_the_page_looks_as_it_was_meant_to(page: Page, theme: str) -> None:
    page.set_viewport_size({"width": 800, "height": 600})
    differences = []
    for name in OPENED:
        # A narrow window with Korean words for one of them is enough: the sections show the rest.
        _show(page, theme=theme, opened=name)
        differences.append(_compare(f"open-{name}-{theme}", _shot(page)))

    assert [text for text in differences if text] == []


@pytest.mark.parametrize("theme", THEMES)
def test_pointing_and_the_focus_show(page: Page, theme: str) -> None:
    _show(page, theme=theme)
    buttons = page.locator("[data-section=buttons]")
    fields = page.locator("[data-section=text-fields]")

    buttons.get_by_role("button", name="Create picture").first.focus()
    page.keyboard.press("Tab")  # to the next one, by keyboard
    buttons.get_by_role("button", name="Later").first.hover()
    at_buttons = _shot(buttons)
    fields.get_by_label("Name").first.focus()
    at_fields = _shot(fields)

    differences = [
        _compare(f"pointed-at-buttons-{theme}", at_buttons),
        _compare(f"focused-field-{theme}", at_fields),
    ]
    assert [text for text in differences if text] == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_on_the_kit(page: Page, language: str, theme: str) -> None:
    _show(page, language=language, theme=theme)

    assert _violations(page) == []


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_in_what_opens(page: Page, theme: str) -> None:
    found = {}
    for name in OPENED:
        _show(page, theme=theme, opened=name)
        found[name] = _violations(page, without=_NOT_OF_WHAT_OPENS)

    assert {name: lines for name, lines in found.items() if lines} == {}


def test_a_phone_shows_the_kit_without_scrolling_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})

    _show(page)

    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_dialog_keeps_the_focus_and_gives_it_back(page: Page) -> None:
    _show(page, opened="dialog")
    dialog = page.get_by_role("dialog")
    for _ in range(8):
        page.keyboard.press("Tab")
        # At either end the focus passes a guard outside, which sends it back.
        expect(page.locator("[role=dialog]:focus-within")).to_have_count(1)

    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    opener = page.get_by_role("button", name="Open")
    opener.click()
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")

    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_only_the_rows_near_the_window_are_in_the_page(page: Page) -> None:
    _show(page)
    cells = page.get_by_role("list", name="Picture grid").get_by_role("listitem")
    page.get_by_role("list", name="Picture grid").scroll_into_view_if_needed()

    expect(cells.first).to_be_visible()
    assert 0 < cells.count() < 200
    assert cells.first.get_attribute("aria-setsize") == "400"


def test_a_column_is_sorted_by_its_heading(page: Page) -> None:
    _show(page)
    table = page.locator("[data-section=table]").get_by_role("table").first
    cells = table.locator("tbody tr td:last-child")
    assert cells.all_inner_texts() == ["12", "4", "0"]

    table.get_by_role("button", name="Credits").click()

    expect(table.get_by_role("columnheader", name="Credits")).to_have_attribute("aria-sort", "ascending")
    assert cells.all_inner_texts() == ["0", "4", "12"]


def test_the_page_that_people_get_has_no_kit_in_it() -> None:
    built = [path for path in (WEB / "dist").rglob("*") if path.suffix in (".js", ".html")]

    assert built
    assert [path.name for path in built if "data-section" in path.read_text() or "kit" in path.name] == []


def test_the_theme_that_was_chosen_is_there_before_anything_is_drawn(page: Page) -> None:
    _show(page)
    page.get_by_role("radio", name="Light").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    # Stops the page's own script: what is drawn now is drawn without it.
    drawn = page.context.new_page()
    drawn.route(re.compile(r"/assets/.*\.js$"), lambda route: route.abort())

    drawn.goto("/kit/")

    assert drawn.evaluate("document.documentElement.dataset.theme") == "light"
    assert drawn.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    drawn.close()


def test_following_the_system_follows_it_while_the_page_is_open(page: Page) -> None:
    _show(page)
    page.emulate_media(color_scheme="dark")
    page.get_by_role("radio", name="System").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")

    page.emulate_media(color_scheme="light")

    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    expect(page.locator("meta[name=theme-color]")).to_have_attribute("content", "#f8f9fb")
