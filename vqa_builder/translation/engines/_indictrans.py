"""IndicTrans2: checkpoints with code of their own, and a processor that stands outside of transformers.

IndicTransToolkit writes the languages before every text, tokenizes it, turns Indian scripts into Devanagari
and takes out numbers and addresses, which it puts back afterwards (Gala et al. 2023, arXiv:2305.16307).
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib import metadata
from typing import Any

from vqa_builder.errors import EngineError
from vqa_builder.translation.engines.base import Failure

INSTALL = "pip install indictranstoolkit"
CODES = {
    "en": "eng_Latn",
    "hi": "hin_Deva",
    "as": "asm_Beng",
    "bn": "ben_Beng",
    "gu": "guj_Gujr",
    "kn": "kan_Knda",
    "ks": "kas_Arab",
    "ml": "mal_Mlym",
    "mr": "mar_Deva",
    "ne": "npi_Deva",
    "or": "ory_Orya",
    "pa": "pan_Guru",
    "sa": "san_Deva",
    "sd": "snd_Arab",
    "ta": "tam_Taml",
    "te": "tel_Telu",
    "ur": "urd_Arab",
    "brx": "brx_Deva",
    "doi": "doi_Deva",
    "gom": "gom_Deva",
    "kok": "gom_Deva",
    "mai": "mai_Deva",
    "mni": "mni_Mtei",
    "sat": "sat_Olck",
}
"""ISO 639 -> the code of the checkpoints; what they can do, Japanese not among it."""


def is_indictrans(config: Mapping[str, Any]) -> bool:
    """Whether a checkpoint's config.json is one of IndicTrans2."""
    return "indictrans" in str(config.get("model_type", "")).lower()


def check(where: object, trust_remote_code: bool) -> None:
    """Raise ``EngineError`` unless all is there that a checkpoint of IndicTrans2 needs."""
    if not trust_remote_code:
        raise EngineError(
            "IndicTrans2 runs code that comes with its checkpoint, and nobody has allowed it to",
            where=where,
            expected="trust_remote_code: true beside the model, by somebody who has read that code",
            found="trust_remote_code: false",
            remedy="allow it for a revision that is a commit, or name NLLB-200 for Indian languages",
        )
    if importlib.util.find_spec("IndicTransToolkit") is None:
        raise EngineError(
            "IndicTrans2 needs the package IndicTransToolkit, which is not installed",
            where=where,
            remedy=INSTALL,
        )


def flores_code(language: str) -> str:
    """The code of a language.

    Raises:
        EngineError: IndicTrans2 does not know it.
    """
    if language not in CODES:
        raise EngineError(
            f"IndicTrans2 knows no language {language!r}",
            expected=", ".join(sorted(CODES)),
            found=language,
            remedy="name another engine for this language",
        )
    return CODES[language]


class Processor:
    """What stands between texts and a checkpoint of IndicTrans2: languages, scripts, spaces before marks.

    Args:
        codes: the checkpoint's language codes by ISO code, before ``CODES``.
    """

    def __init__(self, codes: Mapping[str, str]) -> None:
        self._codes = codes

    @property
    def signature(self) -> str:
        """The package's version."""
        return metadata.version("indictranstoolkit")

    def code(self, language: str) -> str:
        """The checkpoint's code of a language."""
        return self._codes.get(language) or flores_code(language)

    def read(self, texts: Sequence[str], source: str, target: str) -> list[str]:
        """Texts as the checkpoint's tokenizer wants them."""
        return self._read(self._made(), texts, source, target)

    def write(
        self, texts: Sequence[str], results: Sequence[str | Failure], source: str, target: str
    ) -> list[str | Failure]:
        """What the checkpoint made of some texts, as people write it."""
        written = list(results)
        places = [at for at, result in enumerate(results) if isinstance(result, str)]
        if places:
            # What it took out of texts stands in a queue: they are read again, just before and in order.
            self._read(self._writer, [texts[at] for at in places], source, target)
            made = self._writer.postprocess_batch([results[at] for at in places], lang=self.code(target))
            for at, text in zip(places, made, strict=True):
                written[at] = text
        return written

    def _read(self, processor: Any, texts: Sequence[str], source: str, target: str) -> list[str]:
        ready: list[str] = processor.preprocess_batch(
            list(texts), src_lang=self.code(source), tgt_lang=self.code(target)
        )
        return ready

    @cached_property
    def _writer(self) -> Any:
        return self._made()

    @staticmethod
    def _made() -> Any:
        return importlib.import_module("IndicTransToolkit.processor").IndicProcessor(inference=True)
