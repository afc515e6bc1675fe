"""With what this studio signs the content credentials of pictures, by its settings; refuses at start what could not sign."""

from __future__ import annotations

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
    file, key = settings.content_credentials_certificate, settings.content_credentials_key
    if file is None or key is None:
        raise BadCredentials(
            "PINGVAS_CONTENT_CREDENTIALS is certificate: name its file in PINGVAS_CONTENT_CREDENTIALS_CERTIFICATE and "
            "that of its key in PINGVAS_CONTENT_CREDENTIALS_KEY_FILE."
        )
    try:
        chain = file.read_bytes()
    except OSError as error:
        raise BadCredentials(f"PINGVAS_CONTENT_CREDENTIALS_CERTIFICATE: {file}: {error.strerror}.") from error
    return _read(chain, key.encode(), "PINGVAS_CONTENT_CREDENTIALS_CERTIFICATE and _KEY cannot be used")


def _read(chain: bytes, key: bytes, what: str) -> Credentials:
    try:
        return read_credentials(chain, key)
    except CannotSign as error:
        raise BadCredentials(f"{what}: {error}.") from error
