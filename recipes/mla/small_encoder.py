"""Stage 0 of the small setting, as ``small_clip`` is: token vectors that know several languages.

The paper's acquirers read mBERT's token vectors, which have seen every language before MLA begins. Where no
checkpoint can be had, a sentence encoder of one layer learns to find the translations of a world's sentences,
pictures and English features unseen, and its token vectors serve.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from filelock import FileLock
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoTokenizer

from recipes.lib.models.rc3 import RC3Config
from recipes.lib.pairs import read_scenes
from recipes.lib.sentence_encoder import trained_encoder
from recipes.lib.tokens import train_tokenizer
from recipes.mla.config import SmallEncoder
from vqa_builder.store import atomic_file, fingerprint

LEAST_POSITIONS = 64


def small_encoder(settings: SmallEncoder, out: Path, seed: int) -> tuple[Any, Tensor]:
    """The tokenizer, and the (pieces, width) token vectors; trained once per seed."""
    folder = out / "steps" / f"encoder-{fingerprint([settings.model_dump(mode='json'), seed])[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    vectors = folder / "vectors.safetensors"
    with FileLock(f"{folder}.lock"):
        if not vectors.exists():
            _train(settings, folder, vectors, seed)
    return AutoTokenizer.from_pretrained(folder / "tokenizer"), load_file(vectors)["vectors"]


def _train(settings: SmallEncoder, folder: Path, vectors: Path, seed: int) -> None:
    columns = [read_scenes(settings.world, "train", each, facts=True).text for each in settings.languages]
    rows = list(dict.fromkeys(zip(*columns, strict=True)))
    texts = [text for row in rows for text in row]
    tokenizer = train_tokenizer(texts, settings.pieces, folder / "tokenizer")
    shape = RC3Config(
        vocabulary=len(tokenizer),
        hidden=settings.width,
        intermediate=2 * settings.width,
        heads=4,
        text_layers=1,
        positions=max(LEAST_POSITIONS, *map(len, tokenizer(texts)["input_ids"])),
        dropout=0.0,
        pad_id=tokenizer.pad_token_id,
    )
    encoder = trained_encoder(
        rows, tokenizer, folder / "training", shape=shape, steps=settings.steps, seed=seed
    )
    with atomic_file(vectors) as partial:
        save_file({"vectors": encoder.encoder.words.weight.detach().contiguous()}, partial)
