"""With what this studio signs the content credentials of pictures, by its settings; refuses at start what could not sign."""

from __future__ import annotations

from pathlib import Path

from pingvas.base.errors import Invalid
from pingvas.base.secret_keys import kept_file
from pingvas.base.settings import Settings
from pingvas.engine.images.credentials import CannotSign, Credentials, read_credentials
from pingvas.engine.images.self_made_chain import make_chain

FILE = "content_credentials.pem"
"""Of the data folder: the key and the chain that the studio makes for itself."""


class BadCredentials(Invalid):
    default_detail = "Content credentials cannot be signed."


def open_credentials(settings: Settings) -> Credentials | None:
    """None where pictures get no content credentials. Raises BadCredentials, which names the setting."""
    if settings.content_credentials == "off":
        return None
    if settings.content_credentials == "self_signed":
        path = settings.data_dir.resolve() / FILE
        kept = kept_file(path, make_chain)
        return _read(kept, kept, f"{path}, which the studio made itself, cannot be used")
    told, key = settings.content_credentials_certificate, settings.content_credentials_key
    if told is None or key is None:
        raise BadCredentials(
            "PINGVAS_CONTENT_CREDENTIALS is certificate: name its file in PINGVAS_CONTENT_CREDENTIALS_CERTIFICATE and "
            "that of its key in PINGVAS_CONTENT_CREDENTIALS_KEY_FILE."
        )
    return _read(
        _certificate(told), key.encode(), "PINGVAS_CONTENT_CREDENTIALS_CERTIFICATE and _KEY cannot be used"
    )


def _certificate(told: str) -> bytes:
    """The setting may hold the text itself, where no file can be laid."""
    if "-----BEGIN" in told:
        return told.encode()
    try:
        return Path(told).read_bytes()
    except OSError as error:
        raise BadCredentials(f"PINGVAS_CONTENT_CREDENTIALS_CERTIFICATE: {told}: {error.strerror}.") from error


def _read(chain: bytes, key: bytes, what: str) -> Credentials:
    try:
        return read_credentials(chain, key)
    except CannotSign as error:
        raise BadCredentials(f"{what}: {error}.") from error
