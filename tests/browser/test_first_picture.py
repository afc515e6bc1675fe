"""What a person does on the first day, in a real browser against a real studio: sign up, make a picture, keep it."""

import os
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from harness.running_studio import RunningStudio, an_address_of_ones_own

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "a long and quiet river"
PROMPT = "a red house at sunset"
PICTURE_MS = 120_000  # a busy machine with two cores draws slowly
_people = count()
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, once for this file."""
    path = os.environ.get("PINGVAS_CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path if Path(path).exists() else None, args=["--disable-dev-shm-usage"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, studio: RunningStudio) -> Iterator[Page]:
    """A page in a browser of its own. Fails the test when the page breaks or asks anybody but the studio."""
    context = browser.new_context(
        base_url=studio.url,
        locale="en-US",
        viewport={"width": 1280, "height": 900},
        # Everybody comes from an address of their own: of many accounts made at one, only the first can pay for a picture.
        extra_http_headers=an_address_of_ones_own(),
    )
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=studio.url)
    page = context.new_page()
    page.set_default_timeout(30_000)
    broken: list[str] = []
    strangers: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on(
        "request", lambda request: strangers.append(request.url) if _strange(request.url, studio) else None
    )
    yield page
    context.close()
    assert not broken
    assert not strangers


def _strange(url: str, studio: RunningStudio) -> bool:
    host = studio.url.removeprefix("http://")
    return not url.startswith((f"http://{host}/", f"ws://{host}/", "data:", f"blob:http://{host}/"))


def _sign_up(page: Page) -> str:
    email = f"person{next(_people)}-{os.getpid()}@example.com"
    page.goto("/sign-up")
    page.get_by_label("Name").fill("Nari")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_label("Prompt", exact=True)).to_be_visible()
    return email


def _finished(page: Page) -> Locator:
    """Pictures that are finished, among the jobs."""
    return page.get_by_role("region", name="Jobs").get_by_role("link", name=re.compile("^Open picture"))


def _create(page: Page, prompt: str = PROMPT) -> None:
    page.get_by_label("Prompt", exact=True).fill(prompt)
    page.get_by_role("button", name=re.compile("^Create picture")).click()


def _balance(page: Page) -> int:
    # Also behind an open picture, where it is shown and out of reach.
    header = page.get_by_role("banner", include_hidden=True)
    link = header.get_by_role("link", name=re.compile(r"credits?$"), include_hidden=True)
    text = link.get_attribute("aria-label")
    assert text is not None
    return int(re.sub(r"\D", "", text))


def _shown(picture: Locator) -> bool:
    """Whether the browser really got the picture's pixels; waits for them."""
    return bool(picture.evaluate("image => image.decode().then(() => image.naturalWidth > 0)"))


def test_a_new_person_makes_a_picture_and_finds_it_in_the_gallery(page: Page) -> None:
    _sign_up(page)
    expect(page.get_by_text("Your first picture starts with a sentence")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile(r"costs \d+ credits?"))).to_be_visible()
    expect(page.get_by_role("banner").get_by_role("link", name=re.compile("credits$"))).to_be_visible()
    before = _balance(page)

    _create(page)
    expect(_finished(page)).to_be_visible(timeout=PICTURE_MS)

    expect(page.get_by_text(re.compile(r"^Receipt: \d+ credits?"))).to_be_visible()
    page.get_by_text(re.compile("^Receipt:")).click()
    for line in ("Quoted", "Held", "Charged", "Returned"):
        expect(page.get_by_text(line, exact=True)).to_be_visible()
    assert _balance(page) < before
    page.get_by_role("link", name="Gallery").click()
    tile = page.get_by_role("button", name=f"Open picture: {PROMPT}")
    expect(tile).to_be_visible()
    tile.click()
    viewer = page.get_by_role("dialog", name="Picture", exact=True)
    picture = viewer.get_by_role("img", name=PROMPT)
    expect(picture).to_be_visible()
    assert _shown(picture)
    expect(viewer.get_by_text("Seed", exact=True)).to_be_visible()


def test_what_a_job_cost_stands_in_the_ledger(page: Page) -> None:
    _sign_up(page)
    _create(page)
    expect(_finished(page)).to_be_visible(timeout=PICTURE_MS)

    page.get_by_role("banner").get_by_role("link", name=re.compile("credits?$")).click()

    ledger = page.get_by_role("table", name="Transactions")
    expect(ledger.get_by_role("row", name=re.compile("Bonus"))).to_be_visible()
    expect(ledger.get_by_role("row", name=re.compile("Set aside for a picture"))).to_be_visible()


def test_a_reload_and_a_second_tab_stay_signed_in(page: Page) -> None:
    _sign_up(page)

    page.reload()
    expect(page.get_by_label("Prompt", exact=True)).to_be_visible()
    tabs = [page.context.new_page() for _ in range(3)]
    for tab in tabs:
        tab.goto("/gallery", wait_until="commit")

    for tab in tabs:
        expect(tab.get_by_role("heading", name="Gallery")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Prompt", exact=True)).to_be_visible()


def test_signing_out_signs_out_every_tab_and_a_wrong_password_is_refused(page: Page) -> None:
    email = _sign_up(page)
    other = page.context.new_page()
    other.goto("/gallery")
    expect(other.get_by_role("heading", name="Gallery")).to_be_visible()

    page.get_by_role("button", name="Account").click()
    page.get_by_role("button", name="Sign out").click()

    expect(other.get_by_role("heading", name="Welcome back")).to_be_visible()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("Email or password is not right.")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Prompt", exact=True)).to_be_visible()


def test_the_settings_of_a_picture_can_be_used_again(page: Page) -> None:
    _sign_up(page)
    page.get_by_label("Steps").fill("6")
    page.get_by_label("Guidance").fill("3")
    _create(page)
    expect(_finished(page)).to_be_visible(timeout=PICTURE_MS)
    page.get_by_label("Prompt", exact=True).fill("something else")
    page.get_by_label("Steps").fill("9")

    _finished(page).click()
    viewer = page.get_by_role("dialog", name="Picture", exact=True)
    seed = viewer.locator("dt", has_text="Seed").locator("+ dd").inner_text()
    viewer.get_by_role("link", name="Use these again").click()

    expect(page.get_by_label("Prompt", exact=True)).to_have_value(PROMPT)
    expect(page.get_by_label("Steps")).to_have_value("6")
    expect(page.get_by_label("Guidance")).to_have_value("3")
    expect(page.get_by_label("Seed", exact=True)).to_have_value(seed)
    expect(page).to_have_url(re.compile("/create$"))


def test_the_page_speaks_korean_and_remembers_it(page: Page) -> None:
    _sign_up(page)

    page.get_by_role("button", name="Account").click()
    page.get_by_text("한국어", exact=True).click()

    expect(page.get_by_label("프롬프트", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^그림 만들기"))).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    page.reload()
    expect(page.get_by_role("link", name="갤러리")).to_be_visible()


def test_everything_goes_by_keyboard_alone(page: Page) -> None:
    _sign_up(page)
    page.get_by_label("Prompt", exact=True).focus()
    page.keyboard.type(PROMPT)
    page.keyboard.press("Control+Enter")
    expect(_finished(page)).to_be_visible(timeout=PICTURE_MS)
    page.keyboard.type(" again")
    page.keyboard.press("Control+Enter")
    expect(_finished(page)).to_have_count(2, timeout=PICTURE_MS)

    page.get_by_role("link", name="Gallery").focus()
    page.keyboard.press("Enter")
    tiles = page.get_by_role("button", name=re.compile("^Open picture"))
    expect(tiles).to_have_count(2)
    tiles.first.focus()
    page.keyboard.press("Enter")

    viewer = page.get_by_role("dialog", name="Picture", exact=True)
    expect(viewer.get_by_role("img", name=f"{PROMPT} again")).to_be_visible()
    expect(viewer).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(viewer.get_by_role("img", name=PROMPT, exact=True)).to_be_visible()
    page.keyboard.press("f")
    expect(viewer.get_by_role("button", name="Favorite")).to_have_attribute("aria-pressed", "true")
    for _ in range(12):
        page.keyboard.press("Tab")
        # At either end the focus is handed on to the other one.
        expect(page.locator("[role=dialog]:focus-within")).to_be_visible()
    # In the field for tags the key is one of writing.
    viewer.get_by_role("button", name="Enlarge").focus()
    page.keyboard.press("Delete")
    expect(page.get_by_text("Picture moved to the trash", exact=True)).to_be_visible()
    expect(viewer.get_by_role("img", name=f"{PROMPT} again")).to_be_visible()
    page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    expect(tiles).to_have_count(1)


def test_bad_entries_are_told_beside_their_fields_and_cost_nothing(page: Page) -> None:
    _sign_up(page)
    expect(page.get_by_role("button", name=re.compile(r"costs \d+ credits?"))).to_be_visible()
    before = _balance(page)

    page.get_by_role("button", name=re.compile("^Create picture")).click()
    expect(page.get_by_label("Prompt", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("Write what the picture should show.")).to_be_visible()
    page.get_by_label("Prompt", exact=True).fill(PROMPT)
    page.get_by_label("Width").fill("131")
    page.get_by_role("button", name=re.compile("^Create picture")).click()

    expect(page.get_by_text("Must be a multiple of 16.")).to_be_visible()
    expect(page.get_by_text("Your first picture starts with a sentence")).to_be_visible()
    assert _balance(page) == before


def test_the_printed_link_signs_in_once_and_leaves_no_token_in_the_address(
    page: Page, studio: RunningStudio
) -> None:
    page.goto(f"/sign-in/link#token={studio.sign_in_token}")

    expect(page.get_by_label("Prompt", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile("/create$"))
    # no mail reaches the owner whom the studio makes, so none is asked for
    expect(page.get_by_role("banner").get_by_role("link", name=re.compile("credits$"))).to_be_visible()
    expect(page.get_by_role("region", name="Your address is not proven yet")).to_be_hidden()
    page.get_by_role("button", name="Account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    page.goto("/gallery")
    page.goto(f"/sign-in/link#token={studio.sign_in_token}")
    expect(page.get_by_role("alert")).to_be_visible()


def test_a_phone_shows_everything_without_scrolling_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    _sign_up(page)

    for address in ("/create", "/gallery", "/credits"):
        page.goto(address)
        expect(
            page.get_by_role("navigation", name="Main").get_by_role("link", name="Credits")
        ).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
