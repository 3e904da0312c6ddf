"""Scoring in batches, through executors."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from vqa_builder.errors import ScorerError, SpecError, UnknownNameError
from vqa_builder.executors import LocalExecutor
from vqa_builder.progress import Advance, Progress
from vqa_builder.quality import scoring
from vqa_builder.quality.scorers._identifiers import installed_model
from vqa_builder.quality.scorers.langid import LangID

MakePairs = Callable[..., pa.Table]


class Counting(Progress):
    def __init__(self) -> None:
        self.total, self.done = 0, 0

    @contextmanager
    def track(self, what: str, total: int, *, brief: bool = False) -> Iterator[Advance]:
        self.total += total

        def advance(items: int) -> None:
            self.done += items

        yield advance


@pytest.fixture
def executor() -> LocalExecutor:
    return LocalExecutor(1)


def test_a_table_of_scores(make_pairs: MakePairs, executor: LocalExecutor) -> None:
    pairs = make_pairs([("cat", "猫"), ("dog", None), ("bus", "bus")])
    table = scoring.score(pairs, "copy", {}, "ja", executor, Progress())
    assert table.column_names == ["segment_id", "language", "copy"]
    assert table.to_pydict() == {
        "segment_id": ["s0", "s1", "s2"],
        "language": ["ja"] * 3,
        "copy": [0.0, None, 1.0],
    }


def test_no_pairs_keep_the_columns(make_pairs: MakePairs, executor: LocalExecutor) -> None:
    table = scoring.score(make_pairs([]), "langid", {}, "ja", executor, Progress())
    assert table.schema == pa.schema(
        [
            ("segment_id", pa.string()),
            ("language", pa.string()),
            ("langid", pa.float32()),
            ("langid_label", pa.string()),
        ]
    )


def test_batches_change_nothing(
    make_pairs: MakePairs, executor: LocalExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = make_pairs([(f"{number} cats", f"猫{number % 7}匹") for number in range(100)])
    whole = scoring.score(pairs, "numerals", {}, "ja", executor, Progress())
    monkeypatch.setattr(scoring, "BATCH", 9)
    counting = Counting()
    assert scoring.score(pairs, "numerals", {}, "ja", executor, counting).equals(whole)
    assert (counting.total, counting.done) == (100, 100)


def test_processes_change_nothing(make_pairs: MakePairs, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = make_pairs([("Is it red?", f"赤い{'の' * (number % 5)}ですか？") for number in range(60)])
    alone = scoring.score(pairs, "length", {}, "ja", LocalExecutor(1), Progress())
    monkeypatch.setattr(scoring, "BATCH", 10)
    with LocalExecutor(2, starting_seconds=0) as executor:
        assert scoring.score(pairs, "length", {}, "ja", executor, Progress()).equals(alone)


def test_options_may_come_checked(make_pairs: MakePairs, executor: LocalExecutor) -> None:
    pairs = make_pairs([("Is it red?", "赤いですか？")])
    checked = scoring.score(pairs, "langid", LangID.Options(), "ja", executor, Progress())
    assert checked.equals(scoring.score(pairs, "langid", {}, "ja", executor, Progress()))


def test_an_unknown_scorer_lists_the_known(make_pairs: MakePairs, executor: LocalExecutor) -> None:
    with pytest.raises(UnknownNameError, match="Unknown scorer 'chfr'") as caught:
        scoring.score(make_pairs([]), "chfr", {}, "ja", executor, Progress())
    assert "did you mean 'chrf'" in str(caught.value)


@pytest.mark.parametrize(
    ("scorer", "options", "named"),
    [
        ("copy", {"strict": True}, "scores.copy.strict"),
        ("langid", {"modell": "x"}, "scores.langid.modell"),
        ("langid", {"model": 5}, "scores.langid.model"),
        ("chrf", {"lowercase": "perhaps"}, "scores.chrf.lowercase"),
    ],
)
def test_a_wrong_option_is_named(scorer: str, options: dict[str, object], named: str) -> None:
    with pytest.raises(SpecError) as caught:
        scoring.build(scorer, options, "ja")
    assert f"where:    {named}" in str(caught.value)


def test_an_error_in_a_worker_arrives_whole(
    make_pairs: MakePairs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "half.ftz"
    path.write_bytes(installed_model().read_bytes()[:300_000])
    half = LangID.Options(model=path)
    pairs = make_pairs([("Is it red?", "赤いですか？")] * 4)
    monkeypatch.setattr(scoring, "BATCH", 1)
    with LocalExecutor(2, starting_seconds=0) as executor, pytest.raises(ScorerError) as caught:
        scoring.score(pairs, "langid", half, "ja", executor, Progress())
    assert "half.ftz" in str(caught.value)


@pytest.mark.parametrize("scorer", ["chrf", "script"])
def test_a_scorer_with_threads_of_its_own_runs_here(
    make_pairs: MakePairs, monkeypatch: pytest.MonkeyPatch, scorer: str
) -> None:
    pairs = make_pairs([("Is it red?", "赤いですか？", f"Is it {number}?") for number in range(50)])
    whole = scoring.score(pairs, scorer, {}, "ja", LocalExecutor(1), Progress())
    monkeypatch.setattr(scoring, "BATCH", 7)
    with LocalExecutor(2, starting_seconds=0) as executor:
        assert scoring.score(pairs, scorer, {}, "ja", executor, Progress()).equals(whole)
        threaded = scoring.build(scorer, {}, "ja").threaded
        assert (executor._pool is None) == threaded


@pytest.mark.parametrize(
    ("threaded", "distributable", "remote", "is_sent"),
    [(False, True, False, 1), (True, True, False, 0), (True, True, True, 1), (True, False, True, 0)],
)
def test_scorers_that_keep_a_machine_busy_are_sent_to_others_only(
    threaded: bool,
    distributable: bool,
    remote: bool,
    is_sent: int,
    make_pairs: MakePairs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Elsewhere(LocalExecutor):
        sent = 0

        def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
            self.sent += len(items)
            return super().map(function, items)

    monkeypatch.setattr(Elsewhere, "remote", remote)
    scorer = scoring._built("copy", "{}", "ja")
    monkeypatch.setattr(scorer, "threaded", threaded)
    monkeypatch.setattr(type(scorer), "distributable", distributable)
    executor = Elsewhere(1)
    table = scoring.score(make_pairs([("cat", "猫")]), "copy", {}, "ja", executor, Progress())
    assert (table["copy"].to_pylist(), executor.sent) == ([0.0], is_sent)
