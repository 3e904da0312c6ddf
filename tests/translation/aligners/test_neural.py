"""Links by an encoder: a tiny one with vectors of our making, so that the right links are known."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from vqa_builder import languages
from vqa_builder.errors import EngineError
from vqa_builder.translation.aligners.neural import Neural

PAIRS = {"cat": "猫", "red": "赤い", "bus": "バス", "?": "？", "what": "何"}
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT whose embeddings give both words of a pair the same vector, whatever their positions."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    path = tmp_path_factory.mktemp("encoder")
    pieces = [*SPECIAL, *PAIRS, *PAIRS.values(), "uni", "##corn"]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    model = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    model.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    model.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    PreTrainedTokenizerFast(tokenizer_object=model, unk_token="[UNK]", pad_token="[PAD]").save_pretrained(
        path
    )
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=16,
    )
    bert = BertModel(config)
    with torch.no_grad():
        words = bert.embeddings.word_embeddings.weight
        words.normal_()
        for en, ja in PAIRS.items():
            words[vocabulary[ja]] = words[vocabulary[en]]
        bert.embeddings.position_embeddings.weight.zero_()
    bert.save_pretrained(path)
    return path


def aligner(folder: Path, **options: object) -> Neural:
    return Neural(
        languages.get("ja"), Neural.Options(folder=folder, **{"layer": 0, "device": "cpu", **options})
    )


def test_words_that_choose_each_other_are_linked(folder: Path) -> None:
    found = aligner(folder).align([["red", "cat", "?"]], [["猫", "赤い", "？"]]).to_pylist()
    assert found == [[{"en": 1, "target": 0}, {"en": 0, "target": 1}, {"en": 2, "target": 2}]]


def test_a_word_of_several_pieces_is_one_word(folder: Path) -> None:
    found = aligner(folder).align([["unicorn", "cat"]], [["猫", "unicorn"]]).to_pylist()
    assert found == [[{"en": 1, "target": 0}, {"en": 0, "target": 1}]]


def test_empty_and_too_long_sentences_have_no_links(folder: Path) -> None:
    sources = [[], ["cat"], ["cat"] * 20, ["cat"]]
    targets = [["猫"], [], ["猫"], ["猫"]]
    found = aligner(folder).align(sources, targets).to_pylist()
    assert found == [[], [], [], [{"en": 0, "target": 0}]]
    assert aligner(folder).align([], []).to_pylist() == []


def test_batches_and_company_change_no_link(folder: Path) -> None:
    sources = [["red", "cat", "?"], ["what", "bus"], ["bus", "?"], ["what", "red", "?"]]
    targets = [["猫", "赤い", "？"], ["バス", "何"], ["バス", "？"], ["赤い", "？"]]
    together = aligner(folder, layer=2).align(sources, targets).to_pylist()
    alone = aligner(folder, layer=2, batch_size=1)
    assert together == [
        alone.align([source], [target]).to_pylist()[0]
        for source, target in zip(sources, targets, strict=True)
    ]


def test_the_signature_holds_the_encoder_and_the_layer(folder: Path) -> None:
    one, other = aligner(folder).signature, aligner(folder, layer=2).signature
    assert one != other and "layer:0" in one and folder.name in one
    assert aligner(folder, batch_size=3).signature == one


def test_a_folder_without_an_encoder_and_a_missing_layer_are_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no encoder"):
        aligner(tmp_path)
    with pytest.raises(EngineError, match="cannot be used"):
        aligner(folder, layer=9).align([["cat"]], [["猫"]])
