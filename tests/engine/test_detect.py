"""What a model file is, told from its header: each kind and family by the keys it was published with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pingvas.base.settings import REPOSITORY
from pingvas.engine.checkpoints.detect import detect
from pingvas.engine.errors import ModelLoadFailed, ModelNotFound
from tests.make.safetensors import (
    COMPACT_X4,
    CONTROLNET_SD1,
    SD1_FILE,
    SD1_LORA,
    Shapes,
    file_of,
    header_of,
    write_pipeline,
    write_safetensors,
)

UNET = "model.diffusion_model."
KOHYA = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.lora_"
PEFT = "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.lora_"


def changed(shapes: Shapes, **others: Any) -> dict[str, Any]:
    """Shapes with some replaced (a key's end is enough), and new ones added."""
    made = dict(shapes)
    for end, shape in others.items():
        name = next((name for name in made if name.endswith(end.replace("__", "."))), end.replace("__", "."))
        made[name] = shape
    return made


def without(shapes: Shapes, start: str) -> dict[str, Any]:
    return {name: shape for name, shape in shapes.items() if not name.startswith(start)}


SD2_FILE = without(SD1_FILE, "cond_stage_model.") | {"cond_stage_model.model.token_embedding.weight": (10, 8)}
SDXL_FILE = without(SD1_FILE, "cond_stage_model.") | {
    f"{UNET}label_emb.0.0.weight": (8, 8),
    "conditioner.embedders.0.transformer.text_model.embeddings.position_embedding.weight": (77, 8),
    "conditioner.embedders.1.model.positional_embedding": (77, 8),
}
REFINER_FILE = without(SD1_FILE, "cond_stage_model.") | {
    "conditioner.embedders.0.model.text_projection": (8, 8)
}
FLUX_FILE = {
    "double_blocks.0.img_attn.norm.key_norm.scale": (8,),
    "img_in.weight": (16, 64),
    "final_layer.linear.weight": (64, 16),
}
SD3_FILE = {f"{UNET}joint_blocks.0.context_block.adaLN_modulation.1.bias": (8,), "first_stage_model.x": (1,)}

CHECKPOINTS = [
    (SD1_FILE, "sd1", None),
    (SD2_FILE, "sd2", None),
    (SDXL_FILE, "sdxl", None),
    (REFINER_FILE, "sdxl", "refiner"),
    (SD3_FILE, "sd3", None),
    (FLUX_FILE, "flux", "schnell"),
    (FLUX_FILE | {"guidance_in.in_layer.weight": (8, 8)}, "flux", "dev"),
    (FLUX_FILE | {"img_in.weight": (16, 384)}, "flux", "fill"),
    ({f"{UNET}{name}": shape for name, shape in FLUX_FILE.items()}, "flux", "schnell"),
    (changed(SD1_FILE, input_blocks__0__0__weight=(320, 9, 3, 3)), "sd1", "inpainting"),
    (changed(SDXL_FILE, input_blocks__0__0__weight=(320, 9, 3, 3)), "sdxl", "inpainting"),
]

LORAS = [
    (SD1_LORA, {}, "sd1"),
    ({f"{KOHYA}down.weight": (4, 1024), f"{KOHYA}up.weight": (8, 4)}, {}, "sd2"),
    ({f"{KOHYA}down.weight": (4, 2048), f"{KOHYA}up.weight": (8, 4)}, {}, "sdxl"),
    ({"lora_unet_input_blocks_4_1_proj_in.lora_down.weight": (4, 8)}, {}, "sdxl"),
    ({"lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight": (4, 8)}, {}, "sdxl"),
    ({"lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight": (4, 8)}, {}, "flux"),
    ({"lora_unet_joint_blocks_0_x_block_attn_qkv.lora_down.weight": (4, 8)}, {}, "sd3"),
    ({f"{PEFT}A.weight": (4, 768), f"{PEFT}B.weight": (8, 4)}, {}, "sd1"),
    ({f"{PEFT}A.weight": (4, 2048), f"{PEFT}B.weight": (8, 4)}, {}, "sdxl"),
    ({"unet.up_blocks.0.attentions.0.processor.to_q_lora.down.weight": (4, 8)}, {}, "sd1"),
    ({"text_encoder_2.text_model.encoder.layers.0.mlp.fc1.lora_A.weight": (4, 8)}, {}, "sdxl"),
    ({"transformer.single_transformer_blocks.0.attn.to_q.lora_A.weight": (4, 8)}, {}, "flux"),
    ({"transformer.transformer_blocks.0.attn.to_q.lora_A.weight": (4, 8)}, {}, "sd3"),
    ({"double_blocks.0.processor.qkv_lora1.down.weight": (4, 8)}, {}, "flux"),
    ({"lora_unet_mid_block_x.hada_w1_a": (4, 8)}, {"ss_base_model_version": "sdxl_base_v1-0"}, "sdxl"),
    ({"lora_unet_mid_block_x.lokr_w1": (4, 8)}, {"modelspec.architecture": "stable-diffusion-v2-768-v/lora"}, "sd2"),
    # The claim in the metadata does not count against the shapes.
    (SD1_LORA, {"ss_base_model_version": "sdxl_base_v1-0"}, "sd1"),
]  # fmt: skip

ESRGAN = {
    "model.0.weight": (8, 3, 3, 3),
    "model.1.sub.0.RDB1.conv1.0.weight": (4, 8, 3, 3),
    "model.3.weight": (8, 8, 3, 3),
    "model.6.weight": (8, 8, 3, 3),
    "model.8.weight": (8, 8, 3, 3),
    "model.10.weight": (3, 8, 3, 3),
}
NEW_ESRGAN = {
    "conv_first.weight": (8, 3, 3, 3),
    "body.0.rdb1.conv1.weight": (4, 8, 3, 3),
    "conv_up1.weight": (8, 8, 3, 3),
    "conv_up2.weight": (8, 8, 3, 3),
}
SWINIR = {
    "conv_first.weight": (8, 3, 3, 3),
    "layers.0.residual_group.blocks.0.norm1.weight": (8,),
    "upsample.0.weight": (12, 8, 3, 3),
}
UPSCALERS = [
    (COMPACT_X4, "compact", 4),
    (ESRGAN, "esrgan", 4),
    (without(ESRGAN, "model.8") | {"model.1.sub.1.weight": (8, 8, 3, 3)}, "esrgan", 4),
    (NEW_ESRGAN, "esrgan", 4),
    (NEW_ESRGAN | {"conv_first.weight": (8, 12, 3, 3)}, "esrgan", 2),
    (SWINIR, "swinir", 2),
]

VAE = {
    "encoder.conv_in.weight": (8, 3, 3, 3),
    "decoder.conv_in.weight": (8, 4, 3, 3),
    "decoder.up_blocks.0.resnets.0.conv1.weight": (8, 8, 3, 3),
}


@pytest.mark.parametrize(("shapes", "family", "variant"), CHECKPOINTS)
def test_a_checkpoint_in_one_file_tells_its_family(
    tmp_path: Path, shapes: Shapes, family: str, variant: str | None
) -> None:
    found = detect(write_safetensors(tmp_path / "model.safetensors", shapes))

    assert (found.kind, found.family, found.variant, found.folder) == ("checkpoint", family, variant, False)


def test_a_checkpoint_says_which_parts_it_holds(tmp_path: Path) -> None:
    whole = detect(write_safetensors(tmp_path / "whole.safetensors", SDXL_FILE))
    bare = detect(write_safetensors(tmp_path / "bare.safetensors", FLUX_FILE))

    assert whole.parts == ("denoiser", "vae", "text_encoder", "text_encoder_2")
    assert bare.parts == ("denoiser",)


def test_a_checkpoint_that_predicts_velocity_may_say_so(tmp_path: Path) -> None:
    marked = write_safetensors(tmp_path / "marked.safetensors", SDXL_FILE | {"v_pred": ()})
    spoken = write_safetensors(tmp_path / "said.safetensors", SD2_FILE, {"modelspec.prediction_type": "v"})

    assert detect(marked).prediction_type == "v_prediction"
    assert detect(spoken).prediction_type == "v_prediction"


@pytest.mark.parametrize(("shapes", "metadata", "family"), LORAS)
def test_a_lora_tells_the_family_it_was_made_for(
    tmp_path: Path, shapes: Shapes, metadata: dict[str, str], family: str
) -> None:
    found = detect(write_safetensors(tmp_path / "lora.safetensors", shapes, metadata))

    assert (found.kind, found.family) == ("lora", family)


def test_a_lora_tells_its_rank(tmp_path: Path) -> None:
    assert detect(write_safetensors(tmp_path / "lora.safetensors", SD1_LORA)).details["rank"] == 4


@pytest.mark.parametrize(("shapes", "network", "scale"), UPSCALERS)
def test_an_upscaler_tells_its_network_and_scale(
    tmp_path: Path, shapes: Shapes, network: str, scale: int
) -> None:
    found = detect(write_safetensors(tmp_path / "x4.safetensors", shapes))

    assert (found.kind, found.details["network"], found.details["scale"]) == ("upscaler", network, scale)


@pytest.mark.parametrize(
    ("shapes", "family"),
    [
        (CONTROLNET_SD1, "sd1"),
        (changed(CONTROLNET_SD1, to_k__weight=(8, 1024)), "sd2"),
        ({**CONTROLNET_SD1, "add_embedding.linear_1.weight": (8, 8)}, "sdxl"),
        ({"control_model.input_hint_block.0.weight": (16, 3, 3, 3)}, "sd1"),
        ({"controlnet_x_embedder.weight": (8, 8), "controlnet_blocks.0.weight": (8, 8)}, "flux"),
        ({"pos_embed_input.proj.weight": (8, 8), "controlnet_blocks.0.weight": (8, 8)}, "sd3"),
    ],
)
def test_a_controlnet_tells_its_family(tmp_path: Path, shapes: Shapes, family: str) -> None:
    found = detect(write_safetensors(tmp_path / "control.safetensors", shapes))

    assert (found.kind, found.family) == ("controlnet", family)


def test_a_vae_alone_leaves_its_family_open(tmp_path: Path) -> None:
    small = detect(write_safetensors(tmp_path / "vae.safetensors", VAE))
    large = detect(
        write_safetensors(tmp_path / "ae.sft", changed(VAE, decoder__conv_in__weight=(8, 16, 3, 3)))
    )

    assert (small.kind, small.family, small.details["families"]) == ("vae", None, ["sd1", "sd2", "sdxl"])
    assert large.details["families"] == ["sd3", "flux"]


@pytest.mark.parametrize(
    ("shapes", "kind", "says"),
    [
        ({"text_model.embeddings.token_embedding.weight": (8, 8)}, "text_encoder", None),
        ({"encoder.block.0.layer.0.SelfAttention.q.weight": (8, 8)}, "text_encoder", None),
        ({"down_blocks.0.x": (1,), "time_embedding.linear_1.weight": (8, 8)}, "unknown", "U-Net alone"),
        (FLUX_FILE | {"distilled_guidance_layer.in_proj.bias": (8,)}, "unknown", "Chroma"),
        ({"whatever": (1,)}, "unknown", "no kind"),
        ({}, "unknown", "no kind"),
    ],
)
def test_what_cannot_be_used_by_itself_is_told_apart(
    tmp_path: Path, shapes: Shapes, kind: str, says: str | None
) -> None:
    found = detect(write_safetensors(tmp_path / "thing.safetensors", shapes))

    assert found.kind == kind
    assert says is None or says in found.details["says"]


# Folders.


@pytest.mark.parametrize(
    ("name", "denoiser", "config", "texts", "family", "variant"),
    [
        ("StableDiffusionPipeline", "unet", {"cross_attention_dim": 768}, ("text_encoder",), "sd1", None),
        ("StableDiffusionPipeline", "unet", {"cross_attention_dim": 1024}, ("text_encoder",), "sd2", None),
        ("StableDiffusionPipeline", "unet", {"cross_attention_dim": 32, "use_linear_projection": True}, ("text_encoder",), "sd2", None),
        ("StableDiffusionInpaintPipeline", "unet", {"in_channels": 9, "out_channels": 4}, ("text_encoder",), "sd1", "inpainting"),
        ("StableDiffusionXLPipeline", "unet", {"cross_attention_dim": 2048}, ("text_encoder", "text_encoder_2"), "sdxl", None),
        ("StableDiffusionXLImg2ImgPipeline", "unet", {"cross_attention_dim": 1280}, ("text_encoder_2",), "sdxl", "refiner"),
        ("StableDiffusion3Pipeline", "transformer", {}, ("text_encoder", "text_encoder_2"), "sd3", None),
        ("FluxPipeline", "transformer", {"guidance_embeds": True}, ("text_encoder", "text_encoder_2"), "flux", "dev"),
        ("FluxPipeline", "transformer", {"guidance_embeds": False}, ("text_encoder", "text_encoder_2"), "flux", "schnell"),
    ],
)  # fmt: skip
def test_a_diffusers_folder_tells_its_family(
    tmp_path: Path,
    name: str,
    denoiser: str,
    config: dict[str, Any],
    texts: tuple[str, ...],
    family: str,
    variant: str | None,
) -> None:
    found = detect(write_pipeline(tmp_path / "model", name, denoiser, config, *texts))

    assert (found.kind, found.family, found.variant, found.folder) == ("checkpoint", family, variant, True)


def test_the_bundled_model_is_of_the_first_family_whatever_its_sizes() -> None:
    found = detect(REPOSITORY / "models" / "pingvas-mini")

    assert (found.kind, found.family, found.prediction_type) == ("checkpoint", "sd1", "v_prediction")
    assert detect(REPOSITORY / "models" / "pingvas-mini" / "vae").kind == "vae"


def test_another_pipeline_is_unknown(tmp_path: Path) -> None:
    found = detect(write_pipeline(tmp_path / "model", "WanPipeline", "transformer", {}))

    assert (found.kind, "WanPipeline" in found.details["says"]) == ("unknown", True)


def test_a_folder_that_is_not_whole_says_what_is_missing(tmp_path: Path) -> None:
    folder = write_pipeline(tmp_path / "model", "StableDiffusionPipeline", "unet", {}, "text_encoder")
    (folder / "vae" / "model.safetensors").rename(folder / "vae" / "diffusion_pytorch_model.bin")

    with pytest.raises(ModelLoadFailed, match=r"vae/diffusion_pytorch_model\.bin is a pickle"):
        detect(folder)
    (folder / "vae" / "diffusion_pytorch_model.bin").unlink()
    with pytest.raises(ModelLoadFailed, match="no weights in vae"):
        detect(folder)
    shards = {"weight_map": {"x": "model-00002-of-00002.safetensors"}}
    write_safetensors(folder / "vae" / "model-00001-of-00002.safetensors", {"x": (1,)})
    (folder / "vae" / "model.safetensors.index.json").write_text(json.dumps(shards))
    with pytest.raises(ModelLoadFailed, match="model-00002-of-00002"):
        detect(folder)


def test_a_folder_of_one_file_is_that_file_and_one_of_several_is_no_model(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "one" / "a.safetensors", SD1_LORA)
    assert detect(tmp_path / "one").kind == "lora"

    write_safetensors(tmp_path / "one" / "b.safetensors", SD1_LORA)
    with pytest.raises(ModelLoadFailed, match="name one of the files"):
        detect(tmp_path / "one")
    (tmp_path / "none").mkdir()
    with pytest.raises(ModelNotFound):
        detect(tmp_path / "none")


def test_a_file_must_be_called_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "model.data"
    path.write_bytes(file_of(header_of({})))

    with pytest.raises(ModelLoadFailed, match="rename it"):
        detect(path)
    with pytest.raises(ModelNotFound):
        detect(tmp_path / "nowhere.safetensors")
