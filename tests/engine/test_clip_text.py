"""Prompts to embeddings: bit-equal to diffusers where it says so, and chunks, weights and layers where it has none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
import transformers

from pingvas.engine.errors import InvalidParameters
from pingvas.engine.text.clip_text import (
    common_chunks,
    count_chunks,
    encode_clip,
    encode_clip_pooled,
    weigh,
)
from pingvas.engine.text.prompts import MAX_CHUNKS
from pingvas.engine.text.t5_text import encode_t5

MINI = Path(__file__).parents[2] / "models" / "pingvas-mini"
PROMPTS = [
    "a red house at sunset, two trees",
    "",
    "   A  house's  roof; it's 3x!  ",
    "달과 별이 있는 바다",
    "🦊🌙 <|endoftext|> a fox",
    "a " * 75,
]


@pytest.fixture(autouse=True)
def without_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return transformers.CLIPTokenizer.from_pretrained(MINI / "tokenizer")


@pytest.fixture(scope="module")
def tokenizer_2() -> Any:
    """Pads with another token than its end of text, as the second one of SDXL does."""
    return transformers.CLIPTokenizer.from_pretrained(MINI / "tokenizer", pad_token="!")


@pytest.fixture(scope="module")
def mini() -> Any:
    """The text encoder of the bundled model: three layers."""
    encoder = transformers.CLIPTextModel.from_pretrained(MINI / "text_encoder", dtype=torch.float32)
    return encoder.eval()


@pytest.fixture(scope="module")
def projecting(tokenizer: Any) -> list[Any]:
    """Two toy encoders with a projection, of the widths 32 and 64."""
    torch.manual_seed(0)
    return [
        transformers.CLIPTextModelWithProjection(
            transformers.CLIPTextConfig(
                vocab_size=len(tokenizer),
                hidden_size=width,
                intermediate_size=64,
                num_hidden_layers=4,
                num_attention_heads=2,
                projection_dim=width,
                bos_token_id=tokenizer.bos_token_id,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id,
            )
        ).eval()
        for width in (32, 64)
    ]


@pytest.fixture(scope="module")
def t5() -> tuple[Any, Any]:
    """A toy T5 that knows letters and one word, 96 wide."""
    torch.manual_seed(0)
    letters = [chr(code) for code in range(33, 127)]
    known = ["<pad>", "</s>", "<unk>", "▁", *letters, "▁house"]
    tokenizer = transformers.T5Tokenizer(
        vocab=[(word, -float(number > 3)) for number, word in enumerate(known)],
        extra_ids=0,
        model_max_length=512,
    )
    config = transformers.T5Config(
        vocab_size=128, d_model=96, d_ff=64, d_kv=16, num_layers=2, num_heads=2, dropout_rate=0.0
    )
    return tokenizer, transformers.T5EncoderModel(config).eval()


def stable_diffusion(tokenizer: Any, text_encoder: Any) -> Any:
    return diffusers.StableDiffusionPipeline(
        vae=None,
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        unet=None,
        scheduler=None,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


@pytest.mark.parametrize("prompt", PROMPTS)
def test_stable_diffusion_1_reads_a_plain_prompt_as_diffusers_does(
    tokenizer: Any, mini: Any, prompt: str
) -> None:
    theirs, _ = stable_diffusion(tokenizer, mini).encode_prompt(prompt, "cpu", 1, False)

    ours = encode_clip(tokenizer, mini, prompt)

    assert torch.equal(ours.hidden, theirs)
    assert ours.pooled.shape == (1, 128)


@pytest.mark.parametrize("clip_skip", [2, 3])
def test_clip_skip_counts_one_more_than_diffusers(
    tokenizer: Any, mini: Any, monkeypatch: pytest.MonkeyPatch, clip_skip: int
) -> None:
    # diffusers 0.42 looks for the final norm in `text_model`, which transformers 5 folded into the model itself.
    monkeypatch.setitem(mini.__dict__, "text_model", mini)
    pipeline = stable_diffusion(tokenizer, mini)
    theirs, _ = pipeline.encode_prompt("a red house", "cpu", 1, False, clip_skip=clip_skip - 1)

    ours = encode_clip(tokenizer, mini, "a red house", clip_skip=clip_skip)

    assert torch.equal(ours.hidden, theirs)
    assert not torch.equal(ours.hidden, encode_clip(tokenizer, mini, "a red house").hidden)


def test_an_attention_mask_is_used_where_the_model_wants_one(
    tokenizer_2: Any, mini: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    unmasked = encode_clip(tokenizer_2, mini, "a red house").hidden
    monkeypatch.setattr(mini.config, "use_attention_mask", True, raising=False)
    theirs, _ = stable_diffusion(tokenizer_2, mini).encode_prompt("a red house", "cpu", 1, False)

    ours = encode_clip(tokenizer_2, mini, "a red house")

    assert torch.equal(ours.hidden, theirs)
    assert not torch.equal(ours.hidden, unmasked)


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize(("clip_skip", "theirs_skip"), [(1, None), (2, 0), (3, 1), (4, 2)])
def test_sdxl_reads_a_plain_prompt_as_diffusers_does(
    tokenizer: Any,
    tokenizer_2: Any,
    mini: Any,
    projecting: list[Any],
    prompt: str,
    clip_skip: int,
    theirs_skip: int | None,
) -> None:
    first = projecting[0].text_model  # what CLIPTextModel is: no projection
    pipeline = diffusers.StableDiffusionXLPipeline(
        vae=None,
        text_encoder=first,
        text_encoder_2=projecting[1],
        tokenizer=tokenizer,
        tokenizer_2=tokenizer_2,
        unet=None,
        scheduler=None,
        add_watermarker=False,
    )
    hidden, _, pooled, _ = pipeline.encode_prompt(
        prompt, device="cpu", do_classifier_free_guidance=False, clip_skip=theirs_skip
    )

    one = encode_clip(tokenizer, first, prompt, layer="penultimate", clip_skip=clip_skip)
    two = encode_clip(tokenizer_2, projecting[1], prompt, layer="penultimate", clip_skip=clip_skip)

    assert torch.equal(torch.cat([one.hidden, two.hidden], dim=-1), hidden)
    assert torch.equal(two.pooled, pooled)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_sd3_reads_a_plain_prompt_as_diffusers_does(
    tokenizer: Any, tokenizer_2: Any, projecting: list[Any], t5: tuple[Any, Any], prompt: str
) -> None:
    pipeline = diffusers.StableDiffusion3Pipeline(
        transformer=None,
        scheduler=None,
        vae=None,
        text_encoder=projecting[0],
        tokenizer=tokenizer,
        text_encoder_2=projecting[1],
        tokenizer_2=tokenizer_2,
        text_encoder_3=t5[1],
        tokenizer_3=t5[0],
    )
    hidden, _, pooled, _ = pipeline.encode_prompt(
        prompt, None, None, device="cpu", do_classifier_free_guidance=False, max_sequence_length=64
    )

    one = encode_clip(tokenizer, projecting[0], prompt, layer="penultimate")
    two = encode_clip(tokenizer_2, projecting[1], prompt, layer="penultimate")
    three = encode_t5(*t5, prompt, max_tokens=64)

    assert torch.equal(torch.cat([torch.cat([one.hidden, two.hidden], dim=-1), three], dim=1), hidden)
    assert torch.equal(torch.cat([one.pooled, two.pooled], dim=-1), pooled)


@pytest.mark.parametrize("prompt", [*PROMPTS, "a house, " * 60])
def test_flux_reads_a_plain_prompt_of_any_length_as_diffusers_does(
    tokenizer: Any, mini: Any, t5: tuple[Any, Any], prompt: str
) -> None:
    pipeline = diffusers.FluxPipeline(
        scheduler=None,
        vae=None,
        text_encoder=mini,
        tokenizer=tokenizer,
        text_encoder_2=t5[1],
        tokenizer_2=t5[0],
        transformer=None,
    )
    hidden, pooled, _ = pipeline.encode_prompt(prompt, device="cpu", max_sequence_length=128)

    assert torch.equal(encode_t5(*t5, prompt, max_tokens=128), hidden)
    assert torch.equal(encode_clip_pooled(tokenizer, mini, prompt), pooled)


def test_half_precision_stays_half_and_equal(tokenizer: Any) -> None:
    halved = transformers.CLIPTextModel.from_pretrained(MINI / "text_encoder", dtype=torch.bfloat16).eval()
    theirs, _ = stable_diffusion(tokenizer, halved).encode_prompt("a red house", "cpu", 1, False)

    assert torch.equal(encode_clip(tokenizer, halved, "a red house").hidden, theirs)
    assert encode_clip(tokenizer, halved, "a (red:1.3) house").hidden.dtype == torch.bfloat16


@pytest.mark.parametrize("prompt", ["a (red:1.0) house", "a ((red:0.5):2) house"])
def test_weights_that_come_to_one_change_nothing(tokenizer: Any, mini: Any, prompt: str) -> None:
    plain = encode_clip(tokenizer, mini, "a red house")

    assert torch.equal(encode_clip(tokenizer, mini, prompt).hidden, plain.hidden)


def test_a_weight_multiplies_the_vectors_of_its_words_alone(tokenizer: Any, projecting: list[Any]) -> None:
    plain = encode_clip(tokenizer, projecting[0], "a red house", layer="penultimate")

    ours = encode_clip(tokenizer, projecting[0], "a (red:1.5) house", layer="penultimate")

    ratio = ours.hidden / plain.hidden
    expected = torch.ones(77)
    expected[2] = 1.5
    torch.testing.assert_close(ratio, expected[None, :, None].expand_as(ratio))
    assert torch.equal(ours.pooled, plain.pooled)


def test_the_last_layer_keeps_its_mean_under_weights(tokenizer: Any, mini: Any) -> None:
    plain = encode_clip(tokenizer, mini, "a red house").hidden

    ours = encode_clip(tokenizer, mini, "a (red:1.5) [house]").hidden

    torch.testing.assert_close(ours.mean(), plain.mean())
    share = (ours / plain)[0].median(dim=-1).values
    torch.testing.assert_close(share[2] / share[1], torch.tensor(1.5))
    torch.testing.assert_close(share[3] / share[1], torch.tensor(1 / 1.1))


def test_more_weight_moves_the_embedding_further(tokenizer: Any, mini: Any) -> None:
    plain = encode_clip(tokenizer, mini, "a red house").hidden

    moved = [
        float((encode_clip(tokenizer, mini, f"a (red:{weight}) house").hidden - plain).norm())
        for weight in (1.1, 1.3, 1.6, 2.0)
    ]

    assert moved[0] > 0
    assert moved == sorted(moved)


def test_a_mean_that_weights_cancel_out_is_left_alone() -> None:
    hidden = torch.tensor([[[1.0, 1.0], [1.0, 1.0]]])

    assert torch.equal(weigh(hidden, [1.0, -1.0], keep_mean=True)[0, :, 0], torch.tensor([1.0, -1.0]))
    assert torch.equal(weigh(hidden, [0.0, 0.0], keep_mean=True), torch.zeros(1, 2, 2))


def test_a_long_prompt_is_read_in_chunks_of_75_tokens(tokenizer: Any, mini: Any) -> None:
    ours = encode_clip(tokenizer, mini, "a " * 75 + "red " * 75 + "house")

    parts = [encode_clip(tokenizer, mini, text) for text in ("a " * 75, "red " * 75, "house")]
    assert torch.equal(ours.hidden, torch.cat([part.hidden for part in parts], dim=1))
    assert torch.equal(ours.pooled, parts[0].pooled)


@pytest.mark.parametrize(
    ("prompt", "first", "second"),
    [
        ("a " * 60 + ", " + "red " * 30, "a " * 60 + ",", "red " * 30),
        ("a " * 55 + ", " + "red " * 30, "a " * 55 + ",", "red " * 30),
        ("a " * 54 + ", " + "red " * 30, "a " * 54 + ", " + "red " * 20, "red " * 10),
        ("a " * 75 + ", " + "red " * 30, "a " * 75, ", " + "red " * 30),
        ("a " * 60 + ", " + "red " * 14, "a " * 60 + ", " + "red " * 14, None),
    ],
)
def test_a_full_chunk_ends_at_a_comma_nearby(
    tokenizer: Any, mini: Any, prompt: str, first: str, second: str | None
) -> None:
    ours = encode_clip(tokenizer, mini, prompt).hidden

    parts = [encode_clip(tokenizer, mini, text).hidden for text in (first, second) if text]
    assert torch.equal(ours, torch.cat(parts, dim=1))


@pytest.mark.parametrize(
    "prompt",
    [
        "a red house BREAK 달과 별",
        "BREAK a red house BREAK BREAK 달과 별",
        "a red house BREAK 달과 별 BREAK",
    ],
)
def test_break_starts_a_chunk_and_never_makes_an_empty_one(tokenizer: Any, mini: Any, prompt: str) -> None:
    ours = encode_clip(tokenizer, mini, prompt).hidden

    parts = [encode_clip(tokenizer, mini, text).hidden for text in ("a red house", "달과 별")]
    assert torch.equal(ours, torch.cat(parts, dim=1))


def test_prompt_and_negative_come_to_the_same_number_of_chunks(
    tokenizer: Any, tokenizer_2: Any, mini: Any
) -> None:
    chunks = common_chunks([tokenizer, tokenizer_2], ["a BREAK b BREAK c", "rain"])

    ours = encode_clip(tokenizer, mini, "rain", chunks=chunks).hidden

    rain, empty = encode_clip(tokenizer, mini, "rain").hidden, encode_clip(tokenizer, mini, "").hidden
    assert chunks == count_chunks(tokenizer, "a BREAK b BREAK c") == 3
    assert torch.equal(ours, torch.cat([rain, empty, empty], dim=1))
    with pytest.raises(ValueError, match="needs 3 chunks"):
        encode_clip(tokenizer, mini, "a BREAK b BREAK c", chunks=2)


def test_a_prompt_without_end_and_a_model_without_layers_are_named(tokenizer: Any, mini: Any) -> None:
    assert count_chunks(tokenizer, "a " * 75 * MAX_CHUNKS) == MAX_CHUNKS

    with pytest.raises(InvalidParameters, match=r"takes 65 chunks of 75 tokens.*shorten it"):
        count_chunks(tokenizer, "a " * (75 * MAX_CHUNKS + 1))
    with pytest.raises(InvalidParameters, match="clip_skip must be from 1 to 3 with this model"):
        encode_clip(tokenizer, mini, "a", clip_skip=4)


def test_t5_weighs_the_tokens_of_its_words_and_takes_break_for_a_space(t5: tuple[Any, Any]) -> None:
    plain = encode_t5(*t5, "my house, un bound", max_tokens=24)

    ours = encode_t5(*t5, "my (house:1.5), un BREAK [bound]", max_tokens=24)

    words = t5[0].convert_ids_to_tokens(t5[0]("my house, un bound").input_ids)
    ratio = (ours / plain)[0].median(dim=-1).values
    assert words == ["▁", "m", "y", "▁house", ",", "▁", "u", "n", "▁", "b", "o", "u", "n", "d", "</s>"]
    expected = [1.0, 1.0, 1.0, 1.5, *[1.0] * 4, *[1 / 1.1] * 6, *[1.0] * 10]
    torch.testing.assert_close(ratio, torch.tensor(expected))
