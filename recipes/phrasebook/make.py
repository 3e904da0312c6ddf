"""Make the phrasebook of the package: line-by-line translations of questions, their words unified by tables.

    python -m recipes.phrasebook.make ../shared/translations/questions.tsv vqa_builder/translation/phrasebook

``sample.tsv`` adds the questions of the embedded sample; ``terms.tsv`` holds what is replaced, keyed on
the English; ``lines.tsv`` holds the lines that were written anew. The result is ``questions.tsv.xz`` and its
SHA-256; the same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import lzma
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
COLUMNS = ("en", "ja", "hi")
_ASKS = r"(is|are|was|were|do|does|did|has|have|should|will|would)\b"
_DEVANAGARI = "[ऀ-ॿ]"


def normalised(question: str) -> str:
    """What a question is looked up by: lower case, single spaces, no final mark.

    >>> normalised("What  color is the cat ?")
    'what color is the cat'
    """
    return re.sub(r"[\s?.]+$", "", re.sub(r"\s+", " ", question).strip()).lower()


@dataclass(frozen=True)
class Term:
    """A replacement in one language.

    Attributes:
        language: ``ja`` or ``hi``.
        english, unless: what the English question must hold, and must not hold.
        beside: what the translation into the other language must hold.
        find, replace: as for ``re.sub``; in Hindi only whole words are found.
    """

    language: str
    english: re.Pattern[str]
    unless: re.Pattern[str] | None
    beside: re.Pattern[str] | None
    find: re.Pattern[str]
    replace: str

    @classmethod
    def of(cls, row: dict[str, str]) -> Term:
        """A row of ``terms.tsv``."""
        find = row["find"]
        if row["language"] == "hi":
            find = f"(?<!{_DEVANAGARI})(?:{find})(?!{_DEVANAGARI})"
        return cls(
            row["language"],
            re.compile(row["english"], re.IGNORECASE),
            re.compile(row["unless"], re.IGNORECASE) if row["unless"] else None,
            re.compile(row["beside"]) if row["beside"] else None,
            re.compile(unicodedata.normalize("NFC", find)),
            unicodedata.normalize("NFC", row["replace"]),
        )

    def applied(self, row: dict[str, str]) -> str:
        """The translation of a row with this term in place."""
        text, other = row[self.language], row["hi" if self.language == "ja" else "ja"]
        if (
            not self.english.search(row["en"])
            or (self.unless and self.unless.search(row["en"]))
            or (self.beside and not self.beside.search(other))
        ):
            return text
        return self.find.sub(self.replace, text)


def unified(row: dict[str, str], terms: Iterable[Term]) -> dict[str, str]:
    """A row with every term in place, in their order, and what no table can say."""
    row = {name: unicodedata.normalize("NFC", row[name].strip()) for name in COLUMNS}
    for term in terms:
        row[term.language] = term.applied(row)
    row["hi"] = without_kya(row)
    row["hi"] = number_of(row)
    return row


def without_kya(row: dict[str, str]) -> str:
    """A question that offers a choice does not begin with क्या; the Japanese asks twice where it is one."""
    choice = "それとも" in row["ja"] or len(re.findall("か[、？]", row["ja"])) > 1
    if (
        choice
        and re.match(_ASKS, row["en"], re.IGNORECASE)
        and re.search(r"\bor\b", row["en"])
        and " या " in row["hi"]
        and not row["hi"].endswith("या नहीं?")
    ):
        return re.sub("^क्या ", "", row["hi"])
    return row["hi"]


def number_of(row: dict[str, str]) -> str:
    """What number is the batter? asks for his number: बल्लेबाज़ का नंबर क्या है?"""
    found = re.fullmatch(r"(.+) कितने नंबर (?:का|की|के) (?:है|हैं)\?", row["hi"])
    if not found or not re.match(r"what number (is|are) (?!on|in)", row["en"], re.IGNORECASE):
        return row["hi"]
    who = found[1]
    if who in ("वह", "यह"):
        return {"वह": "उसका", "यह": "इसका"}[who] + " नंबर क्या है?"
    who = re.sub("^यह ", "इस ", re.sub("^वह ", "उस ", who))
    who = re.sub("वाला(?= )", "वाले", who)
    return re.sub("ा$", "े", who) + " का नंबर क्या है?"


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a tab-separated file whose first line names the columns."""
    with path.open(encoding="utf-8", newline="") as handle:
        rows = csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [{name: value or "" for name, value in row.items()} for row in rows]


def make(
    questions: list[dict[str, str]], terms: list[Term], lines: list[dict[str, str]]
) -> list[dict[str, str]]:
    """One row per normalised question, the most frequent spelling first."""
    written = {row["en"]: row for row in lines}
    result: dict[str, dict[str, str]] = {}
    for source in questions:
        row = unified(source, terms)
        for language in ("ja", "hi"):
            row[language] = written.get(row["en"], {}).get(language) or row[language]
        result.setdefault(normalised(row["en"]), row)
    return list(result.values())


def main() -> None:
    """Write the phrasebook."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--plain", type=Path, help="write the table uncompressed here as well")
    args = parser.parse_args()
    questions = [*read(args.questions), *read(HERE / "sample.tsv")]
    rows = make(questions, [Term.of(row) for row in read(HERE / "terms.tsv")], read(HERE / "lines.tsv"))
    text = "".join(
        "\t".join(row[name] for name in COLUMNS) + "\n"
        for row in [dict(zip(COLUMNS, COLUMNS, strict=True)), *rows]
    )
    if args.plain:
        args.plain.write_text(text, encoding="utf-8")
    args.out.mkdir(parents=True, exist_ok=True)
    content = lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME)
    (args.out / "questions.tsv.xz").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    (args.out / "questions.sha256").write_text(f"{digest}  questions.tsv.xz\n", encoding="utf-8")
    before = {row["en"]: row for row in questions}
    changed = Counter(name for row in rows for name in ("ja", "hi") if row[name] != before[row["en"]][name])
    found = f"ja {changed['ja']:,}, hi {changed['hi']:,}"
    print(f"{len(rows):,} questions, {len(content):,} bytes; changed: {found}")


if __name__ == "__main__":
    main()
