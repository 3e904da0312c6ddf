"""Numbers in Japanese text: kanji numerals where they count something, and the native words in kana.

A single kanji numeral is a number only before a counter (三匹) or on its own (三と四): so many words
contain one (三角, 十字, 千葉) that a list of exceptions would never end. Words in which numeral and counter
do stand together but state no number (七面鳥, 五輪, 三日月) are listed in ``_NO_NUMBER``.
"""

from __future__ import annotations

import re

from vqa_builder.languages._numbers import digits_in

_DIGITS = {char: value for value, char in enumerate("〇一二三四五六七八九")} | {"零": 0}
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "億": 10**8}

_COUNTERS = (
    "つ|人|名|匹|頭|羽|台|本|枚|個|冊|杯|足|着|軒|棟|階|段|列|回|度|倍|番|号|年|日|時|分|秒|週|歳|才|円|%|種|色|組|束|袋|箱|皿|切れ|"
    "玉|株|粒|滴|機|隻|艘|両|車線|面|点|行|文字|語|章|巻|話|曲|社|校|部屋|部|席|脚|丁目|頁|層|件|体|通|世紀|世代|輪(?=[の咲])|"
    "箇所|[ヶヵケカか](?:所|月|国|年)|センチ|ミリ|メートル|キロ|フィート|インチ|マイル|ヤード|グラム|トン|リットル|ドル|ユーロ|"
    "ポンド|ワット|パーセント|ページ|チーム|グループ|カップ|ポイント|ピース|セット|ペア"
)
_KANJI = "〇零一二三四五六七八九十百千万億"
_ANY_KANJI = re.compile(f"[{_KANJI}]")
_NO_NUMBER = re.compile(
    # No part of a longer number: 三十分 states one, 十分 does not.
    f"(?<![0-9.{_KANJI}])(?:"
    # Plants, animals, places, things and sayings.
    "七五三|七面鳥|八百屋|八百長|八百万の?神|三日月|二日酔|二十日大根|二十日ネズミ|二十日鼠|百日紅|百日草|百足|十八番|十五夜|十六夜|十二単|四十雀|"
    "五十音|五十嵐|五十肩|四日市|二日市|十日町|六本木|千本桜|千羽鶴|千と千尋|千歳|万歳|五輪|七輪|七色|三脚|三面鏡|三度笠|二枚貝|二頭筋|"
    "三頭筋|五分五分|三位一体|八つ橋|十人十色|百人一首|二人三脚|五体満足|八つ当たり|四つん這い|四つんばい|[三四]つ角|[二三]つ折|"
    "三つ編|三つ葉|二足歩行|二段ベッド|[二三]人称|"
    "一か八か|瓜二つ|二束三文|百万長者|十二分に|万が?一|"
    # Second, double-decker, half, both, never again: English has no number there. Ten minutes that read
    # "enough", teens, the names of the months.
    "[12](?:番|つ|人|個|本|枚|台|匹|頭|羽|列|回|段|行|件|日|年|度)目|2位|[二2]階(?!建)|"
    "[二2]階建ての?バス|二分の一|[二2](?:人|つ|匹|本|台|枚|個)とも|ふた(?:り|つ)とも|[二2]度と|"
    "十分(?!間|前|後|ほど|くらい|おき|以)|10代|[0-9]{1,2}月(?!間))",
)
_RUN = f"(?:[0-9]+(?=[百千万億])|[{_KANJI}])*[{_KANJI}](?:(?<=[万億])[0-9]+)?"
_LONGEST_RUN = 24
_NUMERAL = re.compile(
    rf"(?<![何数幾0-9.])(?P<nth>第)?(?P<run>{_RUN})(?P<counter>{_COUNTERS})?(?P<eye>目)?",
)
_WHOLE = re.compile(f"(?![万億〇]$){_RUN}")
_FLOOR_OR_MONTH = re.compile(f"(?<![何数幾0-9.]){_RUN}(?=階|月)")
_HAN = re.compile(r"[㐀-鿿々]")
_ENDS_A_NUMBER = "とかはがをにでま、。・,!? "
_ENDS_NO_COMPOUND = "月代数余何"

_NATIVE = {
    "ふたつ": 2,
    "ふたり": 2,
    "みっつ": 3,
    "よっつ": 4,
    "いつつ": 5,
    "むっつ": 6,
    "ななつ": 7,
    "やっつ": 8,
}
# Not in 言いつつ, やっつける, むっつり, ふたつき (with a lid).
_NATIVE_WORD = re.compile(rf"(?<![ぁ-えぎ-とど-ねばひぶ-めゃ-んー一-鿿])(?:{'|'.join(_NATIVE)})(?![けりき])")


def japanese_numbers(plain: str) -> list[str]:
    """The numbers of a Japanese text whose digits are ASCII already, in no order.

    1 in kanji never counts (一緒, 一番, 一人), nor does "second" (二番目, 第二, 二階), which
    English leaves out too.

    >>> sorted(japanese_numbers("三匹の猫と十二本のバナナと2台の車、七面鳥"))
    ['12', '2', '3']
    """
    found: list[str] = []

    def take(match: re.Match[str]) -> str:
        value = _value(match["run"]) if len(match["run"]) <= _LONGEST_RUN else 0
        if value > 1 and _states_a_number(match, value):
            found.append(str(value))
        return "×"

    rest = _NUMERAL.sub(take, _NO_NUMBER.sub("×", plain))
    native = [str(_NATIVE[word]) for word in _NATIVE_WORD.findall(rest)]
    return found + native + digits_in(rest)


def in_digits(plain: str) -> str:
    """A text whose kanji numerals are digits where they stand before a counter, or are all of it.

    Unlike ``japanese_numbers`` it takes 1 and "second" too: it serves comparison, not counting.

    >>> in_digits("二匹の猫と七面鳥"), in_digits("二階"), in_digits("二十五"), in_digits("三角")
    ('2匹の猫と七面鳥', '2階', '25', '三角')
    """
    if not _ANY_KANJI.search(plain):
        return plain
    if _WHOLE.fullmatch(plain) and _is_one_number(plain):
        return str(_value(plain))
    plain = _FLOOR_OR_MONTH.sub(lambda run: str(_value(run[0])), plain)
    done, place = [], 0
    for exception in _NO_NUMBER.finditer(plain):
        done += [_NUMERAL.sub(_counted_in_digits, plain[place : exception.start()]), exception[0]]
        place = exception.end()
    return "".join([*done, _NUMERAL.sub(_counted_in_digits, plain[place:])])


def _counted_in_digits(match: re.Match[str]) -> str:
    run, counter = match["run"], match["counter"]
    if not counter or run in "百千万億" or not (_is_one_number(run) or counter == "年"):
        return match[0]
    return (match["nth"] or "") + str(_value(run)) + counter + (match["eye"] or "")


def _is_one_number(run: str) -> bool:
    """Not 二三, which is two or three."""
    return len(run) == 1 or "〇" in run or any(char in _UNITS for char in run)


def _states_a_number(match: re.Match[str], value: int) -> bool:
    run = match["run"]
    if (match["nth"] or match["eye"]) and value == 2:
        return False
    if not any(char in _UNITS for char in run) and len(run) > 1:
        return "〇" in run or match["counter"] == "年"
    if match["counter"] or match["nth"]:
        return run not in "万億"
    before, after = match.string[: match.start()][-1:], match.string[match.end() : match.end() + 1]
    if len(run) > 1:
        return not after or after not in _ENDS_NO_COMPOUND
    return run not in "百千万億" and not _HAN.match(before) and (not after or after in _ENDS_A_NUMBER)


def _value(run: str) -> int:
    """十二 -> 12, 三百二十 -> 320, 2万5千 -> 25000, 二〇二四 -> 2024."""
    total = section = digit = 0
    for piece in re.findall("[0-9]+|.", run):
        unit = _UNITS.get(piece, 0)
        if not unit:
            digit = int(piece) if piece.isascii() else digit * 10 + _DIGITS[piece]
        elif unit < 10**4:
            section, digit = section + (digit or 1) * unit, 0
        else:
            total, section, digit = total + (section + digit or 1) * unit, 0, 0
    return total + section + digit
