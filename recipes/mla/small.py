"""What the small setting makes for itself from drawn scenes, where no checkpoint can be had.

A small CLIP learns from English sentences and stands in for the published one: a model of English and
pictures that has never met the languages to acquire. A sentence encoder of one layer learns to find the
translations of a world's sentences, pictures and English features unseen; its token vectors know several
languages, as those of mBERT do, which the paper's acquirers read.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoTokenizer, CLIPConfig, CLIPModel

from recipes.drawn_world.scenes.write import write
from recipes.drawn_world.texts import parallel_questions, read_captions
from recipes.lib.losses import symmetric_contrast
from recipes.lib.models.rc3 import RC3Config
from recipes.lib.pair_batches import Encoded, PairBatches, encode
from recipes.lib.pairs import Pairs
from recipes.lib.pretrained import pretrained
from recipes.lib.sentence_encoder import trained_encoder
from recipes.lib.steps import is_first_process, shared_lock, wait_for_all_processes
from recipes.lib.tokens import train_tokenizer
from recipes.lib.trainer import Settings, train
from recipes.mla.backbone import MIDDLE, pictures
from recipes.mla.config import SmallClip, SmallEncoder, World
from vqa_builder.store import atomic_file, atomic_folder, fingerprint, write_json

LEAST_POSITIONS = 64


def make_worlds(worlds: dict[str, World]) -> None:
    """Draw the worlds of scenes that the settings name and that are not there yet."""
    for folder, world in worlds.items():
        Path(folder).parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not (Path(folder) / "sentences.jsonl").exists():
                write(folder, images=world.images, seed=world.seed, workers=2)


def small_clip(settings: SmallClip, out: Path, seed: int, *, quiet: bool) -> Path:
    """Stage 0, once per seed: the folder of a CLIP with its tokenizer, in the form of transformers.

    A sentence is the caption of a picture, or its one-fact sentences in a row, so that the text tower meets
    both. A finished folder is returned at once.
    """
    folder = out / "steps" / f"clip-{fingerprint([settings.model_dump(mode='json'), seed])[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    with shared_lock(folder):
        if not (folder / "clip").is_dir():
            _train_clip(settings, folder, seed, quiet)
    return folder / "clip"


def _train_clip(settings: SmallClip, folder: Path, seed: int, quiet: bool) -> None:
    english = english_sentences(settings.world)
    words = [*english.text, *_questions(settings.world)]
    tokenizer = _tokenizer(words, settings.pieces, folder)
    images, rows = english.images()
    files = [settings.world / "images" / f"SCENE_{image:012d}.png" for image in images]
    batches = PairBatches(
        {"en": Encoded(*encode(english.text, tokenizer, settings.longest), rows)},
        {"pixel_values": pictures(files, settings.picture, squash=True)},
        batch_size=settings.batch_size,
        seed=seed,
    )
    torch.manual_seed(seed)
    clip = CLIPModel(_clip_shape(settings, tokenizer))
    how = Settings.of(settings, quiet=quiet, warmup=0.1, schedule="cosine", seed=seed)
    train(
        _Contrast(clip),
        lambda model, batch: {"loss": model(**batch)},
        batches,
        how,
        folder / "training",
        identity={"stage": "clip"},
    )
    if not is_first_process():
        return
    with atomic_folder(folder / "clip") as partial:
        clip.save_pretrained(partial)
        tokenizer.save_pretrained(partial)
        rules = {"do_center_crop": False, "image_mean": MIDDLE, "image_std": MIDDLE}
        write_json(partial / "preprocessor_config.json", rules)


def _tokenizer(texts: Sequence[str], pieces: int, folder: Path) -> Any:
    """Trained by the first process, read by all."""
    if is_first_process():
        train_tokenizer(texts, pieces, folder / "tokenizer")
    wait_for_all_processes()
    return pretrained(AutoTokenizer, folder / "tokenizer")


def _clip_shape(settings: SmallClip, tokenizer: Any) -> CLIPConfig:
    shape = {
        "hidden_size": settings.width,
        "intermediate_size": 4 * settings.width,
        "num_hidden_layers": settings.layers,
        "num_attention_heads": settings.heads,
        "projection_dim": settings.width,
    }
    text = {
        **shape,
        "vocab_size": len(tokenizer),
        "max_position_embeddings": settings.longest,
        "bos_token_id": tokenizer.cls_token_id,
        "eos_token_id": tokenizer.sep_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = {**shape, "image_size": settings.picture, "patch_size": settings.patch}
    return CLIPConfig(text_config=text, vision_config=vision, projection_dim=settings.width)


def _questions(world: Path) -> list[str]:
    """The English questions about the train pictures, whose words the tokenizer learns; nothing else does."""
    return [question["en"] for _, question in parallel_questions(world)]


class _Contrast(nn.Module):
    """CLIP's own loss, its scale learned and held at or below 100."""

    def __init__(self, clip: nn.Module) -> None:
        super().__init__()
        self.clip = clip

    def forward(self, input_ids: Tensor, attention_mask: Tensor, pixel_values: Tensor, **_: Tensor) -> Tensor:
        """Pictures and their sentences, row by row -> the loss."""
        texts = self.clip.get_text_features(input_ids, attention_mask).pooler_output
        images = self.clip.get_image_features(pixel_values).pooler_output
        return symmetric_contrast(images, texts, self.clip.logit_scale.exp().clamp(max=100))


def english_sentences(world: Path) -> Pairs:
    """For every train picture of a world its caption, and its facts as one text."""
    captions = read_captions(world, "train", "en")
    facts = read_captions(world, "train", "en", captions=False, facts=True)
    told: dict[Any, list[str]] = {}
    for image, fact in zip(facts.image_id, facts.text, strict=True):
        told.setdefault(image, []).append(fact)
    together = [" ".join(each) for each in told.values()]
    return Pairs("en", [*captions.image_id, *told], [*captions.text, *together])


def small_encoder(settings: SmallEncoder, out: Path, seed: int) -> tuple[Any, Tensor]:
    """The tokenizer, and the (pieces, width) token vectors; trained once per seed."""
    folder = out / "steps" / f"encoder-{fingerprint([settings.model_dump(mode='json'), seed])[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    vectors = folder / "vectors.safetensors"
    with shared_lock(folder):
        if not vectors.exists():
            _train_encoder(settings, folder, vectors, seed)
    return pretrained(AutoTokenizer, folder / "tokenizer"), load_file(vectors)["vectors"]


def _train_encoder(settings: SmallEncoder, folder: Path, vectors: Path, seed: int) -> None:
    columns = [read_captions(settings.world, "train", each, facts=True).text for each in settings.languages]
    rows = list(dict.fromkeys(zip(*columns, strict=True)))
    texts = [text for row in rows for text in row]
    tokenizer = _tokenizer(texts, settings.pieces, folder)
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
    if not is_first_process():
        return
    with atomic_file(vectors) as partial:
        save_file({"vectors": encoder.encoder.words.weight.detach().contiguous()}, partial)
