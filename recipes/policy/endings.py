"""Derive the table of telling word endings of a language, vqa_builder/languages/endings_<code>.tsv.

    python -m recipes.policy.endings hi > vqa_builder/languages/endings_hi.tsv

An ending (the last 1-4 characters of a word, "^" standing for its beginning) weighs the logarithm of how
much more frequent it is in the language than in its neighbours. Only frequencies are kept, of FLORES-101
dev and NTREX-128 lines 1, 3, 5, ... (CC BY-SA 4.0) and Tatoeba (CC BY 2.0 FR); lines 2, 4, 6, ... stay
unseen for language_id.py.
"""

from __future__ import annotations

import argparse
import math
import unicodedata
from collections import Counter

from recipes.policy.common import lines
from vqa_builder.languages._signs import LONGEST_ENDING, WORD, endings_of

TEXTS = {
    "hi": ["flores/flores101.dev.hi", "parallel_tatoeba/opus.eng-hin.hin", "ntrex/newstest2019-ref.hin.txt"],
}
NEIGHBOURS = {"hi": ["ntrex/newstest2019-ref.mar.txt", "ntrex/newstest2019-ref.nep.txt"]}
FEWEST = 5
SMALLEST_GAIN = 0.5


def count(files: list[str]) -> tuple[Counter[str], int]:
    """How often each ending occurs, and the number of words; every other line of NTREX."""
    found: Counter[str] = Counter()
    words = 0
    for name in files:
        for line in lines(name)[:: 2 if name.startswith("ntrex") else 1]:
            for word in WORD.findall(unicodedata.normalize("NFKC", line)):
                words += 1
                found.update(endings_of(word))
    return found, words


def weigh(language: str) -> dict[str, float]:
    """Ending -> weight, where it says something that a shorter ending does not."""
    own, own_words = count(TEXTS[language])
    other, other_words = count(NEIGHBOURS[language])
    kept: dict[str, float] = {}
    frequent = [ending for ending in own | other if own[ending] + other[ending] >= FEWEST]
    for ending in sorted(frequent, key=lambda ending: (len(ending), ending)):
        odds = (own[ending] + 0.5) / (own_words + 1) * (other_words + 1) / (other[ending] + 0.5)
        shorter = next((kept[ending[at:]] for at in range(1, len(ending)) if ending[at:] in kept), 0.0)
        if len(ending) == 1 or abs(math.log(odds) - shorter) > SMALLEST_GAIN:
            kept[ending] = math.log(odds)
    return kept


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("language", choices=sorted(TEXTS))
    print("ending\tweight")
    for ending, weight in sorted(weigh(parser.parse_args().language).items()):
        print(f"{ending}\t{weight:.2f}")


if __name__ == "__main__":
    assert LONGEST_ENDING == 4
    main()
