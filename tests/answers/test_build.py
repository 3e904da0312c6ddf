"""A whole build: no answer is altered in silence, and every answer of the vocabulary has its label."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from vqa_builder import build, load_spec

SPEC = """
name: {name}
languages: [ja, hi]
source: {{type: table, splits: {{train: rows.jsonl}}}}
answers: {{vocabulary: {{min_count: 1}}{mode}}}
policy: lenient
release: {{licence: cc-by-4.0}}
"""
ROWS = [
    ("What colour is it?", "Red", "赤", "लाल", "table"),
    ("Is it visible?", "Yes", "はい", "हाँ", "table"),
    ("How cold is it?", "-15", "-15", "-15", "copied:form"),
    ("Which tool is it?", "C++", "C++", "C++", "copied:form"),
    ("How full is it?", "3/4", "3/4", "3/4", "table"),
    ("Who is it?", "P. Carter", "P. Carter", "P. Carter", "copied:who"),
    ("Where do we board?", "gate a", "ゲートA", "गेट A", "table"),
    ("What does the sign say?", "exit", "exit", "exit", "copied:text"),
    ("What does the sign say?", "no sign", "標識はない", "कोई साइनबोर्ड नहीं", "table"),
    ("What is there?", "A plate, and two forks.", "皿とフォーク2本", "प्लेट और 2 काँटे", "table"),
]


def released(folder: Path, name: str = "own", mode: str = "") -> dict[str, dict[str, tuple[object, ...]]]:
    """Language -> English answer -> what stands in the release, its method, its labels and soft scores."""
    lines = [
        json.dumps({"question_id": place, "image_id": place, "question": question, "answers": [answer] * 2})
        for place, (question, answer, *_) in enumerate(ROWS)
    ]
    (folder / "rows.jsonl").write_text("\n".join(lines))
    (folder / "build.yaml").write_text(SPEC.format(name=name, mode=mode))
    found: dict[str, dict[str, tuple[object, ...]]] = {}
    for release in build(load_spec(folder / "build.yaml"), folder / "out"):
        assert release.verification is not None
        assert release.verification.ok
        files = [*release.folder.glob("data/*.parquet"), *release.folder.glob("rejected/*.parquet")]
        rows = [row for file in files for row in pq.read_table(file).to_pylist()]
        found[release.language] = {
            row["multiple_choice_answer_en"]: (
                row["answers"][0]["answer"],
                row["answers"][0]["method"],
                len(row["labels"]),
                row["soft_scores"],
            )
            for row in rows
        }
        assert {row["multiple_choice_answer_method"] for row in rows} == {
            one["method"] for row in rows for one in row["answers"]
        }
    return found


def test_every_answer_says_how_it_came_about_and_has_its_label(tmp_path: Path) -> None:
    found = released(tmp_path)
    for _, answer, ja, hi, method in ROWS:
        assert found["ja"][answer] == (ja, method, 1, [1.0])
        assert found["hi"][answer] == (hi, method, 1, [1.0])


@pytest.mark.parametrize(("name", "mode"), [("own", ", mode: copy"), ("docvqa", "")])
def test_extractive_data_are_copied_but_for_yes_and_no(tmp_path: Path, name: str, mode: str) -> None:
    found = released(tmp_path, name, mode)
    for language, yes in (("ja", "はい"), ("hi", "हाँ")):
        assert found[language]["Yes"][:2] == (yes, "table")
        copied = {answer: said[0] for answer, said in found[language].items() if answer != "Yes"}
        assert all(answer == said for answer, said in copied.items())
