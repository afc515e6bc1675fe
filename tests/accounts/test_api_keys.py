"""How a key is written, and where it may be used from."""

import re
import zlib

import pytest

from pingvas.accounts.api_keys.addresses import (
    MAX_ADDRESSES,
    AddressNotAllowed,
    accept_addresses,
    refuse_unless_allowed,
)
from pingvas.accounts.api_keys.key_text import is_key, looks_like_key, make_key, shown_part, stored_form
from pingvas.base.errors import Invalid


def test_a_key_is_known_by_its_beginning_and_ends_in_a_checksum_of_what_is_random_in_it() -> None:
    # when
    keys = {make_key() for _ in range(200)}

    # then
    assert len(keys) == 200
    for key in keys:
        assert re.fullmatch(r"pgv_[0-9A-Za-z]{36}", key)
        drawn, checksum = key[4:34], key[34:]
        letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        number = 0
        for sign in checksum:
            number = number * 62 + letters.index(sign)
        assert number == zlib.crc32(drawn.encode())
        assert looks_like_key(key)
        assert is_key(key)


def test_a_key_with_a_slip_in_it_is_none() -> None:
    key = make_key()
    other = "A" if key[10] != "A" else "B"

    slips = [
        key[:10] + other + key[11:],
        key[:-1],
        key + "0",
        key.upper(),
        f" {key}",
        f"{key}\n",
        key.replace("pgv_", "pgw_"),
        "pgv_",
        "",
        key[:20] + "é" + key[21:],
        key[:20] + "٣" + key[21:],
    ]

    assert [slip for slip in slips if is_key(slip)] == []


def test_what_is_shown_and_what_is_kept_give_no_key() -> None:
    key = make_key()

    assert shown_part(key) == key[:10]
    assert re.fullmatch("[0-9a-f]{64}", stored_form(key))
    assert key[4:] not in stored_form(key)


def test_addresses_are_kept_in_their_usual_spelling_each_once() -> None:
    accepted = accept_addresses(
        [" 198.51.100.7 ", "198.51.100.7/32", "203.0.113.0/24", "2001:DB8::/32", "2001:0db8:0::1"]
    )

    assert accepted == ["198.51.100.7", "203.0.113.0/24", "2001:db8::/32", "2001:db8::1"]
    assert accept_addresses([]) is None
    assert accept_addresses(None) is None


def test_what_is_no_address_is_named_with_its_place() -> None:
    with pytest.raises(Invalid) as refused:
        accept_addresses(["198.51.100.7", "example.org", "203.0.113.9/24"])

    assert [(error.name, error.message) for error in refused.value.errors] == [
        ("addresses.1", "is no address, nor a network as in 198.51.100.0/24"),
        ("addresses.2", "has bits beyond its length; the network is 203.0.113.0/24"),
    ]
    with pytest.raises(Invalid, match=f"more than {MAX_ADDRESSES}"):
        accept_addresses([f"198.51.100.{number}" for number in range(MAX_ADDRESSES + 1)])


@pytest.mark.parametrize("host", ["198.51.100.7", "::ffff:198.51.100.7", "203.0.113.200", "2001:db8::5%eth0"])
def test_a_key_works_from_the_addresses_it_names(host: str) -> None:
    refuse_unless_allowed(["198.51.100.7", "203.0.113.0/24", "2001:db8::/32"], host)


@pytest.mark.parametrize("host", ["198.51.100.8", "2001:db9::1", None, "testclient", ""])
def test_and_from_no_other_nor_from_where_nobody_knows(host: str | None) -> None:
    with pytest.raises(AddressNotAllowed):
        refuse_unless_allowed(["198.51.100.7", "2001:db8::/32"], host)


def test_a_key_that_names_none_works_from_everywhere() -> None:
    refuse_unless_allowed(None, None)
