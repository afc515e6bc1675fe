"""The providers that the operator has set up, ready to be spoken with."""

from collections.abc import Mapping

from pingvas.adapters.oauth.discord import Discord
from pingvas.adapters.oauth.exchange import OAuthProvider
from pingvas.adapters.oauth.google import Google
from pingvas.adapters.oauth.identity import Provider, configured
from pingvas.base.settings import Settings

Providers = Mapping[Provider, OAuthProvider]


def open_providers(settings: Settings) -> Providers:
    """One of each."""
    made: Providers = {"google": Google(settings), "discord": Discord(settings)}
    return {provider: made[provider] for provider in configured(settings)}
