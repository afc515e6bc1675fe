"""People and their devices, for tests."""

from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.passwords.hashing import hash_password
from pingvas.accounts.sessions.lifecycle import Tokens, start_session
from pingvas.accounts.tables import User, UserProfile
from pingvas.base.ids import new_id
from pingvas.base.settings import Settings

PASSWORD = "a long and quiet river"
USER_AGENT = "a browser of the tests"


def fresh_email() -> str:
    return f"{new_id().hex}@example.com"


async def make_user(
    session: AsyncSession,
    *,
    email: str | None = None,
    password: str | None = None,
    settings: Settings | None = None,
    display_name: str = "Somebody",
    role: str = "user",
    status: str = "active",
) -> User:
    """A person with a profile and nothing else: no plan, no device. A password needs the settings to hash it by."""
    password_hash = None
    if password is not None:
        assert settings is not None, "a password is hashed at the costs of the settings"
        password_hash = await hash_password(settings, password)
    user = User(
        id=new_id(),
        email=email or fresh_email(),
        password_hash=password_hash,
        display_name=display_name,
        role=role,
        status=status,
    )
    session.add(user)
    await session.flush()
    session.add(UserProfile(id=new_id(), user_id=user.id, preferences={}))
    await session.flush()
    return user


def address_of(user: User) -> str:
    """The address of somebody who has one."""
    assert user.email is not None
    return user.email


async def make_device(session: AsyncSession, settings: Settings, user: User) -> Tokens:
    """A signed-in device of this person."""
    return await start_session(
        session, settings, user, ip="127.0.0.1", user_agent=USER_AGENT, method="password"
    )


@dataclass(frozen=True)
class SignedInPerson:
    """Somebody who has just signed up through the API."""

    email: str
    user: dict[str, Any]
    access_token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}


async def sign_up(
    client: httpx.AsyncClient, *, email: str | None = None, password: str = PASSWORD
) -> SignedInPerson:
    """Sign somebody up through the API, as a client that keeps its own refresh token."""
    email = email or fresh_email()
    answer = await client.post(
        "/api/v1/auth/register", json={"email": email, "password": password, "display_name": "Somebody"}
    )
    assert answer.status_code == 201, answer.text
    told = answer.json()
    return SignedInPerson(email, told["user"], told["access_token"], told["refresh_token"])
