"""A sample of a release for people to judge and correct: drawn, and written as CSV and as a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import ValidationError

from vqa_builder import segments
from vqa_builder.answers.vocabulary import normalised
from vqa_builder.errors import ReleaseError
from vqa_builder.escaping import on_page
from vqa_builder.pictures import Shown
from vqa_builder.quality.policy import combined
from vqa_builder.quality.rules import COMBINE, Combination, Policy
from vqa_builder.release import manifest
from vqa_builder.release.certificate import kept_tables
from vqa_builder.release.opening import open_release
from vqa_builder.release.parquet import read_table, table_schema
from vqa_builder.release.record_view import is_records, view
from vqa_builder.release.row_pictures import shown_pictures
from vqa_builder.report import page
from vqa_builder.report.measures import FOLDERS, TEXTS, WORDS, Measure, gather, kept, measures
from vqa_builder.review import sheet_csv
from vqa_builder.review.sampling import bands, draw, probabilities
from vqa_builder.spec_errors import invalid
from vqa_builder.store import fingerprint

if TYPE_CHECKING:
    import pandas as pd

SHOWN_ANSWERS = 5
PICTURE_SIDE = 384
TEMPLATES = Path(__file__).parent / "templates"
_COLUMNS = ("question_id", *TEXTS, *WORDS, "answers", "scores", "reasons")


class Questions(NamedTuple):
    """The questions of a release.

    Attributes:
        name: the release's.
        language: ISO 639 code.
        policy: as it was applied, every bound a number.
        rows: as ``report.measures.gather`` returns them, with ``answers``, ``segment_id``, ``answer_type``.
        senses: (English answer, answer) -> sense, where the answer map has one sense alone for both.
        kept_tables: the tables that hold the kept rows -> content hash.
        are_records: whether a row is a whole record, whose texts are judged together.
        pictures: gives those of rows, for a page; None for none.
    """

    name: str
    language: str
    policy: Policy
    rows: pa.Table
    senses: Mapping[tuple[str, str], str]
    kept_tables: Mapping[str, str] = {}
    pictures: Shown | None = None
    are_records: bool = False

    @property
    def scores(self) -> pa.Table:
        """The numeric scores of all rows, a column each."""
        if "scores" not in self.rows.column_names:
            return pa.table({})
        flat = self.rows["scores"].combine_chunks()
        fields = [field for field in flat.type if pa.types.is_floating(field.type)]
        places = {field.name: place for place, field in enumerate(flat.type)}
        values = flat.flatten()
        return pa.table({field.name: values[places[field.name]] for field in fields})


class Sheet(NamedTuple):
    """A sample, ready to be written.

    Attributes:
        columns: the columns in their order.
        rows: column -> value; numbers are floats.
        questions: how many distinct questions the sample was drawn from.
    """

    columns: list[str]
    rows: list[dict[str, str | float]]
    questions: int

    @property
    def name(self) -> str:
        """A hash of what is asked, under which the page keeps its progress."""
        keys = ("language", "segment_id", "question", "answer")
        return fingerprint([[row[key] for key in keys] for row in self.rows])[:16]

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a DataFrame; filled in and written with ``to_csv``, ``review import`` takes it back."""
        import pandas as pd

        return pd.DataFrame(self.rows, columns=self.columns)


def review_sheet(release: Path | str, rows: int = 300, seed: int = 0) -> Sheet:
    """Questions of a release for people to judge, drawn across all bands of all scores.

    Args:
        release: a folder, or a release on the hub, as of ``open_release``.
        rows: how many distinct questions.
        seed: the same one draws the same questions.

    Raises:
        ReleaseError: there is no such release, or it records no policy.
    """
    return sample(questions_of(open_release(release).folder), rows, seed)


def questions_of(release: Path, *, pictures: bool = False, images: Path | None = None) -> Questions:
    """Read what people are asked about: the questions of a release, or all the texts of each of its records.

    Args:
        release: the release's folder.
        pictures: whether a page will show the pictures of rows.
        images: where pictures lie that the rows name by their file.

    Raises:
        ReleaseError: the folder is no release, or is of an older kind that records no policy.
    """
    found = manifest.load_manifest(release)
    policy = found.content.get("policy")
    if policy is None:
        raise ReleaseError(
            "The release does not record its policy", where=release, remedy="build it again with this version"
        )
    keys = [key for key in found.tables if key.split("/")[0] in FOLDERS]
    tables = {
        key: view(release, found.content, key, None) if is_records(found.content) else _table(release, key)
        for key in keys
    }
    rows = gather(tables, ["question_id", *TEXTS])
    answers = pa.chunked_array([chunk for table in tables.values() for chunk in table["answers"].chunks])
    rows = rows.append_column("answers", answers)
    distinct = rows["question_en"].combine_chunks().dictionary_encode()
    ids = [segments.segment_id("question", "", text) for text in _clean(distinct.dictionary)]
    rows = rows.append_column("segment_id", pa.array(ids, pa.string()).take(distinct.indices))
    answer_map = read_table(release, "answers/answer_map") if "answers/answer_map" in found.tables else None
    return Questions(
        found.name,
        found.language,
        _policy(policy, release / manifest.FILE),
        rows,
        _senses(answer_map),
        kept_tables(found),
        shown_pictures(release, keys, images) if pictures else None,
        is_records(found.content),
    )


def _policy(recorded: object, where: Path) -> Policy:
    try:
        return Policy.model_validate(recorded)
    except ValidationError as error:
        raise invalid(error, where, model=Policy) from None


def sample(questions: Questions, size: int, seed: int = 0) -> Sheet:
    """Draw questions and lay them out.

    Args:
        questions: of one release.
        size: how many distinct questions to draw; all of them if there are no more.
        seed: the same seed and release give the same sheet.

    >>> drawn = sample(questions_of(Path("out/vqa-ja")), 300)  # doctest: +SKIP
    >>> sheet_csv.write(Path("sheet.csv"), drawn.columns, drawn.rows)  # doctest: +SKIP
    """
    rows = questions.rows
    order = np.random.default_rng([seed, 1]).permutation(rows.num_rows)
    ids = np.array(rows["segment_id"].to_pylist(), dtype=object)[order].astype(str)
    _, first, counts = np.unique(ids, return_index=True, return_counts=True)
    units = order[first]
    keep = kept(rows)[units]
    scores = questions.scores
    codes = [bands(one, keep) for one in _measures(questions, rows.take(units), scores.take(units))]
    probability = probabilities(codes or [keep.astype(np.int64)], size)
    drawn = draw(probability, keep, seed)
    weights = counts[drawn] / probability[drawn]
    chosen = units[drawn]
    laid_out = _records(questions, chosen, scores.take(chosen), weights)
    return Sheet(sheet_csv.columns(scores.column_names), laid_out, len(units))


def of_rows(questions: Questions, rows: Sequence[int]) -> Sheet:
    """A sheet of the rows at these places, each with weight 1."""
    chosen = np.array(rows, np.int64)
    scores = questions.scores
    laid_out = _records(questions, chosen, scores.take(chosen), np.ones(len(chosen)))
    return Sheet(sheet_csv.columns(scores.column_names), laid_out, questions.rows.num_rows)


def together(sheets: Sequence[Sheet]) -> Sheet:
    """The sheets of several languages as one."""
    names = list(dict.fromkeys(name for sheet in sheets for name in sheet.columns))
    scores = [name.removeprefix(sheet_csv.SCORE) for name in names if name.startswith(sheet_csv.SCORE)]
    rows = [row for sheet in sheets for row in sheet.rows]
    return Sheet(sheet_csv.columns(scores), rows, sum(sheet.questions for sheet in sheets))


def _table(release: Path, key: str) -> pa.Table:
    there = table_schema(release, key).names
    return read_table(release, key, [name for name in _COLUMNS if name in there])


def _measures(questions: Questions, rows: pa.Table, scores: pa.Table) -> list[Measure]:
    """The scores that the policy bounds, its combination among them; all scores where it bounds none."""
    rules = questions.policy.model_dump(mode="json")
    found = measures(rows, rules)
    combination = questions.policy.rules.get(COMBINE)
    bounded = [one for one in found if one.limits]
    if isinstance(combination, Combination):
        values = combined(combination, scores).astype(np.float32)
        bounded.append(Measure(COMBINE, values, low=combination.min))
    return bounded or found


def _records(
    questions: Questions, chosen: NDArray[np.int64], scores: pa.Table, weights: NDArray[np.float64]
) -> list[dict[str, str | float]]:
    """The rows of a sheet, nothing filled in; ``picture`` is for the page alone."""
    found: list[dict[str, str | float]] = []
    rows, places = questions.rows.take(chosen), chosen.tolist()
    pictures = questions.pictures(places, PICTURE_SIDE, len(places)) if questions.pictures else {}
    flat = rows.drop_columns([name for name in ("scores",) if name in rows.column_names]).to_pylist()
    numbered = zip(flat, scores.to_pylist() or [{}] * len(flat), weights, places, strict=True)
    for row, numbers, weight, place in numbered:
        english = row["multiple_choice_answer_en"] or ""
        answer = row["multiple_choice_answer"] or ""
        texts = {name: row[name] or "" for name in ("question_en", "question", "question_back")}
        found.append(
            {
                "question_id": row["question_id"],
                "language": questions.language,
                **texts,
                "answers": _answers(row["answers"]),
                "verdict": "kept" if row["keep"] else "rejected",
                "reasons": "; ".join(row["reasons"] or []),
                "weight": float(weight),
                **{sheet_csv.SCORE + name: value for name, value in numbers.items() if value is not None},
                "split": row["split"],
                "segment_id": row["segment_id"],
                "answer_en": english,
                "answer": answer,
                "answer_sense": questions.senses.get((normalised(english), answer), ""),
                "picture": pictures.get(place, ""),
            }
        )
    return found


def _answers(answers: list[dict[str, Any]] | None) -> str:
    """The annotators' answers by frequency.

    >>> _answers([{"answer": "赤", "answer_en": "red"}] * 2)
    '赤 (red) 2'
    """
    counted = Counter((one["answer"], one["answer_en"]) for one in answers or [])
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0][1] or ""))[:SHOWN_ANSWERS]
    return "; ".join(f"{answer} ({english}) {count}" for (answer, english), count in ranked)


def _senses(answer_map: pa.Table | None) -> dict[tuple[str, str], str]:
    """What tells the senses of an English answer apart, where its translation does."""
    found: dict[tuple[str, str], set[str]] = {}
    if answer_map is not None:
        names = ("answer_en", "answer", "sense")
        for english, answer, sense in zip(*(answer_map[name].to_pylist() for name in names), strict=True):
            found.setdefault((english, answer), set()).add(sense)
    return {key: next(iter(senses)) for key, senses in found.items() if len(senses) == 1}


def _clean(texts: pa.Array) -> list[str]:
    cleaned: list[str] = segments.clean(texts, "question").to_pylist()
    return cleaned


def html_page(sheet: Sheet, title: str) -> str:
    """The sheet as a page: one question at a time, judged from the keyboard, saved as the CSV to import.

    Args:
        sheet: what is asked.
        title: names the releases.

    Returns:
        An HTML document that loads nothing from anywhere. It keeps its progress in the browser, under a name
        that is the hash of what is asked, and downloads the sheet with what was filled in.

    >>> html_page(Sheet(sheet_csv.columns(["chrf"]), [], 0), "vqa-ja")[:15]
    '<!doctype html>'
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=on_page,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    document: str = environment.get_template("review.html.j2").render(
        title=title,
        count=len(sheet.rows),
        common=(page.TEMPLATES / "common.css").read_text(encoding="utf-8"),
        style=(TEMPLATES / "review.css").read_text(encoding="utf-8"),
        script=(TEMPLATES / "review.js").read_text(encoding="utf-8"),
        data=page.json_element(_data(sheet)),
    )
    return document


def _data(sheet: Sheet) -> dict[str, Any]:
    """What the script reads: cells as the CSV writes them, so that both sheets hold the same."""
    rows = [[sheet_csv.plain(row.get(name, "")) for name in sheet.columns] for row in sheet.rows]
    pictures = [row.get("picture", "") for row in sheet.rows]
    return {
        "name": sheet.name,
        "columns": sheet.columns,
        "filled": sheet_csv.FILLED_IN,
        "rows": rows,
        "pictures": pictures,
    }
