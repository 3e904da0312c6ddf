from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recipes.lib.steps import is_first_process, step_folder, work_folder


def test_the_same_identity_has_the_same_folder_and_another_has_another(tmp_path: Path) -> None:
    def of(**identity: object) -> Path:
        with step_folder(tmp_path, "teacher", identity) as folder:
            return folder

    assert of(seed=0, epochs=2) == of(epochs=2, seed=0) != of(seed=1, epochs=2)
    assert of(seed=0).parent == tmp_path / "steps" and of(seed=0).name.startswith("teacher-")


def test_a_second_worker_waits_for_the_first(tmp_path: Path) -> None:
    def work(_: int) -> bool:
        with step_folder(tmp_path, "teacher", {}) as folder:
            if folder.exists():
                return False
            folder.mkdir()
            return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(8))) == 1


def test_work_waits_for_whoever_does_it(tmp_path: Path) -> None:
    def work(_: int) -> bool:
        with work_folder(tmp_path, "states", {}) as folder:
            if folder.exists():
                return False
            folder.mkdir()
            return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(8))) == 1


def test_other_processes_do_not_lock_what_the_first_has_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with step_folder(tmp_path, "teacher", {}) as folder:
        monkeypatch.setenv("RANK", "1")
        with step_folder(tmp_path, "teacher", {}) as same:
            assert same == folder and not is_first_process()
