"""Datasets on the Hugging Face hub, streamed, with a mapping of their columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, get_args

import pyarrow as pa
from pydantic import Field

from vqa_builder.errors import SourceError, UnknownNameError, VQABuilderError
from vqa_builder.hub_client import dataset_builder, end_silence
from vqa_builder.sources import base
from vqa_builder.sources._arrow_records import ArrowRecords, column_names, top_name, with_class_names
from vqa_builder.sources._picture_columns import BATCH as PICTURE_BATCH, with_pictures
from vqa_builder.sources._record_checks import BATCH
from vqa_builder.sources._record_source import Reading, RecordSource, read_files
from vqa_builder.sources._table_formats import arrow_records, not_empty_table
from vqa_builder.sources._table_options import SPLIT_NAMES, Rows, TabularOptions

_COMMIT = re.compile(r"[0-9a-f]{40}")


class HubOptions(TabularOptions):
    """Options of the source ``hub``."""

    repo: str = Field(
        min_length=1, description="the dataset, org/name, or a local folder in the layout of such a dataset"
    )
    config: str | None = Field(None, description="its configuration; left out, the default one")
    revision: str | None = Field(
        None, description="a branch, tag or commit; left out, the head of main; a full commit hash repeats"
    )
    splits: dict[base.SplitName, str] | None = Field(
        None,
        min_length=1,
        description="which split of the dataset is what; left out, those named train, validation and test",
    )


class Hub(RecordSource):
    """A dataset on the Hugging Face hub, streamed: only mapped columns are read, and nothing is stored.

    The commit that the revision stands for identifies the input, so that a build starts anew when the dataset
    has changed. Splits that are not read are named. Code of the dataset is never run. ``HF_ENDPOINT`` and
    ``HF_TOKEN`` are honoured. Columns are mapped as by the source ``table``.

    Example::

        source:
          type: hub
          repo: HuggingFaceM4/A-OKVQA
          splits: {train: train, validation: validation}
          columns: {image_id: question_id, answers: direct_answers}    # it has no image ids
    """

    name = "hub"
    summary = "a dataset on the Hugging Face hub, streamed, with a mapping of columns"
    Options: ClassVar = HubOptions

    def __init__(self, options: HubOptions) -> None:
        super().__init__(options)
        self._options = options
        self._local = Path(options.repo) if Path(options.repo).is_dir() else None

    @property
    def repo(self) -> str:
        """The dataset, or the local folder."""
        return self._options.repo

    def files(self) -> list[Path]:
        """The files of a local folder; none for a dataset on the hub."""
        if self._local is None:
            return []
        files = (path for path in self._local.rglob("*") if path.is_file())
        return sorted(path for path in files if not path.relative_to(self._local).as_posix().startswith("."))

    def fingerprint(self) -> list[str]:
        """``org/name@`` and the commit; the hashes of the files of a local folder.

        Raises:
            SourceError: there is no such dataset or revision, or the hub cannot be reached.
        """
        return [f"{self._options.repo}@{self._commit}"] if self._local is None else super().fingerprint()

    def examples(self, reading: Reading) -> Iterator[pa.RecordBatch]:
        """Split after split, in the order of the dataset."""
        names = {split: [(split, name)] for split, name in self.chosen_splits().items()}
        return read_files(names, lambda each: self._records(*each, reading.limit), reading)

    def notices(self) -> list[str]:
        """The splits that are left aside."""
        others = [name for name in self.dataset if name not in self.chosen_splits().values()]
        if not others:
            return []
        suggested = {
            split: next((name for name in others if name in known), others[0])
            for split, known in SPLIT_NAMES.items()
            if split not in self.chosen_splits()
        }
        example = ", ".join(f"{split}: {name}" for split, name in list(suggested.items())[:1])
        remedy = f"to read them, name them: splits: {{{example or 'train: ' + others[0]}}}"
        return [f"{self._options.repo}: the splits {', '.join(others)} are left aside; {remedy}"]

    @cached_property
    def _commit(self) -> str | None:
        """The commit that the revision stands for now; None for a local folder."""
        from huggingface_hub import HfApi

        revision = self._options.revision
        if self._local is not None or (revision and _COMMIT.fullmatch(revision)):
            return revision
        with self.explained():
            return HfApi().dataset_info(self._options.repo, revision=revision).sha

    @cached_property
    def dataset(self) -> Any:
        """The splits, to be streamed."""
        with self.explained():
            builder = dataset_builder(self._options.repo, self._options.config, revision=self._commit)
            return builder.as_streaming_dataset()

    def chosen_splits(self) -> dict[str, str]:
        """Split -> its name in the dataset, of those that are read."""
        known = list(self.dataset)
        usual: dict[base.SplitName, str] = {
            split: split for split in get_args(base.SplitName) if split in known
        }
        chosen = base.in_order(self._options.splits or usual or {"train": "train"})
        for name in chosen.values():
            if name not in known:
                raise UnknownNameError("split", name, known, where=self._options.repo)
        return chosen

    def _records(self, split: str, name: str, limit: int | None) -> Iterator[ArrowRecords]:
        label = f"{self._options.repo}, split {name}"
        return not_empty_table(
            self._parts(Rows(self._options, split, 0, self.pictures), name, label, limit), label
        )

    def _parts(self, rows: Rows, name: str, label: str, limit: int | None) -> Iterator[ArrowRecords]:
        first = next(self.batches(name, 1), pa.record_batch({}))
        schema = self.schema(name) or first.schema
        fields = self._options.columns.among(column_names(first.schema), label)
        fields = with_pictures(fields, schema, rows, label)
        used = dict.fromkeys(top_name(name, schema) for name in rows.used(fields, schema.names))
        start, size = 0, PICTURE_BATCH if "image" in fields else BATCH
        for batch in self.batches(name, min(size, limit or size), list(used)):
            numbers = range(start, start + batch.num_rows)
            yield arrow_records(with_class_names(batch, schema), fields, schema.names, numbers, label, rows)
            start += batch.num_rows

    def schema(self, name: str) -> pa.Schema | None:
        """The types of a split's columns; None where the dataset does not say them."""
        with self.explained():
            features = self.dataset[name].features
            return features and features.arrow_schema

    def batches(self, name: str, size: int, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows of a split, validated.

        Args:
            name: of the split in the dataset.
            size: rows of a batch, at most.
            columns: those that are read; None for all.
        """
        with self.explained():
            dataset = self.dataset[name].with_format("arrow")
            for table in (dataset if columns is None else dataset.select_columns(list(columns))).iter(size):
                for batch in table.combine_chunks().to_batches():
                    batch.validate(full=True)
                    yield batch

    @contextmanager
    def explained(self) -> Iterator[None]:
        """What the hub's libraries raise over a dataset, whatever it is, as our errors."""
        end_silence()
        try:
            yield
        except VQABuilderError:
            raise
        except Exception as error:
            raise self._error(error) from error

    def _error(self, error: Exception) -> SourceError:
        from huggingface_hub import errors

        causes = [error, error.__cause__, error.__context__]
        text = " ".join(str(error).split())
        offline = any(isinstance(each, errors.OfflineModeIsEnabled) for each in causes)
        if offline or "OfflineModeIsEnabled" in text:
            problem = "The dataset cannot be read offline"
            remedy = (
                "unset HF_HUB_OFFLINE and HF_DATASETS_OFFLINE, or download the dataset and name its folder"
            )
        elif isinstance(error, errors.GatedRepoError):
            problem, remedy = "The dataset is gated", "accept its terms on the hub, then set HF_TOKEN"
        elif isinstance(error, errors.RevisionNotFoundError):
            problem, remedy = "The dataset has no such revision", "correct revision in the spec"
        elif isinstance(error, errors.RepositoryNotFoundError | errors.HFValidationError | FileNotFoundError):
            problem = "There is no such dataset, or it is private"
            remedy = "correct repo in the spec, or set HF_TOKEN to a token that may read it"
        elif isinstance(error, ValueError) and "BuilderConfig" in text:
            problem, remedy = "The dataset has no such configuration", "correct config in the spec"
        elif "scripts are no longer supported" in text:
            problem = "The dataset is made by code, which is never run"
            remedy = "try revision: refs/convert/parquet"
        elif self._local is not None:
            problem = "The folder cannot be read as a dataset of the hub"
            remedy = "correct it, README.md first, or name its files with the source table"
        else:
            problem, remedy = "The dataset cannot be read from the hub", "try again; nothing is lost"
        where = self._options.repo + (f"@{self._options.revision}" if self._options.revision else "")
        return SourceError(problem, where=where, found=text[:300], remedy=remedy)
