"""The two kinds of token, before any database is asked: what is accepted, and every way of forging one."""

import base64
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest

from pingvas.accounts.refusals import InvalidToken, TokenExpired
from pingvas.accounts.sessions import access_tokens, refresh_tokens
from pingvas.base import clock
from pingvas.base.ids import new_id
from pingvas.base.secret_keys import id_of_key
from pingvas.base.settings import Settings


@pytest.fixture
def settings(make_settings: Any) -> Any:
    return make_settings()


def _claims(**changes: object) -> dict[str, object]:
    issued_at = clock.now()
    honest: dict[str, object] = {
        "iss": access_tokens.ISSUER,
        "aud": access_tokens.AUDIENCE,
        "sub": str(new_id()),
        "sid": str(new_id()),
        "iat": issued_at,
        "exp": issued_at + timedelta(minutes=15),
    }
    return {name: value for name, value in {**honest, **changes}.items() if value is not None}


def _sign(
    settings: Settings, claims: Any, *, key: Any = None, algorithm: Any = "HS256", typ: Any = "at+jwt"
) -> Any:
    return jwt.encode(
        claims,
        key if key is not None else settings.key_for("access-token"),
        algorithm=algorithm,
        headers={"typ": typ},
    )


def _b64(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, default=str).encode()).decode().rstrip("=")


def test_an_access_token_says_who_and_where_and_until_when(settings: Settings) -> None:
    user_id, session_id = new_id(), new_id()

    claims = access_tokens.verify(
        settings, access_tokens.issue(settings, user_id=user_id, session_id=session_id)
    )

    assert (claims.user_id, claims.session_id) == (user_id, session_id)
    life = claims.expires_at - clock.now()
    assert timedelta(minutes=14) < life <= timedelta(minutes=15)


def test_an_access_token_names_its_kind_and_carries_nothing_personal(settings: Settings) -> None:
    token = access_tokens.issue(settings, user_id=new_id(), session_id=new_id())

    assert jwt.get_unverified_header(token) == {
        "alg": "HS256",
        "typ": "at+jwt",
        "kid": id_of_key(settings.key_for("access-token")),
    }
    assert set(jwt.decode(token, options={"verify_signature": False})) == {
        "iss",
        "aud",
        "sub",
        "sid",
        "iat",
        "exp",
    }


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "somebody-else"},
        {"aud": "another-service"},
        {"sub": "not-an-id"},
        {"sid": "not-an-id"},
        {"sid": 7},
        {"iat": clock.now() + timedelta(hours=1)},
        {"nbf": clock.now() + timedelta(hours=1)},
        *({name: None} for name in ("iss", "aud", "sub", "sid", "iat", "exp")),
    ],
    # Names that are the same in every test process, which the current time is not.
    ids=[
        *("another-issuer", "another-audience", "bad-subject", "bad-session", "session-no-text"),
        *("issued-later", "valid-later"),
        *(f"no-{name}" for name in ("iss", "aud", "sub", "sid", "iat", "exp")),
    ],
)
def test_a_token_with_wrong_or_missing_claims_is_refused(settings: Settings, claims: Any) -> None:
    token = _sign(settings, _claims(**claims))

    with pytest.raises(InvalidToken):
        access_tokens.verify(settings, token)


def test_an_expired_token_is_told_as_that(settings: Settings) -> None:
    token = _sign(
        settings, _claims(iat=clock.now() - timedelta(hours=1), exp=clock.now() - timedelta(minutes=6))
    )

    with pytest.raises(TokenExpired):
        access_tokens.verify(settings, token)


def test_a_token_that_was_good_before_ends_all_the_same(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = access_tokens.issue(settings, user_id=new_id(), session_id=new_id())
    seen = access_tokens.verify(settings, token)

    monkeypatch.setattr(clock, "now", lambda: seen.expires_at + clock.TOLERANCE)

    with pytest.raises(TokenExpired):
        access_tokens.verify(settings, token)


@pytest.mark.parametrize("ahead", [6, 30, 120, 290, -6, -30, -120, -290])
def test_a_token_of_a_host_whose_clock_differs_is_good(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, ahead: Any
) -> None:
    its_clock = clock.now() + timedelta(seconds=ahead)
    with monkeypatch.context() as patched:
        patched.setattr(clock, "now", lambda: its_clock)
        token = access_tokens.issue(settings, user_id=new_id(), session_id=new_id())

    assert access_tokens.verify(settings, token).expires_at > clock.now()


@pytest.mark.parametrize(("life", "ended_ago"), [(60, 30), (60, 240), (900, 290)])
def test_a_token_that_ended_a_moment_ago_by_this_clock_may_be_good_by_the_databases(
    make_settings: Any, life: Any, ended_ago: Any
) -> None:
    settings = make_settings(access_token_seconds=life)
    issued_at = clock.now() - timedelta(seconds=life + ended_ago)

    token = access_tokens.issue(settings, user_id=new_id(), session_id=new_id(), issued_at=issued_at)

    assert access_tokens.verify(settings, token).expires_at < clock.now()


@pytest.mark.parametrize("ended_ago", [301, 2700, 10**8])
def test_a_token_that_has_long_ended_is_refused(settings: Settings, ended_ago: Any) -> None:
    issued_at = clock.now() - timedelta(seconds=settings.access_token_seconds + ended_ago)
    token = access_tokens.issue(settings, user_id=new_id(), session_id=new_id(), issued_at=issued_at)

    with pytest.raises(TokenExpired):
        access_tokens.verify(settings, token)


def test_an_expired_token_with_a_wrong_signature_is_just_invalid(settings: Settings) -> None:
    expired = _claims(exp=clock.now() - timedelta(hours=1))
    token = _sign(settings, expired, key=b"somebody else's key, long enough")

    with pytest.raises(InvalidToken):
        access_tokens.verify(settings, token)


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_only_one_algorithm_is_accepted_whatever_the_header_says(settings: Settings, algorithm: Any) -> None:
    key = settings.key_for("access-token") * 2

    with pytest.raises(InvalidToken):
        access_tokens.verify(settings, _sign(settings, _claims(), key=key, algorithm=algorithm))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
def test_an_unsigned_token_is_refused(settings: Settings, algorithm: Any) -> None:
    token = f"{_b64({'alg': algorithm, 'typ': 'at+jwt'})}.{_b64(_claims(iat=0, exp=2**33))}."

    with pytest.raises(InvalidToken):
        access_tokens.verify(settings, token)


@pytest.mark.parametrize("typ", ["JWT", "rt+jwt", "AT+JWT ", None])
def test_another_kind_of_token_signed_with_the_same_key_is_refused(settings: Settings, typ: Any) -> None:
    with pytest.raises(InvalidToken):
        access_tokens.verify(settings, _sign(settings, _claims(), typ=typ))


def test_a_token_signed_for_another_purpose_or_by_another_studio_is_refused(
    settings: Settings, make_settings: Any
) -> None:
    another = make_settings(secret_key="the secret of the studio next door, as long")

    with pytest.raises(InvalidToken):
        access_tokens.verify(settings, _sign(settings, _claims(), key=settings.key_for("refresh-token")))
    with pytest.raises(InvalidToken):
        access_tokens.verify(settings, access_tokens.issue(another, user_id=new_id(), session_id=new_id()))


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b.c", "pvr_x", "흐르는.강물.처럼", "\x00", "e30.e30.e30", "x" * 100_000]
)
def test_nonsense_is_no_access_token(settings: Settings, token: str) -> None:
    with pytest.raises(InvalidToken):
        access_tokens.verify(settings, token)


def test_a_refresh_token_names_its_device_and_generation(settings: Settings) -> None:
    session_id = new_id()

    token = refresh_tokens.make(settings, session_id, 7)

    assert token.startswith("pvr_")
    kept = refresh_tokens.stored_form(token)
    assert refresh_tokens.read(settings, token) == refresh_tokens.RefreshClaims(session_id, 7, kept)
    assert refresh_tokens.make(settings, session_id, 7) == token
    assert refresh_tokens.make(settings, session_id, 8) != token


def test_every_changed_character_makes_a_refresh_token_invalid(settings: Settings) -> None:
    token = refresh_tokens.make(settings, new_id(), 0)

    for place in range(len(token)):
        for sign in "AB_9":
            forged = token[:place] + sign + token[place + 1 :]
            if forged != token:
                with pytest.raises(InvalidToken):
                    refresh_tokens.read(settings, forged)


def test_a_known_session_id_does_not_make_a_refresh_token(settings: Settings, make_settings: Any) -> None:
    session_id = UUID("0199aaaa-0000-7000-8000-000000000001")
    another = make_settings(secret_key="the secret of the studio next door, as long")

    with pytest.raises(InvalidToken):
        refresh_tokens.read(settings, refresh_tokens.make(another, session_id, 0))


@pytest.mark.parametrize(
    "token", ["", "pvr_", "pvr_" + "A" * 70, "pvr_" + "=" * 70, "pvr_" + "강" * 70, "x" * 10_000]
)
def test_nonsense_is_no_refresh_token(settings: Settings, token: str) -> None:
    with pytest.raises(InvalidToken):
        refresh_tokens.read(settings, token)
