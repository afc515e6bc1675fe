"""The font that comes with the page: it draws Korean on any machine, and is fetched only where Korean is shown."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from harness.running_studio import RunningStudio
from tests.browser.test_first_picture import PICTURE_MS, _create, _finished, _sign_up, browser, page

__all__ = ["browser", "page"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FAMILY = "Noto Sans KR Variable"
# The signs of the ways in, cut out of it when the page is built.


def _fetched(page: Page) -> list[str]:
    """The Korean font's files that the page asks for from now on."""
    files: list[str] = []
    page.on("request", lambda request: files.append(request.url) if "noto-sans-kr" in request.url else None)
    return files


def _speak_korean(page: Page) -> None:
    page.get_by_role("button", name="Account").click()
    page.get_by_text("한국어", exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    page.evaluate("document.fonts.ready")


def _loaded(page: Page) -> int:
    """How many subsets of the font are in use."""
    found: int = page.evaluate(
        "family => document.fonts.ready.then(() =>"
        " [...document.fonts].filter(face => face.family.includes(family) && face.status === 'loaded').length)",
        FAMILY,
    )
    return found


def _drawn_with(page: Page, element: Locator) -> dict[str, bool]:
    """The fonts that draw an element's own text: by name, whether it is one of the page's."""
    element.evaluate("element => element.id = 'looked-at'")
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    node = session.send("DOM.querySelector", {"nodeId": root, "selector": "#looked-at"})["nodeId"]
    fonts: list[dict[str, Any]] = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    element.evaluate("element => element.removeAttribute('id')")
    session.detach()
    return {font["familyName"]: font["isCustomFont"] for font in fonts}


def test_an_english_page_fetches_nothing_of_the_korean_font(
    page: Page, browser: Browser, studio: RunningStudio
) -> None:
    # given somebody signed in, in a browser that has seen no page where the word 한국어 stands, as it does at the sign-up:
    # Chromium fetches beforehand what it remembers to have needed
    _sign_up(page)
    state = page.context.storage_state()
    page.close()
    fresh = browser.new_context(base_url=studio.url, locale="en-US", storage_state=state)
    page = fresh.new_page()
    fetched = _fetched(page)

    for address in ("/create", "/gallery", "/credits"):
        page.goto(address)
        expect(page.get_by_role("link", name="Gallery")).to_be_visible()
        page.wait_for_load_state("networkidle")

        assert page.evaluate("document.fonts.check('1rem \"Instrument Sans Variable\"', 'Gallery')")
        assert _loaded(page) == 0
    assert fetched == []
    fresh.close()


def test_hangul_is_drawn_by_the_font_that_comes_with_the_page(page: Page) -> None:
    _sign_up(page)
    fetched = _fetched(page)

    _speak_korean(page)

    expect(page.get_by_role("link", name="갤러리")).to_be_visible()
    assert 0 < _loaded(page) < 60
    assert fetched
    assert all(re.search(r"/assets/noto-sans-kr-[^/]*\.woff2$", file) for file in fetched)
    for text in ("갤러리", "프롬프트"):
        drawn = _drawn_with(page, page.get_by_text(text, exact=True).first)
        assert [own for name, own in drawn.items() if name.startswith("Noto Sans KR")] == [True], drawn
        assert all(drawn.values()), drawn


def test_the_ways_in_are_drawn_by_its_signs_alone(browser: Browser, studio: RunningStudio) -> None:
    context = browser.new_context(base_url=studio.url, locale="ko-KR")
    page = context.new_page()
    fetched = _fetched(page)

    for address, words in {"/sign-in": "다시 오셨군요", "/sign-up": "계정 만들기"}.items():
        page.goto(address)
        heading = page.get_by_role("heading", name=words)
        expect(heading).to_be_visible()
        page.evaluate("document.fonts.ready")
        page.wait_for_load_state("networkidle")

        for element in (heading, page.locator("button[type=submit]"), page.get_by_text("이메일", exact=True)):
            drawn = _drawn_with(page, element)
            assert [own for name, own in drawn.items() if name.startswith("Noto Sans KR")] == [True], drawn
            assert all(drawn.values()), drawn
    assert fetched
    assert all(re.search(r"/assets/noto-sans-kr-first-[^/]*\.woff2$", file) for file in fetched), fetched

    # What somebody writes may be anything.
    page.get_by_label("이름").fill("쀍")
    page.wait_for_function(
        "family => [...document.fonts].some(face => face.family.includes(family) && face.status === 'loaded')",
        arg=FAMILY,
    )
    context.close()


def test_korean_words_on_an_english_page_are_drawn_by_it_too(page: Page) -> None:
    _sign_up(page)
    page.get_by_label("Steps").fill("1")

    # Syllables that are common, and one that hardly anybody writes.
    _create(page, "쀍없는 바닷가의 붉은 집")
    expect(_finished(page)).to_be_visible(timeout=PICTURE_MS)
    page.get_by_role("link", name="Gallery").click()
    page.get_by_role("button", name=re.compile("^Open picture")).click()

    words = (
        page.get_by_role("dialog", name="Picture", exact=True).get_by_text("쀍없는 바닷가의 붉은 집").first
    )
    expect(words).to_be_visible()
    assert _loaded(page) > 0
    page.evaluate("document.fonts.ready")
    drawn = _drawn_with(page, words)
    assert [own for name, own in drawn.items() if name.startswith("Noto Sans KR")] == [True], drawn
    assert all(drawn.values()), drawn
