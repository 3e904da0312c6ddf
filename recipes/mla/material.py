"""What all steps of the recipe share: the frozen model, encoded sentences, cached features, step folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock
from numpy.typing import NDArray
from torch import Tensor
from transformers import AutoTokenizer

from recipes.lib import pairs as readers
from recipes.lib.data import load_questions
from recipes.lib.models.mla import ENGLISH, MLA, MLAConfig, token_vectors
from recipes.lib.pair_batches import Encoded, PairBatches, encode
from recipes.lib.pairs import Pairs, joined
from recipes.lib.pretrained import pretrained
from recipes.lib.tokens import train_tokenizer
from recipes.mla.backbone import Backbone, image_features, open_backbone
from recipes.mla.config import Config, Source, Stage
from vqa_builder.errors import SpecError
from vqa_builder.store import atomic_file, fingerprint

NO_PICTURE = -1


class Material:
    """The data of a run, read when first asked for; features of frozen towers are computed once and kept."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @cached_property
    def backbone_folder(self) -> str:
        """The name of the frozen checkpoint; stage 0 makes it where there is none."""
        config = self.config
        if config.checkpoint or config.small_clip is None:
            return str(config.checkpoint)
        from recipes.mla.small import small_clip

        return str(small_clip(config.small_clip, config.out, config.seed, quiet=config.quiet))

    @cached_property
    def backbone(self) -> Backbone:
        """The frozen model with its tokenizer."""
        return open_backbone(self.backbone_folder)

    @cached_property
    def small_encoder(self) -> tuple[Any, Tensor] | None:
        """The tokenizer and the token vectors that stage 0 makes, where the settings ask for them."""
        config = self.config
        if config.small_encoder is None:
            return None
        from recipes.mla.small import small_encoder

        return small_encoder(config.small_encoder, config.out, config.seed)

    @cached_property
    def tokenizer(self) -> Any:
        """Of the languages to acquire; without a checkpoint it is learned from what is trained on."""
        config = self.config
        if self.small_encoder:
            return self.small_encoder[0]
        languages = sorted(config.tokens.languages or [*config.languages, *config.later])
        if config.tokens.checkpoint:
            return pretrained(AutoTokenizer, config.tokens.checkpoint)
        sources = [source.model_dump(mode="json") for source in config.train]
        key = fingerprint([sources, languages, config.tokens.pieces])[:12]
        folder = config.out / "steps" / f"tokenizer-{key}"
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not folder.exists():
                texts = [self.pairs(language, config.train).text for language in languages]
                train_tokenizer([text for each in texts for text in each], config.tokens.pieces, folder)
        return pretrained(AutoTokenizer, folder)

    def new_model(self) -> MLA:
        """The frozen model with fresh acquirers, as the settings say; the draw is fixed by the seed."""
        config, checkpoint = self.config, self.config.tokens.checkpoint
        vectors = token_vectors(checkpoint) if checkpoint else None
        if self.small_encoder:
            vectors = self.small_encoder[1]
        shape = MLAConfig(
            tuple(config.languages),
            vocabulary=len(self.tokenizer) if vectors is None else len(vectors),
            embedding_width=config.tokens.width if vectors is None else vectors.shape[1],
            bottleneck=0 if config.full else config.bottleneck,
            end_id=self.tokenizer.sep_token_id,
            at_embedding=config.at_embedding,
            train_embeddings=config.train_embeddings,
            train_linear=config.train_linear,
            frozen=not config.full,
        )
        clip = open_backbone(self.backbone_folder).clip  # may be trained first, which draws, too
        torch.manual_seed(config.seed)
        return MLA(clip, shape, vectors)

    def pairs(self, language: str, sources: Sequence[Source]) -> Pairs:
        """All sentences of a language."""
        holding = [each for each in sources if each.languages is None or language in each.languages]
        if not holding:
            known = sorted({each for source in sources for each in source.languages or []})
            raise SpecError(
                "No set of sentences holds the language",
                where="train, evaluate: languages",
                expected=", ".join(known),
                found=language,
            )
        return joined(*(read(source, language) for source in holding))

    def batches(self, languages: Sequence[str], stage: Stage) -> PairBatches:
        """What a stage learns from, with cached targets for the terms that are on.

        Full fine-tuning gets the pictures themselves, since its image tower moves.
        """
        sources = [each for each in self.config.train if stage.text_only or each.root is not None]
        names = [*languages, *([ENGLISH] if stage.english else [])]
        needed = {"image_contrast", "image_mse"} & set(stage.terms)
        images, tables = self._tables(sources) if needed else ([], {})
        position = {image: row for row, image in enumerate(images)}
        made = {name: self._encoded(name, sources, stage, position) for name in names}
        loader = self.config.loader.options()
        return PairBatches(
            made,
            tables,
            batch_size=stage.batch_size,
            seed=self.config.seed,
            workers=loader["workers"],
            prefetch=loader["prefetch"],
        )

    def _encoded(
        self, language: str, sources: Sequence[Source], stage: Stage, position: dict[Any, int]
    ) -> Encoded:
        pairs = self.pairs(language, sources)
        rows = np.asarray([position.get(image, NO_PICTURE) for image in pairs.image_id], dtype=np.int64)
        pieces = self.pieces(pairs.text, language)
        columns: dict[str, NDArray[Any]] = {}
        if {"text_mse", "text_contrast"} & set(stage.terms):
            columns["english"] = self.english_features(pairs.english or pairs.text)
        if "layer_mse" in stage.terms:
            columns["english_layers"] = self.english_features(pairs.english or pairs.text, layers=True)
        return Encoded(*pieces, rows, columns)

    def pieces(self, texts: Sequence[str], language: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Texts by the tokenizer that belongs to their language."""
        if language == ENGLISH:
            return self.backbone.encode(texts)
        return encode(texts, self.tokenizer, self.longest)

    @property
    def longest(self) -> int:
        """Word pieces of a sentence in an acquired language: no more than CLIP has positions."""
        return min(self.config.tokens.longest, self.backbone.longest)

    def english_features(self, texts: Sequence[str], *, layers: bool = False) -> NDArray[np.float32]:
        """(N, D) features of English texts, or (N, L, H) end tokens after each layer, by the frozen tower."""
        distinct = list(dict.fromkeys(texts))
        where = {text: row for row, text in enumerate(distinct)}

        def compute() -> NDArray[np.float32]:
            frozen = MLA(self.backbone.clip, MLAConfig((), vocabulary=1, embedding_width=1, bottleneck=0))
            return text_features(frozen.eval(), self.pieces(distinct, ENGLISH), ENGLISH, layers=layers)

        kept: NDArray[np.float32] = self.kept("english", [distinct, layers], compute)
        return np.take(kept, [where[text] for text in texts], axis=0)

    def images(self, sources: Sequence[Source]) -> dict[Any, Path]:
        """The pictures of some sets: id -> file."""
        found: dict[Any, Path] = {}
        for source in sources:
            if source.root is not None:
                language = (source.languages or [*self.config.languages, ENGLISH])[0]
                names = dict.fromkeys(read(source, language).image_id)
                found |= {name: source.root / source.images.format(name) for name in names}
        return found

    def image_features(self, files: dict[Any, Path]) -> NDArray[np.float32]:
        """(N, D) features of pictures by the frozen tower."""
        paths = list(files.values())
        return self.kept(
            "images",
            [str(path) for path in paths],
            lambda: image_features(self.backbone, paths),
        )

    def _tables(self, sources: Sequence[Source]) -> tuple[list[Any], dict[str, NDArray[Any]]]:
        files = self.images(sources)
        if not files:
            return [], {}
        if self.config.full:
            return list(files), {"pixel_values": self.backbone.prepare(list(files.values()))}
        return list(files), {"image": self.image_features(files)}

    def kept(self, name: str, inputs: Any, compute: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """An array that depends on the frozen model and ``inputs`` alone: computed once, then read."""
        path = self.config.out / "steps" / f"{name}-{fingerprint([self.backbone_folder, inputs])[:16]}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock"):
            if not path.exists():
                made = compute()
                with atomic_file(path) as partial, partial.open("wb") as file:
                    np.save(file, made)
        kept: NDArray[Any] = np.load(path)
        return kept


def text_features(
    model: MLA,
    pieces: tuple[NDArray[np.int64], NDArray[np.int64]],
    language: str,
    *,
    layers: bool = False,
    size: int = 256,
) -> NDArray[np.float32]:
    """(N, D) features of encoded texts of one language, or (N, L, H) of the layers; in evaluation mode."""
    (ids, lengths), found, device = pieces, [], next(model.parameters()).device
    for start in range(0, len(ids), size):
        part = slice(start, start + size)
        longest = ids.shape[1] if language == ENGLISH else int(lengths[part].max())
        mask = np.arange(longest) < lengths[part, None]
        inputs = (torch.from_numpy(each).to(device) for each in (ids[part, :longest], mask.astype(np.int64)))
        with torch.inference_mode():
            output = model(*inputs, language, hidden_states=layers)
        found.append((output.layers if layers else output.feature).float().cpu().numpy())
    return np.concatenate(found)


def read(source: Source, language: str) -> Pairs:
    """One set of sentences in one language."""
    path = Path(source.path.format(language=language))
    match source.form:
        case "scenes":
            from recipes.drawn_world.texts import read_captions

            return read_captions(path, source.split, language, captions=not source.facts, facts=source.facts)
        case "multi30k":
            return readers.read_multi30k(path, source.split, language)
        case "release":
            return _questions(str(path), source.split, language)
        case "coco":
            return readers.read_coco(path, language)
        case "translated":
            return readers.read_translated(path, language)
        case "xtd":
            return readers.read_xtd(path, language)
        case "xm3600":
            return readers.read_xm3600(path, language)
        case "xflickrco":
            return readers.read_xflickrco(path, language)


def _questions(release: str, split: str, language: str) -> Pairs:
    """The questions of a release beside the English ones: parallel text without a picture of its own."""
    english = language == ENGLISH
    questions = load_questions(release, split, language=None if english else language)
    return Pairs(
        language,
        list(questions.image_id),
        questions.text_en if english else questions.text,
        questions.text_en,
    )
