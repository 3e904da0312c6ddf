"""Seeds 5,000 spans that must not change and counts what is kept: python -m tests.benchmarks.protected [ja]

Ten kinds of spans in questions about pictures, before, inside and after the sentence, through the embedded
engine. Prints by kind how many texts there are, how many were lost (no translation, so that the row is
rejected), and in how many of the others a span was changed, which must be none.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from vqa_builder.spec import PROTECTED_KINDS
from vqa_builder.translation.engines.mini import Mini
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.protect import Guard
from vqa_builder.translation.request import Request
from vqa_builder.translation.run import translate

SPANS = 5000
FRAMES = (
    "What is the man next to {} holding?",
    "Is {} in the picture?",
    "What color is {}?",
    "Does the sign say {}?",
    "Where is {}?",
    "{} What color is the bus?",
    "What color is the bus? {}",
    "How many people are there?\n{}",
    "{}\nIs the woman smiling?",
    "Is the cat near {} or the dog?",
)
WORDS = (
    "stop",
    "open",
    "exit",
    "main",
    "cat",
    "bus",
    "red",
    "menu",
    "home",
    "park",
    "sale",
    "north",
    "coffee",
)


def spans() -> dict[str, Callable[[random.Random], str]]:
    """A maker of spans for each kind."""

    def word(dice: random.Random) -> str:
        return dice.choice(WORDS)

    def number(dice: random.Random) -> str:
        return str(dice.choice((dice.randint(2, 99), round(dice.uniform(0.1, 99), 1))))

    return {
        "urls": lambda dice: f"https://{word(dice)}.{dice.choice(('com', 'org/a', 'co.jp/x?y=1'))}",
        "emails": lambda dice: f"{word(dice)}.{dice.randint(1, 99)}@{word(dice)}.org",
        "code": lambda dice: f"`{word(dice)}({number(dice)})`",
        "latex": lambda dice: f"${dice.choice('xyz')}^{dice.randint(2, 9)} + {number(dice)}$",
        "tags": lambda dice: dice.choice(("<image>", "{" + word(dice) + "}", "%s", "<box>(1,2),(3,4)</box>")),
        "coordinates": lambda dice: f"({dice.randint(0, 640)}, {dice.randint(0, 480)})",
        "ids": lambda dice: dice.choice((f"img_{dice.randint(1, 999):03}.jpg", f"B{dice.randint(10, 99)}")),
        "emoji": lambda dice: dice.choice(("🐱", "👨‍👩‍👧", "🚌", "❤️", "🇯🇵", "👍🏽")),
        "quotes": lambda dice: f'"{word(dice).upper()} {word(dice).title()}"',
        "quantities": lambda dice: dice.choice(("-{}", "{}%", "${}", "{} km", "{} °C")).format(number(dice)),
    }


def main() -> None:
    """One table per language."""
    makers, dice = spans(), random.Random(7)
    seeded = [
        (kind, span, frame.format(span))
        for number in range(SPANS // len(makers))
        for kind, make in makers.items()
        for span, frame in [(make(dice), FRAMES[number % len(FRAMES)])]
    ]
    for language in sys.argv[1:] or ("ja", "hi"):
        with (
            tempfile.TemporaryDirectory() as folder,
            TranslationMemory(Path(folder, "memory.sqlite")) as memory,
            Mini(Mini.Options()) as mini,
        ):
            request = Request([text for _, _, text in seeded], "en", language, "question")
            outcome = translate(request, [mini], memory, guard=Guard(None, PROTECTED_KINDS))
        rows = list(zip(seeded, outcome.text.to_pylist(), strict=True))
        print(f"| {language} | texts | lost | changed in kept |\n|---|---:|---:|---:|")
        for kind in (*makers, "all"):
            some = [(span, text) for (of, span, _), text in rows if kind in (of, "all")]
            lost = sum(text is None for _, text in some)
            changed = sum(text is not None and span not in text for span, text in some)
            print(f"| {kind} | {len(some):,} | {lost / len(some):.1%} | {changed} |")


if __name__ == "__main__":
    main()
