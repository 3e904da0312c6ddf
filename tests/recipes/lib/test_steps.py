from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from recipes.lib.steps import step_folder


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
