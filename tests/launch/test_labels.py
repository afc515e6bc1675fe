"""Labels as an operator meets them: the settings, a start that is refused, the doctor's line and `pingvas image-info`."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pingvas.engine.images.credentials import read_manifest, sign
from pingvas.engine.images.image_files import encode
from pingvas.engine.images.invisible_mark import mark
from pingvas.engine.images.labels import MADE, MADE_FROM_A_PICTURE
from pingvas.gallery.content_credentials import FILE, BadCredentials, open_credentials
from pingvas.launch.image_info import UnreadablePicture, describe
from pingvas.launch.look_at_labels import look_at_labels
from pingvas.launch.up import up
from tests.make.certificates import NOW, issue, make_key, pem_of

PARAMETERS = {
    "prompt": "a moon",
    "width": 256,
    "height": 256,
    "steps": 20,
    "seed": 7,
    "model": "pingvas-mini",
}


def certified(make_settings: Any, folder: Path, **bad: Any) -> Any:
    key = make_key()
    (folder / "chain.pem").write_bytes(issue(key, **bad))
    return make_settings(
        content_credentials="certificate",
        content_credentials_certificate=str(folder / "chain.pem"),
        content_credentials_key=pem_of(key).decode(),
    )


def test_out_of_the_box_there_is_a_label_and_nothing_is_signed(make_settings: Any) -> None:
    settings = make_settings()

    assert (settings.ai_label, settings.content_credentials, settings.invisible_mark) == ("on", "off", "off")
    assert open_credentials(settings) is None
    assert look_at_labels(settings) == (True, "pictures get an XMP label, and no content credentials", "")


def test_a_chain_is_made_once_for_its_owner_alone_and_the_doctor_says_what_it_is_worth(
    make_settings: Any,
) -> None:
    settings = make_settings(content_credentials="self_signed")
    assert look_at_labels(settings)[0] is None
    assert not (settings.data_dir / FILE).exists()  # the doctor changes nothing

    first, second = open_credentials(settings), open_credentials(settings)

    assert first is not None
    assert second is not None
    assert first.chain == second.chain
    assert stat.S_IMODE((settings.data_dir / FILE).stat().st_mode) == 0o600
    well, says, _ = look_at_labels(settings)
    assert well
    assert "verifiers call the signer untrusted" in says


def test_a_certificate_of_the_operator_is_taken_with_its_key(make_settings: Any, tmp_path: Path) -> None:
    settings = certified(make_settings, tmp_path)

    well, says, _ = look_at_labels(settings)

    assert well
    assert "signed as CN=Example Press" in says
    assert "untrusted" not in says
    text = {"content_credentials_certificate": (tmp_path / "chain.pem").read_text()}
    assert look_at_labels(settings.model_copy(update=text)) == (well, says, "")


def test_a_certificate_that_ends_soon_is_a_finding(make_settings: Any, tmp_path: Path) -> None:
    from datetime import timedelta

    settings = certified(make_settings, tmp_path, until=NOW + timedelta(days=9))

    well, _, remedy = look_at_labels(settings)

    assert well is False
    assert "get a new certificate" in remedy


def test_what_cannot_sign_is_refused_at_start_and_found_by_the_doctor(
    make_settings: Any, tmp_path: Path
) -> None:
    good = certified(make_settings, tmp_path)
    bad = {
        "name its file": make_settings(content_credentials="certificate"),
        "No such file": good.model_copy(
            update={"content_credentials_certificate": str(tmp_path / "none.pem")}
        ),
        "not that of the first certificate": good.model_copy(
            update={"content_credentials_key": pem_of(make_key()).decode()}
        ),
        "vouches for itself": certified(make_settings, tmp_path, by_itself=True),
    }

    for said, settings in bad.items():
        with pytest.raises(BadCredentials, match=said):
            up(settings, tell=lambda *_: None, announce=lambda _: None)
        well, says, _ = look_at_labels(settings)
        assert well is False
        assert said in says
        assert not (settings.data_dir / "postgres").exists()


def test_image_info_says_all_that_a_file_says(make_settings: Any, tmp_path: Path) -> None:
    credentials = open_credentials(make_settings(content_credentials="self_signed"))
    assert credentials is not None
    image = mark(Image.effect_noise((256, 256), 60).convert("RGB"), 41)
    file = encode(image, "png", PARAMETERS, version="Pingvas Studio 0.1.0", label=MADE_FROM_A_PICTURE)
    (tmp_path / "a.png").write_bytes(sign(file, credentials, label=MADE_FROM_A_PICTURE, version="0.1.0"))

    said = "\n".join(describe(tmp_path / "a.png"))

    assert "AI label (XMP): http://cv.iptc.org/newscodes/digitalsourcetype/compositeWith" in said
    assert "intact, signed by somebody who is on no list that this program knows" in said
    assert "made by: Pingvas Studio 0.1.0" in said
    assert "c2pa.edited: compositeWithTrainedAlgorithmicMedia" in said
    assert "made by AI, operator 41" in said
    assert "prompt: a moon" in said


def test_image_info_says_that_a_file_was_changed(make_settings: Any, tmp_path: Path) -> None:
    credentials = open_credentials(make_settings(content_credentials="self_signed"))
    assert credentials is not None
    file = encode(Image.effect_noise((64, 64), 60).convert("RGB"), "jpg", PARAMETERS, version="x", label=MADE)
    signed = sign(file, credentials, label=MADE, version="0.1.0")
    changed = signed[:-60] + bytes([signed[-60] ^ 1]) + signed[-59:]
    (tmp_path / "a.jpg").write_bytes(changed)

    said = list(describe(tmp_path / "a.jpg"))

    assert "Content credentials (C2PA): changed or damaged since it was signed" in said
    assert read_manifest(signed) is not None


def test_image_info_of_a_picture_from_elsewhere_and_of_what_is_none(tmp_path: Path) -> None:
    Image.new("RGB", (80, 60), "teal").save(tmp_path / "a.webp")
    (tmp_path / "a.txt").write_text("no picture")

    assert list(describe(tmp_path / "a.webp"))[1:] == [
        "AI label (XMP): none",
        "Content credentials (C2PA): none",
        "Invisible mark: none",
        "How it was made: not said",
    ]
    for name in ("a.txt", "not there.png", "."):
        with pytest.raises(UnreadablePicture, match=re.escape(str(tmp_path / name))):
            list(describe(tmp_path / name))
