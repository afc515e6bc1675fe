"""Signed addresses of files on disk: good ones work for their time, everything else is refused."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from pingvas.adapters import signed_urls
from pingvas.adapters.signed_urls import FileGrant, LinkRefused, sign_url, verify_url
from pingvas.base.clock import TOLERANCE

SECRET = b"s" * 32
KEY = "images/0190/one.png"
NOON = datetime(2026, 11, 22, 12, 0, 7, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed_urls, "now", lambda: NOON)


def verify(url: str, *, key: str | None = None, secret: bytes = SECRET, **changed: str) -> FileGrant:
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()} | changed
    named = urlsplit(url).path.removeprefix("/files/") if key is None else key
    return verify_url(named, query["e"], query["s"], (secret,), public=query.get("p") == "1")


def test_a_good_address_is_good_for_at_least_its_time() -> None:
    grant = verify(sign_url(KEY, 3600, SECRET))

    assert timedelta(hours=1) <= grant.expires_at - NOON <= timedelta(hours=1.5)
    assert grant.public is False


def test_within_a_window_the_address_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    first = sign_url(KEY, 3600, SECRET)
    monkeypatch.setattr(signed_urls, "now", lambda: NOON + timedelta(minutes=29))
    second = sign_url(KEY, 3600, SECRET)
    monkeypatch.setattr(signed_urls, "now", lambda: NOON + timedelta(minutes=31))
    third = sign_url(KEY, 3600, SECRET)

    assert first == second != third


def test_a_tampered_address_is_refused() -> None:
    url = sign_url(KEY, 3600, SECRET)

    for tampered in (
        {"e": "9999999999"},
        {"e": "1e9"},
        {"e": "-1"},
        {"e": "٣"},
        {"e": "9" * 5000},
        {"e": ""},
        {"s": ""},
        {"s": "ü"},
        {"s": "A" * 43},
        {"p": "1"},
    ):
        with pytest.raises(LinkRefused):
            verify(url, key=None, secret=SECRET, **tampered)
    with pytest.raises(LinkRefused):
        verify(url, key="images/0190/two.png")
    with pytest.raises(LinkRefused):
        verify(url, secret=b"t" * 32)


def test_an_expired_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    url = sign_url(KEY, 60, SECRET)
    monkeypatch.setattr(signed_urls, "now", lambda: NOON + timedelta(seconds=91) + TOLERANCE)

    with pytest.raises(LinkRefused):
        verify(url)


@pytest.mark.parametrize("ahead", [-290, -30, 30, 290])
def test_an_address_that_a_host_with_another_clock_has_signed_is_good_for_its_time(
    monkeypatch: pytest.MonkeyPatch, ahead: int
) -> None:
    with monkeypatch.context() as its_clock:
        its_clock.setattr(signed_urls, "now", lambda: NOON + timedelta(seconds=ahead))
        url = sign_url(KEY, 10, SECRET)

    for later in (0, 9):
        monkeypatch.setattr(signed_urls, "now", lambda later=later: NOON + timedelta(seconds=later))
        assert verify(url).public is False


def test_that_shared_caches_may_keep_it_is_part_of_what_is_signed() -> None:
    url = sign_url(KEY, 60, SECRET, public=True)

    assert verify(url).public is True
    with pytest.raises(LinkRefused):
        verify(url, p="0")
