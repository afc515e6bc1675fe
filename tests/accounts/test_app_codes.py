"""Codes of an authenticator app, by the clock: the RFC's own, and those of the steps beside now."""

import base64
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from pingvas.accounts.sign_in.app_codes import find_step, make_secret, provisioning_uri

SECRET = base64.b32encode(b"12345678901234567890").decode()
NOW = datetime(2026, 12, 1, 12, 0, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    """RFC 6238, appendix B: the last six digits of its eight."""
    assert find_step(SECRET, code, now=datetime.fromtimestamp(seconds, UTC)) == seconds // 30


@pytest.mark.parametrize(
    ("off", "is_taken"),
    [(-75, False), (-46, False), (-45, True), (-15, True), (0, True), (44, True), (45, False)],
)
def test_the_step_before_and_after_count_too(off: int, is_taken: bool) -> None:
    at = NOW + timedelta(seconds=off)

    step = find_step(SECRET, pyotp.TOTP(SECRET).at(at), now=NOW)

    assert step == (int(at.timestamp()) // 30 if is_taken else None)


def test_a_secret_is_new_each_time_and_long() -> None:
    first, second = make_secret(), make_secret()

    assert first != second
    assert len(base64.b32decode(first)) == 20


def test_the_address_for_a_qr_code_says_whose_it_is_and_where() -> None:
    uri = provisioning_uri(SECRET, name="ada@example.com", issuer="Pingvas Studio")

    assert uri.startswith("otpauth://totp/Pingvas%20Studio:ada%40example.com?")
    assert f"secret={SECRET}" in uri
