"""Who the studio is to passkeys: the name they are bound to, and the addresses of pages that may ask for them.

Both follow from the address that people type. Browsers offer passkeys to names alone, never to numbers, and over https; the
machine at hand is the exception, under the name `localhost`.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from pingvas.base.errors import Conflict
from pingvas.base.settings import Settings

_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class RelyingParty:
    """`id` is the name, `origin` what the browser says of the page that asked."""

    id: str
    origin: str


class PasskeysUnavailable(Conflict):
    code = "passkeys_unavailable"
    default_detail = "Passkeys need an https address with a name (PINGVAS_PUBLIC_URL), or localhost."


def relying_party(settings: Settings) -> RelyingParty:
    """Raises PasskeysUnavailable where no browser would offer one."""
    found = find_relying_party(settings)
    if found is None:
        raise PasskeysUnavailable
    return found


def find_relying_party(settings: Settings) -> RelyingParty | None:
    """The same; None where no browser would offer a passkey."""
    parts = urlsplit(settings.base_url)
    name = _name_of(parts.hostname or "")
    if name is None:
        return None
    if parts.scheme != "https" and not _is_of_this_machine(name):
        return None
    return RelyingParty(name, f"{parts.scheme}://{name}{_port_of(parts)}")


def _name_of(host: str) -> str | None:
    """The name of a host as browsers write it; None for a number, unless it is this machine's own."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host if host.isascii() else host.encode("idna").decode()
    return "localhost" if address.is_loopback or address.is_unspecified else None


def _is_of_this_machine(name: str) -> bool:
    return name == "localhost" or name.endswith(".localhost")


def _port_of(parts: SplitResult) -> str:
    return "" if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
