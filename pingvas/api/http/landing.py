"""Where a browser goes that comes back from somewhere else: always to a page, with the code of what went wrong if something did.

Nobody sees a problem document there, for nobody's program is asking.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import quote, urlencode, urlsplit

from fastapi import Depends, Request, Response, status
from fastapi.responses import RedirectResponse

from pingvas.accounts.sign_in.round_trips import make_browser_secret
from pingvas.api.http.deps import SettingsDep
from pingvas.base.errors import StudioError
from pingvas.base.settings import Settings

COOKIE_PREFIX = "pingvas_leaving_"
_COOKIE_PATH = "/api/v1"
# As long as a provider is waited for.
_COOKIE_SECONDS = 600
_OF_THIS_MACHINE = re.compile(r"(localhost|127\.[0-9.]{5,11}|\[::1\])(:[0-9]{1,5})?")


async def _own_address(request: Request, settings: SettingsDep) -> str:
    """The studio's address as this browser knows it: the one that people type, or another name of this machine for that.

    A cookie of `localhost` is none of `127.0.0.1`, so who left from there comes back there. No other host that a request
    names is believed.
    """
    own, asked = urlsplit(settings.base_url), request.headers.get("host", "")
    if _OF_THIS_MACHINE.fullmatch(own.netloc) and _OF_THIS_MACHINE.fullmatch(asked):
        return f"{own.scheme}://{asked}{own.path}"
    return settings.base_url


OwnAddressDep = Annotated[str, Depends(_own_address)]


class BrowserMark:
    """The cookie by which a browser that left for a provider is known when it comes back."""

    def __init__(self, settings: Settings, request: Request) -> None:
        self._settings = settings
        self._name = COOKIE_PREFIX + settings.key_for("refresh-cookie-name").hex()[:8]
        self.value = request.cookies.get(self._name)

    def set(self, response: Response) -> str:
        """Mark the browser, if it is not yet; what it is marked with."""
        value = make_browser_secret(self.value)
        response.set_cookie(
            self._name,
            value,
            max_age=_COOKIE_SECONDS,
            path=self._settings.public_path + _COOKIE_PATH,
            secure=self._settings.is_https,
            httponly=True,
            samesite="lax",  # it comes back by a link on another site
        )
        return value


async def _browser_mark(request: Request, settings: SettingsDep) -> BrowserMark:
    return BrowserMark(settings, request)


BrowserMarkDep = Annotated[BrowserMark, Depends(_browser_mark)]


async def land(response: Response, work: Awaitable[str], *, trouble: Callable[[str], str]) -> Response:
    """Send the browser to the address that `work` gives, or to the one for the code of the error that it ends in. What `work`
    has put on `response` goes along."""
    try:
        address = await work
    except StudioError as error:
        address = trouble(error.code)
    answer = RedirectResponse(address, status.HTTP_302_FOUND)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"  # the address that is left holds a code
    answer.raw_headers.extend(pair for pair in response.raw_headers if pair[0] == b"set-cookie")
    return answer


def page(address: str, path: str, *, fragment: str = "", **query: str) -> str:
    """A page of the studio's as a browser is sent to it."""
    asked = f"?{urlencode(query, quote_via=quote)}" if query else ""
    return f"{address}{path}{asked}{fragment and '#' + fragment}"


def with_problem(address: str, path: str, code: str) -> str:
    """A page that may have a query of its own, with the code of a problem added."""
    before, mark, fragment = path.partition("#")
    joint = "&" if "?" in before else "?"
    return f"{address}{before}{joint}problem={code}{mark}{fragment}"
