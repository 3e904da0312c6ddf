"""Errors say what, where, expected, found and what to do."""

import pickle

import pytest

from vqa_builder.errors import MissingExtraError, SourceError, UnknownNameError, VQABuilderError


def test_every_detail_stands_on_a_line_of_its_own() -> None:
    error = SourceError("No", where="a.json, record 3", expected="ten", found="three", remedy="add seven")
    assert str(error).splitlines() == [
        "No",
        "  where:    a.json, record 3",
        "  expected: ten",
        "  found:    three",
        "  do:       add seven",
    ]


def test_details_that_are_not_known_take_no_line() -> None:
    assert str(VQABuilderError("No")) == "No"


def test_an_unknown_name_lists_the_known_and_guesses_the_meant() -> None:
    text = str(UnknownNameError("engine", "mimi", ["mini", "ctranslate2"]))
    assert "Unknown engine 'mimi'" in text
    assert "ctranslate2, mini" in text
    assert "did you mean 'mini'?" in text


def test_a_missing_extra_gives_the_install_line() -> None:
    assert "pip install 'vqa-builder[tokenizers]'" in str(
        MissingExtraError("This", "tokenizers", "tokenizers")
    )


def test_what_data_say_moves_no_cursor_and_fills_no_screen() -> None:
    text = str(
        SourceError("Bad\x1b]0;title\x07", where="質問\u202e.json, record 3", found="x" * 99_999 + "end")
    )
    assert "\x1b" not in text and "\x07" not in text and "\u202e" not in text
    assert "Bad\\x1b]0;title\\x07" in text and "質問\\u202e.json, record 3" in text
    assert len(text) < 2000 and text.endswith("end")


@pytest.mark.parametrize(
    "error",
    [
        SourceError("No", where="a.json", expected="ten"),
        UnknownNameError("engine", "mimi", ["mini"]),
        MissingExtraError("This", "tokenizers", "tokenizers"),
    ],
)
def test_errors_cross_processes_whole(error: VQABuilderError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
