"""An account from its first day to its last: proving the address, signing in without a password, keys, devices, preferences, leaving."""

import os
import re
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any

import httpx
import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from harness.running_studio import RunningStudio, an_address_of_ones_own, wait_for
from tests.browser.test_first_picture import PASSWORD, browser
from tests.browser.test_kit import _violations

__all__ = ["browser"]  # a fixture

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NEW_PASSWORD = "a short and noisy brook"
_NUMBERS = iter(range(1000))
# Where one goes from the pages of one's account, in the order in which they are offered.
ACCOUNT = {
    "/account": "Profile",
    "/account/sign-in": "Signing in",
    "/account/devices": "Devices",
    "/account/keys": "API keys",
    "/account/preferences": "Preferences",
    "/account/data": "Your data",
}


@pytest.fixture
def context(browser: Browser, studio: RunningStudio) -> Iterator[BrowserContext]:
    """A browser of one's own, at the name by which browsers offer passkeys on this machine."""
    context = browser.new_context(
        base_url=studio.url.replace("127.0.0.1", "localhost"),
        locale="en-US",
        viewport={"width": 1280, "height": 900},
        extra_http_headers=an_address_of_ones_own(),
    )
    context.set_default_timeout(30_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    yield page
    assert not broken


def _sign_up(page: Page) -> str:
    email = f"account{next(_NUMBERS)}-{os.getpid()}@example.com"
    page.goto("/sign-up")
    page.get_by_label("Name").fill("Nari")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_label("Prompt", exact=True)).to_be_visible()
    return email


def _link(studio: RunningStudio, email: str, path: str) -> str:
    """The address below the studio's in the newest mail to somebody that leads to this page."""
    found: list[str] = []

    def arrived() -> bool:
        files = sorted((studio.data_dir / "mail").glob("*.eml"), key=lambda file: file.stat().st_mtime)
        for file in files:
            mail = message_from_bytes(file.read_bytes(), policy=policy.default)
            body = mail.get_body(("plain",))
            text = "" if body is None else body.get_content()
            link = re.search(rf"http://[^\s]+?({re.escape(path)}#token=\S+)", text)
            if email in str(mail["To"]) and link:
                found.append(link.group(1))
        return bool(found)

    wait_for(arrived, f"a mail to {email} with {path}")
    return found[-1]


# How often the page has asked for a passkey.
_COUNT_QUESTIONS = """() => {
    window.questions = 0;
    const ask = navigator.credentials.get.bind(navigator.credentials);
    navigator.credentials.get = options => { window.questions += 1; return ask(options); };
}"""


def _with_authenticator(page: Page) -> tuple[CDPSession, str]:
    """Gives the browser a device that keeps passkeys, and whose owner always agrees; the way to tell it otherwise."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools, made["authenticatorId"]


def _sign_out(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Account: ")).click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


def test_an_account_from_its_first_day_to_its_last(
    page: Page, studio: RunningStudio, browser: Browser
) -> None:
    # A mail asks to prove the address, and its link does.
    devtools, authenticator = _with_authenticator(page)
    email = _sign_up(page)
    asked = page.get_by_role("region", name="Your address is not proven yet")
    expect(asked).to_contain_text(email)
    page.goto(_link(studio, email, "/verify-email"))
    expect(page.get_by_role("heading", level=1, name="Your address is proven")).to_be_visible()
    assert "token" not in page.url
    page.get_by_role("link", name="To the studio").click()
    expect(page.get_by_label("Prompt", exact=True)).to_be_visible()
    expect(asked).to_be_hidden()

    # A passkey is added, and signs in.
    page.goto("/account/sign-in")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_label("Name of the passkey").fill("My laptop")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("list", name="Passkeys")).to_contain_text("My laptop")
    # The form itself offers passkeys too, which this device would agree to at once: it does not before the form has asked it.
    page.evaluate(_COUNT_QUESTIONS)
    agrees = {"authenticatorId": authenticator, "enabled": False}
    devtools.send("WebAuthn.setAutomaticPresenceSimulation", agrees)
    _sign_out(page)
    page.wait_for_function("() => window.questions === 1")
    devtools.send("WebAuthn.setAutomaticPresenceSimulation", agrees | {"enabled": True})
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("button", name="Account: Nari")).to_be_visible()

    # A key is made, is shown once, and works.
    page.goto("/account/keys")
    page.get_by_role("button", name="Create a key").click()
    form = page.get_by_role("form", name="A new key")
    form.get_by_label("Name").fill("My script")
    form.get_by_role("button", name="Create a key").click()
    shown = page.get_by_role("group", name="The new key")
    expect(shown).to_be_focused()
    key = shown.get_by_text(re.compile("^pgv_")).first.inner_text()
    expect(shown.get_by_text(re.compile("^curl "))).to_contain_text(f"Bearer {key}")
    bearer = {"Authorization": f"Bearer {key}"}
    assert httpx.get(f"{studio.url}/api/v1/me", headers=bearer).json()["user"]["email"] == email
    page.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_text(key)).to_be_hidden()
    page.get_by_role("button", name="Revoke My script").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("Revoked", exact=True)).to_be_visible()
    assert httpx.get(f"{studio.url}/api/v1/me", headers=bearer).status_code == 401

    # Another device signs in, and is signed out from here.
    other = browser.new_context(base_url=studio.url, locale="en-US")
    elsewhere = other.new_page()
    elsewhere.goto("/sign-in")
    elsewhere.get_by_label("Email").fill(email)
    elsewhere.get_by_label("Password", exact=True).fill(PASSWORD)
    elsewhere.get_by_role("button", name="Sign in", exact=True).click()
    expect(elsewhere.get_by_label("Prompt", exact=True)).to_be_visible()
    page.goto("/account/devices")
    devices = page.get_by_role("list", name="Where you are signed in").get_by_role("listitem")
    expect(devices.filter(has_text="This device")).to_have_count(1)
    page.get_by_role("button", name="Sign out all others").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Sign out all others").click()
    expect(devices).to_have_count(1)
    elsewhere.reload()
    expect(elsewhere.get_by_role("heading", name="Welcome back")).to_be_visible()
    other.close()

    # Everything is asked for as a file, and fetched.
    page.goto("/account/data")
    page.get_by_role("button", name="Ask for it").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click(timeout=120_000)
    assert download.value.suggested_filename.endswith(".zip")

    # The account is deleted, and taken back.
    page.get_by_role("button", name="Delete my account").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete my account").click()
    expect(page.get_by_role("heading", level=1, name="Your account is deleted")).to_be_visible()
    expect(page.get_by_role("navigation")).to_be_hidden()
    page.reload()
    page.get_by_role("button", name="Keep my account").click()
    expect(page.get_by_role("heading", level=1, name="Your data")).to_be_visible()


def test_what_is_dear_asks_who_is_there_and_then_goes_on_by_itself(page: Page, studio: RunningStudio) -> None:
    _sign_up(page)
    refused: list[str] = []

    def once(route: Any) -> None:
        if refused:
            route.continue_()
            return
        refused.append(route.request.url)
        route.fulfill(status=403, json={"code": "proof_needed", "detail": "", "status": 403})

    page.route("**/api/v1/me/password", once)
    page.goto("/account/sign-in")
    section = page.get_by_role("region", name="Password")
    section.get_by_role("button", name="Change").click()
    section.get_by_label("New password").fill(NEW_PASSWORD)
    section.get_by_role("button", name="Save").click()

    question = page.get_by_role("dialog", name="Is it you?")
    question.get_by_label("Password").fill("something else altogether")
    question.get_by_role("button", name="Confirm", exact=True).click()
    expect(question.get_by_text("This password is not right.")).to_be_visible()
    question.get_by_label("Password").fill(PASSWORD)
    question.get_by_role("button", name="Confirm", exact=True).click()

    expect(question).to_be_hidden()
    expect(page.get_by_text("The password is changed. Other devices were signed out.")).to_be_visible()


def test_a_forgotten_password_is_set_anew_by_a_mail(page: Page, studio: RunningStudio) -> None:
    email = _sign_up(page)
    _sign_out(page)

    page.get_by_role("link", name="Forgot your password?").click()
    expect(page.get_by_role("heading", level=1, name="Forgot your password?")).to_be_visible()
    page.get_by_label("Email").fill(email)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", level=1, name="Look into your mail")).to_be_visible()
    page.goto(_link(studio, email, "/reset-password"))
    page.get_by_label("New password", exact=True).fill("short")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_text("It needs at least 15 characters.")).to_be_visible()
    page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(NEW_PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_label("Prompt", exact=True)).to_be_visible()


def test_an_app_is_set_up_and_its_codes_are_asked_for_at_the_next_sign_in(
    page: Page, studio: RunningStudio
) -> None:
    email = _sign_up(page)
    page.goto("/account/sign-in")
    section = page.get_by_role("region", name="Authenticator app")
    section.get_by_role("button", name="Set up").click()
    expect(section.get_by_role("img", name="The code to scan with your authenticator app")).to_be_visible()
    secret = section.locator("code").inner_text().replace(" ", "")
    section.get_by_label("The six digits that it shows").fill(pyotp.TOTP(secret).now())
    section.get_by_role("button", name="Turn it on").click()
    codes = section.get_by_role("group", name="Recovery codes").get_by_role("listitem")
    expect(codes).to_have_count(10)
    recovery = codes.first.inner_text()
    section.get_by_role("button", name="I have kept them").click()
    expect(section.get_by_text("10 recovery codes are left.")).to_be_visible()
    _sign_out(page)

    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="One more step")).to_be_visible()
    page.get_by_label("Code", exact=True).fill("000000")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text(re.compile("^This code is wrong"))).to_be_visible()
    page.get_by_role("button", name="I do not have the app").click()
    page.get_by_label("Recovery code").fill(recovery)
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_role("button", name="Account: Nari")).to_be_visible()


def test_language_and_theme_go_along_to_another_device(
    page: Page, studio: RunningStudio, browser: Browser
) -> None:
    email = _sign_up(page)
    page.goto("/account/preferences")
    with page.expect_response(re.compile("/api/v1/me$")):
        page.get_by_role("radio", name="Light").first.click()
    page.get_by_role("radio", name="한국어").first.click()
    expect(page.get_by_role("heading", level=1, name="환경설정")).to_be_visible()
    page.get_by_role("switch", name="그림이 완성되었을 때").click()
    page.wait_for_load_state("networkidle")

    other = browser.new_context(base_url=studio.url, locale="en-US")
    elsewhere = other.new_page()
    elsewhere.goto("/sign-in")
    elsewhere.get_by_label("Email").fill(email)
    elsewhere.get_by_label("Password", exact=True).fill(PASSWORD)
    elsewhere.get_by_role("button", name="Sign in", exact=True).click()

    expect(elsewhere.locator("html")).to_have_attribute("lang", "ko")
    expect(elsewhere.locator("html")).to_have_attribute("data-theme", "light")
    elsewhere.goto("/account/preferences")
    expect(elsewhere.get_by_role("switch", name="그림이 완성되었을 때")).not_to_be_checked()
    other.close()


def test_the_profile_is_changed_and_what_is_wrong_with_it_stands_beside_its_field(page: Page) -> None:
    _sign_up(page)
    page.goto("/account")
    page.get_by_label("Name").fill("Nari Kim")
    page.get_by_label("Handle").fill("no")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(re.compile("^3 to 30 letters from a to z"))).to_be_visible()
    page.get_by_label("Handle").fill(f"nari_{os.getpid()}_{int(time.time()) % 100000}")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("button", name="Account: Nari Kim")).to_be_visible()


def test_somebody_who_is_suspended_sees_why(page: Page, studio: RunningStudio) -> None:
    page.route(
        "**/api/v1/auth/login",
        lambda route: route.fulfill(
            status=403, json={"code": "account_suspended", "status": 403, "detail": "", "reason": "Spam."}
        ),
    )
    page.goto("/sign-in")
    page.get_by_label("Email").fill("a@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_role("heading", level=1, name="Your account is suspended")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("Spam.")
    assert _violations(page) == []


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_on_the_pages_of_an_account_and_each_has_its_title(page: Page, theme: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.context.add_init_script(f"localStorage.setItem('pingvas.theme', '{theme}')")
    found: dict[str, list[str]] = {}
    for address in (
        "/forgot-password",
        "/reset-password#token=x",
        "/verify-email#token=x",
        "/confirm-email#token=x",
        "/sign-in?problem=not_linked",
        "/sign-in/second-factor#challenge=x",
    ):
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        found[address] = _violations(page)
    _sign_up(page)
    for address, title in ACCOUNT.items():
        page.goto(address)
        expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
        expect(page.get_by_role("heading", level=2).first).to_be_visible()
        expect(page).to_have_title(f"{title} · Pingvas Studio")
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        found[address] = _violations(page)

    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize("language", ["en", "ko"])
def test_no_page_of_an_account_scrolls_sideways_on_a_phone(page: Page, language: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    _sign_up(page)
    page.evaluate(f"localStorage.setItem('pingvas.language', '{language}')")
    wide: dict[str, Any] = {}
    for address in ACCOUNT:
        page.goto(address)
        expect(page.get_by_role("heading", level=2).first).to_be_visible()
        wide[address] = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")

    assert not any(wide.values())
