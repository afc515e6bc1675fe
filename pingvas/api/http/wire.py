"""Wire types and parameters that several routers share."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, SecretStr
from pydantic.config import JsonDict

from pingvas.accounts.people.registration import MAX_DISPLAY_NAME
from pingvas.api.http.contract import raises
from pingvas.api.http.deps import SettingsDep
from pingvas.base.idempotency import MAX_KEY_LENGTH
from pingvas.base.pages import DEFAULT_LIMIT, MAX_LIMIT, BadCursor, PageRequest
from pingvas.base.visible_text import is_storable, is_unicode

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def _storable(text: str) -> str:
    """PostgreSQL takes every Unicode text but NUL, and no half of a surrogate pair."""
    if not is_storable(text):
        raise ValueError("must be valid Unicode without the NUL character")
    return text


def _written(value: Any) -> Any:
    """Only as RFC 3339 writes it. A number is no date, though the parser would count it as seconds since 1970."""
    if not isinstance(value, str) or _DATE_TIME.fullmatch(value) is None:
        raise ValueError("must be a date and a time with a zone, as in 2026-01-31T09:30:00Z")
    return value


def _day(value: Any) -> Any:
    if not isinstance(value, str) or _DATE.fullmatch(value) is None:
        raise ValueError("must be a day, as in 2026-01-31")
    return value


def _in_utc(moment: datetime) -> datetime:
    """At the edges of the calendar a zone leads out of it, and no database follows there."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("must lie between the years 1 and 9999, in UTC as well") from None


def left_out() -> Any:
    """The default of a field that may be left out but not null; a factory keeps it out of the OpenAPI document."""
    return None


def _encodable(secret: SecretStr) -> SecretStr:
    """A secret is hashed or compared as UTF-8 and never stored, so it may hold anything that has such a form."""
    if not is_unicode(secret.get_secret_value()):
        raise ValueError("must be valid Unicode")
    return secret


# What the document says of them, as near as a pattern comes; the rooms decide.
_UNSEEN = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad"
SHOWN_NAME: JsonDict = {
    "minLength": 1,
    "maxLength": MAX_DISPLAY_NAME,
    "pattern": rf"^[^{_UNSEEN}]*[^\s\u00a0{_UNSEEN}][^{_UNSEEN}]*$",
}
KEY_SCHEMA: JsonDict = {"minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": "^[ -~]*[!#-~][ -~]*$"}

Text = Annotated[str, AfterValidator(_storable)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_utc)]
Day = Annotated[date, BeforeValidator(_day)]
Secret = Annotated[SecretStr, AfterValidator(_encodable)]
_Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items a page")]
_Cursor = Annotated[str | None, Query(max_length=1000, description="`next_cursor` of the page before")]


@raises(BadCursor)
async def _page_request(
    settings: SettingsDep, limit: _Limit = DEFAULT_LIMIT, cursor: _Cursor = None
) -> PageRequest:
    key, *older_keys = settings.keys_for("cursor")
    return PageRequest(key, limit, cursor, older_keys)


PageDep = Annotated[PageRequest, Depends(_page_request)]
