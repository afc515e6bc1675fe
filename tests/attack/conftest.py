"""A studio that people can sign up to has plans: attacks on the API start from there."""

from typing import Any

import pytest

from pingvas.base.db import Database
from pingvas.billing.plans import seed_plans


@pytest.fixture
async def plans(database: Database) -> None:
    """The plans that ship."""
    async with database.transaction() as session:
        await seed_plans(session)


@pytest.fixture
def app(plans: None, app: Any) -> Any:
    """The house's app, in a studio with plans."""
    return app
