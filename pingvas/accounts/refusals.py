"""The refusals that more than one way of signing in gives."""

from datetime import datetime

from pingvas.accounts.tables import User
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
    """Told only to someone who has proved to be the owner. `reason`, where there is one, is what the studio's admins say."""

    code = "account_suspended"
    default_detail = "This account is suspended."


class AccountLeaving(Forbidden):
    """The account is deleted, and its owner can still take that back. `leaves_at` says until when."""

    code = "account_leaving"
    default_detail = "This account has been deleted. Until it is gone you can take that back."


class ProofNeeded(Forbidden):
    """What is asked for is dear: the sign-in must be fresh."""

    code = "proof_needed"
    default_detail = "Prove again that it is you."


class SecondFactorRequired(Forbidden):
    """The studio wants two factors of its admins: a passkey, or a code of an app."""

    code = "second_factor_required"
    default_detail = (
        "Admins need a second factor here. Sign in with a passkey, or set up an app and prove with a code."
    )


class ReadOnlyView(Forbidden):
    """An admin who looks through somebody's eyes changes nothing."""

    code = "read_only_view"
    default_detail = "You are looking at somebody else's account and can change nothing in it."


def refuse_unless_active(user: User, *, leaving_too: bool = False) -> None:
    """Raises what `refuse_unless_standing` does."""
    refuse_unless_standing(
        user.status, reason=user.suspended_reason, leaves_at=user.leaves_at, leaving_too=leaving_too
    )


def refuse_unless_standing(
    status: str, *, reason: str | None, leaves_at: datetime | None, leaving_too: bool = False
) -> None:
    """Raises AccountSuspended, AccountLeaving unless that will do, or InvalidToken for an account that is gone, which looks as
    if it never was."""
    if status == "suspended":
        raise AccountSuspended(extra={"reason": reason})
    if status == "deleted" and leaves_at is not None:
        if leaving_too:
            return
        raise AccountLeaving(extra={"leaves_at": leaves_at.isoformat()})
    if status != "active":
        raise InvalidToken
