"""One sequence-to-sequence checkpoint on one device: its family's language codes, its batches, its memory."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal, NamedTuple, TypeAlias

from vqa_builder.errors import EngineError
from vqa_builder.translation.engines._indictrans import flores_code, is_indictrans
from vqa_builder.translation.engines.base import Failure

FamilyName: TypeAlias = Literal["marian", "m2m100", "nllb", "mbart50", "madlad", "indictrans", "plain"]

NLLB_SCRIPTS = {"ja": "jpn_Jpan", "hi": "hin_Deva", "en": "eng_Latn"}
MBART_REGIONS = {"ja": "ja_XX", "hi": "hi_IN", "en": "en_XX"}


class Settings(NamedTuple):
    """What a worker needs to know to load a checkpoint and to decode.

    Attributes:
        model: a folder or a name on the hub.
        revision: the commit, for a name on the hub.
        dtype: ``float32``, ``bfloat16`` or ``float16``.
        trust_remote_code: whether the checkpoint may bring its own code.
        codes: the model's own language codes by ISO code, before those of its family.
        prefix: what stands before every source text, instead of the family's own.
        max_input_length, max_new_tokens, batch_tokens: in tokens.
        decoding: further arguments of ``generate``.
    """

    model: str
    revision: str | None
    dtype: str
    trust_remote_code: bool
    codes: Mapping[str, str]
    prefix: str | None
    max_input_length: int
    max_new_tokens: int
    batch_tokens: int
    decoding: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Family:
    """How a family of checkpoints is told the languages.

    Attributes:
        name: for messages.
        code: ISO code -> the family's code.
        prefix: what stands before every source text; ``{source}`` and ``{target}`` are codes.
        token: code -> the token that translations begin with; None where nothing is forced.
    """

    name: FamilyName
    code: Callable[[str], str]
    prefix: str = ""
    token: Callable[[str], str] | None = None


def family_of(model_type: str, vocabulary: Mapping[str, int]) -> Family:
    """The family of a checkpoint, by its type and its tokens.

    Raises:
        EngineError: the type is no translator that this engine knows how to talk to.
    """
    if model_type == "marian":
        many = any(piece.startswith(">>") and piece.endswith("<<") for piece in vocabulary)
        return Family(
            "marian", _iso if not many else _three_letters(vocabulary), ">>{target}<< " if many else ""
        )
    if model_type == "m2m_100" and "eng_Latn" in vocabulary:
        return Family("nllb", _coded(NLLB_SCRIPTS, vocabulary), token=str)
    if model_type == "m2m_100":
        return Family("m2m100", _iso, token="__{}__".format)
    if model_type == "mbart" and "en_XX" in vocabulary:
        return Family("mbart50", _coded(MBART_REGIONS, vocabulary), token=str)
    if is_indictrans({"model_type": model_type}):
        return Family("indictrans", flores_code)
    if model_type in ("t5", "mt5", "umt5") and "<2en>" in vocabulary:
        return Family("madlad", _iso, "<2{target}> ")
    return Family("plain", _iso)


class Seq2Seq:
    """A loaded checkpoint.

    Args:
        settings: what to load and how to decode.
        device: ``cpu``, ``cuda`` or ``cuda:1``.

    Raises:
        EngineError: the checkpoint cannot be loaded.
    """

    def __init__(self, settings: Settings, device: str) -> None:
        import torch
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

        self.settings, self.device = settings, device
        where = {"revision": settings.revision, "trust_remote_code": settings.trust_remote_code}
        try:
            with _no_bars():
                self.tokenizer: Any = AutoTokenizer.from_pretrained(settings.model, **where)
                model: Any = AutoModelForSeq2SeqLM.from_pretrained(
                    settings.model, dtype=getattr(torch, settings.dtype), **where
                )
        except (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError) as error:
            raise EngineError(
                "transformers cannot load the checkpoint", where=settings.model, found=error
            ) from error
        self.model = model.eval().to(device)
        self.family = family_of(self.model.config.model_type, self.tokenizer.get_vocab())
        self.limit = settings.batch_tokens
        positions = getattr(self.model.config, "max_position_embeddings", None)
        self.positions = int(positions) if positions else sys.maxsize

    def pieces(self, texts: Sequence[str], source: str, target: str) -> list[list[int]]:
        """The token ids of every text, with all that the family puts around them."""
        codes = {"source": self.code(source), "target": self.code(target)}
        if self.family.token is not None:
            self.tokenizer.src_lang = codes["source"]
        prefix = self.family.prefix if self.settings.prefix is None else self.settings.prefix
        before = prefix.format(**codes)
        ids: list[list[int]] = self.tokenizer([before + text for text in texts])["input_ids"]
        return ids

    def translate(self, pieces: Sequence[list[int]], target: str) -> list[str | Failure]:
        """Translate texts of the same number of tokens, halving the batch as often as memory asks for it."""
        import torch

        if len(pieces[0]) > self.positions:
            return [Failure(f"{len(some)} tokens, more than {self.positions}") for some in pieces]
        results: list[str | Failure] = []
        while len(results) < len(pieces):
            size = max(1, self.limit // len(pieces[0]))
            some = pieces[len(results) : len(results) + size]
            try:
                results += self._generate(some, target)
            except torch.OutOfMemoryError:
                if self.device.startswith("cuda"):
                    torch.cuda.empty_cache()
                if len(some) == 1:
                    results.append(Failure(f"not enough memory for {len(some[0])} tokens"))
                self.limit = max(1, len(some) // 2) * len(some[0])
        return results

    def code(self, language: str) -> str:
        """The model's own code of a language."""
        return self.settings.codes.get(language) or self.family.code(language)

    def _generate(self, pieces: Sequence[list[int]], target: str) -> list[str | Failure]:
        import torch

        forced = {}
        if self.family.token is not None:
            forced["forced_bos_token_id"] = self._id(self.family.token(self.code(target)), target)
        ids = torch.tensor(list(pieces), device=self.device)
        with torch.inference_mode():
            out = self.model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                do_sample=False,
                max_new_tokens=min(self.settings.max_new_tokens, self.positions - 1),
                **self.settings.decoding,
                **forced,
            ).tolist()
        ends, begin = self._ends(), 1 + len(forced)
        texts: list[str] = self.tokenizer.batch_decode([row[begin:] for row in out], skip_special_tokens=True)
        return [
            text if ends & set(row[begin:]) else Failure(f"translation cut off at {len(row) - 1} tokens")
            for row, text in zip(out, texts, strict=True)
        ]

    def _ends(self) -> set[int]:
        end = self.model.generation_config.eos_token_id
        return set(end) if isinstance(end, list) else {end}

    def _id(self, token: str, language: str) -> int:
        number = self.tokenizer.convert_tokens_to_ids(token)
        if number is None or number == self.tokenizer.unk_token_id:
            raise EngineError(
                f"The checkpoint knows no language {language!r}",
                where=self.settings.model,
                expected=f"the token {token} in its vocabulary",
                remedy="name the checkpoint's own code under `codes:`",
            )
        return int(number)


@contextmanager
def _no_bars() -> Iterator[None]:
    """Keep the progress bars of transformers from mixing with ours."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _iso(language: str) -> str:
    return language


def _coded(known: Mapping[str, str], vocabulary: Mapping[str, int]) -> Callable[[str], str]:
    """ISO code -> the one token of the vocabulary that begins with it, or its three letters, and ``_``."""

    def code(language: str) -> str:
        if language in known:
            return known[language]
        starts = tuple(f"{each}_" for each in (language, *_spelled(language)))
        found = sorted(token for token in vocabulary if token.startswith(starts) and len(token) <= 8)
        return found[0] if len(found) == 1 else language

    return code


def _three_letters(vocabulary: Mapping[str, int]) -> Callable[[str], str]:
    """ISO code -> the code in ``>>jpn<<``, whichever of its spellings the vocabulary has."""

    def code(language: str) -> str:
        spelled = (language, *_spelled(language))
        return next((each for each in spelled if f">>{each}<<" in vocabulary), language)

    return code


@cache
def _spelled(language: str) -> tuple[str, ...]:
    """The three-letter codes of a language."""
    table = resources.files("vqa_builder.languages").joinpath("iso639_3.tsv").read_text(encoding="utf-8")
    pairs = (line.split("\t") for line in table.splitlines()[1:])
    return tuple(three for three, two, *_ in pairs if two == language)
