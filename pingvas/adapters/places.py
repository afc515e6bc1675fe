"""Where in the world an address is, by a file that the operator has (MMDB): nobody else is asked.

Known are the fields of GeoLite2 and DB-IP (`city.names.en`, `country.names.en`), and the flat ones of smaller files (`city`,
`country_name`, `country`, `country_code`).
"""

import ipaddress
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import maxminddb

from pingvas.base.errors import Invalid

log = logging.getLogger(__name__)

_LONGEST = 100


class _Reader(Protocol):
    def get(self, ip_address: Any) -> Any: ...


class Places:
    """The file's answers; without a file, or with one that cannot be read, there are none."""

    def __init__(self, file: Path | None) -> None:
        self._reader: _Reader | None = None
        if file is None:
            return
        try:
            self._reader = open_file(file)
        except Invalid as error:
            log.warning("%s", error.detail)

    def place_of(self, ip: str | None) -> str | None:
        """ "Seoul, South Korea"; None where the file knows nothing of the address."""
        if self._reader is None or ip is None:
            return None
        try:
            told = self._reader.get(ipaddress.ip_address(ip.partition("%")[0]))
        except (
            ValueError,
            maxminddb.InvalidDatabaseError,
        ):  # no address, IPv6 in a file without it, a damaged file
            return None
        if not isinstance(told, Mapping):
            return None
        city = _name(told, "city")
        country = _name(told, "country") or _name(told, "country_name") or _name(told, "country_code")
        return ", ".join(part for part in (city, country) if part) or None


def open_file(file: Path) -> _Reader:
    """Raises Invalid when it is no such file."""
    try:
        return maxminddb.open_database(file)
    except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
        raise Invalid(f"PINGVAS_GEOIP_FILE: {file} is no MMDB file that can be read ({error}).") from None


def _name(told: Mapping[str, Any], field: str) -> str | None:
    value = told.get(field)
    if isinstance(value, Mapping):
        names = value.get("names")
        value = names.get("en") if isinstance(names, Mapping) else None
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST else None
