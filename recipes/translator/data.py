"""What the translator learns from: sources, the held-out part, the mix, the vocabulary, and arrays of pieces.

    python -m recipes.translator.data ../shared runs/translator --examples 1200000

writes ``held_out.tsv``, ``counts.json`` (of words), ``spm.model`` and ``examples1.npz``.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from recipes.lib.command import whole
from recipes.translator import annotate, grammar
from recipes.translator.annotate import Noun, Slotter, frequency, read_rows
from recipes.translator.files import open_vocabulary, reading
from recipes.translator.held_out import content, key, split_questions
from recipes.translator.lexicon import Entry, read_lexicon
from recipes.translator.vocabulary import (
    Example,
    encoded,
    extend_vocabulary,
    train_vocabulary,
    write_examples,
)
from vqa_builder.errors import SourceError
from vqa_builder.translation.engines.mini import MODELS
from vqa_builder.translation.slots import Word, Words

_WORD = re.compile("[a-z]+(?:[-'][a-z]+)*|[\u0900-\u0963\u0970-\u097f]+")
HERE = Path(__file__).parent / "tables"
LANGUAGES = ("ja", "hi")
OFTEN, OFTEN_VOTED = 20, 10  # a noun in so many questions needs no dictionary: ours, one of a vote
QUESTION_COLUMNS = ("dataset", "count", "en", *LANGUAGES)
QUESTIONS = ("questions", "handwritten")  # a line of the bitext is drawn too seldom to teach its nouns
NOT_ALONE = ("act", "verb", "word", "adv")
SHARES = {  # of the examples into and out of each language
    "questions": {"ja": 0.49, "hi": 0.49},
    "grammar": {"ja": 0.06, "hi": 0.08},
    "bitext": {"ja": 0.08, "hi": 0.04},
    "handwritten": {"ja": 0.31, "hi": 0.33},
    "words": {"ja": 0.03, "hi": 0.03},
    "copies": {"ja": 0.03, "hi": 0.03},
}
DIRECTIONS = {("en", "ja"): 0.3, ("en", "hi"): 0.3, ("ja", "en"): 0.2, ("hi", "en"): 0.2}


@dataclass(frozen=True)
class Pair:
    """An English text and its translation."""

    en: str
    other: str


# --- sources ---------------------------------------------------------------------------------------------


def read_pairs(path: Path) -> list[Pair]:
    """A tab-separated file of two columns."""
    pairs = []
    with reading(path, "UTF-8, an English text and its translation between tabs"):
        lines = path.read_text(encoding="utf-8").splitlines()
    for line in lines:
        parts = line.split("\t")
        if len(parts) >= 2 and parts[0].strip() and parts[1].strip():
            pairs.append(Pair(parts[0].strip(), parts[1].strip()))
    return pairs


def aligned(english: Path, other: Path) -> list[Pair]:
    """Two files with a line for each other's line."""
    lines = (path.read_text(encoding="utf-8").splitlines() for path in (english, other))
    return [
        Pair(en.strip(), text.strip()) for en, text in zip(*lines, strict=True) if en.strip() and text.strip()
    ]


def bitext(shared: Path, language: str) -> list[Pair]:
    """The public sentence pairs of a language, without what shares a side with a test set of LASER."""
    texts, data = shared / "bitext", shared / "data" / "parallel_tatoeba"
    if language == "ja":
        pairs = read_pairs(texts / "tatoeba_jiten2021.en-ja.tsv")
        pairs += read_pairs(texts / "tatoeba_manythings2018_extra.en-ja.tsv")
        pairs += 4 * [Pair(p.en, p.other) for p in read_pairs(texts / "jsick.en-ja.tsv")]
        pairs += 2 * [
            p for p in read_pairs(texts / "jec_basic.en-ja.tsv") if not re.search("[XY〜～]", p.en + p.other)
        ]
        pairs += [
            p
            for p in read_pairs(texts / "iconclass_phrases.en-ja.tsv")
            if not re.search(r"~|FF|[()\[\]（）]", p.en + p.other)
        ]
        tests = ("laser.jpn-eng.eng", "laser.jpn-eng.jpn")
    else:
        pairs = aligned(data / "opus.eng-hin.eng", data / "opus.eng-hin.hin")
        pairs += read_pairs(data / "manythings_hin_a.txt") + read_pairs(data / "manythings_hin_b.txt")
        pairs += read_pairs(texts / "african_storybook.en-hi.tsv")
        pairs += [
            p
            for p in read_pairs(texts / "pratham_pb_source.en-hi.tsv")
            if 0.5 < len(p.other) / len(p.en) < 1.6
        ]
        pairs += aligned(data / "tico19.eng-hin.eng", data / "tico19.eng-hin.hin")
        tests = ("laser.hin-eng.eng", "laser.hin-eng.hin")
    held = {key(line) for name in tests for line in (data / name).read_text(encoding="utf-8").splitlines()}
    kept = [p for p in pairs if len(p.en) <= 60 and key(p.en) not in held and key(p.other) not in held]
    if language == "hi":
        kept = list(dict.fromkeys(kept))
    return kept


def copied(language: str, seed: int) -> Iterator[Pair]:
    """Questions about letters, words and numbers that a translation must keep as they are."""
    draw = random.Random(f"{seed}:{language}")
    words = [row["en"] for row in read_rows(HERE / "lexicon.tsv") if row["en"].isalpha()]
    frames = read_rows(HERE / "copies.tsv")
    while True:
        frame = draw.choice(frames)
        kind = draw.random()
        if kind < 0.4:
            text = str(draw.randrange(10 ** draw.randrange(1, 6)))
        elif kind < 0.5:
            text = f"{draw.randrange(1, 13)}:{draw.randrange(60):02}"
        else:
            text = " ".join(draw.choice(words) for _ in range(draw.choice((1, 1, 1, 2, 3))))
            text = draw.choice((str.upper, str.title, str.lower))(text)
        yield Pair(frame["en"].replace("#", text), frame[language].replace("#", text))


def generated(lexicon: Path, seed: int, rare: list[Entry]) -> Iterator[tuple[str, str, str]]:
    """Triples of the synchronous grammar, English lines once each."""
    templates = grammar.read_templates(HERE / "templates.tsv")
    machine = grammar.Generator(read_lexicon(lexicon), templates, seed, rare)
    seen: set[str] = set()
    for triple in machine.triples():
        if triple[0] not in seen:
            seen.add(triple[0])
            yield triple


# --- dictionaries ----------------------------------------------------------------------------------------


def written_rows() -> list[dict[str, str]]:
    """The rows of the lexicon, whose words questions have, and of the nouns that they seldom have."""
    return read_rows(HERE / "lexicon.tsv") + read_rows(HERE / "nouns.tsv")


def dictionaries(shared: Path) -> dict[str, list[Noun]]:
    """The lexicon's nouns and, behind them, those of the vote, for each language."""
    lexicon = written_rows()
    genders = {row["hi"]: row["gender"] for row in read_rows(shared / "lexicon" / "hi_gender.tsv")}
    result = {}
    for language in LANGUAGES:
        rows = sorted(
            read_rows(shared / "lexicon" / f"automatic.{language}.tsv"), key=lambda row: int(row["rank"])
        )
        result[language] = annotate.own_nouns(lexicon, language)
        if language == "hi":
            result[language] += annotate.written_nouns(read_rows(HERE / "hindi_nouns.tsv"))
        result[language] += annotate.voted_nouns(rows, language, genders)
    return result


def rare_nouns(books: dict[str, list[Noun]]) -> list[Entry]:
    """Things that the lexicon has not, as entries of the grammar: written ones, and the vote's in both."""
    known = {form for book in books.values() for noun in book if noun.own for form in noun.en}
    first: dict[str, dict[str, Noun]] = {language: {} for language in books}
    for language, book in books.items():
        for noun in book:
            first[language].setdefault(noun.en[0], noun)
    entries = [entry for entry in read_lexicon(HERE / "nouns.tsv") if entry.category == "object"]
    for english, noun in first["hi"].items():
        other = first["ja"].get(english)
        if other and english not in known and " " not in english and not english.endswith("s"):
            singular, plural = noun.en
            direct, direct_plural, oblique, oblique_plural = noun.other
            hindi = (direct, direct_plural, oblique, oblique_plural, noun.marks[0].strip("<>"))
            entries.append(Entry(singular, plural, "object", other.other[0], "つ", *hindi, frozenset()))
    return entries


def slotters(
    books: dict[str, list[Noun]], counts: dict[str, int], seed: int
) -> dict[tuple[str, str], Slotter]:
    """What draws slots, for each direction."""
    result = {}
    for language, nouns in books.items():
        for source, target in (("en", language), (language, "en")):
            rows = [row for _, row in annotate.directed(nouns, counts, target)]
            frequent = {
                word
                for forms, word in rows
                if frequency(forms if source == "en" else word.forms, counts) >= OFTEN
            }
            rare = {word for _, word in rows} - frequent
            result[source, target] = Slotter(Words(rows, source), rare, target, seed)
    return result


def directed_words(
    shared: Path, counts: dict[str, dict[str, int]], often: int = OFTEN, voted: int = OFTEN_VOTED
) -> dict[tuple[str, str], list[tuple[tuple[str, ...], Word]]]:
    """What a trained model takes slots for, for each direction: forms and translations of rare nouns.

    Args:
        shared: with the lexicons.
        counts: of words in what people wrote, by language.
        often: nouns of the lexicon that occur as often have none.
        voted: the same for nouns of the vote, which are wrong more often.
    """
    result = {}
    for language, nouns in dictionaries(shared).items():
        for source, target in (("en", language), (language, "en")):
            rows, decided = [], set[str]()
            for noun, row in annotate.directed(nouns, counts["en"], target):
                rare = frequency(row[0], counts[source]) < (often if noun.own else voted)
                if rare and row[0][0] not in decided:
                    rows.append(row)
                decided.add(row[0][0])  # ウサギ is a rabbit, which is frequent, and no bunny
            result[source, target] = rows
    return result


# --- the mix ---------------------------------------------------------------------------------------------


def endless(pairs: list[Pair], draw: random.Random) -> Iterator[Pair]:
    """All pairs in a new order again and again."""
    order = list(pairs)
    while True:
        draw.shuffle(order)
        yield from order


def mixed(
    streams: dict[tuple[str, str], Iterator[Pair]],
    slotters: dict[tuple[str, str], Slotter],
    size: int,
    seed: int,
) -> Iterator[Example]:
    """Examples of all directions and sources in their shares."""
    draw = random.Random(seed)
    directions, weights = list(DIRECTIONS), list(DIRECTIONS.values())
    for _ in range(size):
        source, target = draw.choices(directions, weights)[0]
        language = target if source == "en" else source
        name = draw.choices(list(SHARES), [share[language] for share in SHARES.values()])[0]
        pair = next(streams[name, language])
        if source != "en":
            yield Example("en", slotters[source, target].slotted(pair.other, pair.en, name != "words"))
            continue
        text = pair.en
        if draw.random() < 0.06:
            text = text.lower()
        if draw.random() < 0.06 and text.endswith("?"):
            text = text[:-1]
        yield Example(language, slotters[source, target].slotted(text, pair.other, name != "words"))


def vocabulary_lines(texts: dict[tuple[str, str], list[Pair]]) -> Iterator[str]:
    """What the vocabulary is counted on: all questions, a sample of the rest."""
    draw = random.Random(0)
    for (name, _), pairs in texts.items():
        most = len(pairs) if name == "questions" else 50_000
        for pair in draw.sample(pairs, min(most, len(pairs))):
            yield from (pair.en, pair.other)


def training_texts(
    shared: Path, questions: list[dict[str, str]], never: set[tuple[str, ...]], triples: int, seed: int
) -> dict[tuple[str, str], list[Pair]]:
    """The pairs of every source and language; none has the content words of a held-out question.

    Args:
        shared: with bitext and lexicons.
        questions: the training part; frequent ones count twice.
        never: the content words of held-out questions.
        triples: lines of the grammar.
        seed: of the grammar.
    """
    lines = generated(HERE / "lexicon.tsv", seed, rare_nouns(dictionaries(shared)))
    grammatical = [line for line in islice(lines, triples) if content(line[0]) not in never]
    handwritten = [row for row in read_rows(HERE / "handwritten.tsv") if content(row["en"]) not in never]
    words = [row for row in written_rows() if row["category"] not in NOT_ALONE]
    often = [row for row in questions if int(row["count"]) >= 5]
    texts: dict[tuple[str, str], list[Pair]] = {}
    for at, language in enumerate(LANGUAGES, 1):
        for name, rows in (("questions", questions + often), ("handwritten", handwritten), ("words", words)):
            texts[name, language] = [Pair(row["en"], row[language]) for row in rows if row[language]]
        texts["grammar", language] = [Pair(line[0], line[at]) for line in grammatical]
        texts["bitext", language] = bitext(shared, language)
        texts["copies", language] = list(islice(copied(language, seed), 20_000))
    return texts


def counted(
    texts: dict[tuple[str, str], list[Pair]], books: dict[str, list[Noun]]
) -> dict[str, dict[str, int]]:
    """How often words and the dictionaries' phrases occur in questions that people wrote, by language.

    A line in both languages counts once for English.
    """
    counts: dict[str, Counter[str]] = {}
    for language in ("en", *LANGUAGES):
        lines = {
            pair.en if language == "en" else pair.other
            for (name, other), pairs in texts.items()
            if name in QUESTIONS and language in ("en", other)
            for pair in pairs
        }
        forms = {
            form
            for other, nouns in books.items()
            if language in ("en", other)
            for noun in nouns
            for form in (noun.en if language == "en" else noun.other)
            if language == "ja" or " " in form
        }
        phrases = Words([((form,), Word((form,))) for form in forms], language)
        counts[language] = Counter()
        for line in lines:
            if phrases.spaced:
                counts[language].update(_WORD.findall(line.lower()))
            counts[language].update(
                line[each.start : each.end].lower() for each in phrases.find(line, most=len(line))
            )
    return dict(counts)


def find_vocabulary(args: argparse.Namespace, lines: Iterator[str]) -> Any:
    """The vocabulary that is there, or one that extends another, or a new one."""
    if (args.out / "spm.model").exists():
        return open_vocabulary(args.out / "spm.model")
    if args.extend:
        return extend_vocabulary(args.extend, args.out, lines)
    return train_vocabulary(lines, args.out, args.normaliser, args.pieces)


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    """A tab-separated file whose first line names the columns."""
    lines = [list(rows[0]), *(list(row.values()) for row in rows)] if rows else []
    path.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")


def main() -> None:
    """Write everything that training reads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--questions", type=Path, help="translations of questions; by default the shared ones"
    )
    parser.add_argument("--normaliser", type=Path, default=MODELS / "into_japanese" / "spm.model")
    parser.add_argument("--extend", type=Path, help="a spm.model whose pieces are kept, rather than new ones")
    parser.add_argument("--examples", type=whole(4), default=1_200_000)
    parser.add_argument("--pieces", type=whole(300), default=12_000)
    parser.add_argument("--seed", type=whole(0), default=1)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)

    questions = args.questions or args.shared / "translations" / "questions.tsv"
    rows = read_rows(questions, QUESTION_COLUMNS)
    if not all(row["count"].isdecimal() for row in rows):
        wrong = next(row for row in rows if not row["count"].isdecimal())
        where = f"{questions}, question {wrong['en']!r}"
        raise SourceError("A count is no number", where=where, expected="digits", found=wrong["count"])
    training, held = split_questions(rows)
    write_rows(args.out / "held_out.tsv", held)
    never = {content(row["en"]) for row in held}
    texts = training_texts(args.shared, training, never, args.examples // 4, args.seed)
    books = dictionaries(args.shared)
    counts = counted(texts, books)
    (args.out / "counts.json").write_text(json.dumps(counts), encoding="utf-8")
    for (name, language), pairs in texts.items():
        print(f"{name} {language}: {len(pairs):,}")
    print(f"held out: {len(held):,}", flush=True)

    vocabulary = find_vocabulary(args, vocabulary_lines(texts))
    draw = random.Random(args.seed)
    streams = {place: endless(pairs, draw) for place, pairs in texts.items()}
    drawn = mixed(streams, slotters(books, counts["en"], args.seed), args.examples, args.seed)
    arrays = encoded(drawn, vocabulary, args.seed)
    write_examples(args.out / f"examples{args.seed}.npz", arrays)
    print(f"{len(arrays['target_lengths']):,} examples, {len(arrays['target']):,} target pieces")


if __name__ == "__main__":
    main()
