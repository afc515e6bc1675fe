"""A studio below a path, in a real browser behind a proxy that takes the path off or leaves it: the page, its parts, the API, the socket,
pictures, and the cookie."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from harness.running_studio import RunningStudio, an_address_of_ones_own, free_port, running_studio
from tests.browser.prefix_proxy import PrefixProxy, prefix_proxy
from tests.browser.test_first_picture import (
    PASSWORD,
    PICTURE_MS,
    PROMPT,
    _create,
    _finished,
    _shown,
    browser,
)

__all__ = ["browser"]  # a fixture

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PATH = "/studio"
TAKES_OFF, LEAVES = "takes the path off", "leaves the path"


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    return {TAKES_OFF: free_port(), LEAVES: free_port()}


@pytest.fixture(scope="module")
def below(tmp_path_factory: pytest.TempPathFactory, ports: dict[str, int]) -> Iterator[RunningStudio]:
    """A studio whose address has a path."""
    data = tmp_path_factory.mktemp("below") / "data"
    public_url = f"http://127.0.0.1:{ports[TAKES_OFF]}{PATH}"
    with running_studio(data, public_url=public_url) as running:
        yield running


@pytest.mark.parametrize("kind", [TAKES_OFF, LEAVES])
def test_everything_a_person_does_stays_below_the_path(
    browser: Browser, below: RunningStudio, ports: dict[str, int], kind: str
) -> None:
    port = ports[kind]
    upstream = int(below.url.rpartition(":")[2].partition("/")[0])
    with prefix_proxy(port, upstream, PATH, takes_off=kind == TAKES_OFF) as proxy:
        context = browser.new_context(
            base_url=f"http://127.0.0.1:{port}{PATH}/",
            locale="en-US",
            extra_http_headers=an_address_of_ones_own(),
        )
        page = context.new_page()
        page.set_default_timeout(30_000)
        _journey(page, proxy, port)
        context.close()


def _journey(page: Page, proxy: PrefixProxy, port: int) -> None:
    # given what the browser complains of, and whom it asks
    complaints: list[str] = []
    sockets: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: _note(said, complaints))
    page.on("websocket", lambda socket: sockets.append(socket.url))

    # when somebody signs up, from an address of the page that is no file
    page.goto("sign-up")
    page.get_by_label("Name").fill("Nari")
    page.get_by_label("Email").fill(f"below{port}@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_label("Prompt", exact=True)).to_be_visible()
    assert page.url == f"http://127.0.0.1:{port}{PATH}/create"

    # and makes a picture, whose end the socket tells
    _create(page)
    expect(_finished(page)).to_be_visible(timeout=PICTURE_MS)
    assert sockets
    assert all(url.startswith(f"ws://127.0.0.1:{port}{PATH}/ws/") for url in sockets)

    # then it is in the gallery, whose address can be opened by itself
    page.goto("gallery")
    tile = page.get_by_role("button", name=f"Open picture: {PROMPT}")
    expect(tile).to_be_visible()
    assert _shown(tile.get_by_role("img"))
    tile.click()
    picture = page.get_by_role("dialog", name="Picture", exact=True).get_by_role("img", name=PROMPT)
    expect(picture).to_be_visible()
    assert _shown(picture)
    address = picture.evaluate("image => new URL(image.currentSrc || image.src).pathname")
    assert address.startswith((f"{PATH}/files/", f"{PATH}/api/"))
    page.keyboard.press("Escape")

    # and a reload, a second tab and the mark at the top find what they need
    page.reload()
    expect(page.get_by_role("heading", name="Gallery")).to_be_visible()
    page.get_by_role("link", name="Create").first.click()
    expect(page).to_have_url(f"http://127.0.0.1:{port}{PATH}/create")
    assert _shown(page.locator('img[src$="/mark.svg"]').first)
    [cookie] = [cookie for cookie in page.context.cookies() if cookie["name"].startswith("pingvas_refresh_")]
    assert cookie["path"] == f"{PATH}/api/v1/auth"

    # and the API's own page shows its calls
    page.goto("api/docs")
    page.get_by_role("heading", name="billing").click()
    expect(page.get_by_text("/api/v1/plans").first).to_be_visible()
    assert complaints == []
    assert [target for target in proxy.outside if target != "/favicon.ico"] == []


def _note(said: ConsoleMessage, complaints: list[str]) -> None:
    # A new person has no session yet, and the studio says so.
    if said.type == "error" and not re.search(r"status of 401", said.text):
        complaints.append(said.text)


def test_whoever_comes_by_the_machine_s_own_address_is_led_to_the_path(
    browser: Browser, below: RunningStudio
) -> None:
    page = browser.new_page(locale="en-US")

    page.goto(f"{below.url}/sign-up?next=%2Fgallery#here")

    expect(page.get_by_role("button", name="Sign up")).to_be_visible()
    assert page.url == f"{below.url}{PATH}/sign-up?next=%2Fgallery#here"
    page.close()
