"""Prompts to CLIP embeddings: chunks of 75 tokens, weights and layers. Knows the prompt language, and no family.

A prompt without weights that fits one chunk gives, bit for bit, what the pipelines of diffusers compute.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from pingvas.engine.errors import InvalidParameters
from pingvas.engine.text.prompts import MAX_CHUNKS, Break, parse_weights, plain_text

Layer = Literal["last", "penultimate"]
"""Which output a family reads: the last one, normalized (SD 1 and 2), or the one before it, as it is (SDXL, SD 3)."""

# A chunk that is full ends at a comma where one is among so many of its last tokens, so that phrases stay together.
_COMMA_REACH = 20
_POSITIONS = 77
# Weights that nearly cancel the mean out would blow the numbers up; beyond this the mean is left as it is.
_MAX_MEAN_RATIO = 10.0


@dataclass(frozen=True)
class ClipText:
    """`hidden` (1, 77 × chunks, d): a vector per token. `pooled` (1, e): one for the first chunk as a whole."""

    hidden: torch.Tensor
    pooled: torch.Tensor


@dataclass(frozen=True)
class _Token:
    id: int
    weight: float


def encode_clip(
    tokenizer: Any,
    text_encoder: Any,
    prompt: str,
    *,
    clip_skip: int = 1,
    layer: Layer = "last",
    chunks: int | None = None,
) -> ClipText:
    """A prompt with weights and BREAK to embeddings, on the text encoder's device and in its dtype.

    `clip_skip` counts layers from the end, as people do: 1 is the last one, 2 the one before. Families that read the
    penultimate layer are at 2 already, so 1 and 2 are the same to them. `chunks` pads to so many, with empty ones;
    a prompt and its negative must have equally many: see `common_chunks`. Weights are multiplied onto the vectors;
    at layer "last" the chunk's mean is then restored. Raises InvalidParameters when the model has too few layers
    or the prompt is too long.
    """
    depth = _depth(text_encoder, clip_skip, layer)
    pieces = _split(tokenizer, prompt)
    wanted = len(pieces) if chunks is None else chunks
    if wanted < len(pieces):
        raise ValueError(f"the prompt needs {len(pieces)} chunks, which is more than {wanted}")
    encoded = [_encode_chunk(tokenizer, text_encoder, piece, depth, layer) for piece in pieces]
    if wanted > len(pieces):
        empty = _encode_chunk(tokenizer, text_encoder, [], depth, layer)
        encoded += [empty] * (wanted - len(pieces))
    if len(encoded) == 1:
        return encoded[0]
    return ClipText(torch.cat([chunk.hidden for chunk in encoded], dim=1), encoded[0].pooled)


def encode_clip_pooled(tokenizer: Any, text_encoder: Any, prompt: str) -> torch.Tensor:
    """(1, e): the words of a prompt as a whole, for families that take nothing else from CLIP (FLUX).

    There are no chunks here: tokens beyond the first 75 are dropped, and weights have nothing to act on.
    """
    ids = _ids(tokenizer, plain_text(parse_weights(prompt)))[: _room(tokenizer)]
    return _run(tokenizer, text_encoder, ids, hidden_states=False)[1]


def count_chunks(tokenizer: Any, prompt: str) -> int:
    """How many chunks of 77 positions a prompt takes; 1 at least. Raises InvalidParameters beyond MAX_CHUNKS."""
    return len(_split(tokenizer, prompt))


def common_chunks(tokenizers: Iterable[Any], prompts: Sequence[str]) -> int:
    """The number of chunks in which every prompt fits with every tokenizer of a family."""
    return max(count_chunks(tokenizer, prompt) for tokenizer in tokenizers for prompt in prompts)


def weigh(hidden: torch.Tensor, weights: Sequence[float], *, keep_mean: bool = False) -> torch.Tensor:
    """Vectors (1, n, d) times a weight each, worked out in float32; all weights 1 changes nothing, not a bit.

    `keep_mean` scales the result so that its mean over everything is what it was.
    """
    if all(weight == 1.0 for weight in weights):
        return hidden
    exact = hidden.float()
    weighted = exact * torch.tensor(weights, device=hidden.device)[None, :, None]
    if keep_mean:
        ratio = float(exact.mean() / weighted.mean())
        if 1 / _MAX_MEAN_RATIO <= ratio <= _MAX_MEAN_RATIO:
            weighted = weighted * ratio
    return weighted.to(hidden.dtype)


def _split(tokenizer: Any, prompt: str) -> list[list[_Token]]:
    """The tokens of each chunk, one chunk at least. A BREAK with nothing before or behind it makes no empty chunk."""
    passages: list[list[_Token]] = [[]]
    for part in parse_weights(prompt):
        if isinstance(part, Break):
            passages.append([])
        else:
            passages[-1] += [_Token(number, part.weight) for number in _ids(tokenizer, part.text)]
    room, comma = _room(tokenizer), _comma(tokenizer)
    chunks = [chunk for passage in passages for chunk in _cut(passage, room, comma)]
    if len(chunks) > MAX_CHUNKS:
        raise InvalidParameters(
            f"The prompt takes {len(chunks)} chunks of {room} tokens and at most {MAX_CHUNKS} are read: "
            "shorten it, or write BREAK less often."
        )
    return chunks or [[]]


def _cut(tokens: list[_Token], room: int, comma: int | None) -> list[list[_Token]]:
    chunks = []
    start = 0
    while start < len(tokens):
        end = start + room
        if end < len(tokens) and tokens[end].id != comma:
            near = (
                at for at in range(end - 1, end - 1 - min(_COMMA_REACH, room), -1) if tokens[at].id == comma
            )
            end = next(near, end - 1) + 1
        chunks.append(tokens[start:end])
        start = end
    return chunks


def _encode_chunk(
    tokenizer: Any, text_encoder: Any, tokens: list[_Token], depth: int, layer: Layer
) -> ClipText:
    normalized = layer == "last"
    output, pooled = _run(
        tokenizer,
        text_encoder,
        [token.id for token in tokens],
        hidden_states=not (normalized and depth == 1),
    )
    if normalized and depth == 1:
        hidden = output.last_hidden_state
    else:
        hidden = output.hidden_states[-depth]
        if normalized:
            # Where the norm lives depends on the class: with a projection, one module further down.
            hidden = getattr(text_encoder, "text_model", text_encoder).final_layer_norm(hidden)
    padding = hidden.shape[1] - len(tokens) - 1
    weights = [1.0, *(token.weight for token in tokens), *[1.0] * padding]
    return ClipText(weigh(hidden, weights, keep_mean=normalized), pooled)


def _run(
    tokenizer: Any, text_encoder: Any, ids: list[int], *, hidden_states: bool
) -> tuple[Any, torch.Tensor]:
    """One chunk through the text encoder: its output, and the pooled vector (projected where it projects)."""
    padding = _room(tokenizer) - len(ids)
    row = [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id, *[tokenizer.pad_token_id] * padding]
    device = text_encoder.device
    mask = None
    if getattr(text_encoder.config, "use_attention_mask", None):
        mask = torch.tensor([[1] * (len(ids) + 2) + [0] * padding], device=device)
    output = text_encoder(
        torch.tensor([row], device=device), attention_mask=mask, output_hidden_states=hidden_states
    )
    pooled = getattr(output, "text_embeds", None)
    return output, output.pooler_output if pooled is None else pooled


def _depth(text_encoder: Any, clip_skip: int, layer: Layer) -> int:
    """Which hidden state to read, counted from the end."""
    layers = int(text_encoder.config.num_hidden_layers)
    if not 1 <= clip_skip <= layers:
        raise InvalidParameters(
            f"clip_skip must be from 1 to {layers} with this model, whose text encoder has {layers} layers, "
            f"not {clip_skip}."
        )
    return clip_skip if layer == "last" else max(2, clip_skip)


def _ids(tokenizer: Any, text: str) -> list[int]:
    # verbose=False: the warning that the text is longer than a chunk is what chunks are for.
    ids: list[int] = tokenizer(text, add_special_tokens=False, verbose=False).input_ids
    return ids


def _comma(tokenizer: Any) -> int | None:
    ids = _ids(tokenizer, ",")
    return ids[0] if len(ids) == 1 else None


def _room(tokenizer: Any) -> int:
    """Tokens of text that a chunk holds beside its start and its end."""
    return min(int(tokenizer.model_max_length), _POSITIONS) - 2
