"""Who a provider says that somebody is. Speaks with nobody: `google.py` and `discord.py` do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pingvas.base.errors import Forbidden, Unavailable
from pingvas.base.settings import Settings

Provider = Literal["google", "discord"]
NAMES: Mapping[Provider, str] = {"google": "Google", "discord": "Discord"}


@dataclass(frozen=True)
class Identity:
    """`subject` is what the provider calls them for ever. `email_is_theirs`: whether the provider vouches that the address is
    theirs today. `data` is what is kept of what it told."""

    provider: Provider
    subject: str
    email: str | None
    email_is_theirs: bool
    name: str | None
    avatar_url: str | None
    data: Mapping[str, Any] = field(default_factory=dict)


class ProviderUnavailable(Unavailable):
    """Down, too slow, or what it answers makes no sense."""

    code = "provider_unavailable"
    default_detail = (
        "The other service does not answer as it should. Try again in a moment, or sign in another way."
    )


class ProviderRefused(Forbidden):
    """The provider knows nothing of this sign-in, or does not want it."""

    code = "provider_refused"
    default_detail = "The other service refused this sign-in. Begin again."


def configured(settings: Settings) -> list[Provider]:
    """The providers that the operator has set up."""
    asked: Mapping[Provider, tuple[str | None, str | None]] = {
        "google": (settings.google_client_id, settings.google_client_secret),
        "discord": (settings.discord_client_id, settings.discord_client_secret),
    }
    return [provider for provider, credentials in asked.items() if all(credentials)]
