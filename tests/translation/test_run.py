"""Every distinct string is paid for once, comes back in its place, and survives whatever happens next."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from vqa_builder.errors import EngineError, StorageError
from vqa_builder.translation.engines.base import Engine, Failure, Options, Parts
from vqa_builder.translation.glossary import Glossary, Term
from vqa_builder.translation.memory import Entry, TranslationMemory
from vqa_builder.translation.protect import Guard
from vqa_builder.translation.request import Request
from vqa_builder.translation.run import Outcome, RunCounts, recall, translate


class Fake(Engine):
    """Puts a mark around strings and keeps a list of its calls."""

    name: ClassVar[str] = "fake"
    summary: ClassVar[str] = "for tests"
    Options: ClassVar[type[Options]] = Options

    def __init__(self, mark: str = "ja", refuses: Sequence[str] = ()) -> None:
        self.mark, self.refuses = mark, refuses
        self.calls: list[list[str]] = []

    @property
    def signature(self) -> str:
        return f"fake|{self.mark}"

    def check_direction(self, source: str, target: str) -> None:
        if target == "xx":
            raise EngineError("no such direction")

    def translate(self, request: Request) -> Any:
        self.calls.append(list(request.texts))
        refuses = self.refuses
        return [Failure("refused") if text in refuses else f"{self.mark}:{text}" for text in request.texts]


class Returning(Fake):
    """Returns whatever it is told to."""

    def __init__(self, results: Any) -> None:
        super().__init__()
        self.results = results

    def translate(self, request: Request) -> Any:
        return self.results


class Exploding(Fake):
    """Dies in its third call."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def translate(self, request: Request) -> Any:
        if len(self.calls) == 2:
            raise self.error
        return super().translate(request)


def run(memory: TranslationMemory, texts: Sequence[str], *engines: Engine, **more: Any) -> Outcome:
    own = {name: more.pop(name) for name in ("role", "target", "contexts") if name in more}
    return translate(asked(texts, **own), engines, memory, **{"batch_size": 2, **more})


def asked(texts: Sequence[str], **more: Any) -> Request:
    """Questions, English to Japanese unless told otherwise."""
    return Request(texts, **{"source": "en", "target": "ja", "role": "question", **more})


def test_unique_strings_by_length_and_back_in_order(memory: TranslationMemory) -> None:
    engine = Fake()
    outcome = run(memory, ["ccc", "a", "ccc", "bb", "aa", "a"], engine)
    assert engine.calls == [["a", "aa"], ["bb", "ccc"]]
    assert outcome.text.to_pylist() == ["ja:ccc", "ja:a", "ja:ccc", "ja:bb", "ja:aa", "ja:a"]
    assert set(outcome.engine.to_pylist()) == {"fake|ja"}
    assert set(outcome.status.to_pylist()) == {"ok"}
    assert outcome.error.null_count == 6
    counts = outcome.counts
    assert (counts.asked, counts.unique, counts.translated, counts.engine_calls) == (6, 4, 4, 2)
    assert counts.engine_seconds > 0


def test_nothing_is_asked_twice(memory: TranslationMemory) -> None:
    run(memory, ["a", "b"], Fake())
    engine = Fake()
    outcome = run(memory, ["b", "c", "a"], engine)
    assert engine.calls == [["c"]]
    assert (outcome.counts.remembered, outcome.counts.translated) == (2, 1)
    assert outcome.text.to_pylist() == ["ja:b", "ja:c", "ja:a"]


def test_another_signature_is_another_engine(memory: TranslationMemory) -> None:
    run(memory, ["a"], Fake("one"))
    assert run(memory, ["a"], Fake("two")).text.to_pylist() == ["two:a"]


def test_no_strings_are_no_work(memory: TranslationMemory) -> None:
    engine = Fake()
    outcome = run(memory, [], engine)
    assert (len(outcome.text), engine.calls, outcome.counts) == (0, [], RunCounts())


def test_an_empty_text_never_reaches_an_engine(memory: TranslationMemory) -> None:
    engine = Fake()
    outcome = run(memory, ["", "a"], engine)
    assert engine.calls == [["a"]]
    assert outcome.status.to_pylist() == ["failed", "ok"]
    assert outcome.error.to_pylist() == ["empty text", None]
    assert outcome.counts.failed == 1


def test_people_outrank_engines_and_memory(memory: TranslationMemory) -> None:
    run(memory, ["a", "b"], Fake())
    memory.add([Entry("en", "ja", "a", "correct", engine="human")])
    outcome = run(memory, ["a", "b"], Fake())
    assert outcome.text.to_pylist() == ["correct", "ja:b"]
    assert outcome.engine.to_pylist() == ["human", "fake|ja"]
    assert outcome.counts.remembered == 2


def test_people_may_tell_contexts_apart_and_engines_are_paid_once_for_both(memory: TranslationMemory) -> None:
    memory.add([Entry("en", "ja", "orange", "オレンジ色", role="answer", context="colour")])
    engine = Fake()
    contexts = ["fruit", "colour", "", "fruit"]
    outcome = run(memory, ["orange"] * 4, engine, role="answer", contexts=contexts)
    assert outcome.text.to_pylist() == ["ja:orange", "オレンジ色", "ja:orange", "ja:orange"]
    assert engine.calls == [["orange"]]
    again = run(memory, ["orange"], Fake(refuses=["orange"]), role="answer", contexts=["a new one"])
    assert again.text.to_pylist() == ["ja:orange"]


def test_a_chain_asks_the_next_for_what_the_first_could_not(memory: TranslationMemory) -> None:
    first, second = Fake("one", refuses=["b", "c"]), Fake("two", refuses=["c"])
    outcome = run(memory, ["a", "b", "c"], first, second)
    assert second.calls == [["b", "c"]]
    assert outcome.text.to_pylist() == ["one:a", "two:b", None]
    assert outcome.engine.to_pylist() == ["fake|one", "fake|two", None]
    assert outcome.error.to_pylist() == [None, None, "fake: refused; fake: refused"]
    unused = Fake("two")
    assert run(memory, ["a", "b"], Fake("one", refuses=["b"]), unused).counts.remembered == 2
    assert unused.calls == []


def test_a_failure_is_not_remembered(memory: TranslationMemory) -> None:
    run(memory, ["a"], Fake(refuses=["a"]))
    assert run(memory, ["a"], Fake()).text.to_pylist() == ["ja:a"]


@pytest.mark.parametrize(
    ("result", "error"),
    [
        ("", "empty translation"),
        (" \n\t", "empty translation"),
        ("\ud83d", "translation is not valid Unicode, or holds control characters"),
        ("猫\x1b[31m", "translation is not valid Unicode, or holds control characters"),
        ("猫" * 1001, "a translation of 1,001 characters for 1"),
    ],
)
def test_a_result_that_is_none_fails(memory: TranslationMemory, result: str, error: str) -> None:
    outcome = run(memory, ["a"], Returning([result]))
    assert outcome.error.to_pylist() == [f"fake: {error}"]
    assert memory.stats() == []


def test_a_result_is_one_line_and_its_own_spaces_stay(memory: TranslationMemory) -> None:
    assert run(memory, ["a"], Returning([" 猫\n\n 犬　牛\n"])).text.to_pylist() == ["猫 犬　牛"]


@pytest.mark.parametrize(
    ("results", "found"),
    [
        (["x"], "1 results"),
        (["x", "y", "z"], "3 results"),
        (None, "NoneType"),
        ("xy", "str"),
        (["x", None], "None for 'b'"),
        (["x", 1.5], "1.5 for 'b'"),
    ],
)
def test_a_broken_contract_is_an_error_and_no_row_is_misaligned(
    memory: TranslationMemory, results: Any, found: str
) -> None:
    with pytest.raises(EngineError, match="broke its contract") as caught:
        run(memory, ["a", "b"], Returning(results))
    assert found in str(caught.value)
    assert "fake|ja" in str(caught.value)
    assert memory.stats() == []


@pytest.mark.parametrize("error", [RuntimeError("CUDA out of memory"), EngineError("no network")])
def test_an_engine_that_gives_up_costs_its_batch_only(memory: TranslationMemory, error: Exception) -> None:
    with pytest.raises(EngineError) as caught:
        run(memory, list("abcdefgh"), Exploding(error))
    assert str(error) in str(caught.value)
    engine = Fake()
    assert run(memory, list("abcdefgh"), engine).counts.remembered == 4
    assert engine.calls == [["e", "f"], ["g", "h"]]


def test_ctrl_c_costs_the_running_batch_only(memory: TranslationMemory) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(memory, list("abcdefgh"), Exploding(KeyboardInterrupt()))
    assert run(memory, list("abcdefgh"), Fake()).counts.remembered == 4


def test_a_full_disk_keeps_the_batches_before(memory: TranslationMemory) -> None:
    texts = [f"{number:04} {'x' * 200}" for number in range(400)]
    memory._db.execute("PRAGMA max_page_count = 40")
    with pytest.raises(StorageError, match="disk is full"):
        run(memory, texts, Fake(), batch_size=8)
    memory._db.execute("PRAGMA max_page_count = 100000")
    counts = run(memory, texts, Fake(), batch_size=8).counts
    assert counts.remembered > 0
    assert counts.remembered % 8 == 0
    assert counts.remembered + counts.translated == 400


def test_a_wrong_direction_is_found_before_any_work(memory: TranslationMemory) -> None:
    engine = Fake()
    with pytest.raises(EngineError, match="direction"):
        run(memory, ["a"], Fake(), engine, target="xx")
    assert engine.calls == []


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_run import Fake, run
from vqa_builder.translation.request import Request
from vqa_builder.translation.memory import TranslationMemory

class Slow(Fake):
    def translate(self, request):
        print(len(self.calls), flush=True)
        if len(self.calls) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().translate(request)

with TranslationMemory(Path({path!r})) as memory:
    run(memory, [str(number) for number in range(100, 200)], Slow(), batch_size=8)
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_kill_9_costs_the_running_batch_only(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    script = KILLED.format(tests=str(Path(__file__).parent), path=str(path))
    killed = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with TranslationMemory(path) as memory:
        engine = Fake()
        outcome = run(memory, [str(number) for number in range(100, 200)], engine, batch_size=8)
    assert (outcome.counts.remembered, len(engine.calls)) == (24, 10)
    assert outcome.text.to_pylist() == [f"ja:{number}" for number in range(100, 200)]


def test_counts_add_up() -> None:
    one, two = RunCounts(6, 5, 1, 1, 2, 1, 3, 0.5), RunCounts(1, 1, 1, 0, 0, 0, 0, 0.25)
    assert one + two == RunCounts(7, 6, 2, 1, 2, 1, 3, 0.75)


def test_strings_with_terms_share_batches_and_are_known_by_their_own_terms(memory: TranslationMemory) -> None:
    guards = [
        Guard(Glossary([Term("bus", bus), Term("cat", "猫"), Term("dog", "犬")])) for bus in ("バス", "乗合")
    ]
    texts, engine = ["bus?", "cat?", "dog?", "dog"], Fake()
    outcome = run(memory, texts, engine, guard=guards[0], batch_size=3)
    assert engine.calls == [["X1?"]]
    assert outcome.text.to_pylist() == ["ja:バス?", "ja:猫?", "ja:犬?", "犬"]
    assert outcome.engine.to_pylist() == ["fake|ja|protect:3+terms"] * 3 + ["glossary|exact"]
    again = recall(asked(texts), [engine], memory, guard=guards[1])
    assert again.texts == [None, *outcome.text.to_pylist()[1:]]
    assert again.engines == [None, *outcome.engine.to_pylist()[1:]]


class Heeding(Fake):
    """Translates by context."""

    uses_context: ClassVar[bool] = True

    def translate_in_parts(self, request: Request) -> Parts:
        yield [(at, f"{context}:{text}") for at, (text, context) in enumerate(request.pairs)]


def test_what_is_known_is_what_a_run_would_not_ask_an_engine(memory: TranslationMemory) -> None:
    engines = [Fake("one", refuses=["c"]), Fake("two", refuses=["c"])]
    run(memory, ["a", "b", "c"], *engines)
    memory.add([Entry("en", "ja", "d", "4")])
    known = recall(asked(list("abcdea")), engines, memory)
    assert known.texts == ["one:a", "one:b", None, "4", None, "one:a"]
    assert recall(asked(list("abcde")), [], memory).texts == [None, None, None, "4", None]
    heeding = Heeding("three")
    assert run(memory, ["a"], heeding, contexts=["x"]).text.to_pylist() == ["x:a"]
    both = asked(["a", "a"], contexts=["x", "y"])
    assert recall(both, [heeding], memory).texts == ["x:a", None]
