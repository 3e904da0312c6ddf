"""Steps are computed once per key; files appear whole or not at all; one build per folder."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from vqa_builder.errors import StorageError
from vqa_builder.store import KEPT_PER_STEP, Store, atomic_file, atomic_folder, fingerprint, json_lines

TABLE = pa.table({"question": ["猫は何色ですか？", None]})


def test_lines_of_json_stay_lines_and_command_no_terminal() -> None:
    record = {"id": "猫\x85\u2028\x9b2J\u202egnp.exe", "है": None}
    (line,) = "".join(json_lines([record])).splitlines()
    assert json.loads(line) == record
    assert line.startswith('{"id": "猫\\u0085\\u2028\\u009b2J\\u202egnp.exe", "है"')


def test_a_step_is_computed_once_per_key(tmp_path: Path) -> None:
    calls = []

    def compute() -> pa.Table:
        calls.append(1)
        return TABLE

    for _ in range(2):
        with Store(tmp_path) as store:
            assert store.step("a", compute, version="1").table.equals(TABLE)
    with Store(tmp_path) as store:
        assert store.step("a", compute, version="2").table.equals(TABLE)
    assert len(calls) == 2


def test_keys_follow_inputs_and_parameters_without_computing(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def forbidden() -> pa.Table:
        raise AssertionError("computed")

    first = store.step("a", forbidden, x=1, y=2)
    assert first.key == store.step("a", forbidden, y=2, x=1).key
    assert first.key != store.step("a", forbidden, x=1, y=3).key
    second = store.step("b", forbidden, first)
    assert second.key != store.step("b", forbidden, store.step("a", forbidden, x=9)).key


def test_a_step_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> pa.Table:
        raise ValueError("no")

    with Store(tmp_path) as store:
        step = store.step("a", fail)
        with pytest.raises(ValueError, match="no"):
            _ = step.table
        assert not store.path(step).exists()


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "a changed letter": lambda content: content.replace("猫".encode(), "犬".encode()),
    "cut short": lambda content: content[:-200],
    "nothing left": lambda content: b"",
    "another file": lambda content: b"no Arrow at all" * 100,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_table_is_computed_anew_and_the_reader_told(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    said: list[str] = []
    for times in range(1, 4):
        with Store(tmp_path, said.append) as store:
            step = store.step("a", lambda: TABLE)
            assert step.table.equals(TABLE)
            path = store.path(step)
        assert len(said) == times - 1
        assert path.read_bytes() != damage(path.read_bytes())
        path.write_bytes(damage(path.read_bytes()))
    assert all("damaged" in line and path.name in line for line in said)


def test_a_folder_in_place_of_a_table_is_removed(tmp_path: Path) -> None:
    said: list[str] = []
    for place in (".arrow", ".sha256"):
        with Store(tmp_path, said.append) as store:
            path = store.path(store.step("a", lambda: TABLE)).with_suffix(place)
            path.unlink(missing_ok=True)
            path.mkdir(parents=True)
            assert store.step("a", lambda: TABLE).table.equals(TABLE)
    assert len(said) == 2


def test_a_table_without_its_checksum_is_computed_anew(tmp_path: Path) -> None:
    said: list[str] = []
    for _ in range(2):
        with Store(tmp_path, said.append) as store:
            step = store.step("a", lambda: TABLE)
            assert step.table.equals(TABLE)
            store.path(step).with_suffix(".sha256").unlink()
    assert len(said) == 1


def test_old_tables_of_a_step_are_pruned(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        steps = [store.step("a", lambda: TABLE, n=n) for n in range(KEPT_PER_STEP + 3)]
        for age, step in enumerate(steps):
            _ = step.table
            os.utime(store.path(step), (age, age))
        store.prune()
        assert [store.path(step).exists() for step in steps] == [False] * 3 + [True] * KEPT_PER_STEP


def test_two_builds_in_one_folder_are_one_too_many(tmp_path: Path) -> None:
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from vqa_builder.store import Store\n"
        "with Store(Path(sys.argv[1])):\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
    )
    arguments = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "ready\n"
            with pytest.raises(StorageError, match="Another build is running"), Store(tmp_path):
                pass
        finally:
            holder.kill()
    with Store(tmp_path):
        pass


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_file(path) as partial:
        partial.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    with atomic_file(path) as partial:
        partial.write_text("new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "release"
    with atomic_folder(path) as partial:
        (partial / "a").write_text("old")
    with pytest.raises(RuntimeError), atomic_folder(path) as partial:
        (partial / "a").write_text("half")
        raise RuntimeError
    assert (path / "a").read_text() == "old"
    with atomic_folder(path) as partial:
        (partial / "b").write_text("new")
    assert [file.name for file in path.iterdir()] == ["b"]
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_build_left_is_cleared_away(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys, pyarrow as pa\n"
        "from pathlib import Path\n"
        "from vqa_builder.store import Store, atomic_file\n"
        "with Store(Path(sys.argv[1])) as store, atomic_file(Path(sys.argv[1]) / 'steps' / 'x') as partial:\n"
        "    partial.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert list((tmp_path / "steps").iterdir())
    with Store(tmp_path):
        assert not list((tmp_path / "steps").iterdir())


def test_fingerprints_do_not_depend_on_the_order_of_keys() -> None:
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1}) != fingerprint({"a": 1, "b": 2})
