"""Conversations about pictures, from releases: questions and answers, or `records` of dialogues."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from recipes.lib.questions import load_rows
from recipes.vlm.prompts import bare, prompt
from vqa_builder.errors import ReleaseError, SourceError, SpecError, UnknownNameError
from vqa_builder.store import fingerprint

if TYPE_CHECKING:
    from PIL.Image import Image

SPEAKERS = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant", "system": "system"}
IMAGE_TAG = "<image>"


@dataclass(frozen=True)
class Conversation:
    """A picture and what is said about it.

    Attributes:
        id: of the row in its release.
        image: a file, or the bytes of one.
        turns: (``system``, ``user`` or ``assistant``, text), in order; training learns the assistant's.
        language: of the texts.
    """

    id: Any
    image: Path | bytes
    turns: tuple[tuple[str, str], ...]
    language: str

    @property
    def question(self) -> Conversation:
        """Without the last answer, for a model to give."""
        turns = self.turns[:-1] if self.turns[-1][0] == "assistant" else self.turns
        return Conversation(self.id, self.image, turns, self.language)

    def picture(self) -> Image:
        """The picture, RGB.

        Raises:
            SourceError: it is missing or cannot be decoded; names the row.
        """
        from PIL import Image, UnidentifiedImageError

        try:
            with Image.open(BytesIO(self.image) if isinstance(self.image, bytes) else self.image) as opened:
                return opened.convert("RGB")
        except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
            shown = f"{len(self.image):,} bytes" if isinstance(self.image, bytes) else self.image
            raise SourceError(
                "The picture of a row cannot be read",
                where=f"row {self.id}: {shown}",
                found=error,
                remedy="mend the file, or leave the row out of the release",
            ) from error

    def seen(self) -> Image | None:
        """The picture, or None where it cannot be read, which is told on stderr."""
        try:
            return self.picture()
        except SourceError as error:
            print(f"Set aside: {error}", file=sys.stderr)
            return None


def load_conversations(
    release: str | Path,
    split: str,
    *,
    english: bool = False,
    images: Path | None = None,
    image_name: str = "{}",
    column: str = "conversations",
    together: bool = False,
) -> list[Conversation]:
    """A split of a release, in the VQA form or as `records` with a column of turns.

    A question's answer is the one that most annotators gave; questions without an answer are left out.

    Args:
        release: a release's folder, or its name on the Hub.
        split: ``train``, ``validation``, ...
        english: the English texts that stand beside the translated ones.
        images: folder of the pictures, where the rows hold none.
        image_name: the file's name, with the image's id for ``{}``: ``SCENE_{:012d}.png``.
        column: of the turns: LLaVA's ``{"from", "value"}`` or ``{"role", "content"}``.
        together: all questions about a picture as one conversation.

    Raises:
        ReleaseError: there is no such release, or its form is neither.
        UnknownNameError: it has no such split.
        SourceError: rows have no pictures.
    """
    from vqa_builder.release.manifest import load_manifest

    known = list(load_manifest(Path(release)).counts["kept"]) if Path(release).is_dir() else [split]
    if split not in known:
        raise UnknownNameError("split", split, known, where=str(release))
    rows = load_rows(release, "default", split)
    if {"question", "multiple_choice_answer"} <= set(rows.column_names):
        read = _questions
    elif column in rows.column_names:
        read = _dialogues
    else:
        raise ReleaseError(
            "The release has another form",
            where=release,
            expected=f"question and multiple_choice_answer, or {column}",
            found=", ".join(rows.column_names),
        )
    pictures = _pictures(rows, release, images, image_name)
    texts = rows.drop_columns([name for name in ("image", "images") if name in rows.column_names])
    each_row = (row for batch in texts.to_batches() for row in batch.to_pylist())
    found = list(read(each_row, pictures, english, column))
    return by_picture(found) if together and read is _questions else found


def asked(key: Any, picture: Path | bytes, question: str, answer: str, language: str) -> Conversation:
    """A question, under its prompt, and its answer."""
    turns = (("user", prompt(question, language)), ("assistant", answer))
    return Conversation(key, picture, turns, language)


def by_picture(conversations: Sequence[Conversation]) -> list[Conversation]:
    """One conversation for all that is asked about a picture, in an order by chance; only its first question
    has the prompt.

    >>> some = [asked(key, b"", question, "yes", "en") for key, question in ((1, "Red?"), (2, "Big?"))]
    >>> [text.splitlines()[0] for _, text in by_picture(some)[0].turns]
    ['Question: Red?', 'yes', 'Big?', 'yes']
    """
    groups: dict[Path | bytes, list[Conversation]] = {}
    for each in sorted(conversations, key=lambda each: fingerprint(str(each.id))):
        groups.setdefault(each.image, []).append(each)
    joined = []
    for first, *others in groups.values():
        turns = [(who, bare(text, each.language)) for each in others for who, text in each.turns]
        joined.append(replace(first, turns=(*first.turns, *turns)))
    return joined


def mixture(parts: Sequence[Sequence[Conversation]], seed: int) -> list[Conversation]:
    """All of them, shuffled: languages side by side, English among them to keep English."""
    every = [each for part in parts for each in part]
    return [every[place] for place in np.random.default_rng([seed]).permutation(len(every))]


def _questions(rows: Any, pictures: list[Path | bytes], english: bool, column: str) -> Iterator[Conversation]:
    end = "_en" if english else ""
    for row, picture in zip(rows, pictures, strict=True):
        answer, language = row[f"multiple_choice_answer{end}"], "en" if english else row["language"]
        if answer:
            yield asked(row["question_id"], picture, row[f"question{end}"], answer, language)


def _dialogues(rows: Any, pictures: list[Path | bytes], english: bool, column: str) -> Iterator[Conversation]:
    for place, (row, picture) in enumerate(zip(rows, pictures, strict=True)):
        spoken = row[f"{column}_en" if english else column]
        turns = tuple(_turn(each, f"row {row.get('row_id', place)}") for each in spoken)
        if any(speaker == "assistant" for speaker, _ in turns):
            language = "en" if english else row["language"]
            yield Conversation(row.get("row_id", place), picture, turns, language)


def _turn(said: dict[str, Any], where: str) -> tuple[str, str]:
    speaker, text = said.get("from") or said.get("role"), said.get("value") or said.get("content")
    if speaker not in SPEAKERS or not isinstance(text, str):
        raise ReleaseError(
            "A turn has another form",
            where=where,
            expected=f"from or role ({', '.join(SPEAKERS)}), value or content",
            found=str(said)[:200],
        )
    return SPEAKERS[speaker], text.replace(IMAGE_TAG, "").strip()


def _pictures(rows: pa.Table, release: str | Path, folder: Path | None, name: str) -> list[Path | bytes]:
    """One for each row: its own bytes, or the file that its id names."""
    column = next((each for each in ("image", "images") if each in rows.column_names), None)
    if column and pa.types.is_struct(rows.schema.field(column).type):
        return [each["bytes"] or Path(each["path"]) for each in rows[column].to_pylist()]
    name_of = "image_id" if "image_id" in rows.column_names else column
    ids = rows[name_of].to_pylist() if name_of else None
    if folder is None or ids is None:
        raise SourceError(
            "The release holds no pictures",
            where=release,
            expected="a column of pictures, or their folder",
            remedy="set `images` to the folder of the pictures and `image_name` to their names",
        )
    try:
        files = [folder / (each if isinstance(each, str) else name.format(each)) for each in ids]
    except (LookupError, ValueError) as error:
        wanted = "a name with the number of a picture in it, such as COCO_{:012d}.jpg"
        raise SpecError("No file has such a name", where="image_name", expected=wanted, found=error) from None
    if missing := [file for file in dict.fromkeys(files) if not file.is_file()]:
        raise SourceError(
            f"{len(missing):,} pictures are not there",
            where=missing[0],
            expected=f"files in {folder}",
            remedy="set `images` to their folder and `image_name` to their names",
        )
    return list(files)
