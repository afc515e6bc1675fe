"""How pictures are marked as made by AI, for `pingvas doctor`: which labels they get, and whether manifests can be signed."""

from __future__ import annotations

from datetime import timedelta

from pingvas.base.clock import now
from pingvas.base.settings import Settings
from pingvas.engine.images.self_made_chain import SELF_MADE
from pingvas.gallery.content_credentials import FILE, BadCredentials, open_credentials

# A certificate that ends so soon is a finding.
_SOON = timedelta(days=30)

Said = tuple[bool | None, str, str]


def look_at_labels(settings: Settings) -> Said:
    """`well`, what there is to say, and what to do."""
    labels = ["an XMP label"] if settings.ai_label == "on" else []
    labels += [f"an invisible mark ({settings.invisible_mark_id})"] if settings.invisible_mark == "on" else []
    kind = settings.content_credentials
    if kind == "off":
        said = " and ".join(labels) or "none"
        return True if labels else None, f"pictures get {said}, and no content credentials", ""
    if kind == "self_signed" and not (settings.data_dir.resolve() / FILE).exists():
        return None, f"{FILE} is made at the first start", ""
    try:
        credentials = open_credentials(settings)
    except BadCredentials as error:
        return False, error.detail, "give it a good certificate and key, or PINGVAS_CONTENT_CREDENTIALS=off"
    assert credentials is not None  # noqa: S101 - they are not off
    says = f"content credentials signed as {credentials.subject}, until {credentials.expires_at:%Y-%m-%d}"
    if kind == "self_signed":
        says += f"; {SELF_MADE}: verifiers call the signer untrusted"
    if credentials.expires_at - now() < _SOON:
        again = f"remove {FILE} from the data folder" if kind == "self_signed" else "get a new certificate"
        return False, says, f"{again}, then start the workers anew; without one, pictures are kept unsigned"
    return True, ", ".join([*labels, says]), ""
