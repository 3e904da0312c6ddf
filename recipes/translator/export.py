"""Write a trained model as CTranslate2 runs it: int8 weights, vocabulary, dictionaries for annotations.

    python -m recipes.translator.export runs/translator runs/translator/model --runs end main

The weights are the mean over the runs named: of each, its moving average.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from recipes.translator.annotate import Dictionary
from recipes.translator.model import Shape, Translator, names


def averaged(run: Path, model: Translator) -> dict[str, Tensor]:
    """The moving average of a run's weights, or the weights where none was kept."""
    weights = load_file(run / "last" / "model.safetensors")
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
    return {**weights, **{name: means[at] for at, name in enumerate(order)}}


def mean(states: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of weights."""
    return {name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]}


def write_model(model: Translator, vocabulary: Path, out: Path) -> None:
    """CTranslate2's folder, with the vocabulary beside it."""
    import ctranslate2
    import numpy as np
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
    spec.decoder.projection.bias = np.zeros(len(table), dtype=np.float32)
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


def write_dictionary(dictionary: Dictionary, counts: dict[str, int], often: int, path: Path) -> int:
    """The first sense of every form that the training text has seldom: form, translation, gender."""
    rows = [
        (form, senses[0].text, senses[0].gender)
        for form, senses in sorted(dictionary.senses.items())
        if counts.get(form, 0) < often
    ]
    path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    return len(rows)


def main() -> None:
    """Export."""
    import sentencepiece

    from recipes.translator.data import LANGUAGES, dictionaries

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path, help="the folder that recipes.translator.data wrote")
    parser.add_argument("out", type=Path)
    parser.add_argument("--runs", nargs="+", default=["main"])
    parser.add_argument("--shared", type=Path, help="with the lexicons, for the dictionaries")
    parser.add_argument("--often", type=int, default=40)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--layers", type=int, nargs=2, default=(4, 2))
    args = parser.parse_args()
    vocabulary = args.work / "spm.model"
    pieces = len(sentencepiece.SentencePieceProcessor(model_file=str(vocabulary)))
    model = Translator(Shape(pieces, args.width, *args.layers, heads=args.width // 64, inner=4 * args.width))
    model.load_state_dict(mean([averaged(args.work / run, model) for run in args.runs]))
    write_model(model, vocabulary, args.out)
    if args.shared:
        counts = json.loads((args.work / "counts.json").read_text(encoding="utf-8"))
        books = dictionaries(args.shared)
        for language in LANGUAGES:
            path = args.out / f"dictionary.{language}.tsv"
            print(language, write_dictionary(books[language], counts, args.often, path), "words")


if __name__ == "__main__":
    main()
