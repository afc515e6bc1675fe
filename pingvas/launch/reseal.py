"""`pingvas reseal`: the last step but one of a change of the secret."""

from pingvas.accounts.sign_in.second_factor import reseal_all
from pingvas.base.db import Database
from pingvas.base.settings import Settings


async def reseal(settings: Settings) -> str:
    """Seal anew what is kept sealed; returns a sentence on what was done. `settings` name the present secret and the previous one."""
    assert settings.database_url is not None  # noqa: S101 - the caller found one
    database = Database(settings.database_url, pool_size=1)
    try:
        async with database.transaction() as session:
            count = await reseal_all(session, settings)
    finally:
        await database.dispose()
    return f"The second factors of {count} accounts are sealed with the present secret."
