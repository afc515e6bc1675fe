"""One sandbox: what it remembers, where browsers reach it, and how its resources look from outside (JSON:API)."""

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pingvas.adapters.sellers.sandbox import events
from pingvas.adapters.sellers.sandbox.store import Resource, Store

_PAGES_LIVE_SECONDS = 24 * 3600.0


@dataclass
class Sandbox:
    """`url` is where browsers reach it, without a slash at its end."""

    store: Store
    url: str
    api_key: str
    page_key: bytes
    clock: Callable[[], float] = time.time

    def emit(self, name: str, resource: Resource, custom: Mapping[str, Any] | None = None) -> None:
        """Have an event sent, with the resource as it is now."""
        events.emit(self.store, self.tell, name, resource, custom or {})

    def tell(self, resource: Resource) -> dict[str, Any]:
        """A resource as the API shows it."""
        attributes = dict(resource.attributes)
        if resource.kind == "subscriptions":
            attributes["urls"] = {
                "update_payment_method": self.page(resource.id, "card"),
                "customer_portal": self.page(resource.id),
                "customer_portal_update_subscription": self.page(resource.id, "plan"),
            }
        return {
            "type": resource.kind,
            "id": resource.id,
            "attributes": attributes,
            "links": {"self": f"{self.url}/v1/{resource.kind}/{resource.id}"},
        }

    def page(self, subscription_id: str, part: str = "") -> str:
        """The address of a page for one subscription, good for a day."""
        until = int(self.clock() + _PAGES_LIVE_SECONDS)
        signed = urlencode({"expires": until, "signature": self._signature(subscription_id, until)})
        return f"{self.url}/billing/{subscription_id}{part and '/' + part}?{signed}"

    def may_see(self, subscription_id: str, expires: str, signature: str) -> bool:
        """Whether such an address is one of ours and still good."""
        if not expires.isascii() or not expires.isdecimal() or len(expires) > 12:
            return False
        expected = self._signature(subscription_id, int(expires))
        return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")) and (
            self.clock() < int(expires)
        )

    def _signature(self, subscription_id: str, until: int) -> str:
        return hmac.new(self.page_key, f"{subscription_id}:{until}".encode(), hashlib.sha256).hexdigest()
