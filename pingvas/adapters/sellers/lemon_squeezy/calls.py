"""Calls of Lemon Squeezy's JSON:API: in time, in pace, up to a size, and again where that changes nothing."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from ssl import SSLContext
from typing import Any, Literal

import httpx

from pingvas.adapters.sellers.lemon_squeezy.pace import Pace, Sleep
from pingvas.adapters.sellers.seller import SellerRefused, SellerUnavailable

log = logging.getLogger(__name__)

JSON_API = "application/vnd.api+json"
PAGE_SIZE = 100
# More pages than any studio fills; a seller that always names one more is left at some time.
MOST_PAGES = 10_000
_SECONDS = 10.0
_MAX_BYTES = 8 * 1024 * 1024
_TRIES = 3
_FIRST_PAUSE = 0.5
# After too many calls: for somebody who waits for an answer, and for a list.
_LONGEST_PAUSE, _LONGEST_IN_A_LIST = 3.0, 60.0
_LONGEST_SAID = 300

Method = Literal["GET", "POST", "PATCH", "DELETE"]


class AnswerLost(SellerUnavailable):
    """Nobody knows whether the call was heard."""


class NotThere(SellerRefused):
    """The seller has nothing of that id."""


@dataclass
class Calls:
    """Everything that is asked of one store with one key. `where` gives the API's address at each call, or raises
    SellerUnavailable: the sandbox may come back at another one."""

    where: Callable[[], str]
    key: Callable[[], str]
    through_proxies: bool = True
    pace: Pace = field(default_factory=Pace)
    sleep: Sleep = asyncio.sleep

    async def get(self, path: str, *, in_a_list: bool = False, **query: str | int) -> dict[str, Any]:
        """Again while it may be heard at last. Raises SellerUnavailable, SellerRefused and NotThere."""
        async with self._client() as client:
            return await self._get(client, path, query, in_a_list=in_a_list)

    async def send(
        self, method: Method, path: str, body: Mapping[str, Any] | None = None, *, again: bool = False
    ) -> dict[str, Any]:
        """What changes something. A call that was refused for its number goes out again; one that may have been heard only with
        `again`, else it raises AnswerLost."""
        async with self._client() as client:
            for attempt in range(_TRIES):
                try:
                    return await self._call(client, method, path, body=body)
                except AnswerLost:
                    if not again or attempt == _TRIES - 1:
                        raise
                    await self.sleep(_FIRST_PAUSE * 2**attempt)
                except _Later as later:
                    if attempt == _TRIES - 1:
                        raise
                    await self.sleep(min(later.seconds, _LONGEST_PAUSE))
        raise SellerUnavailable

    async def every(self, path: str, **query: str | int) -> AsyncIterator[dict[str, Any]]:
        """The resources of a list, page by page, the newest first. What is sold meanwhile moves others on to the next page, so that
        some come twice, and none is left out."""
        async with self._client() as client:
            for number in range(1, MOST_PAGES + 1):
                asked = {**query, "page[number]": number, "page[size]": PAGE_SIZE}
                told = await self._get(client, path, asked, in_a_list=True)
                items = told.get("data")
                if not isinstance(items, list):
                    raise _nonsense("a list without data")
                for item in items:
                    yield item
                if number >= _last_page(told):
                    return

    async def _get(
        self, client: httpx.AsyncClient, path: str, query: Mapping[str, Any], *, in_a_list: bool
    ) -> dict[str, Any]:
        for attempt in range(_TRIES):
            last = attempt == _TRIES - 1
            try:
                return await self._call(client, "GET", path, query=query, in_a_list=in_a_list)
            except _Later as later:
                if last:
                    raise
                await self.sleep(min(later.seconds, _LONGEST_IN_A_LIST if in_a_list else _LONGEST_PAUSE))
            except AnswerLost:
                if last:
                    raise
                await self.sleep(_FIRST_PAUSE * 2**attempt)
        raise SellerUnavailable

    async def _call(
        self,
        client: httpx.AsyncClient,
        method: Method,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        in_a_list: bool = False,
    ) -> dict[str, Any]:
        await self.pace.turn(in_a_list=in_a_list)
        try:
            async with asyncio.timeout(2 * _SECONDS):
                request = client.build_request(method, self.where() + path, json=body, params=query)
                answer = await client.send(request, stream=True)
                try:
                    content = await _bounded(answer)
                finally:
                    await answer.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            # It was never heard, whatever it was.
            log.warning("the payment service cannot be reached: %s", type(error).__name__)
            raise _Later(_FIRST_PAUSE) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:  # a TimeoutError too
            log.warning("an answer of the payment service was lost: %s", type(error).__name__)
            raise AnswerLost from error
        self.pace.note(answer.headers)
        return _read(method, path, answer, content)

    def _client(self) -> httpx.AsyncClient:
        headers = {"Accept": JSON_API, "Content-Type": JSON_API, "Authorization": f"Bearer {self.key()}"}
        return httpx.AsyncClient(
            headers=headers,
            timeout=_SECONDS,
            verify=_certificates(),
            trust_env=self.through_proxies,
            follow_redirects=False,
        )


class _Later(SellerUnavailable):
    """It was not done: too many calls, or nobody there."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


def _read(method: Method, path: str, answer: httpx.Response, content: bytes) -> dict[str, Any]:
    status = answer.status_code
    if status == 429:
        wait = answer.headers.get("retry-after", "")
        raise _Later(float(wait[:6]) if wait.isdecimal() else 10.0)
    if status >= 500:
        log.warning("the payment service answered %s %s with %s", method, path, status)
        raise AnswerLost
    told = _json(content)
    if status == 404:
        raise NotThere
    if not 200 <= status < 300:
        log.warning("the payment service refused %s %s with %s: %s", method, path, status, _said(told))
        raise SellerRefused
    if not isinstance(told, dict):
        raise _nonsense(f"{method} {path} is answered with no object")
    return told


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


async def _bounded(answer: httpx.Response) -> bytes:
    parts, left = [], _MAX_BYTES
    async for part in answer.aiter_bytes():
        left -= len(part)
        if left < 0:
            raise _nonsense("too long an answer")
        parts.append(part)
    return b"".join(parts)


def _said(told: Any) -> str:
    """The titles and details of JSON:API errors."""
    errors = told.get("errors") if isinstance(told, dict) else None
    said = [
        str(each.get("detail") or each.get("title"))
        for each in (errors if isinstance(errors, list) else [])
        if isinstance(each, dict)
    ]
    return "; ".join(said)[:_LONGEST_SAID]


def _last_page(told: Mapping[str, Any]) -> int:
    meta = told.get("meta")
    page = meta.get("page") if isinstance(meta, dict) else None
    last = page.get("lastPage") if isinstance(page, dict) else None
    return last if isinstance(last, int) else 0


def _nonsense(what: str) -> SellerUnavailable:
    log.warning("the payment service makes no sense: %s", what)
    return SellerUnavailable()


@cache
def _certificates() -> SSLContext:
    """Read once: it takes tens of milliseconds."""
    return httpx.create_ssl_context()
