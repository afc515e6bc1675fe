"""What the sandbox and the studio know of each other: a key and a secret, kept in the data folder, and where the sandbox listens."""

import os
import re

from pingvas.adapters.sellers.seller import SellerUnavailable
from pingvas.base.secret_keys import derive_key, kept_secret
from pingvas.base.settings import Settings

FOLDER = "sandbox"
_ADDRESS = re.compile(r"https?://[^\s/]+")


def api_key(settings: Settings) -> str:
    """The key that calls of the sandbox's API carry."""
    return settings.lemon_squeezy_api_key or _derived(settings, "api key")


def webhook_secrets(settings: Settings) -> tuple[str, ...]:
    """The secrets of its webhooks, the one that it signs with first."""
    return settings.webhook_secrets or (_derived(settings, "webhooks")[:40],)


def page_key(settings: Settings) -> bytes:
    """Signs the addresses of its pages."""
    return _derived(settings, "pages").encode()


def api_url(settings: Settings) -> str:
    """Where its API is. Raises SellerUnavailable where it was never started."""
    if settings.lemon_squeezy_api_url is not None:
        return settings.lemon_squeezy_api_url.rstrip("/")
    if settings.sandbox_port:
        return f"{local_url(settings)}/v1"
    try:
        told = (settings.data_dir / FOLDER / "address").read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SellerUnavailable("The sandbox that sells here is not running.") from error
    if _ADDRESS.fullmatch(told) is None:
        raise SellerUnavailable("The sandbox that sells here is not running.")
    return f"{told}/v1"


def tell_address(settings: Settings, port: int) -> None:
    """Write down where it listens, for the studio's other processes."""
    folder = settings.data_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"address.{os.getpid()}"
    fresh.write_text(local_url(settings.model_copy(update={"sandbox_port": port})), encoding="utf-8")
    fresh.replace(folder / "address")


def local_url(settings: Settings) -> str:
    """Where this machine reaches it."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.sandbox_host, settings.sandbox_host)  # noqa: S104
    return (
        f"http://[{host}]:{settings.sandbox_port}"
        if ":" in host
        else f"http://{host}:{settings.sandbox_port}"
    )


def _derived(settings: Settings, purpose: str) -> str:
    return derive_key(kept_secret(settings.data_dir / FOLDER / "key"), f"sandbox {purpose}").hex()
