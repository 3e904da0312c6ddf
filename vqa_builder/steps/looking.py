"""Senses that a picture tells: an engine that sees is asked which one an answer means, row by row.

Only engines whose spec says ``images`` are sent pictures, and only those that the spec points to: in the rows
of the source, or in ``release.images.folder``. What an engine said is remembered under the picture's SHA-256.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from vqa_builder.answers import senses
from vqa_builder.answers.annotator_answers import Numbers
from vqa_builder.batches import Batches
from vqa_builder.errors import SpecError
from vqa_builder.pictures import Pictures
from vqa_builder.release.images import check_images, images_fingerprint
from vqa_builder.steps.build_context import SOURCE_LANGUAGE, BuildContext
from vqa_builder.store import file_hash
from vqa_builder.translation import run
from vqa_builder.translation.engines.openai import OpenAI
from vqa_builder.translation.request import SENSE, Request, sense_context

VERSION = "1"


def seeing_engine(job: BuildContext) -> OpenAI | None:
    """The first engine that the spec lets see pictures; None in a plan and in a part of a build, which ask
    nobody.

    Raises:
        SpecError: engines work on other machines, where the pictures are not.
    """
    inside = [(engine, getattr(engine, "engine", engine)) for engine in job.plugins.engines]
    engines = [engine for engine, own in inside if getattr(own, "images", None)]
    if not engines or not job.may_ask:
        return None
    if not isinstance(engines[0], OpenAI):
        raise SpecError(
            "Engines that see pictures work in this process only",
            where="translate.engine.images",
            remedy="leave out --executor ray, or images",
        )
    return engines[0]


def parameters(job: BuildContext) -> list[object] | None:
    """What senses depend on where an engine sees pictures; None where none does."""
    engine = seeing_engine(job)
    if engine is None:
        return None
    pictures = images_fingerprint(job.spec.release.images, job.spec.folder)
    return [engine.signature, engine.images, pictures, VERSION]


def looker(job: BuildContext, examples: pa.Table) -> Look | None:
    """What tells senses by pictures; None where no engine sees.

    Args:
        job: the build.
        examples: the source's rows.
    """
    engine = seeing_engine(job)
    if engine is None:
        return None
    files = _Files(job, examples)
    engine.pictures = files.read
    return Look(job, engine, examples["question"], files.key)


class Look:
    """Asks an engine which sense of an answer a picture shows; see ``answers.senses.Looks``."""

    def __init__(
        self,
        job: BuildContext,
        engine: OpenAI,
        questions: pa.ChunkedArray,
        key_of: Callable[[int], str | None],
    ) -> None:
        self._job, self._engine, self._questions, self._key_of = job, engine, questions, key_of
        self.always = engine.images == "always"

    def __call__(self, answer: str, meant: Sequence[str], rows: Numbers) -> Numbers:
        """(n,) rows -> for each the place of the sense that its picture shows, -1 where it does not tell."""
        found = np.full(len(rows), -1)
        seen = [(at, key) for at, row in enumerate(rows.tolist()) if (key := self._key_of(row))]
        if not seen:
            return found
        contexts = [sense_context(key, self._questions[int(rows[at])].as_py(), meant) for at, key in seen]
        places = {sense: place for place, sense in enumerate(meant)}
        for (at, _), said in zip(seen, self._asked([answer] * len(seen), contexts), strict=True):
            found[at] = places.get((said or "").strip().lower(), -1)
        return found

    def _asked(self, answers: list[str], contexts: list[str]) -> list[str | None]:
        job = self._job
        request = Request(answers, SOURCE_LANGUAGE, job.spec.languages[0], SENSE, contexts)
        outcome = run.translate(request, [self._engine], job.memory, ledger=job.ledger, progress=job.progress)
        texts: list[str | None] = outcome.text.to_pylist()
        return texts


class Listed(Look):
    """Lists what would be asked, and asks nobody.

    Attributes:
        answers, contexts: of every question.
    """

    answers: list[str]
    contexts: list[str]

    def _asked(self, answers: list[str], contexts: list[str]) -> list[str | None]:
        self.answers += answers
        self.contexts += contexts
        return [None] * len(answers)


def to_look_at(job: BuildContext, examples: Batches) -> tuple[OpenAI, Request] | None:
    """The engine that a build would show pictures, and all that it would be asked; None where none sees."""
    engine = seeing_engine(replace(job, may_ask=True))
    if engine is None:
        return None
    answers, contexts = list[str](), list[str]()

    def look_at(rows: pa.Table) -> Listed:
        listed = Listed(job, engine, rows["question"], _Files(job, rows).key)
        listed.answers, listed.contexts = answers, contexts
        return listed

    for _ in senses.assign(examples, job.plugins.sense_rules, look_at=look_at):
        pass
    return engine, Request(answers, SOURCE_LANGUAGE, job.spec.languages[0], SENSE, contexts)


class _Files:
    """The picture of each row: those of the source's rows, else those of the folder that the spec names."""

    def __init__(self, job: BuildContext, examples: pa.Table) -> None:
        self._pictures: Pictures = job.pictures
        self._examples, settings = examples, job.spec.release.images
        self._root = check_images(settings, job.spec.folder)
        self._settings = settings
        self._paths: dict[str, Path] = {}
        self._hash = cache(file_hash)

    def key(self, row: int) -> str | None:
        """The SHA-256 of a row's picture, the first of several; None where there is none."""
        if "image" in self._examples.column_names:
            value = self._examples["image"][row].as_py()
            value = value[0] if isinstance(value, list) and value else value
            return value["bytes"].hex() if value and value["bytes"] else None
        if self._root is None or self._settings is None or not self._settings.file:
            return None
        pattern = self._settings.pattern(self._examples["split"][row].as_py())
        path = (self._root / pattern.format(image_id=self._examples["image_id"][row].as_py())).resolve()
        if not path.is_relative_to(self._root.resolve()) or not path.is_file():
            return None
        key = self._hash(path)
        self._paths[key] = path
        return key

    def read(self, key: str) -> bytes | None:
        """The bytes of a picture."""
        path = self._paths.get(key)
        return path.read_bytes() if path else self._pictures.read(bytes.fromhex(key))
