"""A store at Lemon Squeezy as a Seller: what is asked of it, and what its answers say."""

import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from pingvas.adapters.sellers.lemon_squeezy import events
from pingvas.adapters.sellers.lemon_squeezy.calls import AnswerLost, Calls, NotThere
from pingvas.adapters.sellers.lemon_squeezy.resources import NoSense, read_resource
from pingvas.adapters.sellers.seller import (
    CheckoutPage,
    CustomerPages,
    Event,
    InvoiceWord,
    OrderWord,
    PlanVariant,
    SellerRefused,
    SellerUnavailable,
    SentEvent,
    SoldWord,
    Variant,
    Word,
)
from pingvas.adapters.sellers.variants import Variants
from pingvas.base.clock import now

log = logging.getLogger(__name__)

CHECKOUT_LIFE = timedelta(hours=24)
_Kind = TypeVar("_Kind", SoldWord, InvoiceWord, OrderWord)


class LemonSqueezy:
    """A Seller (see the port). `secrets` sign its webhooks, the newest first. In `test_mode` what nobody has paid for counts."""

    def __init__(
        self,
        calls: Calls,
        variants: Variants,
        *,
        name: str,
        store_id: str,
        secrets: Callable[[], Sequence[str]],
        test_mode: bool,
    ) -> None:
        self.name = name
        self.test_mode = test_mode
        self._calls = calls
        self._variants = variants
        self._store_id = store_id
        self._secrets = secrets

    def sells(self, variant: Variant) -> bool:
        return self._variants.has(variant)

    async def checkout(
        self,
        variant: Variant,
        *,
        token: str,
        email: str | None,
        return_url: str,
        language: Literal["ko", "en"],
    ) -> CheckoutPage:
        variant_id = self._variants.id_of(variant)
        until = now() + CHECKOUT_LIFE
        data: dict[str, Any] = {
            # The seller has no setting for the language of its page; the sandbox finds it here.
            "custom": {events.TOKEN: token, "language": language},
            "variant_quantities": [{"variant_id": int(variant_id), "quantity": 1}],
        }
        if email is not None:
            data["email"] = email
        attributes: dict[str, Any] = {
            "product_options": {"redirect_url": return_url, "enabled_variants": [int(variant_id)]},
            "checkout_data": data,
            "expires_at": until.isoformat(),
            "test_mode": self.test_mode,
        }
        body = {
            "data": {
                "type": "checkouts",
                "attributes": attributes,
                "relationships": {
                    "store": {"data": {"type": "stores", "id": self._store_id}},
                    "variant": {"data": {"type": "variants", "id": variant_id}},
                },
            }
        }
        # A page that nobody was told of sells nothing, so another may be asked for.
        answer = await self._calls.send("POST", "/checkouts", body, again=True)
        made = _attributes(answer)
        url = made.get("url")
        if not isinstance(url, str) or not url.startswith(("https://", "http://")):
            raise _nonsense("a checkout without an address")
        return CheckoutPage(url, _time(made.get("expires_at")) or until)

    async def change(self, subscription_id: str, variant: PlanVariant, *, at_once: bool) -> SoldWord:
        how = {"invoice_immediately": True} if at_once else {"disable_prorations": True}
        attributes = {"variant_id": int(self._variants.id_of(variant)), **how}
        return await self._have(
            subscription_id,
            lambda word: word.variant == variant,
            lambda: self._patch(subscription_id, attributes),
        )

    async def cancel(self, subscription_id: str) -> SoldWord:
        return await self._have(
            subscription_id,
            lambda word: word.status in ("canceled", "expired"),
            lambda: self._calls.send("DELETE", f"/subscriptions/{subscription_id}"),
        )

    async def resume(self, subscription_id: str) -> SoldWord:
        return await self._have(
            subscription_id,
            lambda word: word.status not in ("canceled", "expired"),
            lambda: self._patch(subscription_id, {"cancelled": False}),
        )

    async def pages(self, subscription_id: str) -> CustomerPages:
        urls = _attributes(await self._calls.get(f"/subscriptions/{subscription_id}")).get("urls")
        told: Mapping[str, Any] = urls if isinstance(urls, Mapping) else {}
        portal, change_card = told.get("customer_portal"), told.get("update_payment_method")
        if not isinstance(portal, str) or not isinstance(change_card, str):
            raise _nonsense("a subscription without pages")
        change_plan = told.get("customer_portal_update_subscription")
        return CustomerPages(portal, change_card, change_plan if isinstance(change_plan, str) else None)

    async def find_subscription(self, subscription_id: str) -> SoldWord | None:
        try:
            answer = await self._calls.get(f"/subscriptions/{subscription_id}")
        except NotThere:
            return None
        return self._word(answer.get("data"), SoldWord)

    def list_subscriptions(self) -> AsyncIterator[SoldWord]:
        return self._listed("/subscriptions", SoldWord)

    def list_invoices(self) -> AsyncIterator[InvoiceWord]:
        return self._listed("/subscription-invoices", InvoiceWord)

    def list_orders(self) -> AsyncIterator[OrderWord]:
        return self._listed("/orders", OrderWord)

    def accept_event(self, headers: Mapping[str, str], body: bytes) -> SentEvent:
        return events.accept(self._secrets(), headers, body, takes_test_mode=self.test_mode)

    def read_event(self, body: Mapping[str, Any]) -> Event:
        return events.read(body, self._variants, store_id=self._store_id, takes_test_mode=self.test_mode)

    async def _have(
        self, subscription_id: str, is_so: Callable[[SoldWord], bool], do: Callable[[], Any]
    ) -> SoldWord:
        """Have something changed, once. Where the answer is lost, look whether it was heard before it is said again: an invoice
        may hang on it."""
        try:
            return self._one(await do())
        except AnswerLost:
            word = await self.find_subscription(subscription_id)
            if word is not None and is_so(word):
                return word
        return self._one(await do())

    async def _patch(self, subscription_id: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
        data = {"type": "subscriptions", "id": subscription_id, "attributes": dict(attributes)}
        return await self._calls.send("PATCH", f"/subscriptions/{subscription_id}", {"data": data})

    def _one(self, answer: Mapping[str, Any]) -> SoldWord:
        return self._word(answer.get("data"), SoldWord)

    def _word(self, resource: object, kind: type[_Kind]) -> _Kind:
        """The resource as a word that counts. Raises SellerUnavailable and SellerRefused."""
        try:
            word = read_resource(resource, self._variants, store_id=self._store_id)
        except NoSense as error:
            raise _nonsense(error.detail) from error
        if not isinstance(word, kind):
            raise _nonsense("another thing than was asked for")
        if not self._counts(word):
            log.warning(
                "the key of the payment service is one of its test mode, and this studio sells in earnest"
            )
            raise SellerRefused
        return word

    async def _listed(self, path: str, kind: type[_Kind]) -> AsyncIterator[_Kind]:
        """One that makes no sense is told to the operator, and the others go on."""
        async for resource in self._calls.every(path, **{"filter[store_id]": self._store_id}):
            try:
                word = read_resource(resource, self._variants, store_id=self._store_id)
            except NoSense as error:
                log.warning("in the payment service's list of %s: %s", path, error.detail)
                continue
            if isinstance(word, kind) and self._counts(word):
                yield word

    def _counts(self, word: Word) -> bool:
        return self.test_mode or not word.test_mode


def _attributes(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    data = answer.get("data")
    attributes = data.get("attributes") if isinstance(data, Mapping) else None
    if not isinstance(attributes, Mapping):
        raise _nonsense("a resource without attributes")
    return attributes


def _time(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return None if found is None or found.tzinfo is None else found


def _nonsense(what: str) -> SellerUnavailable:
    log.warning("the payment service makes no sense: %s", what)
    return SellerUnavailable()
