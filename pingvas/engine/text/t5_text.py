"""Prompts to T5 embeddings, for the families that read sentences (SD 3, FLUX). One piece: no chunks, no layers."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Any

import torch

from pingvas.engine.text.clip_text import weigh
from pingvas.engine.text.prompts import Span, parse_weights, plain_text


def encode_t5(tokenizer: Any, text_encoder: Any, prompt: str, max_tokens: int) -> torch.Tensor:
    """(1, max_tokens, d) on the text encoder's device and in its dtype; tokens beyond `max_tokens` are dropped.

    Weights are multiplied onto the vectors of their words, BREAK is a space. Brackets do not change where words are
    cut into tokens, so a prompt without weights gives, bit for bit, what the pipelines of diffusers compute.
    """
    spans = parse_weights(prompt)
    tokens = tokenizer(
        plain_text(spans),
        padding="max_length",
        max_length=max_tokens,
        truncation=True,
        return_tensors="pt",
        return_offsets_mapping=True,
    )
    pieces = [span if isinstance(span, Span) else Span(" ") for span in spans]
    ends = list(accumulate(len(piece.text) for piece in pieces))
    weights = [
        # A token's last character says whose it is: its first may be the space before the word.
        pieces[bisect_right(ends, end - 1)].weight if end else 1.0
        for _, end in tokens.offset_mapping[0].tolist()
    ]
    hidden: torch.Tensor = text_encoder(tokens.input_ids.to(text_encoder.device))[0]
    return weigh(hidden, weights)
