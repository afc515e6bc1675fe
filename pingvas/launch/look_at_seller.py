"""Whether the seller that the settings name can be asked, for the doctor."""

from __future__ import annotations

from pingvas.adapters.sellers.chosen import SellerNotSetUp, open_seller
from pingvas.adapters.sellers.seller import Seller, SellerRefused, SellerUnavailable
from pingvas.base.public_address import is_this_machine
from pingvas.base.settings import Settings

# No seller has one of this id: it says so to whoever may ask.
_NONE = "0"


async def look_at_seller(settings: Settings, *, is_running: bool) -> tuple[bool | None, str, str]:
    """Whether it is well, what there is to say, and what to do."""
    try:
        seller = open_seller(settings)
    except SellerNotSetUp as error:
        return False, error.detail, "set them, or PINGVAS_BILLING_PROVIDER=none"
    if seller is None:
        return True, "nothing is sold here", ""
    if settings.seller == "sandbox":
        return await _sandbox(seller, settings, is_running)
    mode = " in test mode: nobody pays" if seller.test_mode else ""
    why = await _why_not(seller)
    if why is None:
        return (None if mode else True), f"{seller.name} sells here{mode}", ""
    return False, f"{seller.name} cannot be asked: {why}", "check the key, the store and the log of the API"


async def _sandbox(seller: Seller, settings: Settings, is_running: bool) -> tuple[bool | None, str, str]:
    says = "the sandbox sells here: it takes no money and gives plans and credits away"
    why = await _why_not(seller)
    if why is not None:
        says += f"; {why}"
        return (False if is_running else None), says, "./studio up starts it" if is_running else ""
    if not is_this_machine(settings.base_url):
        remedy = "PINGVAS_BILLING_PROVIDER=none, or lemon_squeezy, where people come who should pay"
        return None, f"{says}, to everybody who comes to {settings.base_url}", remedy
    return True, says, ""


async def _why_not(seller: Seller) -> str | None:
    try:
        await seller.find_subscription(_NONE)
    except SellerRefused:
        return "it refuses the key"
    except SellerUnavailable:
        return "it does not answer"
    except OSError as error:  # its key lies in the data folder, or is to be made there
        return f"its key cannot be read: {error.strerror}"
    return None
