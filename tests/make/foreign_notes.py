"""What other programs write into pictures, written by hand from their formats, and pictures with notes in their pixels."""

from __future__ import annotations

import gzip
import json
from typing import Any

import numpy as np
from PIL import Image

PROMPT, NEGATIVE = "a winged fox", "rain"
SETTINGS = "Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 42, Size: 512x768"
WORDS = f"{PROMPT}\nNegative prompt: {NEGATIVE}\n"

A1111 = (
    f"{PROMPT} <lora:pencil:0.8>\nNegative prompt: {NEGATIVE}\n{SETTINGS}, Model hash: abcdef0123, Model: mini, "
    "VAE: bright.safetensors, Denoising strength: 0.4, Clip skip: 2, ADetailer model: face_yolov8n.pt, "
    'ADetailer prompt: "a face, smiling", Hires upscale: 2, Hires steps: 10, Hires upscaler: Latent, '
    'Lora hashes: "pencil: 0123456789ab", TI hashes: "calm: 00112233aabb", Version: v1.10.1'
)
SDNEXT = (
    f"{WORDS}Steps: 20, Size: 512x768, Sampler: Euler a, Seed: 42, CFG scale: 7, App: SD.Next, Version: 1234abc, "
    "Pipeline: StableDiffusionXLPipeline, Operations: txt2img, Model: mini, Model hash: abcdef0123"
)
CIVITAI = (
    f"{WORDS}Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 512x768, Clip skip: 2, Civitai resources: "
    '[{"type":"checkpoint","modelVersionId":1,"modelName":"Mini, Seed: 1","modelVersionName":"v1"},'
    '{"type":"lora","weight":0.4,"modelVersionId":2,"modelName":"Pencil"}], Civitai metadata: {}'
)
FOOOCUS_A1111 = (
    f"{WORDS}Steps: 20, Sampler: DPM++ 2M SDE Karras, Seed: 42, Size: 512x768, CFG scale: 7, Model: mini, "
    'Model hash: abcdef0123, Lora hashes: "pencil: 0123456789", Lora weights: "pencil: 0.8", Version: Fooocus v2.5.5'
)
SWARMUI: dict[str, Any] = {
    "sui_image_params": {
        "prompt": PROMPT, "negativeprompt": NEGATIVE, "model": "sdxl/mini", "seed": 42, "steps": 20, "cfgscale": 7.0,
        "width": 512, "height": 768, "sampler": "dpmpp_2m", "scheduler": "karras", "loras": ["pencil"], "loraweights": ["0.8"],
        "clipstopatlayer": -2, "vae": "Automatic", "swarm_version": "0.9.6.1",
    },
    "sui_extra_data": {"date": "2025-01-01"},
    "sui_models": [
        {"name": "sdxl/mini.safetensors", "param": "model", "hash": "0x" + "ab" * 32},
        {"name": "pencil.safetensors", "param": "loras", "hash": "0x" + "cd" * 32},
    ],
}  # fmt: skip
INVOKEAI: dict[str, Any] = {
    "app_version": "5.4.0", "generation_mode": "txt2img", "positive_prompt": PROMPT, "negative_prompt": NEGATIVE, "seed": 42,
    "steps": 20, "cfg_scale": 7.0, "width": 512, "height": 768, "scheduler": "dpmpp_2m_k", "rand_device": "cpu", "clip_skip": 1,
    "model": {"key": "k", "hash": "blake3:12", "name": "mini", "base": "sdxl", "type": "main"},
    "vae": {"name": "bright"},
    "loras": [{"model": {"name": "pencil", "hash": "sha256:0123456789ab"}, "weight": 0.8}],
}  # fmt: skip
INVOKEAI_2: dict[str, Any] = {
    "model": "stable diffusion", "model_weights": "mini", "model_hash": "ab" * 32, "app_id": "invoke-ai/InvokeAI",
    "app_version": "2.2.4",
    "image": {
        "prompt": [{"prompt": PROMPT, "weight": 1}], "negative_prompt": NEGATIVE, "seed": 42, "steps": 20, "cfg_scale": 7.0,
        "width": 512, "height": 768, "sampler": "k_dpmpp_2m", "type": "txt2img",
    },
}  # fmt: skip
DREAM = f'"{PROMPT} [{NEGATIVE}]" -s 20 -S 42 -W 512 -H 768 -C 7.0 -A k_dpmpp_2m'
FOOOCUS: dict[str, Any] = {
    "adm_guidance": "(1.5, 0.8, 0.3)", "base_model": "mini", "base_model_hash": "abcdef0123", "clip_skip": 2,
    "full_prompt": [PROMPT, "cinematic"], "guidance_scale": 7, "loras": [["pencil.safetensors", 0.8, "0123456789"]],
    "lora_combined_1": "pencil.safetensors : 0.8", "metadata_scheme": "fooocus", "negative_prompt": NEGATIVE,
    "performance": "Speed", "prompt": PROMPT, "resolution": "(512, 768)", "sampler": "dpmpp_2m_sde_gpu", "scheduler": "karras",
    "seed": "42", "sharpness": 2, "steps": 20, "styles": "['Fooocus V2']", "vae": "Default (model)", "version": "Fooocus v2.5.5",
}  # fmt: skip
NOVELAI: dict[str, Any] = {
    "prompt": PROMPT, "uc": NEGATIVE, "seed": 42, "steps": 20, "scale": 7.0, "width": 512, "height": 768, "sampler": "k_dpmpp_2m",
    "noise_schedule": "karras", "cfg_rescale": 0.2, "request_type": "PromptGenerateRequest",
    "v4_prompt": {"caption": {"base_caption": PROMPT, "char_captions": [{"char_caption": "a fox"}, {"char_caption": ""}]}},
}  # fmt: skip
NOVELAI_1 = {name: NOVELAI[name] for name in ("uc", "seed", "steps", "scale", "width", "height", "sampler")}
EASY_DIFFUSION: dict[str, Any] = {
    "prompt": PROMPT, "negative_prompt": NEGATIVE, "seed": 42, "num_inference_steps": 20, "guidance_scale": 7.0, "width": 512,
    "height": 768, "sampler_name": "euler_a", "use_stable_diffusion_model": "mini", "use_vae_model": "bright",
    "use_lora_model": ["pencil"], "lora_alpha": [0.8], "clip_skip": True,
}  # fmt: skip
COMFYUI: dict[str, Any] = {
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "x"}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["12", 0]}},
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 42, "steps": 20, "cfg": 7, "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1,
            "model": ["11", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0],
        },
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sdxl/mini.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 768, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": PROMPT, "clip": ["13", 0]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": NEGATIVE, "clip": ["13", 0]}},
    "10": {
        "class_type": "LoraLoader",
        "inputs": {"lora_name": "pencil.safetensors", "strength_model": 0.8, "strength_clip": 1.0, "model": ["4", 0], "clip": ["4", 1]},
    },
    "11": {"class_type": "LoraLoaderModelOnly", "inputs": {"lora_name": "night.safetensors", "strength_model": -0.5, "model": ["10", 0]}},
    "12": {"class_type": "VAELoader", "inputs": {"vae_name": "bright.safetensors"}},
    "13": {"class_type": "CLIPSetLastLayer", "inputs": {"stop_at_clip_layer": -2, "clip": ["10", 1]}},
}  # fmt: skip


def workflow_of(prompt: dict[str, Any], order: dict[str, list[str]]) -> dict[str, Any]:
    """The form that people see of a graph; `order` are the names of a class's values, in theirs."""
    links: list[list[Any]] = []
    nodes: list[dict[str, Any]] = []
    for name, node in prompt.items():
        inputs: list[dict[str, Any]] = []
        for key, value in node["inputs"].items():
            if isinstance(value, list):
                links.append([len(links) + 1, int(value[0]), value[1], int(name), len(inputs), "*"])
                inputs.append({"name": key, "type": "*", "link": len(links)})
        said = [node["inputs"].get(key, "fixed") for key in order.get(node["class_type"], [])]
        nodes.append(
            {"id": int(name), "type": node["class_type"], "mode": 0, "inputs": inputs, "widgets_values": said}
        )
    return {"version": 0.4, "nodes": nodes, "links": links}


WORKFLOW = workflow_of(
    COMFYUI,
    {
        "KSampler": ["seed", "control", "steps", "cfg", "sampler_name", "scheduler", "denoise"],
        "CheckpointLoaderSimple": ["ckpt_name"],
        "EmptyLatentImage": ["width", "height", "batch_size"],
        "CLIPTextEncode": ["text"],
        "LoraLoader": ["lora_name", "strength_model", "strength_clip"],
        "LoraLoaderModelOnly": ["lora_name", "strength_model"],
        "VAELoader": ["vae_name"],
        "CLIPSetLastLayer": ["stop_at_clip_layer"],
        "SaveImage": ["filename_prefix"],
    },
)

NOTES: dict[str, dict[str, str]] = {
    "A1111": {"parameters": A1111},
    "SD.Next": {"parameters": SDNEXT},
    "Civitai": {"parameters": CIVITAI},
    "Fooocus, as infotext": {"parameters": FOOOCUS_A1111, "fooocus_scheme": "a1111"},
    "Fooocus": {"parameters": json.dumps(FOOOCUS), "fooocus_scheme": "fooocus"},
    "SwarmUI": {"parameters": json.dumps(SWARMUI)},
    "InvokeAI": {"invokeai_metadata": json.dumps(INVOKEAI)},
    "InvokeAI 2": {"sd-metadata": json.dumps(INVOKEAI_2)},
    "InvokeAI, a command": {"Dream": DREAM},
    "NovelAI": {
        "Title": "NovelAI generated image", "Software": "NovelAI", "Source": "NovelAI Diffusion V4 37442FCA",
        "Description": PROMPT, "Comment": json.dumps(NOVELAI),
    },
    "NovelAI 1": {"Software": "NovelAI", "Source": "Stable Diffusion 1D44365E", "Description": PROMPT, "Comment": json.dumps(NOVELAI_1)},
    "Easy Diffusion": {"parameters": json.dumps(EASY_DIFFUSION)},
    "ComfyUI": {"prompt": json.dumps(COMFYUI), "workflow": json.dumps(WORKFLOW)},
    "ComfyUI, what people see": {"workflow": json.dumps(WORKFLOW)},
}  # fmt: skip
"""By program: the texts of a picture under the names of a PNG's chunks."""


def hide(
    text: bytes, signature: bytes, size: tuple[int, int] = (64, 64), *, length: int | None = None
) -> Image.Image:
    """A picture with a text in its lowest bits; `length` (in bits) says another one than it has."""
    body = gzip.compress(text) if signature.endswith(b"comp") else text
    head = signature + (8 * len(body) if length is None else length).to_bytes(4, "big")
    bits = np.unpackbits(np.frombuffer(head + body, np.uint8))
    width, height = size
    pixels = np.full((width, height, 4), 200, np.uint8)
    lowest = pixels[..., 3:] if b"_png" in signature else pixels[..., :3]
    flat = np.zeros(lowest.size, np.uint8)
    flat[: len(bits)] = bits
    lowest[...] += flat.reshape(lowest.shape)
    image = Image.fromarray(pixels.transpose(1, 0, 2).copy())
    return image if b"_png" in signature else image.convert("RGB")
