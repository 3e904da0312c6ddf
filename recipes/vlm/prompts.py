"""How a question is put to a model, language by language; the task folders of the harnesses say the same."""

from __future__ import annotations

from vqa_builder.errors import UnknownNameError

PROMPTS = {
    "en": "Question: {question}\nAnswer with a single word or short phrase.\nAnswer:",
    "ja": "質問：{question}\n単語か短い語句で答えてください。\n答え：",
    "hi": "प्रश्न: {question}\nएक शब्द या छोटे वाक्यांश में उत्तर दीजिए।\nउत्तर:",
}


def prompt(question: str, language: str) -> str:
    """The user's turn for a question.

    >>> prompt("猫は何色ですか？", "ja")
    '質問：猫は何色ですか？\\n単語か短い語句で答えてください。\\n答え：'

    Raises:
        UnknownNameError: there is no prompt in this language.
    """
    if language not in PROMPTS:
        raise UnknownNameError("language of a prompt", language, PROMPTS)
    return PROMPTS[language].format(question=question)


def bare(text: str, language: str) -> str:
    """The question of a user's turn, without its prompt.

    >>> bare(prompt("猫は何色ですか？", "ja"), "ja")
    '猫は何色ですか？'
    """
    before, after = PROMPTS[language].split("{question}")
    return text.removeprefix(before).removesuffix(after)
