"""One part of a build's translations on a machine of its own, and all parts put together.

``vqa-builder build --shard I/N`` translates, there and back, and scores the strings whose id falls into part
I of N, into a memory of its own; no part knows of the others, so that a Slurm array can work on all at once.
``vqa-builder merge`` takes these memories into one, and the ordinary build finds every string remembered. A
string's part depends on its id and N alone. The few answers that are translated in the context of their
questions need all the others, and wait for the ordinary build.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from vqa_builder.errors import SpecError, StorageError
from vqa_builder.pipeline import read_source, select_asked, translate_by_chains
from vqa_builder.progress import Progress
from vqa_builder.quality import score_cache
from vqa_builder.spec import Spec
from vqa_builder.steps.build_context import (
    MEMORY_FILE,
    WORK_FOLDER,
    BuildContext,
    OnBadRecord,
    memory_path,
    open_build,
)
from vqa_builder.steps.judging import keep_scores
from vqa_builder.steps.reading import SourceTables
from vqa_builder.steps.recording import RecordTables
from vqa_builder.store import Stored, atomic_file
from vqa_builder.translation import run
from vqa_builder.translation.memory import Entry, TranslationMemory
from vqa_builder.translation.request import Request, batches
from vqa_builder.translation.sqlite_file import check_files

SCORES = "scores"
ENTRIES_PER_COMMIT = 10_000


class Shard(NamedTuple):
    """Part ``number`` (from 1) of ``total``."""

    number: int
    total: int

    def holds(self, segment_id: str) -> bool:
        """Whether a string belongs to this part.

        >>> [Shard(number, 2).holds("q-6ab7f7511d9b4151be19") for number in (1, 2)]
        [False, True]
        """
        return int(segment_id.rpartition("-")[2], 16) % self.total == self.number - 1

    def folder(self, out: Path) -> Path:
        """Where this part works: ``OUT/.vqa-builder/shards/I-of-N``."""
        return out / WORK_FOLDER / "shards" / f"{self.number}-of-{self.total}"


class ShardWork(NamedTuple):
    """What was done for one language.

    Attributes:
        language: ISO 639 code.
        strings: of this part.
        of: strings of the whole build.
        work: asked, remembered, translated and failed, both directions.
    """

    language: str
    strings: int
    of: int
    work: run.RunCounts


class Conflict(NamedTuple):
    """The same engine, asked for the same string twice, said two things; the first one stays."""

    kept: Entry
    dropped: str


class Merged(NamedTuple):
    """What a merge did.

    Attributes:
        memories: files that were read.
        entries: in all of them, those of people left out.
        added: new to the memory.
        conflicts: where they disagree with it.
    """

    memories: list[Path]
    entries: int
    added: int
    conflicts: list[Conflict]

    def lines(self) -> list[str]:
        """For people; the first twenty conflicts."""
        lines = [f"{self.added:,} new of {self.entries:,} entries in {len(self.memories)} memories"]
        for kept, dropped in self.conflicts[:20]:
            lines.append(f"  {kept.text!r} stays {kept.translation!r}, not {dropped!r} ({kept.engine})")
        if self.conflicts:
            lines.append(f"  {len(self.conflicts):,} strings were translated twice and differently")
        return lines


def parse_shard(text: str) -> Shard:
    """``2/8`` as a ``Shard``.

    Raises:
        SpecError: it is none.
    """
    number, _, total = text.partition("/")
    if number.isdecimal() and total.isdecimal() and 1 <= int(number) <= int(total):
        return Shard(int(number), int(total))
    raise SpecError(
        "This is no part of a build",
        where="--shard",
        expected="I/N with I from 1 to N, such as 3/8",
        found=repr(text),
        remedy="in a Slurm array: --array=1-8 and --shard $SLURM_ARRAY_TASK_ID/8",
    )


def build_shard(
    spec: Spec,
    out: Path | str,
    shard: Shard,
    *,
    languages: Sequence[str] | None = None,
    limit: int | None = None,
    on_bad_record: OnBadRecord = "error",
    workers: int | None = None,
    executor: str = "local",
    progress: Progress | None = None,
    allow: Collection[str] = (),
) -> list[ShardWork]:
    """Translate one part of a build's strings, there and back, and score them.

    Begins with a copy of the build's own memory, where there is one. A budget is divided by the number of
    parts. Other arguments as in ``pipeline.build``.

    Example:
        >>> from vqa_builder import build, load_spec
        >>> from vqa_builder.sample import sample_folder
        >>> spec = load_spec(sample_folder() / "build.yaml")
        >>> for number in (1, 2):
        ...     _ = build_shard(spec, "out", Shard(number, 2), languages=["ja"], limit=3)
        >>> merge(["out"], Path("out/.vqa-builder/memory.sqlite")).conflicts
        []
        >>> (release,) = build(spec, "out", languages=["ja"], limit=3)  # only answers in context are left
    """
    folder = shard.folder(Path(out))
    memory = folder / WORK_FOLDER / MEMORY_FILE
    _begin_with(memory_path(spec, Path(out)), memory)
    own = spec.model_copy(update={"memory": memory.absolute(), "budget": _part_of_budget(spec, shard)})
    with open_build(
        own,
        folder,
        languages=languages,
        limit=limit,
        on_bad_record=on_bad_record,
        workers=workers,
        executor=executor,
        progress=progress,
        allow=allow,
    ) as job:
        source = read_source(replace(job, may_ask=False))
        return [_translated(job, source, shard, language) for language in job.languages]


def merge(folders: Iterable[Path | str], into: Path, scores: Path | None = None) -> Merged:
    """Take the memories of parts into one, and their scores; any number of times, in any order.

    Args:
        folders: the ``out`` of parts, or files of memories.
        into: the memory of the ordinary build, made if missing.
        scores: the folder for the scores; ``scores`` beside the memory if None.

    Raises:
        StorageError: a folder holds no part; a file is no memory.
    """
    files = list(dict.fromkeys(path for folder in folders for path in _memories_in(Path(folder), into)))
    if not files:
        raise _no_part(into.parent)
    entries = added = 0
    conflicts: list[Conflict] = []
    with TranslationMemory(into) as memory:
        for file in files:
            with TranslationMemory(file) as part:
                for some in batches(part.entries(human_verified=False), ENTRIES_PER_COMMIT):
                    new, clashes = _compared(memory, some)
                    memory.add(new)
                    entries, added = entries + len(some), added + len(new)
                    conflicts += clashes
    for file in files:
        score_cache.merge(sorted((file.parent / SCORES).glob("*.arrow")), scores or into.parent / SCORES)
    return Merged(files, entries, added, conflicts)


def _translated(
    job: BuildContext, source: SourceTables | RecordTables, shard: Shard, language: str
) -> ShardWork:
    """The translations that a build would ask for, of this part."""
    asked = select_asked(job, source, language)
    mine = _part_of_segments(job, asked, shard)
    keep_scores(job, translate_by_chains(job, mine, language), language)
    return ShardWork(language, mine.table.num_rows, asked.table.num_rows, job.work.of(language))


def _part_of_segments(job: BuildContext, segments: Stored, shard: Shard) -> Stored:
    def chosen(segments: pa.Table) -> pa.Table:
        ids = segments["segment_id"].to_pylist()
        return segments.filter(pa.array([shard.holds(each) for each in ids], pa.bool_()))

    return job.store.step("shard", chosen, segments, number=shard.number, total=shard.total)


def _part_of_budget(spec: Spec, shard: Shard) -> object:
    budget = spec.budget
    if budget is None:
        return None
    parts = {name: value for name, value in budget.model_dump().items() if value is not None}
    divided = {
        name: value // shard.total if isinstance(value, int) else value / shard.total
        for name, value in parts.items()
    }
    return budget.model_copy(update=divided)


def _begin_with(main: Path, memory: Path) -> None:
    """Copy the build's memory, whole and as of now, if there is one and the part has none."""
    if memory.exists() or not main.exists():
        return
    check_files(main)
    with atomic_file(memory) as partial:
        try:
            with (
                closing(sqlite3.connect(f"{main.absolute().as_uri()}?mode=ro", uri=True)) as source,
                closing(sqlite3.connect(partial)) as target,
            ):
                source.backup(target)
        except sqlite3.Error as error:
            raise StorageError("The memory cannot be copied for a part", where=main, found=error) from error


def _memories_in(folder: Path, into: Path) -> list[Path]:
    if folder.is_file():
        found = [folder]
    else:
        parts = folder / WORK_FOLDER / "shards"
        found = sorted(parts.glob(f"*-of-*/{WORK_FOLDER}/{MEMORY_FILE}"))
        own = folder / WORK_FOLDER / MEMORY_FILE
        found += [own] if own.exists() and own.absolute() != into.absolute() else []
    if not found and not into.absolute().is_relative_to(folder.absolute()):
        raise _no_part(folder)
    return found


def _no_part(where: object) -> StorageError:
    return StorageError(
        "There is no part of a build here",
        where=where,
        expected=f"a folder that `vqa-builder build --shard I/N --out` wrote to, or a {MEMORY_FILE}",
    )


def _compared(memory: TranslationMemory, entries: Sequence[Entry]) -> tuple[list[Entry], list[Conflict]]:
    """The entries that a memory lacks, and those that it has otherwise."""
    kinds: dict[tuple[str, ...], list[Entry]] = defaultdict(list)
    for entry in entries:
        kinds[entry.role, entry.source, entry.target, entry.engine].append(entry)
    new: list[Entry] = []
    conflicts: list[Conflict] = []
    for (role, source, target, engine), some in kinds.items():
        texts, contexts = [entry.text for entry in some], [entry.context for entry in some]
        known = memory.lookup(Request(texts, source, target, role, contexts), engine)
        for entry, before in zip(some, known, strict=True):
            if before is None:
                new.append(entry)
            elif before != entry.translation:
                conflicts.append(Conflict(entry._replace(translation=before), entry.translation))
    return new, conflicts
