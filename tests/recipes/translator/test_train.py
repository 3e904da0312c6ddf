"""Batches of one source length, a start from another vocabulary, and a whole run on a handful of lines."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from recipes.lib.settings import Settings
from recipes.lib.trainer import train
from recipes.translator.annotate import Slotted
from recipes.translator.export import averaged, mean
from recipes.translator.model import PAD, Shape, Translator, read_weights
from recipes.translator.train import Batches, loss, warm
from recipes.translator.vocabulary import CONTROL, Example, encoded, extend_vocabulary, write_examples
from vqa_builder.translation.engines.mini import MODELS

MINI = MODELS / "into_japanese"
LINES = [
    Example("ja", Slotted("What is this?", "これは何ですか？", (), ())),
    Example("hi", Slotted("What is this?", "यह क्या है?", (), ())),
    Example("en", Slotted("これは何ですか？", "What is this?", (), ())),
    Example("ja", Slotted("Is the ashtray\ue000 full?", "\ue000はいっぱいですか？", ((),), ((),))),
    Example("hi", Slotted("Where is the ashtray\ue000?", "\ue000 कहाँ है?", (("<m>",),), (("<singular>",),))),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    vocabulary = extend_vocabulary(MINI / "spm.model", tmp_path)
    write_examples(tmp_path / "examples1.npz", encoded(LINES * 20, vocabulary, seed=0))
    return tmp_path


def test_a_vocabulary_is_extended_behind_its_pieces(tmp_path: Path) -> None:
    import sentencepiece

    old = sentencepiece.SentencePieceProcessor(model_file=str(MINI / "spm.model"))
    new = extend_vocabulary(MINI / "spm.model", tmp_path)
    assert [new.id_to_piece(number) for number in range(len(old))] == [
        old.id_to_piece(number) for number in range(len(old))
    ]
    assert all(new.is_control(new.piece_to_id(symbol)) for symbol in CONTROL)
    rare = "鑿の色は何色ですか？"
    assert new.decode(new.encode(rare)) == rare


def test_every_line_comes_once_and_sources_need_no_padding(folder: Path) -> None:
    batches = Batches([folder / "examples1.npz"], tokens=60)
    seen = 0
    for batch in batches.epoch(0):
        assert (batch["source"] != PAD).all()
        assert len(set(batch["source"][:, 0].tolist())) == 1
        assert batch["target"].numel() <= 60
        assert torch.equal(batch["before"][:, 1:], batch["choices"][batch["target"]][:, :-1])
        seen += len(batch["target"])
    assert seen == len(LINES) * 20


def test_batches_go_on_where_they_stopped(folder: Path) -> None:
    batches = Batches([folder / "examples1.npz"], tokens=60, steps=30)
    whole, rest = list(batches.epoch(0)), list(batches.epoch(0, start=20))
    assert len(whole) == 30
    for one, two in zip(whole[20:], rest, strict=True):
        assert torch.equal(one["source"], two["source"])


def test_a_language_chooses_among_its_own_pieces(folder: Path) -> None:
    import sentencepiece

    vocabulary = sentencepiece.SentencePieceProcessor(model_file=str(folder / "spm.model"))
    number = vocabulary.piece_to_id("<2hi>")
    batches = Batches([folder / "examples1.npz"], tokens=60, first=[number])
    (choices,) = {tuple(batch["choices"].tolist()) for batch in batches.epoch(0)}
    written = "".join(map(vocabulary.id_to_piece, choices))
    assert "<slot1>" in written and "क्या" in written and "何" not in written


def test_a_warm_start_computes_what_the_other_model_does(tmp_path: Path) -> None:
    vocabulary = extend_vocabulary(MINI / "spm.model", tmp_path)
    model = Translator(Shape(len(vocabulary), encoder_layers=4))
    warm(model, MINI, vocabulary)
    vectors = read_weights(MINI / "model.bin")["decoder/embeddings/weight"]
    assert torch.equal(model.embedding.weight[1:9000], torch.from_numpy(vectors[1:9000].copy()))
    source = torch.tensor([[*map(vocabulary.piece_to_id, ["<2ja>"]), *vocabulary.encode("What is this?"), 2]])
    target = [1]
    with torch.no_grad():
        while target[-1] != vocabulary.eos_id() and len(target) < 20:
            states = model.eval()(source, torch.tensor([target]))
            target.append(int((states[0, -1] @ model.embedding.weight.T).argmax()))
    assert vocabulary.decode(target[1:-1]) == "これは何ですか？"


def test_a_run_learns_its_lines_and_its_average_is_found(folder: Path) -> None:
    import sentencepiece

    torch.manual_seed(0)
    vocabulary = sentencepiece.SentencePieceProcessor(model_file=str(folder / "spm.model"))
    model = Translator(
        Shape(len(vocabulary), width=32, encoder_layers=1, decoder_layers=1, heads=2, inner=64)
    )
    batches = Batches([folder / "examples1.npz"], tokens=200, steps=60)
    settings = Settings(
        epochs=1, lr=1e-2, optimiser="muon", ema=0.9, log_every=30, tensorboard=False, progress=False
    )
    outcome = train(model, loss, batches, settings, folder / "run")
    losses = [line["loss"] for line in outcome.history if "loss" in line]
    assert losses[-1] < losses[0] - 1
    found = averaged(folder / "run", Translator(model.shape))
    assert set(found) == set(model.state_dict())
    for name, value in model.state_dict().items():  # the trainer leaves the average in the model
        assert torch.allclose(found[name], value), name
    assert all(torch.equal(value, found[name]) for name, value in mean([found, found]).items())
