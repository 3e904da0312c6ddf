"""A model's answers in words, and their accuracy by the metric of ``vqa-builder evaluate``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import torch

from recipes.lib.evaluate import score
from recipes.lib.precision import autocast
from recipes.lib.questions import load_questions
from recipes.lib.translate_questions import into_english
from recipes.lib.wordings import read_held_out, seen_and_unseen
from recipes.vlm.batches import begins_alike, encode
from recipes.vlm.config import ENGLISH, Config
from recipes.vlm.conversations import Conversation, load_conversations
from recipes.vlm.prompts import prompt
from vqa_builder import languages

BATCH, NEW_PIECES = 64, 24


def ask(config: Config, model: Any, processor: Any, language: str) -> dict[str, Any]:
    """The accuracy over the validation questions of one language, as a line of results.

    Answers are words of the language that was asked in; under ``translate_test`` they are English labels, and
    go through the release's answer map as those of a classifier do.
    """
    release = config.release(language)
    where: dict[str, Any] = {"images": config.images, "image_name": config.image_name}
    where["english"] = language == ENGLISH
    asked = load_conversations(release, "validation", **where)[: config.questions]
    through_english = config.translate_test and language != ENGLISH
    if config.blind:
        said = blind_answers(load_conversations(release, "train", **where), asked)
    else:
        put = _in_english(config, release, asked) if through_english else asked
        said = answers(model, processor, put, precision=config.precision)
    spoken = said if through_english else in_its_script(said, language)
    found = score(
        [{"question_id": each.id, "answer": text} for each, text in zip(asked, spoken, strict=True)],
        release,
        "validation",
        language=language,
        answers_in="target" if through_english else "words",
        only=[each.id for each in asked],
        groups=seen_and_unseen(release, "validation", english=language == ENGLISH)
        | read_held_out(config.held_out),
    )
    other = sum(one != two for one, two in zip(said, spoken, strict=True))
    return {"row": config.row, "seed": config.seed, "in_another_script": other, **found.record()}


def answers(
    model: Any, processor: Any, conversations: Sequence[Conversation], *, precision: Any = "fp32"
) -> list[str]:
    """What the model says, greedily, up to the end of its turn; nothing about a picture that cannot be read.

    Args:
        model: of transformers, with adapters or without; comes back as it was.
        processor: of the model.
        conversations: the last answer of each is not looked at.
        precision: of the computation.
    """
    asked = [each.question for each in conversations]
    order = sorted(range(len(asked)), key=lambda place: len(asked[place].turns[-1][1]))
    said, training = [""] * len(asked), model.training
    device = next(model.parameters()).device
    model.eval()
    try:
        for at in range(0, len(order), BATCH):
            shown = {place: seen for place in order[at : at + BATCH] if (seen := asked[place].seen())}
            if not shown:
                continue
            some = [asked[place] for place in shown]
            batch = encode(processor, some, side="left", ask=True, pictures=list(shown.values()))
            batch = {name: value.to(device) for name, value in batch.items()}
            with torch.inference_mode(), autocast(device, precision):
                made = model.generate(**batch, max_new_tokens=NEW_PIECES, do_sample=False)
            texts = processor.batch_decode(made[:, batch["input_ids"].shape[1] :], skip_special_tokens=True)
            for place, text in zip(shown, texts, strict=True):
                said[place] = text.strip()
    finally:
        model.train(training)
    return said


def blind_answers(learned: Sequence[Conversation], asked: Sequence[Conversation]) -> list[str]:
    """The commonest answer to the same text; to another text, that of the learned one which begins and ends
    most like it.

    >>> from recipes.vlm.conversations import asked as question
    >>> some = [question(1, b"", "What color is it?", "red", "en"), question(2, b"", "Is it?", "no", "en")]
    >>> blind_answers(some, [question(3, b"", "What color is the cow?", "", "en")])
    ['red']
    """
    counts: dict[str, Counter[str]] = {}
    for each in learned:
        counts.setdefault(each.turns[0][1], Counter())[each.turns[-1][1]] += 1
    backwards = {text: text[::-1] for text in counts}

    def likest(text: str) -> str:
        end = text[::-1]
        return max(counts, key=lambda own: begins_alike(own, text) + begins_alike(backwards[own], end))

    texts = [each.turns[0][1] for each in asked]
    known = {text: text if text in counts else likest(text) for text in dict.fromkeys(texts)}
    return [counts[known[text]].most_common(1)[0][0] for text in texts]


def in_its_script(said: Sequence[str], language: str) -> list[str]:
    """Answers without those in the letters of another language, which are wrong: a tuned model may answer in
    the language that it was tuned on, and the metric refuses predictions that are mostly so.

    >>> in_its_script(["赤", "red", "लाल", "2"], "ja")
    ['赤', 'red', '', '2']
    """
    texts = pa.array(said, pa.string())
    known = rf"{languages.get(language).letters}|\p{{Latin}}"
    foreign = pc.and_not(pc.match_substring_regex(texts, r"\p{L}"), pc.match_substring_regex(texts, known))
    kept: list[str] = pc.if_else(foreign, "", texts).to_pylist()
    return kept


def _in_english(config: Config, release: str, asked: Sequence[Conversation]) -> list[Conversation]:
    """The same questions as an engine says them in English; translated once for all rows and seeds."""
    questions = load_questions(release, "validation")
    english = into_english(questions, memory=config.out / "memory.sqlite").questions
    texts = dict(zip(english.question_id, english.text, strict=True))
    return [replace(each, turns=(("user", prompt(texts[each.id], ENGLISH)),)) for each in asked]
