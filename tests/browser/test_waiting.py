"""Jobs that wait say why and where, and what was taken back is tried again, in a real browser against a real studio."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_first_picture import PICTURE_MS, PROMPT, _finished, _sign_up, browser, page

__all__ = ["browser", "page"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_waiting_job_says_what_it_waits_for_and_a_canceled_one_is_tried_again(page: Page) -> None:
    _sign_up(page)
    page.get_by_label("Steps").fill("12")
    page.get_by_label("Pictures").fill("3")

    page.get_by_label("Prompt", exact=True).fill(PROMPT)
    page.get_by_role("button", name=re.compile("^Create 3 pictures")).click()
    jobs = page.get_by_role("region", name="Jobs")
    expect(jobs.get_by_text("Waits for your other pictures").first).to_be_visible()
    expect(jobs.get_by_text("2nd in line").first).to_be_visible()
    jobs.get_by_role("button", name="Cancel").last.click()
    expect(jobs.get_by_text("Canceled", exact=True)).to_be_visible()
    expect(jobs.get_by_text("Receipt: nothing charged")).to_be_visible()
    jobs.get_by_role("button", name="Try again").click()

    expect(jobs.get_by_text("tried again")).to_be_visible()
    expect(jobs.get_by_role("button", name="Try again")).to_be_hidden()
    expect(_finished(page)).to_have_count(3, timeout=3 * PICTURE_MS)
    expect(jobs.get_by_text(re.compile(r"^Receipt: \d+ credits?"))).to_have_count(3)
