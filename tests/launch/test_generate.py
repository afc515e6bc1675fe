"""What `pingvas generate` sends and says; the whole way is walked in test_up.py."""

from pathlib import Path

import httpx
import pytest

from pingvas.base.errors import Forbidden, Invalid
from pingvas.base.settings import Settings
from pingvas.launch.generate import Refused, Request, _checked, generate_images, read_size


@pytest.mark.parametrize(
    ("size", "read"),
    [(None, (None, None)), ("256", (256, 256)), ("256x192", (256, 192)), ("256X192", (256, 192))],
)
def test_a_size_is_a_square_or_two_numbers(size: str | None, read: tuple[int | None, int | None]) -> None:
    assert read_size(size) == read


@pytest.mark.parametrize("size", ["", "big", "256x", "x256", "-8", "256x192x3", "2.5"])
def test_anything_else_is_refused(size: str) -> None:
    with pytest.raises(Invalid, match="--size"):
        read_size(size)


def test_what_was_not_asked_is_left_to_the_model() -> None:
    body = Request(prompt="a red house", output=Path("house.png"), seed=0).body()

    assert body == {
        "job_type": "txt2img",
        "prompt": "a red house",
        "negative_prompt": "",
        "count": 1,
        "seed": 0,
    }


def test_several_pictures_are_numbered() -> None:
    request = Request(prompt="a red house", output=Path("out/house.png"), count=2)

    assert request.paths() == [Path("out/house-1.png"), Path("out/house-2.png")]


def test_a_path_that_cannot_be_written_is_told_before_anything_is_made(
    make_settings: object, tmp_path: Path
) -> None:
    settings: Settings = make_settings()  # type: ignore[operator]

    with pytest.raises(Invalid, match=r"\.png"):
        generate_images(settings, Request("a red house", tmp_path / "house.gif"))
    with pytest.raises(Invalid, match="no folder"):
        generate_images(settings, Request("a red house", tmp_path / "absent" / "house.png"))


def test_a_studio_elsewhere_wants_a_token(
    make_settings: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: Settings = make_settings()  # type: ignore[operator]
    monkeypatch.setenv("PINGVAS_URL", "http://studio.test")

    with pytest.raises(Forbidden, match="PINGVAS_TOKEN"):
        generate_images(settings, Request("a red house", tmp_path / "house.png"))


def test_a_refusal_is_told_in_its_own_words() -> None:
    problem = {
        "detail": "Some of the input is not valid.",
        "errors": [{"loc": ["body", "width"], "msg": "must be a multiple of 8"}],
    }

    with pytest.raises(Refused, match=r"not valid\.\n  width: must be a multiple of 8"):
        _checked(httpx.Response(422, json=problem))
    with pytest.raises(Refused, match="502 Bad Gateway"):
        _checked(httpx.Response(502, text="<html>"))
