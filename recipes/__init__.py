"""Scripts over a small library.

``python -m recipes.NAME.STEP`` passes here before it imports anything heavy: from here on Ctrl-C ends it
within a second, and an error of the input, a file or a package that is not installed is told without a
traceback.
"""

from __future__ import annotations

import sys
from types import TracebackType


def _tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """End as the commands of the package do; what nobody foresaw keeps its traceback."""
    from vqa_builder import interrupts
    from vqa_builder.errors import MissingExtraError, StorageError, VQABuilderError

    told: BaseException = error
    if isinstance(error, interrupts.Interrupted):
        interrupts.end()
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith(("recipes", "vqa_builder")):
        told = MissingExtraError("This recipe", str(error.name), "recipes")
    elif isinstance(error, OSError) and error.filename is not None:
        told = StorageError("A file cannot be read or written", where=error.filename, found=error.strerror)
    if not isinstance(told, VQABuilderError):
        sys.__excepthook__(kind, error, trace)
        return
    print(told, file=sys.stderr)
    raise SystemExit(told.exit_code)


if sys.argv[:1] == ["-m"]:  # a module is about to run as a command
    from vqa_builder import interrupts

    sys.excepthook = _tell
    interrupts.end_soon_on_interrupt()
