"""How refresh tokens travel: to web pages in a cookie that scripts cannot read, to everybody else in the body.

A client says which it is with `X-Pingvas-Client: web`. Browsers send a cookie along by themselves, so a cookie
counts only together with that header, which another site's page cannot add without being asked by the browser
for a permission that we never give; where the browser says that another site asks, it is refused in any case.
"""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Header, Request, Response

from pingvas.api.http.deps import SettingsDep
from pingvas.base.errors import Forbidden
from pingvas.base.settings import Settings

COOKIE_PREFIX = "pingvas_refresh_"
PATH = "/api/v1/auth"
WEB = "web"
_OWN_PAGES = ("same-origin", "none")


class CrossSiteRequest(Forbidden):
    default_detail = "The refresh cookie is taken from this studio's own pages only."


def cookie_name(settings: Settings) -> str:
    """Browsers do not tell ports apart when they keep cookies, so two studios on one machine need two names."""
    return COOKIE_PREFIX + settings.key_for("refresh-cookie-name").hex()[:8]


class RefreshTransport:
    """How this request's client carries its refresh token."""

    def __init__(
        self, settings: Settings, cookies: Mapping[str, str], *, client: str | None, site: str | None
    ) -> None:
        self.web = client is not None and client.strip().lower() == WEB
        self._secure = settings.base_url.startswith("https://")
        self._max_age = settings.refresh_token_days * 24 * 3600
        self._site = site
        self._name = cookie_name(settings)
        self._cookie = cookies.get(self._name) or None

    def cookie_token(self) -> str | None:
        """The token in the cookie, if there is one. Raises CrossSiteRequest when the request may be another site's."""
        if self._cookie is None:
            return None
        if not self.web or (self._site is not None and self._site not in _OWN_PAGES):
            raise CrossSiteRequest
        return self._cookie

    def hand_over(self, response: Response, refresh_token: str) -> str | None:
        """Put the token where the client keeps it; what is returned belongs into the body."""
        response.headers["Cache-Control"] = "no-store"
        if not self.web:
            return refresh_token
        response.set_cookie(
            self._name,
            refresh_token,
            max_age=self._max_age,
            path=PATH,
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )
        return None

    def take_back(self, response: Response) -> None:
        """Have a web page's browser forget the token."""
        if self._cookie is not None or self.web:
            response.delete_cookie(
                self._name, path=PATH, secure=self._secure, httponly=True, samesite="strict"
            )


async def _refresh_transport(
    request: Request,
    settings: SettingsDep,
    client: Annotated[
        str | None,
        Header(
            alias="X-Pingvas-Client",
            description="`web`: the refresh token travels in an HttpOnly cookie and not in the body.",
        ),
    ] = None,
    site: Annotated[str | None, Header(alias="Sec-Fetch-Site", include_in_schema=False)] = None,
) -> RefreshTransport:
    return RefreshTransport(settings, request.cookies, client=client, site=site)


RefreshTransportDep = Annotated[RefreshTransport, Depends(_refresh_transport)]
