"""Wire types and parameters that several routers share."""

from typing import Annotated

from fastapi import Depends, Query
from pydantic import AfterValidator, SecretStr

from pingvas.api.http.deps import SettingsDep
from pingvas.base.pages import DEFAULT_LIMIT, MAX_LIMIT, PageRequest
from pingvas.base.visible_text import is_unicode


def _storable(text: str) -> str:
    """PostgreSQL takes every Unicode text but NUL, and no half of a surrogate pair."""
    if "\x00" in text:
        raise ValueError("must not contain the NUL character")
    if not is_unicode(text):
        raise ValueError("must be valid Unicode")
    return text


def _encodable(secret: SecretStr) -> SecretStr:
    """A secret is hashed or compared as UTF-8 and never stored, so it may hold anything that has such a form."""
    if not is_unicode(secret.get_secret_value()):
        raise ValueError("must be valid Unicode")
    return secret


Text = Annotated[str, AfterValidator(_storable)]
Secret = Annotated[SecretStr, AfterValidator(_encodable)]
_Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items a page")]
_Cursor = Annotated[str | None, Query(max_length=1000, description="`next_cursor` of the page before")]


async def _page_request(
    settings: SettingsDep, limit: _Limit = DEFAULT_LIMIT, cursor: _Cursor = None
) -> PageRequest:
    return PageRequest(settings.key_for("cursor"), limit, cursor)


PageDep = Annotated[PageRequest, Depends(_page_request)]
