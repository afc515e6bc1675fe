"""What admins do in the page: to people, who see it at once, by announcements, and looking through somebody's eyes."""

import csv
import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from harness.running_studio import RunningStudio
from tests.browser.admins import OpenBrowser, Someone, admin, do, enter, open_page, owner, person, sign_in
from tests.browser.test_first_picture import PASSWORD, browser
from tests.browser.test_kit import _violations
from tests.browser.test_shell import PHONE, WIDE

__all__ = ["admin", "browser", "open_page", "owner", "person"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ADMIN_PAGES = ("/admin/users", "/admin/reports", "/admin/announcements", "/admin/audit")


def test_a_person_is_found_and_given_credits_that_arrive_while_they_look(
    open_page: OpenBrowser, admin: Someone, person: Someone
) -> None:
    with open_page() as theirs, open_page() as page:
        sign_in(theirs, person)
        balance = theirs.get_by_role("banner").get_by_role("link", name=re.compile("credits?$"))
        expect(balance).to_have_accessible_name("500 credits")
        sign_in(page, admin)

        page.get_by_role("link", name="Admin").click()
        page.get_by_label("Search", exact=True).fill(person.email)
        found = page.get_by_role("table").get_by_role("link", name="Nari")
        expect(found).to_have_count(1)
        found.click()
        expect(page).to_have_title("Nari · Pingvas Studio")
        page.get_by_role("button", name="Give credits").click()
        dialog = page.get_by_role("dialog", name="Give Nari credits")
        dialog.get_by_role("textbox", name="Credits").fill("250")
        dialog.get_by_role("button", name="Give credits").click()
        expect(dialog.get_by_text("Say why: it is kept in the audit log.")).to_be_visible()
        dialog.get_by_label("Reason").fill("Sorry for the outage")
        dialog.get_by_role("button", name="Give credits").click()

        expect(page.get_by_text("250 credits given to Nari")).to_be_visible()
        expect(balance).to_have_accessible_name("750 credits")
        history = page.get_by_role("region", name="History")
        expect(history.get_by_text("Sorry for the outage")).to_be_visible()
        expect(history.get_by_role("listitem")).to_contain_text(["Balance500750"])


def test_a_suspended_person_is_out_at_once_and_comes_in_again_when_restored(
    open_page: OpenBrowser, admin: Someone, person: Someone
) -> None:
    with open_page() as theirs, open_page() as page:
        sign_in(theirs, person)
        sign_in(page, admin)
        page.goto(f"/admin/users/{person.id}")

        do(page, "Suspend", "Sent the same picture a thousand times")

        expect(page.get_by_text("Suspended just now: Sent the same picture a thousand times")).to_be_visible()
        suspended = theirs.get_by_role("heading", level=1, name="Your account is suspended")
        expect(suspended).to_be_visible()
        expect(theirs.get_by_role("alert")).to_contain_text("Sent the same picture a thousand times")
        expect(theirs.get_by_role("navigation")).to_be_hidden()
        theirs.get_by_role("link", name="Sign in with another account").click()
        enter(theirs, person)
        expect(suspended).to_be_visible()
        do(page, "Restore", "A misunderstanding")
        expect(page.get_by_role("button", name="Suspend")).to_be_visible()
        sign_in(theirs, person)
        entries = page.get_by_role("region", name="History").get_by_role("listitem")
        expect(entries).to_have_count(2)
        expect(entries.first).to_contain_text("A misunderstanding")


def test_an_announcement_is_shown_to_everybody_in_the_language_of_their_page_until_it_is_put_away(
    open_page: OpenBrowser, admin: Someone, person: Someone
) -> None:
    english, korean = "The studio rests at noon.", "정오에 점검합니다."
    with open_page("ko") as theirs, open_page() as page:
        sign_in(theirs, person)
        sign_in(page, admin)
        page.goto("/admin/announcements")

        page.get_by_role("button", name="New announcement").click()
        dialog = page.get_by_role("dialog", name="New announcement")
        dialog.get_by_role("radio", name="Warning").click()
        dialog.get_by_label("In English").fill(english)
        dialog.get_by_role("button", name="Announce", exact=True).click()
        expect(dialog.get_by_text("Both languages are needed.")).to_be_visible()
        dialog.get_by_label("In Korean").fill(korean)
        dialog.get_by_role("button", name="Announce", exact=True).click()

        told = theirs.get_by_role("status", name="공지")
        expect(told).to_contain_text(f"주의 {korean}")
        expect(page.get_by_role("status", name="Announcements")).to_contain_text(f"Warning {english}")
        told.get_by_role("button", name="이 공지 접어 두기").click()
        expect(told.get_by_text(korean)).to_be_hidden()
        theirs.reload()
        expect(theirs.get_by_role("navigation").first).to_be_visible()
        expect(theirs.get_by_text(korean)).to_be_hidden()
        listed = (
            page.get_by_role("list", name="Announcements").get_by_role("listitem").filter(has_text=english)
        )
        expect(listed).to_contain_text("Shown now")
        listed.get_by_role("button", name="Remove").click()
        page.get_by_role("alertdialog").get_by_role("button", name="Remove").click()
        expect(listed).to_be_hidden()
        expect(page.get_by_role("status", name="Announcements")).not_to_contain_text(english)


def test_an_admin_looks_as_somebody_and_can_change_nothing(
    open_page: OpenBrowser, studio: RunningStudio, admin: Someone, person: Someone
) -> None:
    with open_page() as page:
        sign_in(page, admin)
        page.goto(f"/admin/users/{person.id}")
        with page.expect_response(re.compile("/view$")) as answered:
            do(page, "Look as this user", "They cannot find a picture")
        token = answered.value.json()["access_token"]

        bar = page.get_by_role("region", name="Looking as somebody else")
        expect(bar).to_contain_text("You are looking as Nari. Nothing can be changed.")
        expect(page.get_by_role("button", name="Account: Nari")).to_be_visible()
        expect(page.get_by_role("link", name="Admin")).to_be_hidden()
        stored = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
        assert token not in stored
        page.get_by_role("navigation").get_by_role("link", name="Create").click()
        page.get_by_label("Prompt", exact=True).fill("a red house at sunset")
        page.get_by_role("button", name=re.compile("^Create ")).click()
        expect(page.get_by_text(re.compile("can change nothing in it")).first).to_be_visible()
        page.get_by_role("navigation").get_by_role("link", name="Gallery").click()
        expect(bar).to_be_visible()
        bar.get_by_role("button", name="End").click()

        expect(page).to_have_url(re.compile(f"/admin/users/{person.id}$"))
        expect(page.get_by_text("You no longer look as Nari.")).to_be_visible()
        expect(page.get_by_role("button", name="Account: Ada")).to_be_visible()
        expect(bar).to_be_hidden()
    headers = {"Authorization": f"Bearer {person.access_token}"}
    assert httpx.get(f"{studio.url}/api/v1/jobs", headers=headers, timeout=60).json()["items"] == []


def test_a_reload_while_looking_is_back_at_oneself(
    open_page: OpenBrowser, admin: Someone, person: Someone
) -> None:
    with open_page() as page:
        sign_in(page, admin)
        page.goto(f"/admin/users/{person.id}")
        do(page, "Look as this user", "They cannot find a picture")
        expect(page.get_by_role("button", name="Account: Nari")).to_be_visible()

        page.reload()

        expect(page.get_by_role("button", name="Account: Ada")).to_be_visible()
        expect(page.get_by_role("region", name="Looking as somebody else")).to_be_hidden()


def test_what_is_dear_asks_for_the_password_again_and_goes_on_by_itself(
    open_page: OpenBrowser, studio: RunningStudio, owner: httpx.Client, admin: Someone, person: Someone
) -> None:
    with open_page() as page:
        sign_in(page, admin)
        page.goto(f"/admin/users/{person.id}")
        refused = iter([True])
        page.route(
            "**/sessions/end",
            lambda route: (
                route.fulfill(
                    status=403,
                    content_type="application/problem+json",
                    json={"code": "proof_needed", "detail": "Prove again that it is you."},
                )
                if next(refused, False)
                else route.continue_()
            ),
        )

        page.get_by_role("button", name="Sign out all devices").click()
        asked = page.get_by_role("dialog", name="Sign out all of Nari's devices?")
        asked.get_by_label("Reason").fill("A device was stolen")
        asked.get_by_role("button", name="Sign out all devices").click()
        proof = page.get_by_role("dialog").filter(has=page.get_by_label("Password", exact=True))
        proof.get_by_label("Password", exact=True).fill("not the password")
        page.keyboard.press("Enter")
        expect(proof.get_by_role("alert")).to_be_visible()
        proof.get_by_label("Password", exact=True).fill(PASSWORD)
        page.keyboard.press("Enter")

        expect(proof).to_be_hidden()
        expect(asked).to_be_hidden()
        expect(page.get_by_text("1 device signed out")).to_be_visible()


def test_the_audit_log_shows_it_all_and_is_saved_as_one_file(
    open_page: OpenBrowser, admin: Someone, person: Someone, owner: httpx.Client
) -> None:
    for number in range(105):
        body = {"credits": 1, "reason": f"Thanks, part {number}"}
        answer = owner.post(f"/api/v1/admin/users/{person.id}/credits", json=body)
        assert answer.status_code == 200, answer.text
    with open_page() as page:
        sign_in(page, admin)
        page.goto("/admin/audit")
        entries = page.get_by_role("list", name="Audit log").get_by_role("listitem")
        expect(entries.first).to_contain_text("Thanks, part 104")
        everything = _exported(page)

        page.get_by_role("combobox", name="To whom").fill(admin.email)
        page.get_by_role("option", name=admin.email).click()
        expect(entries).to_have_count(1)
        expect(entries.first).to_contain_text("Role changed")
        expect(entries.first).to_contain_text("UserAdmin")
        page.get_by_role("combobox", name="Action").click()
        page.get_by_role("option", name="User suspended").click()
        expect(page.get_by_role("heading", name="No entries")).to_be_visible()
        page.reload()
        expect(page.get_by_role("combobox", name="To whom")).to_have_value(admin.email)
        filtered = _exported(page)

    reasons = [row["reason"] for row in everything]
    assert [f"Thanks, part {number}" in reasons for number in range(105)] == [True] * 105
    assert "created_at" not in [row["created_at"] for row in everything]
    assert filtered == []


def _exported(page: Page) -> list[dict[str, str]]:
    """The file that the audit log is saved as."""
    with page.expect_download() as saved:
        page.get_by_role("button", name="Export CSV").click()
    with saved.value.path().open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_last_admin_is_told_why_they_stay(open_page: OpenBrowser, admin: Someone) -> None:
    with open_page() as page:
        sign_in(page, admin)
        page.goto(f"/admin/users/{admin.id}")
        page.route(
            "**/role",
            lambda route: route.fulfill(
                status=409,
                content_type="application/problem+json",
                json={"code": "last_admin", "detail": "There is always an admin."},
            ),
        )

        page.get_by_role("button", name="Take the admin role away").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Reason").fill("Enough of it")
        dialog.get_by_role("button", name="Take the admin role away").click()

        expect(dialog.get_by_role("alert")).to_contain_text("You are the only admin.")


def test_an_admin_who_gives_the_role_away_has_these_pages_no_more(
    open_page: OpenBrowser, admin: Someone
) -> None:
    with open_page() as page:
        sign_in(page, admin)
        page.goto(f"/admin/users/{admin.id}")

        page.get_by_role("button", name="Take the admin role away").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Reason").fill("Enough of it")
        dialog.get_by_role("button", name="Take the admin role away").click()

        expect(page.get_by_role("heading", level=1, name="Nothing is here")).to_be_visible()
        expect(page.get_by_role("link", name="Admin")).to_be_hidden()


def test_to_everybody_else_the_pages_of_admins_are_not_there(open_page: OpenBrowser, person: Someone) -> None:
    with open_page() as page:
        sign_in(page, person)
        expect(page.get_by_role("link", name="Admin")).to_be_hidden()

        for address in (*ADMIN_PAGES, f"/admin/users/{person.id}", "/admin"):
            page.goto(address)
            expect(page.get_by_role("heading", level=1, name="Nothing is here")).to_be_visible()
            expect(page.get_by_role("navigation")).to_be_visible()


TITLES = {
    "en": ("Users", "Reports", "Announcements", "Audit log"),
    "ko": ("사용자", "신고", "공지", "감사 기록"),
}


@pytest.mark.parametrize(("language", "theme"), [("en", "dark"), ("ko", "light")])
def test_the_pages_of_admins_are_titled_shut_nobody_out_and_do_not_scroll_sideways(
    open_page: OpenBrowser, admin: Someone, person: Someone, owner: httpx.Client, language: str, theme: str
) -> None:
    long = "A" * 200
    said = {"level": "critical", "text_en": long, "text_ko": long}
    made = owner.post("/api/v1/admin/announcements", json=said)
    assert made.status_code == 201, made.text
    body = {"credits": 1, "reason": long}
    assert owner.post(f"/api/v1/admin/users/{person.id}/credits", json=body).status_code == 200
    found: dict[str, list[str]] = {}
    wide: dict[str, bool] = {}
    titles = []
    with open_page(language, theme) as page:
        sign_in(page, admin)
        for address in (*ADMIN_PAGES, f"/admin/users/{person.id}"):
            page.goto(address)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            expect(page.locator("[aria-busy=true], main [role=status]")).to_have_count(0)
            titles.append(page.title().removesuffix(" · Pingvas Studio"))
            for name, size in (("wide", WIDE), ("phone", PHONE)):
                page.set_viewport_size(size)
                found[f"{address} {name}"] = _violations(page)
                wide[f"{address} {name}"] = page.evaluate(
                    "document.documentElement.scrollWidth > window.innerWidth"
                )
            page.set_viewport_size(WIDE)
        main = page.get_by_role("main")
        main.get_by_role("button").first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        found["dialog"] = _violations(page)
    owner.delete(f"/api/v1/admin/announcements/{made.json()['id']}")

    assert titles == [*TITLES[language], "Nari"]
    assert {name: lines for name, lines in found.items() if lines} == {}
    assert not any(wide.values()), wide
