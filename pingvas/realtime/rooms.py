"""Names of socket.io rooms. A person's events go to their own room and nowhere else."""

from uuid import UUID

ADMIN = "admin"
EVERYBODY = "everybody"


def user_room(user_id: UUID) -> str:
    """Every device of one person."""
    return f"user:{user_id}"


def user_of(room: str | None) -> UUID | None:
    """Whose room it is; None for any other."""
    kind, _, user_id = (room or "").partition(":")
    return UUID(user_id) if kind == "user" else None
