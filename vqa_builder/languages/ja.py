"""Japanese: three scripts, no spaces, counters.

When two Japanese answers are one is said in ``_japanese_answers.py``.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import ClassVar

from vqa_builder.languages._answer_tables import answer_table
from vqa_builder.languages._japanese_answers import compared
from vqa_builder.languages._japanese_numbers import japanese_numbers
from vqa_builder.languages._japanese_phrases import JapanesePhrases
from vqa_builder.languages._numbers import plain_digits
from vqa_builder.languages._text import JOINED_DIGITS
from vqa_builder.languages.base import Language

_HAN = r"\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff々〆〇"
_HIRAGANA = r"\u3041-\u309f"
_KATAKANA = r"\u30a1-\u30fa\u30fd-\u30ff\u31f0-\u31ff\uff66-\uff9f"
_RUNS = re.compile(
    rf"{JOINED_DIGITS}|[{_HAN}]+|[{_HIRAGANA}][{_HIRAGANA}ー]*|[{_KATAKANA}][{_KATAKANA}ー]*"
    rf"|(?:(?![{_HAN}{_HIRAGANA}{_KATAKANA}])[^\W\d_])+(?:['’-][A-Za-z]+)*|[ー_]+",
)


class Japanese(Language):
    """Japanese as VQA needs it; its own answers stand in ``answers_ja.tsv``.

    Colours are answered by their nouns (赤, not 赤い), which go with と and です alike. "black and white" is
    白黒: it is right for photographs and for cats, while 白と黒 is never said of a photograph.
    """

    name = "ja"
    version = "3"
    normalisers = ("2", "3")
    readings: ClassVar = {
        "茶": ("茶色", "お茶"),
        "オレンジ": ("オレンジ色",),
        "金": ("金色",),
        "銀": ("銀色",),
    }
    scripts = ("Hiragana", "Katakana", "Han")
    question_mark = "？"
    unit = "character"
    list_joints = ("と", "と")
    neighbours = ("zh", "yue", "wuu", "ko")
    number_signs = r"[\p{N}〇零一二三四五六七八九十百千万億つ]|ふたり"
    question_end = "[?？]$|(?:か|かな|かい|だい|でしょう|だろう)[。．.]?$"
    question_words = (
        "何|なに|なん[でのだかが]|どこ|誰|だれ|いつ(?:[^もか]|$)|どう|なぜ|どれ|どの|どちら|どっち|どんな|いくつ|いくら|いかが|"
        "か[?？。]?$|かな[?？]?$|でしょう[?？。]?$|だろう[?？。]?$|の[?？]$|は[?？]$"
    )

    @property
    def letters(self) -> str:
        """Kana, kanji and three signs that Unicode files under "Common" or that stand for a kanji."""
        return super().letters[:-1] + "ー々〆]"

    @cached_property
    def phrases(self) -> JapanesePhrases:
        """Counts, places, lists and what else ``phrases_ja.tsv`` says."""
        homographs = answer_table(self.code).homographs
        return JapanesePhrases(self.code, self._listed_alone, homographs, self.list_joints)

    def normalise(self, text: str, version: str | None = None) -> str:
        """One form for answers that differ only in how they are written or how politely they are said.


        Width and case are folded; punctuation, markup and spaces beside Japanese letters go; numerals become
        digits, counts lose their counters, polite endings become plain ones, members of lists stand in one
        order, words are spelled as in ``answer_forms_ja.tsv``. Signs that mean something stay (-5, C++).

        >>> [Japanese().normalise(answer) for answer in ("コカ・コーラ です。", "ＤＶＤ", "二匹", "ネコ")]
        ['コカコーラ', 'dvd', '2', '猫']
        >>> [Japanese().normalise(answer) for answer in ("座っています", "赤、白", "50パーセント")]
        ['座っている', '白と赤', '50%']
        """
        return compared(text, int(self.chosen(version)))

    def tokens(self, text: str) -> list[str]:
        """Runs of one script: words approximately, without a dictionary (食べる is two, 東京駅 one).

        >>> Japanese().tokens("テーブルに赤いカップは2つありますか？")
        ['テーブル', 'に', '赤', 'い', 'カップ', 'は', '2', 'つありますか']
        """
        return _RUNS.findall(text)

    def numerals(self, text: str) -> list[str]:
        """Digits of any width, kanji numerals that count something, native number words.

        >>> Japanese().numerals("二匹の犬と１２人の子供が一緒に、三角のテントに")
        ['12', '2']
        """
        return sorted(japanese_numbers(plain_digits(text)))
