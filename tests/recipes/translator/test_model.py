"""The model: what it may look at, and that CTranslate2 computes the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from recipes.translator.export import write_model
from recipes.translator.model import BEGIN, Shape, Translator, attended, read_weights
from recipes.translator.vocabulary import extend_vocabulary
from vqa_builder.translation.engines.mini import MODELS

MINI = MODELS / "into_japanese"


@pytest.fixture
def model() -> Translator:
    torch.manual_seed(0)
    model = Translator(Shape(pieces=50, width=32, encoder_layers=2, decoder_layers=1, heads=2, inner=64))
    model.eval()
    return model


def test_a_place_of_the_target_sees_nothing_behind_it(model: Translator) -> None:
    source = torch.randint(3, 50, (2, 5))
    target = torch.randint(3, 50, (2, 6))
    changed = target.clone()
    changed[:, 4:] = 7
    one, two = model(source, target), model(source, changed)
    assert torch.allclose(one[:, :4], two[:, :4])
    assert not torch.allclose(one[:, 4:], two[:, 4:])


@pytest.mark.parametrize("causal", [False, True])
def test_attention_is_that_of_pytorch(causal: bool) -> None:
    torch.manual_seed(1)
    queries, keys, values = (torch.randn(2, 3, 5, 4) for _ in range(3))
    expected = torch.nn.functional.scaled_dot_product_attention(queries, keys, values, is_causal=causal)
    assert torch.allclose(attended(queries, keys, values, causal), expected, atol=1e-6)


def test_the_exported_model_scores_as_the_trained_one(tmp_path: Path) -> None:
    import ctranslate2

    torch.manual_seed(0)
    vocabulary = extend_vocabulary(MINI / "spm.model", tmp_path)
    shape = Shape(len(vocabulary), width=64, encoder_layers=2, decoder_layers=1, heads=2, inner=128)
    model = Translator(shape).eval()
    write_model(model, tmp_path / "spm.model", tmp_path / "model", range(len(vocabulary)))
    source = ["<2ja>", *vocabulary.encode("What is this?", out_type=str)]
    target = vocabulary.encode("これは何ですか？", out_type=str)
    number = vocabulary.piece_to_id
    ids = torch.tensor([[*map(number, source), vocabulary.eos_id()]])
    before = torch.tensor([[BEGIN, *map(number, target)]])
    with torch.no_grad():
        logits = model(ids, before) @ model.embedding.weight.T
    places = [*map(number, target), vocabulary.eos_id()]
    expected = logits.log_softmax(-1)[0, range(len(places)), places]
    engine = ctranslate2.Translator(str(tmp_path / "model"), compute_type="float32")
    scored = engine.score_batch([source], [target])[0].log_probs
    assert scored == pytest.approx(expected.tolist(), abs=0.1)


def test_a_piece_that_no_target_has_is_never_written(tmp_path: Path) -> None:
    import ctranslate2

    torch.manual_seed(0)
    vocabulary = extend_vocabulary(MINI / "spm.model", tmp_path)
    shape = Shape(len(vocabulary), width=64, encoder_layers=1, decoder_layers=1, heads=2, inner=128)
    written = [vocabulary.piece_to_id(piece) for piece in ("これ", "は", "▁")]
    write_model(Translator(shape).eval(), tmp_path / "spm.model", tmp_path / "model", written)
    engine = ctranslate2.Translator(str(tmp_path / "model"), compute_type="float32")
    result = engine.translate_batch([["<2ja>", "▁"]], max_decoding_length=20, disable_unk=True)[0]
    assert set(result.hypotheses[0]) <= {"これ", "は", "▁"}


def test_weights_of_a_converted_model_are_read_back(tmp_path: Path) -> None:
    torch.manual_seed(0)
    vocabulary = extend_vocabulary(MINI / "spm.model", tmp_path)
    model = Translator(
        Shape(len(vocabulary), width=32, encoder_layers=1, decoder_layers=1, heads=2, inner=64)
    )
    write_model(model, tmp_path / "spm.model", tmp_path / "model", [])
    weights = read_weights(tmp_path / "model" / "model.bin")
    own = model.state_dict()
    embedding = torch.from_numpy(weights["decoder/embeddings/weight"].copy())
    assert torch.allclose(embedding, own["embedding.weight"], atol=0.01)
    norm = torch.from_numpy(weights["encoder/layer_norm/gamma"].copy())
    assert torch.equal(norm, own["encoder_norm.weight"])
