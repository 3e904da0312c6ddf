"""The tables of ``lexical``, ``grammar`` and ``cross_entropy``, compiled from this project's own texts.

    pip install janome
    python -m recipes.policy.compile_tables

Writes ``lexical_ja.tsv.xz``, ``lexical_hi.tsv.xz``, ``nouns_ja.tsv``, ``nouns_hi.tsv``, ``ngrams_ja.npz``
and ``ngrams_hi.npz`` into ``vqa_builder/quality/scorers``. Lexical translation probabilities come from IBM
Model 1 (Brown et al. 1993, The mathematics of statistical machine translation) in both directions, over the
46,000 questions that were translated line by line; translations of the phrasebook's lexicon, the reviewed
lexicon and the answer tables are added. Nouns come from both lexicons. N-grams are counted in the same
translations. All of it was written for this project; the English questions are CC BY 4.0 (VQA v2, OK-VQA,
GQA, TextVQA, VizWiz).
"""

from __future__ import annotations

import csv
import lzma
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from recipes.policy.common import SHARED
from vqa_builder.quality import scorers
from vqa_builder.quality.scorers import _ngram_model
from vqa_builder.quality.scorers._content_words import content_words, lemmas_of
from vqa_builder.quality.scorers._dictionary import dictionary as shipped, opening
from vqa_builder.quality.scorers._hindi import stem, words
from vqa_builder.quality.text import folded

ROOM = Path(scorers.__file__).parent
ITERATIONS = 6
LIKELY, TELLING = 0.02, 0.1
FEWEST, FLAT, COMMON = 2, 0.2, 0.05
SURE, UNASKED = 0.85, 0.1
FREQUENT = 30
_FUNCTION = ("助詞", "助動詞", "記号", "フィラー", "接続詞")
_PERSON, _ANIMAL, _VEHICLE = ("person",), ("animal", "breed"), ("vehicle",)
_EITHER_GENDER = re.compile("ॉ|बोर्ड|[नण][ाे]$")
_PEOPLE_OF_ONE_GENDER = (
    "आदमी औरत महिला लड़का लड़की बच्चा बच्ची बेटा बेटी माँ पिता भाई बहन पति पत्नी दादा दादी राजा रानी पुरुष दूल्हा दुल्हन"
)
_PEOPLE = frozenset(_PEOPLE_OF_ONE_GENDER.split())
_EITHER_KIND = (
    "手 足 首 口 子供 子ども 大人 親 赤ちゃん 群れ "
    "魚 鮭 サーモン マグロ エビ カニ 鶏 七面鳥 ロブスター 貝 イカ タコ"
)
_NO_CERTAIN_KIND = frozenset(_EITHER_KIND.split())
_THING_CATEGORIES = (
    "food fruit vegetable meal drink furniture clothes electronic appliance tableware material body "
    "sportgear outdoor"
)
_THINGS = frozenset(_THING_CATEGORIES.split())


def rows(path: Path) -> list[dict[str, str]]:
    """A table of the shared data."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def lexicons() -> list[dict[str, str]]:
    """The phrasebook's lexicon and the reviewed one, in the columns that both have."""
    folder = SHARED.parent
    return rows(folder / "phrasebook/lexicon.tsv") + rows(folder / "lexicon/reviewed.tsv")


def english(questions: Sequence[str]) -> list[list[str]]:
    """Per question its content words and its opening, which licenses question words and verbs."""
    found = content_words(pa.array(questions))
    texts: list[list[str]] = [[opening(text)] for text in questions]
    for row, word in zip(found.row.tolist(), lemmas_of(found), strict=True):
        texts[row].append(word)
    return texts


def japanese(texts: Iterable[str]) -> Iterator[list[str]]:
    """The content words of each text, verbs and adjectives without their last kana."""
    from janome.tokenizer import Tokenizer

    tokenizer = Tokenizer()
    for text in texts:
        tokens = [(one, one.part_of_speech.split(",")[0]) for one in tokenizer.tokenize(text)]
        stems = [
            one.base_form[:-1] if kind in ("動詞", "形容詞") and len(one.base_form) > 1 else one.surface
            for one, kind in tokens
            if kind not in _FUNCTION
        ]
        yield [one for one in stems if not re.fullmatch("[ぁ-ん]", one)]


def probabilities(
    given: Sequence[Sequence[str]], made: Sequence[Sequence[str]]
) -> dict[tuple[str, str], tuple[float, float]]:
    """IBM Model 1: (given, made) -> probability of ``made`` for ``given``, and expected count."""
    sides: tuple[dict[str, int], dict[str, int]] = ({}, {})
    one, other, sentence = [], [], []
    for place, (left, right) in enumerate(zip(given, made, strict=True)):
        for word in dict.fromkeys(right):
            for source in dict.fromkeys(["", *left]):
                one.append(sides[0].setdefault(source, len(sides[0])))
                other.append(sides[1].setdefault(word, len(sides[1])))
                sentence.append(place)
    size = len(sides[1])
    sources, targets, where = (np.array(values, np.int64) for values in (one, other, sentence))
    keys, pair = np.unique(sources * size + targets, return_inverse=True)
    _, token = np.unique(where * size + targets, return_inverse=True)
    probability, source = np.ones(len(keys)), keys // size
    for _ in range(ITERATIONS):
        share = probability[pair]
        count = np.bincount(pair, share / np.bincount(token, share)[token])
        probability = count / np.bincount(source, count)[source]
    names = [list(side) for side in sides]
    return {
        (names[0][key // size], names[1][key % size]): (chance, times)
        for key, chance, times in zip(keys.tolist(), probability.tolist(), count.tolist(), strict=True)
    }


def dictionary(language: str) -> dict[str, dict[str, None]]:
    """English lemma -> its translations, the likeliest first."""
    texts = rows(SHARED.parent / "translations/questions.tsv")
    source = english([row["en"] for row in texts])
    column = [row[language] for row in texts]
    target = (
        list(japanese(column))
        if language == "ja"
        else [[stem(word) for word in words(text)] for text in column]
    )
    forward, backward = probabilities(source, target), probabilities(target, source)
    best: dict[str, float] = defaultdict(float)
    for (made, word), (chance, _) in backward.items():
        if not word.startswith("?"):
            best[made] = max(best[made], chance)
    many = Counter(made for text in target for made in set(text))
    common = {made for made, times in many.items() if times > COMMON * len(target)}
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for (word, made), (chance, times) in sorted(forward.items(), key=lambda item: -item[1][0]):
        back = backward.get((made, word), (0.0, 0.0))[0]
        likely = chance >= LIKELY and (made not in common or word.startswith("?"))
        if word and best[made] >= FLAT and (likely or back >= TELLING) and times >= FEWEST / 2:
            found[word][made] = None
    for word, made in listed(language):
        found[word].setdefault(made)
    return found


def listed(language: str) -> Iterator[tuple[str, str]]:
    """What the lexicons and the answer tables say."""
    pairs = [(row["en"], row[language]) for row in lexicons()]
    for row in rows(ROOM.parents[1] / f"languages/answers_{language}.tsv"):
        pairs.append(
            (row.get("answer_en") or row.get("en") or "", row.get("answer") or row.get(language) or "")
        )
    made = (
        list(japanese([text for _, text in pairs]))
        if language == "ja"
        else [[stem(word) for word in words(text)] for _, text in pairs]
    )
    for (text, _), keys in zip(pairs, made, strict=True):
        lemmas = english([text])[0][1:]
        if len(lemmas) == 1 and len(keys) == 1:
            yield lemmas[0], keys[0]


def write_lexical(language: str) -> None:
    """``lemma, checked, translations``: twice, since the first draft says which words can be relied on.

    A word whose translations stand in less than ``SURE`` of its questions is not checked (playing tennis is
    テニスをする), nor is a translation that nothing in the source asks for in more than ``UNASKED`` of its
    questions (यह, 中); the line without a lemma holds those.
    """
    found = dictionary(language)
    texts = rows(SHARED.parent / "translations/questions.tsv")
    _write(language, found, frozenset(), frozenset())
    missing, added, asked, stated = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    draft = shipped(language)
    assert draft is not None
    for row, lemmas in zip(texts, english([row["en"] for row in texts]), strict=True):
        made = draft.words(row[language])
        keys = {lemma: draft.translations.get(lemma, ()) for lemma in lemmas}
        asked.update(lemmas[1:])
        missing.update(lemma for lemma in lemmas[1:] if not any(key in made for key in keys[lemma]))
        added.update(draft.known_in(draft.without(made, (key for some in keys.values() for key in some))))
        stated.update(draft.known_in(made))
    doubtful = frozenset(lemma for lemma, times in missing.items() if times > (1 - SURE) * asked[lemma])
    loose = frozenset(key for key, times in added.items() if times - 1 > UNASKED * stated[key])
    _write(language, found, doubtful, loose)


def _write(
    language: str, found: dict[str, dict[str, None]], doubtful: frozenset[str], loose: frozenset[str]
) -> None:
    lines = [
        f"{word}\t{int(word not in doubtful)}\t{' '.join(found[word])}\n"
        for word in sorted(found)
        if found[word]
    ]
    data = f"lemma\tchecked\ttranslations\n\t0\t{' '.join(sorted(loose))}\n" + "".join(lines)
    (ROOM / f"lexical_{language}.tsv.xz").write_bytes(lzma.compress(data.encode(), preset=9))
    shipped.cache_clear()


def write_ngrams(language: str) -> None:
    """``ngrams_<language>.npz``: how the translations of the 46,000 questions are put."""
    texts = folded(pa.array([row[language] for row in rows(SHARED.parent / "translations/questions.tsv")]))
    frequent: list[str] = []
    if language == "hi":
        many = Counter(word for text in texts.to_pylist() for word in words(text))
        frequent = sorted(word for word, count in many.items() if count >= FREQUENT)
    _ngram_model.write(
        _ngram_model.count(texts, frequent, _ngram_model.ORDERS[language]), ROOM / f"ngrams_{language}.npz"
    )


def write_nouns() -> None:
    """Hindi noun forms with one gender; Japanese nouns with what they stand for and their counters."""
    genders: dict[str, set[str]] = defaultdict(set)
    kinds: dict[str, set[str]] = defaultdict(set)
    for row in lexicons():
        if row["hi_gender"] and (row["category"] != "person" or row["hi"] in _PEOPLE):
            for name in ("hi", "hi_plural", "hi_oblique", "hi_oblique_plural"):
                if row[name]:
                    genders[row[name].split(" ")[-1]].add(row["hi_gender"])
        if row["ja_counter"] and row["hi_gender"]:
            kinds[row["ja"]].add(_kind(row))
    lines = [
        f"{form}\t{''.join(of)}\n"
        for form, of in sorted(genders.items())
        if len(of) == 1 and not _EITHER_GENDER.search(form)
    ]
    (ROOM / "nouns_hi.tsv").write_text("form\tgender\n" + "".join(lines), encoding="utf-8")
    lines = [
        f"{noun}\t{''.join(of)}\n" for noun, of in sorted(kinds.items()) if len(of) == 1 and "" not in of
    ]
    (ROOM / "nouns_ja.tsv").write_text("noun\tkind\n" + "".join(lines), encoding="utf-8")


def _kind(row: dict[str, str]) -> str:
    category = row["category"]
    named = {
        **dict.fromkeys(_PERSON, "person"),
        **dict.fromkeys(_ANIMAL, "animal"),
        **dict.fromkeys(_VEHICLE, "vehicle"),
    }
    if "anim" in row["tags"].split():
        return "animal" if category in _ANIMAL else "person"
    return named.get(category, "clothes" if category == "clothes" else "thing" if category in _THINGS else "")


if __name__ == "__main__":
    write_nouns()
    for code in ("ja", "hi"):
        write_lexical(code)
        write_ngrams(code)
