"""How refresh tokens travel: to web pages in a cookie that scripts cannot read, to everybody else in the body.

A client says which it is with `X-Pingvas-Client: web`. Browsers send a cookie along by themselves, so a cookie
counts only together with that header, which another site's page cannot add without being asked by the browser
for a permission that we never give; where the browser says that another site asks (`Sec-Fetch-Site`, and in
browsers that have not that, `Origin`), it is refused in any case.
"""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Header, Request, Response

from pingvas.api.http.deps import SettingsDep
from pingvas.base.errors import Forbidden
from pingvas.base.public_address import is_own_origin
from pingvas.base.settings import Settings

COOKIE_PREFIX = "pingvas_refresh_"
PATH = "/api/v1/auth"
WEB_HEADER = "X-Pingvas-Client"
WEB = "web"
_OWN_PAGES = ("same-origin", "none")


class CrossSiteRequest(Forbidden):
    default_detail = "The refresh cookie is taken from this studio's own pages only."


def cookie_name(settings: Settings) -> str:
    """Browsers do not tell ports apart when they keep cookies, so two studios on one machine need two names."""
    return cookie_names(settings)[0]


def cookie_names(settings: Settings) -> list[str]:
    """What the cookie is called, and what it was called under the previous secret."""
    return [COOKIE_PREFIX + key.hex()[:8] for key in settings.keys_for("refresh-cookie-name")]


class RefreshTransport:
    """How this request's client carries its refresh token."""

    def __init__(
        self, settings: Settings, cookies: Mapping[str, str], *, client: str | None, own_page: bool
    ) -> None:
        self.web = client is not None and client.strip().lower() == WEB
        self._secure = settings.is_https
        self._max_age = settings.refresh_token_days * 24 * 3600
        self._path = settings.public_path + PATH
        self._own_page = own_page
        self._name, *older = cookie_names(settings)
        self._held = {name: cookies[name] for name in (self._name, *older) if cookies.get(name)}

    def cookie_token(self) -> str | None:
        """The token in the cookie, if there is one. Raises CrossSiteRequest when the request may be another site's."""
        if not self._held:
            return None
        if not self.web or not self._own_page:
            raise CrossSiteRequest
        return next(iter(self._held.values()))

    def hand_over(self, response: Response, refresh_token: str) -> str | None:
        """Put the token where the client keeps it; what is returned belongs into the body."""
        response.headers["Cache-Control"] = "no-store"
        if not self.web:
            return refresh_token
        response.set_cookie(
            self._name,
            refresh_token,
            max_age=self._max_age,
            path=self._path,
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )
        self._delete(response, *(name for name in self._held if name != self._name))
        return None

    def take_back(self, response: Response) -> None:
        """Have a web page's browser forget the token."""
        if self._held or self.web:
            self._delete(response, *{self._name: None, **dict.fromkeys(self._held)})

    def _delete(self, response: Response, *names: str) -> None:
        for name in names:
            response.delete_cookie(
                name, path=self._path, secure=self._secure, httponly=True, samesite="strict"
            )


async def _refresh_transport(
    request: Request,
    settings: SettingsDep,
    client: Annotated[
        str | None,
        Header(
            alias=WEB_HEADER,
            description="`web`: the refresh token travels in an HttpOnly cookie and not in the body.",
        ),
    ] = None,
    site: Annotated[str | None, Header(alias="Sec-Fetch-Site", include_in_schema=False)] = None,
    origin: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> RefreshTransport:
    if site is not None:
        own_page = site in _OWN_PAGES
    else:  # an older browser names the origin of what is no plain look at a page; a program names nothing
        own_page = origin is None or is_own_origin(settings.base_url, origin, request.headers.get("host"))
    return RefreshTransport(settings, request.cookies, client=client, own_page=own_page)


RefreshTransportDep = Annotated[RefreshTransport, Depends(_refresh_transport)]
