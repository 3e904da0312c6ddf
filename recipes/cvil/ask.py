"""Ask a trained model about a picture whose features are in a store.

python -m recipes.cvil.ask runs/cvil/students/student-ja-1-88 runs/simple/features 6766 猫は何色ですか？
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, NamedTuple

import torch
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from recipes.lib.command import finish, parser
from recipes.lib.data import QuestionBatches, Questions
from recipes.lib.features import FeatureStore
from recipes.lib.models.oscar import Oscar
from recipes.lib.pretrained import pretrained
from vqa_builder.errors import SourceError
from vqa_builder.store import write_json


class Said(NamedTuple):
    """One answer, and how sure the model is of it among all it can give."""

    answer: str
    probability: float


class Answerer:
    """A model, its tokenizer and its answers, from a folder that :func:`save` wrote.

    In a recipe::

        student = Answerer(Path("runs/cvil/students/student-ja-1-88"), FeatureStore.open(Path("features")))
        student.ask(6766, "猫は何色ですか？")[0].answer  # "black"
    """

    def __init__(self, folder: Path, features: FeatureStore) -> None:
        try:
            facts = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SourceError("The folder holds no trained model", where=folder, found=error) from error
        self.model = Oscar.load(folder).eval()
        self.answers: list[str] = facts["answers"]
        self.reads: dict[str, Any] = facts["reads"]
        self.tokenizer = pretrained(AutoTokenizer, folder)
        self.features = features

    def ask(self, image_id: int | str, question: str, *, most: int = 3) -> list[Said]:
        """The most probable answers to a question about one image, the best first.

        Raises:
            SourceError: the store has no features of the image.
        """
        one = Questions([0], [image_id], [question], [question], [[]], [[]], [""], [[]], "")
        batches = QuestionBatches(
            one, self.tokenizer, self.features, batch_size=1, labels=len(self.answers), **self.reads
        )
        with torch.inference_mode():
            probabilities = self.model(**next(batches.epoch(0))).logits[0].softmax(dim=0)
        best = probabilities.topk(min(most, len(self.answers)))
        return [
            Said(self.answers[label], chance)
            for label, chance in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]


def save(
    folder: Path, model: Oscar, tokenizer: PreTrainedTokenizerBase, answers: list[str], reads: dict[str, int]
) -> None:
    """Write all that asking needs: weights, tokenizer, answers, and how much of a picture the model reads."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(folder)
    model.save(folder)
    write_json(folder / "vocabulary.json", {"answers": answers, "reads": reads})


def main() -> int:
    """The command line: answers with their probabilities, best first."""
    made = parser(__doc__, settings=False)
    made.add_argument("student", type=Path, help="a folder under students/ of a run")
    made.add_argument("features", type=Path, help="a feature store")
    made.add_argument("image", help="id of an image in the store")
    made.add_argument("question")
    return finish(_ask, made)


def _ask(args: argparse.Namespace) -> None:
    for answer, probability in Answerer(args.student, FeatureStore.open(args.features)).ask(
        args.image, args.question
    ):
        print(f"{probability:6.1%}  {answer}")


if __name__ == "__main__":
    raise SystemExit(main())
