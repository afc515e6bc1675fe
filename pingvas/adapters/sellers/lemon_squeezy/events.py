"""Webhooks of Lemon Squeezy: checked over their bytes, made fit to be kept, and read."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from pingvas.adapters.sellers.lemon_squeezy.resources import NoSense, read_resource
from pingvas.adapters.sellers.lemon_squeezy.signatures import HEADER, is_signed
from pingvas.adapters.sellers.seller import BadSignature, Event, SentEvent, TestModeEvent
from pingvas.adapters.sellers.variants import Variants

# In the custom data of a checkout.
TOKEN = "token"  # noqa: S105 - the name of a field
_LONGEST_TOKEN = 200
_DEEPEST = 40


def accept(
    secrets: Sequence[str], headers: Mapping[str, str], body: bytes, *, takes_test_mode: bool
) -> SentEvent:
    """Raises BadSignature, TestModeEvent and NoSense."""
    if not is_signed(secrets, body, headers.get(HEADER, "")):
        raise BadSignature
    told = _parse(body)
    name = _name_of(told)
    if _is_of_test_mode(told) and not takes_test_mode:
        raise TestModeEvent
    return SentEvent(name, told, hashlib.sha256(body).hexdigest())


def read(
    told: Mapping[str, Any], variants: Variants, *, store_id: str | None, takes_test_mode: bool
) -> Event:
    """Raises NoSense and TestModeEvent."""
    of_test_mode = _is_of_test_mode(told)
    if of_test_mode and not takes_test_mode:
        raise TestModeEvent
    word = read_resource(told.get("data"), variants, store_id=store_id, test_mode=of_test_mode)
    return Event(_name_of(told), _token_in(told), word)


def _meta(told: Mapping[str, Any]) -> Mapping[str, Any]:
    meta = told.get("meta")
    if not isinstance(meta, Mapping):
        raise NoSense("It says nothing of itself.")
    return meta


def _name_of(told: Mapping[str, Any]) -> str:
    name = _meta(told).get("event_name")
    if not isinstance(name, str) or not 0 < len(name) <= 100:
        raise NoSense("It has no name.")
    return name


def _is_of_test_mode(told: Mapping[str, Any]) -> bool:
    data = told.get("data")
    attributes = data.get("attributes") if isinstance(data, Mapping) else None
    said = [_meta(told).get("test_mode")]
    if isinstance(attributes, Mapping):
        said.append(attributes.get("test_mode"))
    return True in said


def _token_in(told: Mapping[str, Any]) -> str | None:
    custom = _meta(told).get("custom_data")
    token = custom.get(TOKEN) if isinstance(custom, Mapping) else None
    return token if isinstance(token, str) and 0 < len(token) <= _LONGEST_TOKEN else None


def _parse(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body.decode("utf-8"), parse_constant=_refuse, parse_int=_whole)
    except (ValueError, RecursionError):
        raise NoSense("It is no JSON.") from None
    if not isinstance(told, dict):
        raise NoSense("It is no JSON object.")
    kept: dict[str, Any] = _keepable(told, 0)
    return kept


def _whole(digits: str) -> int:
    """A number that is no amount, however long, must not stop the rest from being kept."""
    return int(digits) if len(digits) <= 30 else 10**30


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _keepable(value: Any, depth: int) -> Any:
    """The same without what PostgreSQL's JSON does not take: the NUL character, halves of characters, endless numbers."""
    if depth > _DEEPEST:
        return None
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_keepable(name, depth): _keepable(each, depth + 1) for name, each in value.items()}
    if isinstance(value, list):
        return [_keepable(each, depth + 1) for each in value]
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return None
    return value
