"""Numbers, colours, yes/no and quoted text in generated questions: what the engine says, and what is kept.

python -m recipes.translator.exact runs/exact --many 500
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

from recipes.lib.questions import load_questions
from recipes.translator.annotate import read_rows
from vqa_builder import build, load_spec
from vqa_builder.spec import PROTECTED_KINDS
from vqa_builder.translation.engines.mini import Mini
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.protect import Guard
from vqa_builder.translation.request import Request
from vqa_builder.translation.run import translate

HERE = Path(__file__).parent / "tables"
FRAMES = {
    "numbers": (
        "Are there # {nouns}?",
        "Are there more than # {nouns}?",
        "Can you see # {nouns} in the picture?",
        "Does the {noun} have the number # on it?",
        "Is the number # on the {noun}?",
        "Is it #:30?",
        "Is the {noun} # feet tall?",
        "What is next to the # {nouns}?",
    ),
    "colours": (
        "Is the {noun} #?",
        "Are the {nouns} #?",
        "Is the {noun} # or #?",
        "Is there a # {noun}?",
        "Where is the # {noun}?",
        "How many # {nouns} are there?",
        "What is on the # {noun}?",
        "Is the # {noun} next to the # {noun}?",
    ),
    "yes/no": (
        "Is there a {noun}?",
        "Is this a {noun}?",
        "Are there any {nouns} in the picture?",
        "Is the {noun} on the {noun}?",
        "Do you see a {noun}?",
        "Does the picture show a {noun}?",
        "Can you see the {noun}?",
        "Was the {noun} near the {noun}?",
    ),
    "quoted text": (
        'Does the {noun} say "#"?',
        'Is the word "#" on the {noun}?',
        'What does "#" mean?',
        'Where is the word "#"?',
        'Which {noun} has "#" written on it?',
        'What color is the text "#"?',
    ),
}
COLOURS = {
    "red": ("赤(?!ちゃん)|レッド", "लाल"),
    "blue": ("青|ブルー", "नील"),
    "green": ("緑|グリーン", "हर[ाीे]"),
    "yellow": ("黄", "पील"),
    "white": ("白", "सफ़ेद|सफेद"),
    "black": ("黒", "काल[ाीे]"),
    "brown": ("茶", "भूर"),
    "pink": ("ピンク", "गुलाबी"),
    "orange": ("オレンジ", "नारंगी|संतरी"),
    "purple": ("紫", "बैंगनी|जामुनी"),
    "gray": ("灰色|グレー", "स्लेटी|ग्रे|धूसर"),
}
FORMS = {  # the end and the beginning of a question that yes or no answers, and what others ask with
    "ja": (r"か[？?]$", r"何|誰|どこ|どの|どれ|どちら|どんな|いつ|いくつ|なぜ|ません"),
    "hi": (r"^क्या ", r" क्या |कौन|कहाँ|कब|कितन|कैस|क्यों|किस| नहीं"),
}


class Generated(NamedTuple):
    """A question, and what of it a translation must hold."""

    kind: str
    text: str
    exact: tuple[str, ...]


def generated(kind: str, many: int, seed: int) -> list[Generated]:
    """Distinct questions of a kind."""
    draw = random.Random(f"{kind}:{seed}")
    rows = [row for row in read_rows(HERE / "lexicon.tsv") if "top" in row["tags"].split()]
    nouns = [row for row in rows if row["en"].isalpha() and row["en_plural"]]
    upper = [row["en"].upper() for row in nouns]
    found: dict[str, Generated] = {}
    while len(found) < many:
        text = draw.choice(FRAMES[kind])
        exact = []
        for _ in range(text.count("#")):
            number = str(draw.randint(2, 12 if ":30" in text else 99))
            some = {"numbers": [number], "colours": sorted(COLOURS), "quoted text": upper}[kind]
            exact.append(draw.choice([each for each in some if each not in exact]))
            text = text.replace("#", exact[-1], 1)
        for name, column in (("{noun}", "en"), ("{nouns}", "en_plural")):
            while name in text:
                text = text.replace(name, draw.choice(nouns)[column], 1)
        found.setdefault(text, Generated(kind, text, tuple(exact)))
    return list(found.values())


def is_right(question: Generated, text: str, language: str) -> bool:
    """Whether a translation says exactly what the question says of its kind; of the rest nothing is asked.

    >>> is_right(Generated("colours", "Is the car red?", ("red",)), "車は青いですか？", "ja")
    False
    """
    if question.kind == "yes/no":
        own, others = FORMS[language]
        return bool(re.search(own, text)) and not re.search(others, text)
    if question.kind == "colours":
        place = ("ja", "hi").index(language)
        said = {name for name, words in COLOURS.items() if re.search(words[place], text)}
        return said == set(question.exact)
    if question.kind == "numbers":
        wanted = re.findall(r"\d+", question.text)
        return sorted(re.findall(r"\d+", text)) == sorted(wanted)
    return all(text.count(each) == 1 for each in question.exact)


def by_engine(questions: list[Generated], language: str) -> dict[str, str | None]:
    """The embedded engine's translations, with the spans protected that a build protects."""
    request = Request([each.text for each in questions], "en", language, "question")
    with (
        tempfile.TemporaryDirectory() as folder,
        TranslationMemory(Path(folder, "memory.sqlite")) as memory,
        Mini(Mini.Options()) as mini,
    ):
        outcome = translate(request, [mini], memory, guard=Guard(None, PROTECTED_KINDS))
    return dict(zip(request.texts, outcome.text.to_pylist(), strict=True))


def by_build(questions: list[Generated], folder: Path, policy: str) -> dict[str, dict[str, str]]:
    """Language -> English question -> the translation that a build without phrasebook keeps."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {"question_id": number, "image_id": number, "question": each.text}
        for number, each in enumerate(questions)
    ]
    (folder / "questions.json").write_text(json.dumps({"questions": rows}), encoding="utf-8")
    spec = {
        "name": "exact",
        "languages": ["ja", "hi"],
        "source": {"type": "vqa_json", "splits": {"test": {"questions": "questions.json"}}},
        "translate": {"phrasebook": False},
        "policy": policy,
    }
    (folder / "build.yaml").write_text(yaml.safe_dump(spec), encoding="utf-8")
    releases = build(load_spec(folder / "build.yaml"), folder / "releases")
    return {
        kept.language: dict(zip(kept.text_en, kept.text, strict=True))
        for kept in (load_questions(release.folder, "test") for release in releases)
    }


def share(questions: Iterable[Generated], texts: Mapping[str, str | None], language: str) -> str:
    """How many there are, and how many of these are right."""
    pairs = [(each, text) for each in questions if (text := texts.get(each.text))]
    right = sum(is_right(each, text, language) for each, text in pairs)
    return f"{right} of {len(pairs)}"


def main() -> None:
    """Print the table; write what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--many", type=int, default=500, help="questions of each kind")
    parser.add_argument("--policy", default="balanced")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    questions = [each for kind in FRAMES for each in generated(kind, args.many, args.seed)]
    kept = by_build(questions, args.out, args.policy)
    wrong = []
    print(f"| right of {args.many} | language | engine | kept by `{args.policy}` |\n|---|---|---:|---:|")
    for language, texts in kept.items():
        made = by_engine(questions, language)
        for kind in FRAMES:
            some = [each for each in questions if each.kind == kind]
            print(f"| {kind} | {language} | {share(some, made, language)} | {share(some, texts, language)} |")
        wrong += [
            f"{'kept' if texts.get(each.text) else 'made'}\t{language}\t{each.kind}\t{each.text}\t{text}\n"
            for each in questions
            if (text := made[each.text]) and not is_right(each, text, language)
        ]
    (args.out / "wrong.tsv").write_text("".join(wrong), encoding="utf-8")


if __name__ == "__main__":
    main()
