"""Bodies of calls of the sandbox's API, read and checked. What is wrong is refused as JSON:API errors say it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from pingvas.adapters.sellers.sandbox.catalogue import STORE_ID, Offer, find_offer
from pingvas.adapters.sellers.sandbox.purchases import Asked

_ATTRIBUTES = "/data/attributes"


class Refused(Exception):
    """The call is answered with an error."""

    def __init__(self, status: int, title: str, detail: str, pointer: str | None = None) -> None:
        super().__init__(detail)
        self.status, self.title, self.detail, self.pointer = status, title, detail, pointer


@dataclass(frozen=True)
class Pause:
    mode: str
    resumes_at: str | None


@dataclass(frozen=True)
class SubscriptionChange:
    """What of a subscription is to be another. `unpauses`: `pause` was given as null."""

    offer: Offer | None
    canceled: bool | None
    pause: Pause | None
    unpauses: bool
    invoice_immediately: bool
    disable_prorations: bool


@dataclass(frozen=True)
class Webhook:
    url: str
    events: Sequence[str]
    secret: str


def read_checkout(body: bytes, at: datetime) -> Asked:
    """Raises Refused."""
    told = _resource(body, "checkouts")
    attributes = _object(told.get("attributes", {}), _ATTRIBUTES)
    if _related(told, "store") != STORE_ID:
        raise _bad("The store is not known.", "/data/relationships/store")
    variant_id = _related(told, "variant")
    offer = find_offer(int(variant_id)) if variant_id is not None and variant_id.isdecimal() else None
    if offer is None:
        raise _bad("The variant is not known.", "/data/relationships/variant")
    product, data, options = (
        _object(attributes.get(name) or {}, f"{_ATTRIBUTES}/{name}")
        for name in ("product_options", "checkout_data", "checkout_options")
    )
    custom = _object(data.get("custom") or {}, f"{_ATTRIBUTES}/checkout_data/custom")
    redirect_url = product.get("redirect_url")
    if redirect_url is not None and not _is_address(redirect_url):
        raise _bad("The redirect url must be a valid URL.", f"{_ATTRIBUTES}/product_options/redirect_url")
    expires_at = _time(attributes.get("expires_at"), "expires_at")
    if expires_at is not None and expires_at <= at:
        # The sandbox's clock may be ahead of the one who asks: their page lives as long as theirs would.
        expires_at = None
    email = data.get("email")
    sent = {
        "product_options": product,
        "checkout_options": options,
        "checkout_data": data,
        "preview": False,
    }
    return Asked(
        offer=offer,
        custom=custom,
        email=email if isinstance(email, str) else None,
        redirect_url=redirect_url,
        language="ko" if custom.get("language") == "ko" else "en",
        expires_at=expires_at,
        as_sent=sent,
    )


def read_subscription_change(body: bytes, id: str) -> SubscriptionChange:
    """Raises Refused."""
    told = _resource(body, "subscriptions", id)
    attributes = _object(told.get("attributes", {}), _ATTRIBUTES)
    offer = None
    if "variant_id" in attributes:
        offer = find_offer(attributes["variant_id"])
        if offer is None or offer.interval is None:
            raise _bad("The selected variant id is invalid.", f"{_ATTRIBUTES}/variant_id")
    return SubscriptionChange(
        offer=offer,
        canceled=_flag(attributes, "cancelled"),
        pause=_pause(attributes.get("pause")),
        unpauses="pause" in attributes and attributes["pause"] is None,
        invoice_immediately=_flag(attributes, "invoice_immediately") is True,
        disable_prorations=_flag(attributes, "disable_prorations") is True,
    )


def read_refund(body: bytes, kind: str, id: str) -> int | None:
    """Cents; None: all. Raises Refused."""
    if not body:
        return None
    attributes = _object(_resource(body, kind, id).get("attributes", {}), _ATTRIBUTES)
    amount = attributes.get("amount")
    if amount is not None and (isinstance(amount, bool) or not isinstance(amount, int)):
        raise _bad("The amount must be an integer.", f"{_ATTRIBUTES}/amount")
    return amount


def read_webhook(body: bytes) -> Webhook:
    """Raises Refused."""
    told = _resource(body, "webhooks")
    attributes = _object(told.get("attributes", {}), _ATTRIBUTES)
    url, events, secret = (attributes.get(name) for name in ("url", "events", "secret"))
    if not _is_address(url):
        raise _bad("The url must be a valid URL.", f"{_ATTRIBUTES}/url")
    if not isinstance(events, list) or not all(isinstance(name, str) for name in events) or not events:
        raise _bad("The events field is required.", f"{_ATTRIBUTES}/events")
    if not isinstance(secret, str) or not 6 <= len(secret) <= 40:
        raise _bad("The secret must have 6 to 40 characters.", f"{_ATTRIBUTES}/secret")
    return Webhook(str(url), events, secret)


def _resource(body: bytes, kind: str, id: str | None = None) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "Bad Request", "The body is no JSON.") from None
    data = _object(_object(told, "").get("data"), "/data")
    if data.get("type") != kind:
        raise Refused(409, "Conflict", f"The type must be {kind}.", "/data/type")
    if id is not None and str(data.get("id")) != id:
        raise Refused(409, "Conflict", "The id must be that of the address.", "/data/id")
    return data


def _related(told: Mapping[str, Any], name: str) -> str | None:
    relations = _object(told.get("relationships") or {}, "/data/relationships")
    relation = _object(relations.get(name) or {}, f"/data/relationships/{name}")
    data = _object(relation.get("data") or {}, f"/data/relationships/{name}/data")
    found = data.get("id")
    return None if found is None else str(found)


def _pause(told: object) -> Pause | None:
    if told is None:
        return None
    pause = _object(told, f"{_ATTRIBUTES}/pause")
    if pause.get("mode") not in ("void", "free"):
        raise _bad("The mode must be void or free.", f"{_ATTRIBUTES}/pause/mode")
    resumes_at = _time(pause.get("resumes_at"), "pause/resumes_at")
    return Pause(pause["mode"], None if resumes_at is None else resumes_at.isoformat())


def _flag(attributes: Mapping[str, Any], name: str) -> bool | None:
    value = attributes.get(name)
    if value is not None and not isinstance(value, bool):
        raise _bad(f"The {name} field must be true or false.", f"{_ATTRIBUTES}/{name}")
    return value


def _time(value: object, name: str) -> datetime | None:
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise _bad(f"The {name} field must be a time.", f"{_ATTRIBUTES}/{name}")
    return found


def _is_address(value: object) -> bool:
    if not isinstance(value, str) or len(value) > 2000:
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _object(told: object, pointer: str) -> Mapping[str, Any]:
    if not isinstance(told, Mapping):
        raise _bad("An object is expected.", pointer)
    return told


def _bad(detail: str, pointer: str) -> Refused:
    return Refused(422, "Unprocessable Entity", detail, pointer)
