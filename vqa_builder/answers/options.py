"""Options of multiple choice: no two of a row read alike, and what quotes an option quotes its translation.

Two options collide where the language's normaliser cannot tell them apart and their English differs. One then
takes another word that the language's tables know for it; where there is none, each gets its English in
brackets. A row whose options still read alike is rejected.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.answers.vocabulary import normalised
from vqa_builder.languages.base import Language

VERSION = "2"
COLLIDE = "options collide"
UNQUOTED = "option not quoted"
"""Why a text is rejected that quotes an option in English, and not in the language."""
APART = "options|told apart"
"""Who answers for an option that is changed so that it can be told from another."""

_QUOTED = re.compile(r"\"([^\"]+)\"|“([^”]+)”|‘([^’]+)’|(?<!\w)'([^']+)'(?!\w)")
Numbers = NDArray[np.int64]


class _Change(NamedTuple):
    """What a place holds: the translation of a string, with another text, or rejected for a reason."""

    string: int
    text: str | None = None
    reason: str | None = None


def colliding_rows(rows: Numbers, english: pa.Array, texts: pa.Array, language: Language) -> Numbers:
    """The rows in which two options read alike and their English does not.

    Args:
        rows: of each option.
        english, texts: of each option in English and in the language; null where there is none.
        language: whose normaliser compares the texts.

    Returns:
        The rows, ascending.

    Example::

        >>> from vqa_builder import languages
        >>> rows, english = np.array([0, 0, 1, 1]), pa.array(["boat", "ship", "cat", "cat"])
        >>> texts = pa.array(["船", "船", "猫", "猫"])
        >>> colliding_rows(rows, english, texts, languages.get("ja")).tolist()
        [0]
    """
    there = pc.and_(pc.is_valid(english), pc.is_valid(texts))
    rows = rows[there.to_numpy(zero_copy_only=False)]
    english, texts = english.filter(there), texts.filter(there)
    found = []
    for same, differ in ((str, _plain), (language.normalise, normalised)):
        alike, meant = _codes(texts, same), _codes(english, differ)
        order = np.lexsort((meant, alike, rows))
        together = (np.diff(rows[order]) == 0) & (np.diff(alike[order]) == 0)
        found.append(rows[order[1:][together & (np.diff(meant[order]) != 0)]])
    return np.unique(np.concatenate(found))


def quoted_options(
    answer_rows: Numbers, answers: pa.Array, option_rows: Numbers, options: pa.Array
) -> tuple[Numbers, Numbers]:
    """Which answers are an option of their row.

    Args:
        answer_rows, answers: the row of each answer, and its English.
        option_rows, options: the same of the options.

    Returns:
        The places of these answers, ascending, and of the option that each is.

    >>> rows, answers, options = np.array([0, 0]), pa.array(["Dog.", "cow"]), pa.array(["cat", "dog"])
    >>> [places.tolist() for places in quoted_options(rows, answers, rows, options)]
    [[0], [1]]
    """
    codes = _codes(pa.concat_arrays([answers, options]), _plain)
    keys = np.concatenate([answer_rows, option_rows]) * (codes.max(initial=0) + 1) + codes
    own, theirs = keys[: len(answers)], keys[len(answers) :]
    known, first = np.unique(theirs, return_index=True)
    at = np.searchsorted(known, own).clip(max=max(len(known) - 1, 0))
    hits = np.flatnonzero(known[at] == own) if len(known) else np.array([], np.int64)
    return hits, first[at[hits]]


def lost_quotations(english: str, text: str | None, words: Mapping[str, str | None]) -> list[str]:
    """The options that a text quotes and its translation does not hold.

    Args:
        english, text: the text and its translation.
        words: option, in lower case and without a stop -> its translation; None where it has none.

    >>> lost_quotations('A "river" is water, not "ice".', "「川」は水です。", {"river": "川", "ice": "氷"})
    ['ice']
    """
    quoted = (_plain(next(filter(None, match.groups()))) for match in _QUOTED.finditer(english))
    return [word for word in quoted if (own := words.get(word)) and text is not None and own not in text]


def told_apart(english: Sequence[str], texts: Sequence[str], language: Language) -> list[str]:
    """The options of one row, changed so that no two read alike.

    >>> from vqa_builder import languages
    >>> told_apart(["boat", "ship", "car"], ["船", "船", "車"], languages.get("ja"))
    ['船（boat）', '船（ship）', '車']
    """
    found, taken = list(texts), {_form(text, language) for text in texts}
    groups = defaultdict(list)
    for at, text in enumerate(texts):
        groups[_form(text, language)].append(at)
    for members in groups.values():
        named = [at for at in members if texts[at] == _word_for(english[at], language)]
        first = _plain(english[(named or members)[0]])
        stay = []
        for at in members:
            word = _word_for(english[at], language)
            if _plain(english[at]) != first and word and _form(word, language) not in taken:
                found[at] = word
                taken.add(_form(word, language))
            else:
                stay.append(at)
        if len({_plain(english[at]) for at in stay}) > 1:
            for at in stay:
                found[at] = _with_english(texts[at], english[at], language)
    return found


def settle(
    places: pa.Table, kinds: Sequence[str], strings: pa.Table, translated: pa.Table, language: Language
) -> pa.Table:
    """What single places hold instead of the translation of their string.

    Args:
        places: the number of the ``string`` at every place (null for none), its ``row`` and ``path``.
        kinds: of the strings under each path.
        strings: the distinct strings, their English under ``text``.
        translated: row-aligned with these: ``text``, ``keep``, ``reasons``, ``engines`` and scores.
        language: theirs.

    Returns:
        ``place``, ascending, and the columns of ``translated``.
    """
    if "option" not in kinds:
        return _changed(translated, {})
    found = _Rows(places, kinds, strings, translated)
    changes: dict[int, _Change] = {}
    option = found.of_kind("option")
    at = pa.array(found.number[option])
    english, texts = found.english.take(at), found.texts.take(at)
    for row in colliding_rows(found.row[option], english, texts, language).tolist():
        changes.update(_apart(found, found.options_of(row), language))
    answer = found.of_kind("answer")
    said = found.english.take(pa.array(found.number[answer]))
    for place, quoted in zip(
        *quoted_options(found.row[answer], said, found.row[option], english), strict=True
    ):
        own = int(option[quoted])
        changes[int(answer[place])] = changes.get(own, _Change(int(found.number[own])))
    for place in _with_quotes(found):
        said = {_plain(found.english_at(each)): each for each in found.options_of(int(found.row[place]))}
        words = {
            word: changes[each].text if each in changes else found.text_at(each)
            for word, each in said.items()
        }
        text = _requoted(found.text_at(place), words)
        lost = lost_quotations(found.english_at(place), text, words)
        if lost or text != found.text_at(place):
            reason = f"{UNQUOTED} ({lost[0]})" if lost else None
            changes[place] = _Change(int(found.number[place]), text, reason)
    return _changed(translated, changes)


class _Rows:
    """The strings of all rows at their places."""

    def __init__(
        self, places: pa.Table, kinds: Sequence[str], strings: pa.Table, translated: pa.Table
    ) -> None:
        self.number = pc.fill_null(places["string"], -1).to_numpy().astype(np.int64)
        self.row = places["row"].to_numpy().astype(np.int64)
        self.english, self.texts = (table["text"].combine_chunks() for table in (strings, translated))
        self._kind = np.array(kinds)[places["path"].to_numpy()]
        self._options = self.of_kind("option")
        self._rows = self.row[self._options]

    def of_kind(self, kind: str) -> Numbers:
        """The places of a kind that hold a string, row after row."""
        places = np.flatnonzero((self._kind == kind) & (self.number >= 0))
        return places[np.argsort(self.row[places], kind="stable")]

    def options_of(self, row: int) -> list[int]:
        """The places of a row's options."""
        between = slice(*np.searchsorted(self._rows, [row, row + 1]))
        return self._options[between].tolist()  # type: ignore[no-any-return]

    def english_at(self, place: int) -> str:
        return str(self.english[self.number[place]])

    def text_at(self, place: int) -> str | None:
        text: str | None = self.texts[self.number[place]].as_py()
        return text


def _apart(found: _Rows, options: Sequence[int], language: Language) -> Iterator[tuple[int, _Change]]:
    """The options of one row that change."""
    there = {place: text for place in options if (text := found.text_at(place)) is not None}
    english = [found.english_at(place) for place in there]
    texts = told_apart(english, list(there.values()), language)
    one_row = np.zeros(len(there), np.int64)
    failed = len(colliding_rows(one_row, pa.array(english), pa.array(texts), language)) > 0
    for place, word, text in zip(there, english, texts, strict=True):
        if failed or text != there[place]:
            yield place, _Change(int(found.number[place]), text, f"{COLLIDE} ({word})" if failed else None)


def _with_quotes(found: _Rows) -> list[int]:
    """The places of texts with quotation marks in rows with options."""
    places = found.of_kind("text")
    quotes = pc.match_substring_regex(found.english, "[\"“‘']").to_numpy(zero_copy_only=False)
    told = pc.is_valid(found.texts).to_numpy(zero_copy_only=False)
    near = np.isin(found.row[places], found.row[found.of_kind("option")])
    return places[near & (quotes & told)[found.number[places]]].tolist()  # type: ignore[no-any-return]


def _requoted(text: str | None, words: dict[str, str | None]) -> str | None:
    """A text in which every quoted option stands as the language has it.

    >>> _requoted('"run" は動詞です。', {"run": "走る"})
    '"走る" は動詞です。'
    """

    def replaced(match: re.Match[str]) -> str:
        quoted = next(filter(None, match.groups()))
        return match[0].replace(quoted, words.get(_plain(quoted)) or quoted)

    return text and _QUOTED.sub(replaced, text)


def _changed(translated: pa.Table, changes: dict[int, _Change]) -> pa.Table:
    """The changed places as rows of their own."""
    places = sorted(changes)
    table = translated.take(pa.array([changes[place].string for place in places], pa.int64()))
    columns = {name: table[name].to_pylist() for name in ("text", "keep", "reasons", "engines")}
    for at, place in enumerate(places):
        _, text, reason = changes[place]
        if text is not None and text != columns["text"][at]:
            columns["text"][at] = text
            columns["engines"][at] = [*(columns["engines"][at] or []), APART]
        if reason is not None:
            columns["keep"][at] = False
            columns["reasons"][at] = [*(columns["reasons"][at] or []), reason]
    for name, values in columns.items():
        where = table.schema.get_field_index(name)
        table = table.set_column(
            where, table.schema.field(where), pa.array(values, table.schema.field(where).type)
        )
    return table.add_column(0, "place", pa.array(places, pa.int64()))


def _word_for(english: str, language: Language) -> str | None:
    """What the tables know for an option; None for a homograph, too."""
    answer = language.answer(english)
    return answer and answer.text


def _with_english(text: str, english: str, language: Language) -> str:
    return f"{text}（{english}）" if language.unit == "character" else f"{text} ({english})"


def option_words(english: Sequence[str], texts: Sequence[str | None]) -> dict[str, str | None]:
    """The options of one row as ``lost_quotations`` takes them."""
    return {_plain(word): text for word, text in zip(english, texts, strict=True)}


def _plain(text: str) -> str:
    """An English option as it is compared with another: whatever its case, without a final stop."""
    return " ".join(text.casefold().split()).rstrip(".")


def _form(text: str, language: Language) -> str:
    return language.normalise(text) or text


def _codes(texts: pa.Array, form: Callable[[str], str]) -> Numbers:
    """Equal numbers for texts of equal form; each distinct text is looked at once."""
    encoded = texts.dictionary_encode()
    forms = pa.array([form(text) for text in encoded.dictionary.to_pylist()], pa.string()).dictionary_encode()
    codes: Numbers = forms.indices.take(encoded.indices).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes
