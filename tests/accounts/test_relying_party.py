"""The name and the address that passkeys are bound to, from the address that people type."""

from typing import Any

import pytest

from pingvas.accounts.sign_in.relying_party import PasskeysUnavailable, RelyingParty, relying_party

# 스튜디오.한국, as browsers write it in what they sign.
IN_ASCII = "xn--2z1b50x3uc0yr.xn--3e0b707e"


@pytest.mark.parametrize(
    ("public_url", "rp_id", "origin"),
    [
        ("https://studio.example.org", "studio.example.org", "https://studio.example.org"),
        ("https://Studio.Example.org/", "studio.example.org", "https://studio.example.org"),
        ("https://example.org/studio", "example.org", "https://example.org"),
        ("https://example.org:443", "example.org", "https://example.org"),
        ("https://example.org:8443/studio", "example.org", "https://example.org:8443"),
        ("https://스튜디오.한국", IN_ASCII, f"https://{IN_ASCII}"),
        ("http://localhost:8400", "localhost", "http://localhost:8400"),
        ("http://localhost", "localhost", "http://localhost"),
        ("http://studio.localhost:8400", "studio.localhost", "http://studio.localhost:8400"),
        ("http://127.0.0.1:8400", "localhost", "http://localhost:8400"),
        ("http://[::1]:8400", "localhost", "http://localhost:8400"),
        (None, "localhost", "http://localhost:8400"),
    ],
)
def test_browsers_offer_passkeys_to_names_over_https_and_to_this_machine(
    make_settings: Any, public_url: str | None, rp_id: str, origin: str
) -> None:
    party = relying_party(make_settings(public_url=public_url))

    assert party == RelyingParty(rp_id, origin)


def test_a_studio_that_listens_everywhere_is_this_machine_to_itself(make_settings: Any) -> None:
    assert relying_party(make_settings(host="0.0.0.0")).origin == "http://localhost:8400"  # noqa: S104


@pytest.mark.parametrize(
    "public_url",
    ["http://studio.example.org", "http://192.168.1.5:8400", "https://192.168.1.5", "https://[2001:db8::1]"],
)
def test_elsewhere_there_are_none(make_settings: Any, public_url: str) -> None:
    with pytest.raises(PasskeysUnavailable):
        relying_party(make_settings(public_url=public_url))
