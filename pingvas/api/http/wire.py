"""Wire types and parameters that several routers share."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, SecretStr

from pingvas.api.http.contract import raises
from pingvas.api.http.deps import SettingsDep
from pingvas.base.pages import DEFAULT_LIMIT, MAX_LIMIT, BadCursor, PageRequest
from pingvas.base.visible_text import is_storable, is_unicode


def _storable(text: str) -> str:
    """PostgreSQL takes every Unicode text but NUL, and no half of a surrogate pair."""
    if not is_storable(text):
        raise ValueError("must be valid Unicode without the NUL character")
    return text


def _written(value: Any) -> Any:
    """A number is no date, though the parser would count it as seconds since 1970."""
    text = value.strip().lstrip("+-").replace(".", "", 1) if isinstance(value, str) else ""
    if isinstance(value, (int, float)) or text.isdecimal():
        raise ValueError("must be a date and a time with a zone, as in 2026-01-31T09:30:00Z")
    return value


def _in_utc(moment: datetime) -> datetime:
    """At the edges of the calendar a zone leads out of it, and no database follows there."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("must lie between the years 1 and 9999, in UTC as well") from None


def _encodable(secret: SecretStr) -> SecretStr:
    """A secret is hashed or compared as UTF-8 and never stored, so it may hold anything that has such a form."""
    if not is_unicode(secret.get_secret_value()):
        raise ValueError("must be valid Unicode")
    return secret


Text = Annotated[str, AfterValidator(_storable)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_utc)]
Secret = Annotated[SecretStr, AfterValidator(_encodable)]
_Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items a page")]
_Cursor = Annotated[str | None, Query(max_length=1000, description="`next_cursor` of the page before")]


@raises(BadCursor)
async def _page_request(
    settings: SettingsDep, limit: _Limit = DEFAULT_LIMIT, cursor: _Cursor = None
) -> PageRequest:
    return PageRequest(settings.key_for("cursor"), limit, cursor)


PageDep = Annotated[PageRequest, Depends(_page_request)]
