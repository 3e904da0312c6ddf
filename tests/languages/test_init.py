from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from vqa_builder import languages, registry
from vqa_builder.errors import UnknownNameError
from vqa_builder.languages.base import Language, known_languages


def test_languages_with_a_file_of_their_own() -> None:
    assert {"en", "hi", "ja"} <= set(registry.names("languages"))
    for code, english_name in (("en", "English"), ("hi", "Hindi"), ("ja", "Japanese")):
        language = languages.get(code)
        assert type(language) is not Language
        assert (language.code, language.name, language.english_name) == (code, code, english_name)


def test_any_other_language_is_served_by_the_base() -> None:
    german = languages.get("de")
    assert type(german) is Language
    assert german.signature == "language:de|rules:base|version:1"


def test_a_language_is_made_once() -> None:
    assert languages.get("ja") is languages.get("ja")


def test_unknown_language_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="Unknown language 'xx'") as caught:
        languages.get("xx")
    assert "ja" in str(caught.value) and "hi" in str(caught.value)


def test_every_file_has_a_row_of_its_own() -> None:
    assert set(registry.names("languages")) <= set(known_languages())


@pytest.mark.parametrize("code", sorted(known_languages()))
def test_letters_compile_in_arrow(code: str) -> None:
    language = languages.get(code)
    sample = pa.array(["cat ねこ बिल्ली"])
    assert pc.count_substring_regex(sample, language.letters)[0].as_py() >= 0
    for script in language.scripts:
        pc.count_substring_regex(sample, rf"\p{{{script}}}")


def test_the_table_is_sound() -> None:
    assert len(known_languages()) > 100
    for code, (english_name, script) in known_languages().items():
        assert 2 <= len(code) <= 3 and code.islower()
        assert english_name[0].isupper() and script[0].isupper()
