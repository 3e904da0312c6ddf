"""What a build.yaml may say, as checked models: unknown keys and wrong types are errors."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from string import Formatter
from typing import Any, Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from vqa_builder import named_files
from vqa_builder.errors import SpecError
from vqa_builder.spec_base import (
    Budget as Budget,
    EnginePlugin as EnginePlugin,
    LanguageCode,
    Model,
    Name,
    Pattern,
    Plugin as Plugin,
    Price as Price,
    Repository,
    Version,
)

ProtectedKind = Literal[
    "code",
    "coordinates",
    "emails",
    "emoji",
    "ids",
    "latex",
    "numbers",
    "quantities",
    "quotes",
    "tags",
    "urls",
]
PROTECTED_KINDS: tuple[ProtectedKind, ...] = tuple(
    kind for kind in get_args(ProtectedKind) if kind != "numbers"
)
DEFAULT_SCORES = (
    "script",
    "langid",
    "copy",
    "length",
    "repetition",
    "loops",
    "spans",
    "artefacts",
    "numerals",
    "question_form",
    "chrf",
    "content",
    "agreement",
    "lexical",
    "cross_entropy",
    "grammar",
)


class AnswersInContext(Model):
    """Whether engines see answers in the context of their questions, and in how many (see answers/).

    ``auto`` gives them frames ("The animal is bat."), or the questions to engines that use contexts, for
    labels that no table translates; ``none`` translates every answer on its own.

    Attributes:
        context: ``auto`` or ``none``.
        top: how many contexts of each answer.
    """

    context: Literal["auto", "none"] = "auto"
    top: int = Field(2, ge=1)


class Translation(Model):
    """How texts are translated.

    Attributes:
        engine: an engine, or a chain: the second is asked for what the first could not translate.
        second_opinion: an engine or a chain that is asked for what the policy rejects of ``engine``'s.
        best_of: engines that all translate everything, instead of ``engine``; the best candidate is kept.
        choose_by: the score that decides between candidates that the policy keeps.
        batch_size: strings per call of an engine.
        glossary: a TSV file of terms; ``{language}`` stands for the language's code.
        protect: what engines must not touch; all kinds but ``numbers`` unless the spec names some, none
            where it says ``false``.
        phrasebook: whether ready translations of questions are asked before engines.
        answers: in which contexts answers are translated.
    """

    engine: tuple[EnginePlugin, ...] = Field((EnginePlugin(type="mini"),), min_length=1)
    second_opinion: tuple[EnginePlugin, ...] | None = Field(None, min_length=1)
    best_of: tuple[EnginePlugin, ...] | None = Field(None, min_length=2)
    choose_by: str = "chrf"
    batch_size: int = Field(4096, ge=1)
    glossary: str | None = None
    protect: tuple[ProtectedKind, ...] = PROTECTED_KINDS
    phrasebook: bool = True
    answers: AnswersInContext = AnswersInContext()

    @field_validator("engine", "second_opinion", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return value if isinstance(value, list | tuple) or value is None else [value]

    @field_validator("protect", mode="before")
    @classmethod
    def _all_or_none(cls, value: object) -> object:
        return PROTECTED_KINDS if value is True or value is None else () if value is False else value

    @model_validator(mode="after")
    def _best_of_stands_alone(self) -> Self:
        if self.best_of and (self.second_opinion or "engine" in self.model_fields_set):
            raise ValueError("best_of names all engines: leave out engine and second_opinion")
        return self

    @property
    def chains(self) -> tuple[tuple[EnginePlugin, ...], ...]:
        """The chains of engines whose translations compete; one, unless the spec asks for a choice."""
        if self.best_of:
            return tuple((plugin,) for plugin in self.best_of)
        return (self.engine, self.second_opinion) if self.second_opinion else (self.engine,)

    @property
    def plugins(self) -> tuple[EnginePlugin, ...]:
        """Every engine, in order."""
        return tuple(plugin for chain in self.chains for plugin in chain)


class Vocabulary(Model):
    """Where the answer vocabulary comes from: a file, the most frequent answers, or a minimum count.

    Attributes:
        from: a JSON file of answers, as a list or ``{answer: id}``; label ids stay as they are.
        size: so many of the most frequent answers.
        min_count: answers that win so many questions.
    """

    from_: Path | None = Field(None, alias="from")
    size: int | None = Field(None, ge=1)
    min_count: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(value is not None for value in (self.from_, self.size, self.min_count)) != 1:
            raise ValueError("give exactly one of from, size and min_count")
        return self


AnswerMode = Literal["translate", "copy", "auto"]


class Answers(Model):
    """How answers are aligned.

    Attributes:
        mode: ``translate`` them; ``copy`` them, since they quote text in the picture; or ``auto``, which
            decides by each question and the form of the answer. None for the source's own mode: ``auto``, or
            ``copy`` for extractive data such as TextVQA and DocVQA.
        modes: patterns of questions (RE2, without case) and the mode of those that match; the first counts.
        vocabulary: where the labels come from.
        glossary: a TSV file of answers (see ``answers.glossary``); ``{language}`` stands for the language's
            code.
    """

    vocabulary: Vocabulary = Vocabulary(min_count=9)
    glossary: str | None = None
    mode: AnswerMode | None = None
    modes: dict[Pattern, AnswerMode] = Field(default_factory=dict)


class SourceLicence(Model):
    """Where the English data come from, for the card.

    Attributes:
        name: of the data set.
        licence: its terms, as its owners word them.
        url: where it lies.
    """

    name: str
    licence: str | None = None
    url: str | None = None


class Images(Model):
    """The column ``image``: what refers to the source's image, or the image itself.

    Attributes:
        file: the image's file name, such as ``COCO_train2014_{image_id:012d}.jpg``; one for all splits, or
            one for each; left out, the images in the rows of the source count, where it has some.
        url: where the image lies, with ``{file}`` or ``{image_id}``; the column holds it, not the name.
        folder: where the files lie, to look at them; problems are named in ``image_problems.jsonl``.
        embed: put the images themselves into the rows; left out, images in the rows of the source stay in the
            rows, and others are referred to.
        licence: of the images; needed to embed files, and to publish images.
        max_pixels, max_bytes: larger images are named and not embedded.
    """

    file: str | dict[str, str] | None = None
    url: str | None = None
    folder: Path | None = None
    embed: bool | None = None
    licence: str | None = None
    max_pixels: int = Field(50_000_000, ge=1)
    max_bytes: int = Field(50_000_000, ge=1)

    @model_validator(mode="after")
    def _embedding_needs_files_and_a_licence(self) -> Self:
        if self.embed and self.file and not (self.folder and self.licence):
            raise ValueError("embed needs the folder of the images, and their licence, which must allow it")
        return self

    @model_validator(mode="after")
    def _patterns_ask_for_no_more_than_a_number(self) -> Self:
        files = [self.file] if isinstance(self.file, str) else list((self.file or {}).values())
        for pattern in filter(None, (*files, self.url)):
            for _, name, form, _ in Formatter().parse(pattern):
                if name and (not name.isidentifier() or re.search(r"\d{4}|{", form or "")):
                    raise ValueError("a pattern names {image_id}, with at most three digits for its width")
        return self

    def pattern(self, split: str) -> str:
        """The file name pattern of a split.

        Raises:
            SpecError: the spec has none.
        """
        if isinstance(self.file, str) or self.file is None:
            return self.file or ""
        if split not in self.file:
            raise SpecError(
                "A split has no pattern for its images",
                where="release.images.file",
                expected=split,
                found=", ".join(self.file),
            )
        return self.file[split]


class Release(Model):
    """How the releases are named and licensed.

    Attributes:
        repo: ``org/vqa-{language}`` on the hub.
        licence: of the translations: an SPDX id, or the name of other terms.
        licence_url: where its text lies, for a licence without a page at SPDX.
        authors: who made the release, for its citation.
        sources: where the English data come from.
        version: a semantic version, such as ``1.0.0``; ``vqa-builder diff`` proposes the next one.
        date: when it is published, for the metadata; a build never looks at the clock.
        changelog: a Markdown file that travels with the release as CHANGELOG.md.
        images: the column ``image``; without it images are named by ``image_id`` alone.
        citation: BibTeX of what users of the release should cite.
        card: a Markdown file that becomes a part of the card; it travels with the release.
    """

    repo: Repository | None = None
    licence: str = "cc-by-4.0"
    licence_url: str | None = None
    authors: tuple[str, ...] = ()
    sources: tuple[SourceLicence, ...] = ()
    version: Version | None = None
    date: datetime.date | None = None
    changelog: Path | None = None
    images: Images | None = None
    citation: str | None = None
    card: Path | None = None


class Spec(Model):
    """One build.

    Attributes:
        name: of the releases: ``vqa`` makes vqa-ja and vqa-hi.
        languages: ISO 639 codes of the target languages.
        source: the English data: a plug-in of the kind ``sources``.
        translate: engines, glossary, protected spans.
        back_translate: engines that translate back, as under ``translate``; left out, the forward engines.
        budget: what the engines may cost.
        scores: the scorers, by name or as ``{name: {option: value}}``.
        policy: ``strict``, ``balanced`` or ``lenient``, rules for scores, or ``{file: policy.yaml}``.
        answers: labels and how answers become words.
        release: names, licence, card, images.
        memory: the translation memory's file; left out, ``.vqa-builder/memory.sqlite`` beside the releases.
        folder: where the file lies; relative paths in it start here.
        text: the file as it was written; it travels with the release.
        align: the aligner that links the words of questions; None for none.
    """

    name: Name
    languages: tuple[LanguageCode, ...] = Field(min_length=1)
    source: Plugin
    translate: Translation = Translation()
    back_translate: Translation | None = None
    budget: Budget | None = None
    scores: tuple[Plugin, ...] = Field(tuple(Plugin(type=name) for name in DEFAULT_SCORES), min_length=1)
    policy: str | dict[str, Any] | None = None
    align: Plugin | None = None
    answers: Answers = Answers()
    release: Release = Release()
    memory: Path | None = None
    folder: Path = Field(Path(), exclude=True)
    text: str = Field("", exclude=True)

    @field_validator("languages")
    @classmethod
    def _each_target_once(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        if "en" in codes or len(set(codes)) != len(codes):
            raise ValueError("name each target language once; en is the source")
        return codes

    @field_validator("back_translate")
    @classmethod
    def _back_is_one_chain(cls, back: Translation | None) -> Translation | None:
        only = ("second_opinion", "best_of", "glossary", "protect", "phrasebook")
        if back and (named := [name for name in only if name in back.model_fields_set]):
            raise ValueError(f"{', '.join(named)} can stand under translate only")
        return back

    @model_validator(mode="after")
    def _money_needs_prices(self) -> Self:
        if self.budget is None or self.budget.money is None:
            return self
        plugins = (*self.translate.plugins, *self.back_translation.plugins)
        currencies = {plugin.price.currency for plugin in plugins if plugin.price}
        if len(currencies) != 1:
            found = " and ".join(sorted(currencies)) or "no price"
            raise ValueError(f"budget.money needs engines with prices in one currency, not {found}")
        return self

    @field_validator("scores", mode="before")
    @classmethod
    def _names_or_options(cls, value: object) -> object:
        """``chrf`` and ``langid: {model: path}`` both name a scorer."""
        if not isinstance(value, list):
            return value
        plugins = []
        for item in value:
            if isinstance(item, dict) and len(item) == 1 and "type" not in item:
                name, options = next(iter(item.items()))
                if not isinstance(options, dict | None):
                    raise ValueError(f"options of {name} as a mapping, such as {{langid: {{model: path}}}}")
                item = {"type": name, **(options or {})}
            plugins.append({"type": item} if isinstance(item, str) else item)
        return plugins

    @property
    def back_translation(self) -> Translation:
        """How translations are translated back: as the spec says, else by all forward engines as a chain."""
        return self.back_translate or self.translate

    def release_name(self, language: str) -> str:
        """The release's folder: ``vqa-ja``."""
        return f"{self.name}-{language}"

    @property
    def changelog(self) -> str | None:
        """The text of the changelog that the spec names.

        Raises:
            SpecError: there is no such file, or it is not UTF-8.
        """
        remedy = "vqa-builder diff OLD NEW --changelog FILE writes one"
        return self._text_of(self.release.changelog, "release.changelog", remedy)

    @property
    def card_text(self) -> str | None:
        """The text that the spec adds to the card; raises as ``changelog`` does."""
        return self._text_of(self.release.card, "release.card", "correct the path")

    def _text_of(self, path: Path | None, key: str, remedy: str) -> str | None:
        if path is None:
            return None
        return named_files.read_text(self.folder / path, f"file of {key}", remedy=remedy)

    @property
    def source_pictures(self) -> Literal["none", "references", "bytes"]:
        """What the release needs of pictures in the rows of the source."""
        images = self.release.images or Images()
        return "none" if images.file else "references" if images.embed is False else "bytes"

    def repo(self, language: str) -> str | None:
        """The release's repository on the hub, if the spec names one."""
        return self.release.repo.replace("{language}", language) if self.release.repo else None
