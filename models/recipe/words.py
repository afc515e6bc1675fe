"""The text side: a small byte-level vocabulary learnt from the captions, and a CLIP text encoder to match.

    python -m models.recipe.words --minutes 4 --work DIR

Bytes make every script and every unknown word readable; merges make the words of the captions one token each. Before it
meets the U-Net the encoder learns to tell a scene's attributes from its caption: trained jointly from nothing it fell
into giving the same vector for every caption, and the pictures ignored the prompt. Writes DIR/tokenizer and DIR/text.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from torch import nn
from torch.nn import functional
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from models.recipe.captions import caption, training_caption
from models.recipe.device import add_device_argument, device_of, half_precision
from models.recipe.loop import Progress, Step, descend, train_for
from models.recipe.scene import ATTRIBUTES, Scene, sample_scene, targets_of
from models.recipe.wordings import OTHER_WORDS

VOCABULARY = 2048
POSITIONS = 77


def new_tokenizer(captions: int = 30_000) -> CLIPTokenizer:
    """Learns the vocabulary from the captions of the first seeds."""
    # transformers' own tokenizer, still empty, brings the splitting rules that will be used later.
    plain = CLIPTokenizer().backend_tokenizer
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learner.normalizer, learner.pre_tokenizer = plain.normalizer, plain.pre_tokenizer
    rng = random.Random("vocabulary")
    texts = [caption(sample_scene(seed), rng) for seed in range(captions)] + list(OTHER_WORDS) * 20
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    specials = ["<|startoftext|>", "<|endoftext|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(alphabet),
        min_frequency=8,
        initial_alphabet=alphabet,
        special_tokens=specials,
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    learner.train_from_iterator(texts, trainer)
    learnt = json.loads(learner.to_str())["model"]
    vocabulary = dict(learnt["vocab"])
    for letter in alphabet:  # every byte must also exist as the last letter of a word
        vocabulary.setdefault(letter + "</w>", len(vocabulary))
    merges: Any = [tuple(m.split(" ")) if isinstance(m, str) else tuple(m) for m in learnt["merges"]]
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=POSITIONS)


def new_text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """A three-layer CLIP text model, 128 wide."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=128,
            intermediate_size=512,
            num_hidden_layers=3,
            num_attention_heads=4,
            max_position_embeddings=POSITIONS,
            projection_dim=128,
            hidden_act="quick_gelu",
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def token_ids(tokenizer: CLIPTokenizer, texts: list[str]) -> torch.Tensor:
    """Texts to padded ids, (n, 77), as the pipeline makes them."""
    found = tokenizer(texts, padding="max_length", max_length=POSITIONS, truncation=True, return_tensors="pt")
    ids: torch.Tensor = found.input_ids
    return ids


class AttributeHeads(nn.Module):
    """Names the attributes of a scene from every position after the end of its caption.

    All of those positions count, not only the first: cross-attention sees mostly padding, so padding must know the caption.
    """

    def __init__(self, width: int = 128) -> None:
        super().__init__()
        self.heads = nn.ModuleDict(
            {name: nn.Linear(width, len(values)) for name, values in ATTRIBUTES.items()}
        )

    def loss(self, states: torch.Tensor, ids: torch.Tensor, scenes: list[Scene], end: int) -> torch.Tensor:
        """Mean cross entropy; states (n, 77, 128) and ids (n, 77)."""
        after = (ids == end).nonzero()
        after = after[torch.randperm(len(after), device=ids.device)[: len(ids) * 6]]
        chosen = states[after[:, 0], after[:, 1]].float()
        targets = targets_of(scenes)
        losses = [
            functional.cross_entropy(head(chosen), targets[name].to(ids.device)[after[:, 0]])
            for name, head in self.heads.items()
        ]
        return torch.stack(losses).mean()


def teach(work: Path, minutes: float, batch: int, lr: float, seed: int, device: torch.device) -> None:
    """Makes the vocabulary and an encoder that understands captions; goes on from DIR/text where there is one."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    if not (work / "tokenizer").exists():
        new_tokenizer().save_pretrained(work / "tokenizer")
    tokenizer = CLIPTokenizer.from_pretrained(work / "tokenizer")
    text, heads = new_text_encoder(tokenizer), AttributeHeads()
    if (work / "text").exists():
        text = CLIPTextModel.from_pretrained(work / "text", dtype=torch.float32)
    if (work / "text-heads.pt").exists():
        heads.load_state_dict(torch.load(work / "text-heads.pt", weights_only=True))
        print("going on from DIR/text", flush=True)
    text.train()
    modules: list[nn.Module] = [text, heads]
    for module in modules:
        module.to(device)
    optimiser = torch.optim.AdamW([*text.parameters(), *heads.parameters()], lr, betas=(0.9, 0.98))
    progress = Progress()

    def step(part: float) -> Step:
        scenes = [sample_scene(rng.randrange(200_000)) for _ in range(batch)]
        ids = token_ids(tokenizer, [training_caption(scene, rng) for scene in scenes]).to(device)
        with half_precision(device):
            states = text(ids)[0]
        loss = heads.loss(states, ids, scenes, int(tokenizer.eos_token_id or 0))
        rate = lr * min(1.0, (progress.steps + 1) / 100) * (1 - 0.9 * part)
        return Step(descend(optimiser, loss, text.parameters(), rate), batch)

    def save() -> None:
        text.save_pretrained(work / "text")
        torch.save(heads.state_dict(), work / "text-heads.pt")

    train_for(minutes, progress, step, save, log_seconds=15)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=6)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=1.5e-3)
    parser.add_argument("--seed", type=int, default=1)
    add_device_argument(parser)
    args = parser.parse_args()
    teach(args.work, args.minutes, args.batch, args.lr, args.seed, device_of(args.device))


if __name__ == "__main__":
    main()
