"""People and browsers for the tests of what admins do in the page."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from harness.running_studio import RunningStudio, an_address_of_ones_own
from tests.browser.test_first_picture import PASSWORD
from tests.browser.test_shell import WIDE

OpenBrowser = Callable[..., AbstractContextManager[Page]]


@dataclass
class Someone:
    """Somebody who has an account."""

    id: str
    email: str
    access_token: str


@pytest.fixture(scope="module")
def owner(studio: RunningStudio) -> Iterator[httpx.Client]:
    """The owner, who is an admin and proved a moment ago who they are."""
    client = studio.sign_in_by_a_new_link()
    yield client
    client.close()


@pytest.fixture
def open_page(browser: Browser, studio: RunningStudio) -> OpenBrowser:
    """Pages in browsers of their own."""

    @contextmanager
    def open_one(language: str = "en", theme: str = "dark") -> Iterator[Page]:
        context = browser.new_context(
            base_url=studio.url,
            locale="en-US",
            viewport=WIDE,
            reduced_motion="reduce",
            extra_http_headers=an_address_of_ones_own(),
        )
        context.add_init_script(
            f"localStorage.setItem('pingvas.language', '{language}');"
            f"localStorage.setItem('pingvas.theme', '{theme}')"
        )
        page = context.new_page()
        page.set_default_timeout(30_000)
        broken: list[str] = []
        page.on("pageerror", lambda error: broken.append(str(error)))
        yield page
        context.close()
        assert not broken

    return open_one


_numbers = iter(range(10_000))


def somebody(studio: RunningStudio, name: str) -> Someone:
    email = f"admin-test-{next(_numbers)}@example.com"
    body = {"email": email, "password": PASSWORD, "display_name": name}
    url = f"{studio.url}/api/v1/auth/register"
    answer = httpx.post(url, json=body, headers=an_address_of_ones_own(), timeout=60)
    assert answer.status_code == 201, answer.text
    return Someone(answer.json()["user"]["id"], email, answer.json()["access_token"])


def make_admin(owner: httpx.Client, someone: Someone) -> None:
    body = {"role": "admin", "reason": "Helps on weekends"}
    answer = owner.put(f"/api/v1/admin/users/{someone.id}/role", json=body)
    assert answer.status_code == 200, answer.text


def enter(page: Page, someone: Someone) -> None:
    page.goto("/sign-in")
    page.get_by_label("Email").or_(page.get_by_label("이메일")).fill(someone.email)
    page.get_by_label("Password", exact=True).or_(page.get_by_label("비밀번호", exact=True)).fill(PASSWORD)
    page.keyboard.press("Enter")


def sign_in(page: Page, someone: Someone) -> None:
    enter(page, someone)
    expect(page.get_by_role("navigation").first).to_be_visible()


def do(page: Page, deed: str, reason: str) -> None:
    """Press the button of a deed, and say why."""
    page.get_by_role("button", name=deed, exact=True).click()
    dialog = page.get_by_role("dialog").filter(has=page.get_by_label("Reason"))
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_role("button", name=deed, exact=True).click()
    expect(dialog).to_be_hidden()


@pytest.fixture
def admin(studio: RunningStudio, owner: httpx.Client) -> Someone:
    someone = somebody(studio, "Ada")
    make_admin(owner, someone)
    return someone


@pytest.fixture
def person(studio: RunningStudio) -> Someone:
    return somebody(studio, "Nari")
