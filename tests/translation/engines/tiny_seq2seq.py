"""Checkpoints of a few hundred kilobytes, trained in seconds on a handful of sentences until they know them.

They are saved in the real format of their family, so that loading, tokenizers and language codes are those of
the large ones.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

PAIRS = {
    "What is this?": ("これは何ですか？", "यह क्या है?"),
    "Is this a cat?": ("これは猫ですか？", "क्या यह बिल्ली है?"),
    "Is this a dog?": ("これは犬ですか？", "क्या यह कुत्ता है?"),
    "What color is the bus?": ("バスは何色ですか？", "बस किस रंग की है?"),
    "How many people are there?": ("何人いますか？", "कितने लोग हैं?"),
    "Is it raining?": ("雨が降っていますか？", "क्या बारिश हो रही है?"),
    "yes": ("はい", "हाँ"),
    "no": ("いいえ", "नहीं"),
}
SIZES = {
    "d_model": 48,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "max_position_embeddings": 64,
    "dropout": 0.0,
    "attention_dropout": 0.0,
    "activation_dropout": 0.0,
    "layerdrop": 0.0,
    "encoder_layerdrop": 0.0,
    "decoder_layerdrop": 0.0,
}


def marian(folder: Path, target: str = "ja") -> Path:
    """An OPUS-like model from English into one language."""
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    model_file = _sentencepiece(folder, pad_id=-1)
    pieces = _pieces(model_file)
    names = ["</s>", "<unk>", *[piece for piece in pieces if piece not in ("<s>", "</s>", "<unk>")], "<pad>"]
    (folder / "vocab.json").write_text(json.dumps({name: number for number, name in enumerate(names)}))
    tokenizer = MarianTokenizer(
        str(model_file),
        str(model_file),
        str(folder / "vocab.json"),
        source_lang="en",
        target_lang=target,
    )
    config = MarianConfig(
        vocab_size=len(names),
        pad_token_id=len(names) - 1,
        eos_token_id=0,
        forced_eos_token_id=None,
        decoder_start_token_id=len(names) - 1,
        **SIZES,
    )
    place = {"ja": 0, "hi": 1}[target]
    pairs = [
        (tokenizer(text)["input_ids"], tokenizer(text_target=both[place])["input_ids"])
        for text, both in PAIRS.items()
    ]
    return _trained(MarianMTModel(config), tokenizer, pairs, folder / "checkpoint")


def m2m100(folder: Path) -> Path:
    """An M2M-100 that knows English, Japanese and Hindi."""
    from transformers import M2M100Config, M2M100ForConditionalGeneration, M2M100Tokenizer

    model_file = _sentencepiece(folder, pad_id=-1)
    pieces = _pieces(model_file)
    names = ["<s>", "<pad>", "</s>", "<unk>"]
    names += [piece for piece in pieces if piece not in ("<s>", "</s>", "<unk>")]
    (folder / "vocab.json").write_text(json.dumps({name: number for number, name in enumerate(names)}))
    tokenizer = M2M100Tokenizer(str(folder / "vocab.json"), str(model_file), src_lang="en", tgt_lang="ja")
    size = len(names) + len(tokenizer.lang_token_to_id) + tokenizer.num_madeup_words
    return _of_many(M2M100Config, M2M100ForConditionalGeneration, tokenizer, ("ja", "hi"), size, folder)


def nllb(folder: Path) -> Path:
    """An NLLB that knows English, Japanese and Hindi; its tokenizer is a byte-pair encoding."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizer

    learner = Tokenizer(models.BPE(unk_token="<unk>"))
    learner.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.BpeTrainer(vocab_size=200, special_tokens=special, show_progress=False)
    learner.train_from_iterator(_lines(), trainer)
    learned = json.loads(learner.to_str())["model"]
    tokenizer = NllbTokenizer(
        vocab=learned["vocab"],
        merges=[tuple(merge) for merge in learned["merges"]],
        src_lang="eng_Latn",
        tgt_lang="jpn_Jpan",
    )
    targets = ("jpn_Jpan", "hin_Deva")
    return _of_many(M2M100Config, M2M100ForConditionalGeneration, tokenizer, targets, len(tokenizer), folder)


INDIC_PAIRS = {
    **{text.replace("?", " ?"): both[1].replace("?", " ?") for text, both in PAIRS.items()},
    "Is it <ID1> ?": "क्या अभी <ID1> बजे हैं ?",
    "Does the clock say <ID1> ?": "क्या घड़ी में <ID1> बज रहे हैं ?",
}
INDIC_CODE = {
    "configuration_indictrans.py": """\
from transformers import M2M100Config


class IndicTransConfig(M2M100Config):
    model_type = "IndicTrans"
""",
    "modeling_indictrans.py": """\
from transformers import M2M100ForConditionalGeneration

from .configuration_indictrans import IndicTransConfig


class IndicTransForConditionalGeneration(M2M100ForConditionalGeneration):
    config_class = IndicTransConfig
""",
}


def indictrans(folder: Path) -> Path:
    """An IndicTrans2 in form: code beside the weights, and languages as words before every text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import M2M100Config, M2M100ForConditionalGeneration, PreTrainedTokenizerFast

    learner = Tokenizer(models.BPE(unk_token="<unk>"))
    learner.pre_tokenizer = pre_tokenizers.Metaspace()
    learner.decoder = decoders.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>", "eng_Latn", "hin_Deva"]
    trainer = trainers.BpeTrainer(vocab_size=220, special_tokens=special, show_progress=False)
    learner.train_from_iterator([line for pair in INDIC_PAIRS.items() for line in pair] * 4, trainer)
    learner.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 2)])
    names = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=learner, additional_special_tokens=["eng_Latn", "hin_Deva"], **names
    )
    pairs = [
        (tokenizer(f"eng_Latn hin_Deva {text}")["input_ids"], tokenizer(translation)["input_ids"])
        for text, translation in INDIC_PAIRS.items()
    ]
    ends = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "decoder_start_token_id": 2}
    model = M2M100ForConditionalGeneration(M2M100Config(vocab_size=len(tokenizer), **ends, **SIZES))
    checkpoint = _trained(model, tokenizer, pairs, folder / "checkpoint")
    for name, code in INDIC_CODE.items():
        (checkpoint / name).write_text(code)
    path = checkpoint / "config.json"
    config = json.loads(path.read_text()) | {
        "model_type": "IndicTrans",
        "auto_map": {
            "AutoConfig": "configuration_indictrans.IndicTransConfig",
            "AutoModelForSeq2SeqLM": "modeling_indictrans.IndicTransForConditionalGeneration",
        },
    }
    path.write_text(json.dumps(config))
    return checkpoint


def _of_many(
    config: Any, model: Any, tokenizer: Any, targets: tuple[str, str], size: int, folder: Path
) -> Path:
    pairs = []
    for text, both in PAIRS.items():
        for target, translation in zip(targets, both, strict=True):
            tokenizer.tgt_lang = target
            ids = tokenizer(text)["input_ids"], tokenizer(text_target=translation)["input_ids"]
            pairs.append(ids)
    settings = config(
        vocab_size=size,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        decoder_start_token_id=2,
        **SIZES,
    )
    return _trained(model(settings), tokenizer, pairs, folder / "checkpoint")


def _trained(model: Any, tokenizer: Any, pairs: list[tuple[list[int], list[int]]], folder: Path) -> Path:
    """Train until every sentence is known, and save."""
    import torch

    torch.set_num_threads(1)  # threads that wait for each other cost more than they bring
    torch.manual_seed(0)
    for name, parameter in model.named_parameters():
        if parameter.dim() > 1 and "embed_positions" not in name:
            torch.nn.init.xavier_uniform_(parameter)
    optimiser = torch.optim.Adam(model.parameters(), lr=4e-3)
    source = _padded([one for one, _ in pairs], model.config.pad_token_id)
    labels = _padded([other for _, other in pairs], -100)
    model.train()
    for _ in range(200):
        loss = model(
            input_ids=source, attention_mask=(source != model.config.pad_token_id).long(), labels=labels
        ).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if loss.item() < 0.03:
            break
    assert loss.item() < 0.2, f"the tiny model learned nothing: {loss.item()}"
    model.eval()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _padded(rows: list[list[int]], filler: int) -> Any:
    import torch

    longest = max(map(len, rows))
    return torch.tensor([[*row, *[filler] * (longest - len(row))] for row in rows])


def _lines() -> list[str]:
    return [line for text, both in PAIRS.items() for line in (text, *both)] * 4


def _sentencepiece(folder: Path, **options: Any) -> Path:
    import sentencepiece

    folder.mkdir(parents=True, exist_ok=True)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(_lines()),
        model_writer=model,
        vocab_size=150,
        character_coverage=1.0,
        hard_vocab_limit=False,
        minloglevel=2,
        **options,
    )
    path = folder / "trained.spm"
    path.write_bytes(model.getvalue())
    return path


def _pieces(model_file: Path) -> list[str]:
    import sentencepiece

    model = sentencepiece.SentencePieceProcessor(model_file=str(model_file))
    return [model.id_to_piece(number) for number in range(model.get_piece_size())]
