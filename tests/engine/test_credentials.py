"""Content credentials: signed manifests in every format, read by C2PA's own reader, and certificates that are refused."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from functools import cache
from typing import Any

import c2pa
import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from PIL import Image

from pingvas.engine.images.credentials import CannotSign, Credentials, read_credentials, read_manifest, sign
from pingvas.engine.images.image_files import CONTENT_TYPES, encode, read_parameters
from pingvas.engine.images.labels import MADE, MADE_FROM_A_PICTURE, VOCABULARY, label_of
from pingvas.engine.images.replace_notes import notes_of, replace_notes
from pingvas.engine.images.self_made_chain import make_chain
from tests.make.certificates import NOW, issue, make_key, pem_of

FORMATS = ("png", "jpg", "webp")
PARAMETERS: dict[str, Any] = {
    "job_type": "txt2img",
    "prompt": "a moon over Bukchon, 북촌의 달",
    "steps": 20,
    "width": 120,
    "height": 88,
    "seed": 7,
    "model": "pingvas-mini",
}


@cache
def self_made() -> Credentials:
    chain = make_chain().encode()
    return read_credentials(chain, chain)


def file(format: str) -> bytes:
    image = Image.effect_noise((120, 88), 60).convert("RGB")
    return encode(image, format, PARAMETERS, version="Pingvas Studio 0.1.0", label=MADE)


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as opened:
        return opened.convert("RGB").tobytes()


def store_of(data: bytes, format: str) -> dict[str, Any]:
    """What C2PA's reader says of a file, by itself."""
    with c2pa.Reader(CONTENT_TYPES[format], io.BytesIO(data)) as reader:
        told: dict[str, Any] = json.loads(reader.json())
    return told


@pytest.mark.parametrize("format", FORMATS)
def test_a_signed_file_says_to_c2pas_reader_that_ai_made_it(format: str) -> None:
    signed = sign(file(format), self_made(), label=MADE, version="0.1.0")

    store = store_of(signed, format)
    manifest = store["manifests"][store["active_manifest"]]
    (actions,) = [each["data"]["actions"] for each in manifest["assertions"] if "actions" in each["label"]]
    assert [(each["action"], each["digitalSourceType"]) for each in actions] == [
        ("c2pa.created", VOCABULARY + "trainedAlgorithmicMedia")
    ]
    assert manifest["claim_generator_info"][0]["name"] == "Pingvas Studio"
    assert manifest["claim_generator_info"][0]["version"] == "0.1.0"
    assert "self-made by this studio" in manifest["signature_info"]["issuer"]
    # Its signature is good, and its signer is nobody that a verifier knows.
    assert [each["code"] for each in store["validation_status"]] == ["signingCredential.untrusted"]


@pytest.mark.parametrize("format", FORMATS)
def test_what_the_file_said_before_is_still_read_and_its_pixels_stay(format: str) -> None:
    plain = file(format)

    signed = sign(plain, self_made(), label=MADE, version="0.1.0")

    assert notes_of(signed) == notes_of(plain)
    assert read_parameters(signed) == PARAMETERS
    assert label_of(signed) == MADE
    assert pixels(signed) == pixels(plain)
    if format == "png":
        assert signed.index(b"parameters\0") < signed.index(b"IDAT")


@pytest.mark.parametrize("format", FORMATS)
def test_what_was_made_from_a_picture_was_opened_and_edited(format: str) -> None:
    signed = sign(file(format), self_made(), label=MADE_FROM_A_PICTURE, version="0.1.0")

    store = store_of(signed, format)
    manifest = store["manifests"][store["active_manifest"]]
    read = read_manifest(signed)
    assert read is not None
    assert read.intact
    assert read.actions == (("c2pa.opened", ""), ("c2pa.edited", MADE_FROM_A_PICTURE))
    (source,) = manifest["ingredients"]
    assert source["relationship"] == "parentOf"
    assert "thumbnail" not in source


def test_a_manifest_holds_nothing_personal() -> None:
    signed = sign(file("png"), self_made(), label=MADE, version="0.1.0")

    told = json.dumps(store_of(signed, "png"), ensure_ascii=False)

    for said in ("moon", "Bukchon", "달", "pingvas-mini", "thumbnail"):
        assert said not in told


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_that_was_changed_is_not_intact_any_more(format: str) -> None:
    signed = bytearray(sign(file(format), self_made(), label=MADE, version="0.1.0"))
    place = len(signed) - 40 if format != "webp" else signed.index(b"VP8 ") + 200

    signed[place] ^= 0xFF

    read = read_manifest(bytes(signed))
    assert read is not None
    assert not read.intact
    assert "assertion.dataHash.mismatch" in read.problems


@pytest.mark.parametrize("format", FORMATS)
def test_a_copy_without_notes_has_the_label_and_no_manifest_that_would_not_fit(format: str) -> None:
    signed = sign(file(format), self_made(), label=MADE, version="0.1.0")

    bare = replace_notes(signed, {})

    assert read_manifest(bare) is None
    assert label_of(bare) == MADE
    assert notes_of(bare) == {}
    assert pixels(bare) == pixels(signed)


def test_a_file_without_a_manifest_has_none() -> None:
    assert read_manifest(file("png")) is None


@pytest.mark.parametrize("kind", ["P-256", "P-384", "Ed25519", "RSA"])
def test_a_certificate_of_somebody_signs_in_their_name(kind: str) -> None:
    key = make_key(kind)

    credentials = read_credentials(issue(key), pem_of(key))

    read = read_manifest(sign(file("jpg"), credentials, label=MADE, version="0.1.0"))
    assert read is not None
    assert read.intact
    assert read.issuer == "Example Press"
    assert not read.trusted


def test_a_certificate_is_refused_by_what_is_wrong_with_it() -> None:
    key, other = make_key(), make_key()
    chain = issue(key)
    refused = {
        "no PEM text that can be read": (b"nothing", pem_of(key)),
        "without a password": (chain, b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"),
        "not that of the first certificate": (chain, pem_of(other)),
        "is good from": (issue(key, until=NOW - timedelta(days=1)), pem_of(key)),
        "vouches for itself": (issue(key, by_itself=True), pem_of(key)),
        "no manifest can be signed with it": (
            issue(key, purpose=ExtendedKeyUsageOID.SERVER_AUTH),
            pem_of(key),
        ),
    }

    for said, (certificate, private) in refused.items():
        with pytest.raises(CannotSign, match=said):
            read_credentials(certificate, private)


def test_the_self_made_chain_says_so_in_its_subject() -> None:
    assert "self-made by this studio\\, vouched for by nobody" in self_made().subject
    assert self_made().expires_at > NOW + timedelta(days=9 * 365)
