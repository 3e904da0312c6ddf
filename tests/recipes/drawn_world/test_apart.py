"""Training on real data does not touch the drawn world."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TRAINING = ("cvil.train", "mla.train", "mla.vqa", "rc3.pretrain", "rc3.finetune")
IMPORT = """
import sys
from importlib import import_module
for name in sys.argv[1:]:
    import_module(name)
print(*(name for name in sys.modules if name.startswith("recipes.drawn_world")))
"""


def test_the_library_and_the_training_scripts_do_not_import_it() -> None:
    library = [f"recipes.lib.{path.stem}" for path in Path("recipes/lib").glob("*.py")]
    names = [*library, *(f"recipes.{name}" for name in TRAINING)]
    command = [sys.executable, "-c", IMPORT, *names]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
