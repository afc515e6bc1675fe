"""A link that signs in the studio's owner: for whoever may read the database's password, on any of its machines."""

from pingvas.base.db import Database
from pingvas.base.errors import Unavailable
from pingvas.base.settings import Settings
from pingvas.launch.seed import create_owner_token, get_owner_id
from pingvas.launch.state_file import find_studio


async def make_owner_link(settings: Settings, minutes: float) -> str:
    """An address that signs the owner in once, for so many minutes. Raises Unavailable before the first seeding."""
    assert settings.database_url is not None  # noqa: S101 - the caller found one
    token = await make_owner_token(settings.database_url, minutes)
    running = find_studio(settings.data_dir)  # `pingvas up` may have taken another port than the settings say
    base_url = running.url if running is not None and settings.public_url is None else settings.base_url
    return f"{base_url}/sign-in/link#token={token}"


async def make_owner_token(database_url: str, minutes: float) -> str:
    """The token alone, for `POST /auth/one-time`. Raises Unavailable before the first seeding."""
    database = Database(database_url, pool_size=1)
    try:
        async with database.read() as session:
            owner_id = await get_owner_id(session)
        if owner_id is None:
            raise Unavailable("This studio has no owner account. `pingvas migrate` makes it.")
        return await create_owner_token(database, owner_id, minutes)
    finally:
        await database.dispose()
