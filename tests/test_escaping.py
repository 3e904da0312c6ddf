"""What text would do where it goes does not happen, and what it says can still be read."""

from __future__ import annotations

import doctest
import json

import pytest
from hypothesis import given, strategies as st

from vqa_builder import escaping
from vqa_builder.escaping import bibtex, fence, iri, markdown, markdown_code, markdown_link, terminal

CONTROLS = "".join(map(chr, [*range(9), *range(11, 32), *range(127, 160), 0x2028, 0x202E, 0x2066, 0xFEFF]))


def test_examples_run() -> None:
    assert doctest.testmod(escaping).failed == 0


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("男性は眼鏡をかけていますか？", "男性は眼鏡をかけていますか？"),
        ("क्या बारिश हो रही है?", "क्या बारिश हो रही है?"),
        ("a | b", r"a \| b"),
        ("# not a heading", r"\# not a heading"),
        ("- no item", r"\- no item"),
        ("1. no item", r"1\. no item"),
        ("-15", r"\-15"),
        ("[x](javascript:alert(1))", r"\[x\](javascript:alert(1))"),
        ("![](https://example.org/p.png)", r"!\[\](https://example.org/p.png)"),
        ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
        ("&lt;b>", "&amp;lt;b>"),
        ("one\n\n---\nlicense: mit", r"one --- license: mit"),
        ("$E=mc^2$", r"\$E=mc^2\$"),
        ("~~gone~~", r"\~\~gone\~\~"),
        (None, ""),
        ("\x1b[31mred\u202e", r"\[31mred"),
    ],
)
def test_markdown(text: str | None, escaped: str) -> None:
    assert markdown(text) == escaped


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("`|\n\\~[]<")))
def test_no_text_leaves_its_cell_its_code_or_its_fence(text: str) -> None:
    for made in (markdown(text), markdown_code(text), markdown_link(text)):
        assert "\n" not in made and "\r" not in made
        assert not made.replace(r"\|", "").count("|")
    assert all(line.strip("`") or len(line) < len(fence(text)) for line in text.splitlines() if line)
    assert not set(terminal(text)) & set(CONTROLS)


def test_code_keeps_its_text_whatever_ticks_it_holds() -> None:
    assert markdown_code("a ``b`` c") == "```a ``b`` c```"
    assert markdown_code("`") == "`` ` ``"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "https://a b",
        "https://a<b>",
        "ftp://a",
        "https://a|b",
        "https://a/\u202egnp",
        "https://a\ufeff",
    ],
)
def test_only_plain_web_addresses_become_links(address: str) -> None:
    assert not markdown_link(address).startswith("<")


def test_bibtex_and_iris() -> None:
    assert bibtex("VQA\\in {Hindi} & 100 %\n}") == r"VQA\textbackslash{}in \{Hindi\} \& 100 \% \}"
    assert iri('https://example.org/a"b c') == "https://example.org/a%22b%20c"
    assert iri("https://ja.wikipedia.org/wiki/猫") == "https://ja.wikipedia.org/wiki/%E7%8C%AB"


def test_what_a_terminal_would_obey_is_shown_and_json_stays_json() -> None:
    text = "犬\x1b]0;title\x07\x9b31m\u202e\tand\nनमस्ते"
    assert terminal(text) == "犬\\u001b]0;title\\u0007\\u009b31m\\u202e\tand\nनमस्ते"
    assert json.loads(terminal(json.dumps(text, ensure_ascii=False))) == text
