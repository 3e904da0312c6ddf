"""Write a trained model as CTranslate2 runs it: int8 weights, vocabulary, words for slots.

    python -m recipes.translator.export runs/translator runs/translator/model --runs end --shared ../shared

The weights are the mean over the runs named: of each, its moving average.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from recipes.lib.command import whole
from recipes.translator.files import SIDES, open_examples, open_vocabulary, reading
from recipes.translator.model import Translator, names, shape_of
from vqa_builder.store import file_hash
from vqa_builder.translation.engines.mini import SUMS
from vqa_builder.translation.slots import Word

NEVER = -20.0  # added to the logits of pieces that no target has


def averaged(run: Path, model: Translator) -> dict[str, Tensor]:
    """The moving average of a run's weights, or the weights where none was kept."""
    with reading(run / "last", "a checkpoint of recipes.translator.train"):
        weights: dict[str, Tensor] = load_file(run / "last" / "model.safetensors")
        optimisers = load_file(run / "last" / "optimisers.safetensors")
    means = {
        int(name.split(".")[1]): value for name, value in optimisers.items() if name.startswith("average.")
    }
    if not means:
        return weights
    # The trainer keeps matrices and vectors in groups; the order of an average is that of the groups.
    from recipes.lib.groups import only
    from recipes.lib.settings import Settings

    named = {id(each): name for name, each in model.named_parameters()}
    stored = json.loads((run / "settings.json").read_text(encoding="utf-8"))["settings"]
    with only(model, None, Settings(**stored)) as groups:
        order = [named[id(each)] for group in groups for each in group["params"]]
    with reading(run / "last", "a run of the width and the layers that are named"):
        return {**weights, **{name: means[at] for at, name in enumerate(order)}}


def mean(states: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of weights."""
    return {name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]}


def write_model(model: Translator, vocabulary: Path, out: Path, written: Iterable[int]) -> None:
    """CTranslate2's folder, with the vocabulary beside it.

    Training chooses among the pieces that the targets have, so that nothing keeps the others from being
    likely: ``<s>``, which CTranslate2 offers beside every ``vmap.txt``, stood in a fifth of the Japanese
    translations. The bias of the last layer rules them out, in decoding and where a given text is scored.

    Args:
        model: with the weights.
        vocabulary: SentencePiece's model.
        out: the folder.
        written: the pieces that the targets of training have.
    """
    import ctranslate2
    import sentencepiece
    from ctranslate2.specs import common_spec, transformer_spec

    shape = model.shape
    spec = transformer_spec.TransformerSpec.from_config(
        (shape.encoder_layers, shape.decoder_layers),
        shape.heads,
        pre_norm=True,
        activation=common_spec.Activation.RELU,
    )
    spec.encoder.scale_embeddings = spec.decoder.scale_embeddings = True
    weights = {there: model.state_dict()[here].numpy().copy() for there, here in names(shape).items()}
    table = weights.pop("decoder/embeddings/weight")
    spec.decoder.embeddings.weight = spec.encoder.embeddings[0].weight = spec.decoder.projection.weight = (
        table
    )
    spec.decoder.projection.bias = np.full(len(table), NEVER, dtype=np.float32)
    spec.decoder.projection.bias[list(written)] = 0
    for side in (spec.encoder, spec.decoder):
        side.position_encodings.encodings = model.positions.numpy()
    for there, value in weights.items():
        part = spec
        *path, last = there.split("/")
        for name in path:
            stem, _, number = name.rpartition("_")
            part = getattr(part, name) if hasattr(part, name) else getattr(part, stem)[int(number)]
        setattr(part, last, value)
    processor = sentencepiece.SentencePieceProcessor(model_file=str(vocabulary))
    pieces = [processor.id_to_piece(number) for number in range(len(processor))]
    spec.register_source_vocabulary(pieces)
    spec.register_target_vocabulary(pieces)
    spec.config.add_source_eos = True
    spec.config.decoder_start_token = "<s>"
    spec.validate()
    spec.optimize(quantization="int8")
    out.mkdir(parents=True, exist_ok=True)
    spec.save(str(out))
    shutil.copy(vocabulary, out / "spm.model")
    print(f"CTranslate2 {ctranslate2.__version__}, {(out / 'model.bin').stat().st_size:,} bytes")


def write_words(rows: Iterable[tuple[Sequence[str], Word]], path: Path) -> int:
    """A table of source forms, target forms and marks, as :class:`Words` reads it; the first sense of each.

    Returns:
        How many words it holds.
    """
    taken: set[str] = set()
    lines = []
    for forms, word in rows:
        if forms[0] not in taken:
            taken.update(forms)
            lines.append("\t".join(("|".join(forms), "|".join(word.forms), " ".join(word.marks))) + "\n")
    path.write_text("".join(lines), encoding="utf-8")
    return len(lines)


def written_pieces(examples: Iterable[Path], vocabulary: Any) -> dict[str, set[int]]:
    """The pieces that occur in the targets of each language, by its symbol at the head of a source."""
    written: dict[str, set[int]] = {}
    for path in examples:
        arrays = open_examples(path)
        lengths = {side: arrays[f"{side}_lengths"].astype(np.int64) for side in SIDES}
        into = arrays["source"][np.cumsum(lengths["source"]) - lengths["source"]]
        for symbol in np.unique(into):
            inside = np.repeat(into == symbol, lengths["target"])
            written.setdefault(vocabulary.id_to_piece(int(symbol)), set()).update(
                np.unique(arrays["target"][inside]).tolist()
            )
    return written


def write_choices(written: dict[str, set[int]], vocabulary: Any, out: Path) -> None:
    """``vmap.txt``: what may be chosen from for each symbol."""
    lines = [
        f"{symbol}\t{' '.join(vocabulary.id_to_piece(number) for number in sorted(numbers))}\n"
        for symbol, numbers in sorted(written.items())
    ]
    (out / "vmap.txt").write_text("".join(lines), encoding="utf-8")


def write_sums(models: Path) -> None:
    """``SHA256SUMS`` of all files in the folders of a folder, which the engine compares."""
    files = sorted(file for file in models.glob("*/*") if file.is_file())
    lines = [f"{file_hash(file)}  {file.relative_to(models).as_posix()}\n" for file in files]
    (models / SUMS).write_text("".join(lines), encoding="utf-8")


def main() -> None:
    """Export."""
    from recipes.translator.annotate import texts
    from recipes.translator.data import LANGUAGES, directed_words, written_rows

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path, help="the folder that recipes.translator.data wrote")
    parser.add_argument("out", type=Path)
    parser.add_argument("--runs", nargs="+", default=["main"])
    parser.add_argument(
        "--into",
        nargs="+",
        default=["ja", "hi", "en"],
        choices=("en", "ja", "hi"),
        help="the target languages of the runs",
    )
    parser.add_argument(
        "--examples", nargs="+", default=["examples1.npz"], help="what the runs were trained on"
    )
    parser.add_argument("--shared", type=Path, help="with the lexicons, for the words that take a slot")
    parser.add_argument("--width", type=whole(64), default=256)
    parser.add_argument("--layers", type=whole(1), nargs=2, default=(4, 2))
    args = parser.parse_args()
    processor = open_vocabulary(args.work / "spm.model")
    model = Translator(shape_of(len(processor), args.width, args.layers))
    weights = [averaged(args.work / run, model) for run in args.runs]
    with reading(args.work, f"runs of --width {args.width} and --layers {args.layers[0]} {args.layers[1]}"):
        model.load_state_dict(mean(weights))
    written = written_pieces([args.work / name for name in args.examples], processor)
    own = set[int]().union(*(written[f"<2{language}>"] for language in args.into))
    write_model(model, args.work / "spm.model", args.out, own)
    write_choices(written, processor, args.out)
    counts = json.loads((args.work / "counts.json").read_text(encoding="utf-8"))
    for (source, target), rows in directed_words(args.shared, counts).items() if args.shared else ():
        if target in args.into and {source, target} & set(LANGUAGES):
            many = write_words(rows, args.out / f"words.{source}-{target}.tsv")
            slots = {(forms[0], word.forms[0]) for forms, word in rows}
            language = source if target == "en" else target
            others = (
                (forms, word)
                for forms, word in texts(written_rows(), counts["en"], language, target)
                if (forms[0], word.forms[0]) not in slots
            )
            write_words(others, args.out / f"texts.{source}-{target}.tsv")
            print(f"{source}-{target}: {many:,} words")
    write_sums(args.out.parent)


if __name__ == "__main__":
    main()
