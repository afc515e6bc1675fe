"""The sandbox's webhooks: what an event's body is, and how it is sent until somebody answers 200."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx

from pingvas.adapters.sellers.lemon_squeezy.signatures import sign
from pingvas.adapters.sellers.sandbox.store import Delivery, Resource, Store

log = logging.getLogger(__name__)

# Seconds after which what was not taken is sent again; then it is given up.
PAUSES = (5.0, 25.0, 125.0)
_SECONDS = 15.0

Tell = Callable[[Resource], dict[str, Any]]
Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[int]]


def emit(store: Store, tell: Tell, name: str, resource: Resource, custom: Mapping[str, Any]) -> None:
    """Have an event sent to all who asked for it, with the resource as it is now."""
    meta: dict[str, Any] = {"event_name": name, "test_mode": True}
    if custom:
        meta["custom_data"] = dict(custom)
    meta["webhook_id"] = None
    for webhook in store.all("webhooks"):
        if name in webhook["events"] or not webhook["events"]:
            meta["webhook_id"] = webhook.id
            body = json.dumps({"meta": meta, "data": tell(resource)}, ensure_ascii=False).encode()
            store.send_later(webhook.id, name, body)


class Sender:
    """Sends what waits, in order, again after a while where it was not taken."""

    def __init__(
        self, store: Store, *, post: Post | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._post = post or _over_http
        self._clock = clock
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Something new waits."""
        self._wake.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            self._wake.clear()
            await self.send_due()
            next_at = self._store.next_delivery_at()
            wait = 60.0 if next_at is None else max(0.05, next_at - self._clock())
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def send_due(self) -> int:
        """Send all that is due now; how many were taken."""
        taken = 0
        for delivery in self._store.due_deliveries(self._clock()):
            taken += await self._send(delivery)
        return taken

    async def _send(self, delivery: Delivery) -> bool:
        webhook = self._store.find("webhooks", delivery.webhook_id)
        if webhook is None:
            with self._store.transaction():
                self._store.note_delivery(delivery.id, attempts=delivery.attempts, next_at=None, answer=None)
            return False
        headers = {
            "Content-Type": "application/json",
            "X-Event-Name": delivery.event_name,
            "X-Signature": sign(webhook.hidden["secret"], delivery.body),
        }
        answer = await self._post(webhook["url"], delivery.body, headers)
        is_taken = answer == 200
        left = PAUSES[delivery.attempts : delivery.attempts + 1]
        next_at = None if is_taken or not left else self._clock() + left[0]
        if next_at is None and not is_taken:
            log.warning(
                "%s was given up: %s", delivery.event_name, f"answer {answer}" if answer else "no answer"
            )
        with self._store.transaction():
            self._store.note_delivery(
                delivery.id, attempts=delivery.attempts + 1, next_at=next_at, answer=answer
            )
        return is_taken


async def _over_http(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """The status of the answer; 0: none came."""
    try:
        async with httpx.AsyncClient(timeout=_SECONDS, trust_env=False) as client:
            return (await client.post(url, content=body, headers=dict(headers))).status_code
    except httpx.HTTPError:
        return 0
