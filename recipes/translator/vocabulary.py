"""The pieces of text that the model reads and writes, and lines of training as arrays of them."""

from __future__ import annotations

import io
import random
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recipes.translator.annotate import Slotted
from recipes.translator.files import open_vocabulary
from vqa_builder.errors import SpecError
from vqa_builder.store import atomic_file
from vqa_builder.translation.slots import FORMS, MARKS, SLOTS, as_symbols

CONTROL = ["<2en>", "<2ja>", "<2hi>", *SLOTS, *MARKS, *FORMS]


@dataclass(frozen=True)
class Example:
    """One line of training: the target language and the line."""

    to: str
    line: Slotted


def train_vocabulary(lines: Iterable[str], folder: Path, normaliser: Path, pieces: int) -> Any:
    """A unigram vocabulary with byte fallback that normalises as ``normaliser`` does."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2

    rules = open_vocabulary(normaliser)
    text = folder / "vocabulary.txt"
    text.write_text("\n".join(rules.normalize(line) for line in lines), encoding="utf-8")
    trained = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            input=str(text),
            model_writer=trained,
            vocab_size=pieces,
            character_coverage=0.9995,
            byte_fallback=True,
            normalization_rule_name="identity",
            control_symbols=CONTROL,
            num_threads=2,
            minloglevel=1,
        )
    except RuntimeError as error:
        raise SpecError("No such vocabulary can be learned", where=text, found=error) from error
    models = [sentencepiece_model_pb2.ModelProto() for _ in range(2)]
    for model, content in zip(models, (trained.getvalue(), normaliser.read_bytes()), strict=True):
        model.ParseFromString(content)
    models[0].normalizer_spec.CopyFrom(models[1].normalizer_spec)
    _write(folder / "spm.model", models[0].SerializeToString())
    return open_vocabulary(folder / "spm.model")


def extend_vocabulary(model: Path, folder: Path, lines: Iterable[str] = (), often: int = 3) -> Any:
    """The vocabulary of a trained model; behind its pieces control symbols, characters and the 256 bytes.

    Every piece keeps its number, so that a model which was trained with it can be trained on. The characters
    are those that it lacks and that occur in at least ``often`` lines.
    """
    from sentencepiece import sentencepiece_model_pb2

    open_vocabulary(model)
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(model.read_bytes())
    kinds = sentencepiece_model_pb2.ModelProto.SentencePiece
    known = {each.piece for each in proto.pieces}
    for symbol in CONTROL:
        if symbol not in known:
            proto.pieces.add(piece=symbol, score=0.0, type=kinds.CONTROL)
    lowest = min(each.score for each in proto.pieces)
    counts = Counter(character for line in lines for character in set(line))
    for character, count in sorted(counts.items()):
        if count >= often and character not in known and unicodedata.category(character)[0] in "LMN":
            proto.pieces.add(piece=character, score=lowest - 1.0, type=kinds.NORMAL)
    for byte in range(256):
        if f"<0x{byte:02X}>" not in known:
            proto.pieces.add(piece=f"<0x{byte:02X}>", score=0.0, type=kinds.BYTE)
    proto.trainer_spec.byte_fallback = True
    proto.trainer_spec.vocab_size = len(proto.pieces)
    _write(folder / "spm.model", proto.SerializeToString())
    return open_vocabulary(folder / "spm.model")


def encoded(
    examples: Iterable[Example], vocabulary: Any, seed: int, longest: int = 60
) -> dict[str, np.ndarray]:
    """Arrays of all examples: ``source`` and ``target`` pieces end to end, and where each begins."""
    import sentencepiece

    sentencepiece.set_random_generator_seed(seed)
    draw = random.Random(seed)
    flat: dict[str, list[np.ndarray]] = {"source": [], "target": []}
    lengths: dict[str, list[int]] = {"source": [], "target": []}
    number = {vocabulary.id_to_piece(n): n for n in range(len(vocabulary))}
    end = vocabulary.eos_id()
    for example in examples:
        sampled = {"enable_sampling": True, "alpha": 0.2, "nbest_size": -1} if draw.random() < 0.3 else {}
        line = example.line
        pieces = as_symbols(vocabulary.encode(line.source, out_type=str, **sampled), line.marks)
        source = [number[f"<2{example.to}>"], *(number.get(piece, 0) for piece in pieces), end]
        pieces = as_symbols(vocabulary.encode(line.target, out_type=str), line.forms)
        target = [*(number.get(piece, 0) for piece in pieces), end]
        if len(source) <= longest and len(target) <= longest:
            for name, ids in (("source", source), ("target", target)):
                flat[name].append(np.asarray(ids, dtype=np.uint16))
                lengths[name].append(len(ids))
    arrays: dict[str, np.ndarray] = {}
    for name in flat:
        arrays[name] = np.concatenate(flat[name])
        arrays[f"{name}_lengths"] = np.asarray(lengths[name], dtype=np.uint8)
    return arrays


def write_examples(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """One file of all arrays, whole or not at all."""
    with atomic_file(path) as partial, partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: a vocabulary that is there is taken."""
    with atomic_file(path) as partial:
        partial.write_bytes(content)
