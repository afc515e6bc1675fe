"""The refusals that more than one way of signing in gives."""

from pingvas.base.errors import Forbidden, Unauthorized


class InvalidToken(Unauthorized):
    """A token that is forged, damaged, revoked or already used. Which of these is not told."""

    code = "invalid_token"
    default_detail = "This token is not valid any more. Sign in again."


class TokenExpired(Unauthorized):
    """A genuine token whose time is over."""

    code = "token_expired"
    default_detail = "This token has expired."


class AccountSuspended(Forbidden):
    """Told only to someone who has proved to be the owner."""

    code = "account_suspended"
    default_detail = "This account is suspended."


def refuse_unless_active(status: str) -> None:
    """Raises AccountSuspended, or InvalidToken for a deleted account, which looks as if it never was."""
    if status == "suspended":
        raise AccountSuspended
    if status != "active":
        raise InvalidToken
