"""Releases of one source as the files that the trainer of cViL reads.

cViL (Gupta, Gautam and Mamidi, ICPR 2022; https://github.com/kshitij98/cViL, ``oscar/utils/task_utils.py``
and ``oscar/run_vqa_student.py``) reads a list of questions per split, each in English and in every target
language.
"""

from __future__ import annotations

import json
import pickle
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from vqa_builder import named_files, schema
from vqa_builder.errors import ReleaseError, SourceError, StorageError
from vqa_builder.release.manifest import Manifest, load_questions
from vqa_builder.release.parquet import ANSWER_MAP_KEY, read_table
from vqa_builder.store import atomic_folder
from vqa_builder.strict_json import decode
from vqa_builder.translation.aligners import words

FILES = {
    "train": "train2014_qla_mrcnn.json",
    "validation": "val2014_qla_mrcnn.json",
    "test": "test2015_qla_mrcnn.json",
}
_COLUMNS = ["question_id", "image_id", "question", "question_en", "labels", "soft_scores", "alignment"]

Row = dict[str, Any]


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        folder: where the files lie.
        rows: questions per split.
        left_out: per split, questions that some of the releases hold and others rejected.
    """

    folder: Path
    rows: dict[str, int]
    left_out: dict[str, int]


def export_cvil(releases: Sequence[Path], out: Path, tags: Path | None = None) -> Exported:
    """Join releases by question and write what cViL reads.

    Questions that every release keeps are written, with the keys ``en`` and the languages' codes (texts),
    ``ja-en``, ``hi-en`` (an item per target word: ``[word]``, or ``[word, english word, english index]``
    where it is linked), ``o`` (object tags, joined by ``;``), ``an`` (labels), ``s`` (soft scores),
    ``img_id`` and ``q_id``. ``trainval_ans2label.pkl`` and ``trainval_label2ans.pkl`` hold the vocabulary.
    The indices count the tokens of NLTK's ``word_tokenize``; punctuation marks are words without a link.

    Args:
        releases: folders of one source, a language each, built with ``align``.
        out: a folder that is not there yet.
        tags: JSON: image id -> object tags. Without it ``o`` is empty.

    Raises:
        ReleaseError: two releases of a language, other English questions or answers, or no alignments.
        SourceError: the tags cannot be read.
        StorageError: ``out`` is there already.

    >>> export_cvil([Path("linked/vqa-ja")], Path("cvil")).rows
    {'train': 3, 'validation': 1, 'test': 1}
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise StorageError("The folder is there already", where=out, remedy="name another with --out")
    found = {release: load_questions(release) for release in releases}
    languages = [manifest.language for manifest in found.values()]
    if len(set(languages)) != len(releases):
        raise ReleaseError("Two releases of one language", where=out, found=", ".join(languages))
    answers = _same_answers(found)
    tagged = _read_tags(tags)
    rows, left_out = {}, {}
    with atomic_folder(out.absolute()) as folder:
        for split in schema.SPLITS:
            tables = {
                manifest.language: _by_id(release, f"data/{split}")
                for release, manifest in found.items()
                if f"data/{split}" in manifest.tables
            }
            if len(tables) == len(found):
                lines = list(_joined(tables, tagged, split))
                (folder / FILES[split]).write_text(_json_lines(lines), encoding="utf-8")
                rows[split] = len(lines)
                left_out[split] = len(set().union(*tables.values())) - len(lines)
        for name, value in (
            ("ans2label", {answer: label for label, answer in answers.items()}),
            ("label2ans", [answers.get(label) for label in range(max(answers, default=-1) + 1)]),
        ):
            (folder / f"trainval_{name}.pkl").write_bytes(pickle.dumps(value, protocol=2))
    return Exported(out, rows, left_out)


def word_links(row: Mapping[str, Any], language: str) -> list[list[str | int]]:
    """The alignment of a row, a link per target word at most.

    A word with several links keeps the one whose English word has the fewest, the last of equals: the trainer
    mixes in only English words that one target word is linked with.

    Args:
        row: ``question_en``, ``question`` and ``alignment`` of a release's row.
        language: of the question.

    >>> pairs = [{"en": 3, "target": 0}, {"en": 2, "target": 0}, {"en": 4, "target": 1}]
    >>> word_links({"question_en": "What is the cat?", "question": "猫？", "alignment": pairs}, "ja")
    [['猫', 'cat', 3], ['？']]
    """
    english, target = words(row["question_en"], "en"), words(row["question"], language)
    often = Counter(link["en"] for link in row["alignment"])
    best: dict[int, int] = {}
    for link in sorted(row["alignment"], key=lambda each: (-often[each["en"]], each["en"])):
        if any(sign.isalnum() for sign in english[link["en"]]):
            best[link["target"]] = link["en"]
    return [
        [word, english[best[place]], best[place]] if place in best else [word]
        for place, word in enumerate(target)
    ]


def _joined(tables: Mapping[str, dict[Any, Row]], tags: Mapping[str, str], split: str) -> Iterator[Row]:
    first, *others = tables.values()
    for question_id, row in first.items():
        if not all(question_id in other for other in others):
            continue
        line: Row = {"en": row["question_en"]}
        for language, rows in tables.items():
            own = rows[question_id]
            if own["question_en"] != row["question_en"]:
                raise ReleaseError(
                    "The releases are of different sources",
                    where=f"{split}, question {question_id}",
                    expected=row["question_en"],
                    found=own["question_en"],
                )
            line |= {language: own["question"], f"{language}-en": word_links(own, language)}
        line |= {"o": tags.get(str(row["image_id"]), ""), "an": row["labels"] or []}
        line |= {"s": row["soft_scores"] or [], "img_id": row["image_id"], "q_id": question_id}
        yield line


def _by_id(release: Path, key: str) -> dict[Any, Row]:
    table = read_table(release, key, _COLUMNS)
    if table.num_rows and not pc.sum(pc.list_value_length(table["alignment"])).as_py():
        raise ReleaseError(
            "The release has no word alignments",
            where=release / key,
            remedy="build it with  align: {type: statistical}  in the spec",
        )
    return {row["question_id"]: row for row in table.to_pylist()}


def _same_answers(found: Mapping[Path, Manifest]) -> dict[int, str]:
    """Label -> English answer, which all releases must share."""
    vocabularies = []
    for release in found:
        table = read_table(release, ANSWER_MAP_KEY, ["label", "answer_en"])
        labels, answers = (table[name].to_pylist() for name in ("label", "answer_en"))
        vocabularies.append(dict(sorted(zip(labels, answers, strict=True))))
    for release, other in zip(found, vocabularies, strict=True):
        if other != vocabularies[0]:
            raise ReleaseError("The releases have different answer vocabularies", where=release)
    return vocabularies[0] if vocabularies else {}


def _read_tags(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    expected = '{"image id": ["dog", "grass"]}'
    data = named_files.read_bytes(path, "file of tags", SourceError, expected=expected)
    try:
        return {image: ";".join(tags) for image, tags in decode(data, dict[str, list[str]]).items()}
    except ValueError as error:
        raise SourceError("The tags cannot be read", where=path, expected=expected, found=error) from error


def _json_lines(lines: Sequence[Row]) -> str:
    """A JSON list with a line per question."""
    return "[\n" + ",\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n]\n"
