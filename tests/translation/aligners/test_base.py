"""The table of a build's alignments."""

import pyarrow as pa
import pytest
from pydantic import ValidationError

from vqa_builder import languages, registry
from vqa_builder.translation.aligners import align_questions, base


class Monotone(base.Aligner):
    """Links words at the same place, and says what it was given."""

    name = "monotone"
    summary = "for tests"
    Options = base.Options
    signature = "monotone|version:1"

    def align(self, sources: object, targets: object) -> pa.ListArray:
        self.given = list(zip(sources, targets, strict=True))  # type: ignore[call-overload]
        rows = [
            [{"en": place, "target": place} for place in range(min(len(one), len(other)))]
            for one, other in self.given
        ]
        return pa.array(rows, base.ALIGNMENTS.field("alignment").type)


def test_questions_with_a_translation_are_aligned_and_all_other_rows_are_empty() -> None:
    segments = pa.table(
        {
            "segment_id": ["q1", "q2", "q3", "a1"],
            "role": ["question", "question", "question", "answer"],
            "text": ["Red bus?", "Untranslated?", "Two cats", "red bus"],
        }
    )
    translations = pa.table({"text": ["लाल बस?", None, "दो बिल्लियाँ", "लाल बस"]})
    aligner = Monotone(languages.get("hi"))
    table = align_questions(segments, translations, aligner)
    assert table.schema == base.ALIGNMENTS
    assert table["segment_id"].to_pylist() == ["q1", "q2", "q3", "a1"]
    assert [len(links) for links in table["alignment"].to_pylist()] == [3, 0, 2, 0]
    assert aligner.given == [
        (["Red", "bus", "?"], ["लाल", "बस", "?"]),
        (["Two", "cats"], ["दो", "बिल्लियाँ"]),
    ]


def test_a_build_without_a_question_has_no_links() -> None:
    empty = pa.table(
        {name: pa.array([], pa.string()) for name in ("segment_id", "role", "text")},
    )
    assert align_questions(empty, empty, Monotone(languages.get("ja"))).num_rows == 0


@pytest.mark.parametrize("name", registry.names("aligners"))
def test_every_aligner_refuses_unknown_options(name: str) -> None:
    with pytest.raises(ValidationError, match="colour"):
        registry.find("aligners", name).Options(colour="red")


def test_the_signature_names_the_language() -> None:
    kind = registry.find("aligners", "statistical")
    ja, hi, again = (kind(languages.get(code)).signature for code in ("ja", "hi", "ja"))
    assert ja == again != hi
