"""What kind of device signs in, in words and as something to know it again by."""

import ipaddress
from functools import lru_cache

from ua_parser import parse

_UNKNOWN = "An unknown program"


@lru_cache(maxsize=4096)
def device_name(user_agent: str | None) -> str:
    """ "Firefox · Linux" from a User-Agent header; for a program its own name."""
    if not user_agent:
        return _UNKNOWN
    parsed = parse(user_agent)
    browser = parsed.user_agent.family if parsed.user_agent is not None else None
    system = parsed.os.family if parsed.os is not None else None
    if browser is None and system is None:
        return user_agent.split("/")[0].strip()[:60] or _UNKNOWN
    return " · ".join(part for part in (browser, system) if part)


def device_key(user_agent: str | None, ip: str | None) -> str:
    """The same for one kind of browser in one network: what a person is not written to about a second time."""
    return f"{device_name(user_agent)} @ {_network(ip)}"


def _network(ip: str | None) -> str:
    try:
        address = ipaddress.ip_address((ip or "").partition("%")[0])
    except ValueError:
        return "unknown"
    # What a provider hands out to one customer after another.
    bits = 16 if address.version == 4 else 48
    return str(ipaddress.ip_network((address, bits), strict=False))
