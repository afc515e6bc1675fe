"""From which addresses a key may be used: single ones, and networks as `198.51.100.0/24`."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from pingvas.base.errors import BadField, Forbidden, Invalid

MAX_ADDRESSES = 50
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class AddressNotAllowed(Forbidden):
    """The key is good, and is used from where its owner does not want it used."""

    code = "address_not_allowed"
    default_detail = "This API key may not be used from this address."


def accept_addresses(addresses: Sequence[str] | None) -> list[str] | None:
    """The addresses in their usual spelling, each once; None and none at all are every address. Raises Invalid."""
    if not addresses:
        return None
    if len(addresses) > MAX_ADDRESSES:
        reason = f"has more than {MAX_ADDRESSES} addresses"
        raise Invalid(f"The field addresses {reason}.", field="addresses", reason=reason)
    accepted: dict[str, None] = {}
    errors = []
    for place, written in enumerate(addresses):
        try:
            network = ipaddress.ip_network(written.strip())
        except ValueError:
            errors.append(BadField(f"addresses.{place}", _reason_for(written), "not_a_network"))
            continue
        single = network.num_addresses == 1
        accepted[str(network.network_address if single else network)] = None
    if errors:
        raise Invalid("Some of these are no addresses.", errors=errors)
    return list(accepted)


def refuse_unless_allowed(allowed: Sequence[str] | None, host: str | None) -> None:
    """Raises AddressNotAllowed where a key names its addresses and this is none of them."""
    if allowed is None:
        return
    address = _address_of(host)
    if address is None or not any(
        address.version == network.version and address in network for network in _networks(tuple(allowed))
    ):
        raise AddressNotAllowed


def _reason_for(written: str) -> str:
    try:
        meant = ipaddress.ip_network(written.strip(), strict=False)
    except ValueError:
        return "is no address, nor a network as in 198.51.100.0/24"
    return f"has bits beyond its length; the network is {meant}"


@lru_cache(maxsize=1024)
def _networks(allowed: tuple[str, ...]) -> tuple[_Network, ...]:
    return tuple(ipaddress.ip_network(each) for each in allowed)


def _address_of(host: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """A client's address; one of IPv4 that comes in IPv6's clothes is one of IPv4."""
    try:
        address = ipaddress.ip_address((host or "").partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
