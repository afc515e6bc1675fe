"""The settings that say how pictures are marked as made by AI."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings


class LabelSettings(BaseSettings):
    """A part of the one set of settings."""

    ai_label: Literal["on", "off"] = Field(
        "on", description="Whether files of pictures that jobs make say, in XMP, that AI made them"
    )
    content_credentials: Literal["off", "self_signed", "certificate"] = Field(
        "off",
        description="C2PA manifests in these files: `certificate`, or `self_signed`, whose signer verifiers call untrusted",
    )
    content_credentials_certificate: str | None = Field(
        None,
        description="PEM file, or its text: the certificate that signs them, then those that vouch for it",
    )
    content_credentials_key: str | None = Field(
        None, repr=False, description="Its private key, PEM without a password"
    )
    invisible_mark: Literal["on", "off"] = Field(
        "off",
        description="Whether the pixels of what jobs make say so too, where nobody sees it; not of what is inpainted",
    )
    invisible_mark_id: int = Field(
        0, ge=0, le=65_535, description="Number that this mark carries, to know one's own pictures by"
    )
