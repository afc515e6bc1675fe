"""Where devices are, by a file of the operator's; and what is told without one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from pingvas.adapters.places import Places, open_file
from pingvas.base.errors import Invalid
from pingvas.launch.doctor import _places


def make_file(folder: Path, records: Mapping[str, Any]) -> Path:
    """An MMDB file that knows these networks."""
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Test", languages=["en"])
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    path = folder / "places.mmdb"
    writer.to_db_file(str(path))
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return make_file(
        tmp_path,
        {
            "203.0.113.0/24": {
                "city": {"names": {"en": "Seoul", "ja": "ソウル"}},
                "country": {"iso_code": "KR", "names": {"en": "South Korea"}},
            },
            "198.51.100.0/24": {"country": {"names": {"en": "Iceland"}}},
            "192.0.2.0/25": {"city": "Oslo", "country_name": "Norway"},
            "192.0.2.128/25": {"country_code": "NO"},
            "2001:db8::/32": {"city": {"names": {}}, "country": {"names": {"en": "x" * 500}}},
            "2001:db9::/32": {"city": {"names": {"en": "Busan"}}},
        },
    )


@pytest.mark.parametrize(
    ("ip", "place"),
    [
        ("203.0.113.7", "Seoul, South Korea"),
        ("198.51.100.1", "Iceland"),
        ("192.0.2.1", "Oslo, Norway"),
        ("192.0.2.200", "NO"),
        ("2001:db9::1", "Busan"),
        ("2001:db8::1", None),
        ("127.0.0.1", None),
        ("fe80::1%eth0", None),
        ("testclient", None),
        ("", None),
        (None, None),
    ],
)
def test_an_address_has_the_place_that_the_file_names(file: Path, ip: str | None, place: str | None) -> None:
    assert Places(file).place_of(ip) == place


def test_without_a_file_there_are_no_places() -> None:
    assert Places(None).place_of("203.0.113.7") is None


@pytest.mark.parametrize("content", [None, b"", b"no such file", b"\xab\xcd\xefMaxMind.com" + bytes(100)])
def test_a_file_that_cannot_be_read_is_no_reason_to_stop(
    tmp_path: Path, content: bytes | None, caplog: pytest.LogCaptureFixture, make_settings: Any
) -> None:
    path = tmp_path / "places.mmdb"
    if content is not None:
        path.write_bytes(content)

    assert Places(path).place_of("203.0.113.7") is None
    assert "PINGVAS_GEOIP_FILE" in caplog.text
    with pytest.raises(Invalid):
        open_file(path)
    (finding,) = _places(make_settings(geoip_file=path))
    assert finding.well is False


def test_the_doctor_says_that_the_file_is_read(file: Path, make_settings: Any) -> None:
    (finding,) = _places(make_settings(geoip_file=file))

    assert finding.well
    assert list(_places(make_settings())) == []
