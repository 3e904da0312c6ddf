"""Run notebooks afresh and keep what they print and draw: ``python notebooks/execute.py [NAME ...]``.

Do this when a model, a policy or a report changed; each runs in an empty folder. Needs the extra ``docs``,
and ``recipes`` for ``train_and_compare``.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent


def execute(path: Path) -> None:
    """Run one notebook and write it back with its outputs, nothing of this machine in them."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=1800, record_timing=False, resources=resources).execute()
    for cell in notebook.cells:
        said = [out for out in cell.get("outputs", []) if out.get("name") != "stderr"]
        cell.update({"outputs": said, "execution_count": None} if cell.cell_type == "code" else {})
        for out in said:
            out.update({"execution_count": None} if "execution_count" in out else {})
    notebook.metadata = {"language_info": {"name": "python"}}
    nbformat.write(notebook, path)


if __name__ == "__main__":
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
    for each in sys.argv[1:] or sorted(path.stem for path in HERE.glob("*.ipynb")):
        execute(HERE / f"{each}.ipynb")
        print(f"{each}: executed")
