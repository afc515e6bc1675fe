"""The seller that the settings choose, ready to be asked."""

from functools import partial

from pingvas.adapters.sellers.lemon_squeezy.calls import Calls
from pingvas.adapters.sellers.lemon_squeezy.seller import LemonSqueezy
from pingvas.adapters.sellers.sandbox import keys
from pingvas.adapters.sellers.sandbox.catalogue import STORE_ID, VARIANT_IDS
from pingvas.adapters.sellers.seller import Seller
from pingvas.adapters.sellers.variants import Variants
from pingvas.base.errors import Invalid
from pingvas.base.seller_settings import read_variant_ids
from pingvas.base.settings import Settings

LEMON_SQUEEZY_URL = "https://api.lemonsqueezy.com/v1"
LEMON_SQUEEZY, SANDBOX = "lemon-squeezy", "sandbox"
_NEEDED = ("api_key", "store_id", "webhook_secret", "variants")


class SellerNotSetUp(Invalid):
    default_detail = "The settings name a seller and not all that it takes."


def open_seller(settings: Settings) -> Seller | None:
    """The one who sells here; None: nobody. Raises SellerNotSetUp. Nothing is asked and nothing written yet."""
    if settings.seller == "none":
        return None
    ids = read_variant_ids(settings.lemon_squeezy_variants or "{}")
    if settings.seller == "sandbox":
        return LemonSqueezy(
            Calls(partial(keys.api_url, settings), partial(keys.api_key, settings), through_proxies=False),
            Variants({**VARIANT_IDS, **ids}),
            name=SANDBOX,
            store_id=STORE_ID,
            secrets=partial(keys.webhook_secrets, settings),
            test_mode=True,
        )
    missing = [name for name in _NEEDED if not getattr(settings, f"lemon_squeezy_{name}")]
    if missing:
        named = ", ".join(f"PINGVAS_LEMON_SQUEEZY_{name.upper()}" for name in missing)
        raise SellerNotSetUp(f"PINGVAS_BILLING_PROVIDER is lemon_squeezy, which also takes {named}.")
    url, key = (
        (settings.lemon_squeezy_api_url or LEMON_SQUEEZY_URL).rstrip("/"),
        settings.lemon_squeezy_api_key,
    )
    secrets = settings.webhook_secrets
    return LemonSqueezy(
        Calls(lambda: url, lambda: key or ""),
        Variants(ids),
        name=LEMON_SQUEEZY,
        store_id=settings.lemon_squeezy_store_id or "",
        secrets=lambda: secrets,
        test_mode=settings.lemon_squeezy_test_mode,
    )
