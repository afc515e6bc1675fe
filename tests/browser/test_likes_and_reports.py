"""Likes, reports and hidden pictures in a real browser: from a heart that a stranger presses to a picture that an admin shows again."""

import re

import pytest
from playwright.sync_api import Page, expect

from harness.running_studio import RunningStudio
from tests.browser.admins import OpenBrowser, Someone, admin, open_page, owner, person, sign_in, somebody
from tests.browser.test_explore import _share
from tests.browser.test_first_picture import PASSWORD, browser
from tests.browser.test_kit import _violations

__all__ = ["admin", "browser", "open_page", "owner", "person"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def _shared(page: Page, person: Someone, prompt: str, visibility: str = "public") -> str:
    return _share(page, {"Authorization": f"Bearer {person.access_token}"}, prompt, visibility)


def test_a_stranger_who_presses_a_heart_signs_in_and_what_is_liked_comes_first(
    open_page: OpenBrowser, studio: RunningStudio, person: Someone
) -> None:
    ada = somebody(studio, "Ada")
    with open_page() as page:
        # given
        liked = _shared(page, person, "a heron at dusk")
        newer = _shared(page, person, "a heron at dawn")

        # when a stranger presses the heart of a picture
        page.goto(f"/i/{liked}")
        page.get_by_role("link", name="Like", exact=True).click()
        expect(page).to_have_url(re.compile(r"/sign-in\?next="))
        page.get_by_label("Email").fill(ada.email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.keyboard.press("Enter")

        # then they are back there, and like it
        expect(page).to_have_url(f"{studio.url}/i/{liked}")
        page.get_by_role("button", name="Like", exact=True).click()
        heart = page.get_by_role("button", name="Like: 1 person likes it")
        expect(heart).to_have_attribute("aria-pressed", "true")
        assert _violations(page) == []

        # and it is first among what is liked
        page.goto("/explore")
        pictures = page.get_by_role("list", name="Public pictures")
        expect(pictures.locator(f'a[href="/i/{newer}"]')).to_be_visible()
        page.get_by_role("radio", name="Most liked").click()
        expect(page).to_have_url(f"{studio.url}/explore?sort=most_liked")
        expect(pictures.get_by_role("listitem")).to_have_count(1)
        expect(pictures.locator(f'a[href="/i/{liked}"]')).to_be_visible()
        assert _violations(page) == []
        on_tile = pictures.get_by_role("button", name="Like: 1 person likes it")
        expect(on_tile).to_have_attribute("aria-pressed", "true")
        on_tile.click()
        expect(pictures.get_by_role("button", name="Like", exact=True)).to_be_visible()
        page.reload()
        expect(page.get_by_role("heading", name="Nothing to see yet")).to_be_visible()

        # Its owner likes it in the viewer, by the same heart.
        with open_page() as theirs:
            sign_in(theirs, person)
            theirs.goto(f"/gallery?view={liked}")
            theirs.get_by_role("button", name="Like", exact=True).click()
            expect(theirs.get_by_role("button", name="Like: 1 person likes it")).to_be_visible()


def test_a_reported_picture_is_hidden_its_owner_reads_why_and_an_admin_shows_it_again(
    open_page: OpenBrowser, studio: RunningStudio, admin: Someone, person: Someone
) -> None:
    reporter = somebody(studio, "Grace")
    with open_page() as page, open_page("ko") as theirs, open_page() as admins:
        # given a report
        image = _shared(theirs, person, "a wolf on the hill")
        sign_in(page, reporter)
        page.goto(f"/i/{image}")
        page.get_by_role("button", name="Report").click()
        dialog = page.get_by_role("dialog", name="Report this picture")
        expect(dialog.get_by_role("button", name="Send report")).to_be_disabled()
        dialog.get_by_role("radio", name="Violence or gore").click()
        dialog.get_by_role("textbox").fill("Look at its teeth")
        assert _violations(page) == []
        dialog.get_by_role("button", name="Send report").click()
        expect(page.get_by_text("Thank you. Whoever runs this studio will look at it.")).to_be_visible()

        # when an admin reads it and hides the picture
        sign_in(admins, admin)
        admins.goto("/admin/reports")
        card = admins.get_by_role("article").filter(has_text="a wolf on the hill")
        expect(card.get_by_text("Violence or gore: 1")).to_be_visible()
        expect(card.get_by_text("Look at its teeth")).to_be_visible()
        assert _violations(admins) == []
        card.get_by_role("button", name="Hide").click()
        dialog = admins.get_by_role("dialog", name="Hide this picture")
        expect(dialog.get_by_role("radio", name="Violence or gore")).to_be_checked()
        dialog.get_by_role("textbox").fill("Too wild for all")
        dialog.get_by_role("button", name="Hide").click()
        expect(card).to_be_hidden()

        # then nobody else sees it, and its owner reads why in their own language
        page.reload()
        expect(page.get_by_role("heading", name="There is no picture here")).to_be_visible()
        sign_in(theirs, person)
        theirs.goto(f"/gallery?view={image}")
        note = theirs.get_by_role("region", name="관리자가 숨긴 그림")
        expect(note.get_by_text("이유: 폭력적이거나 잔혹한 내용")).to_be_visible()
        expect(note.get_by_text("Too wild for all")).to_be_visible()
        theirs.get_by_role("button", name="공유").click()
        theirs.get_by_role("radio", name="모두").first.click()
        expect(theirs.get_by_text("관리자가 숨긴 그림입니다.").first).to_be_visible()

        # and it is seen again once an admin shows it
        admins.get_by_role("radio", name="Hidden").click()
        card.get_by_role("button", name="Show again").click()
        dialog = admins.get_by_role("dialog", name="Show again")
        dialog.get_by_label("Reason").fill("It only yawns")
        dialog.get_by_role("button", name="Show again").click()
        expect(card).to_be_hidden()
        page.reload()
        expect(page.get_by_role("heading", name="a wolf on the hill")).to_be_visible()
        admins.goto("/admin/audit")
        log = admins.get_by_role("list", name="Audit log")
        expect(log.get_by_role("listitem").first).to_contain_text("Picture shown again")
