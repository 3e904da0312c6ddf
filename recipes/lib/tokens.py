"""Word pieces learned from a release's own questions, for models that start from nothing.

WordPiece as BERT has it (Devlin et al., NAACL 2019), with a normaliser that is safe for Japanese and Hindi:
BERT's own takes every mark from its letter, so that は and ば, or का and के, become one.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from vqa_builder.errors import SourceError, SpecError
from vqa_builder.store import atomic_folder

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

SPECIAL = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}


def train_tokenizer(texts: Iterable[str], size: int, folder: Path) -> PreTrainedTokenizerFast:
    """Learn a WordPiece vocabulary and write it where ``AutoTokenizer.from_pretrained(folder)`` opens it.

    Texts are brought to NFKC and lower case; vowel signs and dakuten stay on their letters. Kanji stand
    alone, and katakana is cut from the hiragana around it, so バスは is バス and は. A pair of texts becomes
    ``[CLS] first [SEP] second [SEP]`` with type ids 0 and 1; ``[PAD]`` has id 0. The same texts give the
    same files.

    Args:
        texts: sentences in any languages.
        size: of the vocabulary, at most; fewer pieces where the texts do not hold so many.
        folder: where ``tokenizer.json`` and its configuration go, whole or not at all.

    Raises:
        SourceError: there is no text.
        SpecError: ``size`` is too small for the characters alone.

    In a recipe::

        tokenizer = train_tokenizer([*japanese.text, *japanese.text_en], 4000, Path("run/tokenizer"))
        tokenizer("このバスは何色ですか？", "red bus")["input_ids"]
    """
    from transformers import PreTrainedTokenizerFast

    tokenizer = _learned(list(texts), max(size, 0), folder)
    inputs = ["input_ids", "token_type_ids", "attention_mask"]
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_input_names=inputs, **SPECIAL)
    with atomic_folder(folder) as partial:
        fast.save_pretrained(partial)
    return PreTrainedTokenizerFast.from_pretrained(folder)


def _learned(texts: list[str], size: int, folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer, models, processors, trainers

    if not any(text.strip() for text in texts):
        raise SourceError("There is no text to learn word pieces from", where=folder, expected="sentences")
    learner = _with_rules(Tokenizer(models.WordPiece(unk_token=SPECIAL["unk_token"])))
    # The trainer numbers continuing letters anew at each run, and breaks ties by their numbers.
    first = [*SPECIAL.values(), *_continuing_letters(learner, texts)]
    learner.train_from_iterator(
        texts,
        trainers.WordPieceTrainer(
            vocab_size=size, special_tokens=first, limit_alphabet=size, show_progress=False
        ),
    )
    vocabulary = learner.get_vocab(with_added_tokens=True)
    if len(vocabulary) > size:
        raise SpecError(
            "The vocabulary is too small for the characters of the texts",
            where=folder,
            expected=f"at least {len(vocabulary):,} pieces",
            found=f"{size:,}",
        )
    tokenizer = _with_rules(Tokenizer(models.WordPiece(vocabulary, unk_token=SPECIAL["unk_token"])))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")],
    )
    return tokenizer


def _with_rules(tokenizer: Tokenizer) -> Tokenizer:
    from tokenizers import Regex, decoders, normalizers, pre_tokenizers

    bert = normalizers.BertNormalizer(strip_accents=False, lowercase=True, handle_chinese_chars=True)
    katakana = pre_tokenizers.Split(Regex(r"[\p{Katakana}ー]+"), "isolated")
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), bert])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.BertPreTokenizer(), katakana])
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def _continuing_letters(tokenizer: Tokenizer, texts: Iterable[str]) -> list[str]:
    """``##x`` for every letter that stands inside a word, sorted."""
    normal = {tokenizer.normalizer.normalize_str(text) for text in texts}
    words = {word for text in normal for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(text)}
    return sorted({f"##{letter}" for word in words for letter in word[1:]})
