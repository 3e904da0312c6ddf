"""ctranslate2 and transformers through a run against the bare libraries, on the same sorted unique strings.

    python tests/benchmarks/engines.py QUESTIONS.json.gz [--strings 4000] [--repeats 3]

Both sides translate English questions into Japanese. The bare side tokenizes, cuts batches of the same number
of tokens and decodes, as a careful script would; ours adds the memory, the checks and the order of the rows.
transformers runs a Marian with random weights (2 + 2 layers, d = 128), which never stops by itself:
every translation is 12 tokens long on both sides.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vqa_builder.translation.engines.base import Engine
from vqa_builder.translation.engines.mini import MODELS, Mini
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.request import Request
from vqa_builder.translation.run import translate

TOKENS = 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--strings", type=int, default=4000)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    with gzip.open(asked.questions) as file:
        content = json.load(file)
    questions = content["questions"] if isinstance(content, dict) else content
    texts = sorted({" ".join(entry["question"].split()) for entry in questions})[: asked.strings]
    texts.sort(key=lambda text: (len(text), text))
    print(f"{len(texts):,} strings, median of {asked.repeats}, both sides in turn")
    with Mini(Mini.Options(beam_size=1)) as mini:  # the other side does not choose among candidates either
        mini.translate(Request(texts[:64], "en", "ja"))
        compare("ctranslate2 (mini)", lambda: bare_ctranslate2(texts), lambda: through_us(mini, texts), asked)
    with tempfile.TemporaryDirectory() as folder:
        engine = marian(Path(folder), texts)
        some = texts[:: max(1, len(texts) // 400)]
        compare("transformers (Marian)", bare_transformers(engine, some), lambda: ours(engine, some), asked)


def compare(name: str, bare: Callable[[], Any], us: Callable[[], Any], asked: argparse.Namespace) -> None:
    times: dict[str, list[float]] = {"bare": [], "ours": []}
    for _ in range(asked.repeats):
        for side, work in (("bare", bare), ("ours", us)):
            began = time.perf_counter()
            work()
            times[side].append(time.perf_counter() - began)
    one, other = (statistics.median(times[side]) for side in ("bare", "ours"))
    print(f"{name}: bare {one:.2f} s, ours {other:.2f} s, {other / one:.3f} x")


def through_us(engine: Engine, texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder, TranslationMemory(Path(folder) / "m.sqlite") as memory:
        translate(Request(texts, "en", "ja", "question"), [engine], memory)


_bare: list[Any] = []


def bare_ctranslate2(texts: list[str]) -> list[str]:
    """CTranslate2 as its documentation says: sorted batches by tokens, a thread per core."""
    import ctranslate2
    import sentencepiece

    if not _bare:
        pieces = sentencepiece.SentencePieceProcessor(model_file=str(MODELS / "into_japanese" / "spm.model"))
        threads = len(os.sched_getaffinity(0))
        model = ctranslate2.Translator(
            str(MODELS / "into_japanese"), compute_type="int8", inter_threads=threads, intra_threads=1
        )
        _bare.extend((pieces, model))
    pieces, model = _bare
    rows = [["<2ja>", *row] for row in pieces.encode(texts, out_type=str)]
    found = model.translate_batch(
        rows,
        beam_size=1,
        max_batch_size=1024,
        batch_type="tokens",
        max_decoding_length=80,
        disable_unk=True,
        use_vmap=True,
        no_repeat_ngram_size=4,
    )
    decoded: list[str] = pieces.decode([each.hypotheses[0] for each in found])
    return decoded


def marian(folder: Path, texts: list[str]) -> Any:
    import torch
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    from tests.translation.engines.tiny_seq2seq import _pieces
    from vqa_builder.translation.engines.transformers import Transformers

    torch.set_num_threads(1)  # on a shared machine threads that wait for each other drown the difference
    model_file = MODELS / "into_japanese" / "spm.model"
    names = [*[piece for piece in _pieces(model_file) if piece not in ("<s>", "<pad>")], "<pad>"]
    (folder / "vocab.json").write_text(json.dumps({name: number for number, name in enumerate(names)}))
    vocabulary = str(folder / "vocab.json")
    tokenizer = MarianTokenizer(
        str(model_file), str(model_file), vocabulary, source_lang="en", target_lang="ja"
    )
    sizes = {
        f"{side}_{what}": number
        for side in ("encoder", "decoder")
        for what, number in (("layers", 2), ("attention_heads", 4), ("ffn_dim", 512))
    }
    end = names.index("</s>")
    config = MarianConfig(
        vocab_size=len(names),
        pad_token_id=len(names) - 1,
        eos_token_id=end,
        d_model=128,
        forced_eos_token_id=None,
        decoder_start_token_id=len(names) - 1,
        **sizes,
    )
    MarianMTModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    options = Transformers.Options(folder=folder, devices=("cpu",), max_new_tokens=TOKENS)
    engine = Transformers(options)
    engine.translate(Request(texts[:2], "en", "ja"))
    return engine


def ours(engine: Any, texts: list[str]) -> None:
    through_us(engine, texts)


def bare_transformers(engine: Any, texts: list[str]) -> Callable[[], Any]:
    """``generate`` on batches of the same length, on the model that the engine has loaded."""
    import torch

    model, tokenizer = engine._local.model, engine._local.tokenizer

    def work() -> list[str]:
        rows = tokenizer(texts)["input_ids"]
        of_length: dict[int, list[list[int]]] = {}
        for row in rows:
            of_length.setdefault(len(row), []).append(row)
        decoded: list[str] = []
        for length in sorted(of_length):
            same = of_length[length]
            size = 8192 // length
            for start in range(0, len(same), size):
                ids = torch.tensor(same[start : start + size])
                with torch.inference_mode():
                    out = model.generate(
                        input_ids=ids,
                        attention_mask=torch.ones_like(ids),
                        num_beams=1,
                        do_sample=False,
                        max_new_tokens=TOKENS,
                    )
                decoded += tokenizer.batch_decode(out, skip_special_tokens=True)
        return decoded

    return work


if __name__ == "__main__":
    main()
