"""Japanese: three scripts, no spaces, counters.

Two Japanese answers can be one: 2つ and 二匹, ネコ and 猫, 赤い and 赤色, ヴァイオリン and バイオリン. The
forms in which they are compared are shown to nobody; words are equated by ``answer_forms_ja.tsv``, and only
as a whole answer or as a member of a list with と: inside longer text kana are ambiguous (はし, かみ).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, cached_property

from vqa_builder.languages._answer_tables import answer_forms, answer_table, column
from vqa_builder.languages._japanese_numbers import in_digits, japanese_numbers
from vqa_builder.languages._japanese_phrases import JapanesePhrases
from vqa_builder.languages._numbers import plain_digits
from vqa_builder.languages._text import JOINED_DIGITS, bare, fold
from vqa_builder.languages.base import Language

_HAN = r"\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff々〆〇"
_HIRAGANA = r"\u3041-\u309f"
_KATAKANA = r"\u30a1-\u30fa\u30fd-\u30ff\u31f0-\u31ff\uff66-\uff9f"
_RUNS = re.compile(
    rf"{JOINED_DIGITS}|[{_HAN}]+|[{_HIRAGANA}][{_HIRAGANA}ー]*|[{_KATAKANA}][{_KATAKANA}ー]*"
    rf"|(?:(?![{_HAN}{_HIRAGANA}{_KATAKANA}])[^\W\d_])+(?:['’-][A-Za-z]+)*|[ー_]+",
)
_JAPANESE = rf"[{_HAN}\u3041-\u3096\u309d-\u309f{_KATAKANA}ー]"
_SPACE_BESIDE_JAPANESE = re.compile(f"(?<={_JAPANESE}) +| +(?={_JAPANESE})")

_POLITE = re.compile("(?<=.)(?:で(?:す|した)[ねよ]*)+$")
_V = {"ヴァ": "バ", "ヴィ": "ビ", "ヴェ": "ベ", "ヴォ": "ボ", "ヴ": "ブ"}
_V_SOUND = re.compile("ヴ[ァィェォ]?")
# From four letters on, as in コンピューター; in shorter words (タワー, カバー) the ー is never left out.
_LONG_END = re.compile("(?<=[ァ-ヶー]{3})ー+(?![ァ-ヶー])")
_ANY_HIRAGANA = re.compile("[ぁ-ゖ]")


class Japanese(Language):
    """Japanese as VQA needs it; its own answers stand in ``answers_ja.tsv``.

    Colours are answered by their nouns (赤, not 赤い), which go with と and です alike. "black and white" is
    白黒: it is right for photographs and for cats, while 白と黒 is never said of a photograph.
    """

    name = "ja"
    version = "2"
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

    def normalise(self, text: str) -> str:
        """One form for answers that differ only in how they are written.

        Width and case are folded; punctuation, spaces beside Japanese letters and a final です go; kanji
        numerals become digits, counts lose their counters, words are spelled as in ``answer_forms_ja.tsv``.

        >>> [Japanese().normalise(answer) for answer in ("コカ・コーラ です。", "ＴＶ", "二匹", "ネコ")]
        ['コカコーラ', 'tv', '2', '猫']
        """
        return _same_answer(_close_up(bare(fold(text))))

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


def _close_up(text: str) -> str:
    """Closing a space can compose a voiced mark with its kana, beside which another space goes then."""
    closed = unicodedata.normalize("NFKC", _SPACE_BESIDE_JAPANESE.sub("", text))
    return closed if closed == text else _close_up(closed)


def _same_answer(folded: str) -> str:
    """The form in which a Japanese answer is compared.

    The polite ending です goes; numerals are digits; counters of things (つ, 匹, 人) go where the answer is a
    count, units (円, 年, 階) stay.

    Args:
        folded: the answer without punctuation and spaces, width and case folded.

    >>> [_same_answer(answer) for answer in ("二匹", "2つ", "二階", "ネコです", "赤色と白い")]
    ['2', '2', '2階', '猫', '赤と白']
    """
    text = _spelling(_POLITE.sub("", folded))
    if "と" not in text or text in _forms():
        return _word(text)
    members = [_word(member) for member in text.split("と")]
    is_list = all(member in _read() or (member and not _ANY_HIRAGANA.search(member)) for member in members)
    return "と".join(members) if is_list else _word(text)


def _word(text: str) -> str:
    """A count without its counter, or a word in the spelling of the table."""
    forms = _forms()
    if text in forms:
        return forms[text]
    digits = in_digits(text)
    count = _count().fullmatch(digits)
    return count[1] if count else digits


def _spelling(text: str) -> str:
    """ヴ and a final ー folded.

    >>> _spelling("ヴァイオリン"), _spelling("コンピューター"), _spelling("カレー")
    ('バイオリン', 'コンピュータ', 'カレー')
    """
    return _LONG_END.sub("", _V_SOUND.sub(lambda sound: _V[sound[0]], text))


@cache
def _forms() -> dict[str, str]:
    return answer_forms("ja", lambda form: _spelling(fold(form)))


@cache
def _read() -> frozenset[str]:
    return frozenset(_forms().values())


@cache
def _count() -> re.Pattern[str]:
    counters = "|".join(sorted(column("counters_ja.tsv", "counter"), key=len, reverse=True))
    return re.compile(rf"(\d+)(?:{counters})(?:(?:い|あり)ます)?")
