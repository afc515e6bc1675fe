"""How much comes before somebody can sign in, and that the studio is not asked about somebody who never was here."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from harness.running_studio import RunningStudio
from pingvas.api.http.site import DIST
from tests.browser.test_first_picture import _sign_up, browser, page

__all__ = ["browser", "page"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FIRST_LOAD_BYTES = 250_000
PART_BYTES = 120_000
# What the ways in ask: which of them the studio has. It is the same for everybody.
WAYS = "/api/v1/auth/providers"


@pytest.fixture(params=["en-US", "ko-KR"])
def strangers(
    request: pytest.FixtureRequest, browser: Browser, studio: RunningStudio
) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=studio.url, locale=request.param)
    yield context
    context.close()


def test_the_way_in_is_light(strangers: BrowserContext) -> None:
    page = strangers.new_page()
    session = strangers.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda loaded: sizes.append(loaded["encodedDataLength"]))

    page.goto("/sign-in")
    expect(page.get_by_role("form")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")

    assert 100_000 < sum(sizes) < FIRST_LOAD_BYTES


def test_no_part_of_the_page_is_heavy(studio: RunningStudio) -> None:
    parts = {file.name: file.stat().st_size for file in DIST.glob("assets/*.js.gz")}

    assert any(name.startswith("CreatePage-") for name in parts)
    assert {name: size for name, size in parts.items() if size > PART_BYTES} == {}


def test_what_is_shown_comes_without_waiting_for_the_script_that_shows_it(strangers: BrowserContext) -> None:
    page = strangers.new_page()
    page.goto("/sign-in")
    expect(page.get_by_role("form")).to_be_visible()

    ahead: list[str] = page.evaluate(
        "[...document.querySelectorAll('head > link[rel=modulepreload]')].map(link => link.href)"
    )
    fetched: list[str] = page.evaluate(
        "performance.getEntriesByType('resource').filter(e => e.name.endsWith('.js')).map(e => e.name)"
    )
    assert len(ahead) == len(set(ahead)) > 3
    parts = {file for file in fetched if re.search(r"/assets/(?!start-)", file)}
    assert parts == set(ahead)


@pytest.mark.parametrize("address", ["/sign-in", "/sign-up"])
def test_nobody_asks_about_a_stranger(strangers: BrowserContext, address: str) -> None:
    page = strangers.new_page()
    calls, complaints = _heard(page)

    page.goto(address)
    expect(page.get_by_role("form")).to_be_visible()
    page.wait_for_load_state("networkidle")

    assert [urlsplit(call).path for call in calls] == [WAYS]
    assert complaints == []


def test_a_browser_that_lost_what_it_remembered_is_still_signed_in(page: Page) -> None:
    _sign_up(page)
    page.evaluate("localStorage.clear()")

    page.goto("/gallery")

    expect(page.get_by_role("link", name="Gallery")).to_be_visible()


def test_one_with_traces_of_an_older_page_is_asked_about_at_the_way_in_too(page: Page) -> None:
    _sign_up(page)
    page.evaluate("localStorage.clear(); localStorage.setItem('pingvas.theme', 'dark')")

    page.goto("/sign-in")

    expect(page.get_by_role("link", name="Gallery")).to_be_visible()


def test_a_tab_at_the_way_in_follows_a_sign_in_in_another(page: Page) -> None:
    other = page.context.new_page()
    other.goto("/sign-in")
    expect(other.get_by_role("form")).to_be_visible()

    _sign_up(page)

    expect(other.get_by_role("link", name="Gallery")).to_be_visible()


def test_cookies_that_are_gone_end_it_without_another_question(page: Page) -> None:
    _sign_up(page)
    page.context.clear_cookies()
    page.goto("/sign-in")
    expect(page.get_by_role("form")).to_be_visible()
    page.wait_for_load_state("networkidle")
    calls, _ = _heard(page)

    page.reload()
    expect(page.get_by_role("form")).to_be_visible()
    page.wait_for_load_state("networkidle")

    assert [urlsplit(call).path for call in calls] == [WAYS]


def _heard(page: Page) -> tuple[list[str], list[str]]:
    """What the page asks the API from now on, and what its console says."""
    calls: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: calls.append(request.url) if "/api/" in request.url else None)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    return calls, complaints
