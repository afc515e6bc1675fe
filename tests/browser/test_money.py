"""Plans and credits in the page, against the sandbox: bought, changed, canceled, taken back and ended, with what is held right at each stop."""

import re

import httpx
import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.admins import OpenBrowser, Someone, admin, open_page, owner, person, sign_in
from tests.browser.test_first_picture import browser
from tests.browser.test_kit import _violations
from tests.browser.test_shell import PHONE, WIDE

__all__ = ["admin", "browser", "open_page", "owner", "person"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WELCOME = 500
BILLING_PAGES = ("/credits", "/credits/plans", "/credits/usage", "/billing/return")
ADMIN_PAGES = (
    "/admin/subscriptions",
    "/admin/plans",
    "/admin/codes",
    "/admin/revenue",
    "/admin/usage",
    "/admin/events",
)


def test_a_plan_from_the_first_checkout_to_its_end(open_page: OpenBrowser, person: Someone) -> None:
    with open_page() as page:
        sign_in(page, person)
        _has(page, plan="Free", credits=WELCOME)

        page.goto("/credits/plans")
        pro = page.get_by_role("listitem", name="Pro", exact=True)
        expect(pro).to_contain_text("You pay $75 now and each month. 15,000 credits come at once")
        pro.get_by_role("button", name="Get Pro").click()
        _pay(page, decline_first=True)
        expect(page.get_by_text(re.compile("^Pro is your plan now"))).to_be_visible()
        _has(page, plan="Pro", credits=WELCOME + 15_000)
        plan = page.get_by_role("region", name="Plan", exact=True)
        expect(plan).to_contain_text("Active")
        expect(plan).to_contain_text(re.compile(r"Renews on .+ for \$75 a month\."))

        _change(page, "Upgrade to Studio", "15,000 credits come at once")
        _has(page, plan="Studio", credits=WELCOME + 30_000)

        page.goto("/credits")
        page.get_by_role("button", name="Buy 1,000 credits for $7").click()
        _pay(page)
        expect(page.get_by_text("1,000 credits are yours.")).to_be_visible()
        _has(page, plan="Studio", credits=WELCOME + 31_000)
        grants = page.get_by_role("table", name="What they consist of")
        for kind in ("Monthly credits", "Bonus", "Credit pack"):
            expect(grants.get_by_role("row", name=kind).first).to_be_visible()

        _change(page, "Change to Starter", "Until then you keep Studio")
        _has(page, plan="Studio", credits=WELCOME + 31_000)
        expect(plan).to_contain_text("It changes to Starter on")
        _change(page, "Stay with Studio", "You keep what you have paid for")
        page.goto("/credits")
        expect(plan).to_contain_text("Renews on")

        _cancel(page)
        expect(plan).to_contain_text("Canceled: it ends on")
        plan.get_by_role("button", name="Keep my plan").click()
        expect(plan).to_contain_text("Renews on")
        _cancel(page)
        _pass_a_month(page)
        page.goto("/credits")
        expect(plan).to_contain_text("You pay nothing.")
        _has(page, plan="Free", credits=WELCOME + 31_000)
        ledger = page.get_by_role("table", name="Transactions")
        for line in ("Monthly credits: Pro", "Upgrade to Studio", "Credit pack", "Bonus: welcome"):
            expect(ledger.get_by_role("row", name=re.compile(line))).to_have_count(1)


def test_a_checkout_that_the_studio_hears_of_late_is_waited_for_and_that_of_somebody_else_is_none(
    open_page: OpenBrowser, person: Someone, admin: Someone
) -> None:
    with open_page() as page, open_page() as theirs:
        sign_in(page, person)
        page.goto("/credits")
        page.get_by_role("button", name="Buy 5,000 credits for $30").click()
        expect(page.get_by_role("button", name="Pay", exact=True)).to_be_visible()

        page.get_by_role("link", name="Back to the studio").click()
        expect(page.get_by_role("heading", name="Confirming your payment")).to_be_visible()
        expect(page).to_have_url(re.compile(r"/billing/return\?checkout=[\w-]+$"))
        address = page.url
        expect(page.get_by_role("heading", name="This takes longer than usual")).to_be_visible()
        page.get_by_role("link", name="See your plan and credits").click()
        _has(page, plan="Free", credits=WELCOME)
        sign_in(theirs, admin)
        theirs.goto(address)
        expect(theirs.get_by_role("heading", name="There is no such payment")).to_be_visible()


def test_a_code_gives_its_credits_once(
    open_page: OpenBrowser, owner: httpx.Client, admin: Someone, person: Someone
) -> None:
    with open_page() as page, open_page() as theirs:
        sign_in(page, admin)
        page.goto("/admin/codes")
        page.get_by_role("button", name="New code").click()
        dialog = page.get_by_role("dialog", name="New code")
        code = f"SPRING-{person.id[-6:]}"
        dialog.get_by_label("Code", exact=True).fill(code)
        dialog.get_by_label("Credits", exact=True).fill("250")
        dialog.get_by_label("Reason").fill("For those who came to the fair")
        dialog.get_by_role("button", name="New code").click()
        expect(page.get_by_text(f"The code is {code.upper()}")).to_be_visible()

        sign_in(theirs, person)
        theirs.goto("/credits")
        theirs.get_by_label("Code", exact=True).fill(code.lower())
        theirs.get_by_role("button", name="Redeem").click()
        expect(theirs.get_by_text("250 credits are yours")).to_be_visible()
        _has(theirs, plan="Free", credits=WELCOME + 250)
        theirs.get_by_label("Code", exact=True).fill(code)
        theirs.get_by_role("button", name="Redeem").click()
        expect(theirs.get_by_text("You have had the credits of this code.")).to_be_visible()


@pytest.mark.parametrize(("theme", "size"), [("dark", WIDE), ("light", PHONE)])
def test_the_pages_about_money_can_be_used_by_everybody_on_a_phone_too(
    open_page: OpenBrowser, admin: Someone, theme: str, size: ViewportSize
) -> None:
    with open_page("ko", theme) as page:
        page.set_viewport_size(size)
        sign_in(page, admin)
        for address in (*BILLING_PAGES, *ADMIN_PAGES):
            page.goto(address)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            page.wait_for_load_state("networkidle")
            assert not _violations(page), address
            sideways = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            assert not page.evaluate(sideways), address


def _has(page: Page, *, plan: str, credits: int) -> None:
    """What is held, as its page says it, and the header, which hears of it by itself."""
    page.goto("/credits")
    held = page.get_by_role("region", name="Plan", exact=True)
    expect(held.get_by_role("heading", name=plan, exact=True)).to_be_visible()
    header = page.get_by_role("banner").get_by_role("link", name=re.compile("credits$"))
    expect(header).to_have_accessible_name(f"{credits:,} credits")
    expect(page.get_by_role("note")).to_contain_text("No real money is paid here")


def _pay(page: Page, *, decline_first: bool = False) -> None:
    """At the seller's page, and back."""
    if decline_first:
        page.get_by_role("button", name="Pay with a card that is declined").click()
        expect(page.get_by_role("alert")).to_contain_text("Nothing was bought")
    page.get_by_role("button", name="Pay", exact=True).click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


def _change(page: Page, choice: str, says: str) -> None:
    page.goto("/credits/plans")
    page.get_by_role("button", name=choice, exact=True).click()
    dialog = page.get_by_role("dialog", name=re.compile(r"\?$"))  # notices are dialogs too
    expect(dialog).to_contain_text(says)
    dialog.get_by_role("button", name=choice, exact=True).click()
    expect(dialog).to_be_hidden()


def _cancel(page: Page) -> None:
    page.get_by_role("button", name="Cancel plan").click()
    dialog = page.get_by_role("dialog", name=re.compile(r"^Cancel .*\?$"))
    expect(dialog.get_by_role("list", name="What is kept")).to_contain_text("Your pictures stay")
    dialog.get_by_role("button", name="Cancel plan").click()
    expect(dialog).to_be_hidden()


def _pass_a_month(page: Page) -> None:
    """At the seller, on the page of the subscription there."""
    page.get_by_role("button", name="Invoices").click()
    page.get_by_role("button", name="31 days ahead").click()
    expect(page.get_by_role("row", name=re.compile("^Status"))).to_contain_text("expired")
